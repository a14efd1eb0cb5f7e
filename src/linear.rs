//! Whether what clients saw could have come from one copy of the state that does one thing after the other: linearizability.
//!
//! It stands by itself and knows nothing of Raft. What goes in is a [`History`]: who called what and when, and what came back
//! and when. What comes out is a [`Report`]: whether each operation can be given one moment between its call and its answer, so
//! that all answers are those of a store to which the operations happen at these moments (Herlihy and Wing, "Linearizability: a
//! correctness condition for concurrent objects", 1990).
//!
//! ```
//! use raft_play::linear::{Action, Answer, History, Limits, Operation, Verdict, judge};
//! let client = |process, called, action, until, answer| {
//!     Operation::of(process, "x", action).called(called).answered(until, answer)
//! };
//! let mut history = History::default();
//! history.operations.push(client(1, 0, Action::Set("1".into()), 10, Answer::Done));
//! history.operations.push(client(2, 20, Action::Get, 30, Answer::Value(Some("1".into()))));
//! assert_eq!(judge(&history, Limits::default()).verdict(), Verdict::Linearizable);
//! history.operations.push(client(2, 40, Action::Get, 50, Answer::Value(None)));
//! assert_eq!(judge(&history, Limits::default()).verdict(), Verdict::NotLinearizable);
//! ```
//!
//! How it is judged: [`search`]. What else may be judged so: a [`Model`] of one's own. An operation whose outcome nobody knows may take effect at
//! any time after its call, once, or never. One that is known to have had no effect is no part of a history.

mod blame;
mod depth_first;
mod explain;
mod history;
mod judge;
mod key_value;
mod list;
mod memo;
mod model;
mod outlook;
mod picture;
mod pieces;
mod read;
mod replay;
mod search;
mod shrink;
mod spares;
#[cfg(test)]
mod tests;
mod to_come;
mod window;
mod words;

pub use explain::{tell, tell_briefly, tell_stretch};
pub use history::{Action, Answer, History, Moment, Operation, Outcome, Unfitting};
pub use judge::{Failure, Report, Undecided, Verdict, judge};
pub use model::{Model, Part, Sure};
pub use picture::svg;
#[cfg(feature = "cli")]
pub use read::json_text;
pub use read::{Form, HISTORY_VERSION, ReadError, read, ron_text};
pub use search::{Call, Finding, Limits, Stuck, search};
pub use shrink::{Stretch, shorten};
