//! Colours, and the characters that stand in for others on poor fonts.
//!
//! A colour never says anything alone: every meaning has a glyph or a word as well. A term has one colour everywhere:
//! on the ring, in messages, in the logs and in the story. Colours are from the 256 that every terminal has.
//!
//! The mono theme uses only [`Color::Reset`] and modifiers: with `NO_COLOR` set, crossterm writes any other colour as
//! a sequence that also takes back bold and reverse.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use super::view::{Motion, ThemeName, View};
use crate::types::Term;

/// What things look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// Plain text, and the ground of the screen.
    pub base: Style,
    /// What should step back: frames, heartbeats, hints.
    pub faint: Style,
    /// What should stand out.
    pub strong: Style,
    /// Keys, and the marks of what is selected.
    pub accent: Style,
    /// What went well.
    pub good: Style,
    /// What is broken or down.
    pub bad: Style,
    /// What needs attention.
    pub warn: Style,
    /// Walls and cut links.
    pub wall: Style,
    /// The ground of header and prompts.
    pub bar: Style,
    /// The ground of a banner that must be seen.
    pub alarm: Style,
    /// The chosen row of a list.
    pub chosen: Style,
    /// Whether only ASCII characters may be drawn: arrow keys are then spelled.
    pub is_ascii: bool,
    /// How messages move.
    pub motion: Motion,
    palette: Palette,
}

/// How terms are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Palette {
    /// Each term in turn takes one of these; text on it has the second colour.
    Colours(&'static [u8], u8),
    /// Not by colour.
    Plain,
}

const fn foreground(index: u8) -> Style {
    Style::new().fg(Color::Indexed(index))
}

const fn bold(style: Style) -> Style {
    style.add_modifier(Modifier::BOLD)
}

impl Theme {
    /// What things look like to a person who has chosen so.
    pub fn of(view: &View) -> Self {
        Self {
            is_ascii: view.ascii,
            motion: view.motion,
            ..Self::named(view.theme)
        }
    }

    /// Text for whoever presses keys: where the characters that stand in for arrows are keys of their own, the arrows are spelled.
    pub fn spelled<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !self.is_ascii || !text.contains(['←', '→', '↑', '↓']) {
            return Cow::Borrowed(text);
        }
        let mut spelled = String::new();
        for character in text.chars() {
            let word = match character {
                '←' => "Lt",
                '→' => "Rt",
                '↑' => "Up",
                '↓' => "Dn",
                other => {
                    spelled.push(other);
                    continue;
                }
            };
            if spelled.ends_with(|last: char| last.is_alphanumeric()) {
                spelled.push(' ');
            }
            spelled.push_str(word);
        }
        Cow::Owned(spelled)
    }

    /// The theme of this name.
    pub fn named(name: ThemeName) -> Self {
        match name {
            ThemeName::Dark => Self::dark(),
            ThemeName::Light => Self::light(),
            ThemeName::HighContrast => Self::high_contrast(),
            ThemeName::Mono => Self::mono(),
        }
    }

    /// After Okabe and Ito, whose colours can be told apart whatever the eye; brightened for a dark ground.
    fn dark() -> Self {
        Self {
            base: foreground(253).bg(Color::Indexed(233)),
            faint: foreground(245),
            strong: bold(foreground(231)),
            accent: bold(foreground(222)),
            good: bold(foreground(79)),
            bad: bold(foreground(209)),
            warn: bold(foreground(221)),
            wall: foreground(209),
            bar: foreground(253).bg(Color::Indexed(237)),
            alarm: bold(foreground(231)).bg(Color::Indexed(160)),
            chosen: bold(foreground(16)).bg(Color::Indexed(222)),
            is_ascii: false,
            motion: Motion::Smooth,
            palette: Palette::Colours(&[75, 214, 42, 176, 227, 252], 16),
        }
    }

    fn light() -> Self {
        Self {
            base: foreground(235).bg(Color::Indexed(231)),
            faint: foreground(243),
            strong: bold(foreground(16)),
            accent: bold(foreground(25)),
            good: bold(foreground(22)),
            bad: bold(foreground(160)),
            warn: bold(foreground(130)),
            wall: foreground(160),
            bar: foreground(235).bg(Color::Indexed(255)),
            alarm: bold(foreground(231)).bg(Color::Indexed(160)),
            chosen: bold(foreground(231)).bg(Color::Indexed(25)),
            is_ascii: false,
            motion: Motion::Smooth,
            palette: Palette::Colours(&[25, 130, 22, 126, 94, 240], 231),
        }
    }

    fn high_contrast() -> Self {
        Self {
            base: foreground(231).bg(Color::Indexed(16)),
            faint: foreground(250),
            strong: bold(foreground(231)),
            accent: bold(foreground(226)),
            good: bold(foreground(46)),
            bad: bold(foreground(203)),
            warn: bold(foreground(226)),
            wall: bold(foreground(203)),
            bar: bold(foreground(231)).bg(Color::Indexed(234)),
            alarm: bold(foreground(231)).bg(Color::Indexed(160)),
            chosen: bold(foreground(16)).bg(Color::Indexed(226)),
            is_ascii: false,
            motion: Motion::Smooth,
            palette: Palette::Colours(&[51, 226, 46, 213], 16),
        }
    }

    fn mono() -> Self {
        let plain = Style::new().fg(Color::Reset).bg(Color::Reset);
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        Self {
            base: plain,
            faint: Style::new().add_modifier(Modifier::DIM),
            strong: bold(Style::new()),
            accent: bold(Style::new()),
            good: bold(Style::new()),
            bad: bold(reversed),
            warn: bold(Style::new()),
            wall: Style::new(),
            bar: reversed,
            alarm: bold(reversed),
            chosen: bold(reversed),
            is_ascii: false,
            motion: Motion::Smooth,
            palette: Palette::Plain,
        }
    }

    /// Text that belongs to a term.
    pub fn term(&self, term: Term) -> Style {
        match self.palette {
            // Before any election there is no term to speak of.
            Palette::Colours(..) if term == Term::default() => self.faint,
            Palette::Colours(colours, _) => foreground(colour_of(colours, term)),
            Palette::Plain => Style::new(),
        }
    }

    /// A block that belongs to a term: the same colour as ground.
    pub fn term_block(&self, term: Term) -> Style {
        match self.palette {
            Palette::Colours(colours, text) => foreground(text).bg(Color::Indexed(colour_of(colours, term))),
            Palette::Plain => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// The cell of an entry that its node knows to be committed.
    pub fn committed(&self, term: Term) -> Style {
        match self.palette {
            Palette::Colours(..) => self.term_block(term),
            // A screen full of reversed cells can't be read; the commit mark is there as well.
            Palette::Plain => bold(Style::new()),
        }
    }
}

/// Term 1 takes the first colour.
fn colour_of(colours: &[u8], term: Term) -> u8 {
    let count = colours.len() as u64;
    let place = (term.number() + count - 1) % count;
    usize::try_from(place)
        .ok()
        .and_then(|place| colours.get(place).copied())
        .unwrap_or_default()
}

/// The characters that the screen draws with, outside what nodes and people write.
pub mod glyph {
    /// A leader.
    pub const LEADER: char = '★';
    /// A candidate.
    pub const CANDIDATE: char = '◆';
    /// A pre-candidate.
    pub const PRE_CANDIDATE: char = '◇';
    /// A follower.
    pub const FOLLOWER: char = '●';
    /// A learner, or a node that is no member: it follows without a vote.
    pub const LEARNER: char = '○';
    /// A node that is down.
    pub const DOWN: char = '✗';
    /// A frozen node.
    pub const FROZEN: char = '‖';
    /// A commit, a promise kept.
    pub const CHECK: char = '✓';
    /// A wall between groups.
    pub const WALL: char = '▒';
    /// A cut link.
    pub const CUT: char = '╳';
    /// What is left of a timer.
    pub const FULL: char = '█';
    /// What is gone of a timer.
    pub const SPENT: char = '░';
    /// Left of it is committed.
    pub const COMMIT: char = '┃';
    /// Not on disk yet.
    pub const PENDING: char = '~';
    /// Dropped: a snapshot stands for it.
    pub const SNAPSHOT: char = '▣';
    /// Another entry than the leader has there.
    pub const CONFLICT: char = '≠';
    /// What is selected, what is newest.
    pub const HERE: char = '▸';
    /// A heartbeat.
    pub const HEARTBEAT: char = '•';
    /// The answer to a heartbeat.
    pub const HEARTBEAT_ANSWER: char = '◦';
    /// A cut link, the way a message went, an entry without a command.
    pub const DOT: char = '·';
    /// The time line.
    pub const LINE: char = '━';
    /// The strip of notes.
    pub const STRIP: char = '▌';
    /// There is more to the left.
    pub const MORE_LEFT: char = '‹';
    /// There is more to the right.
    pub const MORE_RIGHT: char = '›';
    /// Once more.
    pub const AGAIN: char = '↻';
    /// Text was cut here.
    pub const ELLIPSIS: char = '…';
}

/// What stands for a character where only ASCII may be drawn. `?` where nothing else does.
pub const fn ascii(character: char) -> char {
    match character {
        ' '..='~' => character,
        '★' => '*',
        '◇' => 'P',
        '◆' => 'C',
        '●' | '◦' => 'o',
        '○' => 'O',
        '▣' => '@',
        '✗' | '╳' | '×' => 'x',
        '‖' => '=',
        '▒' => '%',
        '█' | '§' => '#',
        '░' | '•' | '·' => '.',
        '┃' | '│' | '▌' | '▏' => '|',
        '≠' => '!',
        // Where text is cut there is more to the right.
        '▸' | '›' | '→' | '…' => '>',
        '‹' | '←' => '<',
        '↑' => '^',
        '↓' => 'v',
        '━' | '─' | '–' | '—' | '−' | '┄' => '-',
        '↻' => 'r',
        '└' => '`',
        '✓' | '╭' | '╮' | '╰' | '╯' => '+',
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        _ => '?',
    }
}

/// Replaces whatever is not ASCII.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let character = cell.symbol().chars().next().map_or(' ', ascii);
            cell.set_char(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_has_its_neighbours_colours_nowhere() {
        for name in [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
            let theme = Theme::named(name);
            for number in 0..20 {
                let term = Term::new(number);
                assert_ne!(
                    theme.term(term),
                    theme.term(term.next()),
                    "{name:?} term {number}"
                );
            }
        }
    }

    #[test]
    fn mono_uses_no_colour() {
        let theme = Theme::named(ThemeName::Mono);
        let term = Term::new(3);
        let styles = [
            theme.base,
            theme.faint,
            theme.strong,
            theme.accent,
            theme.good,
            theme.bad,
            theme.warn,
            theme.wall,
            theme.bar,
            theme.alarm,
            theme.chosen,
            theme.term(term),
            theme.term_block(term),
            theme.committed(term),
        ];
        for style in styles {
            assert!(matches!(style.fg, None | Some(Color::Reset)), "{style:?}");
            assert!(matches!(style.bg, None | Some(Color::Reset)), "{style:?}");
        }
    }

    #[test]
    fn every_glyph_has_an_ascii_character_of_its_own_kind() {
        use glyph::{CANDIDATE, DOWN, FOLLOWER, FROZEN, LEADER, PRE_CANDIDATE};
        let roles = [LEADER, PRE_CANDIDATE, CANDIDATE, FOLLOWER, DOWN, FROZEN].map(ascii);
        let mut distinct = roles.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), roles.len(), "two roles look the same: {roles:?}");
        assert!(!roles.contains(&'?'));
    }
}
