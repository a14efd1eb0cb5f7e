//! The promises of `consensus::durable`, each as a program that must not compile, with the compiler's words pinned, beside a
//! twin that differs in that one thing and does compile: it is compiled as a module of this test. A program could fail to
//! compile for the wrong reason; the pinned words and the twin together say that it is the right one.
//!
//! After a change of compiler: `TRYBUILD=overwrite cargo test --test durable_types`, and read the difference.

macro_rules! promises {
    ($($broken:ident: $twin:literal,)*) => {
        $(
            #[expect(dead_code, reason = "that it compiles is all there is to it")]
            #[path = $twin]
            mod $broken;
        )*

        const BROKEN: &[&str] = &[$(stringify!($broken),)*];
    };
}

promises! {
    held_cannot_be_read: "durable_types/held_cannot_be_read_twin.rs",
    held_cannot_be_sent: "durable_types/held_cannot_be_sent_twin.rs",
    held_cannot_be_made: "durable_types/held_cannot_be_made_twin.rs",
    outbound_cannot_be_made: "durable_types/outbound_cannot_be_made_twin.rs",
    durable_cannot_be_made: "durable_types/durable_cannot_be_made_twin.rs",
    durable_cannot_be_cloned: "durable_types/durable_cannot_be_cloned_twin.rs",
    durable_cannot_be_written_down: "durable_types/durable_cannot_be_written_down_twin.rs",
    durable_cannot_be_read_back: "durable_types/durable_cannot_be_read_back_twin.rs",
    pending_is_no_proof: "durable_types/pending_is_no_proof_twin.rs",
    release_needs_a_proof: "durable_types/release_needs_a_proof_twin.rs",
    transport_takes_no_bare_message: "durable_types/transport_takes_no_bare_message_twin.rs",
    inbound_is_not_outbound: "durable_types/inbound_is_not_outbound_twin.rs",
}

#[test]
fn the_promises_of_durable_hold_by_type() {
    let cases = trybuild::TestCases::new();
    for broken in BROKEN {
        cases.compile_fail(format!("tests/durable_types/{broken}.rs"));
    }
}
