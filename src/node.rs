//! One server: the algorithm, its log store and its state machine, put together.
//!
//! A node does what the core asks in the order that the promises need: the write goes to the disk first, then the
//! messages that wait for nothing leave, the others when their write is durable. It has no clock and no thread; whoever
//! hosts it hands it inputs, runs its syncs, and carries its messages.

mod callers;
mod gossip;
mod image;
mod io;
mod proposals;
mod routes;
pub mod snapshot;
mod start;
mod work;

pub use image::NodeImage;
pub use io::{Applied, Effects, NodeError, NodeInput, ProposalEnd, Sent, StartError};
pub use routes::{KnownRoute, ROUTES_MOST, RouteEvent, RouteRefusal, Routes};
pub use start::{PrepareError, Started, first_nodes, inspect, list, prepare, recovered_log, recovered_state};
pub use work::{Applying, Work, Worked};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use self::gossip::foreign;
use self::proposals::Proposals;
use self::snapshot::Taking;
use self::work::Place;
use crate::consensus::durable::{Driver, Held, Store};
use crate::consensus::{
    Input, Limits, Observer, Output, Protections, Raft, RuleSet, Settings, State, Switch,
};
use crate::machine::{Execution, SerialCheck, SessionTable, StateMachine};
use crate::storage::wal::{Identity, WalOptions};
use crate::types::{
    ClusterId, Configuration, Entry, Envelope, LocalTime, LogIndex, LogPosition, Message, ProposalId, Term,
};

/// What a node is told once, when it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeSettings {
    /// The cluster it belongs to.
    pub cluster: ClusterId,
    /// The configuration at index 0.
    pub genesis: Configuration,
    /// What the algorithm is told.
    pub raft: Settings,
    /// How its log is kept.
    pub wal: WalOptions,
    /// Where it is reached, and what it knows of where others are.
    pub routes: Routes,
}

impl NodeSettings {
    fn identity(&self) -> Identity {
        Identity {
            cluster: self.cluster,
            node: self.raft.id,
        }
    }
}

/// One server.
pub struct Node<M, S: Store> {
    settings: NodeSettings,
    raft: Raft,
    routes: Routes,
    driver: Driver<S>,
    held: Vec<Held<Envelope>>,
    machine: Place<M>,
    applying: Applying,
    /// The snapshot that is being taken.
    taking: Option<Taking>,
    proposals: Proposals,
    /// The questions that are not answered yet.
    queries: BTreeMap<ProposalId, Bytes>,
    /// Those that may be answered once everything through an index is applied.
    ready: BTreeSet<(LogIndex, ProposalId)>,
    out: Output,
}

impl<M: StateMachine, S: Store> Node<M, S> {
    /// Takes one input, and does what follows from it.
    ///
    /// # Errors
    ///
    /// When the disk failed, or the state machine. The node is over; its disk can be taken and started from.
    pub fn step(
        &mut self,
        now: LocalTime,
        input: NodeInput<S>,
        observer: &mut impl Observer,
    ) -> Result<Effects<S>, NodeError<S::Error>> {
        let mut effects = Effects::default();
        self.absorb(now, input, &mut effects, observer)?;
        self.act(now, &mut effects, observer)?;
        Ok(effects)
    }

    /// Takes an input. After any number of them, [`act`](Self::act) does what follows from all of them: at most one write, and
    /// one message to each follower where one can carry it all.
    ///
    /// # Errors
    ///
    /// As of [`step`](Self::step).
    pub fn absorb(
        &mut self,
        now: LocalTime,
        input: NodeInput<S>,
        effects: &mut Effects<S>,
        observer: &mut impl Observer,
    ) -> Result<(), NodeError<S::Error>> {
        let input = match input {
            NodeInput::Receive { cluster, message } if cluster != self.settings.cluster => {
                effects.routes.push(foreign(cluster, message.get()));
                return Ok(());
            }
            NodeInput::Receive { message, .. } if matches!(message.get().message, Message::Gossip(_)) => {
                self.on_gossip(now, message.into_inner(), effects);
                return Ok(());
            }
            NodeInput::Receive { message, .. } => Input::Receive(message),
            NodeInput::Gossip { draw } => {
                self.gossip(now, draw);
                return Ok(());
            }
            NodeInput::ElectionTimeout => Input::ElectionTimeout,
            NodeInput::HeartbeatTimeout => {
                self.mind_sessions(now, observer);
                Input::HeartbeatTimeout
            }
            NodeInput::Propose { id, command } => Input::Propose { id, command },
            NodeInput::ProposeMany { first, commands } => Input::ProposeMany { first, commands },
            NodeInput::OpenSession { id, timeout } => Input::OpenSession { id, timeout },
            NodeInput::CloseSession { id, session } => Input::CloseSession { id, session },
            NodeInput::ProposeIn { id, guarded } => Input::ProposeIn { id, guarded },
            NodeInput::Read { id, way, query } => {
                self.queries.insert(id, query);
                Input::Read { id, way }
            }
            NodeInput::Reconfigure { id, change } => Input::Reconfigure { id, change },
            NodeInput::Transfer { id, target } => Input::Transfer { id, target },
            NodeInput::TakeSnapshot => {
                self.begin_snapshot();
                return Ok(());
            }
            NodeInput::FinishSnapshot => {
                self.finish_snapshot(now, effects, observer);
                return Ok(());
            }
            NodeInput::Synced(finished) => {
                let Some(proof) = self.driver.complete(finished)? else {
                    return Ok(());
                };
                Input::Durable(proof)
            }
        };
        self.raft.absorb(now, input, observer);
        Ok(())
    }

    /// Does what follows from all that was absorbed since the last time.
    ///
    /// # Errors
    ///
    /// As of [`step`](Self::step).
    pub fn act(
        &mut self,
        now: LocalTime,
        effects: &mut Effects<S>,
        observer: &mut impl Observer,
    ) -> Result<(), NodeError<S::Error>> {
        self.flush(effects)?;
        self.apply_committed(now, effects, observer);
        self.answer_ready(effects);
        self.begin_due_snapshot(now);
        effects.taking = self.taking();
        Ok(())
    }

    /// The last entry of the snapshot that is being taken, if one is.
    pub fn taking(&self) -> Option<LogIndex> {
        self.taking.as_ref().map(|taking| taking.index)
    }

    /// Whether all it wrote is known to be durable, but for one write.
    pub fn has_one_write_under_way(&self) -> bool {
        self.driver.begun() == self.driver.proven().next()
    }

    /// What it was told when it started.
    pub fn settings(&self) -> &NodeSettings {
        &self.settings
    }

    /// Its state, to look at.
    pub fn state(&self) -> &State {
        self.raft.state()
    }

    /// Its state machine, to look at: where it works [here](Applying::Here).
    pub fn machine(&self) -> &M {
        self.machine.here().machine()
    }

    /// The sessions of its clients, to look at: where its machine works [here](Applying::Here).
    pub fn sessions(&self) -> &SessionTable {
        self.machine.here().table()
    }

    /// What it knows of where it and the others are, to look at.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The same, to change: what a person says about routes.
    pub fn routes_mut(&mut self) -> &mut Routes {
        &mut self.routes
    }

    /// When its lease runs out, by its own clock, where it has had one.
    pub fn lease_end(&self) -> Option<LocalTime> {
        self.raft.lease_end()
    }

    /// Breaks or mends rules, for teaching and for testing the tests.
    pub fn set_rules(&mut self, rules: RuleSet) {
        self.raft.set_rules(rules);
    }

    /// Changes the shortest election timeout.
    pub fn set_election_timeout(&mut self, election_timeout: Duration) {
        self.raft.set_election_timeout(election_timeout);
    }

    /// Switches protections on and off.
    pub fn set_protections(&mut self, protections: Protections) {
        self.raft.set_protections(protections);
    }

    /// Switches whether learners that have caught up become voters by themselves.
    pub fn set_auto_promote(&mut self, auto_promote: Switch) {
        self.raft.set_auto_promote(auto_promote);
    }

    /// Switches whether it passes on to the leader what its callers want.
    pub fn set_reroute(&mut self, reroute: Switch) {
        self.raft.set_reroute(reroute);
    }

    /// Changes the bounds on what it sends.
    pub fn set_limits(&mut self, limits: Limits) {
        self.raft.set_limits(limits);
    }

    fn flush(&mut self, effects: &mut Effects<S>) -> Result<(), NodeError<S::Error>> {
        self.raft.flush(&mut self.out);
        // First, so that who proposed is known even where the disk fails.
        let mut answers = std::mem::take(&mut self.out.answers);
        for answer in answers.drain(..) {
            self.note_answer(&answer, effects);
        }
        self.out.answers = answers;
        // Before the write that puts it on disk: what the machine does not take must not take the place of what it had.
        if let Some(snapshot) = self.out.restore.take() {
            self.take_over(&snapshot, effects)?;
        }
        if let Some(write) = self.out.write.take() {
            let pending = self.driver.begin(&write)?;
            effects.write = Some((write, pending));
        }
        self.release_held(effects);
        effects.election = self.out.election;
        effects.heartbeat = self.out.heartbeat;
        effects.commit = self.out.commit;
        Ok(())
    }

    /// Lets go of the messages whose writes are durable, the new ones last. Those that wait stay in order.
    fn release_held(&mut self, effects: &mut Effects<S>) {
        let proof = self.driver.proof();
        let mut all = std::mem::take(&mut self.held);
        for held in all.drain(..).chain(self.out.messages.drain(..)) {
            match held.release(&proof) {
                Ok(message) => {
                    let address = self.routes.address_of(message.get().to).cloned();
                    effects.sent.push(Sent { message, address });
                }
                Err(held) => self.held.push(held),
            }
        }
        if self.held.is_empty() {
            // The memory is used again.
            self.held = all;
        }
    }

    /// While sessions are open, a leader stamps the time.
    fn mind_sessions(&mut self, now: LocalTime, observer: &mut impl Observer) {
        if let Some(time) = self.machine.sessions_time() {
            self.raft.absorb(now, Input::SessionsOpen(time), observer);
        }
    }

    fn apply_committed<O: Observer>(&mut self, now: LocalTime, effects: &mut Effects<S>, observer: &mut O) {
        let Some(commit) = effects.commit.filter(|_| self.applying == Applying::Here) else {
            return;
        };
        let check = serial_check(&self.raft);
        let mut before = self.applied_term();
        let mut next = self.raft.state().volatile.applied.next();
        while next <= commit {
            let run = self.raft.state().persistent.log.run_from(next);
            assert!(!run.is_empty(), "what is committed is in the log");
            for (index, entry) in run.iter().take_while(|(index, _)| *index <= commit) {
                let execution = self.machine.here_mut().apply(index, &entry.payload, check);
                self.note_applied::<O>(index, entry, execution, (&mut before, index), effects);
            }
            next = run.last_index().next();
        }
        self.raft.absorb(now, Input::Applied(commit), observer);
    }

    /// Tells who waited for an entry what it did. The machine has applied everything through `reached`; `before` is the term of the
    /// entry before.
    fn note_applied<O: Observer>(
        &mut self,
        index: LogIndex,
        entry: &Entry,
        execution: Execution,
        (before, reached): (&mut Option<Term>, LogIndex),
        effects: &mut Effects<S>,
    ) {
        if before.replace(entry.term) != Some(entry.term) {
            self.end_proposals_before(entry.term, effects);
        }
        let position = LogPosition::new(index, entry.term);
        self.end_proposals(position, &entry.payload, &execution, reached, effects);
        if O::ENABLED {
            effects.applied.push(Applied {
                position,
                payload: entry.payload.clone(),
                execution,
            });
        }
    }
}

fn serial_check(raft: &Raft) -> SerialCheck {
    if raft.checks_serial_numbers() {
        SerialCheck::Kept
    } else {
        SerialCheck::Broken
    }
}
