//! Homework: a task that a teacher writes, what a student does about it, and whether that does it.
//!
//! A [`Task`] is a file with a state to begin from, goals in the words of [`Condition`](crate::lesson::Condition)s, what may be done on the way,
//! and questions:
//!
//! ```
//! # raft_play::homework::Task::parse(r#"
//! (
//!     title: "An entry that gets lost",
//!     notes: ["A leader takes x=lost, and in the end nobody has it. How?"],
//!     start: (nodes: 5, seed: 7),
//!     permit: ["propose", "part", "heal"],
//!     most: 8,
//!     time: 20,
//!     goals: [
//!         (text: "Some server holds x=lost", reach: "entry x=lost at S1"),
//!         (text: "In the end nobody does", end: "entry x=lost nowhere and a leader"),
//!         (text: "No promise is broken", keep: "no violation"),
//!     ],
//!     questions: [
//!         "Why may x=lost be given up?",
//!         (text: "How many of five servers must hold an entry of the leader's own term?", right: "3"),
//!     ],
//! )
//! # "#, "doc")?;
//! # Ok::<(), raft_play::homework::TaskError>(())
//! ```
//!
//! `start` is a save, or the name of one that comes with the program. A goal is *reached* at some moment, *kept* at every one, or holds at the *end*;
//! a text alone is reached. `permit` has kinds of [`Deed`](crate::lesson::Deed)s; `rules` those [rules](crate::consensus::Rule) of Raft that may be
//! broken; `most` and `time` bound how much is done, and for how many seconds of the cluster's time.
//!
//! What a student does is a [`Script`](crate::save::script::Script). It is not trusted: [`grade`] begins from the *task's* state, takes nothing that the
//! task does not permit, and looks after every event. What the script says of itself, but for its commands and answers, is believed where
//! it makes things worse only.

mod grade;
mod shipped;
mod task;

pub use grade::{EVENTS_MOST, GoalGrade, Grade, QuestionGrade, grade};
pub use shipped::{named, shipped_names};
pub use task::{Aim, Goal, Question, Task, TaskError};

/// The largest script that is taken for homework, in bytes: a person has written it, or done it by hand.
pub const SUBMISSION_BYTES_MAX: u64 = 1 << 20;
