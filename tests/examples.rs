//! The examples do what they say.

#[expect(dead_code, reason = "an example's `main` prints what its test reads")]
#[path = "../examples/bank.rs"]
mod bank;

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
