//! Keys as a person wants them: other ones for what the table has, and some for any words of the palette.
//!
//! They are set once, before the screen begins.

use std::sync::OnceLock;

use crossterm::event::KeyCode;

use super::table::{everywhere, rows};
use super::{Binding, Effect, Key, Mode, bindings};
use crate::ui::action::Action;
use crate::ui::palette;

/// The keys that one person has instead of those of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserKeys {
    lines: Vec<UserLine>,
}

/// Words, and the keys that stand for them; without keys they have none any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLine {
    /// Words of the palette: `heal`, `partition 1,2|3,4,5`.
    pub words: String,
    /// The keys, the one to show first.
    pub keys: Vec<Key>,
}

static INSTALLED: OnceLock<UserKeys> = OnceLock::new();

/// Has the keyboard, the key bar, the help and the palette go by these from now on. Only the first call counts.
pub fn install(keys: UserKeys) {
    let _ = INSTALLED.set(keys);
}

pub(super) fn installed() -> &'static UserKeys {
    static NONE: UserKeys = UserKeys { lines: Vec::new() };
    INSTALLED.get().unwrap_or(&NONE)
}

impl UserKeys {
    /// Checks them against each other and against the table.
    ///
    /// # Errors
    ///
    /// A sentence, where a key would stand for two things.
    pub fn new(mut lines: Vec<UserLine>) -> Result<Self, String> {
        check_own(&lines)?;
        // What stands in the table as well is nothing of one's own.
        lines.retain(|line| usual(&line.words).is_none_or(|binding| binding.keys != line.keys));
        lines.sort_by(|left, right| left.words.cmp(&right.words));
        let keys = Self { lines };
        for line in &keys.lines {
            for key in &line.keys {
                keys.check(*key, &line.words)?;
            }
        }
        Ok(keys)
    }

    fn check(&self, key: Key, words: &str) -> Result<(), String> {
        let label = key.label();
        if matches!(key, Key::Char('1'..='9')) {
            return Err(format!("{label} picks a node, and can't be bound to `{words}`"));
        }
        let others = bindings(Mode::Main).chain(everywhere());
        let taken = others.into_iter().find(|other| {
            let is_its_own = !other.words.is_empty() && other.words == words;
            !is_its_own && !self.moves(other.words) && other.keys.contains(&key)
        });
        match taken {
            Some(Binding { words: "", .. }) => Err(format!("{label} can't be bound to anything else")),
            Some(other) => Err(format!(
                "{label} would be bound to `{words}` and to `{0}`; give `{0}` another key as well, or none: \"{0}\": []",
                other.words
            )),
            None => Ok(()),
        }
    }

    /// Whether these words have other keys than in the table.
    pub(super) fn moves(&self, words: &str) -> bool {
        !words.is_empty() && self.of(words).is_some()
    }

    /// The keys of these words, where they are other ones.
    pub(super) fn of(&self, words: &str) -> Option<&[Key]> {
        let line = self.lines.iter().find(|line| line.words == words)?;
        Some(&line.keys)
    }

    /// What a key does, if it is one of these.
    pub(super) fn action(&self, key: Key) -> Option<Action> {
        let line = self.lines.iter().find(|line| line.keys.contains(&key))?;
        let of_table = usual(&line.words).and_then(|binding| match &binding.effect {
            Effect::Does(action) => Some(action.clone()),
            Effect::WithNode(_) => None,
        });
        Some(of_table.unwrap_or_else(|| Action::Words(line.words.clone())))
    }

    /// Those for words that the table has not.
    pub(super) fn more(&self) -> impl Iterator<Item = &UserLine> {
        self.lines
            .iter()
            .filter(|line| usual(&line.words).is_none() && !line.keys.is_empty())
    }
}

/// The binding in the table for these words.
fn usual(words: &str) -> Option<&'static Binding> {
    bindings(Mode::Main).find(|binding| !words.is_empty() && binding.words == words)
}

/// Checks lines against each other only.
///
/// # Errors
///
/// A sentence, where a key stands twice.
pub fn check_own(lines: &[UserLine]) -> Result<(), String> {
    let mut seen: Vec<(Key, &str)> = Vec::new();
    for line in lines {
        for key in &line.keys {
            if let Some((_, before)) = seen.iter().find(|(other, _)| other == key) {
                let (label, words) = (key.label(), &line.words);
                return Err(format!(
                    "{label} is bound to `{before}` and to `{words}`; leave one of them"
                ));
            }
            seen.push((*key, &line.words));
        }
    }
    Ok(())
}

/// Whether a key can stand for these words.
pub fn knows(words: &str) -> bool {
    usual(words).is_some() || palette::knows(words)
}

/// All words that have keys, in the order of the table, and what was added.
pub fn words_and_keys(user: &UserKeys) -> Vec<(String, Vec<Key>)> {
    let main = rows().iter().filter(|row| row.mode == Mode::Main);
    let usual = main
        .flat_map(|row| &row.bindings)
        .filter(|binding| !binding.words.is_empty());
    let usual = usual.map(|binding| {
        let keys = user.of(binding.words).unwrap_or(binding.keys);
        (binding.words.to_owned(), keys.to_vec())
    });
    let more = user.more().map(|line| (line.words.clone(), line.keys.clone()));
    usual.chain(more).collect()
}

/// A key by the name that the help gives it; capitals in the names of keys do not matter.
///
/// # Errors
///
/// A sentence that says how keys are named.
pub fn parse_key(name: &str) -> Result<Key, String> {
    let mut letters = name.chars();
    if let (Some(letter), None) = (letters.next(), letters.next()) {
        return Ok(match letter {
            '↑' => Key::Named(KeyCode::Up),
            '↓' => Key::Named(KeyCode::Down),
            '←' => Key::Named(KeyCode::Left),
            '→' => Key::Named(KeyCode::Right),
            letter if letter.is_control() => return Err(unknown(name)),
            letter => Key::Char(letter),
        });
    }
    let name_in_small = name.to_ascii_lowercase();
    if let Some(letter) = name_in_small.strip_prefix("ctrl-") {
        let mut letters = letter.chars();
        return match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_ascii_graphic() => Ok(Key::Ctrl(letter)),
            (Some(_) | None, _) => Err(unknown(name)),
        };
    }
    let function = name_in_small
        .strip_prefix('f')
        .and_then(|number| number.parse().ok());
    if let Some(number @ 1..=12) = function {
        return Ok(Key::Named(KeyCode::F(number)));
    }
    Ok(match name_in_small.as_str() {
        "space" => Key::Char(' '),
        "enter" => Key::Named(KeyCode::Enter),
        "esc" => Key::Named(KeyCode::Esc),
        "tab" => Key::Named(KeyCode::Tab),
        "backtab" | "back tab" => Key::Named(KeyCode::BackTab),
        "backspace" => Key::Named(KeyCode::Backspace),
        "delete" | "del" => Key::Named(KeyCode::Delete),
        "insert" => Key::Named(KeyCode::Insert),
        "up" => Key::Named(KeyCode::Up),
        "down" => Key::Named(KeyCode::Down),
        "left" => Key::Named(KeyCode::Left),
        "right" => Key::Named(KeyCode::Right),
        "home" => Key::Named(KeyCode::Home),
        "end" => Key::Named(KeyCode::End),
        "pgup" => Key::Named(KeyCode::PageUp),
        "pgdn" => Key::Named(KeyCode::PageDown),
        _ => return Err(unknown(name)),
    })
}

fn unknown(name: &str) -> String {
    let name: String = name
        .chars()
        .take(24)
        .filter(|letter| !letter.is_control())
        .collect();
    format!("there is no key `{name}`; keys are named c, C, Space, Ctrl-P, F5, Enter, ↑, PgDn")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(words: &str, keys: &[&str]) -> UserLine {
        UserLine {
            words: words.to_owned(),
            keys: keys.iter().map(|key| parse_key(key).unwrap()).collect(),
        }
    }

    #[test]
    fn other_keys_do_what_the_table_says_and_the_usual_ones_nothing_more() {
        let keys = UserKeys::new(vec![
            line("heal", &["c"]),
            line("crash", &["F3"]),
            line("cut 1-2", &["F4"]),
            line("undo", &["u"]),
        ])
        .unwrap();
        assert_eq!(keys.action(Key::Char('c')), super::super::action_for("heal"));
        assert_eq!(
            keys.action(Key::Named(KeyCode::F(3))),
            super::super::action_for("crash")
        );
        assert_eq!(
            keys.action(Key::Named(KeyCode::F(4))),
            Some(Action::Words("cut 1-2".to_owned()))
        );
        assert!(keys.moves("crash") && !keys.moves("undo") && !keys.moves(""));
        assert_eq!(keys.action(Key::Char('u')), None, "as in the table");
    }

    #[test]
    fn every_key_of_the_table_is_read_by_the_name_that_the_help_gives_it() {
        for binding in bindings(Mode::Main).chain(everywhere()) {
            for key in binding.keys.iter().filter(|key| **key != Key::Digit) {
                assert_eq!(parse_key(&key.label()), Ok(*key), "{}", key.label());
            }
        }
    }
}
