//! The keys: one table that feeds the keyboard, the key bar, the help and the palette.
//!
//! A digit picks, a letter acts; Shift is the stronger or opposite form of the same thing. What is not built is not in
//! the table, so no hint can promise it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::backend::crossterm::to_input_request;
use unicode_width::UnicodeWidthStr;

mod table;
mod user;

use table::rows;
pub use user::{UserKeys, UserLine, check_own, install, knows, parse_key, words_and_keys};

use super::action::Action;
use super::draw::{KeyGroup, KeyHint};
pub use super::overlay::Mode;
use super::view::Scene;
use crate::types::NodeId;

/// A key, as the table names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A key that types this.
    Char(char),
    /// This letter with Ctrl.
    Ctrl(char),
    /// A key that types nothing.
    Named(KeyCode),
    /// 1 to 9.
    Digit,
}

/// What a key does.
#[derive(Clone, Debug)]
pub enum Effect {
    /// This.
    Does(Action),
    /// This, with the node that the digit names.
    WithNode(fn(NodeId) -> Action),
}

/// Keys with one effect.
#[derive(Debug)]
pub struct Binding {
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// What they do.
    pub effect: Effect,
    /// The words that do the same in the palette; empty where only a key makes sense.
    pub words: &'static str,
}

/// Bindings that are shown together: `c C  crash, power cut`.
#[derive(Debug)]
pub struct Row {
    /// Where they apply.
    pub mode: Mode,
    /// Under which heading the help shows them.
    pub group: KeyGroup,
    /// The bindings.
    pub bindings: Vec<Binding>,
    /// The keys, as the help shows them.
    pub keys: &'static str,
    /// What they do, as the help says it.
    pub what: &'static str,
    /// How the key bar shows them, where it does: the first that applies.
    pub bars: Vec<Bar>,
}

/// How the key bar shows a row.
#[derive(Clone, Copy, Debug)]
pub struct Bar {
    /// The keys.
    pub keys: &'static str,
    /// What they do, in a word or two.
    pub what: &'static str,
    /// What comes first when there is no room for all: 0 before 1.
    pub rank: u8,
    /// Whether it makes sense now.
    pub applies: fn(&Scene<'_>) -> bool,
}

/// What a key asks for in this mode, if anything.
pub fn action(mode: Mode, event: KeyEvent) -> Option<Action> {
    action_by(user::installed(), mode, event)
}

/// [`action`], by these keys.
fn action_by(user: &UserKeys, mode: Mode, event: KeyEvent) -> Option<Action> {
    let key = normal(event)?;
    if mode == Mode::Main
        && let Some(action) = user.action(key)
    {
        return Some(action);
    }
    let everywhere = table::everywhere().iter();
    let exact = bindings(mode)
        .filter(|binding| mode != Mode::Main || !user.moves(binding.words))
        .chain(everywhere)
        .find(|binding| binding.keys.contains(&key));
    if let Some(Binding {
        effect: Effect::Does(action),
        ..
    }) = exact
    {
        return Some(action.clone());
    }
    if mode.types() {
        return to_input_request(&crossterm::event::Event::Key(event)).map(Action::Edit);
    }
    let node = digit(key)?;
    bindings(mode).find_map(|binding| match binding.effect {
        Effect::WithNode(action) => Some(action(node)),
        Effect::Does(_) => None,
    })
}

/// What a key is called, for those who see none: `c`, `Space`, `Ctrl-z`.
pub fn name(event: KeyEvent) -> String {
    let modifiers = event.modifiers - KeyModifiers::SHIFT;
    if modifiers.is_empty() {
        event.code.to_string()
    } else {
        format!("{modifiers}-{}", event.code)
    }
}

/// The key as the table names it. Shift is in the character already; terminals differ in whether they say so again.
fn normal(event: KeyEvent) -> Option<Key> {
    if event.is_release() {
        return None;
    }
    let modifiers = event.modifiers - KeyModifiers::SHIFT;
    match event.code {
        KeyCode::Char(letter) if modifiers == KeyModifiers::CONTROL => {
            Some(Key::Ctrl(letter.to_ascii_lowercase()))
        }
        KeyCode::Char(letter) if modifiers.is_empty() => Some(Key::Char(letter)),
        // Many keyboards reach `|`, `>` and the like with AltGr, which some terminals report as Ctrl and Alt.
        KeyCode::Char(letter) if modifiers == KeyModifiers::CONTROL | KeyModifiers::ALT => {
            Some(Key::Char(letter))
        }
        code if modifiers.is_empty() => Some(Key::Named(code)),
        _ => Some(Key::Named(KeyCode::Null)),
    }
}

fn digit(key: Key) -> Option<NodeId> {
    match key {
        Key::Char(letter @ '1'..='9') => letter.to_digit(10).map(|digit| NodeId::new(u64::from(digit))),
        Key::Char(_) | Key::Ctrl(_) | Key::Named(_) | Key::Digit => None,
    }
}

/// All keys of the main screen, for the help.
pub fn help() -> Vec<KeyHint> {
    let user = user::installed();
    let main = rows().iter().filter(|row| row.mode == Mode::Main);
    let usual = main.map(|row| hint(row, &shown_keys(user, row, row.keys), row.what));
    let more = user.more().map(|line| KeyHint {
        keys: labels(&line.keys),
        what: line.words.clone(),
        group: KeyGroup::Rest,
    });
    usual.filter(|hint| !hint.keys.is_empty()).chain(more).collect()
}

/// The keys of a row: as the table shows them, but where some are others.
fn shown_keys(user: &UserKeys, row: &Row, usual: &str) -> String {
    let is_usual = |binding: &Binding| row.mode != Mode::Main || !user.moves(binding.words);
    if row.bindings.iter().all(is_usual) {
        return usual.to_owned();
    }
    let firsts = row.bindings.iter().filter_map(|binding| {
        let keys = user.of(binding.words).unwrap_or(binding.keys);
        keys.first().copied()
    });
    labels(&firsts.collect::<Vec<_>>())
}

/// The keys of a bar: where it names one key, that which does the same now.
fn bar_keys(user: &UserKeys, row: &Row, usual: &str) -> String {
    let is_named = |binding: &&Binding| binding.keys.iter().any(|key| key.label() == usual);
    let named = row.bindings.iter().find(is_named);
    let moved = named
        .filter(|_| row.mode == Mode::Main)
        .and_then(|binding| user.of(binding.words));
    match moved {
        Some(keys) => keys.first().map_or_else(String::new, |key| key.label()),
        None => usual.to_owned(),
    }
}

fn labels(keys: &[Key]) -> String {
    let labels: Vec<String> = keys.iter().map(|key| key.label()).collect();
    labels.join(" ")
}

/// The keys that make sense now, as many of the most important as fit `width` columns.
pub fn bar(scene: &Scene<'_>, width: u16) -> Vec<KeyHint> {
    let mode = Mode::of(scene.view.overlay.as_ref());
    let user = user::installed();
    let shown = |row: &'static Row| {
        let bar = row.bars.iter().find(|bar| (bar.applies)(scene))?;
        let keys = bar_keys(user, row, bar.keys);
        (!keys.is_empty()).then(|| (bar.rank, hint(row, &keys, bar.what)))
    };
    let rows = rows().iter().filter(|row| row.mode == mode);
    let name = scene.view.selected(scene.snapshot);
    let name = name.map_or(0, |id| format!("{id}: ").width());
    fit(rows.filter_map(shown).collect(), usize::from(width), name)
}

fn hint(row: &Row, keys: &str, what: &str) -> KeyHint {
    KeyHint {
        keys: keys.to_owned(),
        what: what.to_owned(),
        group: row.group,
    }
}

/// Leaves out the least important, the last first, until the rest fits.
fn fit(mut hints: Vec<(u8, KeyHint)>, width: usize, name: usize) -> Vec<KeyHint> {
    while columns(&hints, name) > width {
        let least = hints
            .iter()
            .enumerate()
            .max_by_key(|(place, (rank, _))| (*rank, *place));
        let Some((place, _)) = least else { break };
        hints.remove(place);
    }
    hints.into_iter().map(|(_, hint)| hint).collect()
}

/// How many columns the bar takes: a space at its start, one in each hint, two between hints, and the selected node's name.
fn columns(hints: &[(u8, KeyHint)], name: usize) -> usize {
    let each = hints
        .iter()
        .map(|(_, hint)| hint.keys.width() + 1 + hint.what.width());
    let has_verbs = hints.iter().any(|(_, hint)| hint.group == KeyGroup::Node);
    1 + each.sum::<usize>() + 2 * hints.len().saturating_sub(1) + if has_verbs { name } else { 0 }
}

/// What the key with these words in the palette does.
pub fn action_for(words: &str) -> Option<Action> {
    let binding = bindings(Mode::Main).find(|binding| !words.is_empty() && binding.words == words)?;
    match &binding.effect {
        Effect::Does(action) => Some(action.clone()),
        Effect::WithNode(_) => None,
    }
}

fn bindings(mode: Mode) -> impl Iterator<Item = &'static Binding> {
    rows()
        .iter()
        .filter(move |row| row.mode == mode)
        .flat_map(|row| &row.bindings)
}

/// The key that does what these words of the palette do.
pub fn key_for(words: &str) -> Option<String> {
    if let Some(keys) = user::installed().of(words) {
        return keys.first().map(|key| key.label());
    }
    bindings(Mode::Main)
        .find(|binding| !words.is_empty() && binding.words == words)
        .map(|binding| binding.keys[0].label())
}

impl Key {
    /// How people read it.
    pub fn label(self) -> String {
        match self {
            Self::Char(' ') => "Space".to_owned(),
            Self::Char(letter) => letter.to_string(),
            Self::Ctrl(letter) => format!("Ctrl-{}", letter.to_ascii_uppercase()),
            Self::Digit => "1-9".to_owned(),
            Self::Named(code) => match code {
                KeyCode::Left => "←".to_owned(),
                KeyCode::Right => "→".to_owned(),
                KeyCode::Up => "↑".to_owned(),
                KeyCode::Down => "↓".to_owned(),
                KeyCode::PageUp => "PgUp".to_owned(),
                KeyCode::PageDown => "PgDn".to_owned(),
                code => code.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
