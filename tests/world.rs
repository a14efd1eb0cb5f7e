//! The world as a whole: it elects, replicates, survives, and does the same thing twice.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/lab.rs"]
mod lab;

use lab::{Lab, act, id, isolate, lab, lab_on, lab_with, loaded, run};
use raft_play::consensus::{Rule, Switch};
use raft_play::playground::{
    Command, Condition, HostKind, LinkSettings, Record, RoleView, Settings, Snapshot, Span,
};
use raft_play::types::{NodeId, VirtualTime};

fn propose(world: &mut Lab, command: &str) {
    act(world, lab::propose(None, command));
}

fn leader(snapshot: &Snapshot) -> NodeId {
    snapshot.leaders().first().expect("somebody leads").id
}

fn assert_converged(snapshot: &Snapshot) {
    let first = &snapshot.nodes[0];
    for node in &snapshot.nodes {
        assert_eq!(
            node.log, first.log,
            "{} and {} have different logs",
            node.id, first.id
        );
        assert_eq!(
            node.commit,
            node.log.last_index(),
            "{} has not committed everything",
            node.id
        );
        assert_eq!(node.contents, first.contents);
    }
}

#[test]
fn a_cluster_elects_a_leader_and_keeps_it() {
    for seed in 0..50 {
        let mut world = lab(5, seed);
        run(&mut world, 2_000);
        let elected = world.snapshot();
        assert_eq!(elected.leaders().len(), 1, "seed {seed}");
        let (first, term) = (leader(&elected), elected.leaders()[0].term);
        run(&mut world, 10_000);
        let later = world.snapshot();
        assert_eq!(
            (leader(&later), later.leaders()[0].term),
            (first, term),
            "seed {seed}"
        );
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_crashed_leader_is_replaced_in_a_higher_term_and_comes_back_as_a_follower() {
    for seed in 0..30 {
        let mut world = lab(5, seed);
        run(&mut world, 2_000);
        propose(&mut world, "x=1");
        run(&mut world, 500);
        let before = world.snapshot();
        let old = leader(&before);
        act(&mut world, Command::Crash(old));
        run(&mut world, 3_000);
        let after = world.snapshot();
        assert_ne!(leader(&after), old);
        assert!(after.leaders()[0].term > before.leaders()[0].term);
        act(&mut world, Command::Restart(old));
        propose(&mut world, "x=2");
        run(&mut world, 1_000);
        let healed = world.snapshot();
        assert!(matches!(
            healed.node(old).unwrap().role,
            RoleView::Follower { leader: Some(_) }
        ));
        assert_converged(&healed);
        assert_eq!(healed.nodes[0].contents, [("x".to_owned(), "2".to_owned())]);
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_minority_cannot_commit_and_converges_when_healed() {
    for seed in 0..30 {
        let mut world = lab(5, seed);
        run(&mut world, 2_000);
        let old = leader(&world.snapshot());
        let companion = (1..=5).map(id).find(|&other| other != old).unwrap();
        let rest = (1..=5)
            .map(id)
            .filter(|&node| node != old && node != companion)
            .collect();
        act(&mut world, Command::Partition(vec![vec![old, companion], rest]));
        act(&mut world, lab::propose(old, "x=lost"));
        run(&mut world, 3_000);
        let parted = world.snapshot();
        let cut_off = parted.node(old).unwrap();
        assert!(cut_off.commit < cut_off.log.last_index(), "a minority committed");
        assert_ne!(leader(&parted), old);
        propose(&mut world, "x=kept");
        run(&mut world, 1_000);
        act(&mut world, Command::Heal);
        run(&mut world, 3_000);
        let healed = world.snapshot();
        assert_converged(&healed);
        assert_eq!(healed.nodes[0].contents, [("x".to_owned(), "kept".to_owned())]);
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_power_cut_loses_exactly_what_was_not_synced() {
    for seed in 0..100 {
        let mut world = lab(3, seed);
        run(&mut world, 2_000);
        for value in 0..5 {
            propose(&mut world, &format!("x={value}"));
            run(&mut world, seed % 7);
        }
        for victim in [1, 2, 3].map(id) {
            let before = world.snapshot().node(victim).unwrap().clone();
            act(&mut world, Command::CutPower(victim));
            let after = world.snapshot().node(victim).unwrap().clone();
            assert_eq!(after.condition, Condition::Down);
            assert_eq!(
                after.log.last_index(),
                before.durable,
                "seed {seed}: {victim} lost more or less"
            );
            assert_eq!(after.durable, before.durable);
        }
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_frozen_leader_is_deposed_and_learns_it_when_it_thaws() {
    let mut world = lab(3, 11);
    run(&mut world, 2_000);
    let frozen = leader(&world.snapshot());
    act(&mut world, Command::Freeze(frozen));
    run(&mut world, 2_000);
    let snapshot = world.snapshot();
    assert_eq!(snapshot.leaders().len(), 2, "the frozen one still believes");
    act(&mut world, Command::Thaw(frozen));
    run(&mut world, 500);
    let thawed = world.snapshot();
    assert_eq!(thawed.leaders().len(), 1);
    assert_ne!(leader(&thawed), frozen);
    assert_eq!(world.violations(), []);
}

/// A small generator for the tests' own choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn node(&mut self, nodes: u64) -> NodeId {
        id(1 + self.below(nodes))
    }

    fn switch(&mut self) -> Switch {
        if self.below(2) == 0 {
            Switch::Off
        } else {
            Switch::On
        }
    }

    fn command(&mut self, nodes: u64) -> Command {
        let (one, other) = (self.node(nodes), self.node(nodes));
        match self.below(20) {
            0 => Command::Crash(one),
            1 => Command::CutPower(one),
            2 | 3 => Command::Restart(one),
            4 => Command::Freeze(one),
            5 => Command::Thaw(one),
            6 => Command::FireTimer(one),
            7 => Command::TieTimers(Vec::new()),
            8 => isolate(one, nodes),
            9 => Command::Cut { from: one, to: other },
            10 => Command::CutOneWay { from: one, to: other },
            11 | 12 => Command::Heal,
            13 => lab::propose(one, format!("x={}", self.below(100))),
            14 => Command::SpreadTimers,
            15 => Command::Transfer(one),
            16 => Command::PreVote(self.switch()),
            17 => Command::CheckQuorum(self.switch()),
            _ => lab::propose(None, format!("y={}", self.below(100))),
        }
    }
}

fn faulty(seed: u64) -> Settings {
    let latency = Span::of_millis(1, 20 + seed % 200);
    let link = LinkSettings {
        latency,
        loss_ppm: 50_000,
        duplication_ppm: 50_000,
        reordering_ppm: 100_000,
        ..LinkSettings::default()
    };
    Settings {
        link,
        ..Settings::default()
    }
}

fn stormy_run(seed: u64, host: HostKind) -> (Vec<Record>, u128) {
    stormy_run_on(seed, &[host])
}

/// The nodes run here and there by turns.
fn stormy_run_on(seed: u64, hosts: &[HostKind]) -> (Vec<Record>, u128) {
    let mut choices = Choices(seed);
    let nodes = 1 + choices.below(5);
    let mut world = lab_on(hosts[0], nodes, seed, faulty(seed));
    for turn in 0..40 {
        world.run_on(hosts[turn % hosts.len()]);
        run(&mut world, choices.below(200));
        // Commands that make no sense now are refused, on both hosts alike.
        let _ = world.command(choices.command(nodes));
    }
    assert_eq!(world.violations(), [], "seed {seed}");
    (world.drain_records(), world.trace_hash())
}

#[test]
fn threads_and_inline_give_the_same_trace() {
    for seed in 0..220 {
        let (inline, inline_hash) = stormy_run(seed, HostKind::Inline);
        let (threads, threads_hash) = stormy_run(seed, HostKind::Threads);
        assert!(!inline.is_empty());
        assert_eq!(inline_hash, threads_hash, "seed {seed}");
        assert_eq!(inline, threads, "seed {seed}");
    }
}

#[test]
fn nodes_that_move_from_threads_and_back_give_the_same_trace() {
    for seed in 0..100 {
        let staying = stormy_run(seed, HostKind::Inline);
        let moving = stormy_run_on(seed, &[HostKind::Threads, HostKind::Inline]);
        assert_eq!(staying, moving, "seed {seed}");
    }
}

#[test]
fn storms_break_no_promise() {
    for seed in 1_000..1_600 {
        stormy_run(seed, HostKind::Inline);
    }
}

/// A save in the middle of a storm changes nothing that follows.
#[test]
fn an_image_goes_on_exactly() {
    for seed in 0..150 {
        let mut choices = Choices(seed ^ 0xabcd);
        let nodes = 1 + choices.below(5);
        let mut straight = lab_with(nodes, seed, faulty(seed));
        for _ in 0..choices.below(30) {
            run(&mut straight, choices.below(120));
            let _ = straight.command(choices.command(nodes));
        }
        straight.drain_records();
        let image = straight.image().expect("no disk has failed");
        let mut resumed = Lab::restore(image.clone(), HostKind::Threads, None).expect("it was a world");
        assert_eq!(
            resumed.image().unwrap(),
            image,
            "seed {seed}: an image of an image"
        );
        for _ in 0..20 {
            let (millis, command) = (choices.below(120), choices.command(nodes));
            for world in [&mut straight, &mut resumed] {
                run(world, millis);
                let _ = world.command(command.clone());
            }
            assert_eq!(straight.drain_records(), resumed.drain_records(), "seed {seed}");
        }
        assert_eq!(straight.trace_hash(), resumed.trace_hash(), "seed {seed}");
        assert_eq!(resumed.violations(), [], "seed {seed}");
    }
}

/// What waited for a frozen node is due at once when it thaws: a save right then has it so.
#[test]
fn an_image_of_a_node_that_has_just_thawed_goes_on_exactly() {
    let mut straight = lab(3, 5);
    run(&mut straight, 2_000);
    let frozen = id(2);
    act(&mut straight, Command::Freeze(frozen));
    propose(&mut straight, "x=1");
    run(&mut straight, 400);
    assert!(straight.snapshot().node(frozen).unwrap().backlog > 0);
    act(&mut straight, Command::Thaw(frozen));
    let image = straight.image().unwrap();
    let mut resumed = Lab::restore(image, HostKind::Inline, None).expect("it was a world");
    for world in [&mut straight, &mut resumed] {
        run(world, 2_000);
    }
    assert_eq!(straight.trace_hash(), resumed.trace_hash());
}

/// Walks every point of an election with a proposal on top: wherever the power goes, what a node has sent word of (its
/// votes, its term, the entries it acknowledged) is what it comes back with.
#[test]
fn a_vote_once_sent_survives_any_power_cut() {
    use raft_play::playground::Happening;
    use raft_play::types::{AppendReply, Message, VoteReply};
    let mut points = 0;
    for seed in 0..4 {
        let mut live = lab(3, seed);
        let mut sent = Vec::new();
        for _ in 0..120 {
            if live.now() > VirtualTime::from_nanos(400_000_000)
                && live.leader().is_some()
                && points % 40 == 0
            {
                propose(&mut live, "x=1");
            }
            assert!(live.step());
            sent.extend(
                live.drain_records()
                    .into_iter()
                    .filter_map(|record| match record.what {
                        Happening::Sent { envelope, .. } => Some(envelope),
                        _ => None,
                    }),
            );
            let image = live.image().unwrap();
            for victim in [1, 2, 3].map(id) {
                let mut branch = Lab::restore(image.clone(), HostKind::Inline, None).unwrap();
                act(&mut branch, Command::CutPower(victim));
                act(&mut branch, Command::Restart(victim));
                let back = branch.snapshot().node(victim).unwrap().clone();
                points += 1;
                for envelope in sent.iter().filter(|envelope| envelope.from == victim) {
                    assert!(back.term >= envelope.term, "{victim} forgot its term");
                    let vote = match envelope.message {
                        Message::VoteRequest(_) => Some(victim),
                        Message::VoteReply(VoteReply::Granted) => Some(envelope.to),
                        Message::AppendReply(AppendReply::Matched { through, .. }) => {
                            assert!(
                                back.log.last_index() >= through,
                                "{victim} forgot what it acknowledged"
                            );
                            None
                        }
                        _ => None,
                    };
                    if let Some(vote) = vote.filter(|_| back.term == envelope.term) {
                        assert_eq!(back.vote, Some(vote), "{victim} forgot its vote");
                    }
                }
                run(&mut branch, 1_500);
                assert_eq!(branch.violations(), []);
            }
        }
    }
    assert_eq!(points, 4 * 120 * 3);
}

/// A cluster of faulty links whose voters do not look at candidates' logs.
fn careless(seed: u64) -> (Lab, Choices) {
    let mut world = lab_with(5, seed, faulty(seed));
    act(&mut world, Command::Break(Rule::UpToDateCheck));
    (world, Choices(seed))
}

#[test]
fn a_broken_rule_is_found_and_stops_time() {
    let mut found = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let (mut world, mut choices) = careless(seed);
        for _ in 0..60 {
            run(&mut world, choices.below(300));
            let _ = world.command(choices.command(5));
            if let Some(violation) = world.violation() {
                found.insert(violation.property.name());
                let stopped = world.now();
                run(&mut world, 1_000);
                assert_eq!(world.now(), stopped, "a violation stops time");
                break;
            }
        }
    }
    assert!(found.contains("LeaderCompleteness"), "found only {found:?}");
}

/// A follower that is cut off and comes back: how often the leader was replaced meanwhile.
fn terms_after_a_visit_to_nowhere(pre_vote: Switch) -> (u64, u64) {
    let mut world = lab(3, 21);
    act(&mut world, Command::PreVote(pre_vote));
    run(&mut world, 2_000);
    let before = world.snapshot();
    let leader = leader(&before);
    let cut_off = (1..=3).map(id).find(|&node| node != leader).unwrap();
    act(&mut world, isolate(cut_off, 3));
    run(&mut world, 3_000);
    act(&mut world, Command::Heal);
    run(&mut world, 3_000);
    assert_eq!(world.violations(), []);
    (
        before.leaders()[0].term.number(),
        world.snapshot().leaders()[0].term.number(),
    )
}

#[test]
fn a_server_that_was_cut_off_deposes_the_leader_but_not_with_pre_vote() {
    let (before, after) = terms_after_a_visit_to_nowhere(Switch::Off);
    assert!(
        after > before + 3,
        "terms rose while it was alone, and the cluster had to follow"
    );
    let (before, after) = terms_after_a_visit_to_nowhere(Switch::On);
    assert_eq!(after, before);
}

#[test]
fn a_leader_without_its_majority_steps_down_with_check_quorum() {
    for (check_quorum, leaders) in [(Switch::Off, 2), (Switch::On, 1)] {
        let mut world = lab(5, 4);
        act(&mut world, Command::CheckQuorum(check_quorum));
        run(&mut world, 2_000);
        let old = leader(&world.snapshot());
        act(&mut world, isolate(old, 5));
        run(&mut world, 3_000);
        assert_eq!(world.snapshot().leaders().len(), leaders);
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_leader_hands_over_to_whom_it_is_told_in_a_moment() {
    for seed in 0..30 {
        let mut world = lab(5, seed);
        for switch in [Command::PreVote(Switch::On), Command::CheckQuorum(Switch::On)] {
            act(&mut world, switch);
        }
        run(&mut world, 3_000);
        propose(&mut world, "x=1");
        let old = leader(&world.snapshot());
        let target = id(old.number() % 5 + 1);
        act(&mut world, Command::Transfer(target));
        run(&mut world, 140);
        assert_eq!(leader(&world.snapshot()), target, "seed {seed}");
        run(&mut world, 1_000);
        assert_converged(&world.snapshot());
        assert_eq!(world.violations(), []);
    }
}

#[test]
fn a_lone_node_leads_and_commits_alone() {
    let mut world = lab_on(HostKind::Threads, 1, 3, Settings::default());
    run(&mut world, 1_000);
    propose(&mut world, "x=1");
    run(&mut world, 100);
    let snapshot = world.snapshot();
    assert_eq!(snapshot.nodes[0].contents, [("x".to_owned(), "1".to_owned())]);

    assert!(world.now() > VirtualTime::default());
}

#[test]
fn commands_that_can_do_nothing_are_refused_and_leave_no_trace() {
    let mut world = lab(1, 3);
    run(&mut world, 1_000);
    assert!(world.leader().is_some(), "so no election timer runs");
    world.drain_records();
    let before = world.trace_hash();
    let to_itself = Command::Link {
        from: Some(id(1)),
        to: Some(id(1)),
        settings: LinkSettings::default(),
    };
    let commands = [
        Command::TieTimers(Vec::new()),
        Command::TieTimers(vec![id(1)]),
        Command::SpreadTimers,
        to_itself,
    ];
    for command in commands {
        assert!(world.command(command.clone()).is_err(), "{command:?}");
    }
    assert_eq!((world.drain_records(), world.trace_hash()), (Vec::new(), before));
}

/// What a node that is down looks like is kept, and looked at anew when it changes.
#[test]
fn a_node_that_is_down_looks_like_its_disk() {
    let mut world = lab(3, 5);
    run(&mut world, 2_000);
    let victim = leader(&world.snapshot());
    propose(&mut world, "x=1");
    act(&mut world, Command::Crash(victim));
    let crashed = world.snapshot().node(victim).unwrap().clone();
    assert!(
        crashed.durable < crashed.log.last_index(),
        "the last entry is not synced"
    );
    act(&mut world, Command::CutPower(victim));
    let cut = world.snapshot().node(victim).unwrap().clone();
    assert_eq!(cut.log.last_index(), crashed.durable);
    act(&mut world, Command::Restart(victim));
    run(&mut world, 2_000);
    act(&mut world, Command::Crash(victim));
    let again = world.snapshot().node(victim).unwrap().clone();
    assert!(
        again.log.last_index() > cut.log.last_index(),
        "the no-op of a later leader"
    );
}

/// A save keeps what was found broken: time stays stopped, and what was told is not told again.
#[test]
fn a_violation_outlives_a_save() {
    let broken = |seed| {
        let (mut world, mut choices) = careless(seed);
        for _ in 0..60 {
            run(&mut world, choices.below(300));
            let _ = world.command(choices.command(5));
        }
        world.violation().is_some().then_some(world)
    };
    let mut straight = (0..200).find_map(broken).expect("the rule matters");
    let violation = straight.violation().cloned();
    let mut resumed = loaded(&mut straight);
    assert_eq!(resumed.violation().cloned(), violation);
    let stopped = resumed.now();
    run(&mut resumed, 1_000);
    assert_eq!(resumed.now(), stopped);
    for world in [&mut straight, &mut resumed] {
        world.go_on();
        run(world, 300);
    }
    assert_eq!(straight.trace_hash(), resumed.trace_hash());
}
