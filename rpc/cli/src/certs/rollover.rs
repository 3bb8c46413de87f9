//! `countersign certs rollover`: from one root to the next, in three steps.

use std::time::Duration;

use clap::Args;
use countersign_certs::TrustDomain;
use countersign_certs::authority::{Authority, AuthorityError, Late, Plan, Stage};
use serde_json::json;

use super::home::Home;
use super::until;
use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Rollover {
    #[command(flatten)]
    home: Home,
    /// The second step: let the next root sign.
    #[arg(long)]
    switch: bool,
    /// The third step: end the trust in the old root, and remove its key.
    #[arg(long, conflicts_with = "switch")]
    retire: bool,
    /// Take the step though some identities are not ready for it.
    #[arg(long)]
    force: bool,
    /// Let an intermediate below the next root sign the identities; as it is now by default.
    #[arg(long, conflicts_with_all = ["switch", "retire"])]
    intermediate: bool,
    /// For how many days the next root is valid.
    #[arg(long, value_name = "N", default_value_t = 3650, value_parser = clap::value_parser!(u32).range(1..))]
    days: u32,
}

impl Rollover {
    pub(super) fn run(self, json: bool) -> Result<(), Failure> {
        let mut authority = self.home.open()?;
        self.step(&mut authority).map_err(|error| match error {
            AuthorityError::NotReady { .. } => {
                Failure::new(error).or_try("the same with --force, if they do not matter")
            }
            other => other.into(),
        })?;
        if json {
            let root = authority.certificate();
            return output::json(&json!({
                "stage": authority.stage(), "bundle": authority.bundle(),
                "root": { "serial": root.serial(), "not_after": root.not_after(), "sha256": root.fingerprint() },
            }));
        }
        let dir = self.home.dir.display();
        let hand_out = format!(
            "renew every identity, or place `countersign certs bundle {dir}` as the ca.pem of those whom you do not \
             renew; place {} where it is read",
            self.home.file("crl.pem").display()
        );
        output::say(&match authority.stage() {
            Stage::Announced => format!(
                "made the next root; it is trusted from now on, and signs nothing yet\n\
                 now {hand_out}\nthen: countersign certs rollover {dir} --switch\n"
            ),
            Stage::Switched => format!(
                "the next root signs from now on, valid until {}; the old one is still trusted\n\
                 now {hand_out}\nthen: countersign certs rollover {dir} --retire\n",
                until(authority.certificate().not_after())
            ),
            _ => "the old root is retired, and its key is gone\nevery renewal from now on takes it off ca.pem\n".to_owned(),
        })
    }

    fn step(&self, authority: &mut Authority) -> Result<(), AuthorityError> {
        let late = if self.force { Late::LeaveBehind } else { Late::Wait };
        if self.switch {
            return authority.switch_root(late);
        }
        if self.retire {
            return authority.retire_root(late);
        }
        let mut plan =
            Plan::new(TrustDomain::default()).valid_for(Duration::from_hours(24 * u64::from(self.days)));
        if self.intermediate || authority.issuer() != authority.certificate() {
            plan = plan.with_intermediate();
        }
        authority.begin_rollover(&plan)
    }
}
