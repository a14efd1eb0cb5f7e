//! Scripts: timed commands that a person wrote, or that were recorded by hand on the screen, to be run again.
//!
//! ```text
//! (
//!     version: 1,
//!     answer: "S3 wins, for its log is longer",
//!     commands: [
//!         (at: 1.5, do: Propose(command: "x=1")),
//!         (at: 2.0, do: Partition([[1, 2], [3, 4, 5]])),
//!     ],
//! )
//! ```
//!
//! Times are those of the world, in seconds, exact to the nanosecond. Commands need not stand in the order of their times;
//! those of the same time are carried out as they stand in the file. A command comes before whatever else is due at its
//! time. One that was recorded between two events of the same time says after how many: `(at: 1.5, after: 1, do: Heal)`.
//! Only `commands` must be there.
//!
//! A script that was recorded on the screen says under which trace version: another one would not do the same, and is refused. One that is handed in
//! as homework ([`homework`](crate::homework)) says besides from which state it began, when it ended, and what the person answers.

use std::io;
use std::path::{Path, PathBuf};

use ron::Options;
use ron::error::SpannedError;
use ron::extensions::Extensions;
use serde::{Deserialize, Serialize};

use super::scalar::{Hash, Seconds, is_unsafe, is_variation, neutralised};
use super::seconds;
use super::text::{TextError, read_plain};
use crate::playground::{Command, TRACE_VERSION, TimedCommand};
use crate::types::VirtualTime;

/// The version of the format that this build writes, and the only one that it reads.
pub const SCRIPT_VERSION: u32 = 1;
/// The largest file that is read, in bytes.
pub const SCRIPT_BYTES_MAX: u64 = 16 << 20;
/// The most commands in a script.
pub const SCRIPT_COMMANDS_MAX: usize = 100_000;
/// The most answers in a script.
pub const SCRIPT_ANSWERS_MAX: usize = 100;
/// The longest answer, in bytes.
pub const SCRIPT_ANSWER_MAX: usize = 64 << 10;

/// Timed commands, and what a person has to say about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Free text: the answer to an exercise.
    pub answer: String,
    /// The answers to the questions of a task, in their order.
    pub answers: Vec<String>,
    /// The task that it is of, as whoever did it named it: its file, or the name of one that comes with the program.
    pub task: Option<String>,
    /// The version of the trace that it was recorded under, where it was recorded.
    pub trace: Option<u32>,
    /// The hash of the state from which it was recorded, where that is of a task.
    pub start: Option<u128>,
    /// When the recording ended.
    pub until: Option<VirtualTime>,
    /// The commands, in the order in which they are carried out.
    pub commands: Vec<TimedCommand>,
}

/// Why a script can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file can't be read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no script.
    #[error("{path}: {source}", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Where, and why.
        source: FormatError,
    },
}

/// What is wrong with the text of a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It is not RON, or not of the right form.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// Why.
        reason: String,
    },
    /// It is of another version.
    #[error("script version {found}; this build reads version {SCRIPT_VERSION}")]
    Version {
        /// The version it says.
        found: u32,
    },
    /// It was recorded under rules of chance and order that this build does not have.
    #[error(
        "recorded under trace version {found}, and this build runs {TRACE_VERSION}: the same commands would not do the same; \
         record it anew, or delete its `trace:` to try them all the same"
    )]
    Trace {
        /// The version it says.
        found: u32,
    },
    /// It has more answers than any task has questions.
    #[error("{0} answers; {SCRIPT_ANSWERS_MAX} are the most")]
    Answers(usize),
    /// It is larger than any script should be.
    #[error("larger than {SCRIPT_BYTES_MAX} bytes")]
    Large,
    /// It has more commands than any script should have.
    #[error("{0} commands; {SCRIPT_COMMANDS_MAX} are the most")]
    Commands(usize),
    /// Its answer is longer than any should be.
    #[error("an answer of {0} bytes; {SCRIPT_ANSWER_MAX} are the most")]
    Answer(usize),
    /// A text has characters in it that a terminal would obey, or that turn or hide what stands around them.
    #[error("{0} has a control character in it, or one that hides or turns text; delete it")]
    Control(&'static str),
}

/// A script as it stands in its file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename = "Script")]
struct ScriptFile {
    #[serde(default, rename = "version")]
    _version: Option<u32>,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    trace: Option<u32>,
    #[serde(default)]
    start: Option<Hash>,
    #[serde(default)]
    until: Option<Seconds>,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    answers: Vec<String>,
    commands: Vec<LineFile>,
}

/// A command as it stands in its file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename = "TimedCommand")]
pub(super) struct LineFile {
    #[serde(deserialize_with = "seconds::deserialize")]
    at: VirtualTime,
    #[serde(default)]
    after: u32,
    #[serde(rename = "do")]
    command: Command,
}

/// The version alone, whatever else there is.
#[derive(Deserialize)]
struct VersionFile {
    #[serde(default)]
    version: Option<u32>,
}

/// The version of the trace alone, whatever else there is.
#[derive(Deserialize)]
struct TraceFile {
    #[serde(default)]
    trace: Option<u32>,
}

/// What makes RON pleasant to write by hand: `to: 3` for `to: Some(3)`.
fn options() -> Options {
    Options::default().with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES)
}

impl Script {
    /// Reads a script from its file.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        Self::read_up_to(path, SCRIPT_BYTES_MAX)
    }

    /// [`read`](Self::read), where so many bytes are the most.
    pub fn read_up_to(path: &Path, most: u64) -> Result<Self, ScriptError> {
        let text = read_plain(path, most).map_err(|error| ScriptError::Read {
            path: path.to_owned(),
            source: match error {
                TextError::Read(source) => source,
                TextError::NotAFile | TextError::TooLarge { .. } | TextError::NotText { .. } => {
                    io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
                }
            },
        })?;
        Self::parse(&text).map_err(|source| ScriptError::Format {
            path: path.to_owned(),
            source,
        })
    }

    /// Reads a script from its text.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        if text.len() as u64 > SCRIPT_BYTES_MAX {
            return Err(FormatError::Large);
        }
        // A script of a later version may have what this one does not know: its version is looked at first.
        if let Ok(VersionFile { version: Some(found) }) = options().from_str(text)
            && found != SCRIPT_VERSION
        {
            return Err(FormatError::Version { found });
        }
        if let Ok(TraceFile { trace: Some(found) }) = options().from_str(text)
            && found != TRACE_VERSION
        {
            return Err(FormatError::Trace { found });
        }
        let file: ScriptFile = options().from_str(text).map_err(|error| syntax(&error))?;
        Self::try_from(file)
    }

    /// Its text, one command a line. `comment` stands above it: how to run it, say.
    pub fn text(&self, comment: &str) -> String {
        let comment: Vec<String> = comment.lines().map(|line| format!("// {line}\n")).collect();
        let commands = self.commands.iter().cloned();
        let commands: Vec<String> = commands.map(|timed| line_of(&timed.into())).collect();
        let (comment, commands) = (comment.concat(), commands.concat());
        let answer = ron_of(&self.answer);
        let answers: Vec<String> = self
            .answers
            .iter()
            .map(|answer| format!("        {},\n", ron_of(answer)))
            .collect();
        let field = |name: &str, value: String| format!("    {name}: {value},\n");
        let task = self.task.as_ref().map(|task| field("task", ron_of(task)));
        let trace = self.trace.map(|trace| field("trace", trace.to_string()));
        let start = self
            .start
            .map(|start| field("start", format!("\"{start:032x}\"")));
        let until = self.until.map(|until| field("until", seconds::text(until)));
        let answers = (!answers.is_empty()).then(|| format!("    answers: [\n{}    ],\n", answers.concat()));
        let optional: String = [task, trace, start, until, answers]
            .into_iter()
            .flatten()
            .collect();
        format!(
            "{comment}(\n    version: {SCRIPT_VERSION},\n{optional}    answer: {answer},\n    commands: [\n{commands}    ],\n)\n"
        )
    }
}

impl From<LineFile> for TimedCommand {
    fn from(LineFile { at, after, command }: LineFile) -> Self {
        Self { at, after, command }
    }
}

impl From<TimedCommand> for LineFile {
    fn from(TimedCommand { at, after, command }: TimedCommand) -> Self {
        Self { at, after, command }
    }
}

/// A command, in a line of its own.
pub(super) fn line_of(line: &LineFile) -> String {
    let LineFile { at, after, command } = line;
    let after = if *after == 0 {
        String::new()
    } else {
        format!(" after: {after},")
    };
    format!(
        "        (at: {},{after} do: {}),\n",
        seconds::text(*at),
        ron_of(command)
    )
}

fn ron_of(value: &impl Serialize) -> String {
    let text = options().to_string(value);
    text.expect("strings, numbers, lists and enums can always be written")
}

fn syntax(error: &SpannedError) -> FormatError {
    FormatError::Syntax {
        line: error.span.start.line,
        column: error.span.start.col,
        reason: neutralised(&error.code.to_string()).replace('\n', " "),
    }
}

impl TryFrom<ScriptFile> for Script {
    type Error = FormatError;

    fn try_from(file: ScriptFile) -> Result<Self, FormatError> {
        if file.commands.len() > SCRIPT_COMMANDS_MAX {
            return Err(FormatError::Commands(file.commands.len()));
        }
        if file.answers.len() > SCRIPT_ANSWERS_MAX {
            return Err(FormatError::Answers(file.answers.len()));
        }
        let is_odd = |letter| letter != '\t' && !is_variation(letter) && is_unsafe(letter);
        for answer in file.answers.iter().chain([&file.answer]) {
            if answer.len() > SCRIPT_ANSWER_MAX {
                return Err(FormatError::Answer(answer.len()));
            }
            if answer.contains(is_odd) {
                return Err(FormatError::Control("an answer"));
            }
        }
        if file.task.iter().any(|task| task.contains(is_unsafe)) {
            return Err(FormatError::Control("the task's name"));
        }
        let mut commands: Vec<TimedCommand> = file.commands.into_iter().map(TimedCommand::from).collect();
        // A stable sort: those of the same moment stay as they stand.
        commands.sort_by_key(|timed| (timed.at, timed.after));
        Ok(Self {
            answer: file.answer,
            answers: file.answers,
            task: file.task,
            trace: file.trace,
            start: file.start.map(|Hash(hash)| hash),
            until: file.until.map(Seconds::instant),
            commands,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playground::any::any_command;
    use crate::types::NodeId;

    fn at(millis: u64, command: Command) -> TimedCommand {
        TimedCommand {
            at: VirtualTime::from_nanos(millis * 1_000_000),
            after: 0,
            command,
        }
    }

    #[test]
    fn a_script_reads_as_a_person_writes_it() {
        let script = Script::parse(
            r#"
            // What happens to x=2?
            (commands: [
                (at: 3, do: CutPower(2)),
                (at: 1.5, do: Propose(to: 3, command: "x=1")),
                (at: 1.5, do: Partition([[1, 2], [3, 4, 5]])),
                (at: 2.25, do: Propose(command: "x=2")),
                (at: 2.25, do: Link(from: 1, to: 4, settings: (loss_ppm: 300000))),
            ])"#,
        )
        .unwrap();
        let nodes = |ids: &[u64]| ids.iter().copied().map(NodeId::new).collect();
        let propose = |to, command: &str| Command::Propose {
            to,
            command: command.to_owned(),
        };
        let expected = [
            at(1500, propose(Some(NodeId::new(3)), "x=1")),
            at(1500, Command::Partition(vec![nodes(&[1, 2]), nodes(&[3, 4, 5])])),
            at(2250, propose(None, "x=2")),
        ];
        assert_eq!(script.commands[..3], expected);
        assert_eq!(script.commands[4], at(3000, Command::CutPower(NodeId::new(2))));
        assert_eq!(script.answer, "");
    }

    /// The list of all commands grows.
    fn without_the_list(error: &str) -> String {
        let marker = "expected one of ";
        let end = error.find(marker).expect("the commands are listed") + marker.len();
        format!("{}…", &error[..end])
    }

    #[test]
    fn errors_say_where_and_what() {
        let error = |text: &str| Script::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(
            [
                error("("),
                error("(commands: [\n  (at: -1.0, do: Heal),\n])"),
                without_the_list(&error("(commands: [\n  (at: 1.0, do: Explode(3)),\n])")),
                error("(commands: [\n  (at: 1.0, do: Heal, when: 3),\n])"),
                error("(commands: [\n  (at: 1.0, do: Crash(three)),\n])"),
                error("(commands: [(do: Heal)])"),
                error("(version: 2, lessons: [])"),
                error("(trace: 1, commands: [])").replace(&TRACE_VERSION.to_string(), "N"),
                error("(commands: [], answer: \"\\u{1b}[2J\")"),
                error("()"),
            ]
            .join("\n"),
            @r"
        line 1, column 1: Unexpected end of RON
        line 2, column 12: `-1.0` is no time in seconds: digits, and up to nine more after a point
        line 2, column 17: Unexpected variant named `Explode` in enum `Command`, expected one of …
        line 2, column 23: Unexpected field named `when` in `TimedCommand`, expected one of `at`, `after`, or `do` instead
        line 2, column 23: Expected integer
        line 1, column 22: Unexpected missing field named `at` in `TimedCommand`
        script version 2; this build reads version 1
        recorded under trace version 1, and this build runs N: the same commands would not do the same; record it anew, or delete its `trace:` to try them all the same
        an answer has a control character in it, or one that hides or turns text; delete it
        line 1, column 2: Unexpected missing field named `commands` in `Script`
        "
        );
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let many = "(at: 1, do: Heal),".repeat(SCRIPT_COMMANDS_MAX + 1);
        assert_eq!(
            Script::parse(&format!("(commands: [{many}])")),
            Err(FormatError::Commands(SCRIPT_COMMANDS_MAX + 1))
        );
        let long = "a".repeat(SCRIPT_ANSWER_MAX + 1);
        assert_eq!(
            Script::parse(&format!("(answer: \"{long}\", commands: [])")),
            Err(FormatError::Answer(SCRIPT_ANSWER_MAX + 1))
        );
        assert!(
            Script::parse(&"[".repeat(1_000_000)).is_err(),
            "no depth overflows the stack"
        );
        let huge = usize::try_from(SCRIPT_BYTES_MAX).unwrap() + 1;
        assert_eq!(Script::parse(&" ".repeat(huge)), Err(FormatError::Large));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Script::read(Path::new("no/such.ron")).unwrap_err();
        assert!(error.to_string().starts_with("no/such.ron: "), "{error}");
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(
            times in proptest::collection::vec((any::<u64>(), 0..3u32, any_command()), 0..20),
            answer in "[^\\p{C}\\p{Zl}\\p{Zp}]{0,40}\n?",
            answers in proptest::collection::vec("[^\\p{C}\\p{Zl}\\p{Zp}]{0,10}", 0..3),
            (trace, start, until) in any::<(bool, Option<u128>, Option<u64>)>(),
            task in proptest::option::of("[a-z /.\"-]{0,20}"),
            comment in "[^\\p{C}]{0,40}\n?[^\\p{C}]{0,40}",
        ) {
            let timed = |(nanos, after, command)| {
                let at = VirtualTime::from_nanos(nanos);
                TimedCommand { at, after, command }
            };
            let mut commands: Vec<TimedCommand> = times.into_iter().map(timed).collect();
            commands.sort_by_key(|timed| (timed.at, timed.after));
            let trace = trace.then_some(TRACE_VERSION);
            let until = until.map(|nanos| VirtualTime::from_nanos(nanos >> 2));
            let script = Script { answer, answers, task, trace, start, until, commands };
            prop_assert_eq!(Script::parse(&script.text(&comment)), Ok(script));
        }
    }
}
