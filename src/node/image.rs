//! A running node as plain data: what a save must keep of its memory to go on with it exactly.

use bytes::Bytes;

use super::proposals::Proposals;
use super::snapshot::{self, Taking};
use super::work::{Applying, Place};
use super::{Node, NodeSettings, StartError};
use crate::consensus::durable::{Driver, Held, Pending};
use crate::consensus::{Output, Persistent, Raft, Role, State};
use crate::machine::{SerialCheck, Sessions, StateMachine};
use crate::storage::wal::{Recovered, Wal, WalImage};
use crate::types::disk::Disk;
use crate::types::{Caller, Envelope, LogIndex, LogPosition, ProposalId, Term, WriteSequence};

/// The memory of a running node. Its disk stands beside it; its state machine is what its snapshot and its log, applied so far,
/// make it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeImage {
    /// The algorithm's state.
    pub state: State,
    /// What the log store knows besides its disk.
    pub wal: WalImage,
    /// The messages that wait for a write, in order.
    pub held: Vec<(WriteSequence, Envelope)>,
    /// The proposals that nobody knows the end of yet: index, term, name.
    pub proposals: Vec<(LogIndex, Term, ProposalId)>,
    /// The entries that were executed though their serial numbers had been before, in order: none, unless that rule was broken.
    pub executed_again: Vec<LogIndex>,
    /// The reads that are not answered yet: name, question, and the index they wait for where that is known.
    pub reads: Vec<(ProposalId, Bytes, Option<LogIndex>)>,
    /// The last entry of the snapshot that is being taken, if one is.
    pub taking: Option<LogIndex>,
}

impl<M: StateMachine + Default, D: Disk> Node<M, Wal<D>> {
    /// Its memory; `None` once its disk has failed.
    pub fn image(&self) -> Option<NodeImage> {
        let held = self
            .held
            .iter()
            .map(|held| (held.waits_for(), held.sealed().clone()))
            .collect();
        let proposals = self
            .proposals
            .iter()
            .map(|(entry, id)| (entry.index, entry.term, *id))
            .collect();
        let wal = self.driver.store().image()?;
        Some(NodeImage {
            state: self.raft.state().clone(),
            wal,
            held,
            proposals,
            executed_again: self.executed_again(),
            reads: self.reads(),
            taking: self.taking(),
        })
    }

    /// What was executed again since the snapshot, in which all before stands.
    fn executed_again(&self) -> Vec<LogIndex> {
        let snapshot = self.raft.state().persistent.snapshot.as_ref();
        let last = snapshot.map_or(LogIndex::GENESIS, |snapshot| snapshot.last.index);
        let again = self.machine.here().executed_again().iter().copied();
        again.filter(|index| *index > last).collect()
    }

    fn reads(&self) -> Vec<(ProposalId, Bytes, Option<LogIndex>)> {
        let index_of = |id: ProposalId| {
            let ready = self.ready.iter().find(|(_, waiting)| *waiting == id);
            ready.map(|(index, _)| *index)
        };
        let queries = self.queries.iter();
        queries
            .map(|(id, query)| (*id, query.clone(), index_of(*id)))
            .collect()
    }

    /// A running node as a save has it, on the disk as the save has it. Nothing is recovered, and nothing written.
    ///
    /// # Errors
    ///
    /// Where the parts do not fit together, or do not fit the disk.
    pub fn resume(settings: NodeSettings, disk: D, image: NodeImage) -> Result<Self, StartError> {
        let NodeImage {
            state,
            wal,
            held,
            proposals,
            executed_again,
            reads,
            taking,
        } = image;
        let log = &state.persistent.log;
        if log.base() == LogPosition::GENESIS && **log.configuration_at(LogIndex::GENESIS) != settings.genesis
        {
            return Err(StartError::Image("it belongs to a cluster of other nodes"));
        }
        let recovered = Wal::inspect(&disk, settings.identity())?;
        check_recovered(&recovered, &state.persistent)?;
        let wal = Wal::restore(disk, settings.identity(), settings.wal, wal)?;
        let (id, incarnation) = (settings.raft.id, settings.raft.incarnation);
        let (begun, flushed) = (state.volatile.durability.begun, state.volatile.durability.flushed);
        let routes = settings.routes.clone();
        let raft = Raft::resume(settings.raft.clone(), state)?;
        let held = held.into_iter().map(|(waits_for, envelope)| {
            let is_own = envelope.from == id && envelope.to != id;
            let held = Held::reseal(id, incarnation, waits_for, begun, envelope);
            held.filter(|_| is_own && waits_for > flushed)
        });
        let held = held.collect::<Option<Vec<_>>>();
        let held = held.ok_or(StartError::Image(
            "a message of its own waits for a write that is not under way, or is for nobody",
        ))?;
        let (driver, _) = Driver::resume(wal, id, incarnation, begun, flushed);
        let (machine, taking) = replayed(raft.state(), taking, &executed_again)?;
        let proposals = open_proposals(proposals, raft.state())?;
        check_reads(&reads, &proposals, raft.state())?;
        let ready = reads
            .iter()
            .filter_map(|(id, _, index)| Some(((*index)?, *id)))
            .collect();
        let queries = reads.into_iter().map(|(id, query, _)| (id, query)).collect();
        Ok(Self {
            settings,
            raft,
            routes,
            driver,
            held,
            machine: Place::Home(machine),
            applying: Applying::Here,
            taking,
            proposals,
            queries,
            ready,
            out: Output::default(),
        })
    }

    /// A sync that was under way when a save was made.
    pub fn resume_sync(
        &self,
        sequence: WriteSequence,
        sync: <Wal<D> as crate::consensus::durable::Store>::Sync,
    ) -> Pending<Wal<D>> {
        self.driver.resume_pending(sequence, sync)
    }
}

/// What a node remembers is what a reader of its disk sees.
fn check_recovered(recovered: &Recovered, memory: &Persistent) -> Result<(), StartError> {
    let same_log = recovered.base == memory.log.base() && recovered.entries.iter().eq(memory.log.iter());
    if recovered.metadata == memory.metadata && same_log && recovered.snapshot == memory.snapshot {
        Ok(())
    } else {
        Err(StartError::Image(
            "its memory and its disk hold different terms, votes, snapshots or logs",
        ))
    }
}

fn open_proposals(listed: Vec<(LogIndex, Term, ProposalId)>, state: &State) -> Result<Proposals, StartError> {
    let mut proposals = Proposals::default();
    for (index, term, id) in listed {
        let is_open = index > state.volatile.applied;
        if !is_open || !proposals.insert(LogPosition::new(index, term), id) {
            return Err(StartError::Image(
                "a proposal waits for an entry that is applied, or two wait for one",
            ));
        }
    }
    Ok(proposals)
}

/// A read waits for one thing: an index, an entry of its own, a round of heartbeats, or a leader's answer; and whatever waits for a
/// round here is a read.
fn check_reads(
    reads: &[(ProposalId, Bytes, Option<LogIndex>)],
    proposals: &Proposals,
    state: &State,
) -> Result<(), StartError> {
    let in_rounds: Vec<ProposalId> = match &state.role {
        Role::Leader(leader) => {
            let callers = leader.reading.waiting.iter().map(|read| read.caller);
            let here = callers.filter_map(|caller| match caller {
                Caller::Here(id) => Some(id),
                Caller::At(_) => None,
            });
            here.collect()
        }
        Role::Follower(_) | Role::PreCandidate(_) | Role::Candidate(_) => Vec::new(),
    };
    let waits = |(id, _, index): &(ProposalId, Bytes, Option<LogIndex>)| {
        let rounds = in_rounds.iter().filter(|waiting| *waiting == id).count();
        let entries = proposals.iter().filter(|(_, waiting)| waiting == id).count();
        let passed_on = state.volatile.passed_on.iter();
        let passed_on = passed_on.filter(|passed_on| passed_on.id == *id).count();
        // A leader may have named an index that the log does not reach yet.
        let is_open = index.is_none_or(|index| index > state.volatile.applied);
        is_open && rounds + entries + passed_on + usize::from(index.is_some()) == 1
    };
    let is_read = |id: &ProposalId| reads.iter().any(|(read, _, _)| read == id);
    if reads.iter().all(waits)
        && in_rounds.iter().all(is_read)
        && reads.is_sorted_by(|(earlier, ..), (later, ..)| earlier < later)
    {
        Ok(())
    } else {
        Err(StartError::Image(
            "a read waits for nothing that will come, or for two things",
        ))
    }
}

/// The machine that the snapshot and the log, applied so far, make; and the snapshot that is being taken of it, begun anew at
/// its place.
fn replayed<M: StateMachine + Default>(
    state: &State,
    taking: Option<LogIndex>,
    executed_again: &[LogIndex],
) -> Result<(Sessions<M>, Option<Taking>), StartError> {
    let (mut machine, mut begun) = (Sessions::around(M::default()), None);
    let snapshot = state.persistent.snapshot.as_ref();
    let first = snapshot.map(|snapshot| snapshot.last.index.next());
    let first = first.unwrap_or(LogIndex::GENESIS.next());
    let is_possible = |index: LogIndex| index >= first && index <= state.volatile.applied;
    if !taking.is_none_or(is_possible) {
        return Err(StartError::Image(
            "it takes a snapshot of what it has not applied",
        ));
    }
    if let Some(snapshot) = snapshot {
        snapshot::restore(&mut machine, &snapshot.data)?;
    }
    let applied = state.persistent.log.iter();
    let applied = applied.skip_while(|(index, _)| *index < first);
    for (index, entry) in applied.take_while(|(index, _)| *index <= state.volatile.applied) {
        let check = if executed_again.contains(&index) {
            SerialCheck::Broken
        } else {
            SerialCheck::Kept
        };
        machine.apply(index, &entry.payload, check);
        if taking == Some(index) {
            begun = Some(Taking::begin(&mut machine, index));
        }
    }
    Ok((machine, begun))
}
