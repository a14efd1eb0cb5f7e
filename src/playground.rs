//! The world that the nodes live in: virtual time, a network, disks, faults.

#[cfg(test)]
pub(crate) mod any;
mod choice;
mod clients;
mod clock;
mod command;
mod data_dir;
mod draw;
mod history;
mod host;
mod load;
mod mirror;
mod narrate;
mod network;
mod record;
mod settings;
mod snapshot;
mod spacetime;
mod story;
mod timeline;
mod trace;
mod world;
mod written;

pub use choice::Choice;
pub use clients::{BarEnd, ClientBar, ClientLane, ClientsVerdict, ClientsView};
pub use clock::Clock;
pub use command::{Command, CommandError, TimedCommand};
pub use data_dir::{DataDirError, stored_nodes};
pub use host::HostKind;
pub use load::Load;
pub use narrate::{Narrator, node_names};
pub use network::CLUSTER;
pub use record::{ClientAnswer, Handling, Happening, Loss, Record, Stop, TRACE_VERSION, Timer};
pub use settings::{DiskFault, DiskSettings, LinkSettings, Settings, Span};
pub use snapshot::{
    Condition, DiskView, MessageId, MessageView, NodeView, PeerView, Place, RoleView, Snapshot, SnapshotView,
    TimerView, Whereabouts,
};
pub use spacetime::Spacetime;
pub use story::{Made, Mark, StoryLine, Weight, Why};
pub use timeline::{Branch, BranchId, Moment, Rewind, Timeline};
pub use world::{
    Asked, AskingImage, BacklogImage, Call, Calls, Checkpoint, ClientSession, Clients, ImageError,
    LastProposal, LinkImage, MessageImage, NODES_MAX, NodeImage, ProcessImage, TimerImage, Told, World,
    WorldError, WorldImage, WorldOptions, WriteImage,
};
pub use written::{DiskRecords, Fate, WrittenBatch};
