//! A node that runs free: on its own thread, by the wall clock, for those who bring a state machine.
//!
//! ```
//! use raft_play::machine::KeyValue;
//! use raft_play::server::Cluster;
//!
//! let cluster = Cluster::local(3, KeyValue::default)?;
//! let leader = cluster.wait_for_leader();
//! let done = leader.propose_command("x=1").wait()?;
//! let read = leader.read("x").wait()?;
//! assert_eq!(&read.answer[..], b"1");
//! assert!(read.applied >= done.index);
//! cluster.shutdown();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The server's thread takes everything that has come (messages, what callers ask, finished syncs), absorbs it as one batch,
//! and acts once: one write, one message to each follower, one sync. A second thread syncs, so that a leader's disk works while
//! its followers' do, and whatever is written during a sync shares the next one. Where that is [wished](ServerOptions::applying), a third applies,
//! for a state machine that is slow. [`Transport`] carries messages;
//! [`LocalNetwork`] does within a process, and [`ByteLinks`] does it as bytes.

mod apply;
mod cluster;
mod error;
mod handle;
mod mailbox;
mod onlooker;
mod open;
mod options;
mod run;
mod starts;
mod status;
mod streams;
mod sync;
mod ticket;
mod timers;
mod transport;

pub use cluster::{Cluster, ClusterError};
pub use error::AskError;
pub use handle::{Ended, Server, ServerError};
pub use mailbox::{LinkId, Mailbox, Told};
pub use options::ServerOptions;
pub use status::{FlowStatus, PeerStatus, Status};
pub use streams::Stream;
pub use ticket::{Changed, Done, ReadDone, Ticket};
pub use transport::{ByteLinks, LocalNetwork, Transport};
