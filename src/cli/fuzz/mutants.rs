//! How soon each broken rule is noticed.

use std::io::Write;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Instant;

use super::super::error::CliError;
use crate::consensus::{Rule, RuleLabel, RuleSet};
use crate::fuzz::{Broken, Campaign, Options, budget, is_of_its_kind};
use crate::machine::KeyValue;

/// From how many first seeds each rule is tried.
const BASES: u64 = 5;
/// How far apart they are.
const APART: u64 = 1_000_000;

/// One attempt.
struct Found {
    seconds: f64,
    /// How many seeds it took, and what was found; `None` where the budget did not suffice.
    what: Option<(u64, Broken)>,
}

/// Breaks every rule in turn, and prints how soon it was noticed.
pub(super) fn table(campaign: &Campaign, out: &mut impl Write) -> Result<ExitCode, CliError> {
    let mut is_complete = true;
    let mut all = Vec::new();
    writeln!(
        out,
        "{:<38} {:<8} {:>6}  seeds until noticed, seconds, what fell",
        "rule", "label", "budget"
    )?;
    for &rule in Rule::ALL {
        let found: Vec<Found> = (0..BASES)
            .map(|base| notice(campaign, rule, 1 + base * APART))
            .collect();
        let is_right = |found: &Found| found.what.is_some_and(|(_, broken)| is_of_its_kind(rule, broken));
        is_complete &= found.iter().all(is_right);
        write!(out, "{:<38} {:<8} {:>6} ", rule.word(), label(rule), budget(rule))?;
        for Found { seconds, what } in &found {
            match what {
                Some((seeds, _)) => write!(out, " {seeds} ({seconds:.1} s)")?,
                None => write!(out, " not noticed ({seconds:.1} s)")?,
            }
        }
        let mut kinds: Vec<String> = found
            .iter()
            .filter_map(|found| Some(found.what?.1.to_string()))
            .collect();
        kinds.sort();
        kinds.dedup();
        writeln!(out, "  {}", kinds.join(", "))?;
        out.flush()?;
        all.extend(found.into_iter().map(|found| found.seconds));
    }
    all.sort_by(f64::total_cmp);
    let (median, worst) = (all.get(all.len() / 2), all.last());
    if let (Some(median), Some(worst)) = (median, worst) {
        writeln!(
            out,
            "median {median:.2} s, worst {worst:.1} s, on {} threads",
            campaign.threads
        )?;
    }
    Ok(if is_complete {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn label(rule: Rule) -> &'static str {
    match rule.label() {
        RuleLabel::Safety => "safety",
        RuleLabel::Liveness => "liveness",
    }
}

fn notice(campaign: &Campaign, rule: Rule, first: u64) -> Found {
    let campaign = Campaign {
        first,
        end: Some(first + budget(rule)),
        options: Options {
            rules: RuleSet::sound().without(rule),
            ..campaign.options.clone()
        },
        watch_every: 0,
        ..campaign.clone()
    };
    let begun = Instant::now();
    let mut earliest: Option<(u64, Broken)> = None;
    campaign.run::<KeyValue>(|run| {
        if let Some(failure) = run.failure {
            let here = (run.plan.seed - first + 1, failure.broken);
            earliest = Some(earliest.map_or(here, |before| before.min(here)));
        }
        if earliest.is_some() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    Found {
        seconds: begun.elapsed().as_secs_f64(),
        what: earliest,
    }
}
