//! Tests of the log in memory.

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
    let count: u64 = 100 * 64 + 63;
    for _ in 0..count {
        log.push(Entry::noop(Term::new(1)));
        log.seal();
    }
    assert_eq!(log.len(), count);
    assert!(log.runs.count() < 100 + 64, "{} runs", log.runs.count());
    let runs: Vec<_> = log.runs.iter().collect();
    assert!(runs.is_sorted_by(|earlier, later| earlier.last_index().next() == later.first_index()));
}

/// However long the pieces are in which a log grows, it has at least 32 entries for each run, but for the last few.
#[test]
fn a_log_has_few_runs_however_it_grows() {
    for pieces in [&[1, 64][..], &[1, 1, 1, 70], &[63], &[64, 2], &[5, 63, 64]] {
        let mut log = Log::default();
        for &piece in pieces.iter().cycle().take(2_000) {
            (0..piece).for_each(|_| log.push(Entry::noop(Term::new(1))));
            log.seal();
        }
        let most = usize::try_from(log.len()).unwrap() / 32 + 64;
        assert!(
            log.runs.count() <= most,
            "{} runs of {pieces:?}",
            log.runs.count()
        );
    }
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
