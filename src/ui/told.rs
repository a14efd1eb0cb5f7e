//! A world with its narrator: what the screen plays with.

use std::collections::BTreeMap;

use super::session::Playable;
use super::view::Banner;
use crate::machine::Exhibit;
use crate::playground::{Command, CommandError, LinkSettings, Narrator, Snapshot, StoryLine, World};
use crate::types::{NodeId, VirtualTime};

/// A world with its narrator.
pub struct ToldWorld<M> {
    world: World<M>,
    narrator: Narrator,
}

impl<M: Exhibit + Default> ToldWorld<M> {
    /// A world and whoever has told its story so far.
    pub fn new(world: World<M>, narrator: Narrator) -> Self {
        Self { world, narrator }
    }

    /// A world that begins: all of it is told.
    pub fn from_the_start(world: World<M>) -> Self {
        Self {
            world,
            narrator: Narrator::new(M::describe),
        }
    }

    /// A world that goes on: what happens from here is told.
    pub fn from_here(mut world: World<M>) -> Self {
        let narrator = Narrator::from_here::<M>(&world.snapshot());
        Self { world, narrator }
    }

    /// The world, for whoever saves it.
    pub fn world_mut(&mut self) -> &mut World<M> {
        &mut self.world
    }
}

impl<M: Exhibit + Default> Playable for ToldWorld<M> {
    fn now(&self) -> VirtualTime {
        self.world.now()
    }

    fn carried_out(&self) -> u32 {
        self.world.carried_out()
    }

    fn next_event_at(&self) -> Option<VirtualTime> {
        self.world.next_event_at()
    }

    fn step(&mut self) -> bool {
        self.world.step()
    }

    fn run_until(&mut self, until: VirtualTime) {
        self.world.run_until(until);
    }

    fn command(&mut self, command: Command) -> Result<(), CommandError> {
        self.world.command(command)
    }

    fn drain_story(&mut self) -> Vec<StoryLine> {
        let records = self.world.drain_records();
        records
            .iter()
            .filter_map(|record| self.narrator.tell(record))
            .collect()
    }

    fn snapshot(&mut self) -> Snapshot {
        self.world.snapshot()
    }

    fn own_links(&mut self) -> BTreeMap<(NodeId, NodeId), LinkSettings> {
        let links = self.world.image().map(|image| image.links).unwrap_or_default();
        let own = links
            .into_iter()
            .filter_map(|(ends, link)| Some((ends, link.settings?)));
        own.collect()
    }

    fn violation(&self) -> Option<Banner> {
        self.world.violation().map(|violation| Banner {
            property: in_words(violation.property.name()),
            detail: violation.detail.clone(),
            at: self.world.now(),
        })
    }

    fn go_on(&mut self) {
        self.world.go_on();
    }

    fn take_files_from(&mut self, before: Self) {
        self.world.take_files_from(before.world);
    }

    fn sync_files(&mut self) {
        self.world.sync_mirrors();
    }

    fn drain_complaints(&mut self) -> Vec<String> {
        self.world.drain_complaints()
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
