//! What a caller is told when it does not get what it asked for.

use crate::consensus::{ChangeRefusal, ProposalRefusal, TransferRefusal};
use crate::machine::SessionRefusal;
use crate::node::ProposalEnd;
use crate::types::NodeId;

/// Why a caller does not get what it asked for, and whether that had an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The server does not lead, and did not pass it on. It had no effect.
    #[error("this server does not lead{}", leader.map(|leader| format!("; {leader} does")).unwrap_or_default())]
    NotLeader {
        /// Who does, as far as it knows.
        leader: Option<NodeId>,
    },
    /// The leader is handing over. It had no effect; try again at the target.
    #[error("the leader is handing over to {target}")]
    Transferring {
        /// To whom.
        target: NodeId,
    },
    /// So much waits to be committed that the leader takes no more. It had no effect; try again later.
    #[error("{weight} bytes wait to be committed, and no more than {limit} may")]
    Overloaded {
        /// What waits, in bytes by weight.
        weight: u64,
        /// The most that may.
        limit: u64,
    },
    /// The command is longer than any that servers carry to each other. It had no effect.
    #[error("a command of {bytes} bytes is too long: no more than {limit} may be asked for")]
    TooLong {
        /// How long it is, in bytes.
        bytes: u64,
        /// How long it may be.
        limit: u64,
    },
    /// The configuration does not change.
    #[error("the configuration does not change: {0:?}")]
    ChangeRefused(ChangeRefusal),
    /// The leader does not hand over.
    #[error("the leader does not hand over: {0:?}")]
    TransferRefused(TransferRefusal),
    /// The command was not executed, because of its session.
    #[error("{0}")]
    Session(#[from] SessionRefusal),
    /// Another entry was committed in its place. It had no effect.
    #[error("another entry was committed in its place")]
    Overwritten,
    /// Nobody knows whether it had an effect, or will have one. Within a session it can be asked again.
    #[error("nobody knows what became of it")]
    Unknown,
    /// The server stops, or has stopped. What was asked before may have an effect all the same.
    #[error("the server has stopped")]
    Stopped,
}

impl AskError {
    /// The error that an end is, if it is one; the end itself, if it is none.
    pub(super) fn of(end: ProposalEnd) -> Result<ProposalEnd, Self> {
        match end {
            ProposalEnd::Refused(ProposalRefusal::NotLeader { leader }) => Err(Self::NotLeader { leader }),
            ProposalEnd::Refused(ProposalRefusal::Transferring { target }) => {
                Err(Self::Transferring { target })
            }
            ProposalEnd::Refused(ProposalRefusal::TooMuchUncommitted { weight, limit }) => {
                Err(Self::Overloaded { weight, limit })
            }
            ProposalEnd::Refused(ProposalRefusal::TooLong { bytes, limit }) => {
                Err(Self::TooLong { bytes, limit })
            }
            ProposalEnd::ChangeRefused(refusal) => Err(Self::ChangeRefused(refusal)),
            ProposalEnd::TransferRefused(refusal) => Err(Self::TransferRefused(refusal)),
            ProposalEnd::SessionRefused { reason, .. } => Err(Self::Session(reason)),
            ProposalEnd::Overwritten { .. } => Err(Self::Overwritten),
            ProposalEnd::Unknown => Err(Self::Unknown),
            ProposalEnd::Done { .. }
            | ProposalEnd::SessionOpened(_)
            | ProposalEnd::SessionClosed(_)
            | ProposalEnd::Read { .. }
            | ProposalEnd::Joined(_)
            | ProposalEnd::TransferStarted => Ok(end),
        }
    }
}
