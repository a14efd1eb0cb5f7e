//! Servers that run free: on threads, by the wall clock.

use std::time::Duration;

use raft_play::consensus::{ReadWay, RoleName};
use raft_play::machine::KeyValue;
use raft_play::server::{AskError, Changed, Cluster, Server};
use raft_play::types::{Guarded, JoinToken, NodeId, SerialNumber};

fn follower(cluster: &Cluster) -> &Server {
    let follows = |server: &&Server| {
        let status = server.status().unwrap();
        status.role == RoleName::Follower && status.leader.is_some()
    };
    loop {
        if let Some(follower) = cluster.servers().iter().find(follows) {
            return follower;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn commands_are_applied_and_read_in_three_ways_at_every_server() {
    let cluster = Cluster::local(3, KeyValue::default).unwrap();
    let leader = cluster.wait_for_leader();
    let tickets: Vec<_> = (0..100)
        .map(|number| leader.propose_command(format!("x={number}")))
        .collect();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    let at_follower = follower(&cluster);
    at_follower.propose_command("y=7").wait().unwrap();
    for server in cluster.servers() {
        for way in [ReadWay::Log, ReadWay::Index, ReadWay::Lease] {
            assert_eq!(&server.read_by(way, "x").wait().unwrap().answer[..], b"99");
            assert_eq!(&server.read_by(way, "y").wait().unwrap().answer[..], b"7");
        }
    }
    cluster.shutdown();
}

#[test]
fn a_stream_has_every_command_answered_in_order() {
    let cluster = Cluster::local(3, KeyValue::default).unwrap();
    let mut stream = cluster.wait_for_leader().stream();
    let first = stream.propose("x=0");
    let batch = (1..1000).map(|number| format!("x={number}").into()).collect();
    assert_eq!((first, stream.propose_batch(batch)), (0, 1));
    let tokens: Vec<_> = stream
        .answers()
        .iter()
        .flatten()
        .take(1000)
        .map(|told| told.token)
        .collect();
    assert_eq!(tokens, (0..1000).collect::<Vec<_>>());
}

#[test]
fn a_command_of_a_session_is_applied_once() {
    let cluster = Cluster::local(3, KeyValue::default).unwrap();
    let leader = cluster.wait_for_leader();
    let session = leader.open_session(Duration::from_secs(60)).wait().unwrap();
    let guarded = Guarded {
        session,
        serial: SerialNumber::new(1),
        acknowledged: SerialNumber::new(1),
        command: "append x a".into(),
    };
    let answers: Vec<_> = (0..3)
        .map(|_| leader.propose_in(guarded.clone()).wait().unwrap().answer)
        .collect();
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
}

#[test]
fn servers_join_lead_and_leave() {
    let cluster = Cluster::local(3, KeyValue::default).unwrap();
    let leader = cluster.wait_for_leader();
    // A leader changes nothing before an entry of its own term is committed (thesis §4.1).
    leader.propose_command("x=1").wait().unwrap();
    let token = JoinToken::new(7);
    assert!(matches!(
        leader.add_learner(token).wait(),
        Ok(Changed::Committed { .. })
    ));
    assert_eq!(leader.add_server(token), Ok(NodeId::new(4)));
    leader.remove(NodeId::new(4)).wait().unwrap();
    let target = follower(&cluster);
    leader.transfer_leadership(target.id()).wait().unwrap();
    while target.status().unwrap().role != RoleName::Leader {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_was_acknowledged_is_there_after_all_have_stopped() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..3 {
        let cluster = Cluster::in_directory(3, directory.path(), KeyValue::default).unwrap();
        let leader = cluster.wait_for_leader();
        if round > 0 {
            let before = leader.read("x").wait().unwrap().answer;
            assert_eq!(before, format!("{}", round * 500 - 1));
        }
        let tickets: Vec<_> = (round * 500..(round + 1) * 500)
            .map(|number| leader.propose_command(format!("x={number}")))
            .collect();
        for ticket in tickets {
            ticket.wait().unwrap();
        }
    }
}

#[test]
fn a_directory_has_one_server_at_a_time_and_who_waits_for_one_that_stops_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = Cluster::in_directory(1, directory.path(), KeyValue::default).unwrap();
    assert!(Cluster::in_directory(1, directory.path(), KeyValue::default).is_err());
    let leader = cluster.wait_for_leader();
    leader.propose_command("x=1").wait().unwrap();
    cluster.shutdown();
    let two = Cluster::local(2, KeyValue::default).unwrap();
    let Ok([one, _]) = <[_; 2]>::try_from(two.servers().iter().collect::<Vec<_>>()) else {
        panic!("two servers");
    };
    let ticket = one.read("x");
    two.shutdown();
    assert!(matches!(
        ticket.wait(),
        Err(AskError::Stopped | AskError::NotLeader { .. })
    ));
}
