//! The replicated log in memory: runs of shared entries, and a tail that is still growing.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::types::{Configuration, Entries, Entry, LogIndex, LogPosition, Payload, Term};

/// Runs are joined up to this many entries.
const LONGEST_JOINED_RUN: usize = 4096;

/// A log. Equal to another when it holds equal entries at equal places, however the runs were cut.
///
/// Terms never go down from one entry to the next; whoever adds entries sees to it.
#[derive(Clone)]
pub struct Log {
    /// What stands before the first entry: genesis, or the last entry that was dropped behind a snapshot.
    base: LogPosition,
    /// The configuration in force at the base, and every one that an entry since then has put into force, in order.
    configurations: Vec<(LogIndex, Arc<Configuration>)>,
    /// Sealed runs in order, none empty, each starting where the one before ends.
    runs: Vec<Entries>,
    /// Entries added since the last [`seal`](Self::seal).
    tail: Vec<Entry>,
    /// What all entries weigh together.
    weight: u64,
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
            configurations: vec![(base.index, configuration)],
            runs: Vec::new(),
            tail: Vec::new(),
            weight: 0,
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
        self.weight -= self.walked_weight(self.base.index, base.index);
        self.seal();
        self.runs.retain(|run| run.last_index() > base.index);
        if let Some(first) = self.runs.first_mut() {
            *first = first.starting_at(base.index.next());
        }
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
        LogIndex::new(self.sealed_last().number() + self.tail.len() as u64)
    }

    /// The index and term of the last entry; the base where there is none.
    pub fn last_position(&self) -> LogPosition {
        let last = self.last_index();
        LogPosition::new(
            last,
            self.term_at(last)
                .expect("the last index is in the log or is its base"),
        )
    }

    /// The term of the entry at `index`, or of the base; `None` outside the log.
    pub fn term_at(&self, index: LogIndex) -> Option<Term> {
        if index == self.base.index {
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
        self.runs.get(self.run_of(index)?)?.entry(index)
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
        self.weight
    }

    /// What the entries after one index and through another weigh together. As quick as there are few entries before and after
    /// these.
    pub fn weight_between(&self, after: LogIndex, through: LogIndex) -> u64 {
        let outside =
            self.walked_weight(self.base.index, after) + self.walked_weight(through, self.last_index());
        self.weight.saturating_sub(outside)
    }

    fn walked_weight(&self, after: LogIndex, through: LogIndex) -> u64 {
        let indices = (after.next().number()..=through.number()).map(LogIndex::new);
        let weights = indices.filter_map(|index| self.entry(index).map(Entry::weight));
        weights.fold(0, u64::saturating_add)
    }

    /// Adds one entry at the end.
    pub fn push(&mut self, entry: Entry) {
        debug_assert!(entry.term >= self.last_position().term, "terms never go down");
        if let Payload::Configuration(configuration) = &entry.payload {
            let index = self.last_index().next();
            self.configurations.push((index, Arc::clone(configuration)));
        }
        self.weight = self.weight.saturating_add(entry.weight());
        self.tail.push(entry);
    }

    /// Adds a run at the end, shared. It must start right after the last entry.
    pub fn extend(&mut self, entries: Entries) {
        if entries.is_empty() {
            return;
        }
        assert!(
            entries.first_index() == self.last_index().next(),
            "a gap in the log"
        );
        self.seal();
        for (index, entry) in entries.iter() {
            if let Payload::Configuration(configuration) = &entry.payload {
                self.configurations.push((index, Arc::clone(configuration)));
            }
        }
        self.weight = self.weight.saturating_add(entries.weight());
        self.add_run(entries);
    }

    /// Removes the entries from `index` on.
    pub fn truncate_from(&mut self, index: LogIndex) {
        assert!(index > self.base.index, "truncating what a snapshot replaced");
        self.configurations.retain(|(at, _)| *at < index);
        self.weight -= self.walked_weight(index.previous(), self.last_index());
        let sealed_last = self.sealed_last();
        if index > sealed_last {
            let kept = usize::try_from(index.since(sealed_last) - 1).unwrap_or(usize::MAX);
            self.tail.truncate(kept);
            return;
        }
        self.tail.clear();
        let cut = self
            .run_of(index)
            .expect("an index at or below the last sealed one is in a run");
        let run = self.runs[cut].clone();
        self.runs.truncate(cut);
        let kept = usize::try_from(index.since(run.first_index())).unwrap_or(usize::MAX);
        if kept > 0 {
            self.runs.push(run.take(kept));
        }
    }

    /// Turns the growing tail into a shared run.
    pub fn seal(&mut self) {
        if !self.tail.is_empty() {
            let first = self.sealed_last().next();
            let tail = std::mem::take(&mut self.tail);
            self.add_run(Entries::new(first, tail));
        }
    }

    /// Adds a run, and joins it with the one before where that is no longer, and so on. A log that grows entry by entry
    /// then has few runs: a clone costs little, and each entry was copied a few times (which shares its command).
    fn add_run(&mut self, mut run: Entries) {
        while let Some(before) = self
            .runs
            .pop_if(|before| before.len() <= run.len() && before.len() + run.len() <= LONGEST_JOINED_RUN)
        {
            let joined: Vec<Entry> = before.as_slice().iter().chain(run.as_slice()).cloned().collect();
            run = Entries::new(before.first_index(), joined);
        }
        self.runs.push(run);
    }

    /// The entries from `from` on, as many as stay within the limits, at least one where there is one. Shared where
    /// they stand in one run, else copied (an entry's copy shares its command). The log must be sealed.
    pub fn slice(&self, from: LogIndex, max_entries: usize, max_weight: u64) -> Entries {
        debug_assert!(self.tail.is_empty(), "slicing a log that is not sealed");
        let Some(start) = self.run_of(from) else {
            return Entries::empty(from);
        };
        let run = self.runs[start].starting_at(from);
        let later = &self.runs[start + 1..];
        let entries = || {
            run.as_slice()
                .iter()
                .chain(later.iter().flat_map(Entries::as_slice))
        };
        let count = fitting(entries(), max_entries, max_weight);
        if count <= run.len() {
            return run.take(count);
        }
        Entries::new(from, entries().take(count).cloned().collect::<Vec<_>>())
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
        self.runs.last().map_or(self.base.index, Entries::last_index)
    }

    fn run_of(&self, index: LogIndex) -> Option<usize> {
        if index <= self.base.index || index > self.sealed_last() {
            return None;
        }
        Some(self.runs.partition_point(|run| run.last_index() < index))
    }
}

/// How many of the entries stay within the limits: at least one where there is one.
fn fitting<'a>(entries: impl Iterator<Item = &'a Entry>, max_entries: usize, max_weight: u64) -> usize {
    let mut weight = 0_u64;
    let within = |entry: &&Entry| {
        weight = weight.saturating_add(entry.weight());
        weight <= max_weight
    };
    let mut entries = entries.take(max_entries.max(1)).peekable();
    let any = entries.peek().is_some();
    entries.take_while(within).count().max(usize::from(any))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn log(terms: &[u64]) -> Log {
        let mut log = Log::default();
        for &term in terms {
            log.push(Entry::noop(Term::new(term)));
        }
        log
    }

    fn terms(entries: &Entries) -> Vec<u64> {
        entries
            .as_slice()
            .iter()
            .map(|entry| entry.term.number())
            .collect()
    }

    #[test]
    fn equality_does_not_see_how_runs_were_cut() {
        let whole = log(&[1, 1, 2]);
        let mut pieces = log(&[1]);
        pieces.seal();
        pieces.push(Entry::noop(Term::new(1)));
        pieces.seal();
        pieces.push(Entry::noop(Term::new(2)));
        assert_eq!(whole, pieces);
    }

    #[test]
    fn a_log_that_grows_entry_by_entry_has_few_runs() {
        let mut log = Log::default();
        let count = 3 * LONGEST_JOINED_RUN + 77;
        for _ in 0..count {
            log.push(Entry::noop(Term::new(1)));
            log.seal();
        }
        assert_eq!(log.len(), count as u64);
        assert!(log.runs.len() < 20, "{} runs", log.runs.len());
        assert!(
            log.runs
                .is_sorted_by(|earlier, later| earlier.last_index().next() == later.first_index())
        );
    }

    #[test]
    fn truncation_cuts_inside_a_run_at_its_edge_and_in_the_tail() {
        for cut in 1..=5 {
            let mut log = log(&[1, 1]);
            log.seal();
            log.push(Entry::noop(Term::new(2)));
            log.push(Entry::noop(Term::new(2)));
            log.truncate_from(LogIndex::new(cut));
            assert_eq!(log.last_index().number(), cut - 1);
            log.push(Entry::noop(Term::new(3)));
            assert_eq!(log.term_at(LogIndex::new(cut)), Some(Term::new(3)));
        }
    }

    #[test]
    fn slices_cross_runs_and_obey_limits() {
        let mut log = Log::default();
        for term in 1..=6 {
            log.push(Entry::noop(Term::new(term)));
            if term % 2 == 0 {
                log.seal();
            }
        }
        let slice = |from, count, weight| terms(&log.slice(LogIndex::new(from), count, weight));
        assert_eq!(slice(2, 100, u64::MAX), [2, 3, 4, 5, 6]);
        assert_eq!(slice(2, 3, u64::MAX), [2, 3, 4]);
        assert_eq!(slice(3, 1, u64::MAX), [3]);
        assert_eq!(slice(1, 100, 0), [1], "at least one, however heavy");
        assert_eq!(slice(1, 100, 3 * 16), [1, 2, 3]);
        assert_eq!(slice(7, 100, u64::MAX), [0; 0]);
    }

    #[test]
    fn what_entries_weigh_is_known_without_walking_over_them() {
        let command = |bytes: usize| Entry::command(Term::new(1), vec![b'x'; bytes].into());
        let mut log = Log::default();
        let mut number = 0;
        for round in 1..=40_usize {
            for bytes in 0..round % 7 {
                log.push(command(bytes));
            }
            match round % 5 {
                0 => log.truncate_from(LogIndex::new(log.last_index().number() - 2)),
                1 => log.seal(),
                2 => log.compact(
                    LogPosition::new(LogIndex::new(number), Term::new(1)),
                    Arc::default(),
                ),
                3 => log.extend(Entries::new(
                    log.last_index().next(),
                    vec![command(round), command(1)],
                )),
                _ => number = log.first_index().number() + 2,
            }
            let first = log.base().index.number();
            for (after, through) in [(first, u64::MAX), (first + 1, u64::MAX), (first + 1, first + 3)] {
                let (after, through) = (LogIndex::new(after), LogIndex::new(through).min(log.last_index()));
                let within = log
                    .iter()
                    .filter(|(index, _)| *index > after && *index <= through);
                let walked: u64 = within.map(|(_, entry)| entry.weight()).sum();
                assert_eq!(log.weight_between(after, through), walked, "round {round}");
            }
        }
    }

    fn of_voters(voters: &[u64]) -> Arc<Configuration> {
        Arc::new(Configuration::of_voters(
            voters.iter().copied().map(crate::types::NodeId::new),
        ))
    }

    #[test]
    fn the_latest_configuration_is_in_force_until_it_is_truncated() {
        let mut log = Log::after(LogPosition::GENESIS, of_voters(&[1]));
        log.push(Entry::noop(Term::new(1)));
        log.push(Entry::configuration(Term::new(1), of_voters(&[1, 2])));
        log.push(Entry::configuration(Term::new(1), of_voters(&[1, 2, 3])));
        assert_eq!(log.configuration(), &of_voters(&[1, 2, 3]));
        assert_eq!(log.configuration_at(LogIndex::new(2)), &of_voters(&[1, 2]));
        log.truncate_from(LogIndex::new(3));
        assert_eq!(
            log.latest_configuration(),
            &(LogIndex::new(2), of_voters(&[1, 2]))
        );
        log.truncate_from(LogIndex::new(1));
        assert_eq!(log.configuration(), &of_voters(&[1]));
    }

    #[test]
    fn compaction_keeps_what_follows_and_drops_a_log_that_differs() {
        let position = |index, term| LogPosition::new(LogIndex::new(index), Term::new(term));
        let mut kept = log(&[1, 1, 2, 3]);
        kept.compact(position(3, 2), of_voters(&[1]));
        assert_eq!((kept.first_index(), kept.len()), (LogIndex::new(4), 1));
        assert_eq!(
            kept.term_at(LogIndex::new(3)),
            Some(Term::new(2)),
            "the base is known"
        );
        assert_eq!(kept.term_at(LogIndex::new(2)), None);
        let mut differing = log(&[1, 1, 1, 1]);
        differing.compact(position(3, 2), of_voters(&[1]));
        assert_eq!((differing.last_position(), differing.len()), (position(3, 2), 0));
        let mut short = log(&[1]);
        short.compact(position(3, 2), of_voters(&[1]));
        short.push(Entry::noop(Term::new(2)));
        assert_eq!(short.last_index(), LogIndex::new(4));
    }

    #[test]
    fn a_hint_from_before_the_base_leads_to_what_was_dropped() {
        let position = |index, term| LogPosition::new(LogIndex::new(index), Term::new(term));
        let mut log = log(&[1, 1, 2, 3, 3]);
        log.compact(position(3, 2), of_voters(&[1]));
        let next = |index, term| log.next_after_hint(position(index, term)).number();
        assert_eq!(next(0, 0), 1);
        assert_eq!(next(2, 1), 3);
        assert_eq!(next(4, 1), 3, "it differs at the base already");
        assert_eq!(next(3, 2), 4, "the base is in common");
        assert_eq!(next(5, 2), 4);
        assert_eq!(next(5, 3), 6);
    }

    #[test]
    fn hints_skip_whole_terms() {
        let log = log(&[1, 1, 4, 4, 5]);
        let hint = |index, term| {
            log.last_not_after(LogIndex::new(index), Term::new(term))
                .index
                .number()
        };
        assert_eq!(hint(5, 4), 4);
        assert_eq!(hint(9, 3), 2);
        assert_eq!(hint(5, 0), 0);
    }
}
