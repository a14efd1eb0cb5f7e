//! The first steps of somebody who has never seen the screen: each step waits for what it asks for.

use super::view::Notes;
use crate::lesson::Step;
use crate::playground::{Command, Snapshot, TimedCommand};

/// The hints of a first start.
#[derive(Clone, Debug)]
pub struct FirstSteps {
    reached: usize,
    commands_before: usize,
}

impl FirstSteps {
    /// The hints, and the notes that show them.
    pub fn new(snapshot: &Snapshot) -> (Self, Notes) {
        let notes = Notes {
            steps: steps(snapshot),
            ..Notes::default()
        };
        let hints = Self {
            reached: 0,
            commands_before: 0,
        };
        (hints, notes)
    }

    /// Turns to the next hint when what this one waits for has happened. Who has turned back is left alone.
    pub fn follow(&mut self, snapshot: &Snapshot, commands: &[TimedCommand], notes: &mut Notes) {
        notes.steps = steps(snapshot);
        let last = notes.steps.len() - 1;
        self.reached = self.reached.max(notes.current);
        if notes.current != self.reached || self.reached >= last || !self.is_done(snapshot, commands) {
            return;
        }
        self.reached += 1;
        self.commands_before = commands.len();
        notes.current = self.reached;
    }

    fn is_done(&self, snapshot: &Snapshot, commands: &[TimedCommand]) -> bool {
        let since = commands.get(self.commands_before..).unwrap_or_default();
        let did = |what: fn(&Command) -> bool| since.iter().any(|timed| what(&timed.command));
        match self.reached {
            0 => !snapshot.leaders().is_empty(),
            1 => did(|command| matches!(command, Command::Propose { .. })),
            2 => {
                did(|command| matches!(command, Command::Crash(_) | Command::CutPower(_)))
                    && did(|command| matches!(command, Command::Restart(_)))
            }
            _ => false,
        }
    }
}

fn steps(snapshot: &Snapshot) -> Vec<Step> {
    let leader = snapshot.leaders().first().map_or_else(
        || "Nobody leads now; soon somebody will.".to_owned(),
        |leader| format!("{} leads term {}.", leader.id, leader.term),
    );
    let steps = [
        format!(
            "{}, no leader yet. Watch the bars: who runs out first asks for votes.",
            servers(snapshot.nodes.len())
        ),
        format!("{leader} Press n to send it a value. Space holds time, ↓ goes on line by line."),
        "Press c to crash the leader. Who wins? · Then r to bring it back.".to_owned(),
        "p cuts servers off · h heals · ? all keys · o prepared scenes".to_owned(),
    ];
    steps.map(Step::from).to_vec()
}

fn servers(count: usize) -> String {
    const WORDS: [&str; 10] = [
        "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine",
    ];
    match WORDS.get(count) {
        Some(&"One") => "One server".to_owned(),
        Some(word) => format!("{word} servers"),
        None => format!("{count} servers"),
    }
}
