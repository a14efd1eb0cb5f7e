//! What is done of the fuzzer's own accord.

use super::{Generator, REMEMBERED};
use crate::consensus::{ReadWay, Switch};
use crate::fuzz::Workload;
use crate::fuzz::weather::Deed;
use crate::playground::{Command, Condition, DiskFault, DiskSettings, LinkSettings, Span};
use crate::types::{NodeId, SerialNumber};

impl<M: Workload> Generator<'_, M> {
    pub(super) fn perform(&mut self, deed: Deed) {
        match deed {
            Deed::Propose => self.propose(),
            Deed::Session => self.use_session(),
            Deed::Read => self.read_somewhere(),
            Deed::Crash => self.take_down(Command::Crash),
            Deed::PowerCut => {
                let how = self.power_cut();
                self.take_down(how);
            }
            Deed::Blackout => self.black_out(),
            Deed::Freeze => self.freeze(),
            Deed::Part => self.part(),
            Deed::OneWay => self.cut_one_way(),
            Deed::Bridge => self.bridge(),
            Deed::Hold => self.hold(),
            Deed::Network => self.change_network(),
            Deed::SlowDisk => self.slow_disk(),
            Deed::BadDisk => self.break_disk(),
            Deed::Drift => self.drift(),
            Deed::Change => drop(self.change()),
            Deed::Transfer => self.transfer(),
            Deed::Snapshot => self.snapshot(),
            Deed::Timers => self.timers(),
            Deed::Switches => self.switch(),
            Deed::Rival => self.set_up_rival(),
            Deed::Routes => self.routes(),
        }
    }

    /// Whom a client asks: the leader for the most part.
    fn asked(&mut self) -> Option<NodeId> {
        if self.random.one_in(4) {
            let up = self.those(Condition::Up);
            self.random.any_of(&up)
        } else {
            None
        }
    }

    fn propose(&mut self) {
        for _ in 0..self.random.one_of(&[1, 1, 1, 2, 5]) {
            let (to, command) = (self.asked(), M::command(&mut self.random));
            self.give(Command::Propose { to, command });
        }
    }

    fn use_session(&mut self) {
        let to = self.asked();
        let sent: Vec<_> = self.sent.iter().cloned().collect();
        if self.sessions.is_empty() || self.random.one_in(12) {
            let timeout_ms = self.random.one_of(&[500, 3_000, 60_000]);
            self.give(Command::OpenSession { to, timeout_ms });
        } else if self.random.one_in(3) && !sent.is_empty() {
            let place = usize::try_from(self.random.below(sent.len() as u64)).expect("a place in a list");
            let (session, serial, command) = sent[place].clone();
            let serial = Some(serial);
            self.give(Command::ProposeIn {
                to,
                session,
                serial,
                command,
            });
        } else {
            match self.random.below(24) {
                0..3 => drop(self.give(Command::Retry { to })),
                3 => self.close_session(to),
                4.. => self.propose_in(to),
            }
        }
    }

    /// What was sent in it lately may still be sent again: that comes too late.
    fn close_session(&mut self, to: Option<NodeId>) {
        let session = self.random.one_of(&self.sessions);
        if self.give(Command::CloseSession { to, session }) {
            self.sessions.retain(|other| *other != session);
        }
    }

    fn propose_in(&mut self, to: Option<NodeId>) {
        let session = self.random.one_of(&self.sessions);
        let next = self.serials.entry(session).or_insert(SerialNumber::new(1));
        let serial = *next;
        *next = next.next();
        let command = M::command(&mut self.random);
        self.sent.push_back((session, serial, command.clone()));
        if self.sent.len() > REMEMBERED {
            self.sent.pop_front();
        }
        let serial = Some(serial);
        self.give(Command::ProposeIn {
            to,
            session,
            serial,
            command,
        });
    }

    fn read_somewhere(&mut self) {
        let at = self.asked();
        self.read(at);
    }

    pub(super) fn read(&mut self, at: Option<NodeId>) {
        let way: ReadWay = self.random.one_of(&self.weather.ways);
        let query = M::question(&mut self.random);
        self.give(Command::Read { at, query, way });
    }

    /// How power goes.
    pub(super) fn power_cut(&mut self) -> fn(NodeId) -> Command {
        if self.weather.tears && self.random.one_in(2) {
            Command::Tear
        } else {
            Command::CutPower
        }
    }

    fn take_down(&mut self, how: fn(NodeId) -> Command) {
        let victim = self.victim().filter(|_| !self.are_enough_down());
        let Some(victim) = victim else {
            return self.propose();
        };
        self.give(how(victim));
        if self.random.one_in(6) {
            // Twice: what was written and not synced survives the first, and not the second.
            let again = self.power_cut();
            self.give(again(victim));
        }
        self.undo(Command::Restart(victim));
    }

    fn black_out(&mut self) {
        let cut = self.power_cut();
        let how = self.random.one_of(&[Command::Crash, cut]);
        for id in self.everybody() {
            self.give(how(id));
            self.undo(Command::Restart(id));
        }
    }

    fn freeze(&mut self) {
        if let Some(victim) = self.victim().filter(|_| !self.are_enough_down()) {
            self.give(Command::Freeze(victim));
            self.undo(Command::Thaw(victim));
        }
    }

    fn part(&mut self) {
        let all = self.everybody();
        let leader = self.world.leader();
        let groups = match (self.random.below(4), leader) {
            (0, Some(leader)) => vec![vec![leader], self.others(leader)],
            (1, Some(leader)) => {
                // The leader and too few.
                let others = self.others(leader);
                let mut others = self.random.shuffled(others);
                let few = others.split_off(others.len().saturating_sub(all.len() / 4));
                vec![few.into_iter().chain([leader]).collect(), others]
            }
            (2, _) => Vec::new(),
            (0 | 1 | 3.., _) => {
                let some = self.random.some_of(&all);
                let rest = all.iter().copied().filter(|id| !some.contains(id)).collect();
                vec![some, rest]
            }
        };
        self.give(Command::Partition(groups));
        self.undo(Command::Heal);
    }

    fn cut_one_way(&mut self) {
        let Some(one) = self.victim() else {
            return;
        };
        let is_deaf = self.random.one_in(2);
        let all = self.others(one);
        let others = if self.random.one_in(2) {
            all
        } else {
            self.random.some_of(&all)
        };
        for other in others {
            let (from, to) = if is_deaf { (other, one) } else { (one, other) };
            self.give(Command::CutOneWay { from, to });
            self.undo(Command::MendOneWay { from, to });
        }
    }

    fn bridge(&mut self) {
        let all = self.everybody();
        let all = self.random.shuffled(all);
        let (one, other) = all.split_at(all.len() / 2);
        for &from in one.iter().skip(1) {
            for &to in other {
                self.give(Command::Cut { from, to });
            }
        }
        self.undo(Command::Heal);
    }

    /// For a moment all that is sent over a link, or by a node, is held up for as long as several elections take.
    fn hold(&mut self) {
        let all = self.everybody();
        let settings = LinkSettings {
            latency: self.random.one_of(&[
                Span::of_millis(50, 300),
                Span::of_millis(100, 1_000),
                Span::of_millis(300, 1_500),
            ]),
            reordering_ppm: LinkSettings::ALL_PPM,
            ..self.weather.link
        };
        let from = self.victim();
        let to = if self.random.one_in(2) {
            self.random.any_of(&all)
        } else {
            None
        };
        if from.is_some() && from == to {
            return;
        }
        self.give(Command::Link { from, to, settings });
        let settings = self.weather.link;
        self.later((1, 60), Command::Link { from, to, settings });
    }

    fn change_network(&mut self) {
        let settings = LinkSettings {
            latency: self.random.one_of(&[
                self.weather.link.latency,
                Span::of_millis(1, 5),
                Span::of_millis(20, 200),
            ]),
            loss_ppm: self.random.one_of(&[0, 50_000, 400_000]),
            duplication_ppm: self.random.one_of(&[0, 50_000, 500_000]),
            reordering_ppm: self.random.one_of(&[0, 100_000, 700_000]),
            straggling_ppm: self.random.one_of(&[0, 20_000, 200_000]),
        };
        let (from, to) = (None, None);
        self.give(Command::Link { from, to, settings });
        let settings = self.weather.link;
        self.undo(Command::Link { from, to, settings });
    }

    fn slow_disk(&mut self) {
        let node = self.victim();
        let settings = DiskSettings {
            latency: self.random.one_of(&[
                Span::of_millis(20, 100),
                Span::of_millis(100, 400),
                Span::of_millis(400, 1_200),
            ]),
        };
        self.give(Command::Disk { node, settings });
        let settings = self.weather.disk;
        self.undo(Command::Disk { node, settings });
    }

    /// A disk fails or has no more room, and its node goes down when it finds out; later it is mended and the node comes back.
    fn break_disk(&mut self) {
        let Some(node) = self.victim().filter(|_| !self.are_enough_down()) else {
            return;
        };
        let fault = match self.random.below(3) {
            0 => DiskFault::SyncsFail,
            1 => DiskFault::Full(0),
            2.. => DiskFault::Full(self.random.below(600)),
        };
        self.give(Command::DiskFault { node, fault });
        let longest = self.weather.longest;
        let fault = DiskFault::Mended;
        self.later((5, longest), Command::DiskFault { node, fault });
        // Also before it is mended.
        self.undo(Command::Restart(node));
        self.later((longest, longest + 200), Command::Restart(node));
    }

    fn drift(&mut self) {
        let all = self.everybody();
        let bound = self.weather.drift_ppm;
        let off = self.random.between((0, 2 * bound));
        let ppm =
            i32::try_from(off).expect("below a million") - i32::try_from(bound).expect("below a million");
        if let Some(node) = self.random.any_of(&all) {
            self.give(Command::Drift { node, ppm });
        }
    }

    /// Changes the configuration, if somebody leads.
    pub(super) fn change(&mut self) -> bool {
        let all = self.everybody();
        let one = self.random.one_of(&all);
        let has_room = (all.len() as u64) < self.weather.most_nodes;
        let command = match self.random.below(10) {
            0 if has_room => Command::Join,
            1 if has_room && self.weather.has(Deed::Routes) => Command::JoinVia(one),
            2 | 3 => Command::Promote(one),
            4 => Command::Demote(one),
            5 => Command::Remove(one),
            0 | 1 | 6.. => {
                let voters = self.random.some_of(&all);
                let rest: Vec<NodeId> = all.iter().copied().filter(|id| !voters.contains(id)).collect();
                let learners = self.random.some_of(&rest);
                Command::Reconfigure { voters, learners }
            }
        };
        self.give(command)
    }

    fn transfer(&mut self) {
        let all = self.everybody();
        let target = self.random.one_of(&all);
        self.give(Command::Transfer(target));
    }

    fn snapshot(&mut self) {
        if let Some(id) = self.victim() {
            self.give(Command::Snapshot(id));
        }
    }

    fn timers(&mut self) {
        let up = self.those(Condition::Up);
        let command = match self.random.below(6) {
            0 => Command::TieTimers(Vec::new()),
            1 => Command::TieTimers(self.random.some_of(&up)),
            2 => Command::SpreadTimers,
            3.. => match self.random.any_of(&up) {
                Some(id) => Command::FireTimer(id),
                None => return,
            },
        };
        self.give(command);
    }

    fn switch(&mut self) {
        let switch = self.random.one_of(&[Switch::Off, Switch::On]);
        let command = match self.random.below(5) {
            0 => Command::PreVote(switch),
            1 => Command::CheckQuorum(switch),
            2 if self.weather.ways.contains(&ReadWay::Lease) => Command::Lease(switch),
            3 => Command::AutoPromote(switch),
            2 | 4.. => Command::Reroute(switch),
        };
        self.give(command);
    }

    fn routes(&mut self) {
        let all = self.everybody();
        let (at, of) = (self.random.one_of(&all), self.random.one_of(&all));
        if self.random.one_in(2) {
            self.give(Command::LoseRoute { at, of });
        } else {
            self.give(Command::Readdress(of));
        }
    }
}
