//! The palette: everything as words, with fuzzy completion, what can be done to the selected node first.
//!
//! Each row shows the key that does the same, so that whoever uses the palette learns the keys.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::Input;

mod arguments;
mod words;

pub use arguments::Context;

use super::action::Action;
use super::keymap;
use super::view::{Palette, PaletteRow};
use words::{Word, words};

/// Reads a line of words.
///
/// # Errors
///
/// A sentence that says what is wrong with it.
pub fn parse(line: &str, context: &Context<'_>) -> Result<Action, String> {
    let line = line.trim();
    if let Some(action) = keymap::action_for(line) {
        return Ok(action);
    }
    let (first, rest) = split(line);
    let word = word(first).ok_or_else(|| unknown(first))?;
    (word.parse)(rest.trim(), context).map_err(|error| {
        if rest.trim().is_empty() {
            format!("{first} what? {}: {}", word.usage, word.what)
        } else {
            error
        }
    })
}

/// Whether a line begins with a word that there is.
pub fn knows(line: &str) -> bool {
    word(split(line.trim()).0).is_some()
}

/// A palette with this much typed already.
pub fn open(prefix: &str, context: &Context<'_>) -> Palette {
    let mut palette = Palette {
        input: Input::new(prefix.to_owned()),
        ..Palette::default()
    };
    refresh(&mut palette, context);
    palette
}

/// Finds anew what the typed line could mean.
pub fn refresh(palette: &mut Palette, context: &Context<'_>) {
    palette.candidates = candidates(palette.input.value(), context);
    palette.chosen = 0;
    palette.error = None;
}

/// Puts the chosen candidate into the line, up to what is still to be filled in.
pub fn complete(palette: &mut Palette, context: &Context<'_>) {
    if let Some(row) = palette.candidates.get(palette.chosen) {
        palette.input = Input::new(fixed_part(&row.words).to_owned());
        refresh(palette, context);
    }
}

/// What Enter does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entered {
    /// This action.
    Run(Action),
    /// Nothing yet: the line needs more, or has something wrong.
    Stay,
}

/// Runs the chosen candidate, or says what is missing.
pub fn enter(palette: &mut Palette, context: &Context<'_>) -> Entered {
    let typed = palette.input.value().trim().to_owned();
    let chosen = palette
        .candidates
        .get(palette.chosen)
        .map(|row| row.words.clone());
    let Some(words) = chosen else {
        palette.error = parse(&typed, context).err();
        return Entered::Stay;
    };
    // What a digit or letter more would make of it was not said: a wrong number must not run as another one.
    let says_all = split(&typed)
        .1
        .chars()
        .any(|character| character.is_ascii_digit());
    let is_guess = palette.chosen == 0 && !words.starts_with(&typed) && word(split(&typed).0).is_some();
    if says_all
        && is_guess
        && let Err(error) = parse(&typed, context)
    {
        palette.error = Some(error);
        return Entered::Stay;
    }
    if fixed_part(&words) == words {
        match parse(&words, context) {
            Ok(action) => return Entered::Run(action),
            Err(error) => palette.error = Some(error),
        }
        return Entered::Stay;
    }
    let error = parse(&typed, context).err();
    if !typed.starts_with(fixed_part(&words).trim()) {
        complete(palette, context);
    }
    palette.error = error.filter(|_| typed.contains(' ') || word(&typed).is_some());
    Entered::Stay
}

/// What a line could mean, best first.
fn candidates(line: &str, context: &Context<'_>) -> Vec<PaletteRow> {
    let (first, rest) = split(line.trim_start());
    let mut rows = Vec::new();
    // Whoever has typed a space is about to say more.
    if !line.ends_with(char::is_whitespace) && parse(line, context).is_ok() {
        rows.extend(typed(line.trim()));
    }
    let pool = match word(first) {
        Some(word) if line.trim_start().len() > first.len() => completions(word, context),
        Some(_) | None => everything(context),
    };
    let known = word(first).is_some();
    let needle = if known && !rest.is_empty() {
        line.trim()
    } else {
        line
    };
    for row in ranked(needle.trim(), pool) {
        if rows.iter().all(|other: &PaletteRow| other.words != row.words) {
            rows.push(row);
        }
    }
    rows
}

fn typed(line: &str) -> Option<PaletteRow> {
    let (first, _) = split(line);
    Some(row(line.to_owned(), word(first)?.what.to_owned()))
}

fn everything(context: &Context<'_>) -> Vec<PaletteRow> {
    let mut rows = words::for_selected(context);
    rows.extend(words().map(usage));
    rows
}

fn completions(word: &Word, context: &Context<'_>) -> Vec<PaletteRow> {
    let mut rows: Vec<_> = (word.complete)(context)
        .into_iter()
        .map(|(argument, what)| row(format!("{} {argument}", word.name), what))
        .collect();
    rows.push(usage(word));
    rows
}

fn usage(word: &Word) -> PaletteRow {
    PaletteRow {
        key: keymap::key_for(word.name),
        ..row(word.usage.to_owned(), word.what.to_owned())
    }
}

fn row(words: String, explanation: String) -> PaletteRow {
    PaletteRow {
        key: keymap::key_for(&words),
        words,
        explanation,
    }
}

/// Those that match, best first; where none does, those whose explanation does.
fn ranked(needle: &str, pool: Vec<PaletteRow>) -> Vec<PaletteRow> {
    if needle.is_empty() {
        return pool;
    }
    let by_words = best(needle, &pool, |row| &row.words);
    if by_words.is_empty() {
        best(needle, &pool, |row| &row.explanation)
    } else {
        by_words
    }
}

fn best(needle: &str, pool: &[PaletteRow], text: fn(&PaletteRow) -> &str) -> Vec<PaletteRow> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(needle, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut scored: Vec<_> = pool
        .iter()
        .filter_map(|row| {
            let score = pattern.score(Utf32Str::new(text(row), &mut buffer), &mut matcher)?;
            Some((score, row))
        })
        .collect();
    // Stable: rows of equal score keep their order, the selected node's first.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, row)| row.clone()).collect()
}

/// What stands before the first placeholder, which is in capitals.
fn fixed_part(words: &str) -> &str {
    let placeholder = words.match_indices(char::is_whitespace).find(|(at, space)| {
        let mut rest = words[at + space.len()..].chars();
        rest.next().is_some_and(|letter| letter.is_ascii_uppercase())
            && rest.next().is_none_or(|letter| !letter.is_ascii_digit())
    });
    placeholder.map_or(words, |(at, space)| &words[..at + space.len()])
}

fn split(line: &str) -> (&str, &str) {
    line.split_once(char::is_whitespace).unwrap_or((line, ""))
}

fn word(name: &str) -> Option<&'static Word> {
    words().find(|word| word.name == name || word.aliases.contains(&name))
}

fn unknown(first: &str) -> String {
    let all: Vec<_> = words().map(usage).collect();
    match best(first, &all, |row| &row.words).first() {
        Some(near) => format!("there is no `{first}`; did you mean {}?", near.words),
        None => format!("there is no `{first}`; clear the line to see all words"),
    }
}

#[cfg(test)]
mod tests;
