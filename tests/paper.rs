//! The paper's rules, one test per sentence that says what a server does, named after it.
//!
//! "§" is a section of "In Search of an Understandable Consensus Algorithm (Extended Version)", Ongaro and Ousterhout,
//! 2014. Where a rule can be broken on purpose, its test shows both sides.

#[expect(dead_code, reason = "each test uses its part of the harness")]
#[path = "common/server.rs"]
mod server;

#[path = "paper/clients.rs"]
mod clients;
#[path = "paper/disk.rs"]
mod disk;
#[path = "paper/election.rs"]
mod election;
#[path = "paper/membership.rs"]
mod membership;
#[path = "paper/replication.rs"]
mod replication;
#[path = "paper/snapshots.rs"]
mod snapshots;
#[path = "paper/terms.rs"]
mod terms;
