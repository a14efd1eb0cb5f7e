//! A line on its way: what is said, before it has its time and its place.

use super::words::{LONG_WIDTH, SHORT_WIDTH, fit, nodes};
use crate::consensus::{Rule, Tally};
use crate::playground::record::Record;
use crate::playground::story::{Made, Mark, StoryLine, Weight, Why};
use crate::types::{LogIndex, NodeId, majority_of};

/// A line without its time.
#[derive(Clone, Debug)]
pub(super) struct Telling {
    node: Option<NodeId>,
    weight: Weight,
    short: String,
    long: String,
    mark: Option<Mark>,
    why: Why,
    made: Option<Made>,
}

impl Telling {
    fn new(node: Option<NodeId>, weight: Weight, short: String) -> Self {
        Self {
            node,
            weight,
            long: short.clone(),
            short,
            mark: None,
            why: Why::default(),
            made: None,
        }
    }

    /// A heartbeat, or what follows from one only.
    pub(super) fn routine(node: NodeId, short: String) -> Self {
        Self::new(Some(node), Weight::Routine, short)
    }

    /// A step of the algorithm.
    pub(super) fn step(node: NodeId, short: String) -> Self {
        Self::new(Some(node), Weight::Step, short)
    }

    /// A turning point.
    pub(super) fn turn(node: NodeId, short: String) -> Self {
        Self::new(Some(node), Weight::Turn, short)
    }

    /// Something a person did.
    pub(super) fn act(node: Option<NodeId>, short: String) -> Self {
        Self::new(node, Weight::Act, short)
    }

    /// A broken promise.
    pub(super) fn violation(short: String) -> Self {
        Self::new(None, Weight::Turn, short).mark(Mark::Violation)
    }

    /// The entry that it is about, if one.
    pub(super) fn index(&self) -> Option<LogIndex> {
        self.why.index
    }

    /// A step or a commitment is folded away like a heartbeat, where `is_routine`.
    pub(super) fn folded_if(self, is_routine: bool) -> Self {
        let is_ordinary = self.weight == Weight::Step || self.mark == Some(Mark::Commit);
        if !(is_routine && is_ordinary) {
            return self;
        }
        Self {
            weight: Weight::Routine,
            mark: None,
            ..self
        }
    }

    /// The long form, where it is not the short one.
    pub(super) fn long(self, long: String) -> Self {
        Self { long, ..self }
    }

    /// What was asked for at one node.
    pub(super) fn at(self, node: NodeId) -> Self {
        let asked = |text: String| format!("{text}, via {node}");
        Self {
            node: Some(node),
            short: asked(self.short),
            long: asked(self.long),
            ..self
        }
    }

    /// Its mark on the time line.
    pub(super) fn mark(self, mark: Mark) -> Self {
        let mark = Some(mark);
        Self { mark, ..self }
    }

    /// The named rule that decided.
    pub(super) fn rule(self, rule: Rule) -> Self {
        self.because(rule.sentence(), rule.section())
    }

    /// The rule that decided, in a sentence without its full stop, and where it stands.
    pub(super) fn because(mut self, sentence: &str, section: &str) -> Self {
        self.why.rule = format!("{sentence}.");
        section.clone_into(&mut self.why.section);
        self
    }

    /// A value that decided.
    pub(super) fn value(mut self, value: String) -> Self {
        self.why.values.push(value);
        self
    }

    /// The votes that decided.
    pub(super) fn counting(self, tally: &Tally) -> Self {
        let telling = self
            .value(format!("granted: {}", nodes(&tally.granted)))
            .value(format!("refused: {}", nodes(&tally.refused)))
            .value(format!("needed: {} of {}", tally.needed, tally.voters));
        match &tally.outgoing {
            None => telling,
            Some(old) => telling.value(format!(
                "and of the old voters: {} of {}",
                majority_of(old),
                nodes(old)
            )),
        }
    }

    /// What would have made it different.
    pub(super) fn otherwise(mut self, otherwise: impl Into<String>) -> Self {
        self.why.otherwise = otherwise.into();
        self
    }

    /// What it tells the making of, where its record alone does not say that.
    pub(super) fn makes(self, made: Made) -> Self {
        let made = Some(made);
        Self { made, ..self }
    }

    /// The entry it is about.
    pub(super) fn about(mut self, index: LogIndex) -> Self {
        self.why.index = Some(index);
        self
    }

    /// The line, told of this record.
    pub(super) fn of(self, record: &Record) -> StoryLine {
        StoryLine {
            at: record.at,
            ordinal: record.ordinal,
            node: self.node,
            short: fit(self.short, SHORT_WIDTH),
            long: fit(self.long, LONG_WIDTH),
            mark: self.mark,
            weight: self.weight,
            why: self.why,
            made: self.made.or_else(|| super::made::by(&record.what)),
        }
    }
}
