//! What goes in comes out, however the bytes were cut.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::strategies::{entries, envelopes, message, numbers};
use super::{HELLO, RECEIVER, decode, decoder, drain, encode, encoder, envelope, outbound};
use crate::types::{
    AppendRequest, ClusterId, Entries, Entry, Envelope, Incarnation, LogIndex, LogPosition, Message, NodeId,
    Round, Term,
};
use crate::wire::code::Kind;
use crate::wire::{Decoder, Encoder, Hello, Limits};

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_message_reads_back(envelope in envelopes()) {
        prop_assert_eq!(decode(encode(&envelope)), Ok(vec![envelope]));
    }

    #[test]
    fn every_hello_reads_back(cluster in numbers(), from in numbers(), incarnation in numbers()) {
        prop_assume!(from != RECEIVER.number());
        let hello = Hello {
            cluster: ClusterId::new(cluster),
            from: NodeId::new(from),
            incarnation: Incarnation::new(incarnation),
            to: RECEIVER,
        };
        let mut decoder = Decoder::new(hello.cluster, RECEIVER, Limits::default());
        decoder.feed(hello.encode());
        prop_assert_eq!(decoder.next_message(), Ok(None));
        prop_assert_eq!(decoder.hello(), Some(&hello));
        prop_assert_eq!(decoder.end(), Ok(()));
    }

    #[test]
    fn however_a_stream_is_cut_the_messages_are_the_same(
        envelopes in vec(envelopes(), 1..8),
        cuts in vec(any::<Index>(), 0..12),
        drains in any::<u16>(),
    ) {
        let mut encoder = encoder();
        let mut stream = BytesMut::from(&HELLO.encode()[..]);
        for envelope in &envelopes {
            encoder.encode_onto(&outbound(envelope.clone()), &mut stream).unwrap();
        }
        let mut stream = stream.freeze();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.sort_unstable_by(|one, other| other.cmp(one));
        let mut pieces: Vec<Bytes> = cuts.iter().map(|cut| stream.split_off(*cut)).collect();
        pieces.push(stream);
        let mut decoder = decoder();
        let mut found = Vec::new();
        for (place, piece) in pieces.into_iter().rev().enumerate() {
            decoder.feed(piece);
            if drains >> place & 1 == 1 {
                found.extend(drain(&mut decoder).unwrap());
            }
        }
        found.extend(drain(&mut decoder).unwrap());
        prop_assert_eq!(found, envelopes);
        prop_assert_eq!(decoder.end(), Ok(()));
    }

    #[test]
    fn requests_that_say_different_things_have_frames_of_their_own(
        requests in vec((0..2_u64, 0..2_u64, 0..2_u64, 0..2_u64, few_entries()), 1..24),
        again in vec(any::<Index>(), 24),
    ) {
        let envelopes: Vec<Envelope> = requests
            .into_iter()
            .map(|(term, previous, commit, round, entries)| append(term, previous, commit, round, entries))
            .collect();
        let mut encoder = encoder();
        for index in again {
            let sent = index.get(&envelopes);
            let frame = encoder.encode(&outbound(sent.clone())).unwrap();
            prop_assert_eq!(decode(frame), Ok(vec![sent.clone()]));
        }
    }
}

/// So few different ones that many requests differ in one number alone.
fn few_entries() -> impl Strategy<Value = Vec<Entry>> {
    prop_oneof![4 => Just(commands(1)), 4 => Just(commands(2)), 1 => entries()]
}

fn append(term: u64, previous: u64, commit: u64, round: u64, entries: Vec<Entry>) -> Envelope {
    let previous = LogPosition::new(LogIndex::new(previous), Term::new(0));
    envelope(
        term,
        Message::AppendRequest(AppendRequest {
            previous,
            entries: Entries::new(previous.index.next(), entries),
            commit: LogIndex::new(commit),
            round: Round::new(round),
        }),
    )
}

fn commands(count: u8) -> Vec<Entry> {
    (0..count)
        .map(|number| Entry::command(Term::new(3), Bytes::from(vec![number; 16])))
        .collect()
}

/// The strategies draw what they are asked for.
#[test]
fn every_kind_carries_its_messages() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    for kind in Kind::ALL {
        let drawn = message(*kind).new_tree(&mut runner).unwrap().current();
        assert_eq!(Kind::of(&drawn), *kind);
    }
}

#[test]
fn a_byte_at_a_time_will_do() {
    let sent = append(3, 8, 8, 1, commands(20));
    let mut decoder = decoder();
    let mut found = Vec::new();
    for byte in HELLO.encode().into_iter().chain(encode(&sent)) {
        decoder.feed(Bytes::copy_from_slice(&[byte]));
        found.extend(drain(&mut decoder).unwrap());
    }
    assert_eq!(found, [sent]);
}

/// Where a buffer lies in memory.
fn span(bytes: &[u8]) -> std::ops::Range<usize> {
    let start = bytes.as_ptr().addr();
    start..start + bytes.len()
}

#[test]
fn what_two_followers_are_due_is_encoded_once() {
    let mut encoder = encoder();
    let first = append(3, 8, 8, 1, commands(20));
    let second = Envelope {
        to: NodeId::new(3),
        ..first.clone()
    };
    let Message::AppendRequest(request) = &first.message else {
        unreachable!()
    };
    let copied = Envelope {
        message: Message::AppendRequest(AppendRequest {
            entries: Entries::new(request.entries.first_index(), request.entries.as_slice().to_vec()),
            ..request.clone()
        }),
        ..second.clone()
    };
    let mut encode = |envelope: &Envelope| encoder.encode(&outbound(envelope.clone())).unwrap();
    let frame = encode(&first);
    assert_eq!(span(&encode(&second)), span(&frame));
    assert_eq!(span(&encode(&copied)), span(&frame), "equal entries, not shared");
    let later = append(3, 8, 9, 1, commands(20));
    assert_ne!(span(&encode(&later)), span(&frame), "another commit index");
    encoder.forget();
    assert_ne!(span(&encoder.encode(&outbound(first)).unwrap()), span(&frame));
}

#[test]
fn commands_share_the_memory_of_the_chunk() {
    let frame = encode(&append(3, 8, 8, 1, commands(20)));
    let mut unlike = commands(20);
    unlike.push(Entry::command(Term::new(3), Bytes::from_static(b"x=1")));
    let unlike = encode(&append(3, 8, 8, 1, unlike));
    for chunk in [frame, unlike] {
        let messages = decode(chunk.clone()).unwrap();
        let Message::AppendRequest(request) = &messages[0].message else {
            unreachable!()
        };
        for entry in request.entries.as_slice() {
            let command = span(entry.payload.command().unwrap());
            let chunk = span(&chunk);
            assert!(chunk.start <= command.start && command.end <= chunk.end);
        }
    }
}

#[test]
#[should_panic(expected = "another server's name")]
fn nobody_speaks_in_another_servers_name() {
    let mut other = Encoder::new(NodeId::new(9), Limits::default());
    let _ = other.encode(&outbound(append(3, 8, 8, 1, commands(1))));
}
