//! Makes a failing run small: a person has to understand it.
//!
//! Draws belong to events and not to their order, so a command left out changes what follows from it and nothing else. Commands are left
//! out in ever smaller runs of them (delta debugging: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), then
//! nodes; then what is left is made plainer and moved together. What counts is that the same thing breaks.
//!
//! Where messages get lost by chance, most of what is left may be there for nothing but to have the right one lost. Then all commands of
//! one kind may be left out with another seed.

use std::iter::once;
use std::mem::discriminant;
use std::ops::Range;
use std::time::Duration;

use super::Workload;
use super::generator::Generator;
use super::plan::{Moment, Plan};
use super::random::Random;
use super::run::{Broken, ENDING, Failure, Options, Run, judge, weather_of};
use super::weather::Weather;
use crate::playground::{Command, HostKind, LinkSettings, TimedCommand, World};
use crate::types::{NodeId, VirtualTime};

/// So many commands can be understood: for fewer the seed stays.
const FEW: usize = 10;
/// The seeds that fewer commands are tried with, where these are more.
const OTHER_SEEDS: Range<u64> = 1..100;

/// A run made small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Small {
    /// What is done: the faults, without the calm.
    pub plan: Plan,
    /// When the calm begins, where the failure is that nothing comes of it.
    pub calm_from: Option<Moment>,
    /// When it breaks.
    pub end: Moment,
    /// What.
    pub failure: Failure,
}

/// Makes a run that failed as small as it can, for as long as it may go on. `None` where the run can't be had again from its commands.
pub fn shrink<M: Workload>(run: &Run, options: &Options, go_on: &dyn Fn() -> bool) -> Option<Small> {
    let failure = run.failure.as_ref()?;
    let weather = weather_of(run.plan.seed, options);
    let shrinker = Shrinker {
        weather,
        broken: failure.broken,
        go_on,
    };
    let calm_from = match failure.broken {
        Broken::Liveness(_) => run.calm_from,
        Broken::Property(_) | Broken::NodeFailed | Broken::Clients => None,
        Broken::Panicked | Broken::Determinism(_) => return None,
    };
    let mut plan = run.plan.clone();
    if calm_from.is_some() {
        // What was given in the calm is given anew.
        plan.commands.truncate(run.faults);
    }
    let mut small = shrinker.try_out::<M>(&plan, calm_from, calm_from.unwrap_or(run.end))?;
    loop {
        let before = small.clone();
        shrinker.drop_commands::<M>(&mut small);
        shrinker.drop_nodes::<M>(&mut small);
        shrinker.make_plain::<M>(&mut small);
        shrinker.move_together::<M>(&mut small);
        if small.plan == before.plan && small.plan.commands.len() > FEW {
            shrinker.drop_kinds::<M>(&mut small);
        }
        if small.plan == before.plan || !go_on() {
            return Some(small);
        }
    }
}

struct Shrinker<'a> {
    weather: Weather,
    broken: Broken,
    go_on: &'a dyn Fn() -> bool,
}

impl Shrinker<'_> {
    /// The run of a plan, if the same thing breaks in it.
    fn try_out<M: Workload>(&self, plan: &Plan, calm_from: Option<Moment>, end: Moment) -> Option<Small> {
        let mut weather = self.weather.clone();
        weather.nodes = plan.nodes;
        let mut world: World<M> = plan.begin(HostKind::Inline);
        let mut done = Vec::new();
        let calm = calm_from.map(|_| Random::new(plan.seed, ENDING));
        let random = Random::new(plan.seed, 0);
        let mut generator = Generator::new(&mut world, random, &weather, &mut done);
        generator.follow(&plan.commands, end);
        let faults = generator.given_so_far();
        let failure = judge(&mut generator, calm).filter(|failure| failure.broken == self.broken)?;
        let end = generator.moment();
        done.truncate(faults);
        Some(Small {
            plan: Plan {
                commands: done,
                ..plan.clone()
            },
            calm_from,
            end,
            failure,
        })
    }

    /// Takes a plan over, if the same thing breaks in it no later.
    fn take_over<M: Workload>(&self, small: &mut Small, plan: &Plan) -> bool {
        if !(self.go_on)() {
            return false;
        }
        let found = self.try_out::<M>(plan, small.calm_from, small.calm_from.unwrap_or(small.end));
        let is_smaller = found.is_some();
        if let Some(found) = found {
            *small = found;
        }
        is_smaller
    }

    fn drop_commands<M: Workload>(&self, small: &mut Small) {
        let mut size = small.plan.commands.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < small.plan.commands.len() {
                let to = (from + size).min(small.plan.commands.len());
                let mut plan = small.plan.clone();
                plan.commands.drain(from..to);
                if !self.take_over::<M>(small, &plan) {
                    from = to;
                }
                if !(self.go_on)() {
                    return;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
    }

    /// Leaves out all commands of a kind, with the seed as it is or with another.
    fn drop_kinds<M: Workload>(&self, small: &mut Small) {
        let kind = |timed: &TimedCommand| discriminant(&timed.command);
        let mut kinds: Vec<_> = small.plan.commands.iter().map(kind).collect();
        while let Some(gone) = kinds.pop() {
            kinds.retain(|kind| *kind != gone);
            let mut plan = small.plan.clone();
            plan.commands.retain(|timed| kind(timed) != gone);
            let seeds = once(plan.seed).chain(OTHER_SEEDS);
            for seed in seeds {
                plan.seed = seed;
                if self.take_over::<M>(small, &plan) {
                    break;
                }
            }
        }
    }

    fn drop_nodes<M: Workload>(&self, small: &mut Small) {
        while small.plan.nodes > 1 {
            let last = NodeId::new(small.plan.nodes);
            let mut plan = small.plan.clone();
            plan.nodes -= 1;
            plan.commands = plan
                .commands
                .into_iter()
                .map(|timed| without(timed, last))
                .collect();
            if !self.take_over::<M>(small, &plan) {
                return;
            }
        }
    }

    fn make_plain<M: Workload>(&self, small: &mut Small) {
        let mut place = 0;
        while place < small.plan.commands.len() {
            let count = small.plan.commands.len();
            for timed in plainer(&small.plan.commands[place]) {
                let mut plan = small.plan.clone();
                plan.commands[place] = timed;
                let is_in_order = plan.commands.is_sorted_by_key(|timed| (timed.at, timed.after));
                if is_in_order && self.take_over::<M>(small, &plan) {
                    break;
                }
            }
            // Where another command could not be given after all, there is one less.
            if small.plan.commands.len() == count {
                place += 1;
            }
        }
    }

    /// Takes time out of the run, between any two commands and before the end.
    fn move_together<M: Workload>(&self, small: &mut Small) {
        let mut place = 0;
        while place < small.plan.commands.len() {
            let mut gap = gap_before(&small.plan, place);
            while gap > Duration::from_millis(20) {
                let mut plan = small.plan.clone();
                for timed in &mut plan.commands[place..] {
                    timed.at = earlier(timed.at, gap);
                }
                if !self.take_over::<M>(small, &plan) {
                    gap /= 2;
                } else if place < small.plan.commands.len() {
                    gap = gap.min(gap_before(&small.plan, place));
                } else {
                    return;
                }
            }
            place += 1;
        }
    }
}

fn gap_before(plan: &Plan, place: usize) -> Duration {
    let before = place
        .checked_sub(1)
        .map(|before| plan.commands[before].at)
        .unwrap_or_default();
    plan.commands[place].at.since(before)
}

fn earlier(at: VirtualTime, by: Duration) -> VirtualTime {
    let nanos = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    VirtualTime::from_nanos(at.nanos().saturating_sub(nanos))
}

/// The same command in a cluster without a node: a list is shorter; a command about that node alone can't be given, and falls away.
fn without(timed: TimedCommand, gone: NodeId) -> TimedCommand {
    let kept = |ids: Vec<NodeId>| ids.into_iter().filter(|id| *id != gone).collect::<Vec<_>>();
    let TimedCommand { at, after, command } = timed;
    let command = match command {
        Command::Partition(groups) => Command::Partition(groups.into_iter().map(kept).collect()),
        Command::CutOnly(links) => {
            let is_kept = |&(from, to): &(NodeId, NodeId)| from != gone && to != gone;
            Command::CutOnly(links.into_iter().filter(is_kept).collect())
        }
        Command::TieTimers(ids) => Command::TieTimers(kept(ids)),
        Command::Reconfigure { voters, learners } => Command::Reconfigure {
            voters: kept(voters),
            learners: kept(learners),
        },
        other => other,
    };
    TimedCommand { at, after, command }
}

/// Plainer commands that might do, the plainest first.
fn plainer(timed: &TimedCommand) -> Vec<TimedCommand> {
    let at_whole = |nanos: u64| TimedCommand {
        at: VirtualTime::from_nanos(timed.at.nanos() / nanos * nanos),
        after: 0,
        command: timed.command.clone(),
    };
    let of = |command: Command| TimedCommand {
        command,
        ..timed.clone()
    };
    let mut plainer = Vec::new();
    for nanos in [10_000_000, 1_000_000] {
        if !timed.at.nanos().is_multiple_of(nanos) || timed.after > 0 {
            plainer.push(at_whole(nanos));
        }
    }
    if let Command::Propose { to, command } = &timed.command
        && command != "x=1"
    {
        let (to, command) = (*to, "x=1".to_owned());
        plainer.push(of(Command::Propose { to, command }));
    }
    if let Command::Tear(id) = timed.command {
        plainer.push(of(Command::CutPower(id)));
    }
    if let Command::CutPower(id) | Command::Tear(id) = timed.command {
        plainer.push(of(Command::Crash(id)));
    }
    if let Command::Link { from, to, settings } = timed.command {
        let simpler = simpler_links(settings).into_iter();
        plainer.extend(simpler.map(|settings| of(Command::Link { from, to, settings })));
    }
    plainer
}

/// Links with less the matter with them.
fn simpler_links(settings: LinkSettings) -> Vec<LinkSettings> {
    let usual = LinkSettings::default();
    let latency = settings.latency;
    let (loss_ppm, duplication_ppm, reordering_ppm, straggling_ppm) = (0, 0, 0, 0);
    let mut simpler = vec![
        usual,
        LinkSettings { latency, ..usual },
        LinkSettings { loss_ppm, ..settings },
        LinkSettings {
            duplication_ppm,
            ..settings
        },
        LinkSettings {
            reordering_ppm,
            ..settings
        },
        LinkSettings {
            straggling_ppm,
            ..settings
        },
    ];
    simpler.retain(|simpler| *simpler != settings);
    simpler
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Property;
    use crate::consensus::{Rule, RuleSet};
    use crate::fuzz::run;
    use crate::machine::KeyValue;

    /// What is left is little, is enough, and every part of it is needed.
    #[test]
    fn a_failure_becomes_small_and_stays_the_same() {
        let options = Options {
            rules: RuleSet::sound().without(Rule::OneVotePerTerm),
            ..Options::default()
        };
        let failed = (1..20).map(|seed| run::<KeyValue>(seed, &options));
        let failed = failed
            .into_iter()
            .find(|run| run.failure.is_some())
            .expect("it is noticed");
        let small = shrink::<KeyValue>(&failed, &options, &|| true).expect("it can be had again");
        assert_eq!(small.failure.broken, Broken::Property(Property::VoteUnique));
        assert!(small.plan.commands.len() <= 6, "{:#?}", small.plan.commands);
        let shrinker = Shrinker {
            weather: weather_of(failed.plan.seed, &options),
            broken: small.failure.broken,
            go_on: &|| true,
        };
        let again = shrinker.try_out::<KeyValue>(&small.plan, None, small.end);
        assert_eq!(again.as_ref(), Some(&small));
        for place in 0..small.plan.commands.len() {
            let mut plan = small.plan.clone();
            plan.commands.remove(place);
            let found = shrinker.try_out::<KeyValue>(&plan, None, small.end);
            assert_eq!(found, None, "command {place} is not needed");
        }
    }
}
