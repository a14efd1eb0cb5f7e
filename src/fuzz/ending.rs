//! The calm after the faults: what a cluster owes once enough of it is well.
//!
//! Faults end on a core: some nodes of which every configuration in force has its majority, chosen at random among those that the most
//! up-to-date log asks for. The rest stays cut off, in whatever state it was. Then there must be a leader within ten
//! election timeouts (after the last vote that was lost by chance), no term after that, every proposal that is tried again must be committed, and all of the core must come to
//! have the same log and the same state, with all that was ever acknowledged in it.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::Workload;
use super::generator::Generator;
use super::weather::{CALM_DISK, CALM_LINK, CALM_TIMEOUT, Deed};
use crate::consensus::Switch;
use crate::playground::{Command, Condition, DiskFault, NodeView, RoleView, Snapshot};
use crate::types::{Configuration, NodeId, Term, VirtualTime};

/// How often the world is looked at.
const LOOK: Duration = Duration::from_millis(25);
/// How long the core may take to elect a leader: ten election timeouts of the longest.
const ELECTION: Duration = Duration::from_secs(3);
/// For how long servers may take each other's votes: with bad luck two that stand against each other do so again and again.
const CONTENTION: Duration = Duration::from_secs(6);
/// How long changes of the configuration may take, that were under way.
const CHANGES: Duration = Duration::from_secs(6);
/// How long a proposal is waited for before it is tried again.
const RETRY: Duration = Duration::from_millis(300);
/// How often a proposal is tried.
const TRIES: u32 = 10;
/// How many proposals must be committed.
const PROPOSALS: u32 = 3;
/// For how long the term must stand still.
const STILL: Duration = Duration::from_secs(1);
/// How long the core may take to come to the same state.
const CONVERGENCE: Duration = Duration::from_secs(3);

/// Something that a cluster owes once enough of it is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Demand {
    /// Somebody leads within ten election timeouts.
    Leader,
    /// Changes that were under way come to an end.
    Settled,
    /// What clients propose, and try again, is committed.
    Committed,
    /// The term grows no more.
    TermStands,
    /// All have the same log and the same state.
    Converged,
    /// All that was acknowledged is there.
    Acknowledged,
}

impl Demand {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Leader,
        Self::Settled,
        Self::Committed,
        Self::TermStands,
        Self::Converged,
        Self::Acknowledged,
    ];
}

impl fmt::Display for Demand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Leader => "a leader within ten election timeouts",
            Self::Settled => "an end of changes under way",
            Self::Committed => "every proposal committed that is tried again",
            Self::TermStands => "no new term once there is a leader",
            Self::Converged => "equal logs and states",
            Self::Acknowledged => "everything there that was acknowledged",
        })
    }
}

/// A demand that was not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unmet {
    pub(super) demand: Demand,
    pub(super) detail: String,
}

impl Unmet {
    fn of(demand: Demand, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self { demand, detail }
    }
}

impl<M: Workload> Generator<'_, M> {
    /// Ends the faults on a core of nodes, and says what that owes and does not give.
    ///
    /// # Errors
    ///
    /// The first demand that is not met.
    pub(super) fn end(&mut self) -> Result<(), Unmet> {
        self.is_calm = true;
        let mut core = self.calm();
        let leader = self.await_leader(&mut core)?;
        self.await_commits()?;
        self.await_convergence(&core, leader)
    }

    fn calm(&mut self) -> BTreeSet<NodeId> {
        // What is on its way, however late it would come, is lost with the wall.
        self.give(Command::Partition(Vec::new()));
        self.give(Command::Heal);
        let (from, to, node) = (None, None, None);
        for command in [
            Command::Link {
                from,
                to,
                settings: CALM_LINK,
            },
            Command::Disk {
                node,
                settings: CALM_DISK,
            },
            Command::ElectionTimeout {
                min_ms: 150,
                max_ms: 300,
            },
            Command::Heartbeat { every_ms: 50 },
            Command::Batch { entries: 64 },
            Command::Chunk { bytes: 4_096 },
            Command::UncommittedLimit { bytes: 1 << 20 },
            // Servers that were removed stand for ever; that is for the faults.
            Command::AutoPromote(Switch::Off),
        ] {
            self.give(command);
        }
        for id in self.everybody() {
            if self.weather.has(Deed::Drift) {
                self.give(Command::Drift { node: id, ppm: 0 });
            }
            if self.doubtful.contains(&id) {
                let fault = DiskFault::Mended;
                self.give(Command::DiskFault { node: id, fault });
            }
            self.give(Command::Thaw(id));
        }
        let core = core_of(&self.world.snapshot(), &mut self.random);
        self.wall_in(&core);
        self.wake(&core);
        core
    }

    fn wall_in(&mut self, core: &BTreeSet<NodeId>) {
        self.give(Command::Partition(vec![core.iter().copied().collect()]));
    }

    /// Starts who is down, and who has a disk with more to do than the calm lasts.
    fn wake(&mut self, core: &BTreeSet<NodeId>) {
        let snapshot = self.world.snapshot();
        let soon = snapshot.now.after(CALM_TIMEOUT);
        for node in snapshot.nodes.iter().filter(|node| core.contains(&node.id)) {
            let is_late = |due: &VirtualTime| *due > soon;
            let is_stuck = node.writes.iter().any(|(_, due)| is_late(due))
                || node.timer.is_some_and(|timer| is_late(&timer.deadline))
                || node
                    .taking
                    .is_some_and(|(_, due)| due.as_ref().is_some_and(is_late));
            // What was begun while a disk failed fails yet.
            let is_stuck = is_stuck || self.doubtful.contains(&node.id);
            if is_stuck && node.condition != Condition::Down {
                self.give(Command::Crash(node.id));
            }
            self.give(Command::Restart(node.id));
        }
    }

    /// Waits until it is clear who leads, and what configuration is in force.
    fn await_leader(&mut self, core: &mut BTreeSet<NodeId>) -> Result<NodeId, Unmet> {
        let start = self.world.now();
        loop {
            self.run_for(LOOK);
            if self.is_over() {
                return Err(Unmet::of(Demand::Leader, "the run ended"));
            }
            let snapshot = self.world.snapshot();
            let Some(leader) = leader_among(&snapshot, core) else {
                if self.world.now() > self.settling_from(start).after(ELECTION)
                    && !snapshot.leaders().iter().any(|node| core.contains(&node.id))
                {
                    let core = names(core);
                    let detail = format!("nobody leads, and {core} are well and reach each other");
                    return Err(Unmet::of(Demand::Leader, detail));
                }
                self.check_settling(start, &snapshot)?;
                continue;
            };
            let members = leader.log.configuration().members();
            if is_committed(leader) && members.contains(&leader.id) && !core.is_subset(&members) {
                // Who is no member hears of no leader, and would stand against it for ever.
                core.retain(|id| members.contains(id));
                let core = core.clone();
                self.wall_in(&core);
            } else if is_settled(&snapshot, leader, core) {
                return Ok(leader.id);
            }
            self.check_settling(start, &snapshot)?;
        }
    }

    /// From when on time counts: from the last vote that was lost by chance, for as long as that is put up with.
    fn settling_from(&self, start: VirtualTime) -> VirtualTime {
        self.contended.clamp(start, start.after(CONTENTION))
    }

    fn check_settling(&self, start: VirtualTime, snapshot: &Snapshot) -> Result<(), Unmet> {
        if self.world.now() <= self.settling_from(start).after(CHANGES) {
            return Ok(());
        }
        let leaders: Vec<String> = snapshot
            .leaders()
            .iter()
            .map(|node| node.id.to_string())
            .collect();
        let detail = format!(
            "it is still not settled who leads whom; leaders: {}",
            leaders.join(" ")
        );
        Err(Unmet::of(Demand::Settled, detail))
    }

    fn await_commits(&mut self) -> Result<(), Unmet> {
        for _ in 0..PROPOSALS {
            let done = self.done;
            let command = M::command(&mut self.random);
            let mut tries = 0;
            while self.done == done {
                if tries == TRIES || self.is_over() {
                    let detail = format!("`{command}` was proposed {tries} times, and is not committed");
                    return Err(Unmet::of(Demand::Committed, detail));
                }
                tries += 1;
                let (to, command) = (None, command.clone());
                self.give(Command::Propose { to, command });
                let end = self.world.now().after(RETRY);
                while self.done == done && self.world.now() < end && !self.is_over() {
                    self.run_for(LOOK);
                }
            }
        }
        Ok(())
    }

    fn await_convergence(&mut self, core: &BTreeSet<NodeId>, leader: NodeId) -> Result<(), Unmet> {
        let term = term_of(&self.world.snapshot(), leader);
        self.run_for(STILL);
        let start = self.world.now();
        loop {
            let snapshot = self.world.snapshot();
            let nodes: Vec<&NodeView> = snapshot
                .nodes
                .iter()
                .filter(|node| core.contains(&node.id))
                .collect();
            if let Some(node) = nodes.iter().find(|node| Some(node.term) != term) {
                let detail = format!("{} is in term {}, and {leader} led another", node.id, node.term);
                return Err(Unmet::of(Demand::TermStands, detail));
            }
            match nodes.windows(2).find_map(|pair| difference(pair[0], pair[1])) {
                None => return self.check_acknowledged(&nodes),
                Some(detail) if self.world.now() > start.after(CONVERGENCE) || self.is_over() => {
                    return Err(Unmet::of(Demand::Converged, detail));
                }
                Some(_) => self.run_for(LOOK),
            }
        }
    }

    fn check_acknowledged(&self, nodes: &[&NodeView]) -> Result<(), Unmet> {
        let missing = self.acknowledged.iter().find_map(|(&index, &term)| {
            let lacks = |node: &&&NodeView| {
                node.applied < index || node.log.term_at(index).is_some_and(|found| found != term)
            };
            let node = nodes.iter().find(lacks)?;
            Some(format!(
                "entry {index} of term {term} was acknowledged, and {} has it not",
                node.id
            ))
        });
        match missing {
            Some(detail) => Err(Unmet::of(Demand::Acknowledged, detail)),
            None => Ok(()),
        }
    }
}

/// The nodes that will be well: a random choice, of which the configuration of every one has its majorities. It begins with the
/// log that is most up-to-date, so that who has all that is committed is among them.
fn core_of(snapshot: &Snapshot, random: &mut super::random::Random) -> BTreeSet<NodeId> {
    let most = snapshot.nodes.iter().max_by_key(|node| {
        let last = node.log.last_position();
        (last.term, last.index)
    });
    let mut core: BTreeSet<NodeId> = most.map(|node| node.id).into_iter().collect();
    loop {
        let configurations: Vec<Configuration> = snapshot
            .nodes
            .iter()
            .filter(|node| core.contains(&node.id))
            .map(|node| Configuration::clone(node.log.configuration()))
            .collect();
        let lacking = configurations
            .iter()
            .flat_map(Configuration::electorates)
            .find(|electorate| 2 * electorate.intersection(&core).count() <= electorate.len());
        let Some(electorate) = lacking else {
            return core;
        };
        let out: Vec<NodeId> = electorate.difference(&core).copied().collect();
        match random.any_of(&out) {
            Some(id) => core.insert(id),
            None => return core,
        };
    }
}

/// The leader whom all of the core that it leads follow.
fn leader_among<'a>(snapshot: &'a Snapshot, core: &BTreeSet<NodeId>) -> Option<&'a NodeView> {
    let leads = |node: &&NodeView| core.contains(&node.id) && matches!(node.role, RoleView::Leader { .. });
    let leader = snapshot.nodes.iter().filter(leads).max_by_key(|node| node.term)?;
    let members = leader.log.configuration().members();
    let follows = |node: &NodeView| {
        node.id == leader.id
            || node.role
                == RoleView::Follower {
                    leader: Some(leader.id),
                }
    };
    let mut others = snapshot
        .nodes
        .iter()
        .filter(|node| core.contains(&node.id) && members.contains(&node.id));
    others.all(follows).then_some(leader)
}

/// Whether no change is under way: the configuration is committed everywhere, and the leader is one of its voters.
fn is_settled(snapshot: &Snapshot, leader: &NodeView, core: &BTreeSet<NodeId>) -> bool {
    let configuration = leader.log.configuration();
    let knows = |node: &NodeView| is_committed(node) && node.log.configuration() == configuration;
    let mut members = snapshot.nodes.iter().filter(|node| core.contains(&node.id));
    configuration.voters.contains(&leader.id)
        && leader.log.term_at(leader.commit) == Some(leader.term)
        && members.all(knows)
}

/// Whether the configuration that a node goes by is known to it to be committed, and no step on the way to another.
fn is_committed(node: &NodeView) -> bool {
    let changes = node.log.configurations();
    let last = changes.last().map(|(index, _)| *index).unwrap_or_default();
    node.commit >= last && !node.log.configuration().is_joint()
}

fn term_of(snapshot: &Snapshot, id: NodeId) -> Option<Term> {
    snapshot.node(id).map(|node| node.term)
}

/// What is different between two nodes that should be the same, if anything is.
fn difference(one: &NodeView, other: &NodeView) -> Option<String> {
    let (names, same) = (format!("{} and {}", one.id, other.id), |what: &str| {
        format!("do not have the same {what}")
    });
    let what = if one.log.last_position() != other.log.last_position() {
        "last entry"
    } else if one.commit != other.commit {
        "commit index"
    } else if one.applied != other.applied {
        "last applied entry"
    } else if one.contents != other.contents {
        "state"
    } else if one.sessions != other.sessions {
        "sessions"
    } else {
        let first = one.log.first_index().max(other.log.first_index());
        let differs = one
            .log
            .iter()
            .skip_while(|(index, _)| *index < first)
            .any(|(index, entry)| other.log.entry(index) != Some(entry));
        if differs { "entries" } else { return None }
    };
    Some(format!("{names} {}", same(what)))
}

fn names(nodes: &BTreeSet<NodeId>) -> String {
    nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}
