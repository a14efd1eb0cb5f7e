//! Pictures of the screen: a buffer as SVG, and as plain text.
//!
//! The SVG uses a monospace font of whatever machine shows it; every run of characters states its length, so that it
//! fills exactly its cells.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// The size of a cell, in units of the picture.
const CELL: (u32, u32) = (9, 18);
/// The size of the letters.
const FONT: u32 = 15;
/// Where the letters stand in a cell, from its top.
const BASELINE: u32 = 14;

/// The buffer as lines of text, without blanks at their ends.
pub fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in rows(buffer) {
        let line: String = row.iter().map(|(_, cell)| cell.symbol()).collect();
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The buffer as an SVG picture. `ground` and `ink` stand for the terminal's own colours.
pub fn svg(buffer: &Buffer, ground: &str, ink: &str) -> String {
    let (width, height) = (
        u32::from(buffer.area().width) * CELL.0,
        u32::from(buffer.area().height) * CELL.1,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"{ground}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{FONT}\">\n"
    );
    for (y, row) in (0..).zip(rows(buffer)) {
        for run in runs(&row) {
            run.write(y, ground, ink, &mut svg);
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The cells of every row with their columns, without those that a wide character covers.
fn rows(buffer: &Buffer) -> Vec<Vec<(u32, &Cell)>> {
    let columns = usize::from(buffer.area().width).max(1);
    buffer.content().chunks(columns).map(visible).collect()
}

fn visible(row: &[Cell]) -> Vec<(u32, &Cell)> {
    let mut next = 0;
    let mut cells = Vec::new();
    for (column, cell) in (0..).zip(row) {
        if column >= next {
            next = column + columns(cell.symbol());
            cells.push((column, cell));
        }
    }
    cells
}

fn columns(symbol: &str) -> u32 {
    u32::try_from(symbol.width().max(1)).unwrap_or(1)
}

/// A run of cells that look the same.
struct Run<'a> {
    first: u32,
    columns: u32,
    text: String,
    look: &'a Cell,
}

fn runs<'a>(row: &[(u32, &'a Cell)]) -> Vec<Run<'a>> {
    let mut runs: Vec<Run<'a>> = Vec::new();
    for &(column, cell) in row {
        match runs.last_mut().filter(|run| run.look.style() == cell.style()) {
            Some(run) => {
                run.text.push_str(cell.symbol());
                run.columns += columns(cell.symbol());
            }
            None => runs.push(Run {
                first: column,
                columns: columns(cell.symbol()),
                text: cell.symbol().to_owned(),
                look: cell,
            }),
        }
    }
    runs
}

impl Run<'_> {
    fn write(&self, y: u32, ground: &str, ink: &str, svg: &mut String) {
        let modifier = self.look.modifier;
        let mut fill = colour(self.look.fg, ink);
        let mut back = colour(self.look.bg, ground);
        if modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut fill, &mut back);
        }
        let (x, top) = (self.first * CELL.0, y * CELL.1);
        let width = self.columns * CELL.0;
        if back != ground {
            put(
                svg,
                format_args!(
                    "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{back}\"/>\n",
                    CELL.1
                ),
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        put(
            svg,
            format_args!(
                "<text x=\"{x}\" y=\"{}\" textLength=\"{width}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{fill}\"{} \
                 xml:space=\"preserve\">{}</text>\n",
                top + BASELINE,
                attributes(modifier),
                escape(&self.text)
            ),
        );
    }
}

fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).expect("writing to a string can't fail");
}

fn attributes(modifier: Modifier) -> String {
    let mut attributes = String::new();
    if modifier.contains(Modifier::BOLD) {
        attributes.push_str(" font-weight=\"bold\"");
    }
    if modifier.contains(Modifier::ITALIC) {
        attributes.push_str(" font-style=\"italic\"");
    }
    if modifier.contains(Modifier::DIM) {
        attributes.push_str(" opacity=\"0.6\"");
    }
    let lines = [
        (Modifier::UNDERLINED, "underline"),
        (Modifier::CROSSED_OUT, "line-through"),
    ];
    let lines: Vec<&str> = lines
        .iter()
        .filter(|(line, _)| modifier.contains(*line))
        .map(|(_, name)| *name)
        .collect();
    if !lines.is_empty() {
        put(
            &mut attributes,
            format_args!(" text-decoration=\"{}\"", lines.join(" ")),
        );
    }
    attributes
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A colour as SVG writes it; `own` for the terminal's own.
pub(super) fn colour(colour: Color, own: &str) -> String {
    /// The sixteen that terminals have names for, as most of them draw them.
    const NAMED: [&str; 16] = [
        "#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5", "#666666",
        "#f14c4c", "#23d18b", "#f5f543", "#3b8eea", "#d670d6", "#29b8db", "#ffffff",
    ];
    let named = |place: usize| NAMED[place].to_owned();
    match colour {
        Color::Reset => own.to_owned(),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        Color::Indexed(index) => match index {
            0..16 => named(usize::from(index)),
            16..232 => cube(index - 16),
            232.. => {
                let grey = 8 + 10 * (index - 232);
                format!("#{grey:02x}{grey:02x}{grey:02x}")
            }
        },
    }
}

/// A colour of the 6×6×6 cube.
fn cube(place: u8) -> String {
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    let (red, green, blue) = (level(place / 36), level(place / 6 % 6), level(place % 6));
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn colours_of_the_256_are_the_ones_that_terminals_draw() {
        assert_eq!(colour(Color::Indexed(16), ""), "#000000");
        assert_eq!(colour(Color::Indexed(231), ""), "#ffffff");
        assert_eq!(colour(Color::Indexed(214), ""), "#ffaf00");
        assert_eq!(colour(Color::Indexed(233), ""), "#121212");
        assert_eq!(colour(Color::Reset, "own"), "own");
    }

    #[test]
    fn text_is_escaped_and_wide_characters_take_two_cells() {
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "漢<&>", Style::new());
        assert_eq!(text(&buffer), "漢<&>\n");
        let picture = svg(&buffer, "#000", "#fff");
        assert!(picture.contains("漢&lt;&amp;&gt;"), "{picture}");
        assert!(
            picture.contains(&format!("textLength=\"{}\"", 6 * CELL.0)),
            "{picture}"
        );
    }
}
