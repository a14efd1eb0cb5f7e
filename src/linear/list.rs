//! The list of calls and answers that a search goes along.

use super::history::Moment;
use super::search::Call;

/// Calls and answers by time, those of operations that are accounted for left out: put back in reverse order.
///
/// The call of the operation that was answered as the `n`th is node `2n`, its answer node `2n + 1`.
#[derive(Debug)]
pub(super) struct List {
    next: Vec<u32>,
    previous: Vec<u32>,
    first: u32,
}

/// The end of a list.
const END: u32 = u32::MAX;

/// The operation of which a node is the call.
pub(super) fn call_of(node: u32) -> Option<u32> {
    (node != END && node.is_multiple_of(2)).then_some(node / 2)
}

impl List {
    /// The list, for each operation where it stands in a set of open ones, and how many there are at most.
    pub(super) fn of<S>(known: &[(Moment, usize)], calls: &[Call<S>]) -> (Self, Vec<u32>, usize) {
        let mut events: Vec<(Moment, bool, u32)> = Vec::with_capacity(2 * known.len());
        for (rank, (answered, at)) in (0..).zip(known) {
            let called = calls[*at].called.min(*answered);
            events.push((called, false, 2 * rank));
            events.push((*answered, true, 2 * rank + 1));
        }
        events.sort_unstable();
        let nodes: Vec<u32> = events.into_iter().map(|(_, _, node)| node).collect();
        let mut list = Self {
            next: vec![END; nodes.len()],
            previous: vec![END; nodes.len()],
            first: nodes.first().copied().unwrap_or(END),
        };
        for pair in nodes.windows(2) {
            list.next[pair[0] as usize] = pair[1];
            list.previous[pair[1] as usize] = pair[0];
        }
        let (mut free, mut open) = (Vec::new(), 0);
        let mut slots = vec![0; known.len()];
        for node in nodes {
            let slot = &mut slots[node as usize / 2];
            if node % 2 == 1 {
                free.push(*slot);
            } else {
                *slot = free.pop().unwrap_or_else(|| {
                    open += 1;
                    open - 1
                });
            }
        }
        (list, slots, open as usize)
    }

    /// The first node.
    pub(super) fn first(&self) -> u32 {
        self.first
    }

    /// The node after one.
    pub(super) fn after(&self, node: u32) -> u32 {
        self.next[node as usize]
    }

    /// Takes an operation's call and answer out.
    pub(super) fn lift(&mut self, operation: u32) {
        for node in [2 * operation, 2 * operation + 1] {
            let (previous, next) = (self.previous[node as usize], self.next[node as usize]);
            self.join(previous, next);
        }
    }

    /// Puts back what was taken out last.
    pub(super) fn put_back(&mut self, operation: u32) {
        for node in [2 * operation + 1, 2 * operation] {
            let (previous, next) = (self.previous[node as usize], self.next[node as usize]);
            self.set_next(previous, node);
            if next != END {
                self.previous[next as usize] = node;
            }
        }
    }

    fn join(&mut self, previous: u32, next: u32) {
        self.set_next(previous, next);
        if next != END {
            self.previous[next as usize] = previous;
        }
    }

    fn set_next(&mut self, node: u32, next: u32) {
        if node == END {
            self.first = next;
        } else {
            self.next[node as usize] = next;
        }
    }
}
