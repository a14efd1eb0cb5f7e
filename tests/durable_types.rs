//! The promises of `consensus::durable`, each as a program that must not compile, with the compiler's words pinned, beside a
//! twin that differs in that one thing and does compile. A program could fail to compile for the wrong reason;
//! the pinned words and the twin together say that it is the right one.
//!
//! After a change of compiler: `TRYBUILD=overwrite cargo test --test durable_types`, and read the difference.

#[test]
fn the_promises_of_durable_hold_by_type() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/durable_types/*_twin.rs");
    for broken in [
        "held_cannot_be_read",
        "held_cannot_be_sent",
        "held_cannot_be_made",
        "outbound_cannot_be_made",
        "durable_cannot_be_made",
        "durable_cannot_be_cloned",
        "durable_cannot_be_written_down",
        "durable_cannot_be_read_back",
        "pending_is_no_proof",
        "release_needs_a_proof",
        "transport_takes_no_bare_message",
        "inbound_is_not_outbound",
    ] {
        cases.compile_fail(format!("tests/durable_types/{broken}.rs"));
    }
}
