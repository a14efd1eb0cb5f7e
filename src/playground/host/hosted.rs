//! A node as a host runs it: with its syncs under way, and the files that mirror its disk.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;

use super::Look;
use crate::consensus::durable::{Inbound, Pending, Write};
use crate::consensus::{Event, Limits, Protections, ReadWay, Role, RoleName, RuleSet, Switch, TimerChange};
use crate::machine::Exhibit;
use crate::node::{Applied, Effects, Node, NodeImage, NodeInput, ProposalEnd, RouteEvent, Routes, Sent};
use crate::playground::clock::Clock;
use crate::playground::mirror::Mirror;
use crate::playground::settings::DiskFault;
use crate::playground::snapshot::{Condition, DiskView, NodeView, PeerView, RoleView, SnapshotView};
use crate::playground::written::{DiskRecords, LISTED};
use crate::storage::simulated::{SimulatedDisk, SimulatedSync};
use crate::storage::wal::{Wal, WalSync};
use crate::types::{
    Address, ClusterId, Envelope, Guarded, LocalTime, LogIndex, MembershipChange, NodeId, ProposalId,
    RouteNews, SessionId, Term, VirtualTime, WriteSequence,
};

/// What a host is asked to do with a node.
pub(in crate::playground) enum Request {
    /// Hand it an input. What comes of it is to be written down here, in memory that is used again.
    Step(LocalTime, HostInput, Box<Stepped>),
    /// Look at it.
    Look,
    /// List what stands on its disk.
    List,
    /// Write down its memory and its disk.
    Image,
    /// Break or mend rules.
    Rules(RuleSet),
    /// Change the shortest election timeout.
    ElectionTimeout(Duration),
    /// Switch protections.
    Protections(Protections),
    /// Switch whether learners that have caught up become voters by themselves.
    AutoPromote(Switch),
    /// Switch whether it passes on to the leader what its callers want.
    Reroute(Switch),
    /// Have it know a route.
    NoteRoute(LocalTime, RouteNews),
    /// Have it forget the route to a node.
    ForgetRoute(NodeId),
    /// Have it be reached under another address.
    Readdress(Address),
    /// Change what it may send.
    Limits(Limits),
    /// Have these files follow its disk, from what is on it now.
    Follow(Mirror),
    /// Make the mirror of its disk durable.
    SyncMirror,
    /// Have its disk fail, or be well again.
    DiskFault(DiskFault),
}

/// An input, as the world knows it.
pub(in crate::playground) enum HostInput {
    /// A message of this cluster, or of another, came.
    Receive(ClusterId, Inbound<Envelope>),
    /// It is time to gossip.
    Gossip(u64),
    /// The election timer ran out.
    ElectionTimeout,
    /// The heartbeat timer ran out.
    HeartbeatTimeout,
    /// A client proposes a command.
    Propose(ProposalId, Bytes),
    /// A client opens a session.
    OpenSession(ProposalId, Duration),
    /// A client closes a session.
    CloseSession(ProposalId, SessionId),
    /// A client proposes a command in a session.
    ProposeIn(ProposalId, Guarded),
    /// A client reads.
    Read(ProposalId, ReadWay, Bytes),
    /// A person wants other nodes to belong to the cluster.
    Reconfigure(ProposalId, MembershipChange),
    /// A person wants another node to lead.
    Transfer(ProposalId, NodeId),
    /// The time has come at which a write is on disk.
    SyncDue(WriteSequence),
    /// A person wants a snapshot taken.
    TakeSnapshot,
    /// The time has come at which the snapshot that it takes is finished.
    FinishSnapshot,
}

/// What came of a request.
pub(in crate::playground) enum Response {
    /// It took an input.
    Stepped(Box<Stepped>),
    /// It failed, by a panic or because its disk did. It must be stopped.
    Failed(String),
    /// What it looks like.
    Seen(Look),
    /// What stands on its disk.
    Listed(Box<DiskRecords>),
    /// Its memory, its syncs under way and its disk; `None` where its disk has failed.
    Imaged(Option<Box<Found>>),
    /// Done; with what the mirror of its disk has to complain of.
    Done(Option<String>),
}

/// What came of an input.
#[derive(Default)]
pub(in crate::playground) struct Stepped {
    pub(in crate::playground) events: Vec<Event>,
    pub(in crate::playground) write: Option<Write>,
    pub(in crate::playground) sent: Vec<Sent>,
    pub(in crate::playground) routes: Vec<RouteEvent>,
    pub(in crate::playground) election: Option<TimerChange>,
    pub(in crate::playground) heartbeat: Option<TimerChange>,
    pub(in crate::playground) commit: Option<LogIndex>,
    pub(in crate::playground) applied: Vec<Applied>,
    pub(in crate::playground) taking: Option<LogIndex>,
    pub(in crate::playground) snapshot_failure: Option<String>,
    pub(in crate::playground) answers: Vec<(ProposalId, ProposalEnd)>,
    pub(in crate::playground) term: Term,
    pub(in crate::playground) role: RoleName,
    pub(in crate::playground) mirror_complaint: Option<String>,
}

/// A running node as a save has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::playground) struct Found {
    pub(in crate::playground) memory: NodeImage,
    pub(in crate::playground) routes: Routes,
    pub(in crate::playground) syncs: Vec<(WriteSequence, WalSync<SimulatedSync>)>,
    pub(in crate::playground) disk: SimulatedDisk,
}

/// What is left of a node that is down.
pub(in crate::playground) struct Parked {
    pub(in crate::playground) disk: SimulatedDisk,
    pub(in crate::playground) mirror: Option<Mirror>,
    pub(in crate::playground) open_proposals: Vec<ProposalId>,
    /// Kept beside its disk, and no more than hints.
    pub(in crate::playground) routes: Routes,
}

/// A node with its syncs under way, and the files that mirror its disk.
pub(in crate::playground) struct Hosted<M> {
    id: NodeId,
    node: Node<M, Wal<SimulatedDisk>>,
    syncs: BTreeMap<WriteSequence, Pending<Wal<SimulatedDisk>>>,
    mirror: Option<Mirror>,
    /// Empty between two steps, but for its memory.
    effects: Effects<Wal<SimulatedDisk>>,
}

impl<M: Exhibit + Default> Hosted<M> {
    pub(in crate::playground) fn new(
        id: NodeId,
        node: Node<M, Wal<SimulatedDisk>>,
        mirror: Option<Mirror>,
    ) -> Self {
        Self {
            id,
            node,
            syncs: BTreeMap::new(),
            mirror,
            effects: Effects::default(),
        }
    }

    /// Takes up again the syncs that were under way when a save was made.
    pub(in crate::playground) fn resume_syncs(
        &mut self,
        syncs: impl IntoIterator<Item = (WriteSequence, WalSync<SimulatedSync>)>,
    ) {
        let resumed = syncs
            .into_iter()
            .map(|(sequence, sync)| (sequence, self.node.resume_sync(sequence, sync)));
        self.syncs.extend(resumed.collect::<Vec<_>>());
    }

    /// Takes over the effects of a node's start.
    pub(in crate::playground) fn started(&mut self, effects: Effects<Wal<SimulatedDisk>>) -> Stepped {
        let mut stepped = Stepped::default();
        self.effects = effects;
        self.write_down(&mut stepped);
        stepped
    }

    /// Writes down the effects of a step, beside the events of it, and leaves none. Lists that are empty there come in exchange.
    fn write_down(&mut self, stepped: &mut Stepped) {
        let Effects {
            write,
            sent,
            routes,
            election,
            heartbeat,
            commit,
            applied,
            taking,
            snapshot_failure,
            answers,
        } = &mut self.effects;
        stepped.write = write.take().map(|(write, pending)| {
            self.syncs.insert(pending.sequence(), pending);
            write
        });
        std::mem::swap(&mut stepped.sent, sent);
        std::mem::swap(&mut stepped.routes, routes);
        std::mem::swap(&mut stepped.applied, applied);
        std::mem::swap(&mut stepped.answers, answers);
        (stepped.election, stepped.heartbeat) = (election.take(), heartbeat.take());
        (stepped.commit, stepped.taking) = (commit.take(), taking.take());
        stepped.snapshot_failure = snapshot_failure.take();
        stepped.mirror_complaint = self.follow();
        let state = self.node.state();
        (stepped.term, stepped.role) = (state.persistent.metadata.term, state.role.name());
    }

    /// Carries out a request. A panic ends the node, not the world.
    pub(super) fn serve(&mut self, request: Request) -> Response {
        catch_unwind(AssertUnwindSafe(|| self.carry_out(request))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Response::Failed(format!("a bug: {}", text.unwrap_or("a panic without a word")))
        })
    }

    /// Ends it as a crash does.
    pub(in crate::playground) fn park(self) -> Parked {
        let open_proposals = self.node.open_proposals().collect();
        let routes = self.node.routes().clone();
        Parked {
            routes,
            disk: self.node.into_disk(),
            mirror: self.mirror,
            open_proposals,
        }
    }

    fn carry_out(&mut self, request: Request) -> Response {
        match request {
            Request::Step(now, input, stepped) => self.step(now, input, stepped),
            Request::Look => Response::Seen(Box::new(self.look())),
            Request::List => Response::Listed(Box::new(self.list())),
            Request::Image => Response::Imaged(self.image()),
            Request::Rules(rules) => {
                self.node.set_rules(rules);
                Response::Done(None)
            }
            Request::ElectionTimeout(shortest) => {
                self.node.set_election_timeout(shortest);
                Response::Done(None)
            }
            Request::Protections(protections) => {
                self.node.set_protections(protections);
                Response::Done(None)
            }
            Request::AutoPromote(switch) => {
                self.node.set_auto_promote(switch);
                Response::Done(None)
            }
            Request::Reroute(switch) => {
                self.node.set_reroute(switch);
                Response::Done(None)
            }
            Request::NoteRoute(now, news) => {
                self.node.routes_mut().note(now, news);
                Response::Done(None)
            }
            Request::ForgetRoute(node) => {
                self.node.routes_mut().forget(node);
                Response::Done(None)
            }
            Request::Readdress(address) => {
                self.node.routes_mut().readdress(address);
                Response::Done(None)
            }
            Request::Limits(limits) => {
                self.node.set_limits(limits);
                Response::Done(None)
            }
            Request::Follow(mirror) => Response::Done(self.be_followed(mirror)),
            Request::SyncMirror => Response::Done(self.mirror.as_mut().and_then(Mirror::sync)),
            Request::DiskFault(fault) => {
                fault.befall(self.node.disk_mut());
                Response::Done(None)
            }
        }
    }

    fn step(&mut self, now: LocalTime, input: HostInput, mut stepped: Box<Stepped>) -> Response {
        let input = match input {
            HostInput::Receive(cluster, message) => NodeInput::Receive { cluster, message },
            HostInput::Gossip(draw) => NodeInput::Gossip { draw },
            HostInput::ElectionTimeout => NodeInput::ElectionTimeout,
            HostInput::HeartbeatTimeout => NodeInput::HeartbeatTimeout,
            HostInput::Propose(id, command) => NodeInput::Propose { id, command },
            HostInput::OpenSession(id, timeout) => NodeInput::OpenSession { id, timeout },
            HostInput::CloseSession(id, session) => NodeInput::CloseSession { id, session },
            HostInput::ProposeIn(id, guarded) => NodeInput::ProposeIn { id, guarded },
            HostInput::Read(id, way, query) => NodeInput::Read { id, way, query },
            HostInput::Reconfigure(id, change) => NodeInput::Reconfigure { id, change },
            HostInput::Transfer(id, target) => NodeInput::Transfer { id, target },
            HostInput::TakeSnapshot => NodeInput::TakeSnapshot,
            HostInput::FinishSnapshot => NodeInput::FinishSnapshot,
            HostInput::SyncDue(sequence) => {
                let pending = self
                    .syncs
                    .remove(&sequence)
                    .expect("the world knows which syncs are under way");
                NodeInput::Synced(pending.sync())
            }
        };
        let (effects, events) = (&mut self.effects, &mut stepped.events);
        let absorbed = self.node.absorb(now, input, effects, events);
        match absorbed.and_then(|()| self.node.act(now, effects, events)) {
            Ok(()) => {
                self.write_down(&mut stepped);
                Response::Stepped(stepped)
            }
            Err(error) => Response::Failed(error.to_string()),
        }
    }

    fn be_followed(&mut self, mut mirror: Mirror) -> Option<String> {
        let disk = self.node.disk_mut();
        disk.enable_journal();
        disk.drain_journal();
        let complaint = mirror.lay_out(&disk.contents());
        self.mirror = Some(mirror);
        complaint
    }

    /// Has the mirror do what the disk did.
    fn follow(&mut self) -> Option<String> {
        let mirror = self.mirror.as_mut()?;
        mirror.follow(self.node.disk_mut().drain_journal())
    }

    fn image(&self) -> Option<Box<Found>> {
        let memory = self.node.image()?;
        let syncs = self
            .syncs
            .iter()
            .map(|(sequence, pending)| (*sequence, *pending.sync_handle()))
            .collect();
        Some(Box::new(Found {
            memory,
            routes: self.node.routes().clone(),
            syncs,
            disk: self.node.wal().disk().clone(),
        }))
    }

    fn list(&self) -> DiskRecords {
        match self.node.list(LISTED) {
            Ok((listing, begun)) => DiskRecords::of(self.id, self.node.wal().disk(), listing, Some(begun)),
            Err(error) => DiskRecords::unreadable(self.id, error.to_string()),
        }
    }

    fn look(&self) -> NodeView {
        let state = self.node.state();
        NodeView {
            id: self.id,
            condition: Condition::Up,
            role: role_view(&state.role, self.node.lease_end()),
            term: state.persistent.metadata.term,
            vote: state.persistent.metadata.vote,
            log: state.persistent.log.clone(),
            commit: state.volatile.commit,
            applied: state.volatile.applied,
            durable: state.volatile.durability.through,
            snapshot: state.persistent.snapshot.as_ref().map(SnapshotView::of),
            taking: None,
            incoming: incoming(&state.role),
            writes: Vec::new(),
            timer: None,
            contents: self.node.machine().contents(),
            sessions: self.node.sessions().clone(),
            clock: Clock::default(),
            routes: self.node.routes().clone(),
            backlog: 0,
            failure: None,
            disk: DiskView::of(self.node.wal().disk()),
        }
    }
}

fn incoming(role: &Role) -> Option<(SnapshotView, u64)> {
    let Role::Follower(follower) = role else {
        return None;
    };
    let incoming = follower.incoming.as_ref()?;
    let (last, bytes) = (incoming.last, incoming.total);
    Some((SnapshotView { last, bytes }, incoming.received()))
}

fn role_view(role: &Role, lease_end: Option<LocalTime>) -> RoleView {
    match role {
        Role::Follower(follower) => RoleView::Follower {
            leader: follower.leader,
        },
        Role::PreCandidate(candidate) => RoleView::PreCandidate {
            granted: candidate.granted.clone(),
            refused: candidate.refused.clone(),
        },
        Role::Candidate(candidate) => RoleView::Candidate {
            granted: candidate.granted.clone(),
            refused: candidate.refused.clone(),
        },
        Role::Leader(leader) => {
            let peers = leader.peers.iter().map(|(id, progress)| {
                let flow = progress.flow.clone();
                (
                    *id,
                    PeerView {
                        matched: progress.matched,
                        next: progress.next,
                        flow,
                    },
                )
            });
            RoleView::Leader {
                peers: peers.collect(),
                transfer: leader.transfer.map(|transfer| transfer.target),
                lease_end: lease_end.map(|end| VirtualTime::from_nanos(end.nanos())),
            }
        }
    }
}
