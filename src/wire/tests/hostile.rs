//! Bytes that no server of this cluster sends.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::document::example_envelopes;
use super::strategies::envelopes;
use super::{CLUSTER, HELLO, RECEIVER, decode, decoder, drain, encode, envelope, opened, outbound};
use crate::types::{AppendReply, ClusterId, LogIndex, Message, NodeId, Round};
use crate::wire::code::Kind;
use crate::wire::writer::Writer;
use crate::wire::{Decoder, Encoder, Fault, Hello, HelloFault, Limits, PROTOCOL_VERSION, WireError, frame};

/// A frame around any body, with the right checksum.
fn sealed(kind: u8, body: &[u8]) -> Bytes {
    let mut writer = Writer::new(Limits::default());
    let frame = frame::write(&mut writer, kind, u32::MAX, |writer| {
        writer.bytes(body);
        Ok(())
    });
    frame.unwrap()
}

/// What a link gives for bytes after its hello: where, counted from the hello's end, and what.
#[track_caller]
fn refusal(bytes: impl Into<Bytes>) -> (u64, Fault) {
    let (mut decoder, hello) = opened();
    decoder.feed(bytes.into());
    let WireError { offset, fault } = drain(&mut decoder).expect_err("it is refused");
    (offset - hello, fault)
}

fn append(body: &[u8]) -> Bytes {
    sealed(Kind::Append.byte(), body)
}

/// An append's body up to its runs: term 5, previous entry 8 of term 5, commit 8, round 1.
const HEAD: [u8; 5] = [5, 8, 0, 0, 1];

fn runs(bytes: &[u8]) -> Bytes {
    append(&[&HEAD, bytes].concat())
}

/// Where in a frame of up to 127 bytes the runs begin.
const RUNS_AT: u64 = 7;

#[test]
fn hostile_lengths_are_refused_where_they_stand() {
    let oversized = |length| Fault::Oversized {
        length,
        limit: 64 << 20,
    };
    assert_eq!(
        refusal(vec![0x81, 0x80, 0x80, 0x20]),
        (0, oversized((64 << 20) + 1))
    );
    assert_eq!(
        refusal(vec![0xff, 0xff, 0xff, 0xff, 0x7f]),
        (0, oversized((1 << 35) - 1))
    );
    assert_eq!(
        refusal(vec![0xff; 5]),
        (0, Fault::Number),
        "a length of six bytes"
    );
    assert_eq!(
        refusal(vec![0x85, 0x00]),
        (0, Fault::Number),
        "a length that is padded"
    );
    for length in 0..5 {
        let bytes = vec![length];
        let length = u64::from(length);
        assert_eq!(refusal(bytes), (0, Fault::Undersized { length }));
    }
}

#[test]
fn hostile_counts_are_refused_before_anything_is_set_aside() {
    let many = |count: u64, form: u64| {
        let (digits, length) = crate::wire::writer::digits(count << 3 | form);
        digits[..length].to_vec()
    };
    let count = |found, most| Fault::Count { found, most };
    // A million entries in no bytes.
    for form in 1..8 {
        let bytes = [many(1 << 20, form), vec![0, 1]].concat();
        let (_, fault) = refusal(runs(&bytes));
        assert!(
            matches!(fault, Fault::Count { found: 0x10_0000, .. }),
            "form {form}: {fault}"
        );
    }
    assert_eq!(
        refusal(runs(&[2 << 3, 0])),
        (RUNS_AT, count(2, 1)),
        "two no-ops in a run"
    );
    assert_eq!(
        refusal(runs(&[1, 0])),
        (RUNS_AT, Fault::NoEntries),
        "a run of none"
    );
    assert_eq!(refusal(runs(&[])), (RUNS_AT, Fault::NoEntries), "no run");
    let empty = Fault::Code {
        what: "a length",
        found: 0,
    };
    assert_eq!(
        refusal(runs(&[1 << 3 | 2, 0, 0])),
        (RUNS_AT + 2, empty),
        "empty commands, alike"
    );
    let too_long = runs(&[2 << 3 | 2, 0, 2, b'a', b'b', b'c']);
    assert_eq!(
        refusal(too_long),
        (RUNS_AT + 3, Fault::EndsEarly),
        "two commands in three bytes"
    );
    let endless = [vec![2 << 3 | 2, 0], vec![0xff; 9], vec![1, b'a', b'b']].concat();
    assert_eq!(
        refusal(runs(&endless)).1,
        Fault::EndsEarly,
        "lengths that overflow"
    );
    let few = Limits {
        items: 3,
        ..Limits::default()
    };
    let mut decoder = Decoder::new(CLUSTER, RECEIVER, few);
    decoder.feed(HELLO.encode());
    decoder.feed(runs(&[8, 0, 8, 0, 8, 0]));
    assert!(matches!(decoder.next_message(), Ok(Some(_))), "three no-ops");
    decoder.feed(runs(&[8, 0, 8, 0, 8, 0, 8, 0]));
    assert!(matches!(
        decoder.next_message(),
        Err(WireError {
            fault: Fault::Count { found: 1, most: 0 },
            ..
        })
    ));
}

#[test]
fn values_that_nobody_writes_so_are_refused() {
    let at_end = |index: [u8; 10]| append(&[&[5][..], &index, &[0, 0, 1, 8, 0]].concat());
    let last_but_one = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    assert_eq!(refusal(at_end(last_but_one)), (3, Fault::PastTheEnd));
    let past_64_bits = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
    assert_eq!(refusal(at_end(past_64_bits)), (3, Fault::Number));
    let kind = Kind::VoteGranted.byte();
    assert_eq!(
        refusal(sealed(kind, &[0x85, 0x00])),
        (2, Fault::Number),
        "a padded number"
    );
    assert_eq!(refusal(sealed(kind, &[5, 6])), (3, Fault::TooManyBytes(1)));
    assert_eq!(refusal(sealed(kind, &[])), (2, Fault::EndsEarly));
    assert_eq!(refusal(sealed(0x7f, &[5])), (1, Fault::Kind(0x7f)));
    let push = |news: &[u8]| sealed(Kind::GossipPush.byte(), &[&[5, 1, 3][..], news].concat());
    assert_eq!(refusal(push(&[2, b'a', b' ', 0, 0, 0, 0])), (5, Fault::Address));
    assert_eq!(
        refusal(push(&[2, 0xc3, 0x28, 0, 0, 0, 0])),
        (5, Fault::Address),
        "no text"
    );
    let billion = [0x80, 0x94, 0xeb, 0xdc, 0x03];
    let long = push(&[&[1, b'a', 0, 0, 7][..], &billion].concat());
    assert_eq!(refusal(long), (10, Fault::Nanos(1_000_000_000)));
    // Form 3: one configuration of the voters 2 and 1.
    assert_eq!(
        refusal(runs(&[1 << 3 | 3, 0, 2, 2, 1, 0, 0, 0, 0])),
        (RUNS_AT + 4, Fault::Order)
    );
    let wish = Fault::Code {
        what: "a wish",
        found: 99,
    };
    assert_eq!(refusal(sealed(Kind::Forward.byte(), &[5, 3, 9, 99])), (5, wish));
}

fn hello_refusal(bytes: Bytes) -> WireError {
    let mut decoder = decoder();
    decoder.feed(bytes);
    let error = decoder.next_message().expect_err("it is refused");
    assert_eq!(decoder.hello(), None);
    error
}

#[test]
fn strangers_are_refused_with_a_reason() {
    let refused = |hello: HelloFault| WireError {
        offset: 0,
        fault: hello.into(),
    };
    let missing = refused(HelloFault::Missing);
    assert_eq!(hello_refusal(Bytes::from_static(b"GET / HTTP/1.1\r\n")), missing);
    assert_eq!(
        hello_refusal(Bytes::from_static(b"GE")),
        missing,
        "two bytes are enough"
    );
    let message = encode(&example_envelopes()[0]);
    assert_eq!(hello_refusal(message), missing, "a message before the hello");
    assert_eq!(
        hello_refusal(Bytes::from_static(&[0xff, 0xff, 0xff, 0x1f])),
        missing,
        "too long"
    );
    let (found, supported) = (PROTOCOL_VERSION + 1, PROTOCOL_VERSION);
    assert_eq!(
        hello_refusal(HELLO.encode_as(found)),
        refused(HelloFault::Version { found, supported })
    );
    let (found, expected) = (ClusterId::new(8), CLUSTER);
    let foreign = Hello {
        cluster: found,
        ..HELLO
    };
    assert_eq!(
        hello_refusal(foreign.encode()),
        refused(HelloFault::Cluster { found, expected })
    );
    let (found, expected) = (NodeId::new(3), RECEIVER);
    let astray = Hello { to: found, ..HELLO };
    assert_eq!(
        hello_refusal(astray.encode()),
        refused(HelloFault::Receiver { found, expected })
    );
    let mirrored = Hello {
        from: RECEIVER,
        ..HELLO
    };
    assert_eq!(
        hello_refusal(mirrored.encode()),
        refused(HelloFault::Ourselves(RECEIVER))
    );
}

#[test]
fn a_hello_comes_once() {
    assert_eq!(refusal(HELLO.encode()), (0, Fault::SecondHello));
}

/// A link that is refused gives nothing more, whatever comes.
#[test]
fn after_a_fault_the_link_is_over() {
    let (mut decoder, _) = opened();
    let message = encode(&envelope(
        5,
        Message::AppendReply(AppendReply::Matched {
            through: LogIndex::new(3),
            round: Round::new(1),
        }),
    ));
    decoder.feed(message.clone());
    decoder.feed(Bytes::from_static(&[0]));
    decoder.feed(message.clone());
    assert!(
        matches!(decoder.next_message(), Ok(Some(_))),
        "what came before counts"
    );
    let error = decoder.next_message().expect_err("a frame of no bytes");
    decoder.feed(message);
    assert_eq!(decoder.next_message(), Err(error.clone()));
    assert_eq!(decoder.end(), Err(error));
    assert_eq!(decoder.hello(), None);
}

/// What is cut short is never a message, and is known to be cut.
#[test]
fn no_part_of_a_frame_is_taken_for_the_whole() {
    let hello = HELLO.encode();
    for end in 1..hello.len() {
        let mut decoder = decoder();
        decoder.feed(hello.slice(..end));
        assert_eq!(decoder.next_message(), Ok(None));
        assert!(decoder.end().is_err(), "{end} bytes of a hello");
    }
    for envelope in example_envelopes() {
        let frame = encode(&envelope);
        for end in 1..frame.len() {
            let (mut decoder, before) = opened();
            decoder.feed(frame.slice(..end));
            assert_eq!(decoder.next_message(), Ok(None), "{end} bytes of {envelope:?}");
            let offset = before + end as u64;
            let fault = Fault::EndsEarly;
            assert_eq!(decoder.end(), Err(WireError { offset, fault }));
        }
    }
}

/// A body that is cut short, under a checksum that is right, is refused: no value is taken from behind its end.
#[test]
fn no_part_of_a_body_is_taken_for_the_whole() {
    for envelope in example_envelopes() {
        let frame = encode(&envelope);
        let kind = Kind::of(&envelope.message).byte();
        let body = &frame[2..frame.len() - 4];
        for end in 0..body.len() {
            match decode(sealed(kind, &body[..end])) {
                Err(_) => {}
                // An append that ends after one of its runs is one of fewer entries.
                Ok(messages) => assert!(kind == Kind::Append.byte() && messages[0] != envelope),
            }
        }
    }
}

/// The checksum sees every single bit, also those of the length, which may make a frame of what follows.
#[test]
fn no_bit_can_flip_unseen() {
    let filler = encode(&example_envelopes()[0]).repeat(2_000);
    for envelope in example_envelopes() {
        let frame = encode(&envelope);
        for bit in 0..frame.len() * 8 {
            let mut bytes = frame.to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes.extend_from_slice(&filler);
            let (mut decoder, _) = opened();
            decoder.feed(bytes.into());
            let first = decoder.next_message();
            assert!(first.is_err(), "bit {bit} of {envelope:?}: {first:?}");
        }
    }
    for bit in 0..HELLO.encode().len() * 8 {
        let mut bytes = HELLO.encode().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes.extend_from_slice(&filler);
        let mut decoder = decoder();
        decoder.feed(bytes.into());
        assert!(decoder.next_message().is_err(), "bit {bit} of the hello");
    }
}

#[test]
fn a_frame_takes_no_more_memory_than_twice_what_has_come() {
    let (mut decoder, _) = opened();
    // It claims to be as long as can be.
    decoder.feed(Bytes::from_static(&[0x80, 0x80, 0x80, 0x20]));
    assert_eq!(decoder.next_message(), Ok(None));
    let mut come = 4;
    for length in (0..12).map(|power| 1 << power) {
        decoder.feed(Bytes::from(vec![1; length]));
        assert_eq!(decoder.next_message(), Ok(None));
        come += length;
        assert!(decoder.room() <= 2 * come, "{} for {come} bytes", decoder.room());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What a hostile server may send as it likes: whatever can be read is a message, and is sent as one that reads the same.
    #[test]
    fn whatever_a_body_says_nothing_panics(
        kind in select(Kind::ALL),
        body in vec(prop_oneof![3 => 0..20_u8, 1 => any::<u8>()], 0..60),
    ) {
        let _ = again(&sealed(kind.byte(), &body));
    }

    #[test]
    fn a_message_that_was_tampered_with_is_refused_or_another(
        envelope in envelopes(),
        changes in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let frame = encode(&envelope);
        let length_bytes = if frame[0] < 0x80 { 1 } else { 2 };
        let mut body = frame[length_bytes + 1..frame.len() - 4].to_vec();
        for (index, byte) in changes {
            let place = index.index(body.len());
            body[place] = byte;
        }
        let _ = again(&sealed(frame[length_bytes], &body));
    }

    #[test]
    fn whatever_comes_nothing_panics(bytes in vec(any::<u8>(), 0..200), is_open in any::<bool>()) {
        let mut decoder = if is_open { opened().0 } else { decoder() };
        decoder.feed(bytes.into());
        let _ = drain(&mut decoder);
        let _ = decoder.end();
    }
}

/// What can be read can be sent, and reads the same again.
fn again(frame: &Bytes) -> Result<(), WireError> {
    for message in decode(frame.clone())? {
        let mut encoder = Encoder::new(message.from, Limits::default());
        let frame = encoder.encode(&outbound(message.clone())).unwrap();
        assert_eq!(decode(frame), Ok(vec![message]));
    }
    Ok(())
}
