//! Whether a script does what a task asks for.

use super::task::{Aim, Task};
use crate::lesson::Watch;
use crate::machine::KeyValue;
use crate::playground::{HostKind, ImageError, TimedCommand, World};
use crate::save::script::Script;
use crate::types::VirtualTime;

/// The most events that are looked at: what takes longer was not meant, and is not waited for.
pub const EVENTS_MOST: usize = 1_000_000;

/// What came of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grade {
    /// What is wrong with the script itself, a sentence each. Commands that the task does not permit, or that could not be carried out, were left out.
    pub faults: Vec<String>,
    /// What came of each goal.
    pub goals: Vec<GoalGrade>,
    /// What was answered to each question.
    pub questions: Vec<QuestionGrade>,
    /// How many commands were carried out.
    pub commands: usize,
    /// When it ended.
    pub end: VirtualTime,
    /// The hash of the trace.
    pub trace_hash: u128,
}

/// What came of a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalGrade {
    /// The goal, in words.
    pub goal: String,
    /// The condition.
    pub condition: String,
    /// When it was to hold: `reach`, `keep`, `end`.
    pub aim: &'static str,
    /// Whether it is met.
    pub is_met: bool,
    /// When it was reached, or when it was not kept.
    pub at: Option<VirtualTime>,
}

/// What was answered to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionGrade {
    /// The question.
    pub question: String,
    /// The answer; empty where there is none.
    pub answer: String,
    /// Whether it is right, where a program can tell.
    pub is_right: Option<bool>,
}

impl Grade {
    /// Whether the task is done: every goal is met, every answer that can be judged is right, and nothing is wrong with the script.
    pub fn passes(&self) -> bool {
        self.faults.is_empty()
            && self.goals.iter().all(|goal| goal.is_met)
            && self
                .questions
                .iter()
                .all(|question| question.is_right != Some(false))
    }
}

/// Plays a script from the task's state, and looks after every event.
///
/// # Errors
///
/// Where the task's state can't be restored, which parsing it has tried.
pub fn grade(task: &Task, script: &Script) -> Result<Grade, ImageError> {
    let world = World::<KeyValue>::restore(task.start.image.clone(), HostKind::Inline, None)?;
    let start = world.now();
    let latest = start.after(task.time);
    let end = script.until.map_or(latest, |until| until.clamp(start, latest));
    let mut play = Play {
        task,
        world,
        watches: task
            .goals
            .iter()
            .map(|goal| Seen::new(Watch::new(goal.aim.condition().clone())))
            .collect(),
        done: Vec::new(),
        faults: faults_of(task, script),
        events: 0,
    };
    play.look();
    play.carry_out(&script.commands, start, end);
    play.run_into(end, u32::MAX);
    play.look();
    Ok(play.judge(script, end))
}

/// What is wrong with a script before anything of it is carried out.
fn faults_of(task: &Task, script: &Script) -> Vec<String> {
    let mut faults = Vec::new();
    if script.start.is_some_and(|start| start != task.start_hash()) {
        faults.push("it was recorded from another state than the one this task begins from".to_owned());
    }
    let (given, most) = (script.commands.len(), task.most);
    if given > most {
        faults.push(format!(
            "{given} commands, and the task lets {most} be given; the rest was left out"
        ));
    }
    faults
}

/// A condition, and what was seen of it.
struct Seen {
    watch: Watch,
    holds: bool,
    first_met: Option<VirtualTime>,
    first_failed: Option<VirtualTime>,
}

impl Seen {
    fn new(watch: Watch) -> Self {
        Self {
            watch,
            holds: false,
            first_met: None,
            first_failed: None,
        }
    }
}

/// A script that is played.
struct Play<'a> {
    task: &'a Task,
    world: World<KeyValue>,
    watches: Vec<Seen>,
    done: Vec<TimedCommand>,
    faults: Vec<String>,
    events: usize,
}

impl Play<'_> {
    fn carry_out(&mut self, commands: &[TimedCommand], start: VirtualTime, end: VirtualTime) {
        for timed in commands.iter().take(self.task.most) {
            let at = timed.at;
            let problem = if at < start {
                Some(format!("the task begins at {start} only"))
            } else if at > end {
                Some(format!("it is over at {end}"))
            } else {
                self.task.permits(&timed.command).err()
            };
            let problem = problem.or_else(|| {
                self.run_into(at, timed.after);
                let done = self.world.command(timed.command.clone());
                done.err().map(|error| error.to_string())
            });
            if let Some(problem) = problem {
                let fault = format!("the command at {at} was left out: {problem}");
                self.faults.push(fault);
            } else {
                self.done.push(timed.clone());
                self.look();
            }
        }
    }

    /// Runs to a moment, event by event. A broken promise stops time for a person to see it; here it goes on.
    fn run_into(&mut self, time: VirtualTime, events: u32) {
        while self.is_before(time, events) {
            if self.events == EVENTS_MOST {
                return;
            }
            self.events += 1;
            if self.events == EVENTS_MOST {
                self.faults.push(format!(
                    "more than {EVENTS_MOST} events, at {}: nobody waits for the rest",
                    self.world.now()
                ));
                return;
            }
            self.world.go_on();
            self.world.step();
            self.look();
        }
        self.world.go_on();
        self.world.run_into(time, events);
    }

    fn is_before(&self, time: VirtualTime, events: u32) -> bool {
        match self.world.next_event_at() {
            Some(at) if at == time && self.world.now() == time => self.world.carried_out() < events,
            Some(at) if at == time => events > 0,
            Some(at) => at < time,
            None => false,
        }
    }

    fn look(&mut self) {
        self.world.drain_records();
        let snapshot = self.world.snapshot();
        for seen in &mut self.watches {
            seen.holds = seen.watch.is_met(&snapshot, &self.done);
            let first = if seen.holds {
                &mut seen.first_met
            } else {
                &mut seen.first_failed
            };
            first.get_or_insert(snapshot.now);
        }
    }

    fn judge(self, script: &Script, end: VirtualTime) -> Grade {
        let goals = self.task.goals.iter().zip(&self.watches);
        let goals = goals.map(|(goal, seen)| {
            let (is_met, at) = match goal.aim {
                Aim::Reach(_) => (seen.first_met.is_some(), seen.first_met),
                Aim::Keep(_) => (seen.first_failed.is_none(), seen.first_failed),
                Aim::End(_) => (seen.holds, None),
            };
            GoalGrade {
                goal: goal.to_string(),
                condition: goal.aim.condition().to_string(),
                aim: goal.aim.word(),
                is_met,
                at,
            }
        });
        Grade {
            goals: goals.collect(),
            questions: questions_of(self.task, script),
            faults: self.faults,
            commands: self.done.len(),
            end,
            trace_hash: self.world.trace_hash(),
        }
    }
}

fn questions_of(task: &Task, script: &Script) -> Vec<QuestionGrade> {
    // Who writes a script by hand for a task with one question has one answer to give.
    let answers = match script.answers.as_slice() {
        [] => std::slice::from_ref(&script.answer),
        answers => answers,
    };
    let mut answers = answers.iter();
    let plain = |text: &str| text.trim().to_lowercase();
    let questions = task.questions.iter().map(|question| {
        let answer = answers.next().cloned().unwrap_or_default();
        QuestionGrade {
            question: question.text.clone(),
            is_right: question
                .right
                .as_deref()
                .map(|right| plain(right) == plain(&answer)),
            answer,
        }
    });
    questions.collect()
}
