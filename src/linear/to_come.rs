//! What is still to come to a key.
//!
//! Counted for each text that matters, while a search takes steps and takes them back. From it follows which values are of no account any more, and that a text
//! which is due is out of reach.

use std::collections::BTreeSet;
use std::ops::Range;

use super::key_value::{Step, Told, Value};
use super::model::Sure;

/// So many texts are looked at where it costs nothing but time not to.
const FEW_TEXTS: usize = 64;

/// What is still to come, for each text that matters.
#[derive(Clone, Debug)]
pub(super) struct ToCome {
    /// How many steps need it.
    needs: Vec<u32>,
    /// How many steps of unknown outcome it would be of use to.
    wishes: Vec<u32>,
    /// How many steps need it soon.
    due: Vec<u32>,
    /// How many steps make the value a beginning of it, whatever the value was.
    begins: Vec<u32>,
    /// The texts that are due and that nothing begins any more: the value must be a beginning of each, for good.
    orphans: BTreeSet<usize>,
}

impl ToCome {
    /// Counts for so many texts. It does not where that would take too long, nor where there are deletes, for a value may then begin with
    /// nothing at any time.
    pub(super) fn of(texts: usize, known: &[&Step<'_>], unknown: &[&Step<'_>]) -> Option<Self> {
        let all = || known.iter().chain(unknown);
        let work: usize = all().map(|step| begun_by(step).len()).sum();
        let has_deletes = all().any(|step| matches!(step, Step::Goes(_)));
        if has_deletes || work > 16 * (known.len() + unknown.len()) {
            return None;
        }
        let nothing = || vec![0; texts];
        let mut to_come = Self {
            needs: nothing(),
            wishes: nothing(),
            due: nothing(),
            begins: nothing(),
            orphans: BTreeSet::new(),
        };
        for step in known {
            to_come.count(step, Sure::Yes, 1);
        }
        for step in unknown {
            to_come.count(step, Sure::No, 1);
        }
        Some(to_come)
    }

    /// Whether some of these texts are of use to a step, or may be: there may be too many to look at.
    pub(super) fn may_use(&self, mut texts: Range<usize>) -> bool {
        texts.len() > FEW_TEXTS || texts.any(|text| self.needs[text] > 0 || self.wishes[text] > 0)
    }

    /// Whether a value is no beginning of some orphan.
    pub(super) fn strands(&self, value: Value) -> bool {
        let (Some(lowest), Some(highest)) = (self.orphans.first(), self.orphans.last()) else {
            return false;
        };
        match value {
            Value::Begun { first, end, .. } => *lowest < first || *highest >= end,
            Value::Nothing | Value::Anything => false,
            Value::Unseen => true,
        }
    }

    /// Takes note of a step that was taken, or taken back.
    pub(super) fn note(&mut self, step: &Step<'_>, sure: Sure, by: i32) {
        self.count(step, sure, by);
        begun_by(step).for_each(|text| self.look_at(text));
    }

    /// Takes note of a step that is in sight, or not any more.
    pub(super) fn sight(&mut self, step: &Step<'_>, by: i32) {
        if let Some(text) = needed_by(step) {
            self.due[text] = self.due[text].wrapping_add_signed(by);
            self.look_at(text);
        }
    }

    fn count(&mut self, step: &Step<'_>, sure: Sure, by: i32) {
        let change = |count: &mut u32| *count = count.wrapping_add_signed(by);
        let needs = match sure {
            Sure::Yes => &mut self.needs,
            Sure::No => &mut self.wishes,
        };
        if let Some(text) = needed_by(step) {
            change(&mut needs[text]);
        }
        self.begins[begun_by(step)].iter_mut().for_each(change);
    }

    /// Takes note whether a text is an orphan now.
    fn look_at(&mut self, text: usize) {
        if self.due[text] > 0 && self.begins[text] == 0 {
            self.orphans.insert(text);
        } else {
            self.orphans.remove(&text);
        }
    }
}

/// The text that a step needs the value to be, or to become.
pub(super) fn needed_by(step: &Step<'_>) -> Option<usize> {
    let value = match *step {
        Step::Was(value) | Step::Grows(_, Some(value)) => value,
        Step::Swaps { expected, told, .. } => match told {
            Told::Done | Told::Nothing => expected,
            Told::Was(value) => value,
            Told::Mismatch => return None,
        },
        Step::Becomes(_) | Step::Grows(_, None) | Step::Goes(_) | Step::Never => return None,
    };
    match value {
        Value::Begun { first, .. } => Some(first),
        Value::Nothing | Value::Unseen | Value::Anything => None,
    }
}

/// The texts of which a step makes the value a beginning, whatever it was.
fn begun_by(step: &Step<'_>) -> Range<usize> {
    let value = match *step {
        Step::Becomes(value) => value,
        Step::Swaps { new, told, .. } => match told {
            Told::Done | Told::Nothing => new,
            Told::Mismatch | Told::Was(_) => return 0..0,
        },
        Step::Was(_) | Step::Grows(..) | Step::Goes(_) | Step::Never => return 0..0,
    };
    match value {
        Value::Begun { first, end, .. } => first..end,
        Value::Nothing | Value::Unseen | Value::Anything => 0..0,
    }
}
