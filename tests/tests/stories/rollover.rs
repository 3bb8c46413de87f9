//! A root is rolled over while peers that have and have not renewed their identities call each other.

use countersign::Credentials;
use countersign_certs::authority::{Authority, Existing, Late, Plan, Request};
use countersign_certs::{Name, TrustDomain};
use countersign_tests::{Clerk, DeskClient, Running, soon};
use tempfile::TempDir;

/// The identities of a server and a client, in files, and everyone who has ever loaded them.
struct Company {
    pki: TempDir,
    authority: Authority,
    servers: Vec<(String, Credentials)>,
    clients: Vec<(String, Credentials)>,
}

impl Company {
    fn found(plan: Plan) -> Self {
        let pki = tempfile::tempdir().expect("a folder");
        let authority = Authority::init(pki.path(), plan).expect("an authority");
        let server = Request::server(name("server"), ["localhost".parse().expect("a host")]);
        for request in [server, Request::client(name("client"))] {
            authority.issue_to(pki.path(), &request, Existing::Refuse).expect("an identity");
        }
        Self { pki, authority, servers: Vec::new(), clients: Vec::new() }
    }

    /// A server and a client load what there is now, and keep it.
    fn load(&mut self, when: &str) {
        let load =
            |who: &str| (when.to_owned(), Credentials::load(self.pki.path().join(who)).expect("credentials"));
        self.servers.push(load("server"));
        self.clients.push(load("client"));
    }

    fn renew(&self) {
        for who in ["server", "client"] {
            self.authority.renew(self.pki.path(), &name(who), None).expect("a renewed identity");
        }
    }

    /// Those who have renewed `steps` times or more call each other: each server, each client.
    async fn call_each_other(&self, now: &str, steps: usize) {
        for (servers, server) in &self.servers[steps..] {
            let running = Running::desk(server.clone(), &Clerk::default()).await;
            for (clients, client) in &self.clients[steps..] {
                let what = format!("{now}: a call from a client of {clients} to a server of {servers}");
                let connected = soon(&what, running.connect(client.clone())).await;
                let desk = DeskClient::new(connected.unwrap_or_else(|error| panic!("{what}: {error}")));
                desk.echo("hi").await.unwrap_or_else(|error| panic!("{what}: {error}"));
            }
            soon("the end", running.stop()).await.expect("no panic");
        }
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}

fn plan() -> Plan {
    Plan::new(TrustDomain::default())
}

async fn roll_over(plan: Plan) {
    let mut company = Company::found(plan.clone());
    company.load("before");
    company.authority.begin_rollover(&plan).expect("an authority");
    company.call_each_other("announced", 0).await;
    company.renew();
    company.load("after the next root was announced");
    company.call_each_other("announced and renewed", 0).await;

    company.authority.switch_root(Late::Wait).expect("nobody is late");
    company.call_each_other("switched", 0).await;
    company.renew();
    company.load("after the next root signs");
    // Whoever has never renewed knows the old root alone; `switch_root` has seen to it that nobody is left.
    company.call_each_other("switched and renewed", 1).await;

    company.authority.retire_root(Late::Wait).expect("nobody is late");
    company.call_each_other("retired", 1).await;
    company.renew();
    company.load("after the old root retired");
    company.call_each_other("retired and renewed", 2).await;
}

#[tokio::test]
async fn peers_of_the_old_and_the_new_root_trust_each_other_at_every_step() {
    roll_over(plan()).await;
}

#[tokio::test]
async fn so_do_peers_behind_an_intermediate() {
    roll_over(plan().with_intermediate()).await;
}

#[tokio::test]
async fn who_is_left_behind_is_refused_in_the_end() {
    let mut company = Company::found(plan());
    company.load("before");
    company.authority.begin_rollover(&plan()).expect("another root");
    company.authority.switch_root(Late::LeaveBehind).expect("the late are left");
    company.authority.retire_root(Late::LeaveBehind).expect("the late are left");
    company.renew();
    company.load("the new root");
    let running = Running::desk(company.servers[1].1.clone(), &Clerk::default()).await;
    let error = soon("a refusal", running.connect(company.clients[0].1.clone())).await.unwrap_err();
    assert!(error.to_string().contains("not issued by an authority that is trusted here"), "{error}");
    soon("the end", running.stop()).await.expect("no panic");
}
