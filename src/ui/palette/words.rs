//! The words: what each is called, what it does, and how what stands behind it is read and completed, by what it is about.

mod client;
mod cluster;
mod complete;
mod form;
mod message;
mod network;
mod node;
mod screen;
mod shape;
mod table;
mod time;

use self::complete::nothing;
pub(super) use self::table::words;
use super::arguments::Context;
use crate::playground::Condition;
use crate::ui::action::Action;
use crate::ui::view::PaletteRow;

type Parse = fn(&str, &Context<'_>) -> Result<Action, String>;
type Complete = fn(&Context<'_>) -> Vec<(String, String)>;

/// A word of the palette.
pub(super) struct Word {
    /// The word.
    pub(super) name: &'static str,
    /// Other words for it.
    pub(super) aliases: &'static [&'static str],
    /// How it is used; what is in capitals is to be filled in.
    pub(super) usage: &'static str,
    /// What it does.
    pub(super) what: &'static str,
    /// Reads what stands behind it.
    pub(super) parse: Parse,
    /// What could stand behind it.
    pub(super) complete: Complete,
}

const fn word(name: &'static str, usage: &'static str, what: &'static str, parse: Parse) -> Word {
    Word {
        name,
        aliases: &[],
        usage,
        what,
        parse,
        complete: nothing,
    }
}

impl Word {
    const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn with(self, complete: Complete) -> Self {
        Self { complete, ..self }
    }
}

/// What can be done to the selected node, as it is now.
pub(super) fn for_selected(context: &Context<'_>) -> Vec<PaletteRow> {
    let Some(node) = context.selected.and_then(|id| context.snapshot.node(id)) else {
        return Vec::new();
    };
    let verbs: &[&str] = match node.condition {
        Condition::Up => &["crash", "power-cut", "freeze", "fire"],
        Condition::Frozen => &["bring-back", "crash", "power-cut"],
        Condition::Down => &["bring-back"],
    };
    let row = |verb: &&str| {
        let word = words().find(|word| word.name == *verb)?;
        Some(PaletteRow {
            words: format!("{verb} {}", node.id.number()),
            explanation: word.what.to_owned(),
            key: crate::ui::keymap::key_for(verb),
        })
    };
    verbs.iter().filter_map(row).collect()
}
