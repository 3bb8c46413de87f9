//! One connection to a server: the one file that knows the client.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use countersign::builtin::identity::IdentityClient;
use countersign::call::{End, RawStream};
use countersign::cbor;
use countersign::schema;
use countersign::service::CallKind;
use countersign::{
    CallError, Client, ClientBuilder, ClientState, ClientStates, Code, ConnectError, ConnectionError,
    Credentials, FailureKind, HandlerRan, Peer, Schema, Status,
};
use countersign_certs::{CredentialsError, Watched};

use crate::exchange::CallOrder;
use crate::form::{Arguments, Content};
use crate::model::calls::Ended;
use crate::model::connection::{Failure, PeerFacts, Retry, Session, Target};
use crate::model::reply::{Beside, Body, Earlier, Problem, ProblemKind};
use crate::model::server::Server;
use crate::text;

/// How long a question of the dashboard's own may take before it is called unanswered.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// The largest file that is put into a request: more does not fit into a message.
const FILE_MAX: u64 = 4 << 20;
/// The longest message of a server that is shown.
const MESSAGE_SHOWN: usize = 2000;

/// A server, and the connection to it while there is one. Cloning it gives another handle.
#[derive(Clone)]
pub(crate) struct Link {
    client: Client,
    address: String,
    /// How it was made.
    builder: ClientBuilder,
}

/// How the connection stands.
pub(super) enum Standing {
    /// It is there.
    Connected(Session),
    /// The client is getting it back.
    Lost(Retry),
}

/// What becomes of the connection from now on.
pub(super) struct Standings {
    link: Link,
    states: ClientStates,
}

impl Link {
    /// Connects, and returns once the server has accepted us.
    pub(crate) async fn connect(
        target: &Target,
        credentials: impl Into<Watched<Credentials>>,
    ) -> Result<Self, Failure> {
        let mut builder = Client::builder(credentials);
        if let Some(id) = target.expected_peer()? {
            builder = builder.expect_peer(id);
        }
        let connected = builder.clone().connect(&target.address).await;
        let client = connected.map_err(|error| failure(&error))?;
        Ok(Self { client, address: target.address.clone(), builder })
    }

    /// Opens another connection to the same server, as the same peer. Its calls do not wait for a server that is gone.
    pub(super) fn another(&self) -> impl Future<Output = Result<Client, ConnectError>> + Send + use<> {
        let (builder, address) = (self.builder.clone().fail_fast(), self.address.clone());
        async move { builder.connect(&address).await }
    }

    /// Who is at the other end, or was before the connection was lost.
    pub(crate) fn session(&self) -> Option<Session> {
        self.client.peer().map(|peer| self.session_with(&peer))
    }

    fn session_with(&self, peer: &Peer) -> Session {
        Session { peer: facts(peer, &self.address) }
    }

    /// How the connection stands, now and whenever that changes.
    pub(super) fn standings(&self) -> Standings {
        Standings { link: self.clone(), states: self.client.states() }
    }

    /// Does not wait for the next attempt.
    pub(super) fn reconnect_now(&self) {
        self.client.reconnect_now();
    }

    /// Who the server says it is, and whom it believes.
    pub(super) async fn server(&self) -> Result<Server, Failure> {
        let identity = IdentityClient::new(self.client.clone());
        let said = identity.get().timeout(PATIENCE).await;
        Ok(Server::of(&said.map_err(|error| refused("tell its own identity", &error))?))
    }

    /// What calls are made with.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a call, and tells its arguments just before.
    pub(crate) async fn call(&self, call: &CallOrder, asks: impl FnOnce(&[u8])) -> Ended {
        let arguments = match encoded(call.arguments.clone(), &call.schema).await {
            Ok(arguments) => arguments,
            Err(problem) => return Ended::alone(Duration::ZERO, Err(problem)),
        };
        asks(&arguments);
        let mut pending = self.client.call_raw(&call.procedure, arguments).times();
        for (key, value) in call.metadata.clone() {
            pending = pending.metadata(key, value);
        }
        if let Some(deadline) = call.deadline {
            pending = pending.timeout(deadline);
        }
        let began = Instant::now();
        let end = pending.end().await;
        ended(began.elapsed(), end, call.earlier.clone()).await
    }

    /// Opens a streaming call, over the connection that there is, and tells its arguments just before.
    pub(crate) async fn open(
        &self,
        call: &CallOrder,
        asks: impl FnOnce(&[u8]),
    ) -> Result<RawStream, Problem> {
        let arguments = encoded(call.arguments.clone(), &call.schema).await?;
        asks(&arguments);
        let mut pending = self.client.stream_raw(&call.procedure, arguments).fail_fast().times();
        for (key, value) in call.metadata.clone() {
            pending = pending.metadata(key, value);
        }
        if let Some(deadline) = call.deadline {
            pending = pending.timeout(deadline);
        }
        pending.await.map_err(problem)
    }
}

/// The end of a call, as it is shown.
pub(super) async fn ended(took: Duration, end: End, earlier: Option<Earlier>) -> Ended {
    let beside = Beside::new(end.timing, &end.metadata, &end.trailing);
    let outcome = match end.outcome {
        Ok(result) => body(result, earlier).await,
        Err(error) => Err(problem(error)),
    };
    Ended { took, outcome, beside }
}

/// A value that came, as it is shown. A large one takes its time, and others do not wait for it.
pub(crate) async fn body(came: Vec<u8>, earlier: Option<Earlier>) -> Result<Body, Problem> {
    let bytes: Arc<[u8]> = came.into();
    let shown = bytes.clone();
    let made = tokio::task::spawn_blocking(move || Body::new(shown, earlier.as_ref()));
    let wrong = match made.await {
        Ok(Ok(body)) => return Ok(body),
        Ok(Err(error)) => message(&error),
        Err(error) => message(&error),
    };
    Err(Problem { unread: Some(bytes), ..Problem::new(ProblemKind::Undecodable, wrong) })
}

/// An item that came over a call, as it is shown, or what is wrong with it.
pub(super) fn looked_into(item: Arc<[u8]>, earlier: Option<&Earlier>) -> Result<Body, String> {
    Body::new(item, earlier).map_err(|error| message(&error))
}

/// Whether the client of such a call sends items.
pub(super) fn takes_items(kind: CallKind) -> bool {
    matches!(kind, CallKind::ClientStream | CallKind::BothWays)
}

/// What a call ends with that cannot even be tried.
pub(super) fn no_connection() -> Problem {
    Problem::new(ProblemKind::Lost, "There is no connection to the server.")
}

impl Standings {
    /// How it stands; from the second time on, once that is something else.
    pub(super) async fn next(&mut self) -> Standing {
        loop {
            let Some(state) = self.states.next().await else {
                // Its other end is in the link that is held here.
                return std::future::pending().await;
            };
            match state {
                ClientState::Connected { peer } => {
                    return Standing::Connected(self.link.session_with(&peer));
                }
                ClientState::Waiting { failed, until, error } => {
                    let retry = Retry { failure: failure(&error), attempt: failed, next: Some(until) };
                    return Standing::Lost(retry);
                }
                ClientState::Connecting { failed, error: Some(error) } => {
                    let retry = Retry { failure: failure(&error), attempt: failed + 1, next: None };
                    return Standing::Lost(retry);
                }
                // Nothing has gone wrong: it is the first attempt, or one that is made as soon as there is a call.
                _ => {}
            }
        }
    }
}

/// Why there is no connection, and what can be done about it.
pub(super) fn failure(error: &ConnectError) -> Failure {
    let failure = Failure::new(message(error), sentence(error.remedy()));
    if is_of_identity(error) { failure.of_identity() } else { failure }
}

/// Whether our own certificate, or whom we trust, is where to look.
fn is_of_identity(error: &ConnectError) -> bool {
    match error {
        ConnectError::Setup(_) => true,
        ConnectError::RefusedByServer { .. } => !matches!(
            error.kind(),
            FailureKind::NotCountersign
                | FailureKind::NotTls
                | FailureKind::NoCommonVersion
                | FailureKind::NoCommonAlgorithm
                | FailureKind::BrokenTls
        ),
        ConnectError::Refused { .. } => matches!(
            error.kind(),
            FailureKind::WrongTrustDomain
                | FailureKind::UnknownAuthority
                | FailureKind::StaleCrl
                | FailureKind::UnknownRevocation
        ),
        // One of the two sides has looked at the other's certificate again.
        ConnectError::Lost { reason, .. } => {
            matches!(
                **reason,
                ConnectionError::Lapsed(_)
                    | ConnectionError::ClosedByPeer { code: Code::Unauthenticated, .. }
            )
        }
        _ => false,
    }
}

/// Why an identity cannot be used. The words name the file and the remedy.
pub(super) fn credentials_failure(error: &CredentialsError) -> Failure {
    Failure::new(message(error), "").of_identity()
}

fn facts(peer: &Peer, dialled: &str) -> PeerFacts {
    PeerFacts {
        id: peer.id().to_string(),
        address: peer.address().map_or_else(|| dialled.to_owned(), |address| address.to_string()),
        fingerprint: peer.fingerprint().to_owned(),
        not_before: peer.not_before(),
        not_after: peer.not_after(),
        cipher: peer.cipher().to_owned(),
        key_exchange: peer.key_exchange().to_owned(),
    }
}

/// What was typed as CBOR, with the bytes of its files.
pub(crate) async fn encoded(content: Content, schema: &Schema) -> Result<Vec<u8>, Problem> {
    let Arguments { mut json, files } = match content {
        Content::Typed(arguments) => arguments,
        Content::Encoded(bytes) => return Ok(bytes),
    };
    for (pointer, file) in &files {
        let bytes = read(file).await.map_err(|reason| not_sent("", reason))?;
        if let Some(place) = json.pointer_mut(pointer) {
            *place = BASE64.encode(bytes).into();
        }
    }
    let value = schema::to_cbor(schema, &json).map_err(|error| match error.problems() {
        [first, ..] => not_sent(&first.path, first.message.clone()),
        [] => not_sent("", error.to_string()),
    })?;
    cbor::to_vec(&value).map_err(|error| not_sent("", message(&error)))
}

async fn read(file: &PathBuf) -> Result<Vec<u8>, String> {
    let unread = |error| format!("{} cannot be read: {error}", Path::new(file).display());
    let length = tokio::fs::metadata(file).await.map_err(unread)?.len();
    if length > FILE_MAX {
        let length = text::size(usize::try_from(length).unwrap_or(usize::MAX));
        return Err(format!("{} has {length}: more than fits into a message", file.display()));
    }
    tokio::fs::read(file).await.map_err(unread)
}

fn not_sent(path: &str, message: String) -> Problem {
    Problem::new(ProblemKind::NotSent { path: path.to_owned() }, message)
}

/// What went wrong with a call, as it is shown.
pub(crate) fn problem(error: CallError) -> Problem {
    match error {
        CallError::Status(status) => status_problem(&status),
        CallError::Deadline(_) => {
            let advice = "The handler may or may not have run.";
            Problem { advice: advice.to_owned(), ..Problem::new(ProblemKind::Deadline, message(&error)) }
        }
        CallError::Lost(_) => {
            let advice = "The handler may or may not have run.";
            Problem { advice: advice.to_owned(), ..Problem::new(ProblemKind::Lost, message(&error)) }
        }
        CallError::NotConnected(ref reason) => {
            let advice = sentence(reason.remedy());
            Problem { advice, ..Problem::new(ProblemKind::Lost, message(&error)) }
        }
        _ => Problem::new(ProblemKind::Undecodable, message(&error)),
    }
}

fn status_problem(status: &Status) -> Problem {
    let ran = match status.handler_ran {
        HandlerRan::No => "The handler did not run: calling again is safe.",
        HandlerRan::Yes => "The handler ran.",
        HandlerRan::Unknown => "",
    };
    let wait =
        status.retry_after_ms.map(|ms| format!(" The server asks to wait {ms} ms before trying again."));
    let fault = Body::new(&status.details[..], None).ok();
    Problem {
        kind: ProblemKind::Status(status.code),
        message: text::paragraph(&status.message, MESSAGE_SHOWN),
        fault: fault.map(Box::new),
        advice: format!("{ran}{}", wait.unwrap_or_default()).trim().to_owned(),
        unread: None,
    }
}

/// Why a question of the dashboard's own was not answered.
pub(super) fn refused(what: &str, error: &CallError) -> Failure {
    let reason = format!("The server did not {what}: {}", message(error));
    let remedy = match error.code() {
        Some(Code::PermissionDenied) => "Its policy does not allow this identity to ask.",
        _ => "",
    };
    Failure::new(reason, remedy)
}

/// An error with its causes, fit to show: some of its words may be the peer's.
pub(super) fn message(error: &dyn std::error::Error) -> String {
    text::paragraph(&error.to_string(), MESSAGE_SHOWN)
}

/// A remedy as a sentence of its own.
fn sentence(remedy: &str) -> String {
    if remedy.is_empty() { String::new() } else { format!("{}.", text::capitalized(remedy)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_calling_again_is_safe() {
        let mut status = Status::new(Code::Unavailable, "busy\u{7}").with_handler_ran(HandlerRan::No);
        status.retry_after_ms = Some(250);
        let problem = status_problem(&status);
        assert_eq!(problem.message, "busy\\u{7}");
        assert_eq!(
            problem.advice,
            "The handler did not run: calling again is safe. \
             The server asks to wait 250 ms before trying again."
        );
        assert!(problem.fault.is_none());
    }
}
