//! The memory of a running node.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::message::message_of;
use super::snapshot::{incoming_of, sending_of};
use super::wish;
use super::{Members, Orders, Problem, ensure, ensure_to_come};
use crate::consensus::{
    Candidate, CatchUp, Confirmed, Durability, Flow, Follower, InFlight, Incoming, Leader, Lease, Persistent,
    PreCandidate, Probe, Progress, Reading, Role, State, Transfer, TransferStage, Volatile,
};
use crate::node;
use crate::playground::{BacklogImage, MessageId, ProcessImage, Timer, TimerImage, WorldImage, WriteImage};
use crate::save::format::{
    BacklogFile, FlowFile, HeldFile, LeaseFile, MANY, NodeFile, PeerFile, ReadingFile, RoleFile, StateFile,
    SyncFile, TransferFile, WriteFile,
};
use crate::save::scalar::{List, Number, Seconds, Text};
use crate::storage::wal::{WalImage, WalSync};
use crate::types::{
    ClusterTime, Envelope, LocalTime, LogIndex, NodeId, NodeMap, ProposalId, Round, Term, VirtualTime,
    WriteSequence,
};

/// What the memory of a running node is made from.
pub(super) struct Maker<'a> {
    pub(super) id: NodeId,
    pub(super) image: &'a WorldImage,
    /// What its own clock says.
    pub(super) now: LocalTime,
    pub(super) members: Members,
    pub(super) persistent: Persistent,
    /// How its writes are synced.
    pub(super) syncs: List<SyncFile, MANY>,
}

impl Maker<'_> {
    pub(super) fn process(
        self,
        file: NodeFile,
        synced: u64,
        orders: &mut Orders,
    ) -> Result<ProcessImage, Problem> {
        let incoming = file.incoming.as_ref().map(incoming_of).transpose()?;
        let role = self.role(&file, incoming)?;
        let volatile = self.volatile(&file)?;
        let timer = self.timer(&file, orders)?;
        let taking = file.taking.map(|taking| LogIndex::new(taking.through.get()));
        let snapshot_due = self.snapshot_due(&file, orders)?;
        let proposals = file.proposals.iter().map(|proposal| {
            let (index, term) = (
                LogIndex::new(proposal.index.get()),
                Term::new(proposal.term.get()),
            );
            (index, term, ProposalId::new(proposal.id.get()))
        });
        let proposals = proposals.collect();
        let reads = file.reads.iter().map(|read| {
            let index = read.index.map(|index| LogIndex::new(index.get()));
            (ProposalId::new(read.id.get()), read.query.0.clone(), index)
        });
        let reads = reads.collect();
        let executed_again = file.executed_again.iter().map(|index| LogIndex::new(index.get()));
        let executed_again = executed_again.collect::<Vec<_>>().into_iter();
        let writes = self.writes(file.writes, orders)?;
        let held = self.held(file.held)?;
        let memory = node::NodeImage {
            wal: WalImage { synced },
            held,
            proposals,
            executed_again: executed_again.collect(),
            reads,
            taking,
            state: State {
                persistent: self.persistent,
                volatile,
                role,
            },
        };
        let is_frozen = file.state == StateFile::Frozen;
        Ok(ProcessImage {
            memory,
            writes,
            timer,
            snapshot_due,
            frozen: is_frozen.then(|| backlog_of(file.backlog, file.role)),
        })
    }

    fn role(&self, file: &NodeFile, incoming: Option<Incoming>) -> Result<Role, Problem> {
        Ok(match file.role {
            RoleFile::Follower => Role::Follower(Follower {
                leader: file.leader.map(|leader| self.members.node(leader)).transpose()?,
                incoming,
            }),
            RoleFile::PreCandidate => Role::PreCandidate(PreCandidate {
                granted: self.granted(file)?,
                refused: self.ids(&file.refused)?,
            }),
            RoleFile::Candidate => Role::Candidate(Candidate {
                granted: self.granted(file)?,
                refused: self.ids(&file.refused)?,
            }),
            RoleFile::Leader => Role::Leader(Leader {
                peers: self.peers(&file.peers)?,
                transfer: file
                    .transfer
                    .map(|transfer| self.transfer(transfer))
                    .transpose()?,
                catching_up: self.catching_up(&file.peers)?,
                uncommitted: self.uncommitted(file.commit),
                reading: match &file.reading {
                    Some(reading) => self.reading(reading)?,
                    None => self.first_round(file.transfer),
                },
                served: wish::served(&file.served, self.members)?,
                stamped: file.stamped.map(|(time, at)| (cluster_time(time), local(at))),
            }),
        })
    }

    /// Who granted; by default itself.
    fn granted(&self, file: &NodeFile) -> Result<BTreeSet<NodeId>, Problem> {
        let granted = file.granted.as_ref().map(|granted| self.ids(granted));
        granted.unwrap_or_else(|| Ok(BTreeSet::from([self.id])))
    }

    fn transfer(&self, file: TransferFile) -> Result<Transfer, Problem> {
        let target = self.members.node(file.to)?;
        ensure(target != self.id, "it can't hand over to itself")?;
        let stage = if file.asked {
            TransferStage::Asked
        } else {
            TransferStage::CatchingUp
        };
        Ok(Transfer {
            target,
            since: local(file.since),
            stage,
        })
    }

    /// Another node: one that exists, or a member that is still to start.
    fn peer(&self, number: Number) -> Result<NodeId, Problem> {
        let joining = Members::possible(number).ok();
        let is_member = |id: &NodeId| self.persistent.log.configuration().is_member(*id);
        joining
            .filter(is_member)
            .map_or_else(|| self.members.node(number), Ok)
    }

    fn ids(&self, numbers: &[Number]) -> Result<BTreeSet<NodeId>, Problem> {
        numbers.iter().map(|number| self.members.node(*number)).collect()
    }

    /// What a leader's entries after its commit index count towards limits in bytes.
    fn uncommitted(&self, commit: Number) -> u64 {
        let entries = self
            .persistent
            .log
            .iter()
            .filter(|(index, _)| index.number() > commit.get());
        entries
            .map(|(_, entry)| entry.weight())
            .fold(0, u64::saturating_add)
    }

    /// A leader's rounds where none are told: the first begins now.
    fn first_round(&self, transfer: Option<TransferFile>) -> Reading {
        let now = self.now;
        let first = Round::new(1);
        let is_asked = transfer.is_some_and(|transfer| transfer.asked);
        let is_leased = self.image.settings.protections.lease.is_on();
        Reading {
            round: first,
            open: VecDeque::from([(first, now)]),
            lease: match (is_asked, is_leased) {
                (true, _) => Lease::Void,
                (false, true) => Lease::From(first),
                (false, false) => Lease::Off,
            },
            ..Reading::default()
        }
    }

    fn reading(&self, file: &ReadingFile) -> Result<Reading, Problem> {
        let round = |number: Number| Round::new(number.get());
        let waiting = file.waiting.iter();
        let waiting = waiting.map(|read| wish::waiting_of(read, self.members));
        Ok(Reading {
            round: round(file.round),
            open: file
                .open
                .iter()
                .map(|(number, at)| (round(*number), local(*at)))
                .collect(),
            confirmed: file.confirmed.map(|(number, at)| Confirmed {
                round: round(number),
                sent: local(at),
            }),
            waiting: waiting.collect::<Result<_, Problem>>()?,
            lease: match file.lease {
                LeaseFile::Off => Lease::Off,
                LeaseFile::From(number) => Lease::From(round(number)),
                LeaseFile::Void => Lease::Void,
            },
        })
    }

    /// The rounds of the learners; of one that is not told, the first begins now.
    fn catching_up(&self, files: &[PeerFile]) -> Result<BTreeMap<NodeId, CatchUp>, Problem> {
        let now = self.now;
        let first = |learner: &NodeId| {
            let (round, goal, since) = (1, self.persistent.log.last_index(), now);
            (*learner, CatchUp { round, goal, since })
        };
        let learners = self.persistent.log.configuration().learners.iter();
        let mut rounds: BTreeMap<_, _> = learners.filter(|id| **id != self.id).map(first).collect();
        for file in files {
            let Some(round) = file.round else { continue };
            let peer = self.peer(file.node)?;
            let number = u32::try_from(round.number.get())
                .ok()
                .filter(|number| *number > 0);
            rounds.insert(
                peer,
                CatchUp {
                    round: number.ok_or_else(|| Problem(format!("{peer}'s rounds are numbered from 1")))?,
                    goal: LogIndex::new(round.goal.get()),
                    since: local(round.since),
                },
            );
        }
        Ok(rounds)
    }

    fn peers(&self, files: &[PeerFile]) -> Result<NodeMap<Progress>, Problem> {
        let next = self.persistent.log.last_index().next();
        let others = self.persistent.log.configuration().peers_of(self.id);
        let now = self.now;
        let mut peers: NodeMap<_> = others.map(|peer| (peer, Progress::new(next, now))).collect();
        let mut named = BTreeSet::from([self.id]);
        for file in files {
            let peer = self.peer(file.node)?;
            ensure(
                named.insert(peer),
                format!("its peers are the other nodes, each once, so not {peer}"),
            )?;
            let progress = Progress {
                matched: LogIndex::new(file.matched.get()),
                next: file.next.map_or(next, |next| LogIndex::new(next.get())),
                flow: flow_of(&file.flow, now),
                heard: file.heard.map_or(now, local),
                round: Round::new(file.answered.get()),
            };
            ensure(
                progress.matched < progress.next && progress.next <= next,
                format!("{peer}'s `next` must be past its `matched`, and {next} at most: one past the log"),
            )?;
            peers.insert(peer, progress);
        }
        Ok(peers)
    }

    /// The timer of its role; none where that has run out on a frozen node.
    fn timer(&self, file: &NodeFile, orders: &mut Orders) -> Result<Option<TimerImage>, Problem> {
        if file.backlog.contains(&BacklogFile::Timer) {
            return Ok(None);
        }
        let (timer, now) = (timer_of(file.role), self.image.now);
        let usual = self
            .image
            .timer_duration(timer, self.id, self.persistent.metadata.term);
        let deadline = file.timer.map_or(now.after(usual), Seconds::instant);
        let set_for = file.timer_set_for.map(Seconds::duration);
        ensure_to_come("its timer runs out", deadline, now)?;
        Ok(Some(TimerImage {
            timer,
            deadline,
            order: orders.place(file.timer_order),
            duration: set_for.unwrap_or_else(|| deadline.since(now)),
        }))
    }

    /// When the snapshot that it takes is finished; a frozen node may have still to learn that it is.
    fn snapshot_due(
        &self,
        file: &NodeFile,
        orders: &mut Orders,
    ) -> Result<Option<(VirtualTime, u64)>, Problem> {
        let Some((taking, due)) = file
            .taking
            .and_then(|taking| Some((taking, taking.due?.instant())))
        else {
            return Ok(None);
        };
        ensure_to_come("its snapshot is finished", due, self.image.now)?;
        Ok(Some((due, orders.place(taking.order))))
    }

    fn volatile(&self, file: &NodeFile) -> Result<Volatile, Problem> {
        let last = self.persistent.log.last_index();
        let index = |number: Number| LogIndex::new(number.get());
        let snapshot = self.persistent.snapshot.as_ref();
        let snapshot = snapshot.map_or(LogIndex::GENESIS, |snapshot| snapshot.last.index);
        let commit = index(file.commit).max(snapshot);
        let applied = file.applied.map_or(commit, index).max(snapshot);
        let durable = file.durable.map_or(last, index);
        for (what, index, bound, most) in [
            ("commit", commit, "the end of its log", last),
            ("applied", applied, "what is committed", commit),
            ("durable", durable, "the end of its log", last),
        ] {
            let sentence = format!("its `{what}` index {index} is past {bound}, {most}");
            ensure(index <= most, sentence)?;
        }
        let flushed = file.counters.writes.get();
        let under_way = file
            .writes
            .iter()
            .map(|write| (WriteSequence::new(write.number.get()), index(write.through)));
        Ok(Volatile {
            commit,
            applied,
            heard: file.heard.map(local),
            passed_on: wish::passed_on(&file.passed_on, self.id, self.members)?.into(),
            durability: Durability {
                begun: WriteSequence::new(flushed + file.writes.len() as u64),
                flushed: WriteSequence::new(flushed),
                metadata: WriteSequence::new(file.counters.term_write.get()),
                installed: WriteSequence::new(file.counters.snapshot_write.get()),
                through: durable,
                under_way: under_way.collect(),
            },
        })
    }

    fn writes<const MOST: usize>(
        &self,
        files: List<WriteFile, MOST>,
        orders: &mut Orders,
    ) -> Result<Vec<WriteImage>, Problem> {
        let numbers = files.iter().map(|write| write.number);
        let is_synced = numbers.eq(self.syncs.iter().map(|sync| sync.write));
        ensure(
            is_synced,
            "its disk's `syncs` are not those of its `writes`, in the same order",
        )?;
        let writes = files.into_iter().zip(self.syncs.iter()).map(|(write, sync)| {
            let due = write.due.map(Seconds::instant);
            if let Some(due) = due {
                ensure_to_come("a write of its is done", due, self.image.now)?;
            }
            Ok(WriteImage {
                sequence: WriteSequence::new(write.number.get()),
                sync: WalSync::from(*sync),
                due: due.map(|due| (due, orders.place(write.order))),
            })
        });
        writes.collect()
    }

    fn held<const MOST: usize>(
        &self,
        files: List<HeldFile, MOST>,
    ) -> Result<Vec<(WriteSequence, Envelope)>, Problem> {
        let held = files.into_iter().map(|file| {
            let term = Term::new(file.term.get());
            let envelope = Envelope {
                from: self.id,
                to: self.peer(file.to)?,
                term,
                message: message_of(file.says, term)?,
            };
            Ok((WriteSequence::new(file.write.get()), envelope))
        });
        held.collect()
    }
}

fn cluster_time(time: Seconds) -> ClusterTime {
    ClusterTime::from_nanos(time.instant().nanos())
}

/// A moment by a node's own clock.
pub(super) fn local(time: Seconds) -> LocalTime {
    LocalTime::from_nanos(time.instant().nanos())
}

fn timer_of(role: RoleFile) -> Timer {
    match role {
        RoleFile::Follower | RoleFile::PreCandidate | RoleFile::Candidate => Timer::Election,
        RoleFile::Leader => Timer::Heartbeat,
    }
}

fn backlog_of<const MOST: usize>(files: List<BacklogFile, MOST>, role: RoleFile) -> Vec<BacklogImage> {
    let waiting = files.into_iter().map(|file| match file {
        BacklogFile::Message(id) => BacklogImage::Message(MessageId(id.get())),
        BacklogFile::Timer => BacklogImage::Timer(timer_of(role)),
        BacklogFile::Write(number) => BacklogImage::Write(WriteSequence::new(number.get())),
        BacklogFile::Snapshot(index) => BacklogImage::Snapshot(LogIndex::new(index.get())),
        BacklogFile::Proposal(id, Text(command)) => {
            BacklogImage::Proposal(ProposalId::new(id.get()), command)
        }
    });
    waiting.collect()
}

fn flow_of(file: &FlowFile, now: LocalTime) -> Flow {
    match file {
        FlowFile::Probe => Flow::Probe(Probe::Ready),
        FlowFile::Awaiting => Flow::Probe(Probe::Awaiting),
        FlowFile::Snapshot(sending) => Flow::Snapshot(sending_of(*sending, now)),
        FlowFile::Replicate(requests) => {
            let request = |(last, weight): &(Number, Number)| InFlight {
                last: LogIndex::new(last.get()),
                weight: weight.get(),
            };
            Flow::Replicate {
                in_flight: requests.iter().map(request).collect(),
            }
        }
    }
}
