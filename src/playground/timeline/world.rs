//! A world as time travel sees it.

use super::Rewind;
use crate::machine::Exhibit;
use crate::playground::command::Command;
use crate::playground::host::HostKind;
use crate::playground::world::{Checkpoint, World};
use crate::types::VirtualTime;

impl<M: Exhibit + Default> Rewind for World<M> {
    type Checkpoint = Checkpoint;

    fn now(&self) -> VirtualTime {
        self.now()
    }

    fn carried_out(&self) -> u32 {
        self.carried_out()
    }

    fn next_event_at(&self) -> Option<VirtualTime> {
        self.next_event_at()
    }

    fn is_halted(&self) -> bool {
        self.is_halted()
    }

    fn go_on(&mut self) {
        self.go_on();
    }

    fn happened(&self) -> u64 {
        self.happened()
    }

    /// What a world tells is its trace.
    fn told(&mut self) -> u64 {
        self.happened()
    }

    fn step(&mut self) -> bool {
        self.step()
    }

    fn run_until(&mut self, until: VirtualTime) {
        self.run_until(until);
    }

    fn run_into(&mut self, time: VirtualTime, events: u32) {
        self.run_into(time, events);
    }

    fn repeat(&mut self, command: &Command) {
        let again = self.command(command.clone());
        debug_assert_eq!(again, Ok(()), "what was carried out once, can be again");
    }

    fn checkpoint(&mut self) -> Option<Checkpoint> {
        self.checkpoint().ok()
    }

    fn weight(checkpoint: &Checkpoint) -> u64 {
        checkpoint.weight()
    }

    fn return_to(&mut self, checkpoint: &Checkpoint) -> bool {
        self.return_to(checkpoint).is_ok()
    }

    fn host(&self) -> HostKind {
        self.host()
    }

    fn run_on(&mut self, host: HostKind) {
        self.run_on(host);
    }
}
