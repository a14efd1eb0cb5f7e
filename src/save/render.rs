//! The text of a save: one line for a link, a message or a field of a node, so that a person finds their way and a
//! comparison of two saves shows what changed.

use ron::ser::PrettyConfig;
use serde::Serialize;

use super::format::{NodesFile, SaveFile};

const HEADER: &str = "\
// A save of raft-play: open it with `raft-play --load` and this file's name.
// Times are in seconds. An entry of a log is its term, or (term, \"command\"). What comes last in a node, its
// `disk`, is there to go on exactly: after a change to term, vote or log, delete it.
";
const INDENT: &str = "    ";

/// The text of a save.
pub(super) fn text_of(mut file: SaveFile) -> String {
    let notes = std::mem::take(&mut file.notes);
    let links = std::mem::take(&mut file.links);
    let messages = std::mem::take(&mut file.messages);
    let nodes = match std::mem::take(&mut file.nodes) {
        NodesFile::Each(nodes) => nodes,
        NodesFile::Count(count) => unreachable!("a world has nodes, not {count}"),
    };
    let mut text = HEADER.to_owned();
    let head = pretty(&file, 1);
    let (version, rest) =
        head.split_at(line_end(&head, "    title: ").unwrap_or_else(|| {
            line_end(&head, "    trace: ").expect("a save says which trace it goes on with")
        }));
    text.push_str(version);
    push_list(&mut text, "notes", notes.iter().map(|note| pretty(note, 0)));
    text.push_str(
        rest.strip_suffix("    nodes: 0,\n)")
            .expect("the nodes come last"),
    );
    push_list(&mut text, "links", links.iter().map(|link| pretty(link, 0)));
    push_list(
        &mut text,
        "messages",
        messages.iter().map(|message| pretty(message, 0)),
    );
    push_list(&mut text, "nodes", nodes.iter().map(|node| pretty(node, 1)));
    text.push_str(")\n");
    text
}

/// Where the line that begins so ends.
fn line_end(text: &str, start: &str) -> Option<usize> {
    let at = text.find(&format!("\n{start}"))? + 1;
    Some(at + text[at..].find('\n')? + 1)
}

fn push_list(text: &mut String, name: &str, items: impl ExactSizeIterator<Item = String>) {
    if items.len() == 0 {
        return;
    }
    let deep = INDENT.repeat(2);
    let lines: String = items
        .map(|item| format!("{deep}{},\n", item.replace('\n', &format!("\n{deep}"))))
        .collect();
    text.push_str(&format!("{INDENT}{name}: [\n{lines}{INDENT}],\n"));
}

/// A value with its first levels on lines of their own, and the rest on one.
fn pretty(value: &impl Serialize, levels: usize) -> String {
    let config = PrettyConfig::new()
        .depth_limit(levels)
        .new_line("\n")
        .compact_arrays(false);
    super::ron_options()
        .to_string_pretty(value, config)
        .expect("plain data can be written down")
}
