//! Where in the text of a save something stands: for errors that are found only when all of it has been read.
//!
//! The text is RON that has been read without an error. It is gone through once more, by its brackets and commas, passing over texts and
//! comments; what is not found is left out of the error, and nothing hangs on it.

use std::ops::Range;

use crate::types::NodeId;

/// A part of a save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A field of the whole.
    Field(&'static str),
    /// One of its nodes.
    Node(NodeId),
    /// One of its messages, by its place among them, from 0.
    Message(usize),
}

/// The line and the column, from 1, where a part begins.
pub(super) fn locate(text: &str, place: Place) -> Option<(usize, usize)> {
    let whole = inside(text, 0..text.len())?;
    let field = |name: &str| field_of(text, whole.clone(), name);
    let part = match place {
        Place::Field(name) => field(name)?,
        Place::Message(place) => elements(text, field("messages")?)?.into_iter().nth(place)?,
        Place::Node(id) => node(text, field("nodes")?, id)?,
    };
    let before = text.get(..part.start)?;
    let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
    Some((before.matches('\n').count() + 1, line.chars().count() + 1))
}

/// The node of this id, or of this place where it does not say its id.
fn node(text: &str, nodes: Range<usize>, id: NodeId) -> Option<Range<usize>> {
    let nodes = elements(text, nodes)?;
    let is_it = |(place, node): &(u64, Range<usize>)| {
        let named = inside(text, node.clone()).and_then(|fields| field_of(text, fields, "id"));
        let named = named.and_then(|named| text.get(named)?.trim().parse().ok());
        named.unwrap_or(*place) == id.number()
    };
    (1..).zip(nodes).find(is_it).map(|(_, node)| node)
}

/// The value of a field between the brackets of a struct.
fn field_of(text: &str, fields: Range<usize>, name: &str) -> Option<Range<usize>> {
    parts(text, fields).into_iter().find_map(|field| {
        let rest = text
            .get(field.clone())?
            .strip_prefix(name)?
            .trim_start()
            .strip_prefix(':')?;
        let skipped = rest.len() - skip_blank(rest).len();
        Some(field.end - rest.len() + skipped..field.end)
    })
}

/// The elements of a list.
fn elements(text: &str, list: Range<usize>) -> Option<Vec<Range<usize>>> {
    Some(parts(text, inside(text, list)?))
}

/// What stands between the first bracket and the last.
fn inside(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = skip_blank(text.get(range.clone())?);
    let range = range.end - part.len()..range.end;
    let open = part.find(['(', '['])?;
    let close = part.rfind([')', ']'])?;
    (open < close).then(|| range.start + open + 1..range.start + close)
}

/// The parts between commas, without the blanks before them.
fn parts(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let Some(whole) = text.get(range.clone()) else {
        return Vec::new();
    };
    let (mut parts, mut depth, mut start, mut rest) = (Vec::new(), 0_usize, 0, whole);
    let mut end = |start: usize, end: usize| {
        let begin = whole.len() - skip_blank(&whole[start..]).len();
        if begin < end {
            parts.push(range.start + begin..range.start + end);
        }
    };
    while let Some(letter) = rest.chars().next() {
        let here = whole.len() - rest.len();
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                end(start, here);
                start = here + 1;
            }
            _ => {}
        }
        rest = past(rest, letter);
    }
    end(start, whole.len());
    parts
}

/// What follows a letter, or the text, letter in quotes or comment that begins with it.
fn past(rest: &str, letter: char) -> &str {
    let after = &rest[letter.len_utf8()..];
    let skipping = |end: Option<usize>, bytes: usize| end.map_or("", |end| &after[end + bytes..]);
    match letter {
        '"' => past_text(after),
        'r' if after.starts_with(['"', '#']) => {
            let hashes = after.len() - after.trim_start_matches('#').len();
            match after[hashes..].strip_prefix('"') {
                Some(text) => {
                    let close = format!("\"{}", "#".repeat(hashes));
                    text.find(&close).map_or("", |end| &text[end + close.len()..])
                }
                None => after,
            }
        }
        '\'' => after.strip_prefix('\\').map_or(after, |escaped| {
            escaped.find('\'').map_or("", |end| &escaped[end + 1..])
        }),
        '/' if after.starts_with('/') => skipping(after.find('\n'), 1),
        '/' if after.starts_with('*') => skipping(after.find("*/"), 2),
        _ => after,
    }
}

fn past_text(mut rest: &str) -> &str {
    while let Some(end) = rest.find(['"', '\\']) {
        let is_end = rest[end..].starts_with('"');
        rest = &rest[end + 1..];
        if is_end {
            return rest;
        }
        let escaped = rest.chars().next().map_or(0, char::len_utf8);
        rest = &rest[escaped..];
    }
    ""
}

/// Without blanks and comments at the beginning.
fn skip_blank(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with("//") || rest.starts_with("/*") {
        rest = past(rest, '/').trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"// (nodes: [], messages: [])
Save(
    title: "a, (b] \" // no comment", /* nodes: */ notes: [r#"x" , ("#],
    partition: [[1, 2], [3]],
    messages: [(from: 1), (from: 2, says: "(((")],
    nodes: [
        (log: [1, (1, "x=1, id: 9")]), // the first
        (id: 3, term: 2),
        /* the last */ (
            id: 2,
        ),
    ],
)"##;

    #[test]
    fn parts_are_found_where_they_stand() {
        let expected = [
            (Place::Field("title"), Some((3, 12))),
            (Place::Field("notes"), Some((3, 59))),
            (Place::Field("partition"), Some((4, 16))),
            (Place::Field("seed"), None),
            (Place::Message(0), Some((5, 16))),
            (Place::Message(1), Some((5, 27))),
            (Place::Message(2), None),
            (Place::Node(NodeId::new(1)), Some((7, 9))),
            (Place::Node(NodeId::new(3)), Some((8, 9))),
            (Place::Node(NodeId::new(2)), Some((9, 24))),
            (Place::Node(NodeId::new(4)), None),
        ];
        for (place, at) in expected {
            assert_eq!(locate(TEXT, place), at, "{place:?}");
        }
        assert_eq!(locate("(nodes: 3)", Place::Node(NodeId::new(2))), None);
    }

    #[test]
    fn no_text_is_too_odd_to_look_at() {
        let mut text = TEXT.to_owned();
        while text.pop().is_some() {
            for place in [
                Place::Field("nodes"),
                Place::Message(1),
                Place::Node(NodeId::new(2)),
            ] {
                locate(&text, place);
            }
        }
        for odd in [
            "",
            "(",
            ")(",
            "(nodes: [\"\\",
            "(nodes: [r#\"",
            "(nodes: ['",
            "(nodes: [/*",
            "(ü: [é], nodes: [ß])",
        ] {
            locate(odd, Place::Node(NodeId::new(1)));
        }
    }
}
