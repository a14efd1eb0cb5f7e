//! Anything that can happen.

use super::*;

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

pub(super) fn any_happening() -> impl Strategy<Value = Happening> {
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
