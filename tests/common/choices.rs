//! Random things to do to a world, by a generator of the test's own.

use raft_play::consensus::{Rule, Switch};
use raft_play::playground::Command;
use raft_play::types::NodeId;

/// A small generator for a test's own choices.
pub struct Choices(pub u64);

impl Choices {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    pub fn node(&mut self, nodes: u64) -> NodeId {
        NodeId::new(1 + self.below(nodes))
    }

    pub fn rule(&mut self) -> Rule {
        let place = self.below(Rule::ALL.len() as u64);
        Rule::ALL[usize::try_from(place).unwrap()]
    }

    /// A fault, a proposal, or a rule broken or kept.
    pub fn command(&mut self, nodes: u64) -> Command {
        let (one, other) = (self.node(nodes), self.node(nodes));
        match self.below(28) {
            0 => Command::Crash(one),
            1 => Command::CutPower(one),
            2 | 3 => Command::Restart(one),
            4 => Command::Freeze(one),
            5 | 6 => Command::Thaw(one),
            7 => Command::FireTimer(one),
            8 => Command::TieTimers(Vec::new()),
            9 => Command::Partition(vec![vec![one, other]]),
            10 => Command::CutOneWay { from: one, to: other },
            11 | 12 => Command::Heal,
            13 => Command::Break(self.rule()),
            14 => Command::Keep(self.rule()),
            15 => Command::SpreadTimers,
            16 => Command::Batch { entries: 1 },
            17 => Command::FireTimer(other),
            25 => Command::Snapshot(one),
            26 => Command::Compact {
                entries: Some(1 + self.below(6)),
                bytes: None,
                keep: self.below(3),
            },
            27 => Command::Chunk {
                bytes: 1 + self.below(40),
            },
            20..=22 => self.change(nodes),
            18 => Command::Drift {
                node: one,
                ppm: [-300_000, 0, 500_000][usize::try_from(self.below(3)).expect("small")],
            },
            23 => Command::Reroute(Switch::On),
            24 => Command::Reroute(Switch::Off),
            _ => Command::Propose {
                to: Some(one),
                command: format!("x={}", self.below(100)),
            },
        }
    }

    /// A change of the membership.
    pub fn change(&mut self, nodes: u64) -> Command {
        match self.below(12) {
            0 if nodes < 7 => Command::Join,
            1..=3 => Command::Promote(self.node(nodes)),
            4 => Command::Demote(self.node(nodes)),
            5 | 6 => Command::Remove(self.node(nodes)),
            7 => Command::AutoPromote(Switch::On),
            8 => Command::AutoPromote(Switch::Off),
            _ => {
                let (voters, others): (Vec<_>, Vec<_>) =
                    (1..=nodes).map(NodeId::new).partition(|_| self.below(2) == 0);
                let learners = others.into_iter().filter(|_| self.below(2) == 0).collect();
                Command::Reconfigure { voters, learners }
            }
        }
    }
}
