//! The machine at work elsewhere, so that a slow one holds up nothing but its own answers.
//!
//! A machine has one owner. Where a node's [`Applying`] is [`Apart`](Applying::Apart), it hands over the machine itself, with the entries that are
//! committed, and the host carries that [`Work`] to a thread and its end back. Meanwhile the node replicates, and commits what waits for
//! the next work. What needs the machine waits until it is home: entries, questions, a snapshot that is to be begun or finished. A snapshot
//! from the leader can't wait, for it must be in the machine before it is on disk: then the [host](Node::misses_its_machine) waits for the machine.

use super::{Effects, Node};
use crate::consensus::durable::Store;
use crate::consensus::{Input, Observer};
use crate::machine::{Execution, SerialCheck, SessionTable, Sessions, StateMachine};
use crate::types::{ClusterTime, Entries, LocalTime, Term};

/// Where entries are applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Applying {
    /// By the node itself, when they are committed.
    #[default]
    Here,
    /// Elsewhere, meanwhile.
    Apart,
}

/// Where a machine is.
pub(super) enum Place<M> {
    Home(Sessions<M>),
    /// At work. A leader stamps the time while sessions are open; this is the latest, if any were when it left.
    Away(Option<ClusterTime>),
}

impl<M: StateMachine> Place<M> {
    pub(super) fn home(&self) -> Option<&Sessions<M>> {
        match self {
            Self::Home(machine) => Some(machine),
            Self::Away(_) => None,
        }
    }

    pub(super) fn home_mut(&mut self) -> Option<&mut Sessions<M>> {
        match self {
            Self::Home(machine) => Some(machine),
            Self::Away(_) => None,
        }
    }

    /// The machine, where it never leaves or was waited for.
    pub(super) fn here(&self) -> &Sessions<M> {
        self.home().expect("the machine is at home")
    }

    pub(super) fn here_mut(&mut self) -> &mut Sessions<M> {
        self.home_mut().expect("the machine is at home")
    }

    /// The latest time of the cluster, where sessions are open.
    pub(super) fn sessions_time(&self) -> Option<ClusterTime> {
        match self {
            Self::Home(machine) => time_of(machine.table()),
            Self::Away(time) => *time,
        }
    }
}

fn time_of(table: &SessionTable) -> Option<ClusterTime> {
    (!table.is_empty()).then(|| table.time())
}

/// A machine, and what it is to apply.
pub struct Work<M> {
    machine: Sessions<M>,
    runs: Vec<Entries>,
    check: SerialCheck,
}

/// A machine that has done its work, and what came of each entry.
pub struct Worked<M> {
    machine: Sessions<M>,
    runs: Vec<Entries>,
    executions: Vec<Execution>,
}

impl<M: StateMachine> Work<M> {
    /// Does it. Takes as long as the machine does.
    #[must_use = "the machine must come home"]
    pub fn run(self) -> Worked<M> {
        let Self {
            mut machine,
            runs,
            check,
        } = self;
        let entries = runs.iter().flat_map(Entries::iter);
        let executions = entries.map(|(index, entry)| machine.apply(index, &entry.payload, check));
        let executions = executions.collect();
        Worked {
            machine,
            runs,
            executions,
        }
    }
}

impl<M: StateMachine, S: Store> Node<M, S> {
    /// Says where entries are applied from now on.
    pub fn set_applying(&mut self, applying: Applying) {
        self.applying = applying;
    }

    /// Gives the machine away, where it is home, works apart and has something to do.
    pub fn take_work(&mut self) -> Option<Work<M>> {
        let volatile = &self.raft.state().volatile;
        let (mut next, commit) = (volatile.applied.next(), volatile.commit);
        if self.applying == Applying::Here || next > commit || self.machine.home().is_none() {
            return None;
        }
        let mut runs = Vec::new();
        while next <= commit {
            let run = self.raft.state().persistent.log.run_from(next);
            assert!(!run.is_empty(), "what is committed is in the log");
            let run = run.ending_before(commit.next());
            next = run.last_index().next();
            runs.push(run);
        }
        let check = super::serial_check(&self.raft);
        let away = Place::Away(self.machine.sessions_time());
        match std::mem::replace(&mut self.machine, away) {
            Place::Home(machine) => Some(Work { machine, runs, check }),
            Place::Away(_) => None,
        }
    }

    /// Whether it can't act before its machine is home: a snapshot from the leader is to be put into it.
    pub fn misses_its_machine(&self) -> bool {
        self.machine.home().is_none() && self.raft.is_to_restore()
    }

    /// The machine is back. Who waited for what it applied is told.
    pub fn take_back<O: Observer>(
        &mut self,
        now: LocalTime,
        worked: Worked<M>,
        effects: &mut Effects<S>,
        observer: &mut O,
    ) {
        let Worked {
            machine,
            runs,
            executions,
        } = worked;
        self.machine = Place::Home(machine);
        let Some(through) = runs.last().map(Entries::last_index) else {
            return;
        };
        let mut before = self.applied_term();
        let entries = runs.iter().flat_map(Entries::iter);
        for ((index, entry), execution) in entries.zip(executions) {
            self.note_applied::<O>(index, entry, execution, (&mut before, through), effects);
        }
        // A snapshot from the leader may stand for all of that, and more.
        if through > self.raft.state().volatile.applied {
            self.raft.absorb(now, Input::Applied(through), observer);
        }
    }

    /// The term of the last entry that was applied.
    pub(super) fn applied_term(&self) -> Option<Term> {
        let state = self.raft.state();
        state.persistent.log.term_at(state.volatile.applied)
    }
}
