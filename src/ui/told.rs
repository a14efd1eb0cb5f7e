//! A world with its narrator: what the screen plays with.

use std::collections::VecDeque;

use super::session::Playable;
use super::view::Banner;
use crate::machine::Exhibit;
use crate::playground::{
    Calls, Checkpoint, ClientsView, Command, CommandError, DiskRecords, HostKind, Narrator, Rewind, Snapshot,
    Spacetime, StoryLine, TimedCommand, Weight, World,
};
use crate::types::{NodeId, VirtualTime};

/// A world with its narrator.
pub struct ToldWorld<M> {
    world: World<M>,
    /// Why what clients see is not kept, where it is not.
    unkept: Option<String>,
    narrator: Narrator,
    /// What is still to be done, in order: each is done as its moment comes.
    agenda: VecDeque<TimedCommand>,
    /// When something of it was done last, and how much was done then.
    deeds: (VirtualTime, u32),
    /// The lines that nobody has taken yet.
    lines: Vec<StoryLine>,
    /// How many lines it has told.
    told: u64,
    /// Why it could not be taken back to moments, since somebody asked.
    complaints: Vec<String>,
    /// Who hears all that happens, to draw it.
    diagram: Option<Box<Spacetime>>,
}

/// A moment of a world, with its narrator and what is still to be done.
#[derive(Clone)]
pub struct ToldCheckpoint {
    world: Checkpoint,
    narrator: Narrator,
    agenda: VecDeque<TimedCommand>,
    deeds: (VirtualTime, u32),
    told: u64,
}

impl<M: Exhibit + Default> ToldWorld<M> {
    /// A world and whoever has told its story so far.
    pub fn new(mut world: World<M>, narrator: Narrator) -> Self {
        let unkept = world.keep_calls().err().map(|error| error.to_string());
        Self {
            unkept,
            world,
            narrator,
            agenda: VecDeque::new(),
            deeds: (VirtualTime::default(), 0),
            lines: Vec::new(),
            told: 0,
            complaints: Vec::new(),
            diagram: None,
        }
    }

    /// The same, of which all that happens is drawn.
    #[must_use]
    pub fn drawn(mut self, from: VirtualTime, to: VirtualTime) -> Self {
        let snapshot = self.world.snapshot();
        self.diagram = Some(Box::new(Spacetime::new::<M>(&snapshot, from, to)));
        self
    }

    /// The diagram, where one is drawn.
    pub fn take_diagram(&mut self) -> Option<Spacetime> {
        self.tell();
        self.diagram.take().map(|diagram| *diagram)
    }

    /// A world that begins: all of it is told.
    pub fn from_the_start(world: World<M>) -> Self {
        Self::new(world, Narrator::new(M::describe))
    }

    /// A world that goes on: what happens from here is told.
    pub fn from_here(mut world: World<M>) -> Self {
        let narrator = Narrator::from_here::<M>(&world.snapshot());
        Self::new(world, narrator)
    }

    /// The same, to which this is still to be done, as a save has it.
    #[must_use]
    pub fn followed_by(mut self, then: Vec<TimedCommand>) -> Self {
        self.agenda = then.into();
        self
    }

    /// What is still to be done, in order.
    pub fn agenda(&self) -> impl Iterator<Item = &TimedCommand> {
        self.agenda.iter()
    }

    /// What is to be done next. Where time stands, only what is to be done now.
    fn next_deed(&self) -> Option<&TimedCommand> {
        let is_to_come = |next: &&TimedCommand| next.at <= self.world.now() || !self.world.is_manual();
        self.agenda.front().filter(is_to_come)
    }

    /// Does what is to be done next, if nothing else comes before. What can't be done any more is left out: somebody has done
    /// something else meanwhile.
    fn do_next(&mut self) -> bool {
        let is_next = |next: &TimedCommand| match self.world.next_event_at() {
            Some(at) if at < next.at => false,
            Some(at) if at == next.at => {
                let carried_out = if self.world.now() == at {
                    self.world.carried_out()
                } else {
                    0
                };
                carried_out >= next.after
            }
            Some(_) | None => true,
        };
        if self.world.violation().is_some() {
            return false;
        }
        if !self.next_deed().is_some_and(is_next) {
            return false;
        }
        let next = self.agenda.pop_front().expect("it was there just now");
        self.world.run_into(next.at, next.after);
        drop(self.world.command(next.command));
        let (at, before) = self.deeds;
        let now = self.world.now();
        self.deeds = (now, if at == now { before + 1 } else { 1 });
        true
    }

    /// The world, for whoever saves it.
    pub fn world_mut(&mut self) -> &mut World<M> {
        &mut self.world
    }
}

impl<M: Exhibit + Default> ToldWorld<M> {
    /// Tells what has happened; heartbeats are folded away.
    fn tell(&mut self) {
        let records = self.world.drain_records();
        if let Some(diagram) = &mut self.diagram {
            for record in &records {
                diagram.note(record);
            }
        }
        let lines = records.iter().filter_map(|record| self.narrator.tell(record));
        let before = self.lines.len();
        self.lines
            .extend(lines.filter(|line| line.weight != Weight::Routine));
        self.told += (self.lines.len() - before) as u64;
    }
}

impl<M: Exhibit + Default> Rewind for ToldWorld<M> {
    type Checkpoint = ToldCheckpoint;

    fn now(&self) -> VirtualTime {
        self.world.now()
    }

    /// What was still to be done counts as what is due.
    fn carried_out(&self) -> u32 {
        let (at, deeds) = self.deeds;
        self.world.carried_out() + if at == self.world.now() { deeds } else { 0 }
    }

    fn next_event_at(&self) -> Option<VirtualTime> {
        let first = self.next_deed().map(|first| first.at);
        self.world.next_event_at().into_iter().chain(first).min()
    }

    fn is_halted(&self) -> bool {
        self.world.is_halted()
    }

    fn go_on(&mut self) {
        self.world.go_on();
    }

    fn happened(&self) -> u64 {
        self.world.happened()
    }

    fn told(&mut self) -> u64 {
        self.tell();
        self.told
    }

    fn step(&mut self) -> bool {
        self.do_next() || self.world.step()
    }

    fn run_until(&mut self, until: VirtualTime) {
        while self.next_deed().is_some_and(|first| first.at <= until) {
            if !self.do_next() && !self.world.step() {
                return;
            }
        }
        self.world.run_until(until);
    }

    fn run_into(&mut self, time: VirtualTime, events: u32) {
        if self.agenda.is_empty() && self.deeds.0 != time {
            return self.world.run_into(time, events);
        }
        while self.is_due_before(time, events) {
            if !self.step() {
                return;
            }
        }
        self.world.run_into(time, 0);
    }

    fn repeat(&mut self, command: &Command) {
        self.world.repeat(command);
    }

    fn checkpoint(&mut self) -> Option<ToldCheckpoint> {
        self.tell();
        Some(ToldCheckpoint {
            world: self.world.checkpoint().ok()?,
            narrator: self.narrator.clone(),
            agenda: self.agenda.clone(),
            deeds: self.deeds,
            told: self.told,
        })
    }

    fn weight(checkpoint: &ToldCheckpoint) -> u64 {
        checkpoint.world.weight()
    }

    fn return_to(&mut self, checkpoint: &ToldCheckpoint) -> bool {
        if let Err(error) = self.world.return_to(&checkpoint.world) {
            self.complaints
                .push(format!("this moment can't be gone back to: {error}"));
            return false;
        }
        self.narrator = checkpoint.narrator.clone();
        self.agenda.clone_from(&checkpoint.agenda);
        self.deeds = checkpoint.deeds;
        self.told = checkpoint.told;
        self.lines.clear();
        true
    }

    fn host(&self) -> HostKind {
        self.world.host()
    }

    fn run_on(&mut self, host: HostKind) {
        self.world.run_on(host);
    }
}

impl<M: Exhibit + Default> Playable for ToldWorld<M> {
    fn command(&mut self, command: Command) -> Result<(), CommandError> {
        self.world.command(command)
    }

    fn drain_story(&mut self) -> Vec<StoryLine> {
        self.tell();
        std::mem::take(&mut self.lines)
    }

    fn snapshot(&mut self) -> Snapshot {
        self.world.snapshot()
    }

    fn clients(&self) -> ClientsView {
        match &self.unkept {
            Some(reason) => ClientsView::unkept(reason),
            None => ClientsView::of(&self.world),
        }
    }

    fn clients_heard(&self) -> u64 {
        self.world.calls().map_or(0, Calls::heard)
    }

    fn disk_records(&mut self, node: NodeId) -> Option<DiskRecords> {
        self.world.disk_records(node)
    }

    fn violation(&self) -> Option<Banner> {
        self.world.violation().map(|violation| Banner {
            property: in_words(violation.property.name()),
            detail: violation.detail.clone(),
            at: self.world.now(),
        })
    }

    fn take_files_from(&mut self, before: Self) {
        self.world.take_files_from(before.world);
    }

    fn sync_files(&mut self) {
        self.world.sync_mirrors();
    }

    fn drain_complaints(&mut self) -> Vec<String> {
        let mut complaints = self.world.drain_complaints();
        complaints.append(&mut self.complaints);
        complaints
    }
}

/// `LeaderCompleteness` as people write it: `Leader Completeness`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::KeyValue;
    use crate::playground::{HostKind, Settings, WorldOptions};
    use crate::types::NodeId;

    fn world() -> World<KeyValue> {
        let options = WorldOptions {
            nodes: 3,
            seed: 5,
            settings: Settings::default(),
            host: HostKind::Inline,
            data_dir: None,
        };
        World::new(options).expect("three nodes")
    }

    fn at(millis: u64) -> VirtualTime {
        VirtualTime::from_nanos(millis * 1_000_000)
    }

    fn then() -> Vec<TimedCommand> {
        let timed = |millis, command| TimedCommand {
            at: at(millis),
            after: 0,
            command,
        };
        vec![
            timed(100, Command::Crash(NodeId::new(1))),
            timed(700, Command::Restart(NodeId::new(1))),
            // Nobody can do that.
            timed(700, Command::Restart(NodeId::new(1))),
            timed(900, Command::Crash(NodeId::new(2))),
        ]
    }

    /// Each comes at its moment, run through or stepped, as if somebody had done it then.
    #[test]
    fn what_is_still_to_be_done_is_done_at_its_moment() {
        let mut by_hand = world();
        for timed in then() {
            by_hand.run_until(timed.at);
            let _ = by_hand.command(timed.command);
        }
        by_hand.run_until(at(1_000));
        let mut run = ToldWorld::from_the_start(world()).followed_by(then());
        run.run_until(at(600));
        assert_eq!(run.agenda().count(), 3);
        run.run_until(at(1_000));
        let mut stepped = ToldWorld::from_the_start(world()).followed_by(then());
        while stepped.next_event_at().is_some_and(|next| next <= at(1_000)) {
            assert!(stepped.step());
        }
        for world in [&run, &stepped] {
            assert_eq!(world.agenda().count(), 0);
            assert_eq!(world.world.trace_hash(), by_hand.trace_hash());
        }
    }
}
