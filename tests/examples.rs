//! The examples do what they say.

#[expect(dead_code, reason = "an example's `main` prints what its test reads")]
#[path = "../examples/bank.rs"]
mod bank;
#[expect(dead_code, reason = "an example's `main` prints what its test reads")]
#[path = "../examples/kv_server.rs"]
mod kv_server;

#[test]
fn no_money_is_lost_with_a_leader() {
    let story = bank::story().expect("three nodes can be started");
    assert_eq!(
        story,
        [
            "open ann 100: ann has 100",
            "open bob 20: bob has 20",
            "move ann bob 30: ann has 70, bob has 50",
            "move bob eve 10: refused: no such receiver",
            "sum by Log: 120",
            "sum by Index: 120",
            "sum by Lease: 120",
            "a session: s7",
            "move ann bob 10: ann has 60, bob has 60",
            "the same again: ann has 60, bob has 60",
            "move bob ann 5: bob has 55, ann has 65",
            "sum by Index: 120",
        ]
    );
}

#[test]
fn nothing_is_lost_with_a_server_that_stops_and_starts() {
    let story = kv_server::story().expect("three servers can be started");
    assert_eq!(
        story,
        [
            "100 commands are on the disks of a majority",
            "S1 is down, and the others go on",
            "S1 is back: key-7=without-S1",
            "S1 is back: key-9=99",
        ]
    );
}
