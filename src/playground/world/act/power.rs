//! Going down and coming back: a process that dies or thaws, and a disk whose power goes.

use crate::consensus::RoleName;
use crate::machine::Exhibit;
use crate::playground::host::{HostInput, Request};
use crate::playground::record::{ClientAnswer, Happening, Loss, Stop};
use crate::playground::settings::DiskFault;
use crate::playground::snapshot::Condition;
use crate::playground::world::{Due, Slot, Waiting, World};
use crate::types::{LogIndex, NodeId, VirtualTime, WriteSequence};

/// What a power cut takes of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutPower {
    /// All of it.
    LosingEverything,
    /// What the draws have it take.
    Torn,
}

impl<M: Exhibit + Default> World<M> {
    pub(super) fn crash(&mut self, id: NodeId) {
        self.stop(id, |unsynced_from| Stop::Crash { unsynced_from });
    }

    /// A disk fails, or is well again.
    pub(super) fn break_disk(&mut self, id: NodeId, fault: DiskFault) {
        self.server(id).seen_down = None;
        match self.server(id).parked.as_mut() {
            Some(parked) => fault.befall(&mut parked.disk),
            None => drop(self.host.call(id, Request::DiskFault(fault))),
        }
    }

    pub(super) fn cut_power(&mut self, id: NodeId, how: CutPower) {
        if self.server(id).condition != Condition::Down {
            self.end_process(id);
        }
        let before = self.last_on_disk(id);
        let draws = self.draws;
        let syncs = self.server(id).syncs_begun;
        self.server(id).seen_down = None;
        let parked = self
            .server(id)
            .parked
            .as_mut()
            .expect("a node that is down has its disk");
        match how {
            CutPower::LosingEverything => parked.disk.power_cut_losing_everything(),
            CutPower::Torn => {
                let mut ordinal = 0;
                parked.disk.power_cut(&mut |_, changes| {
                    ordinal += 1;
                    draws.survivors(&[id.number(), syncs, ordinal], changes)
                });
            }
        }
        let journal = parked.disk.drain_journal();
        let complaint = parked.mirror.as_mut().and_then(|mirror| mirror.follow(journal));
        self.complaints.extend(complaint);
        let after = self.last_on_disk(id);
        let lost = (after < before).then(|| (after.next(), before));
        self.record(Happening::Stopped {
            node: id,
            how: Stop::PowerCut { lost },
        });
    }

    /// A node that can't start stays down, and the story says why.
    pub(super) fn restart(&mut self, id: NodeId) {
        if let Err(error) = self.start_node(id) {
            let reason = error.to_string();
            self.record(Happening::Stopped {
                node: id,
                how: Stop::Failed { reason },
            });
        }
    }

    /// Takes a node down, and tells its callers that nobody knows.
    pub(in crate::playground::world) fn stop(
        &mut self,
        id: NodeId,
        how: impl FnOnce(Option<LogIndex>) -> Stop,
    ) {
        let unsynced = self.first_unsynced(id);
        let how = how(unsynced);
        if let Stop::Failed { reason } = &how {
            self.server(id).failure = Some(reason.clone());
        }
        self.end_process(id);
        self.record(Happening::Stopped { node: id, how });
    }

    fn end_process(&mut self, id: NodeId) {
        self.watch.stopped(id);
        let mut parked = self.host.release(id).park();
        let mut open = std::mem::take(&mut parked.open_proposals);
        let server = self.server(id);
        server.condition = Condition::Down;
        server.role = RoleName::Follower;
        server.parked = Some(parked);
        let slots = server
            .syncs
            .values()
            .copied()
            .chain(server.timer.map(|running| running.slot))
            .chain(server.gossip.take())
            .chain(server.taking.take().and_then(|(_, slot)| slot));
        let slots: Vec<Slot> = slots.collect();
        server.syncs.clear();
        server.timer = None;
        server.last_sync_due = VirtualTime::default();
        let backlog = std::mem::take(&mut server.backlog);
        for slot in slots {
            self.queue.remove(&slot);
        }
        for waiting in backlog {
            match waiting {
                Waiting::Delivery(message) => self.lose(message, Loss::ReceiverDown),
                Waiting::Proposal(proposal, _) => open.push(proposal),
                Waiting::Timer(_) | Waiting::Sync(_) | Waiting::Snapshot(_) => {}
            }
        }
        for proposal in open {
            self.answer(id, proposal, ClientAnswer::Unknown);
        }
    }

    /// What waited is due now; the clients, who wait for nothing else, come first.
    pub(super) fn thaw(&mut self, id: NodeId) {
        self.server(id).condition = Condition::Up;
        let backlog = std::mem::take(&mut self.server(id).backlog);
        let mut proposals = Vec::new();
        for waiting in backlog {
            match waiting {
                Waiting::Delivery(message) => self.schedule_delivery(message, self.now),
                Waiting::Sync(sequence) => self.schedule_sync(id, sequence),
                Waiting::Snapshot(index) => {
                    let slot = self.schedule(self.now, Due::Snapshot(id, index));
                    self.server(id).taking = Some((index, Some(slot)));
                }
                Waiting::Timer(timer) => {
                    let duration = self.timer_duration(id, timer);
                    self.set_timer(id, timer, self.now, duration);
                }
                Waiting::Proposal(proposal, command) => proposals.push((proposal, command)),
            }
        }
        self.postpone_later_syncs(id);
        for (proposal, command) in proposals {
            match self.server(id).condition {
                Condition::Up | Condition::Frozen => self.hand(id, HostInput::Propose(proposal, command)),
                // Its disk failed at one before.
                Condition::Down => self.answer(id, proposal, ClientAnswer::Unknown),
            }
        }
    }

    fn schedule_sync(&mut self, id: NodeId, sequence: WriteSequence) {
        let slot = self.schedule(self.now, Due::Sync(id, sequence));
        self.server(id).syncs.insert(sequence, slot);
    }

    /// Writes end in their order: one that is due now anyway comes after those before it that are due again.
    fn postpone_later_syncs(&mut self, id: NodeId) {
        let now = self.now;
        let syncs = self.server(id).syncs.clone();
        let is_in_order = syncs.values().is_sorted();
        for (sequence, slot) in syncs
            .into_iter()
            .filter(|(_, slot)| !is_in_order && slot.at == now)
        {
            self.queue.remove(&slot);
            self.schedule_sync(id, sequence);
        }
    }
}
