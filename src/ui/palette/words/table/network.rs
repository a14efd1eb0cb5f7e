//! Words for links and partitions.

use super::super::form::{bare, required};
use super::super::network::{cut, link_setting, mend};
use super::super::shape::{shape, shapes};
use super::super::{Word, word};
use crate::playground::Command;
use crate::ui::action::{Action, Question};
use crate::ui::palette::arguments::{share, span};

pub(super) static WORDS: &[Word] = &[
    word(
        "partition",
        "partition GROUPS",
        "nodes reach only their group: 1,2|3,4,5",
        |text, context| {
            let groups = required(text).and_then(|text| context.groups(text))?;
            Ok(Action::Do(Command::Partition(groups)))
        },
    )
    .or(&["part"]),
    word("cut", "cut LINK", "cut a link: 1-4, one way 1>4", cut),
    word(
        "cut-one-way",
        "cut-one-way",
        "ask for a link to cut one way",
        |text, _| bare(text, Action::Ask(Question::Link { one_way: true })),
    ),
    word("mend", "mend LINK", "mend a link: 1-4, one way 1>4", mend),
    word(
        "shape",
        "shape FORM",
        "who reaches whom: ring, star 3, one-way 3, flaky",
        shape,
    )
    .with(shapes),
    word(
        "links",
        "links",
        "all links in a table, to change them",
        |text, _| bare(text, Action::Ask(Question::Links)),
    ),
    word("heal", "heal", "end the partition, mend all links", |text, _| {
        bare(text, Action::Do(Command::Heal))
    }),
    word(
        "loss",
        "loss SHARE",
        "links lose messages: 30%, one link: 1>4 30%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.loss_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "duplication",
        "duplication SHARE",
        "messages arrive twice: 5%, 1>4 5%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.duplication_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "reordering",
        "reordering SHARE",
        "messages overtake: 10%, 1>4 10%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.reordering_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "straggling",
        "straggling SHARE",
        "messages held up for up to seconds: 2%, 1>4 2%",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.straggling_ppm = share(text)?;
                Ok(())
            })
        },
    ),
    word(
        "latency",
        "latency SPAN",
        "how long messages take, ms: 20..30, 1>4 20..30",
        |text, context| {
            link_setting(text, context, |settings, text| {
                settings.latency = span(text)?;
                Ok(())
            })
        },
    ),
];
