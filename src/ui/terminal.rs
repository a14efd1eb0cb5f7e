//! The terminal, taken and given back.
//!
//! It is given back whatever happens: when the [`Screen`] goes, when a panic begins (before its message is printed, so
//! that the message can be read), and when the program sleeps. Giving back twice does nothing.

use std::io::{self, IsTerminal, Stdout, Write, stdin, stdout};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossterm::clipboard::CopyToClipboard;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute, style};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;

use super::action::Size;

/// Whether the terminal is ours now.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is the program's or the terminal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// The program sees it.
    Captured,
    /// It selects text.
    Left,
}

/// Which end of the program is no terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
}

/// What is missing for a screen, if anything is.
pub fn missing() -> Option<Missing> {
    if !stdout().is_terminal() {
        Some(Missing::Output)
    } else if !stdin().is_terminal() {
        Some(Missing::Input)
    } else {
        None
    }
}

/// The terminal, while it is ours.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    mouse: Mouse,
}

impl Screen {
    /// Has the terminal put a text into the clipboard (OSC 52). Terminals that can't, or may not, ignore it.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(stdout(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// The operating system's; the terminal is as it was.
    pub fn take(mouse: Mouse) -> io::Result<Self> {
        take(mouse).inspect_err(|_| give_back())?;
        let terminal = fresh().inspect_err(|_| give_back())?;
        Ok(Self { terminal, mouse })
    }

    /// Its size.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn size(&self) -> io::Result<Size> {
        let size = self.terminal.size()?;
        Ok(Size {
            width: size.width,
            height: size.height,
        })
    }

    /// Draws a frame. It appears as a whole where the terminal knows how.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        execute!(stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(render)?;
        execute!(stdout(), EndSynchronizedUpdate)
    }

    /// Takes the terminal again after others have used it; the next frame is painted in full.
    ///
    /// `Terminal::clear` would ask the terminal where its cursor is, and the thread that waits for keys would eat the
    /// answer. A new one knows that the screen is empty.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn take_again(&mut self) -> io::Result<()> {
        give_back();
        take(self.mouse)?;
        self.terminal = fresh()?;
        Ok(())
    }

    /// Sleeps until the shell wakes the program.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn sleep(&mut self) -> io::Result<()> {
        give_back();
        // Whoever can't be told can't be helped; the program sleeps all the same.
        let _ = writeln!(stdout(), "raft-play is asleep; type fg");
        emulate_default_handler(SIGTSTP)?;
        self.take_again()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn fresh() -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
    Terminal::new(CrosstermBackend::new(stdout()))
}

fn take(mouse: Mouse) -> io::Result<()> {
    IS_TAKEN.store(true, Ordering::SeqCst);
    // `NO_COLOR` has chosen the theme. Left to obey it too, crossterm would turn every colour of a theme that was asked for
    // by name into a reset of bold and reverse.
    style::force_color_output(true);
    enable_raw_mode()?;
    execute!(
        stdout(),
        EnterAlternateScreen,
        Clear(ClearType::All),
        EnableBracketedPaste,
        EnableFocusChange,
        cursor::Hide
    )?;
    match mouse {
        Mouse::Captured => execute!(stdout(), EnableMouseCapture),
        Mouse::Left => Ok(()),
    }
}

/// Gives the terminal back, if it is ours.
///
/// Errors are passed over: there is nobody left to tell, and what can still be given back is.
pub fn give_back() {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = stdout();
    let _ = execute!(out, EndSynchronizedUpdate, DisableMouseCapture);
    let _ = execute!(out, DisableFocusChange, DisableBracketedPaste);
    let _ = execute!(out, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

/// Makes panics give the terminal back before they speak; those of the nodes' threads stay silent: the world reports a node
/// that panics as a node that failed.
pub fn guard_panics() {
    let speak = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let is_node = thread::current()
            .name()
            .is_some_and(|name| name.starts_with("node-"));
        if !is_node {
            give_back();
            speak(panic);
        }
    }));
}
