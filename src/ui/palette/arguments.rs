//! What stands behind a word: nodes, links, spans, shares, speeds. Every error is a sentence.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::playground::{LinkSettings, Snapshot, Span};
use crate::types::NodeId;
use crate::ui::journey::Journey;

/// What words are read against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The world as it is.
    pub snapshot: &'a Snapshot,
    /// The selected node.
    pub selected: Option<NodeId>,
    /// Where in its time the world is shown.
    pub journey: &'a Journey,
}

impl Context<'_> {
    /// A node that exists: `3` or `S3`.
    pub(super) fn node(&self, text: &str) -> Result<NodeId, String> {
        let id = number_of_node(text).ok_or_else(|| format!("`{text}` is no node; name one as 3 or S3"))?;
        if self.snapshot.node(id).is_some() {
            return Ok(id);
        }
        let nodes = &self.snapshot.nodes;
        match (nodes.first(), nodes.last()) {
            (Some(first), Some(last)) => Err(format!(
                "there is no {id}; the nodes are {} to {}",
                first.id, last.id
            )),
            _ => Err(format!("there is no {id}: there are no nodes")),
        }
    }

    /// Nodes, separated by commas or spaces.
    pub(super) fn nodes(&self, text: &str) -> Result<Vec<NodeId>, String> {
        text.split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(|part| self.node(part))
            .collect()
    }

    /// Groups of nodes: `1,2|3,4,5`. Who is not named is a group of its own.
    pub(super) fn groups(&self, text: &str) -> Result<Vec<Vec<NodeId>>, String> {
        let groups: Vec<_> = text
            .split('|')
            .map(|group| self.nodes(group))
            .filter(|group| group.as_ref().map_or(true, |nodes| !nodes.is_empty()))
            .collect::<Result<_, _>>()?;
        let mut seen = BTreeSet::new();
        if let Some(twice) = groups.iter().flatten().find(|id| !seen.insert(**id)) {
            return Err(format!("{twice} stands in two groups"));
        }
        if groups.len() < 2 && seen.len() == self.snapshot.nodes.len() {
            return Err("one group is no partition; separate groups with |, as in 1,2|3,4,5".to_owned());
        }
        if groups.is_empty() {
            return Err("a partition needs groups, as in 1,2|3,4,5".to_owned());
        }
        Ok(groups)
    }

    /// Two different nodes: `1>4` one way, `1-4` or `1 4` both ways.
    pub(super) fn link(&self, text: &str) -> Result<Ends, String> {
        let (from, to, ways) = if let Some((from, to)) = text.split_once('>') {
            (from.trim_end_matches(['-', '=']), to, Ways::One)
        } else if let Some((from, to)) = text.split_once(['-', ' ']) {
            (from, to, Ways::Both)
        } else {
            return Err(format!("`{text}` is no link; name one as 1>4 (one way) or 1-4"));
        };
        let (from, to) = (self.node(from.trim())?, self.node(to.trim())?);
        if from == to {
            return Err(format!("{from} has no link to itself"));
        }
        Ok(Ends { from, to, ways })
    }

    /// A link setting: `1>4 30%`, `1-4 30%` is refused, `30%` is for all links.
    pub(super) fn link_and_rest<'t>(&self, text: &'t str) -> Result<(Option<Ends>, &'t str), String> {
        match text.rsplit_once(char::is_whitespace) {
            None => Ok((None, text)),
            Some((link, rest)) => match self.link(link.trim())? {
                ends @ Ends { ways: Ways::One, .. } => Ok((Some(ends), rest)),
                Ends { from, to, .. } => Err(format!("name a direction: {}>{}", from.number(), to.number())),
            },
        }
    }
}

/// The ends of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) ways: Ways,
}

/// In which directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ways {
    One,
    Both,
}

/// The number in `3` or `S3`.
pub(super) fn number_of_node(text: &str) -> Option<NodeId> {
    let digits = text.strip_prefix(['S', 's']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten().map(NodeId::new)
}

/// A span in milliseconds: `20..30`, `0.5..2`, or `20` for exactly that.
pub(super) fn span(text: &str) -> Result<Span, String> {
    let text = text.trim_end_matches("ms").trim();
    let (min, max) = text.split_once("..").unwrap_or((text, text));
    let (Some(min), Some(max)) = (millis(min), millis(max.trim_start_matches('='))) else {
        return Err(format!(
            "`{text}` is no span of milliseconds; write one as 20..30"
        ));
    };
    Span::new(min, max).ok_or_else(|| {
        if min > max {
            format!("{text}: the first is the longer one")
        } else {
            format!("{text}: longer than an hour")
        }
    })
}

/// A span in whole milliseconds, as numbers.
pub(super) fn whole_span(text: &str) -> Result<(u64, u64), String> {
    let (min, max) = text.split_once("..").unwrap_or((text, text));
    match (whole(min), whole(max)) {
        (Some(min), Some(max)) if min > max => Err(format!("{text}: the first is the longer one")),
        (Some(0), Some(_)) => Err(format!(
            "{text}: a timeout of no time never lets a leader be heard"
        )),
        (Some(_), Some(max)) if max > 3_600_000 => Err(format!("{text}: longer than an hour")),
        (Some(min), Some(max)) => Ok((min, max)),
        _ => Err(format!(
            "`{text}` is no span of whole milliseconds; write one as 150..300"
        )),
    }
}

/// A whole number from 1 up to `most`.
pub(super) fn count(text: &str, most: u32) -> Result<u32, String> {
    whole(text)
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| format!("`{text}` is not a number from 1 to {most}"))
}

/// A share in parts per million: `30%`, `0.5%`.
pub(super) fn share(text: &str) -> Result<u32, String> {
    let digits = text.trim_end_matches('%').trim();
    thousandths(digits)
        .and_then(|thousandths| u32::try_from(thousandths * 10).ok())
        .filter(|ppm| *ppm <= LinkSettings::ALL_PPM)
        .ok_or_else(|| format!("`{text}` is no share; write one as 30% (from 0% to 100%)"))
}

/// A time in whole milliseconds: `10s`, `500ms`, `500`.
pub(super) fn time_in_millis(text: &str) -> Result<u64, String> {
    let unreadable = || format!("`{text}` is no time; write one as 10s or 500ms");
    match text.strip_suffix('s').filter(|seconds| !seconds.ends_with('m')) {
        Some(seconds) => thousandths(seconds.trim()).ok_or_else(unreadable),
        None => whole(text).ok_or_else(unreadable),
    }
}

fn millis(text: &str) -> Option<Duration> {
    thousandths(text.trim()).map(Duration::from_micros)
}

fn whole(text: &str) -> Option<u64> {
    let text = text.trim().trim_end_matches("ms").trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// A number with at most three decimals, in thousandths; nothing over a billion.
fn thousandths(text: &str) -> Option<u64> {
    let (before, after) = text.split_once('.').unwrap_or((text, "0"));
    let whole = whole(before).filter(|whole| *whole <= 1_000_000_000)?;
    let are_digits = after.len() <= 3 && !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit());
    let decimals: u64 = are_digits
        .then(|| format!("{after:0<3}").parse().ok())
        .flatten()?;
    Some(whole * 1000 + decimals)
}
