//! Grades homework.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::error::CliError;
use super::report::hash_text;
use super::{Format, GradeArgs};
use crate::homework::{self, Grade, SUBMISSION_BYTES_MAX, Task};
use crate::machine::readable;
use crate::save::script::Script;

/// Reads both, plays the one from where the other begins, and tells.
pub(super) fn grade(args: &GradeArgs, out: &mut impl Write) -> Result<ExitCode, CliError> {
    let task = homework::named(&args.task)?;
    let script = Script::read_up_to(&args.submission, SUBMISSION_BYTES_MAX).map_err(CliError::Submission)?;
    let grade = homework::grade(&task, &script)?;
    match args.format {
        Format::Text => tell(&task, &args.submission, &grade, out)?,
        Format::Json => {
            serde_json::to_writer(&mut *out, &Report::of(&task, &grade)).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(if grade.passes() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn tell(task: &Task, submission: &Path, grade: &Grade, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{}: {}, {} until {}, trace {}",
        task.title,
        submission.display(),
        if grade.commands == 1 {
            "1 command".to_owned()
        } else {
            format!("{} commands", grade.commands)
        },
        grade.end,
        hash_text(grade.trace_hash)
    )?;
    for fault in &grade.faults {
        writeln!(out, "FAIL  {}", readable(fault.as_bytes()))?;
    }
    for goal in &grade.goals {
        let verdict = word(goal.is_met);
        let when = match (goal.at, goal.is_met) {
            (Some(at), true) => format!(": at {at}"),
            (Some(at), false) => format!(": not at {at}"),
            (None, _) => String::new(),
        };
        writeln!(
            out,
            "{verdict}  {}{when}   ({}: {})",
            goal.goal, goal.aim, goal.condition
        )?;
    }
    for question in &grade.questions {
        let verdict = question.is_right.map_or("read", word);
        let answer = match question.answer.trim() {
            "" => "(no answer)".to_owned(),
            answer => readable(answer.as_bytes()),
        };
        writeln!(out, "{verdict}  {}\n      {answer}", question.question)?;
    }
    let met = grade.goals.iter().filter(|goal| goal.is_met).count();
    let all = grade.goals.len();
    writeln!(out, "{}: {met} of {all} goals", word(grade.passes()))
}

fn word(is_well: bool) -> &'static str {
    if is_well { "pass" } else { "FAIL" }
}

/// A grade, as one object.
#[derive(Serialize)]
struct Report<'a> {
    task: &'a str,
    passed: bool,
    faults: &'a [String],
    goals: Vec<GoalReport<'a>>,
    questions: Vec<QuestionReport<'a>>,
    commands: usize,
    end_s: f64,
    trace_hash: String,
}

#[derive(Serialize)]
struct GoalReport<'a> {
    goal: &'a str,
    aim: &'a str,
    condition: &'a str,
    passed: bool,
    at_s: Option<f64>,
}

#[derive(Serialize)]
struct QuestionReport<'a> {
    question: &'a str,
    answer: &'a str,
    right: Option<bool>,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "JSON has no better number, and 2^53 ns are 104 days"
)]
fn seconds(at: crate::types::VirtualTime) -> f64 {
    at.nanos() as f64 / 1e9
}

impl<'a> Report<'a> {
    fn of(task: &'a Task, grade: &'a Grade) -> Self {
        let goals = grade.goals.iter().map(|goal| GoalReport {
            goal: &goal.goal,
            aim: goal.aim,
            condition: &goal.condition,
            passed: goal.is_met,
            at_s: goal.at.map(seconds),
        });
        let questions = grade.questions.iter().map(|question| QuestionReport {
            question: &question.question,
            answer: &question.answer,
            right: question.is_right,
        });
        Self {
            task: &task.title,
            passed: grade.passes(),
            faults: &grade.faults,
            goals: goals.collect(),
            questions: questions.collect(),
            commands: grade.commands,
            end_s: seconds(grade.end),
            trace_hash: hash_text(grade.trace_hash),
        }
    }
}
