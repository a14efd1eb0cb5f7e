//! The messages in flight as a list in which one is chosen; where every event is in hand, all that can happen next.

use super::action::Step;
use super::prompt;
use super::view::is_routine;
use crate::playground::{Choice, MessageId, MessageView, Snapshot, Whereabouts};
use crate::types::{NodeId, VirtualTime};

/// What is chosen among what can happen next, and what is left out of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    chosen: Option<Choice>,
    /// Its place. When it is gone, what stands there now is chosen.
    place: usize,
    /// Only what this node sends, gets or does.
    only: Option<NodeId>,
    routine: Routine,
}

/// Whether heartbeats, gossip and answers that tell nothing new are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Routine {
    Listed,
    LeftOut,
}

impl Hand {
    /// Everything is listed, and the first that tells something new is chosen.
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut hand = Self {
            chosen: None,
            place: 0,
            only: None,
            routine: Routine::Listed,
        };
        let rows = hand.rows(snapshot);
        let is_new =
            |choice: &Choice| message_of(snapshot, *choice).is_some_and(|it| !is_routine(it, snapshot));
        hand.choose_at(&rows, rows.iter().position(is_new).unwrap_or(0));
        hand
    }

    /// What is listed, in the order in which it would happen; what is held or has arrived is listed where it would have been.
    pub fn rows(&self, snapshot: &Snapshot) -> Vec<Choice> {
        let mut rows: Vec<(VirtualTime, Choice)> = Vec::new();
        if snapshot.settings.manual.is_on() {
            rows.extend(snapshot.choices());
        }
        let on_the_wire = |message: &&MessageView| message.whereabouts == Whereabouts::OnTheWire;
        let messages = snapshot.messages.iter();
        let others = messages.filter(|message| !snapshot.settings.manual.is_on() || !on_the_wire(message));
        rows.extend(others.map(|message| (message.due, Choice::Message(message.id))));
        rows.retain(|(_, choice)| self.lists(snapshot, *choice));
        rows.sort_unstable();
        rows.into_iter().map(|(_, choice)| choice).collect()
    }

    fn lists(&self, snapshot: &Snapshot, choice: Choice) -> bool {
        let (is_of, is_listed) = match (choice, message_of(snapshot, choice)) {
            (Choice::Message(_), None) => (false, false),
            (Choice::Message(_), Some(message)) => (
                self.only
                    .is_none_or(|only| message.envelope.from == only || message.envelope.to == only),
                self.routine == Routine::Listed || !is_routine(message, snapshot),
            ),
            (Choice::Timer(id) | Choice::Write(id) | Choice::Snapshot(id), _) => {
                (self.only.is_none_or(|only| id == only), true)
            }
            (Choice::Gossip(id), _) => (
                self.only.is_none_or(|only| id == only),
                self.routine == Routine::Listed,
            ),
        };
        is_of && is_listed
    }

    /// What is chosen, and its place in the list; `None` where the list is empty.
    pub fn chosen(&self, rows: &[Choice]) -> Option<(usize, Choice)> {
        let found = rows.iter().position(|row| Some(*row) == self.chosen);
        let place = found.unwrap_or(self.place.min(rows.len().saturating_sub(1)));
        rows.get(place).map(|choice| (place, *choice))
    }

    /// The message that is chosen, if one is.
    pub fn message<'s>(&self, snapshot: &'s Snapshot) -> Option<&'s MessageView> {
        let (_, choice) = self.chosen(&self.rows(snapshot))?;
        message_of(snapshot, choice)
    }

    /// The row before or after.
    pub fn step(&mut self, snapshot: &Snapshot, step: Step) {
        let rows = self.rows(snapshot);
        let mut place = self.chosen(&rows).map_or(0, |(place, _)| place);
        prompt::choose(&mut place, rows.len(), step);
        self.choose_at(&rows, place);
    }

    /// Chooses a row; says whether it was chosen already.
    pub fn choose(&mut self, snapshot: &Snapshot, place: usize) -> bool {
        let rows = self.rows(snapshot);
        let is_same = self.chosen(&rows).is_some_and(|(chosen, _)| chosen == place);
        self.choose_at(&rows, place);
        is_same
    }

    fn choose_at(&mut self, rows: &[Choice], place: usize) {
        (self.place, self.chosen) = (place, rows.get(place).copied());
    }

    /// Keeps in mind where the cursor stands: what is done next may take away what is chosen.
    pub fn settle(&mut self, snapshot: &Snapshot) {
        let rows = self.rows(snapshot);
        if let Some((place, _)) = self.chosen(&rows) {
            self.choose_at(&rows, place);
        }
    }

    /// Lets go of what is chosen: whatever comes to stand at its place is chosen next.
    pub fn let_go(&mut self) {
        self.chosen = None;
    }

    /// Lists only what is about this node; everything again, where it did so already.
    pub fn only(&mut self, id: NodeId) {
        self.only = (self.only != Some(id)).then_some(id);
    }

    /// Leaves heartbeats and the like out, or lists them again.
    pub fn fold(&mut self) {
        self.routine = match self.routine {
            Routine::Listed => Routine::LeftOut,
            Routine::LeftOut => Routine::Listed,
        };
    }

    /// What is left out, in words; empty where nothing is.
    pub fn filter(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.only.map(|id| format!("only {id}")));
        parts.extend((self.routine == Routine::LeftOut).then(|| "no heartbeats".to_owned()));
        parts.join(", ")
    }
}

/// The message that a choice is about.
pub fn message_of(snapshot: &Snapshot, choice: Choice) -> Option<&MessageView> {
    let find = |id: MessageId| snapshot.messages.iter().find(|message| message.id == id);
    match choice {
        Choice::Message(id) => find(id),
        Choice::Timer(_) | Choice::Write(_) | Choice::Snapshot(_) | Choice::Gossip(_) => None,
    }
}
