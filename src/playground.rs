//! The world that the nodes live in: virtual time, a network, disks, faults.

mod command;
mod narrate;
mod record;
mod settings;
mod snapshot;
mod story;

pub use command::{Command, CommandError, TimedCommand};
pub use narrate::Narrator;
pub use record::{ClientAnswer, Happening, Loss, Record, Stop, TRACE_VERSION, Timer};
pub use settings::{DiskSettings, LinkSettings, Settings, Span};
pub use snapshot::{Condition, MessageId, MessageView, NodeView, PeerView, RoleView, Snapshot, TimerView};
pub use story::{Mark, StoryLine, Weight, Why};
