//! The algorithm alone: nodes stepped by direct calls, one window of commands after the other.

use std::time::{Duration, Instant};

use super::report::{IdleReport, Report};
use super::work::{Digest, Meter, command};
use super::{BenchError, Workload};
use crate::consensus::durable::{Driver, Inbound, Metadata};
use crate::consensus::{
    Compaction, Input, Limits, Log, Output, Protections, Raft, RuleSet, Settings, State, Switch, TimerChange,
    Unobserved,
};
use crate::storage::memory::MemoryStore;
use crate::types::{
    Configuration, Envelope, Incarnation, LocalTime, LogIndex, LogPosition, NodeId, ProposalId,
};

/// A log that has grown by so many entries is compacted.
const LONG: u64 = 1 << 12;

/// So many entries stay behind.
const RETAINED: u64 = 1 << 12;

/// One election timeout. It never runs out: every message arrives at once.
const ELECTION_TIMEOUT: Duration = Duration::from_secs(1);

/// Between two heartbeats, in simulated time.
const HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// So many heartbeats go out between two looks at the clock.
const ROUNDS: u64 = 1_000;

pub(super) fn measure(work: &Workload) -> Result<Report, BenchError> {
    let mut cluster = Cluster::new(work.nodes);
    cluster.run_windows(work, Meter::warm_up(work))?;
    let (elapsed, latencies) = cluster.run_windows(work, Meter::of(work))?.finish();
    cluster.check()?;
    Ok(Report::of(work, "inline", elapsed, &latencies))
}

/// A cluster of which nobody wants anything, for so long.
pub(super) fn measure_idle(nodes: u64, duration: Duration) -> Result<IdleReport, BenchError> {
    let mut cluster = Cluster::new(nodes);
    let (started, from) = (Instant::now(), cluster.now);
    while started.elapsed() < duration {
        for _ in 0..ROUNDS {
            cluster.pass_time()?;
        }
    }
    let simulated = cluster.now.since(from);
    Ok(IdleReport {
        peer: "raft-play",
        mode: "idle",
        nodes,
        core_idle_s_per_s: simulated.as_secs_f64() / started.elapsed().as_secs_f64(),
    })
}

/// A node: its core, a store that is always done, and its state machine.
struct Member {
    raft: Raft,
    driver: Driver<MemoryStore>,
    machine: Digest,
    inbox: Vec<Envelope>,
    out: Output,
    /// Whether something was absorbed that it has not acted on.
    is_waiting: bool,
    /// When its election timer runs out, and its heartbeat timer.
    election: Option<LocalTime>,
    heartbeat: Option<LocalTime>,
}

struct Cluster {
    now: LocalTime,
    members: Vec<Member>,
    proposed: u64,
    /// How many of them were told to be in the log.
    appended: u64,
}

impl Cluster {
    /// So many nodes, led by the first.
    fn new(nodes: u64) -> Self {
        let now = LocalTime::default();
        let ids = || (1..=nodes).map(NodeId::new);
        let mut cluster = Self {
            now,
            members: ids()
                .map(|id| Member::new(id, Configuration::of_voters(ids())))
                .collect(),
            proposed: 0,
            appended: 0,
        };
        cluster.members[0].absorb(now, Input::ElectionTimeout);
        cluster.run();
        cluster
    }

    fn run_windows(&mut self, work: &Workload, mut meter: Meter) -> Result<Meter, BenchError> {
        let mut now = Instant::now();
        loop {
            let window = meter.allows(work.inflight, now);
            if window == 0 {
                return Ok(meter);
            }
            let sent = now;
            let numbers = self.proposed..self.proposed + window;
            let input = Input::ProposeMany {
                first: ProposalId::new(self.proposed),
                commands: numbers.map(|number| command(number, work.payload)).collect(),
            };
            self.members[0].absorb(self.now, input);
            self.proposed += window;
            self.run();
            let leader = &self.members[0];
            // The entry with which the leader began is no command.
            let applied = leader.raft.state().volatile.applied.number() - 1;
            if applied != self.proposed || self.appended != self.proposed {
                return Err(BenchError::LeaderLost);
            }
            now = Instant::now();
            meter.done(usize::try_from(window).unwrap_or(usize::MAX), sent, now);
        }
    }

    /// Delivers and acts until nothing is left to do.
    fn run(&mut self) {
        loop {
            let mut is_quiet = true;
            for place in 0..self.members.len() {
                let member = &mut self.members[place];
                if !member.inbox.is_empty() {
                    let mut inbox = std::mem::take(&mut member.inbox);
                    for envelope in inbox.drain(..) {
                        member.absorb(self.now, Input::Receive(Inbound::received(envelope)));
                    }
                    member.inbox = inbox;
                }
                while std::mem::take(&mut self.members[place].is_waiting) {
                    is_quiet = false;
                    self.act(place);
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    /// Has a node act, and puts its messages into the others' inboxes.
    fn act(&mut self, place: usize) {
        let member = &mut self.members[place];
        let mut out = std::mem::take(&mut member.out);
        member.raft.flush(&mut out);
        self.appended += out.answers.len() as u64;
        out.answers.clear();
        let mut proof = None;
        if let Some(write) = out.write.take() {
            let pending = member.driver.begin(&write).expect("memory does not fail");
            proof = member
                .driver
                .complete(pending.sync())
                .expect("memory does not fail");
        }
        let released = member.driver.proof();
        for held in out.messages.drain(..) {
            let envelope = held.release(&released).expect("all is durable").into_inner();
            let to = usize::try_from(envelope.to.number()).expect("few nodes") - 1;
            self.members[to].inbox.push(envelope);
        }
        let is_alone = self.members.len() == 1;
        let member = &mut self.members[place];
        if let Some(commit) = out.commit.take() {
            member.apply(commit);
            member
                .raft
                .absorb(self.now, Input::Applied(commit), &mut Unobserved);
            member.compact(self.now);
        }
        if let Some(proof) = proof {
            // Its own copy is counted when the others answer; who is alone need not wait for that.
            member
                .raft
                .absorb(self.now, Input::Durable(proof), &mut Unobserved);
            member.is_waiting |= is_alone;
        }
        member.out = out;
        member.set_timers(self.now);
    }

    /// Lets time pass until the next timer of any runs out, and does what follows. The leader stays: everything arrives at once.
    fn pass_time(&mut self) -> Result<(), BenchError> {
        let next = self.members.iter().filter_map(Member::next_timer).min();
        self.now = next.ok_or(BenchError::LeaderLost)?;
        for member in &mut self.members {
            member.take_due(self.now);
        }
        self.run();
        let is_led = self.members[0].raft.is_leader();
        is_led.then_some(()).ok_or(BenchError::LeaderLost)
    }

    /// All come to the same state, once the followers have heard what is committed.
    fn check(&mut self) -> Result<(), BenchError> {
        self.members[0].absorb(self.now, Input::HeartbeatTimeout);
        self.run();
        let states = || self.members.iter().map(|member| member.machine.bytes());
        let is_same = states().zip(states().skip(1)).all(|(one, next)| one == next);
        is_same.then_some(()).ok_or(BenchError::Differing)
    }
}

impl Member {
    fn new(id: NodeId, configuration: Configuration) -> Self {
        let settings = Settings {
            id,
            incarnation: Incarnation::new(1),
            started: LocalTime::default(),
            election_timeout: ELECTION_TIMEOUT,
            protections: Protections::default(),
            auto_promote: Switch::Off,
            reroute: Switch::Off,
            drift_ppm: 0,
            limits: Limits {
                entries_per_request: 8192,
                compaction: Compaction::of(None, None, RETAINED),
                ..Limits::default()
            },
            rules: RuleSet::default(),
        };
        let (driver, _) = Driver::new(MemoryStore, id, settings.incarnation);
        let log = Log::after(LogPosition::GENESIS, configuration.into());
        let state = State::recovered(Metadata::default(), log, None);
        Self {
            raft: Raft::start(settings, state).expect("a server at its beginning"),
            driver,
            machine: Digest::default(),
            inbox: Vec::new(),
            out: Output::default(),
            is_waiting: false,
            election: None,
            heartbeat: None,
        }
    }

    /// Sets its timers as it wants them.
    fn set_timers(&mut self, now: LocalTime) {
        let set = |timer: &mut Option<LocalTime>, change: Option<TimerChange>, runs: Duration| match change {
            Some(TimerChange::Restart) => *timer = Some(now.after(runs)),
            Some(TimerChange::Stop) => *timer = None,
            None => {}
        };
        set(&mut self.election, self.out.election.take(), ELECTION_TIMEOUT);
        set(&mut self.heartbeat, self.out.heartbeat.take(), HEARTBEAT_INTERVAL);
    }

    /// When the first of its timers runs out.
    fn next_timer(&self) -> Option<LocalTime> {
        self.election.into_iter().chain(self.heartbeat).min()
    }

    fn take_due(&mut self, now: LocalTime) {
        let is_due = |timer: &mut LocalTime| *timer <= now;
        if self.heartbeat.take_if(is_due).is_some() {
            self.absorb(now, Input::HeartbeatTimeout);
        }
        if self.election.take_if(is_due).is_some() {
            self.absorb(now, Input::ElectionTimeout);
        }
    }

    fn absorb(&mut self, now: LocalTime, input: Input) {
        self.raft.absorb(now, input, &mut Unobserved);
        self.is_waiting = true;
    }

    fn apply(&mut self, commit: LogIndex) {
        let state = self.raft.state();
        let mut next = state.volatile.applied.next();
        while next <= commit {
            let run = state.persistent.log.run_from(next);
            for (_, entry) in run.iter().take_while(|(index, _)| *index <= commit) {
                if let Some(command) = entry.payload.command() {
                    self.machine.take(command);
                }
            }
            next = run.last_index().next();
        }
    }

    /// Takes a snapshot where the log has grown long, and drops what it stands for.
    fn compact(&mut self, now: LocalTime) {
        let state = self.raft.state();
        if state.persistent.log.len() >= LONG + RETAINED {
            let index = state.volatile.applied;
            let data = self.machine.bytes().to_vec().into();
            self.absorb(now, Input::SnapshotTaken { index, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Term;

    /// Ten heartbeats are a second, every follower hears each of them, and nobody campaigns.
    #[test]
    fn an_idle_cluster_has_heartbeats_and_nothing_else() {
        for nodes in [1, 3, 5] {
            let mut cluster = Cluster::new(nodes);
            let from = cluster.now;
            for _ in 0..50 {
                cluster.pass_time().expect("the leader stays");
            }
            assert_eq!(cluster.now.since(from), Duration::from_secs(5), "{nodes} nodes");
            for member in &cluster.members {
                assert_eq!(member.raft.state().persistent.metadata.term, Term::new(1));
            }
            let due = cluster.now.after(ELECTION_TIMEOUT);
            let followers = cluster.members.iter().skip(1);
            assert!(followers.into_iter().all(|member| member.election == Some(due)));
        }
    }
}
