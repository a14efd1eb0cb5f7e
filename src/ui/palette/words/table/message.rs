//! Words for a message in flight, and for what happens next by hand.

use super::super::cluster::switch;
use super::super::complete::{any_node, switches, writing};
use super::super::form::bare;
use super::super::message::{held, in_flight, not_arrived, on_message, on_the_wire};
use super::super::node::node_command;
use super::super::{Word, word};
use crate::playground::Command;
use crate::ui::action::{Action, Question};

pub(super) static WORDS: &[Word] = &[
    word(
        "messages",
        "messages",
        "all messages in flight, to drop, hold or deliver one",
        |text, _| bare(text, Action::Ask(Question::Messages)),
    ),
    word(
        "drop",
        "drop ID",
        "take a message off the wire: it is lost",
        |text, context| on_message(text, context, Command::Drop),
    )
    .with(in_flight),
    word(
        "hold",
        "hold ID",
        "keep a message back until it is released",
        |text, context| on_message(text, context, Command::Hold),
    )
    .with(on_the_wire),
    word(
        "release",
        "release ID",
        "let a held message go on, for the time it had left",
        |text, context| on_message(text, context, Command::Release),
    )
    .with(held),
    word(
        "deliver",
        "deliver ID",
        "have a message arrive now, held or not",
        |text, context| on_message(text, context, Command::Deliver),
    )
    .with(not_arrived),
    word(
        "duplicate",
        "duplicate ID",
        "send a message twice: a copy right behind it",
        |text, context| on_message(text, context, Command::Duplicate),
    )
    .with(in_flight),
    word(
        "manual",
        "manual SWITCH",
        "time stands, and you choose what happens: on or off",
        |text, _| Ok(Action::Do(Command::Manual(switch(text)?))),
    )
    .with(switches),
    word(
        "write-done",
        "write-done N",
        "its disk is done with the write under way",
        |text, context| node_command(text, context, Command::FinishWrite),
    )
    .with(writing),
    word(
        "snapshot-done",
        "snapshot-done N",
        "it is done with the snapshot that it takes",
        |text, context| node_command(text, context, Command::FinishSnapshot),
    )
    .with(any_node),
    word(
        "gossip-now",
        "gossip-now N",
        "it tells another where nodes are, now",
        |text, context| node_command(text, context, Command::GossipNow),
    )
    .with(any_node),
];
