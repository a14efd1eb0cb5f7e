//! Words and their widths.

use std::time::Duration;

use crate::machine::readable;
use crate::types::{LogIndex, NodeId};

/// The widest short form, in columns.
pub(super) const SHORT_WIDTH: usize = 37;
/// The widest long form, in columns.
pub(super) const LONG_WIDTH: usize = 62;
/// The widest command in a short form, in columns.
const LABEL_WIDTH: usize = 14;
/// The widest list of nodes, in columns, before it becomes a count.
const NODES_WIDTH: usize = 17;
/// So many nodes are named one by one.
const NODES_NAMED: usize = 5;

/// How many columns a terminal gives to a text, at most: what is not known to be narrow counts twice.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(character: char) -> usize {
    match u32::from(character) {
        0..0x1100 | 0x2000..0x2e80 => 1,
        _ => 2,
    }
}

/// The text, cut with `…` where it is wider than `width`.
pub(super) fn fit(text: String, width: usize) -> String {
    if columns(&text) <= width {
        return text;
    }
    let mut used = 1;
    let mut kept: String = text
        .chars()
        .take_while(|&character| {
            used += columns_of(character);
            used <= width
        })
        .collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Text that comes from outside, made safe for a screen and short enough to share a line.
pub(super) fn label(text: &str) -> String {
    fit(readable(text.as_bytes()), LABEL_WIDTH)
}

/// `S1 S2 S5`; of many nodes `S1–S4 S6`.
pub fn node_names<'a>(nodes: impl IntoIterator<Item = &'a NodeId>) -> String {
    let nodes: Vec<NodeId> = nodes.into_iter().copied().collect();
    match nodes.len() {
        0..=NODES_NAMED => joined(nodes.iter().map(NodeId::to_string)),
        _ => joined(runs(&nodes).into_iter().map(run_name)),
    }
}

/// The same; where that is too wide, `13 nodes`.
pub(super) fn nodes<'a>(nodes: impl IntoIterator<Item = &'a NodeId>) -> String {
    let nodes: Vec<&NodeId> = nodes.into_iter().collect();
    if nodes.is_empty() {
        return "nobody".to_owned();
    }
    let listed = node_names(nodes.iter().copied());
    if columns(&listed) <= NODES_WIDTH {
        listed
    } else {
        format!("{} nodes", nodes.len())
    }
}

fn joined(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(" ")
}

/// Neighbours put together: first and last of each run.
fn runs(nodes: &[NodeId]) -> Vec<(NodeId, NodeId)> {
    let mut runs: Vec<(NodeId, NodeId)> = Vec::new();
    for &node in nodes {
        match runs.last_mut() {
            Some((_, last)) if last.next() == node => *last = node,
            Some(_) | None => runs.push((node, node)),
        }
    }
    runs
}

fn run_name((first, last): (NodeId, NodeId)) -> String {
    if first == last {
        first.to_string()
    } else if first.next() == last {
        format!("{first} {last}")
    } else {
        format!("{first}–{last}")
    }
}

/// `5`, or `3–5`.
pub(super) fn indices(first: LogIndex, last: LogIndex) -> String {
    if first == last {
        last.to_string()
    } else {
        format!("{first}–{last}")
    }
}

/// `187 ms`, `0.6 ms`, `2.5 s`.
pub(super) fn duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    if micros < 10_000_000 {
        format!("{} ms", decimal(micros, 3))
    } else {
        format!("{} s", decimal(micros / 1000, 3))
    }
}

/// A share of a million, in percent: `30 %`, `0.5 %`.
pub(super) fn percent(ppm: u32) -> String {
    format!("{} %", decimal(u128::from(ppm), 4))
}

/// `number / 10^places`, without zeros at the end.
fn decimal(number: u128, places: u32) -> String {
    let unit = 10u128.pow(places);
    let width = places as usize;
    let fraction = format!("{:0width$}", number % unit);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        (number / unit).to_string()
    } else {
        format!("{}.{fraction}", number / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_nodes_stay_short() {
        let list = |numbers: &[u64]| {
            let ids: Vec<NodeId> = numbers.iter().copied().map(NodeId::new).collect();
            nodes(&ids)
        };
        assert_eq!(list(&[]), "nobody");
        assert_eq!(list(&[1, 2, 3, 5]), "S1 S2 S3 S5");
        assert_eq!(list(&[1, 2, 3, 5, 6, 8]), "S1–S3 S5 S6 S8");
        assert_eq!(list(&(1..=25).collect::<Vec<_>>()), "S1–S25");
        assert_eq!(list(&[1, 3, 5, 7, 9, 11, 13]), "7 nodes");
    }

    #[test]
    fn numbers_carry_no_noise() {
        assert_eq!(duration(Duration::from_millis(187)), "187 ms");
        assert_eq!(duration(Duration::from_micros(600)), "0.6 ms");
        assert_eq!(duration(Duration::from_millis(12_500)), "12.5 s");
        assert_eq!(percent(300_000), "30 %");
        assert_eq!(percent(5_000), "0.5 %");
    }

    #[test]
    fn what_is_too_wide_is_cut_and_says_so() {
        assert_eq!(fit("S3 leads".to_owned(), 8), "S3 leads");
        assert_eq!(fit("S3 leads".to_owned(), 4), "S3…");
        assert_eq!(fit("日本語".to_owned(), 5), "日本…");
        assert_eq!(columns(&fit("日本語日本語".to_owned(), 6)), 5);
    }
}
