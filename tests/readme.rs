//! The README says what is so: its keys are the keys, its files can be read, its run is the run.
//! (That its example compiles is a doctest of the library.)

use raft_play::save;
use raft_play::save::script::Script;
use raft_play::ui::draw::KeyGroup;
use raft_play::ui::keymap;

const README: &str = include_str!("../README.md");

/// The keys as a table: a row for each group of the help.
fn table_of_keys() -> String {
    let help = keymap::help();
    let row = |group: KeyGroup| {
        let keys = help.iter().filter(|hint| hint.group == group);
        let keys: Vec<String> = keys
            .map(|hint| format!("`{}` {}", hint.keys.replace('|', "\\|"), hint.what))
            .collect();
        format!("| {group:?} | {} |\n", keys.join(" · "))
    };
    let rows: Vec<String> = KeyGroup::ALL.into_iter().map(row).collect();
    format!("| | |\n|---|---|\n{}", rows.concat())
}

fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let after = README.split(fence.as_str()).skip(1);
    after.filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_keys_are_those_of_the_program() {
    let table = table_of_keys();
    assert!(
        README.contains(&table),
        "the README's table of keys should be\n\n{table}"
    );
}

#[test]
fn the_files_shown_can_be_read() {
    let [script, scene] = blocks("ron")[..] else {
        panic!("a script and a save")
    };
    assert_eq!(Script::parse(script).map(|script| script.commands.len()), Ok(4));
    let save = save::parse(scene, "README").expect("a save");
    assert_eq!(save.image.nodes.len(), 3);
}

#[test]
fn the_run_shown_is_the_run() {
    let run = blocks("console")
        .into_iter()
        .find(|block| block.contains("raft-play run"))
        .expect("a run");
    let mut lines = run.lines();
    let command = lines
        .next()
        .and_then(|line| line.strip_prefix("$ raft-play "))
        .expect("a command");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_raft-play"))
        .args(command.split(' '))
        .output()
        .expect("the program can be started");
    let printed = String::from_utf8(output.stdout).expect("text");
    let shown: Vec<&str> = lines.take_while(|line| *line != "…").collect();
    let expected: Vec<&str> = printed.lines().take(shown.len()).collect();
    assert!(shown.len() > 1);
    assert_eq!(shown, expected);
}
