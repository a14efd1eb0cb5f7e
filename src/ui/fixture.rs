//! Worlds made by hand, to draw: every state that the screen must show well.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use super::draw::{KeyGroup, KeyHint};
use super::story::Story;
use super::view::{Banner, Notes, Pace, Scene, Selection, View};
use crate::consensus::{Flow, Log, Probe};
use crate::machine::SessionTable;
use crate::node::Routes;
use crate::playground::{
    Clock, Condition, DiskView, Mark, MessageId, MessageView, NodeView, PeerView, RoleView, Settings,
    Snapshot, StoryLine, TimerView, Weight, Whereabouts, Why,
};
use crate::types::{
    AppendReply, AppendRequest, Configuration, Entries, Entry, Envelope, LogIndex, LogPosition, Message,
    NodeId, Round, Term, VirtualTime, VoteReply, VoteRequest, WriteSequence,
};

pub fn id(number: u64) -> NodeId {
    NodeId::new(number)
}

pub fn ids(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<NodeId> {
    numbers.into_iter().map(NodeId::new).collect()
}

pub fn index(number: u64) -> LogIndex {
    LogIndex::new(number)
}

/// So many microseconds after the world's beginning.
pub fn micros(number: u64) -> VirtualTime {
    VirtualTime::from_nanos(number * 1000)
}

/// An entry: `"-"` is a no-op.
fn entry(term: u64, command: &str) -> Entry {
    let term = Term::new(term);
    match command {
        "-" => Entry::noop(term),
        command => Entry::command(term, Bytes::copy_from_slice(command.as_bytes())),
    }
}

fn log(entries: &[(u64, &str)]) -> Log {
    let entries: Vec<Entry> = entries
        .iter()
        .map(|&(term, command)| entry(term, command))
        .collect();
    Log::of(Configuration::default(), Entries::new(index(1), entries))
}

fn follower(number: u64, term: u64, leader: Option<u64>, log: Log, now: VirtualTime) -> NodeView {
    let duration = Duration::from_millis(180 + 20 * number);
    let gone = duration * u32::try_from((number * 37) % 90).unwrap() / 100;
    let last = log.last_index();
    NodeView {
        id: id(number),
        condition: Condition::Up,
        role: RoleView::Follower {
            leader: leader.map(NodeId::new),
        },
        term: Term::new(term),
        vote: leader.map(NodeId::new),
        log,
        commit: last,
        applied: last,
        durable: last,
        snapshot: None,
        taking: None,
        incoming: None,
        writes: Vec::new(),
        timer: Some(TimerView {
            deadline: now.after(duration.checked_sub(gone).unwrap()),
            duration,
        }),
        contents: vec![("x".to_owned(), "2".to_owned())],
        sessions: SessionTable::default(),
        clock: Clock::default(),
        routes: Routes::default(),
        backlog: 0,
        failure: None,
        disk: DiskView::default(),
    }
}

fn lead(node: &mut NodeView, peers: &[(u64, u64, u64, bool)], now: VirtualTime) {
    node.vote = Some(node.id);
    let peer = |&(number, matched, next, probing): &(u64, u64, u64, bool)| {
        let flow = if probing {
            Flow::Probe(Probe::Awaiting)
        } else {
            Flow::Replicate {
                in_flight: VecDeque::new(),
            }
        };
        let view = PeerView {
            matched: index(matched),
            next: index(next),
            flow,
        };
        (id(number), view)
    };
    node.role = RoleView::Leader {
        transfer: None,
        lease_end: None,
        peers: peers.iter().map(peer).collect::<BTreeMap<_, _>>(),
    };
    node.timer = Some(TimerView {
        deadline: now.after(Duration::from_millis(20)),
        duration: Duration::from_millis(50),
    });
}

fn snapshot(now: VirtualTime, nodes: Vec<NodeView>) -> Snapshot {
    Snapshot {
        now,
        seed: 42,
        settings: Settings::default(),
        nodes,
        messages: Vec::new(),
        cut: BTreeSet::new(),
        links: BTreeMap::new(),
        partition: Vec::new(),
        trace_hash: 7,
        broken: Vec::new(),
        gossip: BTreeMap::new(),
        delivered: 0,
    }
}

/// Sends a message that has gone so many parts per thousand of its way.
pub fn send(snapshot: &mut Snapshot, from: u64, to: u64, term: u64, message: Message, permille: u64) {
    let whole = 13_000_000;
    let sent = snapshot.now.nanos().saturating_sub(whole * permille / 1000);
    snapshot.messages.push(MessageView {
        id: MessageId(snapshot.messages.len() as u64),
        envelope: Envelope {
            from: id(from),
            to: id(to),
            term: Term::new(term),
            message,
        },
        sent: VirtualTime::from_nanos(sent),
        due: VirtualTime::from_nanos(sent + whole),
        whereabouts: Whereabouts::OnTheWire,
    });
}

fn append(previous: (u64, u64), entries: &[(u64, &str)]) -> Message {
    let entries: Vec<Entry> = entries
        .iter()
        .map(|&(term, command)| entry(term, command))
        .collect();
    Message::AppendRequest(AppendRequest {
        previous: LogPosition::new(index(previous.0), Term::new(previous.1)),
        entries: Entries::new(index(previous.0 + 1), entries),
        commit: index(previous.0),
        round: Round::default(),
    })
}

/// Parts the nodes, as the world does: a partition is a set of cut links.
fn part(snapshot: &mut Snapshot, groups: &[&[u64]]) {
    snapshot.partition = groups.iter().map(|group| ids(group.iter().copied())).collect();
    for group in &snapshot.partition {
        for other in &snapshot.partition {
            let apart = group
                .iter()
                .flat_map(|&one| other.iter().map(move |&another| (one, another)));
            snapshot.cut.extend(apart.filter(|_| group != other));
        }
    }
}

/// A cluster that has just been started.
pub fn fresh(count: u64) -> Snapshot {
    let now = micros(42_000);
    let nodes = (1..=count).map(|number| follower(number, 0, None, Log::default(), now));
    let mut nodes: Vec<_> = nodes.collect();
    for node in &mut nodes {
        node.contents.clear();
    }
    snapshot(now, nodes)
}

/// S1 leads and everything is committed; heartbeats are under way.
pub fn stable(count: u64) -> Snapshot {
    let now = micros(3_400_000);
    let entries = [(1, "-"), (1, "x=1"), (1, "y=2")];
    let mut nodes: Vec<_> = (1..=count)
        .map(|number| follower(number, 1, Some(1), log(&entries), now))
        .collect();
    let peers: Vec<_> = (2..=count).map(|number| (number, 3, 4, false)).collect();
    lead(&mut nodes[0], &peers, now);
    let mut snapshot = snapshot(now, nodes);
    for number in 2..=count {
        send(
            &mut snapshot,
            1,
            number,
            1,
            append((3, 1), &[]),
            150 * number % 1000,
        );
    }
    snapshot
}

/// S2 stands for election; S4 has granted, S5's refusal is on its way back.
pub fn election(count: u64) -> Snapshot {
    let mut snapshot = stable(count);
    snapshot.messages.clear();
    for node in &mut snapshot.nodes {
        node.role = RoleView::Follower { leader: None };
    }
    snapshot.nodes[0].condition = Condition::Down;
    snapshot.nodes[0].timer = None;
    snapshot.nodes[0].commit = index(0);
    let candidate = &mut snapshot.nodes[1];
    candidate.term = Term::new(2);
    candidate.vote = Some(id(2));
    candidate.role = RoleView::Candidate {
        granted: ids([2]),
        refused: BTreeSet::new(),
    };
    let request = VoteRequest {
        origin: crate::types::ElectionOrigin::Timeout,
        last: LogPosition::new(index(3), Term::new(1)),
    };
    send(&mut snapshot, 2, 1, 2, Message::VoteRequest(request), 500);
    send(&mut snapshot, 2, 3, 2, Message::VoteRequest(request), 700);
    if count >= 5 {
        send(
            &mut snapshot,
            4,
            2,
            2,
            Message::VoteReply(VoteReply::Granted),
            300,
        );
        send(
            &mut snapshot,
            5,
            2,
            2,
            Message::VoteReply(VoteReply::Refused),
            600,
        );
    }
    snapshot
}

/// Two leaders: S1 in term 3 with S2, S3 in term 4 with S4 and S5, and a wall between them.
pub fn minority_leader() -> Snapshot {
    let now = micros(12_402_000);
    let old = [(1, "-"), (1, "x=1"), (3, "-"), (3, "x=2"), (3, "x=3")];
    let new = [(1, "-"), (1, "x=1"), (3, "-"), (3, "x=2"), (4, "-"), (4, "x=4")];
    let mut nodes = vec![
        follower(1, 3, None, log(&old), now),
        follower(2, 3, Some(1), log(&old), now),
        follower(3, 4, None, log(&new), now),
        follower(4, 4, Some(3), log(&new[..5]), now),
        follower(5, 4, Some(3), log(&new[..5]), now),
    ];
    for node in &mut nodes {
        (node.commit, node.applied) = (index(4), index(4));
    }
    lead(
        &mut nodes[0],
        &[
            (2, 5, 6, false),
            (3, 4, 6, true),
            (4, 4, 6, true),
            (5, 4, 6, true),
        ],
        now,
    );
    lead(
        &mut nodes[2],
        &[
            (1, 0, 5, true),
            (2, 0, 5, true),
            (4, 5, 7, false),
            (5, 5, 7, false),
        ],
        now,
    );
    (nodes[2].commit, nodes[2].applied, nodes[2].durable) = (index(5), index(5), index(5));
    nodes[2].writes = vec![(WriteSequence::new(9), now.after(Duration::from_micros(600)))];
    let mut snapshot = snapshot(now, nodes);
    part(&mut snapshot, &[&[1, 2], &[3, 4, 5]]);
    send(&mut snapshot, 3, 4, 4, append((5, 4), &[(4, "x=4")]), 400);
    send(&mut snapshot, 3, 5, 4, append((5, 4), &[(4, "x=4")]), 300);
    send(&mut snapshot, 1, 2, 3, append((5, 3), &[]), 500);
    let through = index(5);
    send(
        &mut snapshot,
        2,
        1,
        3,
        Message::AppendReply(AppendReply::Matched {
            through,
            round: Round::default(),
        }),
        300,
    );
    snapshot
}

/// One link cut both ways, one cut one way, one node frozen, one down by itself.
pub fn hurt() -> Snapshot {
    let mut snapshot = stable(5);
    snapshot
        .cut
        .extend([(id(1), id(3)), (id(3), id(1)), (id(1), id(4))]);
    snapshot.nodes[1].condition = Condition::Frozen;
    snapshot.nodes[1].backlog = 3;
    let failed = &mut snapshot.nodes[4];
    failed.condition = Condition::Down;
    failed.role = RoleView::Follower { leader: None };
    failed.timer = None;
    failed.commit = index(0);
    failed.failure = Some("disk full while syncing".to_owned());
    snapshot
}

/// Three groups, one of them a single node between the two others.
pub fn three_groups() -> Snapshot {
    let mut snapshot = stable(7);
    part(&mut snapshot, &[&[1, 2, 3], &[4], &[5, 6, 7]]);
    snapshot
}

/// Long logs, and values that don't fit a cell.
pub fn long_logs(length: u64) -> Snapshot {
    let now = micros(99_000_000);
    let of = |number: u64| match number % 10 {
        0 => entry(number / 10 + 1, "-"),
        7 => entry(number / 10 + 1, "name=a-value-that-goes-on-and-on"),
        _ => entry(number / 10 + 1, &format!("k={number}")),
    };
    let entries: Vec<Entry> = (0..length).map(of).collect();
    let entries = Entries::new(index(1), entries);
    let term = length / 10 + 1;
    let mut nodes: Vec<_> = (1..=5)
        .map(|number| {
            follower(
                number,
                term,
                Some(1),
                Log::of(Configuration::default(), entries.clone()),
                now,
            )
        })
        .collect();
    nodes[4].log.truncate_from(index(length.saturating_sub(8).max(1)));
    nodes[4].durable = nodes[4].log.last_index();
    for node in &mut nodes {
        node.commit = node.commit.min(index(length.saturating_sub(2)));
    }
    let peers: Vec<_> = (2..=5)
        .map(|number| (number, length, length + 1, false))
        .collect();
    lead(&mut nodes[0], &peers, now);
    snapshot(now, nodes)
}

/// Messages everywhere.
pub fn busy(count: u64, messages: u64) -> Snapshot {
    let mut snapshot = stable(count);
    for number in 0..messages {
        let (from, to) = (number % count + 1, (number * 7 + 1) % count + 1);
        if from != to {
            let message = append((2, 1), &[(1, "y=2")]);
            send(&mut snapshot, from, to, 1, message, number * 131 % 1000);
        }
    }
    snapshot
}

fn line(at_millis: u64, node: u64, short: &str, long: &str, mark: Option<Mark>, weight: Weight) -> StoryLine {
    StoryLine {
        at: micros(at_millis * 1000),
        ordinal: at_millis,
        node: Some(id(node)),
        short: short.to_owned(),
        long: long.to_owned(),
        mark,
        weight,
        why: Why {
            rule: "A leader commits by counting copies only entries of its own term.".to_owned(),
            values: vec![
                "entry 5 is of term 4, the leader's own".to_owned(),
                "on the disks of S3 S4 S5: 3 of 5, needs 3".to_owned(),
            ],
            section: "§5.4.2".to_owned(),
            otherwise: "Had S5 been cut off, 2 copies would not have been enough.".to_owned(),
            index: Some(index(5)),
        },
        made: None,
    }
}

/// A line of a story, of no node in particular.
#[cfg(test)]
pub fn story_line(at_nanos: u64, text: &str) -> StoryLine {
    StoryLine {
        at: VirtualTime::from_nanos(at_nanos),
        ..line(0, 1, text, text, None, Weight::Routine)
    }
}

/// A story that has not begun.
pub static UNTOLD: Story = Story::new();

/// What led to [`minority_leader`].
pub fn story() -> Story {
    let lines = vec![
        line(
            312,
            1,
            "S1 leads term 1: votes S1 S2 S5",
            "S1 leads term 1: votes S1 S2 S5, 3 of 5",
            Some(Mark::Leader),
            Weight::Turn,
        ),
        line(
            4_120,
            1,
            "S1 commits 2: 3 of 5, own term",
            "S1 commits 2: on 3 of 5 disks, own term (§5.4.2)",
            Some(Mark::Commit),
            Weight::Turn,
        ),
        line(
            8_000,
            1,
            "you part S1 S2 ▒ S3 S4 S5",
            "you part S1 S2 from S3 S4 S5",
            Some(Mark::Cut),
            Weight::Act,
        ),
        line(
            12_303,
            3,
            "S3 timed out: candidate, term 4",
            "S3 timed out after 187 ms of silence: candidate, term 4",
            Some(Mark::Election),
            Weight::Turn,
        ),
        line(
            12_329,
            4,
            "S4 votes for S3: log as up to date",
            "S4 votes for S3: log 4 (term 3) is as up to date as its own",
            None,
            Weight::Step,
        ),
        line(
            12_330,
            3,
            "S3 leads term 4: votes S3 S4 S5",
            "S3 leads term 4: votes S3 S4 S5, 3 of 5",
            Some(Mark::Leader),
            Weight::Turn,
        ),
        line(
            12_330,
            3,
            "S3 appends 5 (no-op, term 4)",
            "S3 appends 5 (no-op, term 4)",
            None,
            Weight::Step,
        ),
        line(
            12_356,
            4,
            "S4, S5 have 5 on disk: yes",
            "S4 and S5 have 5 on disk and say yes",
            None,
            Weight::Step,
        ),
        line(
            12_357,
            3,
            "S3 commits 5: 3 of 5, own term",
            "S3 commits 5: on 3 of 5 disks, own term (§5.4.2)",
            Some(Mark::Commit),
            Weight::Turn,
        ),
        line(
            12_402,
            3,
            "you propose x=4 at S3",
            "you propose x=4 at S3",
            None,
            Weight::Act,
        ),
        line(
            12_402,
            3,
            "S3 appends 6; not on disk yet",
            "S3 appends 6; sent to S4 S5 before its own disk is done",
            None,
            Weight::Step,
        ),
    ];
    lines.into()
}

/// The view of the sketch: paused, S3 selected, notes shown.
pub fn view() -> View {
    View {
        selection: Selection::Node(id(3)),
        pace: Pace::Paused,
        notes: Notes {
            steps: [
                "Minority leader 3/5: two leaders now. Press 1 n, then 3 n. Which value commits? Predict, then \
                 run.",
                "x=4: S3 has a majority on its side.",
            ]
            .map(Into::into)
            .to_vec(),
            ..Notes::default()
        },
        title: Some("minority-leader".to_owned()),
        ..View::default()
    }
}

/// The view with a broken promise.
pub fn violated() -> View {
    View {
        violation: Some(Banner {
            property: "Leader Completeness".to_owned(),
            detail: "S5 leads term 5 without entry 2, which was committed in term 2".to_owned(),
            at: micros(12_402_000),
        }),
        ..view()
    }
}

fn hint(keys: &str, what: &str, group: KeyGroup) -> KeyHint {
    KeyHint {
        keys: keys.to_owned(),
        what: what.to_owned(),
        group,
    }
}

/// A key bar.
pub fn bar() -> Vec<KeyHint> {
    vec![
        hint("Space", "run", KeyGroup::Time),
        hint("↓", "next", KeyGroup::Time),
        hint("0-9", "node", KeyGroup::Look),
        hint("n", "propose", KeyGroup::Node),
        hint("c", "crash", KeyGroup::Node),
        hint("f", "freeze", KeyGroup::Node),
        hint("p", "part", KeyGroup::Network),
        hint("x", "link", KeyGroup::Network),
        hint("h", "heal", KeyGroup::Network),
        hint("-+", "speed", KeyGroup::Time),
        hint(":", "all", KeyGroup::Rest),
        hint("?", "help", KeyGroup::Rest),
    ]
}

/// As many keys as the help has to hold.
pub fn keys() -> Vec<KeyHint> {
    vec![
        hint("Space", "run, pause", KeyGroup::Time),
        hint("↓ . j", "run to the next line of the story", KeyGroup::Time),
        hint("- +", "slower, faster", KeyGroup::Time),
        hint("a", "automatic speed", KeyGroup::Time),
        hint("1-9 ← →", "pick a node", KeyGroup::Node),
        hint("0", "the leader; again: the other one", KeyGroup::Node),
        hint("n N", "propose the next value, a typed one", KeyGroup::Node),
        hint("c", "crash: memory is lost", KeyGroup::Node),
        hint("C", "power cut: unsynced writes too", KeyGroup::Node),
        hint("r", "bring back, thaw", KeyGroup::Node),
        hint("f", "freeze", KeyGroup::Node),
        hint("g", "fire its timer now", KeyGroup::Node),
        hint("t T", "tie, spread election timers", KeyGroup::Timers),
        hint("p", "part the cluster in groups", KeyGroup::Network),
        hint("x 4", "cut or mend the link to S4", KeyGroup::Network),
        hint("X 4", "the same, one way", KeyGroup::Network),
        hint("h", "heal all", KeyGroup::Network),
        hint("Enter", "why the newest line", KeyGroup::Look),
        hint("z", "zoom a view", KeyGroup::Look),
        hint("PgDn PgUp", "next, previous note", KeyGroup::Look),
        hint("Esc", "close; follow the leader", KeyGroup::Look),
        hint("[ ]", "scroll the logs", KeyGroup::Look),
        hint("s o", "save, open", KeyGroup::Rest),
        hint(":", "everything, in words", KeyGroup::Rest),
        hint("?", "this help", KeyGroup::Rest),
        hint("q", "quit; the cluster is kept as `last`", KeyGroup::Rest),
    ]
}

/// The scene of the sketch in UI terms: [`minority_leader`], [`story`], a view.
pub fn scene<'a>(snapshot: &'a Snapshot, story: &'a Story, view: &'a View) -> Scene<'a> {
    Scene {
        snapshot,
        story,
        journey: &super::journey::PRESENT,
        view,
        clients: None,
        disk: None,
    }
}
