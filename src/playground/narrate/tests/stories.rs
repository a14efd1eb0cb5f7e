//! What goes well: elections, and proposals from the client and back.

use super::*;

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
