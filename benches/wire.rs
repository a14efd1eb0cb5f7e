//! How long it takes to encode and to decode: `cargo bench --bench wire`.
//!
//! The messages are what a leader really sends, for nothing else may be encoded: one of three servers is elected and then proposes
//! batches of 64 entries of 16 bytes. Each line is the best of several rounds, which is what the machine can do when left alone.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use raft_play::consensus::durable::{Driver, Inbound, Outbound};
use raft_play::consensus::{
    Input, Limits as CoreLimits, Log, Output, Protections, Raft, RuleSet, Settings, State, Switch, Unobserved,
};
use raft_play::storage::memory::MemoryStore;
use raft_play::types::{
    AppendReply, ClusterId, Configuration, Entries, Envelope, Incarnation, LocalTime, LogIndex, Message,
    NodeId, ProposalId, VoteReply,
};
use raft_play::wire::{Decoder, Encoder, Hello, Limits};

const LEADER: NodeId = NodeId::new(1);
const FOLLOWER: NodeId = NodeId::new(2);
const CLUSTER: ClusterId = ClusterId::new(7);

/// In how many different batches a round goes: more than the encoder remembers, so that none is taken for one before, and no more than stay in
/// the processor's cache, as batches do that are sent when they have just been made.
const BATCHES: usize = 32;
const ENTRIES: usize = 64;
const COMMAND_BYTES: usize = 16;
const ROUNDS: usize = 2_000;

/// A server that leads, and the way out for its messages.
struct Leader {
    raft: Raft,
    driver: Driver<MemoryStore>,
    out: Output,
}

impl Leader {
    fn elected() -> Self {
        let settings = Settings {
            id: LEADER,
            incarnation: Incarnation::new(1),
            started: LocalTime::default(),
            election_timeout: Duration::from_millis(150),
            protections: Protections::default(),
            auto_promote: Switch::Off,
            reroute: Switch::Off,
            drift_ppm: 0,
            limits: CoreLimits {
                entries_per_request: ENTRIES,
                ..CoreLimits::default()
            },
            rules: RuleSet::sound(),
        };
        let voters = Configuration::of_voters((1..=3).map(NodeId::new));
        let log = Log::of(Arc::new(voters), Entries::empty(LogIndex::new(1)));
        let state = State::recovered(raft_play::consensus::durable::Metadata::default(), log, None);
        let (driver, _) = Driver::new(MemoryStore, LEADER, Incarnation::new(1));
        let mut leader = Self {
            raft: Raft::start(settings, state).expect("a state that can be"),
            driver,
            out: Output::default(),
        };
        leader.inputs([Input::ElectionTimeout]);
        let term = leader.raft.state().persistent.metadata.term;
        let vote = Message::VoteReply(VoteReply::Granted);
        let first = leader.inputs([receive(term, vote)]);
        leader.acknowledge(&first);
        assert!(leader.raft.is_leader(), "one vote beside its own is a majority");
        leader
    }

    /// Takes inputs, syncs, and gives what left for the follower.
    fn inputs(&mut self, inputs: impl IntoIterator<Item = Input>) -> Vec<Outbound<Envelope>> {
        for input in inputs {
            self.raft.absorb(LocalTime::default(), input, &mut Unobserved);
        }
        self.raft.flush(&mut self.out);
        if let Some(write) = self.out.write.take() {
            let pending = self.driver.begin(&write).expect("nothing fails");
            let proof = self.driver.complete(pending.sync()).expect("nothing fails");
            if let Some(proof) = proof {
                self.raft
                    .absorb(LocalTime::default(), Input::Durable(proof), &mut Unobserved);
            }
        }
        let proof = self.driver.proof();
        let released = self
            .out
            .messages
            .drain(..)
            .filter_map(|held| held.release(&proof).ok());
        released
            .filter(|outbound| outbound.get().to == FOLLOWER)
            .collect()
    }

    /// The follower has what it was sent.
    fn acknowledge(&mut self, sent: &[Outbound<Envelope>]) {
        for outbound in sent {
            if let Message::AppendRequest(request) = &outbound.get().message {
                let reply = AppendReply::Matched {
                    through: request.last_index(),
                    round: request.round,
                };
                self.inputs([receive(outbound.get().term, Message::AppendReply(reply))]);
            }
        }
    }

    /// A request with as many entries as one has.
    fn batch(&mut self, number: usize, lengths: fn(usize) -> usize) -> Outbound<Envelope> {
        let proposals = (0..ENTRIES).map(|place| {
            let id = (number * ENTRIES + place) as u64;
            Input::Propose {
                id: ProposalId::new(id),
                command: Bytes::from(vec![7; lengths(place)]),
            }
        });
        let sent = self.inputs(proposals.collect::<Vec<_>>());
        self.acknowledge(&sent);
        let mut batches = sent.into_iter().filter(|outbound| {
            matches!(&outbound.get().message, Message::AppendRequest(request) if request.entries.len() == ENTRIES)
        });
        batches.next().expect("a request with all of them")
    }
}

fn receive(term: raft_play::types::Term, message: Message) -> Input {
    Input::Receive(Inbound::received(Envelope {
        from: FOLLOWER,
        to: LEADER,
        term,
        message,
    }))
}

/// The shortest of several rounds.
fn best(mut round: impl FnMut()) -> Duration {
    let time = |()| {
        let start = Instant::now();
        round();
        start.elapsed()
    };
    let times = std::iter::repeat_n((), ROUNDS).map(time);
    times.min().unwrap_or_default()
}

fn report(what: &str, round: Duration, count: usize, unit: &str) {
    let nanos = round.as_secs_f64() * 1e9 / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    println!("{what:<52} {nanos:8.1} ns/{unit}");
}

fn decode_all(hello: &Bytes, chunks: &[Bytes]) -> usize {
    let mut decoder = Decoder::new(CLUSTER, FOLLOWER, Limits::default());
    decoder.feed(hello.clone());
    let mut messages = 0;
    for chunk in chunks {
        decoder.feed(chunk.clone());
        while let Some(message) = decoder.next_message().expect("a good link") {
            black_box(message.get());
            messages += 1;
        }
    }
    messages
}

fn of_batches(what: &str, lengths: fn(usize) -> usize) {
    let mut leader = Leader::elected();
    let batches: Vec<_> = (0..BATCHES).map(|number| leader.batch(number, lengths)).collect();
    let entries = BATCHES * ENTRIES;
    let mut encoder = Encoder::new(LEADER, Limits::default());
    let round = best(|| {
        for batch in &batches {
            black_box(encoder.encode(batch).expect("a small frame"));
        }
    });
    report(&format!("encode, {what}"), round, entries, "entry");
    let round = best(|| {
        for batch in &batches {
            for _follower in 0..4 {
                black_box(encoder.encode(batch).expect("a small frame"));
            }
        }
    });
    report(
        &format!("encode for four followers, {what}"),
        round,
        entries,
        "entry",
    );
    let frames: Vec<Bytes> = batches
        .iter()
        .map(|batch| encoder.encode(batch).expect("a small frame"))
        .collect();
    let hello = hello();
    let round = best(|| assert!(decode_all(&hello, &frames) == BATCHES));
    report(&format!("decode, {what}"), round, entries, "entry");
    let stream = frames.concat();
    let cut: Vec<Bytes> = stream.chunks(16 << 10).map(Bytes::copy_from_slice).collect();
    let round = best(|| assert!(decode_all(&hello, &cut) == BATCHES));
    report(
        &format!("decode, cut into 16 KiB, {what}"),
        round,
        entries,
        "entry",
    );
    let bytes: usize = frames.iter().map(Bytes::len).sum();
    let payload: usize = (0..ENTRIES).map(lengths).sum::<usize>() * BATCHES;
    let overhead = (bytes - payload) * 100 / entries;
    println!(
        "{what:<52} {:5}.{:02} bytes/entry beside it",
        overhead / 100,
        overhead % 100
    );
}

fn of_heartbeats() {
    let mut leader = Leader::elected();
    let heartbeat = leader.inputs([Input::HeartbeatTimeout]).remove(0);
    let mut encoder = Encoder::new(LEADER, Limits::default());
    let mut chunk = BytesMut::new();
    let round = best(|| {
        chunk.clear();
        for _ in 0..BATCHES {
            encoder
                .encode_onto(&heartbeat, &mut chunk)
                .expect("a small frame");
        }
    });
    report("encode a heartbeat", round, BATCHES, "message");
    let frames = [chunk.freeze()];
    let hello = hello();
    let round = best(|| assert!(decode_all(&hello, &frames) == BATCHES));
    report("decode a heartbeat", round, BATCHES, "message");
}

fn hello() -> Bytes {
    let hello = Hello {
        cluster: CLUSTER,
        from: LEADER,
        incarnation: Incarnation::new(1),
        to: FOLLOWER,
    };
    hello.encode()
}

fn main() {
    of_batches("64 entries of 16 bytes", |_| COMMAND_BYTES);
    of_batches("64 entries of 15 to 17 bytes", |place| {
        COMMAND_BYTES - 1 + place % 3
    });
    of_heartbeats();
}
