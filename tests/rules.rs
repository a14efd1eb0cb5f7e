//! Every rule has its proof: broken, it does the harm that it stands against; kept, the same run does none.
//!
//! The `match` in [`proof`] has no arm for the rest, so a rule without a proof does not compile. Each rule of safety names what falls,
//! and each of liveness what no longer happens. `tests/model.rs` walks all orders of events for some of them, and
//! `tests/core_properties.rs` follows others past the first sign to the harm itself.

#[path = "common/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

use std::time::Duration;

use cluster::Cluster;
use raft_play::check::Property;
use raft_play::consensus::{ReadWay, Rule, RuleLabel, RuleSet, Switch};
use raft_play::machine::KeyValue;
use raft_play::playground::{
    ClientAnswer, Command, Happening, HostKind, LinkSettings, Settings, Span, World, WorldOptions,
};
use raft_play::types::{NodeId, SerialNumber};
use server::{granted, messages, of, vote_request};

/// How a rule is shown to be worth keeping.
enum Proof {
    /// In some run of a whole cluster, in which everything goes on at once, one of these falls first.
    Falls(&'static [Property]),
    /// In this scene this falls.
    FallsIn(fn(Option<Rule>) -> Option<Property>, Property),
    /// In this scene it does not happen any more.
    Stops(fn(RuleSet) -> bool),
}

fn proof(rule: Rule) -> Proof {
    use Property as P;
    match rule {
        // What follows from a commitment of its own that a leader only believes in is found first where members change.
        Rule::CommitOwnTermOnly => Proof::Falls(&[
            P::LeaderCompleteness,
            P::StateMachineSafety,
            P::ConfigurationSafety,
            P::ReadsSeeAcknowledged,
        ]),
        Rule::PersistVoteBeforeAnswering => Proof::Falls(&[P::DurableBeforeSent]),
        Rule::PersistEntriesBeforeAcknowledging => Proof::Falls(&[P::AcknowledgedDurable]),
        Rule::LeaderCountsFlushedOnly | Rule::LearnersDoNotCount => Proof::Falls(&[P::CommitOnDurableQuorum]),
        Rule::UpToDateCheck => Proof::Falls(&[P::LeaderCompleteness]),
        Rule::OneVotePerTerm => Proof::Falls(&[P::VoteUnique, P::ElectionSafety]),
        Rule::StepDownOnHigherTerm => Proof::Stops(who_is_asked_in_a_higher_term_votes),
        Rule::CheckPreviousEntry => Proof::Falls(&[
            P::LogMatching,
            P::StateMachineSafety,
            P::AcknowledgedDurable,
            P::CommitOnDurableQuorum,
        ]),
        Rule::TruncateOnlyOnConflict => Proof::Falls(&[
            P::AcknowledgedDurable,
            P::CommitOnDurableQuorum,
            P::LeaderCompleteness,
        ]),
        Rule::PromiseRunOut => Proof::FallsIn(a_follower_stands_at_once, P::ReadsSeeAcknowledged),
        Rule::RestartedVoterQuiet => {
            Proof::FallsIn(a_follower_stands_after_a_restart, P::ReadsSeeAcknowledged)
        }
        Rule::NoopBeforeReads => Proof::Falls(&[P::ReadsSeeAcknowledged]),
        Rule::ReadIndexQuorum => Proof::FallsIn(a_deposed_leader_is_asked, P::ReadsSeeAcknowledged),
        Rule::LeaseNeedsCheckQuorum => Proof::FallsIn(nobody_has_promised, P::ReadsSeeAcknowledged),
        Rule::ConfigurationAtAppend => Proof::Falls(&[P::CommitOnDurableQuorum, P::LeaderCompleteness]),
        Rule::OwnTermCommitBeforeChange => Proof::Falls(&[P::ConfigurationSafety]),
        Rule::JointNeedsBothMajorities => Proof::Falls(&[P::CommitOnDurableQuorum, P::ElectionSafety]),
        Rule::SnapshotCarriesConfiguration => {
            Proof::FallsIn(a_follower_gets_a_snapshot, P::SnapshotEqualsPrefix)
        }
        Rule::SessionSerialCheck => Proof::FallsIn(a_client_asks_again, P::ExactlyOnce),
        Rule::SessionsInSnapshot => Proof::FallsIn(a_snapshot_comes_between, P::SnapshotEqualsPrefix),
        Rule::CommitWithinRequest => {
            Proof::Falls(&[P::StateMachineSafety, P::CommitOnDurableQuorum, P::IndexOrder])
        }
    }
}

/// The first property that falls in a run of a whole cluster.
fn falls(seed: u64, rules: RuleSet) -> Option<Property> {
    let mut cluster = Cluster::of(seed, rules);
    (0..3_000).find_map(|_| Some(cluster.step().err()?.property))
}

#[test]
fn every_rule_is_missed_when_it_is_broken_and_only_then() {
    for &rule in Rule::ALL {
        let broken = RuleSet::sound().without(rule);
        match proof(rule) {
            Proof::Falls(expected) => {
                let found = (0..500).find_map(|seed| Some(seed).zip(falls(seed, broken)));
                let (seed, found) = found.unwrap_or_else(|| panic!("{rule} is never missed"));
                println!("{rule}: {found} falls with seed {seed}");
                assert!(expected.contains(&found), "{rule}, seed {seed}: {found}");
                assert_eq!(falls(seed, RuleSet::sound()), None, "{rule}, seed {seed}");
            }
            Proof::FallsIn(scene, expected) => {
                assert_eq!(scene(Some(rule)), Some(expected), "{rule} broken");
                assert_eq!(scene(None), None, "{rule} kept");
            }
            Proof::Stops(scene) => {
                assert!(!scene(broken), "{rule} broken");
                assert!(scene(RuleSet::sound()), "{rule} kept");
            }
        }
    }
}

/// What stands at a rule, that a wrong result becomes possible or only that progress stops, is what its proof shows.
#[test]
fn every_label_is_what_the_proof_shows() {
    for &rule in Rule::ALL {
        let shown = match proof(rule) {
            Proof::Falls(_) | Proof::FallsIn(..) => RuleLabel::Safety,
            Proof::Stops(_) => RuleLabel::Liveness,
        };
        assert_eq!(rule.label(), shown, "{rule}");
    }
}

/// Every candidate stands in a higher term than its voters', so without this nobody is ever elected.
fn who_is_asked_in_a_higher_term_votes(rules: RuleSet) -> bool {
    let mut voter = of(1, 3).with_rules(rules).start();
    messages(&voter.receive(2, 1, vote_request(0, 0))) == [granted()]
}

type Lab = World<KeyValue>;

/// Three nodes of which one leads.
fn settled(set_up: &[Command], broken: Option<Rule>) -> Lab {
    let link = LinkSettings {
        latency: Span::of_millis(1, 1),
        ..LinkSettings::default()
    };
    let options = WorldOptions {
        nodes: 3,
        seed: 1,
        settings: Settings {
            link,
            ..Settings::default()
        },
        host: HostKind::Inline,
        data_dir: None,
    };
    let mut world = Lab::new(options).expect("a small cluster begins");
    for command in set_up.iter().cloned().chain(broken.map(Command::Break)) {
        world.command(command).expect("a switch can always be set");
    }
    run(&mut world, 1_000);
    world
}

fn run(world: &mut Lab, millis: u64) {
    world.run_until(world.now().after(Duration::from_millis(millis)));
}

/// A client that got no answer sends the same command of its session once more.
fn a_follower_gets_a_snapshot(broken: Option<Rule>) -> Option<Property> {
    let mut world = settled(&[], broken);
    let leader = world.leader().expect("somebody leads");
    let follower = (1..=3).map(NodeId::new).find(|id| *id != leader);
    let follower = follower.expect("the others follow");
    for command in [
        Command::Crash(follower),
        Command::Demote(follower),
        Command::Snapshot(leader),
        Command::Restart(follower),
    ] {
        world.command(command).expect("it can be done");
        run(&mut world, 100);
    }
    run(&mut world, 300);
    world.violation().map(|violation| violation.property)
}

fn a_client_asks_again(broken: Option<Rule>) -> Option<Property> {
    asked_twice(broken, &[])
}

fn a_snapshot_comes_between(broken: Option<Rule>) -> Option<Property> {
    let snapshots = [1, 2, 3].map(|id| Command::Snapshot(NodeId::new(id)));
    asked_twice(broken, &snapshots)
}

/// A client asks twice for one thing in its session, and between the two this is done.
fn asked_twice(broken: Option<Rule>, between: &[Command]) -> Option<Property> {
    let mut world = settled(&[], broken);
    let (to, timeout_ms) = (None, 60_000);
    world
        .command(Command::OpenSession { to, timeout_ms })
        .expect("somebody leads");
    run(&mut world, 200);
    let records = world.drain_records().into_iter();
    let mut opened = records.filter_map(|record| match record.what {
        Happening::Answered {
            answer: ClientAnswer::SessionOpened { session },
            ..
        } => Some(session),
        _ => None,
    });
    let ask = Command::ProposeIn {
        to: None,
        session: opened.next().expect("it was opened"),
        serial: Some(SerialNumber::new(1)),
        command: "append x a".to_owned(),
    };
    let deeds = std::iter::once(&ask).chain(between).chain([&ask]);
    for deed in deeds {
        world.command(deed.clone()).expect("it can be done");
        run(&mut world, 200);
    }
    world.violation().map(|violation| violation.property)
}

/// What the followers have promised, and what becomes of them.
struct Scene {
    set_up: &'static [Command],
    restarts: bool,
    /// How long after it was cut off the old leader is asked, and how.
    millis: u64,
    way: ReadWay,
}

const LEASES: &[Command] = &[Command::Lease(Switch::On)];
const LEASES_ALONE: &[Command] = &[Command::Lease(Switch::On), Command::CheckQuorum(Switch::Off)];

fn a_follower_stands_at_once(broken: Option<Rule>) -> Option<Property> {
    let (set_up, restarts, millis, way) = (LEASES, false, 25, ReadWay::Lease);
    Scene {
        set_up,
        restarts,
        millis,
        way,
    }
    .play(broken)
}

fn a_follower_stands_after_a_restart(broken: Option<Rule>) -> Option<Property> {
    let (set_up, restarts, millis, way) = (LEASES, true, 25, ReadWay::Lease);
    Scene {
        set_up,
        restarts,
        millis,
        way,
    }
    .play(broken)
}

fn nobody_has_promised(broken: Option<Rule>) -> Option<Property> {
    let (set_up, restarts, millis, way) = (LEASES_ALONE, false, 25, ReadWay::Lease);
    Scene {
        set_up,
        restarts,
        millis,
        way,
    }
    .play(broken)
}

fn a_deposed_leader_is_asked(broken: Option<Rule>) -> Option<Property> {
    let (set_up, restarts, millis, way) = (&[][..], false, 25, ReadWay::Index);
    Scene {
        set_up,
        restarts,
        millis,
        way,
    }
    .play(broken)
}

impl Scene {
    /// A leader is cut off, one of the others stands against it and takes a write as soon as it may, and the old one is asked.
    fn play(&self, broken: Option<Rule>) -> Option<Property> {
        let mut world = settled(self.set_up, broken);
        let leader = world.leader().expect("somebody leads");
        let others: Vec<NodeId> = (1..=3).map(NodeId::new).filter(|id| *id != leader).collect();
        let mut commands = vec![Command::Partition(vec![vec![leader], others.clone()])];
        for &id in others.iter().filter(|_| self.restarts) {
            commands.extend([Command::Crash(id), Command::Restart(id)]);
        }
        commands.push(Command::FireTimer(others[0]));
        for command in commands {
            world.command(command).expect("it makes sense");
        }
        run(&mut world, self.millis);
        let (to, command) = (Some(others[0]), "x=1".to_owned());
        world.command(Command::Propose { to, command }).expect("it is up");
        run(&mut world, 10);
        let (at, query, way) = (Some(leader), "x".to_owned(), self.way);
        world.command(Command::Read { at, query, way }).expect("it is up");
        run(&mut world, 300);
        world.violation().map(|violation| violation.property)
    }
}
