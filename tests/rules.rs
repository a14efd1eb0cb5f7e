//! Every rule has its proof: broken, it does the harm that it stands against; kept, the same run does none.
//!
//! The `match` in [`proof`] has no arm for the rest, so a rule without a proof does not compile. Each rule of safety names what falls,
//! and each of liveness what no longer happens. `tests/model.rs` walks all orders of events for some of them, and
//! `tests/core_properties.rs` follows others past the first sign to the harm itself.

#[path = "common/cluster.rs"]
mod cluster;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;
#[path = "common/random.rs"]
mod random;
#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;
#[path = "common/watch.rs"]
mod watch;

use cluster::Cluster;
use lab::{Lab, act, cast, lab_with, linked, lossy, propose, read, run, told};
use raft_play::check::Property;
use raft_play::consensus::{ReadWay, Rule, RuleLabel, RuleSet, Switch};
use raft_play::playground::{ClientAnswer, Command};
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
        Rule::LeaderCountsFlushedOnly => Proof::Falls(&[P::CommitOnDurableQuorum]),
        // Who counts learners takes their votes and copies, or waits for them.
        Rule::LearnersDoNotCount => Proof::Falls(&[
            P::CommitOnDurableQuorum,
            P::ElectedByMajority,
            P::CommitsWhatItCan,
        ]),
        Rule::UpToDateCheck => Proof::Falls(&[P::LeaderCompleteness]),
        Rule::OneVotePerTerm => Proof::Falls(&[P::VoteUnique, P::ElectionSafety]),
        Rule::StepDownOnHigherTerm => Proof::Stops(who_is_asked_in_a_higher_term_votes),
        Rule::CheckPreviousEntry => Proof::Falls(&[
            P::LogMatching,
            P::StateMachineSafety,
            P::AcknowledgedDurable,
            P::MatchIsTrue,
            P::CommitOnDurableQuorum,
        ]),
        Rule::TruncateOnlyOnConflict => Proof::Falls(&[
            P::AcknowledgedDurable,
            P::MatchIsTrue,
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
        Rule::ConfigurationAtAppend => Proof::Falls(&[
            P::CommitOnDurableQuorum,
            P::ElectedByMajority,
            P::CommitsWhatItCan,
            P::LeaderCompleteness,
        ]),
        Rule::OwnTermCommitBeforeChange => Proof::Falls(&[P::ConfigurationSafety]),
        Rule::JointNeedsBothMajorities => {
            Proof::Falls(&[P::CommitOnDurableQuorum, P::ElectedByMajority, P::ElectionSafety])
        }
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

/// Three nodes of which one leads.
fn settled(set_up: &[Command], broken: Option<Rule>) -> Lab {
    let mut world = lab_with(3, 1, linked(lossy(1, 0)));
    for command in set_up.iter().cloned().chain(broken.map(Command::Break)) {
        act(&mut world, command);
    }
    run(&mut world, 1_000);
    world
}

/// One of the nodes is made a learner while it is down, and a snapshot stands for that when it is back.
fn a_follower_gets_a_snapshot(broken: Option<Rule>) -> Option<Property> {
    let mut world = settled(&[], broken);
    let (leader, others) = cast(&world, 3);
    for command in [
        Command::Crash(others[0]),
        Command::Demote(others[0]),
        Command::Snapshot(leader),
        Command::Restart(others[0]),
    ] {
        act(&mut world, command);
        run(&mut world, 100);
    }
    run(&mut world, 300);
    world.violation().map(|violation| violation.property)
}

/// A client that got no answer sends the same command of its session once more.
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
    act(&mut world, Command::OpenSession { to, timeout_ms });
    run(&mut world, 200);
    let mut opened = told(&mut world)
        .into_iter()
        .filter_map(|(_, answer)| match answer {
            ClientAnswer::SessionOpened { session } => Some(session),
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
        act(&mut world, deed.clone());
        run(&mut world, 200);
    }
    world.violation().map(|violation| violation.property)
}

/// What the followers have promised, what becomes of them, and how the old leader is asked.
struct Scene {
    set_up: &'static [Command],
    restarts: bool,
    way: ReadWay,
}

const LEASES: &[Command] = &[Command::Lease(Switch::On)];
const LEASES_ALONE: &[Command] = &[Command::Lease(Switch::On), Command::CheckQuorum(Switch::Off)];
const SCENE: Scene = Scene {
    set_up: LEASES,
    restarts: false,
    way: ReadWay::Lease,
};

fn a_follower_stands_at_once(broken: Option<Rule>) -> Option<Property> {
    SCENE.play(broken)
}

fn a_follower_stands_after_a_restart(broken: Option<Rule>) -> Option<Property> {
    let restarts = true;
    Scene { restarts, ..SCENE }.play(broken)
}

fn nobody_has_promised(broken: Option<Rule>) -> Option<Property> {
    let set_up = LEASES_ALONE;
    Scene { set_up, ..SCENE }.play(broken)
}

fn a_deposed_leader_is_asked(broken: Option<Rule>) -> Option<Property> {
    let (set_up, way) = (&[], ReadWay::Index);
    Scene { set_up, way, ..SCENE }.play(broken)
}

impl Scene {
    /// A leader is cut off, one of the others stands against it and takes a write as soon as it may, and the old one is asked.
    fn play(&self, broken: Option<Rule>) -> Option<Property> {
        let mut world = settled(self.set_up, broken);
        let (leader, others) = cast(&world, 3);
        act(&mut world, Command::Partition(vec![vec![leader], others.clone()]));
        for &id in others.iter().filter(|_| self.restarts) {
            act(&mut world, Command::Crash(id));
            act(&mut world, Command::Restart(id));
        }
        act(&mut world, Command::FireTimer(others[0]));
        run(&mut world, 25);
        act(&mut world, propose(others[0], "x=1"));
        run(&mut world, 10);
        act(&mut world, read(leader, self.way));
        run(&mut world, 300);
        world.violation().map(|violation| violation.property)
    }
}
