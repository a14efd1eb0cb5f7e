//! Text on a row of cells: written from left to right, cut at the edge, never past it.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use crate::types::Term;
use crate::ui::theme::{Theme, glyph};

/// How many columns a text takes.
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// The text, or as much of it as fits in so many columns and a `…`.
pub fn fit(text: &str, columns: u16) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut kept = text[..head(text, columns - 1)].to_owned();
    kept.push(glyph::ELLIPSIS);
    Cow::Owned(kept)
}

/// How many bytes of a text take at most so many columns. Characters together may take more than each by itself, or less.
fn head(text: &str, columns: u16) -> usize {
    let mut end = 0;
    for (at, character) in text.char_indices() {
        let next = at + character.len_utf8();
        if width(&text[..next]) > columns {
            break;
        }
        end = next;
    }
    end
}

/// The text in lines of at most so many columns, broken between words where they allow it.
pub fn wrap(text: &str, columns: u16) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let mut word = word;
        loop {
            let line = lines.last_mut().expect("there is a line from the start");
            let gap = u16::from(!line.is_empty());
            let room = columns.saturating_sub(width(line) + gap);
            if width(word) <= room {
                line.push_str(if gap == 1 { " " } else { "" });
                line.push_str(word);
                break;
            }
            if line.is_empty() {
                // At least one character, so that the loop ends.
                let first = word.chars().next().map_or(0, char::len_utf8);
                let cut = head(word, columns).max(first);
                line.push_str(&word[..cut]);
                word = &word[cut..];
            }
            lines.push(String::new());
        }
    }
    if lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// The text in so many lines at most; what does not fit stands in the last of them, which is then too long.
pub fn wrap_rows(text: &str, columns: u16, rows: u16) -> Vec<String> {
    let mut lines = wrap(text, columns);
    let rows = usize::from(rows.max(1));
    if lines.len() > rows {
        let rest = lines.split_off(rows - 1).join(" ");
        lines.push(rest);
    }
    lines
}

/// A bar that shows parts per thousand.
pub fn gauge(permille: u64, columns: u16) -> String {
    let full = (permille.min(1000) * u64::from(columns) + 500) / 1000;
    (0..u64::from(columns))
        .map(|cell| if cell < full { glyph::FULL } else { glyph::SPENT })
        .collect()
}

/// Writes on one row of an area.
pub struct Pen<'b> {
    buffer: &'b mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'b> Pen<'b> {
    /// Starts at the left of the area's row; where the area has no such row, nothing will be written.
    pub fn new(buffer: &'b mut Buffer, area: Rect, row: u16) -> Self {
        let area = area.intersection(*buffer.area());
        let end = if row < area.height { area.right() } else { area.x };
        Self {
            buffer,
            x: area.x,
            y: area.y + row.min(area.height.saturating_sub(1)),
            end,
        }
    }

    /// Writes as much as fits.
    pub fn write(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.left();
        if room > 0 {
            let text = fit(text, room);
            let (x, _) = self
                .buffer
                .set_stringn(self.x, self.y, text, usize::from(room), style);
            self.x = x;
        }
        self
    }

    /// Writes one character.
    pub fn put(&mut self, character: char, style: Style) -> &mut Self {
        self.write(character.encode_utf8(&mut [0; 4]), style)
    }

    /// Writes, with what names a node in bold and what names a term in the colour of the term.
    pub fn prose(&mut self, text: &str, style: Style, theme: &Theme) -> &mut Self {
        let room = self.left();
        let text = fit(text, room);
        let mut previous = "";
        for piece in text.split_inclusive(' ') {
            let word = piece.trim_end();
            // What stands behind a name or a number is none of it: `term 3)`.
            let end = bare(word).len();
            self.write(&piece[..end], word_style(previous, word, style, theme))
                .write(&piece[end..], style);
            previous = word;
        }
        self
    }

    /// Leaves columns out.
    pub fn skip(&mut self, columns: u16) -> &mut Self {
        self.x = self.x.saturating_add(columns).min(self.end);
        self
    }

    /// Goes on so many columns before the right edge, where that is to the right.
    pub fn align_right(&mut self, columns: u16) -> &mut Self {
        self.x = self.x.max(self.end.saturating_sub(columns));
        self
    }

    /// How many columns are left.
    pub fn left(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }
}

/// A word up to its last digit; nothing where it has none.
fn bare(word: &str) -> &str {
    word.trim_end_matches(|character: char| !character.is_ascii_digit())
}

fn word_style(previous: &str, word: &str, style: Style, theme: &Theme) -> Style {
    let bare = bare(word);
    let number = |digits: &str| digits.parse::<u64>().ok();
    let is_node = bare.strip_prefix('S').and_then(number).is_some();
    if is_node {
        return style.add_modifier(Modifier::BOLD);
    }
    let bare = bare.trim_start_matches('(');
    match number(bare).filter(|_| matches!(previous.trim_start_matches('('), "term" | "t")) {
        Some(term) => style.patch(theme.term(Term::new(term)).add_modifier(Modifier::BOLD)),
        None => style,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_fits_is_left_alone() {
        assert_eq!(fit("S3 leads", 8), "S3 leads");
        assert_eq!(fit("S3 leads", 7), "S3 lea…");
        assert_eq!(fit("S3", 0), "");
        assert_eq!(width(&fit("漢字漢字", 5)), 5);
        assert_eq!(width(&fit("漢字漢字", 4)), 3, "half a character is none");
        for columns in 0..9 {
            for text in [
                "❤\u{fe0f}❤\u{fe0f}❤\u{fe0f}❤\u{fe0f}❤\u{fe0f}",
                "👩\u{200d}👩\u{200d}👧e\u{301}e\u{301}👧👧👧",
            ] {
                assert!(width(&fit(text, columns)) <= columns, "{text} in {columns}");
            }
        }
    }

    #[test]
    fn lines_break_between_words_and_inside_long_ones() {
        assert_eq!(wrap("who runs out first", 8), ["who runs", "out", "first"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("漢字", 1), ["漢", "字"]);
        assert_eq!(wrap("abc", 0), ["a", "b", "c"]);
    }

    #[test]
    fn what_has_no_row_of_its_own_stands_in_the_last() {
        assert_eq!(wrap_rows("who runs out first", 8, 2), ["who runs", "out first"]);
        assert_eq!(
            wrap_rows("who runs out first", 8, 9),
            ["who runs", "out", "first"]
        );
        assert_eq!(wrap_rows("who runs out", 8, 0), ["who runs out"]);
    }

    #[test]
    fn a_gauge_is_empty_only_when_nothing_is_left() {
        assert_eq!(gauge(1000, 4), "████");
        assert_eq!(gauge(500, 4), "██░░");
        assert_eq!(gauge(0, 4), "░░░░");
        assert_eq!(gauge(9999, 2), "██");
    }
}
