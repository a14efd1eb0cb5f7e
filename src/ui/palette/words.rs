//! The words.

use super::arguments::{Context, Ends, Ways, count, number_of_node, share, span, whole_span};
use crate::consensus::Rule;
use crate::playground::{Command, Condition, DiskSettings, LinkSettings};
use crate::types::NodeId;
use crate::ui::action::{Action, Exit, Question, Step, Verb};
use crate::ui::pace::parse_speed;
use crate::ui::view::{Pane, PaletteRow, Speed, ThemeName};

type Parse = fn(&str, &Context<'_>) -> Result<Action, String>;
type Complete = fn(&Context<'_>) -> Vec<(String, String)>;

/// A word of the palette.
pub(super) struct Word {
    /// The word.
    pub(super) word: &'static str,
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

const fn word(word: &'static str, usage: &'static str, what: &'static str, parse: Parse) -> Word {
    Word {
        word,
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

/// All words, as the palette lists them.
pub(super) static WORDS: [Word; 50] = [
    word("run", "run", "run or hold time", |text, _| bare(text, Action::ToggleRun)).or(&["pause"]),
];
