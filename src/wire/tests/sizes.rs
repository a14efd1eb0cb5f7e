//! How few bytes it takes, and how much a frame may have.

use bytes::Bytes;

use super::{decode, encode, envelope, outbound};
use crate::types::{
    AppendReply, AppendRequest, Configuration, Entries, Entry, Envelope, Guarded, LogIndex, LogPosition,
    Message, Payload, Round, SerialNumber, SessionId, Term,
};
use crate::wire::{EncodeError, Encoder, Limits};

/// A request in the midst of a long life: a million entries, a term past 200, a heartbeat each tenth of a second for hours.
fn busy(entries: Vec<Entry>) -> Envelope {
    request(
        250,
        LogPosition::new(LogIndex::new(1_500_000), Term::new(250)),
        entries,
    )
}

fn request(term: u64, previous: LogPosition, entries: Vec<Entry>) -> Envelope {
    envelope(
        term,
        Message::AppendRequest(AppendRequest {
            previous,
            entries: Entries::new(previous.index.next(), entries),
            commit: LogIndex::new(previous.index.number() - 1_000),
            round: Round::new(200_000),
        }),
    )
}

fn commands(lengths: impl IntoIterator<Item = usize>) -> Vec<Entry> {
    lengths
        .into_iter()
        .map(|length| Entry::command(Term::new(250), Bytes::from(vec![7; length])))
        .collect()
}

/// How many bytes of a frame are no command's.
fn overhead(entries: Vec<Entry>) -> u64 {
    let payload: u64 = entries.iter().map(Entry::payload_bytes).sum();
    encode(&busy(entries)).len() as u64 - payload
}

/// 64 entries of 16 bytes: 1.5 bytes to each would be 96.
#[test]
fn a_small_entry_has_little_around_it() {
    assert_eq!(overhead(commands([16; 64])), 22);
    assert_eq!(
        overhead(commands((0..64).map(|place| 15 + place % 3))),
        85,
        "lengths differ"
    );
}

#[test]
fn heartbeats_and_answers_are_tiny() {
    let answer = |term, through, round| {
        encode(&envelope(
            term,
            Message::AppendReply(AppendReply::Matched {
                through: LogIndex::new(through),
                round: Round::new(round),
            }),
        ))
    };
    let young = envelope(
        3,
        Message::AppendRequest(AppendRequest {
            previous: LogPosition::new(LogIndex::new(100), Term::new(3)),
            entries: Entries::empty(LogIndex::new(101)),
            commit: LogIndex::new(100),
            round: Round::new(100),
        }),
    );
    assert_eq!(encode(&young).len(), 11);
    assert_eq!(encode(&busy(Vec::new())).len(), 17);
    assert_eq!(answer(3, 100, 100).len(), 9);
    assert_eq!(answer(250, 1_500_000, 200_000).len(), 14);
}

#[test]
fn a_frame_has_no_more_than_its_limits() {
    let limits = Limits {
        frame_bytes: 1_000,
        items: 8,
    };
    let mut encoder = Encoder::new(super::SENDER, limits);
    let mut encode = |envelope: Envelope| encoder.encode(&outbound(envelope));
    assert!(matches!(
        encode(busy(commands([100; 10]))),
        Err(EncodeError::TooMany { found: 10, limit: 8 })
    ));
    assert!(matches!(
        encode(busy(commands([500; 2]))),
        Err(EncodeError::TooLong {
            length: 1_020,
            limit: 1_000
        })
    ));
    let many = Configuration::of_voters((1..10).map(crate::types::NodeId::new));
    assert!(matches!(
        encode(busy(vec![Entry::configuration(Term::new(250), many)])),
        Err(EncodeError::TooMany { found: 9, limit: 8 })
    ));
    let mut gap = busy(commands([4]));
    if let Message::AppendRequest(request) = &mut gap.message {
        request.previous.index = LogIndex::new(7);
    }
    assert_eq!(encode(gap), Err(EncodeError::NotContiguous));
    let fine = busy(commands([100; 8]));
    assert_eq!(
        decode(encode(fine.clone()).unwrap()),
        Ok(vec![fine]),
        "what failed left nothing behind"
    );
}

#[test]
fn the_longest_command_always_fits() {
    let limits = Limits {
        frame_bytes: 1 << 20,
        items: 1,
    };
    let length = usize::try_from(limits.longest_command()).unwrap();
    let last = u64::MAX;
    let guarded = Guarded {
        session: SessionId::new(last),
        serial: SerialNumber::new(last),
        acknowledged: SerialNumber::new(last),
        command: Bytes::from(vec![7; length]),
    };
    let entry = Entry {
        term: Term::new(0),
        payload: Payload::Guarded(guarded),
    };
    let worst = envelope(
        last,
        Message::AppendRequest(AppendRequest {
            previous: LogPosition::new(LogIndex::new(last - 2), Term::new(0)),
            entries: Entries::new(LogIndex::new(last - 1), vec![entry]),
            commit: LogIndex::new(last / 2),
            round: Round::new(last),
        }),
    );
    let frame = Encoder::new(super::SENDER, limits)
        .encode(&outbound(worst.clone()))
        .unwrap();
    assert_eq!(decode(frame), Ok(vec![worst]));
}
