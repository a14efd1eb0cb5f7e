//! The sealed part of a log: runs of shared entries, one after the other.

use crate::types::{Entries, Entry, LogIndex};

/// A run of so many entries is long, and stays as it is. So many short runs in a row are joined.
const LONG: usize = 64;

/// Runs of entries, each starting where the one before ends, none empty.
///
/// A log that grows entry by entry would have a run for each. So short ones are joined, and each entry is copied once for that
/// (which shares its command): a clone of the whole costs little, and so does finding an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    sealed: Vec<Run>,
    /// How many of the last runs are short.
    short: usize,
    /// What all entries that were ever dropped in front weigh together.
    dropped: u64,
}

#[derive(Clone, Debug)]
struct Run {
    entries: Entries,
    /// What these and all entries before them weigh together, dropped ones included.
    through: u64,
}

impl Runs {
    /// The index of the last entry, if any.
    pub(super) fn last_index(&self) -> Option<LogIndex> {
        self.sealed.last().map(|run| run.entries.last_index())
    }

    /// The runs, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entries> {
        self.sealed.iter().map(|run| &run.entries)
    }

    /// The entry at `index`.
    pub(super) fn entry(&self, index: LogIndex) -> Option<&Entry> {
        self.sealed.get(self.place_of(index)?)?.entries.entry(index)
    }

    /// What all entries weigh together.
    pub(super) fn weight(&self) -> u64 {
        self.end() - self.dropped
    }

    /// What the entries through `index` weigh together.
    pub(super) fn weight_through(&self, index: LogIndex) -> u64 {
        let place = self.place_not_before(index);
        let through = match self.sealed.get(place) {
            Some(run) => run.through - run.entries.weight_from(index.next()),
            None => self.end(),
        };
        through - self.dropped
    }

    /// Adds a run, which must start where the last ends.
    pub(super) fn add(&mut self, entries: Entries) {
        let is_long = entries.len() >= LONG;
        if is_long {
            self.join_short();
        }
        self.push(entries);
        self.short = if is_long { 0 } else { self.short + 1 };
        if self.short >= LONG {
            self.join_short();
        }
    }

    /// Removes the entries from `index` on.
    pub(super) fn truncate_from(&mut self, index: LogIndex) {
        let place = self
            .sealed
            .partition_point(|run| run.entries.last_index() < index);
        let Some(cut) = self.sealed.get(place).map(|run| run.entries.clone()) else {
            return;
        };
        self.sealed.truncate(place);
        let kept = cut.ending_before(index);
        if !kept.is_empty() {
            self.push(kept);
        }
        self.count_short();
    }

    /// Drops the entries through `index`.
    pub(super) fn drop_through(&mut self, index: LogIndex) {
        self.dropped += self.weight_through(index);
        let whole = self
            .sealed
            .partition_point(|run| run.entries.last_index() <= index);
        self.sealed.drain(..whole);
        if let Some(first) = self.sealed.first_mut() {
            first.entries = first.entries.starting_at(index.next());
        }
        self.count_short();
    }

    /// The entries from `from` on, as many as stay within the limits, at least one where there is one. Shared where they stand
    /// in one run, else copied.
    pub(super) fn slice(&self, from: LogIndex, max_entries: usize, max_weight: u64) -> Entries {
        let Some(start) = self.place_of(from) else {
            return Entries::empty(from);
        };
        let part = self.sealed[start]
            .entries
            .starting_at(from)
            .take(max_entries.max(1));
        let later = &self.sealed[start + 1..];
        let is_all = part.len() >= max_entries || later.is_empty();
        if is_all && part.weight() <= max_weight {
            return part;
        }
        let later = later.iter().flat_map(|run| run.entries.as_slice());
        let entries = || part.as_slice().iter().chain(later.clone());
        let count = fitting(entries(), max_entries, max_weight);
        if count <= part.len() {
            return part.take(count);
        }
        Entries::new(from, entries().take(count).cloned().collect::<Vec<_>>())
    }

    /// The entries from `from` on that stand in one run.
    pub(super) fn run_from(&self, from: LogIndex) -> Entries {
        match self.place_of(from) {
            Some(place) => self.sealed[place].entries.starting_at(from),
            None => Entries::empty(from),
        }
    }

    /// How many runs there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.sealed.len()
    }

    fn push(&mut self, entries: Entries) {
        let through = self.end() + entries.weight();
        self.sealed.push(Run { entries, through });
    }

    fn end(&self) -> u64 {
        self.sealed.last().map_or(self.dropped, |run| run.through)
    }

    fn place_of(&self, index: LogIndex) -> Option<usize> {
        let newest = self.sealed.last()?;
        if index > newest.entries.last_index() || index < self.sealed[0].entries.first_index() {
            return None;
        }
        Some(self.place_not_before(index))
    }

    /// The place of the first run that ends at `index` or after it; past the last, where none does. Where entries come one by one, what
    /// is asked about stands in a run of its own, as far from the last run as from the last entry.
    fn place_not_before(&self, index: LogIndex) -> usize {
        let behind = self
            .last_index()
            .and_then(|last| last.number().checked_sub(index.number()));
        let behind = behind.and_then(|entries| usize::try_from(entries).ok());
        let guess = behind.and_then(|entries| self.sealed.len().checked_sub(entries.saturating_add(1)));
        match guess {
            Some(place) if self.sealed[place].entries.entry(index).is_some() => place,
            Some(_) | None => self
                .sealed
                .partition_point(|run| run.entries.last_index() < index),
        }
    }

    fn join_short(&mut self) {
        let short = self.sealed.len() - self.short;
        if self.short > 1 {
            let first = self.sealed[short].entries.first_index();
            let short = self.sealed.drain(short..);
            let count = short.as_slice().iter().map(|run| run.entries.len()).sum();
            let mut joined: Vec<Entry> = Vec::with_capacity(count);
            short.for_each(|run| joined.extend_from_slice(run.entries.as_slice()));
            self.push(Entries::new(first, joined));
            self.count_short();
        }
    }

    fn count_short(&mut self) {
        let is_short = |run: &&Run| run.entries.len() < LONG;
        self.short = self.sealed.iter().rev().take_while(is_short).count();
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
