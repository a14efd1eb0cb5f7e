mod because;
mod clients;
mod disk;
mod files;
mod filter;
mod hand;
mod keys;
mod links;
mod nodes;
mod notes;
mod point;
mod presenter;
mod proposing;
mod sharing;
mod time;
mod travel;

use super::*;
use crate::playground::{Command, Condition};
use crate::ui::testing::{Keyboard, key};
use crate::ui::view::Overlay;

fn leader(keyboard: &Keyboard) -> NodeId {
    keyboard.app.scene().snapshot.leaders()[0].id
}

fn commands(keyboard: &Keyboard) -> Vec<Command> {
    let commands = keyboard.app.session.commands().iter();
    commands.map(|timed| timed.command.clone()).collect()
}

/// The screen at a size.
fn screen(keyboard: &mut Keyboard, width: u16, height: u16) -> String {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    keyboard
        .app
        .update(Action::Resize(crate::ui::action::Size { width, height }));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let help = crate::ui::keymap::help();
    terminal.draw(|frame| keyboard.app.draw(&help, frame)).unwrap();
    terminal.backend().to_string()
}
