//! What does not: conflicts, refusals, losses, power cuts, broken promises.

use super::*;

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
