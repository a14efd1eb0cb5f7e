//! What one seed's run is like: which faults there are, and how often.
//!
//! Faults that are always all there hide each other: a cluster that crashes all the time never gets far enough for a change of its
//! configuration to go wrong. So every seed has some of them only (swarm testing: Groce, Zhang, Eide, Chen, Regehr,
//! "Swarm testing", 2012), each at a rate of its own.

use std::time::Duration;

use super::random::Random;
use crate::consensus::{ReadWay, RuleSet, Switch};
use crate::playground::{Command, DiskSettings, LinkSettings, Span};

/// Something that the fuzzer does to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    /// A client proposes a command.
    Propose,
    /// A client opens a session, uses one, or asks again in it.
    Session,
    /// A client reads.
    Read,
    /// A process dies, and comes back.
    Crash,
    /// A machine loses power, and comes back.
    PowerCut,
    /// All machines lose power at once, or all processes die.
    Blackout,
    /// A process stands still for a while.
    Freeze,
    /// The network falls into parts.
    Part,
    /// A node is heard and does not hear, or the other way round.
    OneWay,
    /// Two parts have one node in common.
    Bridge,
    /// What is sent over a link in one moment is held up for long.
    Hold,
    /// The network becomes better or worse.
    Network,
    /// A disk becomes slow.
    SlowDisk,
    /// A disk fails, or is full.
    BadDisk,
    /// A clock runs fast or slow.
    Drift,
    /// The configuration is changed.
    Change,
    /// A leader hands over.
    Transfer,
    /// A snapshot is taken.
    Snapshot,
    /// Timers run out early, or together.
    Timers,
    /// A protection is switched.
    Switches,
    /// A leader is cut off and a rival set up, while clients go on asking the first.
    Rival,
    /// Routes are lost, and addresses change.
    Routes,
}

/// What the fuzzer does when it sees something: the chance is one in so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reactions {
    /// To a server that has just been elected.
    pub(super) leader: Option<u64>,
    /// To a leader's commit.
    pub(super) commit: Option<u64>,
    /// To a configuration in a leader's log.
    pub(super) configuration: Option<u64>,
    /// To a write that is on its way to a disk.
    pub(super) write: Option<u64>,
    /// To a server that stands for election.
    pub(super) candidate: Option<u64>,
    /// To a piece of a snapshot, or a whole one installed.
    pub(super) snapshot: Option<u64>,
    /// To a leader that hands over.
    pub(super) transfer: Option<u64>,
}

/// One seed's run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Weather {
    /// How many nodes there are at first.
    pub(super) nodes: u64,
    /// How many there may be in the end.
    pub(super) most_nodes: u64,
    /// What is set at the very beginning.
    pub(super) beginning: Vec<Command>,
    /// How links carry messages when nothing special is the matter.
    pub(super) link: LinkSettings,
    /// How disks behave when nothing special is the matter.
    pub(super) disk: DiskSettings,
    /// Milliseconds from one deed to the next, on average.
    pub(super) pause: u64,
    /// What is done, by weight.
    pub(super) deeds: Vec<(Deed, u64)>,
    /// What is done in answer to what is seen.
    pub(super) reactions: Reactions,
    /// How clients read.
    pub(super) ways: Vec<ReadWay>,
    /// How far clocks may be off, in parts per million: where leases are read by, no further than leases allow for.
    pub(super) drift_ppm: u64,
    /// The longest that a fault lasts, in milliseconds.
    pub(super) longest: u64,
    /// Whether power goes in the middle of writing, so that some of what was not synced survives: every other time.
    pub(super) tears: bool,
    /// How many nodes may be down or frozen before more are spared.
    pub(super) most_down: u64,
}

impl Weather {
    /// A seed's weather.
    pub(super) fn of(random: &mut Random, nodes: Option<u64>, rules: RuleSet) -> Self {
        let nodes = nodes.unwrap_or_else(|| random.one_of(&[1, 2, 3, 3, 3, 4, 5, 5, 5, 5, 7]));
        let deeds = deeds(random);
        let has = |deed| deeds.iter().any(|&(on, _)| on == deed);
        let leases = random.one_in(3);
        let mut ways = vec![ReadWay::Log, ReadWay::Index];
        if leases {
            // As often as the other two together.
            ways.extend([ReadWay::Lease, ReadWay::Lease]);
        }
        let (link, disk) = (link(random), disk(random));
        let beginning = beginning(random, (link, disk), leases, has(Deed::Routes), rules);
        Self {
            nodes,
            most_nodes: nodes + 3,
            beginning,
            link,
            disk,
            pause: random.one_of(&[15, 40, 40, 100]),
            reactions: reactions(random),
            deeds,
            ways,
            drift_ppm: if leases { 45_000 } else { 400_000 },
            longest: random.one_of(&[100, 500, 2_000]),
            tears: random.one_in(2),
            most_down: random.one_of(&[1, nodes / 2, nodes / 2, nodes]),
        }
    }

    /// Whether something is done in this run.
    pub(super) fn has(&self, deed: Deed) -> bool {
        self.deeds.iter().any(|&(on, _)| on == deed)
    }
}

const OFTEN: &[Deed] = &[
    Deed::Session,
    Deed::Read,
    Deed::Crash,
    Deed::PowerCut,
    Deed::Freeze,
    Deed::Part,
    Deed::OneWay,
    Deed::Bridge,
    Deed::Hold,
    Deed::SlowDisk,
    Deed::BadDisk,
    Deed::Change,
    Deed::Transfer,
    Deed::Snapshot,
    Deed::Timers,
    Deed::Rival,
];

const SELDOM: &[Deed] = &[
    Deed::Blackout,
    Deed::Network,
    Deed::Drift,
    Deed::Switches,
    Deed::Routes,
];

fn deeds(random: &mut Random) -> Vec<(Deed, u64)> {
    let mut deeds = vec![(Deed::Propose, random.one_of(&[4, 8, 16]))];
    for &deed in OFTEN {
        if random.one_in(2) {
            deeds.push((deed, random.one_of(&[1, 2, 4])));
        }
    }
    for &deed in SELDOM {
        if random.one_in(4) {
            deeds.push((deed, 1));
        }
    }
    deeds
}

fn reactions(random: &mut Random) -> Reactions {
    let mut chance = |chances: &[u64]| random.one_in(2).then(|| random.one_of(chances));
    Reactions {
        leader: chance(&[1, 2, 4]),
        commit: chance(&[10, 40, 100]),
        configuration: chance(&[1, 2, 4]),
        write: chance(&[20, 60]),
        candidate: chance(&[4, 10]),
        snapshot: chance(&[4, 20]),
        transfer: chance(&[1, 2]),
    }
}

fn link(random: &mut Random) -> LinkSettings {
    let (min, max) = random.one_of(&[(1, 1), (1, 10), (1, 10), (5, 30), (10, 15), (1, 100), (1, 300)]);
    LinkSettings {
        latency: Span::of_millis(min, max),
        loss_ppm: random.one_of(&[0, 0, 10_000, 100_000, 200_000]),
        duplication_ppm: random.one_of(&[0, 0, 20_000, 200_000]),
        reordering_ppm: random.one_of(&[0, 0, 20_000, 100_000, 300_000]),
        straggling_ppm: random.one_of(&[0, 0, 0, 5_000, 20_000, 50_000]),
    }
}

fn disk(random: &mut Random) -> DiskSettings {
    let (min, max) = random.one_of(&[(0, 0), (1, 3), (1, 3), (1, 20), (5, 150), (100, 500)]);
    DiskSettings {
        latency: Span::of_millis(min, max),
    }
}

/// Settings are commands at the first moment, so that a run is its commands and nothing else.
fn beginning(
    random: &mut Random,
    (link, disk): (LinkSettings, DiskSettings),
    leases: bool,
    gossip: bool,
    rules: RuleSet,
) -> Vec<Command> {
    let mut commands: Vec<Command> = rules.broken().map(Command::Break).collect();
    let (from, to, node) = (None, None, None);
    commands.push(Command::Link {
        from,
        to,
        settings: link,
    });
    commands.push(Command::Disk { node, settings: disk });
    let (min_ms, max_ms, every_ms) = random.one_of(&[
        (150, 300, 50),
        (150, 300, 50),
        (100, 150, 30),
        (300, 600, 100),
        (150, 160, 40),
    ]);
    commands.push(Command::ElectionTimeout { min_ms, max_ms });
    commands.push(Command::Heartbeat { every_ms });
    if random.one_in(2) {
        let entries = random.one_of(&[1, 1, 2]);
        commands.push(Command::Batch { entries });
    }
    if random.one_in(3) {
        let (entries, bytes) = random.one_of(&[
            (Some(1), None),
            (Some(3), None),
            (Some(8), None),
            (Some(20), None),
            (None, Some(100)),
        ]);
        let keep = random.one_of(&[0, 0, 1, 5]);
        commands.push(Command::Compact { entries, bytes, keep });
    }
    if random.one_in(2) {
        let bytes = random.one_of(&[3, 16, 200]);
        commands.push(Command::Chunk { bytes });
    }
    if random.one_in(8) {
        let bytes = random.one_of(&[1, 100]);
        commands.push(Command::UncommittedLimit { bytes });
    }
    commands.extend(random.one_in(2).then_some(Command::PreVote(Switch::On)));
    commands.extend(random.one_in(3).then_some(Command::CheckQuorum(Switch::On)));
    if leases {
        commands.push(Command::Lease(Switch::On));
        commands.extend(random.one_in(2).then_some(Command::CheckQuorum(Switch::Off)));
    }
    commands.extend(random.one_in(3).then_some(Command::Reroute(Switch::On)));
    commands.extend(random.one_in(4).then_some(Command::AutoPromote(Switch::On)));
    commands.extend(gossip.then_some(Command::Gossip(Switch::On)));
    commands
}

/// The calm after the faults.
pub(super) const CALM_LINK: LinkSettings = LinkSettings {
    latency: Span::of_millis(1, 5),
    loss_ppm: 0,
    duplication_ppm: 0,
    reordering_ppm: 0,
    straggling_ppm: 0,
};

/// The calm after the faults.
pub(super) const CALM_DISK: DiskSettings = DiskSettings {
    latency: Span::of_millis(1, 3),
};

/// The longest election timeout of the calm.
pub(super) const CALM_TIMEOUT: Duration = Duration::from_millis(300);
