//! Who may call what.

use crate::peer::Peer;

/// Decides, when a call opens and before its arguments are looked at, whether its peer may make it.
#[derive(Debug, Clone)]
pub struct Policy(Rule);

#[derive(Debug, Clone)]
enum Rule {
    AnyTrustedPeer,
}

impl Policy {
    /// Every peer that has proved who it is may call every procedure. Written out, so that it is read.
    pub fn any_trusted_peer() -> Self {
        Self(Rule::AnyTrustedPeer)
    }

    /// Whether the peer may call the procedure, `package.Service/method`, be there one of that name or not.
    pub fn allows(&self, _peer: &Peer, _procedure: &str) -> bool {
        match self.0 {
            Rule::AnyTrustedPeer => true,
        }
    }
}
