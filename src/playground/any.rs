//! For tests: anything that a person or a script may do.

use proptest::prelude::*;

use super::{Command, DiskFault, DiskSettings, LinkSettings, Load, MessageId};
use crate::consensus::{ReadWay, Rule, Switch};
use crate::types::{NodeId, SerialNumber, SessionId};

/// One of 25 nodes.
pub(crate) fn any_node() -> impl Strategy<Value = NodeId> {
    (1..=25u64).prop_map(NodeId::new)
}

fn any_message() -> impl Strategy<Value = MessageId> {
    any::<u64>().prop_map(MessageId)
}

fn any_link() -> impl Strategy<Value = LinkSettings> {
    let share = || 0..=1_000_000u32;
    (share(), share(), share(), share()).prop_map(
        |(loss_ppm, duplication_ppm, reordering_ppm, straggling_ppm)| LinkSettings {
            loss_ppm,
            duplication_ppm,
            reordering_ppm,
            straggling_ppm,
            ..LinkSettings::default()
        },
    )
}

fn any_fault() -> impl Strategy<Value = DiskFault> {
    prop_oneof![
        Just(DiskFault::SyncsFail),
        any::<u64>().prop_map(DiskFault::Full),
        Just(DiskFault::Mended),
    ]
}

fn any_way() -> impl Strategy<Value = ReadWay> {
    proptest::sample::select(vec![ReadWay::Log, ReadWay::Index, ReadWay::Lease])
}

fn any_switch() -> impl Strategy<Value = Switch> {
    proptest::sample::select(vec![Switch::Off, Switch::On])
}

fn any_change() -> impl Strategy<Value = Command> {
    let nodes = || proptest::collection::vec(any_node(), 0..9);
    (nodes(), nodes()).prop_map(|(voters, learners)| Command::Reconfigure { voters, learners })
}

/// Any command, sensible or not.
pub(crate) fn any_command() -> impl Strategy<Value = Command> {
    let at_a_node = (any_node(), any_plain_command().boxed()).prop_map(|(node, command)| {
        let command = Box::new(command);
        Command::Via { node, command }
    });
    prop_oneof![9 => any_plain_command().boxed(), 1 => at_a_node.boxed()]
}

fn any_plain_command() -> impl Strategy<Value = Command> {
    let some_node = || proptest::option::of(any_node());
    prop_oneof![
        (some_node(), ".{0,40}").prop_map(|(to, command)| Command::Propose { to, command }),
        (some_node(), 0..99_999u64).prop_map(|(to, timeout_ms)| Command::OpenSession { to, timeout_ms }),
        (some_node(), 0..9u64).prop_map(|(to, session)| Command::CloseSession {
            to,
            session: SessionId::new(session),
        }),
        (some_node(), 0..9u64, proptest::option::of(0..9u64), ".{0,40}").prop_map(
            |(to, session, serial, command)| Command::ProposeIn {
                to,
                session: SessionId::new(session),
                serial: serial.map(SerialNumber::new),
                command,
            }
        ),
        some_node().prop_map(|to| Command::Retry { to }),
        any_node().prop_map(Command::Crash),
        any_node().prop_map(Command::CutPower),
        any_node().prop_map(Command::Tear),
        (any_node(), any_fault()).prop_map(|(node, fault)| Command::DiskFault { node, fault }),
        any_node().prop_map(Command::Restart),
        any_node().prop_map(Command::Freeze),
        any_node().prop_map(Command::Thaw),
        any_node().prop_map(Command::FireTimer),
        proptest::collection::vec(any_node(), 0..25).prop_map(Command::TieTimers),
        Just(Command::SpreadTimers),
        proptest::collection::vec(proptest::collection::vec(any_node(), 0..9), 0..9)
            .prop_map(Command::Partition),
        proptest::collection::vec((any_node(), any_node()), 0..9).prop_map(Command::CutOnly),
        (any_node(), any_node()).prop_map(|(from, to)| Command::Cut { from, to }),
        (any_node(), any_node()).prop_map(|(from, to)| Command::Mend { from, to }),
        (any_node(), any_node()).prop_map(|(from, to)| Command::CutOneWay { from, to }),
        (any_node(), any_node()).prop_map(|(from, to)| Command::MendOneWay { from, to }),
        Just(Command::Heal),
        (some_node(), some_node(), any_link()).prop_map(|(from, to, settings)| Command::Link {
            from,
            to,
            settings
        }),
        some_node().prop_map(|node| Command::Disk {
            node,
            settings: DiskSettings::default(),
        }),
        (any_node(), -999_999..999_999i32).prop_map(|(node, ppm)| Command::Drift { node, ppm }),
        (0..99_999u64, 0..99_999u64).prop_map(|(min_ms, max_ms)| Command::ElectionTimeout { min_ms, max_ms }),
        any::<u64>().prop_map(|every_ms| Command::Heartbeat { every_ms }),
        any::<u32>().prop_map(|entries| Command::Batch { entries }),
        any::<u64>().prop_map(|bytes| Command::UncommittedLimit { bytes }),
        any_node().prop_map(Command::Snapshot),
        (
            proptest::option::of(any::<u64>()),
            proptest::option::of(any::<u64>()),
            any::<u64>()
        )
            .prop_map(|(entries, bytes, keep)| Command::Compact { entries, bytes, keep }),
        any::<u64>().prop_map(|bytes| Command::Chunk { bytes }),
        any_node().prop_map(Command::Transfer),
        (some_node(), ".{0,40}", any_way()).prop_map(|(at, query, way)| Command::Read { at, query, way }),
        any_switch().prop_map(Command::Lease),
        Just(Command::Join),
        any_node().prop_map(Command::JoinVia),
        any_switch().prop_map(Command::Gossip),
        (any_node(), any_node()).prop_map(|(at, of)| Command::LoseRoute { at, of }),
        any_node().prop_map(Command::Readdress),
        any_node().prop_map(Command::Promote),
        any_node().prop_map(Command::Demote),
        any_node().prop_map(Command::Remove),
        any_change(),
        any_switch().prop_map(Command::AutoPromote),
        any_switch().prop_map(Command::Reroute),
        any_switch().prop_map(Command::PreVote),
        any_switch().prop_map(Command::CheckQuorum),
        proptest::sample::select(Rule::ALL).prop_map(Command::Break),
        proptest::sample::select(Rule::ALL).prop_map(Command::Keep),
        any_message().prop_map(Command::Drop),
        any_message().prop_map(Command::Hold),
        any_message().prop_map(Command::Release),
        any_message().prop_map(Command::Deliver),
        any_message().prop_map(Command::Duplicate),
        any_switch().prop_map(Command::Manual),
        any_node().prop_map(Command::FinishWrite),
        any_node().prop_map(Command::FinishSnapshot),
        any_node().prop_map(Command::GossipNow),
        any_load().prop_map(Command::Load),
    ]
}

pub(crate) fn any_load() -> impl Strategy<Value = Option<Load>> {
    let load = (
        1..=20_u32,
        1..=5_u32,
        0..=100_u32,
        0..=100_u32,
        proptest::option::of(any_node()),
    );
    let load = load.prop_map(|(per_second, keys, skew, reads, at)| Load {
        per_second,
        keys,
        skew,
        reads,
        at,
    });
    proptest::option::of(load)
}
