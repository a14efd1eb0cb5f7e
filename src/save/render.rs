//! The text of a save: one line for a link, a message or a field of a node, so that a person finds their way and a
//! comparison of two saves shows what changed.

use ron::ser::PrettyConfig;
use serde::Serialize;

use super::format::SaveFile;
use super::script::line_of;

const HEADER: &str = "\
// A save of raft-play: open it with `raft-play --load` and this file's name.
// Times are in seconds. An entry of a log is its term, or (term, \"command\"). What comes last in a node, its
// `disk`, is there to go on exactly: after a change to term, vote or log, delete it, with `writes` and `held`.
";
const INDENT: &str = "    ";

/// The text of a save.
pub(super) fn text_of(file: &SaveFile) -> String {
    let SaveFile {
        version,
        trace,
        title,
        notes,
        seed,
        now,
        settings,
        partition,
        counters,
        trace_hash,
        clients,
        violations,
        stopped,
        links,
        messages,
        founders,
        joining,
        then,
        nodes,
    } = file;
    let mut text = format!("{HEADER}(\n");
    push(&mut text, "version", version, 0);
    push(&mut text, "trace", trace, 0);
    push(&mut text, "title", title, 0);
    push(&mut text, "notes", notes, 1);
    push(&mut text, "seed", seed, 0);
    push(&mut text, "now", now, 0);
    push(&mut text, "settings", settings, 1);
    push(&mut text, "partition", partition, 0);
    push(&mut text, "counters", counters, 0);
    push(&mut text, "trace_hash", trace_hash, 0);
    push(&mut text, "clients", clients, 1);
    push(&mut text, "violations", violations, 1);
    push(&mut text, "stopped", &stopped.then_some(true), 0);
    push(&mut text, "links", links, 1);
    push(&mut text, "messages", messages, 1);
    push(&mut text, "founders", founders, 0);
    push(&mut text, "joining", joining, 0);
    if !then.is_empty() {
        let lines: String = then.iter().map(line_of).collect();
        text.extend([INDENT, "then: [\n", &lines, INDENT, "],\n"]);
    }
    push(&mut text, "nodes", nodes, 2);
    text.push_str(")\n");
    text
}

/// Adds a field, with its first levels on lines of their own; one that is empty is left out.
fn push(text: &mut String, name: &str, value: &impl Serialize, levels: usize) {
    let value = pretty(value, levels).replace('\n', &format!("\n{INDENT}"));
    if !["None", "[]", "()"].contains(&value.as_str()) {
        text.extend([INDENT, name, ": ", &value, ",\n"]);
    }
}

/// A value with its first levels on lines of their own, and the rest on one.
fn pretty(value: &impl Serialize, levels: usize) -> String {
    let config = PrettyConfig::new()
        .depth_limit(levels)
        .new_line("\n")
        .compact_arrays(false);
    let text = super::ron_options()
        .to_string_pretty(value, config)
        .expect("plain data can be written down");
    without_needless_escapes(&text)
}

/// An apostrophe needs no escape between quotation marks, and a person would stumble over one.
fn without_needless_escapes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        let escaped = if character == '\\' { rest.next() } else { None };
        match escaped {
            Some('\'') => kept.push('\''),
            Some(escaped) => kept.extend([character, escaped]),
            None => kept.push(character),
        }
    }
    kept
}
