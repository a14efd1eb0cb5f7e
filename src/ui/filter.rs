//! What is shown of the story: the lines of a node, of a kind, with a text in them, or all of that at once.

use crate::playground::{Mark, StoryLine};
use crate::types::NodeId;

/// What a line must be to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// It happened at this node, or was done to it.
    Node(NodeId),
    /// It has this mark on the time line, or its name in the text.
    Kind(Mark, &'static str),
    /// This stands in it.
    Text(String),
}

/// The kinds, by their names.
const KINDS: [(&str, Mark); 6] = [
    ("election", Mark::Election),
    ("leader", Mark::Leader),
    ("commit", Mark::Commit),
    ("cut", Mark::Cut),
    ("crash", Mark::Crash),
    ("violation", Mark::Violation),
];

impl Filter {
    /// The filter that words stand for; `None` where there are none, and all is shown.
    pub fn new(text: &str) -> Option<Self> {
        let parts: Vec<Part> = text.split_whitespace().map(part).collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!parts.is_empty()).then_some(Self { text, parts })
    }

    /// The words.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a line is shown: all words are true of it.
    pub fn shows(&self, line: &StoryLine) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Node(id) => line.node == Some(*id),
            Part::Kind(mark, name) => line.mark == Some(*mark) || says(line, name),
            Part::Text(text) => says(line, text),
        })
    }
}

fn part(word: &str) -> Part {
    let number = word
        .strip_prefix(['S', 's'])
        .and_then(|number| number.parse().ok());
    if let Some(number) = number {
        return Part::Node(NodeId::new(number));
    }
    let mut kinds = KINDS.iter();
    match kinds.find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        Some((name, mark)) => Part::Kind(*mark, name),
        None => Part::Text(word.to_owned()),
    }
}

/// Capitals or not. Every frame asks this of every line: nothing is copied.
fn says(line: &StoryLine, wanted: &str) -> bool {
    stands_in(&line.long, wanted.as_bytes()) || stands_in(&line.short, wanted.as_bytes())
}

/// Whether it stands in a text, in capitals or not. Most places are passed over by their first letter.
fn stands_in(text: &str, wanted: &[u8]) -> bool {
    let Some(first) = wanted.first() else {
        return true;
    };
    let (small, large) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == small || *byte == large) {
        let place = rest.get(at..at + wanted.len());
        match place {
            Some(place) if place.eq_ignore_ascii_case(wanted) => return true,
            Some(_) => rest = &rest[at + 1..],
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::story_line;

    fn shows(filter: &str, line: &StoryLine) -> bool {
        Filter::new(filter).is_none_or(|filter| filter.shows(line))
    }

    #[test]
    fn all_words_must_be_true_of_a_line() {
        let line = StoryLine {
            node: Some(NodeId::new(3)),
            mark: Some(Mark::Leader),
            ..story_line(7, "S3 leads term 4: votes S3 S4")
        };
        for shown in ["", "  ", "S3", "s3 Leader", "VOTES", "s3 term 4", "leads"] {
            assert!(shows(shown, &line), "`{shown}`");
        }
        for hidden in ["S4", "commit", "s3 crash", "votes S9", "S3 nothing"] {
            assert!(!shows(hidden, &line), "`{hidden}`");
        }
    }

    #[test]
    fn a_kind_is_its_mark_or_its_name() {
        assert!(shows("crash", &story_line(7, "you crash S5")));
        assert!(!shows("election", &story_line(7, "you crash S5")));
    }
}
