//! `docs/WIRE.md`, held against the code: its examples are what the encoder makes, byte by byte, and its tables list every code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{HELLO, decode, encode, envelope};
use crate::types::{
    Address, AppendReply, AppendRequest, ClusterTime, Configuration, ElectionOrigin, Entries, Entry,
    Envelope, Forward, ForwardReply, Gossip, Guarded, Incarnation, InstallSnapshot, JoinToken, LogIndex,
    LogPosition, Message, NodeId, Payload, PreVoteReply, PreVoteRequest, ProposalId, ProposalOutcome, Round,
    Route, RouteNews, RouteVersion, SerialNumber, SessionId, SnapshotReply, Term, TimeoutNow, VoteReply,
    VoteRequest, Wish,
};
use crate::wire::code::{HELLO as HELLO_KIND, Kind, Presence};
use crate::wire::entries::{Form, Lengths, belong_together};
use crate::wire::wish::{OutcomeCode, WishCode};

const DOCUMENT: &str = include_str!("../../../docs/WIRE.md");
const ROUND: Round = Round::new(12);

fn position(index: u64, term: u64) -> LogPosition {
    LogPosition::new(LogIndex::new(index), Term::new(term))
}

fn command(text: &'static str) -> Payload {
    Payload::Command(Bytes::from_static(text.as_bytes()))
}

fn append(payloads: impl IntoIterator<Item = (u64, Payload)>) -> Message {
    let entry = |(term, payload)| Entry {
        term: Term::new(term),
        payload,
    };
    Message::AppendRequest(AppendRequest {
        previous: position(300, 4),
        entries: Entries::new(
            LogIndex::new(301),
            payloads.into_iter().map(entry).collect::<Vec<_>>(),
        ),
        commit: LogIndex::new(299),
        round: ROUND,
    })
}

fn configuration() -> Configuration {
    let ids = |ids: &[u64]| ids.iter().copied().map(NodeId::new).collect::<BTreeSet<_>>();
    Configuration {
        voters: ids(&[1, 2, 4]),
        outgoing: Some(ids(&[1, 2, 3])),
        learners: ids(&[5]),
        last_id: NodeId::new(5),
        joined: BTreeMap::from([(JoinToken::new(77), NodeId::new(5))]),
    }
}

fn news() -> Vec<RouteNews> {
    vec![RouteNews {
        node: NodeId::new(3),
        route: Route {
            address: Address::new("ch-3").unwrap(),
            version: RouteVersion {
                incarnation: Incarnation::new(2),
                change: 1,
            },
        },
        age: Duration::from_millis(250),
    }]
}

/// The examples of the document, by name: a frame of each kind.
fn examples() -> BTreeMap<&'static str, Message> {
    let all = replication().into_iter().chain(snapshots());
    all.chain(elections()).chain(others()).collect()
}

/// A run of each form, but for commands that are equally long.
fn mixed() -> [(u64, Payload); 8] {
    let guarded = Guarded {
        session: SessionId::new(303),
        serial: SerialNumber::new(2),
        acknowledged: SerialNumber::new(1),
        command: Bytes::from_static(b"x=1"),
    };
    let timeout = Duration::from_secs(60);
    [
        (4, Payload::Configuration(Arc::new(configuration()))),
        (5, Payload::Noop),
        (5, Payload::OpenSession { timeout }),
        (5, Payload::ClusterTime(ClusterTime::from_nanos(1_000_000))),
        (5, Payload::Guarded(guarded)),
        (5, Payload::CloseSession(SessionId::new(303))),
        (5, command("y=22")),
        (5, command("z=3")),
    ]
}

fn replication() -> [(&'static str, Message); 6] {
    let reply = Message::AppendReply;
    let matched = AppendReply::Matched {
        through: LogIndex::new(302),
        round: ROUND,
    };
    let diverged = AppendReply::Diverged {
        rejected: LogIndex::new(300),
        hint: position(290, 3),
        round: ROUND,
    };
    [
        ("append", append([(5, command("x=1")), (5, command("y=2"))])),
        ("append-mixed", append(mixed())),
        ("heartbeat", append([])),
        ("matched", reply(matched)),
        ("diverged", reply(diverged)),
        ("stale-append", reply(AppendReply::StaleTerm)),
    ]
}

fn snapshots() -> [(&'static str, Message); 3] {
    let last = position(300, 4);
    let piece = InstallSnapshot {
        last,
        configuration: Arc::new(configuration()),
        offset: 0,
        total: 5,
        data: Bytes::from_static(b"state"),
        round: ROUND,
    };
    let received = SnapshotReply::Received {
        last,
        bytes: 5,
        round: ROUND,
    };
    [
        ("piece", Message::InstallSnapshot(piece)),
        ("received", Message::SnapshotReply(received)),
        ("stale-piece", Message::SnapshotReply(SnapshotReply::StaleTerm)),
    ]
}

fn elections() -> [(&'static str, Message); 8] {
    let (last, asked) = (position(300, 4), Term::new(6));
    let request = |origin| Message::VoteRequest(VoteRequest { last, origin });
    [
        (
            "pre-vote-request",
            Message::PreVoteRequest(PreVoteRequest { asked, last }),
        ),
        (
            "pre-vote-granted",
            Message::PreVoteReply(PreVoteReply::Granted { asked }),
        ),
        ("pre-vote-refused", Message::PreVoteReply(PreVoteReply::Refused)),
        ("vote-request", request(ElectionOrigin::Timeout)),
        ("vote-request-after-transfer", request(ElectionOrigin::Transfer)),
        ("vote-granted", Message::VoteReply(VoteReply::Granted)),
        ("vote-refused", Message::VoteReply(VoteReply::Refused)),
        ("timeout-now", Message::TimeoutNow(TimeoutNow { last })),
    ]
}

fn others() -> [(&'static str, Message); 4] {
    let (incarnation, id) = (Incarnation::new(3), ProposalId::new(9));
    let forward = Forward {
        incarnation,
        id,
        wish: Wish::Propose(Bytes::from_static(b"x=1")),
    };
    let reply = ForwardReply {
        incarnation,
        id,
        outcome: ProposalOutcome::Appended(position(301, 5)),
    };
    [
        ("forward", Message::Forward(forward)),
        ("forward-reply", Message::ForwardReply(reply)),
        ("gossip-push", Message::Gossip(Gossip::Push(news()))),
        ("gossip-reply", Message::Gossip(Gossip::Reply(Vec::new()))),
    ]
}

pub(super) fn example_envelopes() -> Vec<Envelope> {
    let messages = examples().into_values();
    messages.map(|message| envelope(5, message)).collect()
}

/// The bytes of the document's examples, by name: those at the beginning of each line of a block.
fn written_down() -> BTreeMap<&'static str, Vec<u8>> {
    let blocks = DOCUMENT.split("```frame ").skip(1);
    let of_block = |block: &'static str| {
        let (block, _) = block.split_once("\n```").unwrap();
        let (name, lines) = block.split_once('\n').unwrap();
        let bytes = lines.lines().flat_map(|line| {
            let (bytes, _) = line.split_once("  ").unwrap_or((line, ""));
            bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap())
        });
        (name, bytes.collect())
    };
    blocks.map(of_block).collect()
}

/// For a person who changes the format: the bytes as the document should have them.
fn in_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x} ");
        text
    })
}

#[test]
fn the_documents_examples_are_what_is_sent() {
    let mut written = written_down();
    assert_eq!(
        written.remove("hello").map(|bytes| in_hex(&bytes)),
        Some(in_hex(&HELLO.encode()))
    );
    for (name, message) in examples() {
        let sent = envelope(5, message);
        let frame = encode(&sent);
        let found = written.remove(name).unwrap_or_default();
        assert_eq!(in_hex(&found), in_hex(&frame), "{name}");
        assert_eq!(decode(found), Ok(vec![sent]), "{name}");
    }
    assert_eq!(written, BTreeMap::new(), "examples that nobody sends");
}

#[test]
fn there_is_an_example_of_each_kind_and_form() {
    let messages = examples().into_values().collect::<Vec<_>>();
    for kind in Kind::ALL {
        assert!(
            messages.iter().any(|message| Kind::of(message) == *kind),
            "{kind:?}"
        );
    }
    let mut forms = BTreeSet::new();
    for message in &messages {
        if let Message::AppendRequest(request) = message {
            let runs = request.entries.as_slice().chunk_by(belong_together);
            forms.extend(runs.map(|run| Form::of(&run[0].payload, Lengths::of(run))));
        }
    }
    assert_eq!(forms, Form::ALL.iter().copied().collect());
}

/// The codes in the table behind a heading: the first cells of its rows.
fn table(heading: &str) -> Vec<u8> {
    let (_, section) = DOCUMENT.split_once(&format!("\n### {heading}\n")).expect(heading);
    let (section, _) = section.split_once("\n#").unwrap_or((section, ""));
    let codes = section.lines().filter_map(|line| line.strip_prefix("| `"));
    codes
        .map(|row| row.split_once('`').unwrap().0)
        .map(|code| u8::from_str_radix(code.trim_start_matches("0x"), 16).unwrap())
        .collect()
}

#[test]
fn the_documents_tables_list_every_code() {
    let kinds: Vec<u8> = Kind::ALL.iter().map(|kind| kind.byte()).collect();
    assert_eq!(table("Kinds"), [vec![HELLO_KIND], kinds].concat());
    let forms: Vec<u8> = Form::ALL.iter().map(|form| form.byte()).collect();
    assert_eq!(table("Forms"), forms);
    let wishes: Vec<u8> = WishCode::ALL.iter().map(|code| code.byte()).collect();
    assert_eq!(table("Wishes"), wishes);
    let outcomes: Vec<u8> = OutcomeCode::ALL.iter().map(|code| code.byte()).collect();
    assert_eq!(table("Outcomes"), outcomes);
    assert_eq!(
        Presence::ALL.iter().map(|code| code.byte()).collect::<Vec<_>>(),
        [0, 1]
    );
}
