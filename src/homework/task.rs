//! What a task is, and how its file is read.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use ron::value::RawValue;
use rustc_stable_hash::FromStableHash;
use rustc_stable_hash::hashers::{SipHasher128Hash, StableSipHasher128};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::consensus::Rule;
use crate::lesson::{Condition, Deed, Step};
use crate::playground::Command;
use crate::save::scalar::{List, Seconds, neutralised};
use crate::save::text::{TextError, read_plain};
use crate::save::{self, Save, SaveError, SyntaxError};

/// The version of the format that this build reads.
const TASK_VERSION: u64 = 1;
/// How many commands may be given where the task does not say.
const USUAL_MOST: u32 = 100;
/// The most commands that any task lets be given.
const MOST_MAX: u32 = 1_000;
/// How long a task takes where it does not say.
const USUAL_TIME: Duration = Duration::from_secs(60);
/// The longest that any task takes, in the cluster's time.
const TIME_MAX: Duration = Duration::from_secs(600);
/// The most goals, questions or notes.
const MANY: usize = 50;

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its title.
    pub title: String,
    /// What is said about it, step by step.
    pub notes: Vec<Step>,
    /// The cluster from which it begins.
    pub start: Save,
    /// What may be done.
    pub permit: Vec<Deed>,
    /// The rules that may be broken, and kept again.
    pub rules: Vec<Rule>,
    /// How many commands may be given.
    pub most: usize,
    /// For how long, from the start on, in the cluster's time.
    pub time: Duration,
    /// What is to come of it.
    pub goals: Vec<Goal>,
    /// What is asked.
    pub questions: Vec<Question>,
}

/// Something that is to come of what is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// It, in the author's words; may be empty.
    pub text: String,
    /// When it counts as met.
    pub aim: Aim,
}

/// When a condition is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// At some moment.
    Reach(Condition),
    /// At every moment.
    Keep(Condition),
    /// At the end.
    End(Condition),
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// The right answer, where a program can tell: capitals and blanks around it do not matter.
    pub right: Option<String>,
}

/// Why a task can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The file can't be read.
    #[error("{name}: {problem}")]
    File {
        /// The file.
        name: String,
        /// Why.
        problem: String,
    },
    /// Nothing of this name is known.
    #[error(
        "there is no task called `{name}`, and no file of that name; those that come with the program are: {shipped}"
    )]
    Unknown {
        /// The name.
        name: String,
        /// The tasks that come with the program.
        shipped: String,
    },
    /// It is not RON, or not of the right form.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is of another version.
    #[error(
        "{name}: task version {found}, and this build reads {TASK_VERSION}; open it with a raft-play that is as new"
    )]
    Version {
        /// The task.
        name: String,
        /// Its version.
        found: u64,
    },
    /// Its parts can't be.
    #[error("{name}: {place}{problem}")]
    Scene {
        /// The task.
        name: String,
        /// Where it stands: `line 3, column 5: `.
        place: String,
        /// What can't be.
        problem: String,
    },
    /// The state that it begins from can't be.
    #[error("its start: {0}")]
    Start(#[from] SaveError),
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: Option<u64>,
}

/// A task as it stands in its file.
#[derive(Deserialize)]
#[serde(rename = "Task", deny_unknown_fields)]
struct TaskFile<'a> {
    #[serde(default, rename = "version")]
    _version: Option<u64>,
    title: String,
    #[serde(default)]
    notes: List<Step, MANY>,
    #[serde(borrow)]
    start: &'a RawValue,
    #[serde(default)]
    permit: List<Permit, MANY>,
    #[serde(default)]
    rules: List<Rule, MANY>,
    #[serde(default)]
    most: Option<u32>,
    #[serde(default)]
    time: Option<Seconds>,
    goals: List<Goal, MANY>,
    #[serde(default)]
    questions: List<Question, MANY>,
}

struct Permit(Deed);

impl<'de> Deserialize<'de> for Permit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        word.parse().map(Self).map_err(D::Error::custom)
    }
}

impl Task {
    /// Reads a task from its file.
    ///
    /// # Errors
    ///
    /// Where there is none, or none that can be.
    pub fn read(path: &Path) -> Result<Self, TaskError> {
        let name = path.display().to_string();
        match read_plain(path, save::BYTES_MAX) {
            Ok(text) => Self::parse(&text, &name),
            Err(error) => Err(TaskError::File {
                name,
                problem: match error {
                    TextError::Read(error) => error.to_string(),
                    TextError::NotAFile | TextError::TooLarge { .. } | TextError::NotText { .. } => {
                        error.to_string()
                    }
                },
            }),
        }
    }

    /// Reads a task from its text. `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// Where the text is no task, or the state that it begins from no possible one.
    pub fn parse(text: &str, name: &str) -> Result<Self, TaskError> {
        if let Ok(Head { version: Some(found) }) = save::ron_options().from_str(text)
            && found != TASK_VERSION
        {
            let name = name.to_owned();
            return Err(TaskError::Version { name, found });
        }
        let file: TaskFile<'_> = save::ron_options()
            .from_str(text)
            .map_err(|error| SyntaxError::of(&error, name))?;
        let start = start_of(file.start, text, name)?;
        file.with(start).map_err(|(field, problem)| TaskError::Scene {
            name: name.to_owned(),
            place: save::place_of(text, field),
            problem,
        })
    }

    /// Why a command may not be given, if it may not.
    ///
    /// # Errors
    ///
    /// A sentence that says what may be done.
    pub fn permits(&self, command: &Command) -> Result<(), String> {
        match rule_of(command) {
            Some(rule) if self.rules.contains(&rule) => Ok(()),
            Some(rule) => Err(match self.rules.as_slice() {
                [] => format!("this task lets no rule be broken, nor {rule} be kept again"),
                rules => format!("this task does not let {rule} be touched, only {}", list(rules)),
            }),
            None if self.permit.contains(&Deed::of(command)) => Ok(()),
            None => Err(format!(
                "this task does not permit `{}`; it permits {}",
                Deed::of(command),
                self.permitted()
            )),
        }
    }

    /// What may be done, in words.
    pub fn permitted(&self) -> String {
        let deeds = self.permit.iter().map(ToString::to_string);
        let rules = self.rules.iter().map(|rule| format!("break {rule}"));
        let all: Vec<String> = deeds.chain(rules).collect();
        if all.is_empty() {
            "nothing but waiting".to_owned()
        } else {
            all.join(", ")
        }
    }

    /// A hash of the state that it begins from: who began from another one has another hash.
    pub fn start_hash(&self) -> u128 {
        use std::hash::Hasher as _;
        let bare = Save {
            title: None,
            notes: Vec::new(),
            ..self.start.clone()
        };
        let mut hasher = StableSipHasher128::new();
        hasher.write(save::render(&bare).as_bytes());
        hasher.finish::<Digest>().0
    }

    /// What a student reads while doing it: what the author says, what may be done, and each goal and question, a step each. A goal that is to be reached
    /// waits until it is.
    pub fn steps(&self) -> Vec<Step> {
        let limits = format!(
            "You may: {}. At most {} times, within {} s. :grade says how far you are.",
            self.permitted(),
            self.most,
            self.time.as_secs_f32()
        );
        let goals = self.goals.iter().enumerate().map(|(place, goal)| Step {
            text: format!("Goal {} of {}: {goal}.", place + 1, self.goals.len()),
            answer: None,
            until: match &goal.aim {
                Aim::Reach(condition) => Some(condition.clone()),
                Aim::Keep(_) | Aim::End(_) => None,
            },
        });
        let questions = self.questions.iter().enumerate().map(|(place, question)| {
            let number = place + 1;
            Step::from(format!(
                "Question {number}: {} — :answer {number} TEXT",
                question.text
            ))
        });
        let end = "Done? :script homework.ron writes down what you did, to be handed in.";
        self.notes
            .iter()
            .cloned()
            .chain([limits.into()])
            .chain(goals)
            .chain(questions)
            .chain([end.into()])
            .collect()
    }
}

impl TaskFile<'_> {
    /// The task, or which of its fields can't be and why.
    fn with(self, start: Save) -> Result<Task, (&'static str, String)> {
        let most = self.most.unwrap_or(USUAL_MOST);
        let time = self.time.map_or(USUAL_TIME, Seconds::duration);
        let problems = [
            (
                self.goals.is_empty(),
                "goals",
                "a task has at least one goal".to_owned(),
            ),
            (
                most > MOST_MAX,
                "most",
                format!("`most` is {most}; {MOST_MAX} is the most"),
            ),
            (
                time.is_zero() || time > TIME_MAX,
                "time",
                format!("`time` is from 0.001 to {} seconds", TIME_MAX.as_secs()),
            ),
            (
                !start.then.is_empty(),
                "start",
                "the start has something still to be done (`then`), which a task can't have: nobody could tell it from what the \
                 student does; let the save run past that, and save it again"
                    .to_owned(),
            ),
        ];
        if let Some((_, field, problem)) = problems.into_iter().find(|(is_wrong, ..)| *is_wrong) {
            return Err((field, problem));
        }
        Ok(Task {
            title: neutralised(&self.title),
            notes: self.notes.iter().map(|note| note.reworded(neutralised)).collect(),
            start,
            permit: self.permit.into_iter().map(|Permit(deed)| deed).collect(),
            rules: self.rules.into_iter().collect(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            time,
            goals: self.goals.into_iter().collect(),
            questions: self.questions.into_iter().collect(),
        })
    }
}

/// The state that a task begins from: a save, or the name of one that comes with the program.
fn start_of(start: &RawValue, text: &str, name: &str) -> Result<Save, TaskError> {
    let start = start.trim().get_ron();
    if let Ok(shipped) = ron::from_str::<String>(start) {
        return match save::shipped(&shipped) {
            Some(save) => Ok(save?),
            None => Err(TaskError::Scene {
                name: name.to_owned(),
                place: save::place_of(text, "start"),
                problem: format!(
                    "`{}` is no save that comes with the program; those are {}",
                    save::scalar::brief(&shipped),
                    save::shipped_names().collect::<Vec<_>>().join(", ")
                ),
            }),
        };
    }
    Ok(match part_of(text, start) {
        Some(part) => save::parse_part(text, part, name)?,
        None => save::parse(start, name)?,
    })
}

/// Where in a text a part of it stands.
fn part_of(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let range = start..start.checked_add(part.len())?;
    (text.get(range.clone()) == Some(part)).then_some(range)
}

/// The rule that a command breaks, or keeps again.
fn rule_of(command: &Command) -> Option<Rule> {
    if let Command::Break(rule) | Command::Keep(rule) = command {
        Some(*rule)
    } else if let Command::Via { command, .. } = command {
        rule_of(command)
    } else {
        None
    }
}

fn list(rules: &[Rule]) -> String {
    let words: Vec<&str> = rules.iter().map(|rule| rule.word()).collect();
    words.join(", ")
}

impl Aim {
    /// What is to hold.
    pub fn condition(&self) -> &Condition {
        match self {
            Self::Reach(condition) | Self::Keep(condition) | Self::End(condition) => condition,
        }
    }

    /// When: `reach`, `keep`, `end`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reach(_) => "reach",
            Self::Keep(_) => "keep",
            Self::End(_) => "end",
        }
    }
}

/// In the author's words, or else in its own.
impl fmt::Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.text.is_empty() {
            return formatter.write_str(&self.text);
        }
        match &self.aim {
            Aim::Reach(condition) => write!(formatter, "{condition}"),
            Aim::Keep(condition) => write!(formatter, "{condition}, all the time"),
            Aim::End(condition) => write!(formatter, "{condition}, in the end"),
        }
    }
}

/// A goal that is more than a condition.
#[derive(Deserialize)]
#[serde(rename = "Goal", deny_unknown_fields)]
struct GoalFile {
    #[serde(default)]
    text: String,
    #[serde(default)]
    reach: Option<Condition>,
    #[serde(default)]
    keep: Option<Condition>,
    #[serde(default)]
    end: Option<Condition>,
}

impl<'de> Deserialize<'de> for Goal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GoalVisitor)
    }
}

struct GoalVisitor;

impl<'de> Visitor<'de> for GoalVisitor {
    type Value = Goal;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a goal: a condition, or (text: \"…\", reach: \"…\"), with keep or end for reach")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Goal, E> {
        Ok(Goal {
            text: String::new(),
            aim: Aim::Reach(text.parse().map_err(E::custom)?),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Goal, A::Error> {
        let GoalFile {
            text,
            reach,
            keep,
            end,
        } = GoalFile::deserialize(MapAccessDeserializer::new(map))?;
        let aim = match (reach, keep, end) {
            (Some(condition), None, None) => Aim::Reach(condition),
            (None, Some(condition), None) => Aim::Keep(condition),
            (None, None, Some(condition)) => Aim::End(condition),
            (None | Some(_), None | Some(_), None | Some(_)) => {
                return Err(A::Error::custom("a goal has one of reach, keep and end"));
            }
        };
        let text = neutralised(&text);
        Ok(Goal { text, aim })
    }
}

/// A question whose answer a program can judge.
#[derive(Deserialize)]
#[serde(rename = "Question", deny_unknown_fields)]
struct QuestionFile {
    text: String,
    right: String,
}

impl<'de> Deserialize<'de> for Question {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuestionVisitor)
    }
}

struct QuestionVisitor;

impl<'de> Visitor<'de> for QuestionVisitor {
    type Value = Question;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a question: a text, or (text: \"…\", right: \"…\")")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Question, E> {
        Ok(Question {
            text: neutralised(text),
            right: None,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Question, A::Error> {
        let QuestionFile { text, right } = QuestionFile::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Question {
            text: neutralised(&text),
            right: Some(right),
        })
    }
}

struct Digest(u128);

impl FromStableHash for Digest {
    type Hash = SipHasher128Hash;

    fn from(SipHasher128Hash([high, low]): SipHasher128Hash) -> Self {
        Self(u128::from(high) << 64 | u128::from(low))
    }
}
