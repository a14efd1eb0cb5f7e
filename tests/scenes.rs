//! The scenes that come with the program do what their notes say.
//!
//! Each is played without a screen: commands, time, and conditions in the words of the notes. A person's part is played along: a step that asks
//! is turned, one that waits has to be over by itself, and at the end the last one is reached.

use std::time::Duration;

use raft_play::lesson::{Condition, Guide, Step, Watch};
use raft_play::machine::KeyValue;
use raft_play::playground::{HostKind, TimedCommand, World};
use raft_play::save::{self, Save, script::Script};

/// A scene that is played, and how far its notes are.
struct Play {
    name: &'static str,
    world: World<KeyValue>,
    commands: Vec<TimedCommand>,
    steps: Vec<Step>,
    current: usize,
    guide: Guide,
}

impl Play {
    fn of(name: &'static str) -> Self {
        let path = format!("{}/saves/{name}.ron", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("the scene is there");
        let Save { notes, image, .. } = save::parse(&text, name).unwrap_or_else(|error| panic!("{error}"));
        let world = World::restore(image, HostKind::Inline, None).expect("parsing has tried it");
        let mut play = Self {
            name,
            world,
            commands: Vec::new(),
            steps: notes,
            current: 0,
            guide: Guide::default(),
        };
        play.follow();
        play
    }

    /// Plays these lines: `run 300ms`, `expect` and a condition, or a command.
    fn plays(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once(' ') {
                Some(("run", time)) => self.run(time),
                Some(("expect", condition)) => self.expect(condition),
                Some(_) | None => self.command(line),
            }
            self.follow();
        }
    }

    /// A promise that is broken stops time, and the person lets it go on.
    fn run(&mut self, time: &str) {
        let millis = time.strip_suffix("ms").and_then(|millis| millis.parse().ok());
        let until = self
            .world
            .now()
            .after(Duration::from_millis(millis.expect("so many ms")));
        while self.world.next_event_at().is_some_and(|at| at <= until) {
            if !self.world.step() {
                self.world.go_on();
            }
            self.follow();
        }
        self.world.go_on();
        self.world.run_until(until);
    }

    fn command(&mut self, line: &str) {
        let text = format!("(commands: [(at: 0, do: {line})])");
        let script = Script::parse(&text).unwrap_or_else(|error| panic!("`{line}`: {error}"));
        let mut given = script.commands[0].clone();
        given.at = self.world.now();
        let carried_out = self.world.command(given.command.clone());
        carried_out.unwrap_or_else(|error| panic!("{}: {line}: {error}", self.name));
        self.world.go_on();
        self.commands.push(given);
    }

    fn expect(&mut self, condition: &str) {
        let condition: Condition = condition.parse().unwrap_or_else(|error| panic!("{error}"));
        let snapshot = self.world.snapshot();
        let mut watch = Watch::new(condition);
        assert!(
            watch.is_met(&snapshot, &self.commands),
            "{}: not `{}` at {:?}; broken: {:?}; leaders: {:?}",
            self.name,
            watch.condition(),
            snapshot.now,
            snapshot.broken,
            snapshot
                .leaders()
                .iter()
                .map(|node| (node.id, node.term))
                .collect::<Vec<_>>(),
        );
    }

    /// Turns the notes as far as they go: a person reads on, and waits where a step does.
    fn follow(&mut self) {
        let snapshot = self.world.snapshot();
        while self.current + 1 < self.steps.len() {
            let is_over = self
                .guide
                .follow(&self.steps, self.current, &snapshot, &self.commands);
            if !is_over && self.steps[self.current].until.is_some() {
                return;
            }
            self.current += 1;
        }
    }
}

/// Plays a scene through: its notes come to their end.
#[track_caller]
fn through(name: &'static str, script: &str) {
    let mut play = Play::of(name);
    play.plays(script);
    let step = &play.steps[play.current];
    assert_eq!(play.current + 1, play.steps.len(), "{name} waits at: {step:?}");
}

/// Plays a scene in another way.
#[track_caller]
fn otherwise(name: &'static str, script: &str) {
    Play::of(name).plays(script);
}

#[test]
fn figure_8() {
    through(
        "figure-8",
        "run 100ms
        FireTimer(5)
        run 400ms
        expect S5 leads term 5
        expect entry x=2 at S1
        expect no violation",
    );
    otherwise(
        "figure-8",
        "Heal
        run 250ms
        expect entry x=2 committed
        FireTimer(5)
        run 400ms
        expect x is 2 at S5
        expect no violation",
    );
}

#[test]
fn disruptive_server() {
    through(
        "disruptive-server",
        "run 2500ms
        expect term 5
        expect S1 leads term 1
        Heal
        run 1500ms
        expect a leader
        expect entry x=1 at S3",
    );
    otherwise(
        "disruptive-server",
        "PreVote(On)
        run 2500ms
        Heal
        run 1000ms
        expect S1 leads term 1
        expect entry x=1 at S3",
    );
}

#[test]
fn one_way_link() {
    through(
        "one-way-link",
        "Propose(to: Some(1), command: \"x=1\")
        run 1000ms
        expect S1 leads term 2
        CheckQuorum(On)
        run 3000ms
        expect a leader
        expect no violation",
    );
}

#[test]
fn stale_read() {
    through(
        "stale-read",
        "run 400ms
        expect 2 leaders
        Propose(to: Some(2), command: \"x=2\")
        run 200ms
        expect x is 1 at S1
        Read(at: Some(1), query: \"x\", way: Index)
        run 500ms
        expect no violation",
    );
    let leased = |drift: &str| {
        format!(
            "Heal
            Lease(On)
            run 300ms
            {drift}
            Partition([[1], [2, 3]])
            run 200ms
            FireTimer(2)
            run 60ms
            Propose(to: Some(2), command: \"x=2\")
            run 60ms
            Read(at: Some(1), query: \"x\", way: Lease)
            run 20ms"
        )
    };
    otherwise(
        "stale-read",
        &format!(
            "{}\n expect no violation",
            leased("Propose(to: Some(1), command: \"y=1\")")
        ),
    );
    otherwise(
        "stale-read",
        &format!(
            "{}\n expect violation ReadsSeeAcknowledged",
            leased("Drift(node: 1, ppm: -800000)")
        ),
    );
    // As the last note has it, with nothing hurried.
    otherwise(
        "stale-read",
        "Heal
        Lease(On)
        run 1000ms
        Drift(node: 1, ppm: -900000)
        Partition([[1], [2, 3]])
        run 400ms
        expect S2 leads
        Propose(to: Some(2), command: \"x=2\")
        run 100ms
        expect entry x=2 committed
        Read(at: Some(1), query: \"x\", way: Lease)
        run 20ms
        expect violation ReadsSeeAcknowledged",
    );
}

#[test]
fn lost_vote() {
    through(
        "lost-vote",
        "run 48ms
        expect S1 leads term 1
        CutPower(3)
        Restart(3)
        FireTimer(2)
        run 100ms
        expect 2 leaders
        expect violation ElectionSafety",
    );
    otherwise(
        "lost-vote",
        "Keep(PersistVoteBeforeAnswering)
        run 250ms
        expect S1 leads term 1
        CutPower(3)
        Restart(3)
        FireTimer(2)
        run 150ms
        expect S1 leads term 1
        expect 1 leaders
        expect no violation",
    );
}

#[test]
fn lost_entry() {
    through(
        "lost-entry",
        "Propose(to: Some(1), command: \"x=1\")
        run 60ms
        expect entry x=1 committed
        CutPower(2)
        CutPower(3)
        CutPower(1)
        Restart(2)
        Restart(3)
        run 5000ms
        expect a leader
        expect entry x=1 nowhere
        expect violation AcknowledgedDurable",
    );
    otherwise(
        "lost-entry",
        "Keep(PersistEntriesBeforeAcknowledging)
        Propose(to: Some(1), command: \"x=1\")
        run 1000ms
        expect entry x=1 committed
        CutPower(2)
        CutPower(3)
        CutPower(1)
        Restart(2)
        Restart(3)
        run 6000ms
        expect entry x=1 committed
        expect no violation",
    );
}

#[test]
fn naive_swap() {
    through(
        "naive-swap",
        "run 20ms
        Reconfigure(voters: [3, 4, 5])
        run 200ms
        expect voters 3,4,5
        run 2000ms
        expect 2 leaders
        expect violation CommitOnDurableQuorum",
    );
    otherwise(
        "naive-swap",
        "Keep(JointNeedsBothMajorities)
        Reconfigure(voters: [3, 4, 5])
        run 450ms
        expect S3 leads
        Heal
        run 2000ms
        expect voters 3,4,5
        expect no violation",
    );
}

#[test]
fn single_server_bug() {
    through(
        "single-server-bug",
        "Remove(1)
        run 300ms
        expect voters 2,3,4
        FireTimer(1)
        run 300ms
        expect S1 leads term 3
        expect violation ConfigurationSafety
        expect 2 leaders",
    );
    otherwise(
        "single-server-bug",
        "Keep(OwnTermCommitBeforeChange)
        Remove(1)
        run 1000ms
        expect no violation",
    );
}

#[test]
fn behind_compaction() {
    through(
        "behind-compaction",
        "Propose(to: Some(1), command: \"a=1\")
        run 60ms
        Propose(to: Some(1), command: \"b=2\")
        run 60ms
        Propose(to: Some(1), command: \"c=3\")
        run 60ms
        Propose(to: Some(1), command: \"d=4\")
        run 100ms
        expect snapshot at S1
        Restart(3)
        run 600ms
        expect a is 1 at S3
        expect d is 4 at S3
        expect no violation",
    );
}

#[test]
fn three_groups() {
    through(
        "three-groups",
        "run 4000ms
        expect no leader
        Partition([[1, 2, 3, 4, 5, 6], [7, 8, 9]])
        run 3000ms
        expect a leader
        Heal
        run 3000ms
        expect a leader
        expect no violation",
    );
}

#[test]
fn slow_network() {
    through(
        "slow-network",
        "run 4000ms
        expect term 6
        ElectionTimeout(min_ms: 1500, max_ms: 3000)
        run 9000ms
        expect a leader
        expect no violation",
    );
}

#[test]
fn partial_connectivity() {
    through(
        "partial-connectivity",
        "run 1640ms
        expect no leader
        PreVote(On)
        CheckQuorum(On)
        run 1000ms
        expect S3 leads
        expect no violation",
    );
    otherwise(
        "partial-connectivity",
        "PreVote(On)
        CheckQuorum(On)
        run 900ms
        expect S3 leads
        run 3000ms
        expect S3 leads
        expect no violation",
    );
}
