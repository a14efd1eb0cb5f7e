//! The algorithm, and nothing else.
//!
//! A server is a state machine: [`Raft`] takes [`Input`]s and gives [`Output`]s. It owns no clock, no thread, no file and
//! no random number; the same inputs give the same outputs, always. Who hosts it keeps the timers, the disk and
//! the links.
//!
//! - [`durable`]: no message leaves before what it promises is on disk, by type.
//! - [`State`]: every variable in the scope that the algorithm gives it.
//! - [`Event`]: what happened and why, for whoever watches.
//! - [`Rule`]: what safety and progress hang on, by name.
//!
//! Sections (§) are those of "In Search of an Understandable Consensus Algorithm (Extended Version)" by Ongaro and
//! Ousterhout, 2014; "thesis" is Ongaro's "Consensus: Bridging Theory and Practice", 2014.

pub mod durable;
mod election;
mod event;
mod io;
mod log;
mod membership;
mod pre_vote;
mod progress;
mod quiet;
pub mod quorum;
mod raft;
mod reads;
mod replication;
mod reroute;
mod rule;
mod sessions;
mod settings;
mod snapshots;
mod state;
mod transfer;

pub use crate::types::{ChangeRefusal, ProposalOutcome, ProposalRefusal, ReadWay, TransferRefusal};
pub use event::{
    CatchUpVerdict, ChangeCause, Event, IgnoreReason, IgnoredInput, Observer, Quiet, RoleName, Tally,
    Unobserved, Verdict, VoteRefusal,
};
pub use io::{Answer, Input, Output, TimerChange};
pub use log::Log;
pub use progress::{Flow, InFlight, InFlightLimit, Piece, Probe, Progress, Sending};
pub use raft::Raft;
pub use reroute::Served;
pub use rule::{Rule, RuleLabel, RuleSet};
pub use settings::{Limits, Protections, Settings, Switch};
pub use snapshots::Compaction;
pub use state::{
    Candidate, CatchUp, Confirmed, Durability, Follower, Incoming, Leader, Lease, PassedOn, Persistent,
    PreCandidate, Reading, Role, State, StateError, Transfer, TransferStage, Volatile, WaitingRead,
};
