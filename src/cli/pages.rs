//! What the shell and `man` want to know of the command line.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;
use super::error::CliError;

/// Writes the completions of a shell.
pub(super) fn completions(shell: Shell, out: &mut impl Write) -> io::Result<()> {
    // The generator can't be told that whoever reads has gone; a text in between can.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "raft-play", &mut text);
    out.write_all(&text)
}

/// Writes the page of the program, or of one of its commands.
pub(super) fn man(command: Option<&str>, out: &mut impl Write) -> Result<(), CliError> {
    let mut cli = Cli::command();
    cli.build();
    let page = match command {
        None => cli,
        Some(name) => of_command(&cli, name)?,
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    if command.is_none() {
        text.extend(keys().into_bytes());
    }
    out.write_all(&text)?;
    Ok(())
}

fn of_command(cli: &Command, name: &str) -> Result<Command, CliError> {
    let found = cli.find_subcommand(name).ok_or_else(|| {
        let all: Vec<&str> = cli.get_subcommands().map(Command::get_name).collect();
        CliError::Usage(format!(
            "there is no command `{name}`; they are {}",
            all.join(", ")
        ))
    })?;
    Ok(found.clone())
}

/// The keys, from the table that the keyboard reads.
#[cfg(feature = "tui")]
fn keys() -> String {
    let rows = crate::ui::keymap::help();
    let rows = rows
        .iter()
        .map(|hint| format!(".TP\n\\fB{}\\fR\n{}\n", escaped(&hint.keys), escaped(&hint.what)));
    format!(".SH KEYS\n{}", rows.collect::<String>())
}

#[cfg(not(feature = "tui"))]
fn keys() -> String {
    String::new()
}

/// What roff would take for a command, written out.
#[cfg(feature = "tui")]
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        format!("\\&{text}")
    } else {
        text
    }
}
