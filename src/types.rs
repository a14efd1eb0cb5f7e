//! The words everybody uses: identities, log entries, messages, and the byte-level disk.
//!
//! Nothing here knows a rule of the algorithm. Whatever two layers must agree on stands in this module, so that
//! they need not know each other.

mod by_index;
mod configuration;
pub mod disk;
mod entry;
mod id;
mod message;
mod node_map;
mod route;
mod session;
mod shared_row;
mod snapshot;
mod time;
mod wish;

pub use by_index::ByIndex;
pub use configuration::{Configuration, JoinToken, MembershipChange, majority_of};
pub use entry::{Entries, Entry, Payload};
pub use id::{
    ClusterId, Incarnation, LogIndex, LogPosition, NodeId, ProposalId, Round, SerialNumber, SessionId, Term,
    WriteSequence,
};
pub use message::{
    AppendReply, AppendRequest, ElectionOrigin, Envelope, InstallSnapshot, Message, MessageKind,
    PreVoteReply, PreVoteRequest, SnapshotReply, TimeoutNow, VoteReply, VoteRequest,
};
pub use node_map::NodeMap;
pub use route::{Address, Gossip, Route, RouteNews, RouteVersion};
pub use session::Guarded;
pub use shared_row::SharedRow;
pub use snapshot::Snapshot;
pub use time::{ClusterTime, LocalTime, VirtualTime};
pub use wish::{
    Caller, ChangeRefusal, Forward, ForwardReply, ProposalOutcome, ProposalRefusal, ReadWay, RemoteCaller,
    TransferRefusal, Wish,
};
