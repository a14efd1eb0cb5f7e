//! The replicated log in memory: runs of shared entries, and a tail that is still growing.

mod runs;
#[cfg(test)]
mod tests;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use self::runs::Runs;
use crate::types::{Configuration, Entries, Entry, LogIndex, LogPosition, Payload, Term};

/// A log. Equal to another when it holds equal entries at equal places, however the runs were cut.
///
/// Terms never go down from one entry to the next; whoever adds entries sees to it.
#[derive(Clone)]
pub struct Log {
    /// What stands before the first entry: genesis, or the last entry that was dropped behind a snapshot.
    base: LogPosition,
    /// The last entry; the base where there is none.
    last: LogPosition,
    /// The configuration in force at the base, and every one that an entry since then has put into force, in order.
    configurations: Vec<(LogIndex, Arc<Configuration>)>,
    /// The sealed entries.
    runs: Runs,
    /// Entries added since the last [`seal`](Self::seal).
    tail: Vec<Entry>,
    /// What those weigh together.
    tail_weight: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self::after(LogPosition::GENESIS, Arc::default())
    }
}

impl Log {
    /// A log without entries, which begins after `base`, where `configuration` is in force.
    pub fn after(base: LogPosition, configuration: Arc<Configuration>) -> Self {
        Self {
            base,
            last: base,
            configurations: vec![(base.index, configuration)],
            runs: Runs::default(),
            tail: Vec::new(),
            tail_weight: 0,
        }
    }

    /// A log of these entries, which start at index 1, after the genesis configuration.
    pub fn of(genesis: impl Into<Arc<Configuration>>, entries: Entries) -> Self {
        Self::recovered(LogPosition::GENESIS, genesis.into(), entries)
    }

    /// A log of these entries, which start right after `base`, where `configuration` is in force.
    pub fn recovered(base: LogPosition, configuration: Arc<Configuration>, entries: Entries) -> Self {
        let mut log = Self::after(base, configuration);
        log.extend(entries);
        log
    }

    /// What stands before the first entry.
    pub fn base(&self) -> LogPosition {
        self.base
    }

    /// The configuration in force: the latest in the log, committed or not (§6).
    pub fn configuration(&self) -> &Arc<Configuration> {
        &self.latest_configuration().1
    }

    /// The configuration in force, and the index of the entry that put it there: the base's, where none since then did.
    pub fn latest_configuration(&self) -> &(LogIndex, Arc<Configuration>) {
        self.configurations.last().expect("the base has a configuration")
    }

    /// The configuration that was in force at `index`, or at the base where that is later.
    pub fn configuration_at(&self, index: LogIndex) -> &Arc<Configuration> {
        let since = self.configurations.partition_point(|(at, _)| *at <= index);
        &self.configurations[since.saturating_sub(1)].1
    }

    /// The configurations since the base, each with the index from which it is in force; the first is the base's.
    pub fn configurations(&self) -> &[(LogIndex, Arc<Configuration>)] {
        &self.configurations
    }

    /// Drops the entries through `base`, which a snapshot stands for. Where the log has another entry there, or none, all its
    /// entries go, and it begins anew after `base`, where `configuration` is in force (§7).
    pub fn compact(&mut self, base: LogPosition, configuration: Arc<Configuration>) {
        if base.index < self.base.index {
            return;
        }
        if self.term_at(base.index) != Some(base.term) {
            *self = Self::after(base, configuration);
            return;
        }
        self.seal();
        self.runs.drop_through(base.index);
        self.configurations.retain(|(index, _)| *index > base.index);
        self.configurations.insert(0, (base.index, configuration));
        self.base = base;
    }

    /// The index of the first entry the log holds, or would hold.
    pub fn first_index(&self) -> LogIndex {
        self.base.index.next()
    }

    /// The index of the last entry; that of the base where there is none.
    pub fn last_index(&self) -> LogIndex {
        self.last.index
    }

    /// The index and term of the last entry; the base where there is none.
    pub fn last_position(&self) -> LogPosition {
        self.last
    }

    /// The term of the entry at `index`, or of the base; `None` outside the log.
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.last.index {
            Some(self.last.term)
        } else if index == self.base.index {
            Some(self.base.term)
        } else {
            self.entry(index).map(|entry| entry.term)
        }
    }

    /// The position at `index`, where the log knows it.
    pub fn position_at(&self, index: LogIndex) -> Option<LogPosition> {
        self.term_at(index).map(|term| LogPosition::new(index, term))
    }

    /// The entry at `index`.
    pub fn entry(&self, index: LogIndex) -> Option<&Entry> {
        let sealed_last = self.sealed_last();
        if index > sealed_last {
            let offset = usize::try_from(index.since(sealed_last) - 1).ok()?;
            return self.tail.get(offset);
        }
        self.runs.entry(index)
    }

    /// All entries with their indices.
    pub fn iter(&self) -> impl Iterator<Item = (LogIndex, &Entry)> {
        let sealed_last = self.sealed_last().number();
        let tail = self.tail.iter().enumerate();
        let tail = tail.map(move |(offset, entry)| (LogIndex::new(sealed_last + 1 + offset as u64), entry));
        self.runs.iter().flat_map(Entries::iter).chain(tail)
    }

    /// How many entries.
    pub fn len(&self) -> u64 {
        self.last_index().since(self.base.index)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What all entries weigh together.
    pub fn weight(&self) -> u64 {
        self.runs.weight() + self.tail_weight
    }

    /// What the entries after one index and through another weigh together. Walks over no more than parts of two runs and the
    /// tail.
    pub fn weight_between(&self, after: LogIndex, through: LogIndex) -> u64 {
        self.weight_through(through)
            .saturating_sub(self.weight_through(after))
    }

    /// What the entries through an index weigh together.
    fn weight_through(&self, index: LogIndex) -> u64 {
        let in_tail = usize::try_from(index.since(self.sealed_last())).unwrap_or(usize::MAX);
        let in_tail = &self.tail[..in_tail.min(self.tail.len())];
        self.runs.weight_through(index) + in_tail.iter().map(Entry::weight).sum::<u64>()
    }

    /// Adds one entry at the end.
    pub fn push(&mut self, entry: Entry) {
        debug_assert!(entry.term >= self.last_position().term, "terms never go down");
        let index = self.last.index.next();
        if let Payload::Configuration(configuration) = &entry.payload {
            self.configurations.push((index, Arc::clone(configuration)));
        }
        self.last = LogPosition::new(index, entry.term);
        self.tail_weight += entry.weight();
        self.tail.push(entry);
    }

    /// Adds a run at the end, shared. It must start right after the last entry.
    pub fn extend(&mut self, entries: Entries) {
        let Some(last) = entries.last_position() else {
            return;
        };
        assert!(
            entries.first_index() == self.last.index.next(),
            "a gap in the log"
        );
        self.seal();
        for (index, entry) in entries.iter() {
            if let Payload::Configuration(configuration) = &entry.payload {
                self.configurations.push((index, Arc::clone(configuration)));
            }
        }
        self.runs.add(entries);
        self.last = last;
    }

    /// Removes the entries from `index` on.
    pub fn truncate_from(&mut self, index: LogIndex) {
        assert!(index > self.base.index, "truncating what a snapshot replaced");
        let Some(last) = self.position_at(index.previous()) else {
            return;
        };
        self.configurations.retain(|(at, _)| *at < index);
        let sealed_last = self.sealed_last();
        let kept = usize::try_from(index.since(sealed_last).saturating_sub(1)).unwrap_or(usize::MAX);
        let cut = self.tail.drain(kept.min(self.tail.len())..);
        self.tail_weight -= cut.map(|entry| entry.weight()).sum::<u64>();
        self.runs.truncate_from(index);
        self.last = last;
    }

    /// Turns the growing tail into a shared run.
    pub fn seal(&mut self) {
        if !self.tail.is_empty() {
            let first = self.sealed_last().next();
            // The buffer stays for the next tail.
            let tail: Arc<[Entry]> = self.tail.drain(..).collect();
            self.tail_weight = 0;
            self.runs.add(Entries::new(first, tail));
        }
    }

    /// The entries from `from` on, as many as stay within the limits, at least one where there is one. Shared where
    /// they stand in one run, else copied (an entry's copy shares its command). The log must be sealed.
    pub fn slice(&self, from: LogIndex, max_entries: usize, max_weight: u64) -> Entries {
        debug_assert!(self.tail.is_empty(), "slicing a log that is not sealed");
        self.runs.slice(from, max_entries, max_weight)
    }

    /// The entries from `from` on that stand in one run: shared, never copied. None where there are none. The log must be sealed.
    pub fn run_from(&self, from: LogIndex) -> Entries {
        debug_assert!(self.tail.is_empty(), "a run of a log that is not sealed");
        self.runs.run_from(from)
    }

    /// The last index at or before `index` whose term is at most `term`: beyond it, this log and one that has an
    /// entry of `term` at `index` can't agree.
    pub fn last_not_after(&self, index: LogIndex, term: Term) -> LogPosition {
        let mut candidate = index.min(self.last_index());
        loop {
            match self.position_at(candidate) {
                Some(position) if position.term <= term || candidate == self.base.index => return position,
                Some(_) => candidate = candidate.previous(),
                None => return self.base,
            }
        }
    }

    /// The next index to send to a follower that gave this hint. Where that was dropped, the follower needs a snapshot.
    pub fn next_after_hint(&self, hint: LogPosition) -> LogIndex {
        let common = self.last_not_after(hint.index, hint.term);
        let is_before_base = hint.index < self.base.index || common.term > hint.term;
        if is_before_base {
            hint.index.next().min(self.base.index)
        } else {
            common.index.next()
        }
    }

    fn sealed_last(&self) -> LogIndex {
        self.runs.last_index().unwrap_or(self.base.index)
    }
}

impl PartialEq for Log {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base
            && self.configurations.first() == other.configurations.first()
            && self.len() == other.len()
            && self.iter().eq(other.iter())
    }
}

impl Eq for Log {}

impl Hash for Log {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.base.hash(state);
        self.configurations.first().hash(state);
        self.len().hash(state);
        self.iter().for_each(|(_, entry)| entry.hash(state));
    }
}

impl std::fmt::Debug for Log {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_map().entries(self.iter()).finish()
    }
}
