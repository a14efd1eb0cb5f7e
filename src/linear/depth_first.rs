//! The search for an order of operations that explains all answers, depth first.
//!
//! In the manner of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the memory of Lowe ("Testing for linearizability", 2017):
//! calls and answers stand in a list by time. What is called before the first answer in the list may happen next; one of them is
//! taken, and leaves the list with its answer; where none can be, the last taken is put back. Where the search has been once it need not go again, and
//! where it has been is small: how many answers are accounted for, which of the operations *open* at the next one are, and the state.
//!
//! Beyond that:
//!
//! - What can do no harm to anything else, as a read, is taken as soon as it fits and never taken back ([`Model::is_idle`]).
//! - Operations of unknown outcome stand beside the list, for they may happen at any time after their calls, or never, and are tried last. Of equal
//!   ones the first is used. To be where one has been with more of them used is of no use.
//! - An order that can't give a later answer is given up at once, not when it gets there: appends that are read much later would
//!   otherwise be tried in every order. That is so where the next answer that depends on the state is out of reach
//!   ([`Model::leads_to`]), or any that nothing else can bring about ([`Model::strands`]). What keeps the next answer in reach is tried first.

use super::history::Moment;
use super::list::{List, call_of};
use super::memo::{Memo, Place, Sight, Taken};
use super::model::{Model, Sure};
use super::outlook::{Class, Goal, classes, goals};
use super::search::{Call, Limits};
use super::spares::{Spares, Used};

/// How a search ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With an order that explains every answer.
    Order(Vec<usize>),
    /// There is none: all has been tried.
    Exhausted,
    /// It came no further in as many steps as it had patience for.
    OutOfPatience,
    /// It would have taken more memory than it may.
    OutOfMemory,
    /// It would have taken more steps than it may.
    OutOfSteps,
}

/// Whether a search takes nothing that something else needs. It may then miss an order, but where there is one it mostly finds it much sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thrift {
    Yes,
    No,
}

/// How many orders are kept of a search that found none.
const ORDERS: usize = 8;

/// A search.
pub(super) struct DepthFirst<'a, M: Model> {
    model: &'a mut M,
    limits: Limits,
    /// So many answers ahead it looks whether it can still give them.
    sight: usize,
    thrift: Thrift,
    steps: u64,
    /// After how many steps it came as far as it did.
    steps_to_best: u64,
    /// The answered operations, by the order of their answers.
    known: Vec<(usize, &'a M::Step)>,
    /// Where each stands in a set of open operations.
    slots: Vec<u32>,
    classes: Vec<Class<'a, M::Step>>,
    /// For each answer the next that depends on the state, from it on.
    goals: Vec<Option<Goal>>,
    /// For each answer how many that reset the state are answered before it.
    resets: Vec<usize>,
    list: List,
    memo: Memo<M::State>,
    spares: Spares,
    /// Which operations are accounted for.
    is_placed: Vec<bool>,
    /// Of those that are and were answered later than the first that is not, where they stand in a set.
    open: Vec<u64>,
    now: Sight<M::State>,
    place: Place,
    taken: Vec<Frame<M::State>>,
    best: Place,
}

/// Something taken, and what to go back to.
struct Frame<S> {
    taken: Taken,
    before: Sight<S>,
    place: Place,
    /// What to try when it is taken back; `None` where nothing else need be.
    next: Option<Candidate>,
}

/// What may be taken next.
#[derive(Clone, Copy, Debug)]
enum Candidate {
    /// A node of the list, if it is a call that promises well.
    Promising(u32),
    /// The same, if it does not.
    Other(u32),
    /// The class before this one.
    Spare(u32),
}

impl<'a, M: Model> DepthFirst<'a, M> {
    /// A search that begins in a state.
    pub(super) fn new(
        model: &'a mut M,
        state: M::State,
        calls: &'a [Call<M::Step>],
        sight: usize,
        thrift: Thrift,
        limits: Limits,
    ) -> Self {
        let mut known: Vec<(Moment, usize)> = Vec::new();
        let mut unknown: Vec<usize> = Vec::new();
        for (at, call) in calls.iter().enumerate() {
            match call.answered {
                Some(answered) => known.push((answered, at)),
                None => unknown.push(at),
            }
        }
        known.sort_unstable();
        let answers: Vec<Moment> = known.iter().map(|(answered, _)| *answered).collect();
        let (list, slots, open) = List::of(&known, calls);
        let known: Vec<_> = known.into_iter().map(|(_, at)| (at, &calls[at].step)).collect();
        let (goals, resets) = goals(model, &known, calls, &unknown, &answers);
        let steps: Vec<_> = known.iter().map(|(_, step)| *step).collect();
        let spare_steps: Vec<_> = unknown.iter().map(|at| &calls[*at].step).collect();
        model.expect(&steps, &spare_steps);
        let is_of_use = |at: &usize| model.is_of_use(&calls[*at].step);
        let unknown: Vec<usize> = unknown.into_iter().filter(is_of_use).collect();
        let classes = classes(&unknown, calls, &answers);
        for step in steps.iter().take(sight) {
            model.in_sight(step);
        }
        let memo = Memo::starting_at(state, open);
        Self {
            model,
            limits,
            sight,
            thrift,
            steps: 0,
            steps_to_best: 0,
            is_placed: vec![false; known.len()],
            open: vec![0; memo.words()],
            known,
            slots,
            classes,
            goals,
            resets,
            list,
            memo,
            spares: Spares::new(),
            now: Sight {
                answered: 0,
                state,
                used: Used::NONE,
            },
            place: Place::START,
            taken: Vec::new(),
            best: Place::START,
        }
    }

    /// Searches, so long as it does not take more steps than `patience` without coming further.
    pub(super) fn run(&mut self, patience: u64) -> End {
        let mut next = Candidate::Promising(self.list.first());
        loop {
            if self.now.answered as usize == self.known.len() {
                return End::Order(self.order_to(self.place));
            }
            if self.steps > self.limits.steps {
                return End::OutOfSteps;
            }
            if self.memo.bytes() + self.spares.bytes() > self.limits.bytes {
                return End::OutOfMemory;
            }
            if self.steps - self.steps_to_best > patience {
                return End::OutOfPatience;
            }
            if self.advance(next) {
                next = Candidate::Promising(self.list.first());
                continue;
            }
            match self.take_back() {
                Some(other) => next = other,
                None => return End::Exhausted,
            }
        }
    }

    /// How many answers it could account for at most, from the first on. It looks ahead, so it may have given up before it was stuck:
    /// with one more there may be an order.
    pub(super) fn answered(&self) -> usize {
        self.memo.answered(self.best) as usize
    }

    /// Orders that account for as many answers as it could, which lead to different states: a few.
    pub(super) fn orders(&self) -> Vec<Vec<usize>> {
        let answered = self.memo.answered(self.best);
        let others = self.memo.places_at(answered, ORDERS);
        let others = others.into_iter().filter(|place| *place != self.best);
        let places = std::iter::once(self.best).chain(others).take(ORDERS);
        places.map(|place| self.order_to(place)).collect()
    }

    /// Takes one more operation, the candidate or one after it. Gives whether there was one.
    fn advance(&mut self, mut candidate: Candidate) -> bool {
        if let Candidate::Promising(first) = candidate
            && first == self.list.first()
            && let Some(idle) = self.idle()
        {
            let state = self.after_known(idle);
            return state.is_some_and(|state| self.take(Taken::Known(idle), state, None));
        }
        loop {
            let (taken, state, next) = match candidate {
                Candidate::Spare(0) => return false,
                Candidate::Spare(above) => {
                    let class = above - 1;
                    (
                        Taken::Spare(class),
                        self.after_spare(class),
                        Candidate::Spare(class),
                    )
                }
                Candidate::Promising(node) => {
                    let Some(operation) = call_of(node) else {
                        candidate = Candidate::Other(self.list.first());
                        continue;
                    };
                    let state = self.after_known(operation);
                    let state = state.filter(|state| self.is_promising(*state));
                    let next = Candidate::Promising(self.list.after(node));
                    (Taken::Known(operation), state, next)
                }
                Candidate::Other(node) => {
                    let Some(operation) = call_of(node) else {
                        candidate = Candidate::Spare(self.last_class());
                        continue;
                    };
                    let state = self.after_known(operation);
                    let state = state.filter(|state| !self.is_promising(*state));
                    let next = Candidate::Other(self.list.after(node));
                    (Taken::Known(operation), state, next)
                }
            };
            if let Some(state) = state
                && self.take(taken, state, Some(next))
            {
                return true;
            }
            candidate = next;
        }
    }

    fn after_known(&mut self, operation: u32) -> Option<M::State> {
        self.steps += 1;
        let step = self.known[operation as usize].1;
        let state = self.model.after(self.now.state, step)?;
        let is_spared = self.thrift == Thrift::Yes && self.model.wastes(step, state);
        (!is_spared).then_some(state)
    }

    /// Whether the next answer that depends on the state may come right after.
    fn is_promising(&self, state: M::State) -> bool {
        self.next_goal().is_none_or(|goal| {
            let step = self.known[goal.operation as usize].1;
            self.model.leads_to(state, step)
        })
    }

    /// The next answer that depends on the state and is not accounted for.
    fn next_goal(&self) -> Option<Goal> {
        let mut at = self.now.answered as usize;
        while let Some(Some(goal)) = self.goals.get(at) {
            if !self.is_placed[goal.operation as usize] {
                return Some(*goal);
            }
            at = goal.operation as usize + 1;
        }
        None
    }

    /// An operation that may as well happen now.
    fn idle(&mut self) -> Option<u32> {
        let mut node = self.list.first();
        while let Some(operation) = call_of(node) {
            self.steps += 1;
            if self
                .model
                .is_idle(self.now.state, self.known[operation as usize].1)
            {
                return Some(operation);
            }
            node = self.list.after(node);
        }
        None
    }

    fn last_class(&self) -> u32 {
        u32::try_from(self.classes.len()).expect("fewer than calls")
    }

    /// The state after one more of a class; `None` where none is left that was called, or to take it is of no use: then it need not be taken.
    fn after_spare(&mut self, class: u32) -> Option<M::State> {
        let Class { step, members } = &self.classes[class as usize];
        let used = self.spares.count(self.now.used, class) as usize;
        members
            .get(used)
            .filter(|(callable, _)| *callable <= self.now.answered)?;
        self.steps += 1;
        let state = self.model.after_unknown(self.now.state, step)?;
        if state == self.now.state {
            return None;
        }
        // What was taken before it for nothing need not have been.
        let last = self.taken.last();
        let before = last.filter(|frame| matches!(frame.taken, Taken::Spare(_)));
        let is_vain =
            before.is_some_and(|frame| self.model.after_unknown(frame.before.state, step) == Some(state));
        (!is_vain).then_some(state)
    }

    /// Takes an operation, unless that leads nowhere new.
    fn take(&mut self, taken: Taken, state: M::State, next: Option<Candidate>) -> bool {
        let before = self.now;
        match taken {
            Taken::Known(operation) => self.lift(operation),
            Taken::Spare(class) => self.now.used = self.spares.with(self.now.used, class),
        }
        let (step, sure) = step_of(&self.known, &self.classes, taken);
        self.model.took(step, sure);
        self.now.state = self.model.settled(state);
        let is_lost = self.is_lost();
        let way = (self.place, taken);
        let visited = (!is_lost)
            .then(|| self.memo.visit(&self.spares, self.now, &self.open, way))
            .flatten();
        let Some(place) = visited else {
            self.restore(taken, before);
            return false;
        };
        self.taken.push(Frame {
            taken,
            before,
            place: self.place,
            next,
        });
        self.place = place;
        if self.memo.answered(self.best) < self.now.answered {
            self.best = place;
            self.steps_to_best = self.steps;
        }
        true
    }

    /// Takes back the last operation for which something else can be tried, and gives what.
    fn take_back(&mut self) -> Option<Candidate> {
        loop {
            let frame = self.taken.pop()?;
            self.restore(frame.taken, frame.before);
            self.place = frame.place;
            if frame.next.is_some() {
                return frame.next;
            }
        }
    }

    /// Accounts for an operation, and for all answers up to the first that is not accounted for.
    fn lift(&mut self, operation: u32) {
        self.list.lift(operation);
        if self.is_in_sight(operation) {
            self.model.out_of_sight(self.known[operation as usize].1);
        }
        self.is_placed[operation as usize] = true;
        self.flip(operation);
        while self.is_placed.get(self.now.answered as usize) == Some(&true) {
            self.flip(self.now.answered);
            if let Some(step) = self.farthest() {
                self.model.in_sight(step);
            }
            self.now.answered += 1;
        }
    }

    /// Whether an operation is answered so soon that the search looks ahead to it.
    fn is_in_sight(&self, operation: u32) -> bool {
        (operation as usize) < self.sight.saturating_add(self.now.answered as usize)
    }

    /// What comes in sight with the next answer that is accounted for.
    fn farthest(&self) -> Option<&'a M::Step> {
        let at = self.sight.saturating_add(self.now.answered as usize);
        (self.is_placed.get(at) == Some(&false)).then(|| self.known[at].1)
    }

    fn restore(&mut self, taken: Taken, before: Sight<M::State>) {
        let (step, sure) = step_of(&self.known, &self.classes, taken);
        self.model.took_back(step, sure);
        if let Taken::Known(operation) = taken {
            while self.now.answered > before.answered {
                self.now.answered -= 1;
                if let Some(step) = self.farthest() {
                    self.model.out_of_sight(step);
                }
                self.flip(self.now.answered);
            }
            self.flip(operation);
            self.is_placed[operation as usize] = false;
            if self.is_in_sight(operation) {
                self.model.in_sight(step);
            }
            self.list.put_back(operation);
        }
        self.now = before;
    }

    fn flip(&mut self, operation: u32) {
        let slot = self.slots[operation as usize];
        self.open[slot as usize / 64] ^= 1 << (slot % 64);
    }

    /// Whether some answer that depends on the state can't be had any more.
    fn is_lost(&self) -> bool {
        let is_out_of_reach = |goal: Goal| {
            let step = self.known[goal.operation as usize].1;
            let have_come = self.resets[self.now.answered as usize];
            let is_straight = goal.resets.is_some_and(|may_come| may_come <= have_come);
            is_straight && !self.model.leads_to(self.now.state, step)
        };
        self.model.strands(self.now.state) || self.next_goal().is_some_and(is_out_of_reach)
    }

    fn order_to(&self, place: Place) -> Vec<usize> {
        let mut used = vec![0; self.classes.len()];
        let way = self.memo.way_to(place).into_iter();
        let call = |taken| match taken {
            Taken::Known(operation) => self.known[operation as usize].0,
            Taken::Spare(class) => {
                used[class as usize] += 1;
                self.classes[class as usize].members[used[class as usize] - 1].1
            }
        };
        way.map(call).collect()
    }
}

fn step_of<'a, S>(known: &[(usize, &'a S)], classes: &[Class<'a, S>], taken: Taken) -> (&'a S, Sure) {
    match taken {
        Taken::Known(operation) => (known[operation as usize].1, Sure::Yes),
        Taken::Spare(class) => (classes[class as usize].step, Sure::No),
    }
}
