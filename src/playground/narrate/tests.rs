use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::words::{LONG_WIDTH, SHORT_WIDTH, columns};
use super::*;
use crate::consensus::{
    CatchUpVerdict, ChangeCause, ChangeRefusal, Event, IgnoreReason, IgnoredInput, ProposalRefusal, Quiet,
    RoleName, Tally, TransferRefusal, Verdict, VoteRefusal,
};
use crate::machine::{Execution, Exhibit, KeyValue};
use crate::playground::any::{any_command, any_node};
use crate::playground::{ClientAnswer, Command, Loss, Mark, MessageId, Stop, Weight};
use crate::types::{
    AppendReply, AppendRequest, Configuration, ElectionOrigin, Entries, Entry, Envelope, LogIndex,
    LogPosition, Message, MessageKind, NodeId, Payload, ProposalId, Round, Term, VirtualTime, VoteReply,
    VoteRequest, WriteSequence,
};

fn node(number: u64) -> NodeId {
    NodeId::new(number)
}

fn set(numbers: &[u64]) -> BTreeSet<NodeId> {
    numbers.iter().copied().map(NodeId::new).collect()
}

fn index(number: u64) -> LogIndex {
    LogIndex::new(number)
}

fn position(at: u64, term: u64) -> LogPosition {
    LogPosition::new(index(at), Term::new(term))
}

fn envelope(from: u64, to: u64, term: u64, message: Message) -> Envelope {
    Envelope {
        from: node(from),
        to: node(to),
        term: Term::new(term),
        message,
    }
}

fn append(from: u64, to: u64, term: u64, previous: LogPosition, entries: Vec<Entry>) -> Envelope {
    let request = AppendRequest {
        previous,
        entries: Entries::new(previous.index.next(), entries),
        commit: LogIndex::GENESIS,
        round: Round::default(),
    };
    envelope(from, to, term, Message::AppendRequest(request))
}

fn delivered(envelope: Envelope) -> Happening {
    let message = MessageId(0);
    Happening::Delivered { message, envelope }
}

fn sent(envelope: Envelope) -> Happening {
    Happening::Sent {
        message: MessageId(0),
        envelope,
        due: None,
    }
}

fn lost(envelope: Envelope, reason: Loss) -> Happening {
    Happening::Lost {
        message: MessageId(0),
        envelope,
        reason,
    }
}

fn event(number: u64, event: Event) -> Happening {
    Happening::Node {
        node: node(number),
        event,
    }
}

fn flushed(number: u64, through: u64) -> Happening {
    let sequence = WriteSequence::new(1);
    event(
        number,
        Event::Flushed {
            sequence,
            through: index(through),
        },
    )
}

fn tally(term: u64, granted: &[u64], refused: &[u64]) -> Tally {
    Tally {
        term: Term::new(term),
        granted: set(granted),
        refused: set(refused),
        needed: 3,
        voters: 5,
        outgoing: None,
    }
}

fn started(number: u64, term: u64, last: LogPosition) -> Happening {
    Happening::Started {
        node: node(number),
        term: Term::new(term),
        last,
        torn_bytes: 0,
    }
}

fn record(ordinal: usize, what: Happening) -> Record {
    Record {
        at: VirtualTime::default(),
        ordinal: ordinal as u64,
        what,
    }
}

fn tell(happenings: Vec<Happening>) -> Vec<StoryLine> {
    let mut narrator = Narrator::new(KeyValue::describe);
    let told = |(ordinal, what)| narrator.tell(&record(ordinal, what));
    happenings.into_iter().enumerate().filter_map(told).collect()
}

/// The lines that are not folded away, long and short.
fn story(happenings: Vec<Happening>) -> (Vec<String>, Vec<String>) {
    let lines = tell(happenings).into_iter();
    lines
        .filter(|line| line.weight > Weight::Routine)
        .map(|line| (line.long, line.short))
        .unzip()
}

/// Five nodes in term 3, all with four entries, and S1, S2 cut off from the others.
fn minority_leader() -> Vec<Happening> {
    let start = |number| started(number, 3, position(4, 3));
    let parted = vec![vec![node(1), node(2)], vec![node(3), node(4), node(5)]];
    (1..=5)
        .map(start)
        .chain([Happening::Commanded(Command::Partition(parted))])
        .collect()
}

fn election() -> Vec<Happening> {
    let request = || {
        Message::VoteRequest(VoteRequest {
            last: position(4, 3),
            origin: ElectionOrigin::Timeout,
        })
    };
    let adopted = Event::AdoptedTerm {
        before: Term::new(3),
        role: RoleName::Follower,
        from: node(3),
        kind: MessageKind::VoteRequest,
    };
    vec![
        Happening::TimerFired {
            node: node(3),
            timer: Timer::Election,
            after: Duration::from_millis(187),
        },
        event(
            3,
            Event::ElectionStarted {
                origin: ElectionOrigin::Timeout,
                term: Term::new(4),
                last: position(4, 3),
                asked: set(&[1, 2, 4, 5]),
            },
        ),
        event(
            3,
            Event::OwnVoteCounted {
                tally: tally(4, &[3], &[]),
            },
        ),
        sent(envelope(3, 1, 4, request())),
        lost(envelope(3, 1, 4, request()), Loss::Cut),
        sent(envelope(3, 4, 4, request())),
        delivered(envelope(3, 4, 4, request())),
        event(4, adopted),
        event(
            4,
            Event::VoteGranted {
                candidate: node(3),
                theirs: position(4, 3),
                own: position(4, 3),
            },
        ),
        event(
            3,
            Event::VoteCounted {
                from: node(4),
                verdict: Verdict::Granted,
                tally: tally(4, &[3, 4], &[]),
            },
        ),
        event(
            3,
            Event::BecameLeader {
                tally: tally(4, &[3, 4, 5], &[]),
                last: position(4, 3),
            },
        ),
        event(
            3,
            Event::Proposed {
                index: index(5),
                proposal: None,
            },
        ),
    ]
}

#[test]
fn an_election_reads_as_the_sketch_of_the_screen() {
    let (long, short) = story([minority_leader().split_off(5), election()].concat());
    assert_eq!(
        long,
        [
            "you part S1 S2 ▒ S3 S4 S5",
            "S3 timed out after 187 ms of silence: candidate, term 4",
            "S3 asks S1 S2 S4 S5 for votes; S1 S2 are cut off",
            "S4 votes for S3: log 4 (term 3) is as up to date as its own",
            "S3 leads term 4: votes S3 S4 S5, 3 of 5",
            "S3 appends 5 (no-op, term 4)",
        ]
    );
    assert_eq!(
        short,
        [
            "you part S1 S2 ▒ S3 S4 S5",
            "S3 timed out: candidate, term 4",
            "S3 asks S1 S2 S4 S5 for votes",
            "S4 votes for S3: its log is as good",
            "S3 leads term 4: votes S3 S4 S5",
            "S3 appends 5 (no-op, term 4)",
        ]
    );
}

#[test]
fn a_proposal_reads_from_the_client_and_back() {
    let propose = Command::Propose {
        to: Some(node(3)),
        command: "set x 4".to_owned(),
    };
    let entry = Entry::command(Term::new(4), Bytes::from_static(b"set x 4"));
    let matched = |from| Event::MatchAdvanced {
        follower: node(from),
        matched: index(6),
    };
    let proposal = vec![
        Happening::Commanded(propose),
        event(
            3,
            Event::Proposed {
                index: index(6),
                proposal: Some(ProposalId::new(1)),
            },
        ),
        flushed(3, 6),
        delivered(append(3, 4, 4, position(5, 4), vec![entry])),
        event(
            4,
            Event::Stored {
                leader: node(3),
                first: index(6),
                last: index(6),
            },
        ),
        flushed(4, 6),
        event(3, matched(4)),
        event(
            3,
            Event::CommittedByCounting {
                through: index(6),
                copies: 3,
                voters: 5,
                outgoing: None,
            },
        ),
        Happening::Answered {
            node: node(3),
            proposal: ProposalId::new(1),
            answer: ClientAnswer::Done {
                index: index(6),
                answer: Bytes::from_static(b"ok"),
            },
        },
    ];
    let before = [minority_leader(), election()].concat();
    let commit = event(
        3,
        Event::CommittedByCounting {
            through: index(5),
            copies: 3,
            voters: 5,
            outgoing: None,
        },
    );
    let told = before.clone();
    let skipped = story(told).0.len();
    let (long, _) = story([before, vec![flushed(3, 5), commit], proposal].concat());
    assert_eq!(
        long[skipped..],
        [
            "S3's own disk has 5 (no-op): its copy counts now",
            "S3 commits 1–5: on 3 of 5 disks, own term (§5.4.2)",
            "you propose x=4 at S3",
            "S3 appends 6 (x=4), sends it before its own disk is done",
            "S3's own disk has 6 (x=4): its copy counts now",
            "S4 stores 5–6, on disk: yes",
            "S3 commits 6: on 3 of 5 disks, own term (§5.4.2)",
            "S3 answers its client: 6 (x=4) is done, ok",
        ]
    );
}

#[test]
fn conflicts_refusals_and_withheld_commits_name_both_sides() {
    let (long, short) = story(vec![
        event(
            5,
            Event::Truncated {
                leader: node(1),
                from: index(3),
                through: index(4),
                own: Term::new(2),
                theirs: Term::new(3),
            },
        ),
        event(
            4,
            Event::VoteRefused {
                candidate: node(1),
                reason: VoteRefusal::LogBehind {
                    theirs: position(3, 2),
                    own: position(4, 3),
                },
            },
        ),
        event(
            2,
            Event::ProposalRefused {
                proposal: ProposalId::new(1),
                reason: ProposalRefusal::NotLeader {
                    leader: Some(node(3)),
                },
            },
        ),
        event(
            4,
            Event::CheckFailed {
                leader: node(3),
                previous: position(6, 4),
                own: None,
                hint: position(4, 3),
            },
        ),
    ]);
    assert_eq!(
        long,
        [
            "S5 cuts 3–4: conflict with S1 at 3 (term 2 ≠ 3)",
            "S4 refuses S1: log 3 (term 2) is behind its own 4 (term 3)",
            "S2 refuses a proposal: it does not lead; it knows S3",
            "S4 refuses S3: it has no 6; hint: 4 (term 3)",
        ]
    );
    assert_eq!(
        short,
        [
            "S5 cuts 3–4: S1 has term 3",
            "S4 refuses S1: its log is behind",
            "S2 does not lead; it knows S3",
            "S4 refuses: it has no 6",
        ]
    );
}

#[test]
fn a_withheld_commit_is_told_once() {
    let withheld = || {
        event(
            3,
            Event::CommitWithheld {
                position: position(4, 3),
            },
        )
    };
    let matched = Event::MatchAdvanced {
        follower: node(4),
        matched: index(4),
    };
    let before = [minority_leader(), election()].concat();
    let skipped = story(before.clone()).0.len();
    let (long, _) = story([before, vec![event(3, matched), withheld(), withheld()]].concat());
    assert_eq!(
        long[skipped..],
        ["S3 S4 hold 4, but it is of term 3, not 4: not counted"]
    );
}

#[test]
fn a_power_cut_says_what_it_took() {
    let cut = |lost| {
        vec![
            Happening::Commanded(Command::CutPower(node(4))),
            Happening::Stopped {
                node: node(4),
                how: Stop::PowerCut { lost },
            },
        ]
    };
    assert_eq!(story(cut(None)).0, ["you cut S4's power"]);
    let lines = tell(cut(Some((index(6), index(6)))));
    assert_eq!(lines[0].mark, Some(Mark::Crash));
    assert_eq!(lines[1].long, "S4 loses 6: it was never synced");
    let back = Happening::Started {
        node: node(4),
        term: Term::new(3),
        last: position(5, 3),
        torn_bytes: 12,
    };
    assert_eq!(story(vec![back]).0, ["S4 is back: term 3, log 5; 12 bytes torn"]);
}

#[test]
fn heartbeats_and_their_losses_are_folded_away() {
    let heartbeat = || append(3, 1, 4, position(4, 3), Vec::new());
    let reply = || {
        envelope(
            1,
            3,
            4,
            Message::AppendReply(AppendReply::Matched {
                through: index(4),
                round: Round::default(),
            }),
        )
    };
    let matched = Event::MatchAdvanced {
        follower: node(1),
        matched: index(4),
    };
    let before = [minority_leader(), election(), vec![event(3, matched)]].concat();
    let told = story(before.clone());
    let idle = vec![
        Happening::TimerFired {
            node: node(3),
            timer: Timer::Heartbeat,
            after: Duration::from_millis(50),
        },
        sent(heartbeat()),
        delivered(heartbeat()),
        delivered(reply()),
        lost(heartbeat(), Loss::Chance),
        lost(reply(), Loss::Cut),
    ];
    assert_eq!(story([before, idle].concat()), told);
}

#[test]
fn a_dead_link_is_told_once_until_it_is_mended() {
    let heartbeat = || lost(append(3, 1, 4, position(4, 3), Vec::new()), Loss::Cut);
    let entry = || {
        let entries = vec![Entry::noop(Term::new(4))];
        lost(append(3, 1, 4, position(4, 3), entries), Loss::Cut)
    };
    let (long, _) = story(vec![
        heartbeat(),
        entry(),
        entry(),
        Happening::Commanded(Command::Heal),
        entry(),
    ]);
    let told = "S3's append 5 never reaches S1: the link is cut";
    assert_eq!(long, [told, "you heal the network", told]);
}

#[test]
fn a_violation_names_the_promise() {
    let lines = tell(vec![Happening::Violated {
        property: "LeaderCompleteness".to_owned(),
        detail: "LeaderCompleteness (§5.4, Figure 3): S5 leads term 5 without entry 2".to_owned(),
    }]);
    assert_eq!(lines[0].mark, Some(Mark::Violation));
    assert_eq!(lines[0].short, "Leader Completeness broken");
    assert_eq!(
        lines[0].long,
        "Leader Completeness broken: S5 leads term 5 without entry 2"
    );
    assert_eq!(lines[0].why.section, "§5.4, Figure 3");
    assert!(lines[0].why.rule.contains("all later terms"));
}

#[test]
fn a_command_can_not_reach_the_terminal() {
    let propose = Happening::Commanded(Command::Propose {
        to: None,
        command: "\x1b]0;mine\x07\u{202e}".to_owned(),
    });
    let mut narrator = Narrator::new(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let line = narrator.tell(&record(0, propose)).unwrap();
    assert!(is_printable(&line.short), "{:?}", line.short);
}

#[test]
fn ordinary_lines_need_no_cutting() {
    for what in [minority_leader(), election()].concat() {
        for line in tell(vec![what]) {
            assert!(
                !line.short.ends_with('…') && !line.long.ends_with('…'),
                "{line:?}"
            );
        }
    }
}

fn is_printable(text: &str) -> bool {
    let is_hidden = |c: char| {
        c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{202a}'..='\u{202e}').contains(&c)
    };
    !text.chars().any(is_hidden)
}

fn any_nodes() -> impl Strategy<Value = BTreeSet<NodeId>> {
    proptest::collection::btree_set(any_node(), 0..25)
}

fn any_index() -> impl Strategy<Value = LogIndex> {
    prop_oneof![0..20u64, Just(u64::MAX)].prop_map(LogIndex::new)
}

fn any_term() -> impl Strategy<Value = Term> {
    prop_oneof![0..9u64, Just(u64::MAX)].prop_map(Term::new)
}

fn any_position() -> impl Strategy<Value = LogPosition> {
    (any_index(), any_term()).prop_map(|(index, term)| LogPosition::new(index, term))
}

fn any_role() -> impl Strategy<Value = RoleName> {
    prop_oneof![
        Just(RoleName::Follower),
        Just(RoleName::Candidate),
        Just(RoleName::Leader)
    ]
}

fn any_kind() -> impl Strategy<Value = MessageKind> {
    prop_oneof![
        Just(MessageKind::VoteRequest),
        Just(MessageKind::VoteReply),
        Just(MessageKind::Append),
        Just(MessageKind::Heartbeat),
        Just(MessageKind::AppendReply),
    ]
}

fn any_tally() -> impl Strategy<Value = Tally> {
    (any_term(), any_nodes(), any_nodes(), 0..30usize, 0..30usize).prop_map(
        |(term, granted, refused, needed, voters)| Tally {
            term,
            granted,
            refused,
            needed,
            voters,
            outgoing: None,
        },
    )
}

fn any_quiet() -> impl Strategy<Value = Quiet> {
    prop_oneof![
        Just(Quiet::Leads),
        Just(Quiet::NoVoter),
        Just(Quiet::NoTermLeft),
        any::<(u64, u64)>().prop_map(|(ago_nanos, promise_nanos)| Quiet::HeardLeader {
            ago_nanos,
            promise_nanos
        }),
        any::<(u64, u64)>().prop_map(|(ago_nanos, promise_nanos)| Quiet::Restarted {
            ago_nanos,
            promise_nanos
        }),
    ]
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    proptest::sample::select(vec![Verdict::Granted, Verdict::Refused])
}

fn any_protection_event() -> impl Strategy<Value = Event> {
    let transfer_refusal = prop_oneof![
        proptest::option::of(any_node()).prop_map(|leader| TransferRefusal::NotLeader { leader }),
        Just(TransferRefusal::NoSuchTarget),
        any_node().prop_map(|target| TransferRefusal::UnderWay { target }),
    ];
    prop_oneof![
        (any_term(), any_position(), any_nodes()).prop_map(|(asked, last, voters)| Event::PreVoteStarted {
            asked,
            last,
            voters
        }),
        (any_node(), any_term(), any_position(), any_position()).prop_map(
            |(candidate, asked, theirs, own)| Event::PreVoteGranted {
                candidate,
                asked,
                theirs,
                own,
            }
        ),
        (any_node(), any_refusal())
            .prop_map(|(candidate, reason)| Event::PreVoteRefused { candidate, reason }),
        (any_node(), any_verdict(), any_tally()).prop_map(|(from, verdict, tally)| Event::PreVoteCounted {
            from,
            verdict,
            tally
        }),
        any_quiet().prop_map(|reason| Event::Stayed { reason }),
        (any_nodes(), 0..30usize).prop_map(|(heard, needed)| Event::LostQuorum { heard, needed }),
        (any_node(), any_index(), any_index()).prop_map(|(target, matched, last)| Event::TransferStarted {
            target,
            matched,
            last
        }),
        any_node().prop_map(|target| Event::TransferAsked { target }),
        any_node().prop_map(|target| Event::TransferAborted { target }),
        transfer_refusal.prop_map(|reason| Event::TransferRefused { reason }),
    ]
}

fn any_refusal() -> impl Strategy<Value = VoteRefusal> {
    prop_oneof![
        (any_term(), any_term()).prop_map(|(theirs, own)| VoteRefusal::StaleTerm { theirs, own }),
        any_node().prop_map(|vote| VoteRefusal::AlreadyVoted { vote }),
        (any_position(), any_position()).prop_map(|(theirs, own)| VoteRefusal::LogBehind { theirs, own }),
        any_quiet().prop_map(VoteRefusal::Quiet),
    ]
}

fn any_ignored() -> impl Strategy<Value = Event> {
    let what = prop_oneof![
        any_kind().prop_map(IgnoredInput::Message),
        Just(IgnoredInput::ElectionTimeout),
        Just(IgnoredInput::HeartbeatTimeout),
    ];
    let reason = prop_oneof![
        (any_term(), any_term()).prop_map(|(theirs, own)| IgnoreReason::StaleTerm { theirs, own }),
        any_role().prop_map(|role| IgnoreReason::WrongRole { role }),
        Just(IgnoreReason::OutOfDate),
        Just(IgnoreReason::NotForUs),
        Just(IgnoreReason::NotAMember),
        Just(IgnoreReason::Malformed),
        Just(IgnoreReason::ContradictsCommit),
        Just(IgnoreReason::RuleBroken),
        any_quiet().prop_map(IgnoreReason::Quiet),
    ];
    (proptest::option::of(any_node()), what, reason).prop_map(|(from, what, reason)| Event::Ignored {
        from,
        what,
        reason,
    })
}

fn any_election_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any_term(), any_position(), any_nodes()).prop_map(|(term, last, asked)| Event::ElectionStarted {
            origin: ElectionOrigin::Timeout,
            term,
            last,
            asked
        }),
        any_tally().prop_map(|tally| Event::OwnVoteCounted { tally }),
        (any_node(), any_position(), any_position()).prop_map(|(candidate, theirs, own)| {
            Event::VoteGranted {
                candidate,
                theirs,
                own,
            }
        }),
        (any_node(), any_refusal()).prop_map(|(candidate, reason)| Event::VoteRefused { candidate, reason }),
        (any_node(), any::<bool>(), any_tally()).prop_map(|(from, grants, tally)| {
            let verdict = if grants {
                Verdict::Granted
            } else {
                Verdict::Refused
            };
            Event::VoteCounted { from, verdict, tally }
        }),
        (any_tally(), any_position()).prop_map(|(tally, last)| Event::BecameLeader { tally, last }),
        (any_term(), any_role(), any_node(), any_kind()).prop_map(|(before, role, from, kind)| {
            Event::AdoptedTerm {
                before,
                role,
                from,
                kind,
            }
        }),
        (any_node(), any_role()).prop_map(|(leader, role)| Event::RecognisedLeader { leader, role }),
    ]
}

fn any_configuration() -> impl Strategy<Value = Arc<Configuration>> {
    (any_nodes(), proptest::option::of(any_nodes()), any_nodes()).prop_map(|(voters, outgoing, learners)| {
        Arc::new(Configuration {
            outgoing,
            learners,
            ..Configuration::of_voters(voters)
        })
    })
}

fn any_membership_event() -> impl Strategy<Value = Event> {
    let cause = prop_oneof![
        Just(ChangeCause::Proposal(ProposalId::new(1))),
        Just(ChangeCause::LeaveJoint),
        any_node().prop_map(ChangeCause::CaughtUp),
    ];
    let reason = prop_oneof![
        proptest::option::of(any_node()).prop_map(|leader| ChangeRefusal::NotLeader { leader }),
        any_node().prop_map(|target| ChangeRefusal::Transferring { target }),
        any_index().prop_map(|index| ChangeRefusal::UnderWay { index }),
        any_term().prop_map(|term| ChangeRefusal::NothingCommitted { term }),
        any_node().prop_map(ChangeRefusal::NoSuchServer),
        any_node().prop_map(ChangeRefusal::TwoPlaces),
        Just(ChangeRefusal::NothingToChange),
        Just(ChangeRefusal::NoVoters),
        Just(ChangeRefusal::NoMoreIds),
    ];
    let verdict = proptest::sample::select(vec![CatchUpVerdict::Quick, CatchUpVerdict::Slow]);
    prop_oneof![
        (any_index(), any_configuration(), any_configuration(), cause).prop_map(
            |(index, before, after, cause)| Event::ConfigurationAppended {
                index,
                before,
                after,
                cause,
            }
        ),
        reason.prop_map(|reason| Event::ChangeRefused { reason }),
        (any_configuration(), any_configuration())
            .prop_map(|(before, after)| Event::ConfigurationChanged { before, after }),
        any_index().prop_map(|index| Event::RemovedItself { index }),
        (any_node(), any::<u32>(), any::<u64>(), verdict).prop_map(
            |(learner, round, took_nanos, verdict)| Event::CaughtUp {
                learner,
                round,
                took_nanos,
                verdict,
            }
        ),
    ]
}

fn any_log_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any_index(), any::<bool>()).prop_map(|(index, is_proposal)| Event::Proposed {
            index,
            proposal: is_proposal.then(|| ProposalId::new(1)),
        }),
        proptest::option::of(any_node()).prop_map(|leader| Event::ProposalRefused {
            proposal: ProposalId::new(1),
            reason: ProposalRefusal::NotLeader { leader },
        }),
        (any_node(), any_index(), any_index()).prop_map(|(leader, first, last)| Event::Stored {
            leader,
            first,
            last
        }),
        (any_node(), any_index(), any_index(), any_term(), any_term()).prop_map(
            |(leader, from, through, own, theirs)| Event::Truncated {
                leader,
                from,
                through,
                own,
                theirs,
            }
        ),
        (
            any_node(),
            any_position(),
            proptest::option::of(any_term()),
            any_position()
        )
            .prop_map(|(leader, previous, own, hint)| Event::CheckFailed {
                leader,
                previous,
                own,
                hint,
            }),
        (any_node(), any_index()).prop_map(|(follower, matched)| Event::MatchAdvanced { follower, matched }),
        (any_node(), any_index(), any_index()).prop_map(|(follower, rejected, next)| Event::Backed {
            follower,
            rejected,
            next,
        }),
        (any_index(), 0..26usize, 0..26usize).prop_map(|(through, copies, voters)| {
            Event::CommittedByCounting {
                through,
                copies,
                voters,
                outgoing: None,
            }
        }),
        any_position().prop_map(|position| Event::CommitWithheld { position }),
        (any_node(), any_index(), any_index()).prop_map(|(leader, through, leaders)| {
            Event::CommitLearned {
                leader,
                through,
                leaders,
            }
        }),
        any_index().prop_map(|through| Event::Flushed {
            sequence: WriteSequence::new(1),
            through,
        }),
        any_ignored(),
    ]
}

fn any_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        any_position().prop_map(|last| Message::VoteRequest(VoteRequest {
            last,
            origin: ElectionOrigin::Timeout
        })),
        Just(Message::VoteReply(VoteReply::Granted)),
        Just(Message::VoteReply(VoteReply::Refused)),
        (0..20u64, 0..3usize, any_index(), ".{0,20}").prop_map(|(previous, count, commit, text)| {
            let entry = Entry::command(Term::new(1), Bytes::from(text));
            Message::AppendRequest(AppendRequest {
                previous: position(previous, 1),
                entries: Entries::new(index(previous + 1), vec![entry; count]),
                commit,
                round: Round::default(),
            })
        }),
        any_index().prop_map(|through| Message::AppendReply(AppendReply::Matched {
            through,
            round: Round::default()
        })),
        Just(Message::AppendReply(AppendReply::StaleTerm)),
        (any_index(), any_position()).prop_map(|(rejected, hint)| Message::AppendReply(
            AppendReply::Diverged {
                rejected,
                hint,
                round: Round::default()
            }
        )),
    ]
}

fn any_envelope() -> impl Strategy<Value = Envelope> {
    (any_node(), any_node(), any_term(), any_message()).prop_map(|(from, to, term, message)| Envelope {
        from,
        to,
        term,
        message,
    })
}

fn any_world_happening() -> impl Strategy<Value = Happening> {
    let message = MessageId(0);
    prop_oneof![
        any_command().prop_map(Happening::Commanded),
        (any_node(), any_term(), any_position(), any::<u64>()).prop_map(|(node, term, last, torn_bytes)| {
            Happening::Started {
                node,
                term,
                last,
                torn_bytes,
            }
        }),
        (any_node(), any_stop()).prop_map(|(node, how)| Happening::Stopped { node, how }),
        (any_node(), any::<bool>(), 0..u64::MAX).prop_map(|(node, is_election, nanos)| {
            Happening::TimerFired {
                node,
                timer: if is_election {
                    Timer::Election
                } else {
                    Timer::Heartbeat
                },
                after: Duration::from_nanos(nanos),
            }
        }),
        any_envelope().prop_map(sent),
        any_envelope().prop_map(delivered),
        (any_envelope(), 0..3u8).prop_map(move |(envelope, reason)| Happening::Lost {
            message,
            envelope,
            reason: [Loss::Cut, Loss::Chance, Loss::ReceiverDown][usize::from(reason)],
        }),
        any_node().prop_map(|node| Happening::WriteBegun {
            node,
            sequence: WriteSequence::new(1),
            due: VirtualTime::default(),
        }),
        (any_node(), any_position(), ".{0,40}").prop_map(|(node, position, text)| Happening::Applied {
            node,
            position,
            payload: Payload::Command(Bytes::from(text.clone())),
            execution: Execution::Executed(Bytes::from(text)),
        }),
        (any_node(), any_answer()).prop_map(|(node, answer)| Happening::Answered {
            node,
            proposal: ProposalId::new(1),
            answer,
        }),
        (".{0,80}", ".{0,80}").prop_map(|(property, detail)| Happening::Violated { property, detail }),
    ]
}

fn any_stop() -> impl Strategy<Value = Stop> {
    prop_oneof![
        proptest::option::of(any_index()).prop_map(|unsynced_from| Stop::Crash { unsynced_from }),
        proptest::option::of((any_index(), any_index())).prop_map(|lost| Stop::PowerCut { lost }),
        ".{0,80}".prop_map(|reason| Stop::Failed { reason }),
    ]
}

fn any_answer() -> impl Strategy<Value = ClientAnswer> {
    prop_oneof![
        (any_index(), ".{0,40}").prop_map(|(index, answer)| ClientAnswer::Done {
            index,
            answer: Bytes::from(answer),
        }),
        proptest::option::of(any_node()).prop_map(|leader| ClientAnswer::NotLeader { leader }),
        any_index().prop_map(|index| ClientAnswer::Overwritten { index }),
        Just(ClientAnswer::Unknown),
    ]
}

fn any_happening() -> impl Strategy<Value = Happening> {
    let event = prop_oneof![
        any_election_event(),
        any_protection_event(),
        any_membership_event(),
        any_log_event()
    ];
    prop_oneof![
        2 => (any_node(), event).prop_map(|(node, event)| Happening::Node { node, event }),
        1 => any_world_happening(),
    ]
}

proptest! {
    #[test]
    fn every_line_fits_explains_itself_and_is_printable(
        happenings in proptest::collection::vec(any_happening(), 1..60),
    ) {
        for line in tell(happenings) {
            prop_assert!(columns(&line.short) <= SHORT_WIDTH, "{}", line.short);
            prop_assert!(columns(&line.long) <= LONG_WIDTH, "{}", line.long);
            prop_assert!(line.why.rule.len() > 10 && line.why.rule.ends_with('.'), "{line:?}");
            let texts = [&line.short, &line.long, &line.why.rule, &line.why.otherwise];
            for text in texts.into_iter().chain(&line.why.values) {
                prop_assert!(is_printable(text), "{text:?}");
            }
        }
    }
}
