//! A stretch of a history as a picture: a lane for each client, a bar for each operation from its call to its answer, and the order
//! as far as it goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::history::{Action, History, Moment, Operation};
use super::replay::Value;
use super::shrink::Stretch;
use super::words;

/// So many operations are drawn: of a longer stretch the last ones.
const DRAWN: usize = 60;
/// Where the first column begins.
const LEFT: f64 = 110.0;
/// How wide a column is at least.
const COLUMN: f64 = 34.0;
/// How high a lane is.
const LANE: f64 = 46.0;
/// Where the first lane begins.
const TOP: f64 = 92.0;
/// How high a bar is.
const BAR: f64 = 22.0;
/// How wide a letter is, about.
const LETTER: f64 = 7.4;

/// The stretch as SVG.
pub fn svg(history: &History, stretch: &Stretch) -> String {
    Picture::of(history, stretch).draw()
}

/// An operation as it is drawn.
struct Bar {
    at: usize,
    lane: usize,
    from: f64,
    /// Where it ends; `None` where it never does.
    to: Option<f64>,
    /// Its place in the order and where that is, if it has one.
    point: Option<(usize, f64)>,
}

impl Bar {
    fn is_loose(&self, stretch: &Stretch) -> bool {
        stretch.loose.contains(&self.at)
    }
}

/// Where bars are drawn: what may have happened or not never ends, and has a lane of its own below the clients'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Client(u64),
    Loose(u64, usize),
}

impl Lane {
    fn of(history: &History, stretch: &Stretch, at: usize) -> Self {
        let process = history.operations[at].process;
        if stretch.kept.contains(&at) {
            Self::Client(process)
        } else {
            Self::Loose(process, at)
        }
    }
}

struct Picture<'a> {
    history: &'a History,
    stretch: &'a Stretch,
    /// The moments at which something begins or ends, and where they are.
    moments: BTreeMap<Moment, f64>,
    lanes: Vec<Lane>,
    bars: Vec<Bar>,
    width: f64,
    left_out: usize,
}

impl<'a> Picture<'a> {
    fn of(history: &'a History, stretch: &'a Stretch) -> Self {
        let order = &stretch.failure.order;
        let mut drawn: BTreeSet<usize> = stretch.kept.iter().copied().collect();
        drawn.extend(order);
        let all = drawn.len();
        let mut by_call: Vec<usize> = drawn.into_iter().collect();
        by_call.sort_by_key(|at| (history.operations[*at].called, *at));
        let drawn = by_call.split_off(all.saturating_sub(DRAWN));
        let moments = columns(history, stretch, &drawn);
        let right = moments.values().next_back().copied().unwrap_or(LEFT);
        let lane = |at: &usize| Lane::of(history, stretch, *at);
        let mut lanes: Vec<Lane> = drawn.iter().map(lane).collect();
        lanes.sort_unstable();
        lanes.dedup();
        let points = points(history, order, &moments);
        let bars = drawn
            .iter()
            .map(|at| {
                let operation = &history.operations[*at];
                let is_known = stretch.kept.contains(at);
                let until = operation.answered_at().filter(|_| is_known);
                Bar {
                    at: *at,
                    lane: lanes.binary_search(&lane(at)).unwrap_or_default(),
                    from: moments[&operation.called],
                    to: until.map(|until| moments[&until]),
                    point: points.get(at).copied(),
                }
            })
            .collect();
        Self {
            history,
            stretch,
            moments,
            lanes,
            bars,
            width: (right + 160.0).max(760.0),
            left_out: all.saturating_sub(DRAWN),
        }
    }

    fn draw(&self) -> String {
        let below = TOP + LANE * count(self.lanes.len());
        let height = below + 92.0;
        let width = self.width;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\">\n\
             <rect width=\"{width:.0}\" height=\"{height:.0}\" fill=\"#ffffff\"/>\n\
             <g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"12\" fill=\"#222222\">\n"
        );
        self.draw_title(&mut svg);
        self.draw_lanes(below, &mut svg);
        self.bars.iter().for_each(|bar| self.draw_bar(bar, &mut svg));
        self.draw_values(below, &mut svg);
        svg.push_str("</g>\n</svg>\n");
        svg
    }

    fn draw_title(&self, svg: &mut String) {
        let key = words::quoted(&self.stretch.failure.key);
        let title = format!("{key}: no order of these operations explains every answer");
        text(svg, (16.0, 24.0), "font-size=\"16\" font-weight=\"bold\"", &title);
        let legend = "numbers: an order, as far as there is one · red: has no place in it";
        text(svg, (16.0, 42.0), "fill=\"#666666\"", legend);
        let loose = self.bars.iter().filter(|bar| bar.is_loose(self.stretch)).count();
        let others = self.stretch.loose.len() - loose;
        let mut notes = Vec::new();
        if loose > 0 {
            notes.push("dashed: may have happened, or not".to_owned());
        }
        if others > 0 {
            notes.push(format!("{others} more may have, which does not help"));
        }
        if self.left_out > 0 {
            notes.push(format!("{} earlier ones are not shown", self.left_out));
        }
        if self.stretch.begin.is_some() {
            notes.push(format!("before, {key} may have been anything"));
        }
        text(svg, (16.0, 58.0), "fill=\"#666666\"", &notes.join(" · "));
    }

    fn draw_lanes(&self, below: f64, svg: &mut String) {
        for (place, lane) in self.lanes.iter().enumerate() {
            let (Lane::Client(process) | Lane::Loose(process, _)) = lane;
            let middle = TOP + LANE * count(place) + LANE / 2.0;
            text(svg, (16.0, middle + 4.0), "", &format!("client {process}"));
            line(
                svg,
                (LEFT - 10.0, middle),
                (self.width - 20.0, middle),
                "#dddddd",
                "",
            );
        }
        for x in self.moments.values() {
            line(svg, (*x, TOP - 6.0), (*x, below), "#eeeeee", "");
        }
        let ends = [self.moments.iter().next(), self.moments.iter().next_back()];
        for (moment, x) in ends.into_iter().flatten() {
            text(
                svg,
                (*x, TOP - 12.0),
                "fill=\"#999999\" font-size=\"10\" text-anchor=\"middle\"",
                &moment.to_string(),
            );
        }
    }

    fn draw_bar(&self, bar: &Bar, svg: &mut String) {
        let operation = &self.history.operations[bar.at];
        let is_blamed = bar.at == self.stretch.failure.blamed;
        let is_loose = bar.is_loose(self.stretch);
        let middle = TOP + LANE * count(bar.lane) + LANE / 2.0;
        let to = bar.to.unwrap_or(self.width - 24.0);
        let (fill, edge) = match (is_blamed, bar.point.is_some()) {
            (true, _) => ("#ffd9d6", "#c62828"),
            (false, true) => ("#dcecfb", "#1565c0"),
            (false, false) => ("#f3f3f3", "#888888"),
        };
        let dash = if is_loose || bar.to.is_none() {
            " stroke-dasharray=\"5 3\""
        } else {
            ""
        };
        writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{BAR}\" rx=\"4\" fill=\"{fill}\" stroke=\"{edge}\"{dash}/>",
            bar.from,
            middle - BAR / 2.0,
            (to - bar.from).max(6.0)
        )
        .expect("a string can be written to");
        text(
            svg,
            (bar.from + 2.0, middle - BAR / 2.0 - 3.0),
            "font-size=\"11\"",
            &label(operation, !is_loose),
        );
        match bar.point {
            Some((number, x)) => {
                circle(svg, (x, middle), edge);
                let style = "fill=\"#ffffff\" font-size=\"10\" font-weight=\"bold\" text-anchor=\"middle\"";
                text(svg, (x, middle + 3.5), style, &number.to_string());
            }
            None if is_blamed => {
                let style = "fill=\"#c62828\" font-size=\"15\" font-weight=\"bold\" text-anchor=\"middle\"";
                text(svg, (f64::midpoint(bar.from, to), middle + 5.0), style, "✗");
            }
            None => {}
        }
    }

    /// What the value is after each step of the order, and what it would have to be.
    fn draw_values(&self, below: f64, svg: &mut String) {
        let failure = &self.stretch.failure;
        let mut values = self.stretch.values(self.history);
        values.dedup();
        let told: Vec<String> = values.iter().map(Value::in_words).collect();
        let shown = told.len().saturating_sub(8);
        let begun = if shown > 0 { "… → " } else { "" };
        let key = words::quoted(&failure.key);
        let values = format!("the value in this order: {begun}{}", told[shown..].join(" → "));
        text(svg, (16.0, below + 30.0), "", &values);
        let could: Vec<String> = failure
            .values
            .iter()
            .map(|value| words::value(value.as_deref()))
            .collect();
        let blamed = &self.history.operations[failure.blamed];
        let why = format!(
            "✗ client {}: {}, but {key} can only be {} then",
            blamed.process,
            label(blamed, true),
            could.join(" or ")
        );
        text(
            svg,
            (16.0, below + 54.0),
            "fill=\"#c62828\" font-weight=\"bold\"",
            &why,
        );
    }
}

/// Where each moment is: in order, and far enough apart for what stands between.
fn columns(history: &History, stretch: &Stretch, drawn: &[usize]) -> BTreeMap<Moment, f64> {
    let mut moments: BTreeMap<Moment, f64> = BTreeMap::new();
    for at in drawn {
        let operation = &history.operations[*at];
        moments.insert(operation.called, COLUMN);
        if let Some(until) = operation.answered_at().filter(|_| stretch.kept.contains(at)) {
            moments.insert(until, COLUMN);
        }
    }
    // A label has room until the next bar of its lane begins.
    let mut lanes: BTreeMap<Lane, Vec<usize>> = BTreeMap::new();
    for at in drawn {
        lanes
            .entry(Lane::of(history, stretch, *at))
            .or_default()
            .push(*at);
    }
    for pair in lanes.values().flat_map(|lane| lane.windows(2)) {
        let [one, next] = [pair[0], pair[1]].map(|at| &history.operations[at]);
        let wanted = count(label(one, true).chars().count()) * LETTER + 10.0;
        let between: Vec<Moment> = moments
            .range(one.called..next.called)
            .map(|(moment, _)| *moment)
            .collect();
        let room: f64 = between.iter().map(|moment| moments[moment]).sum();
        if let (Some(first), true) = (between.first(), room < wanted) {
            moments.entry(*first).and_modify(|width| *width += wanted - room);
        }
    }
    let mut x = LEFT;
    for width in moments.values_mut() {
        let here = x;
        x += *width;
        *width = here;
    }
    moments
}

/// The place of each operation in the order, and where that is: between its call and its answer, each after the one before.
fn points(
    history: &History,
    order: &[usize],
    moments: &BTreeMap<Moment, f64>,
) -> BTreeMap<usize, (usize, f64)> {
    let mut points = BTreeMap::new();
    let mut last = LEFT;
    // From the back: as late as can be, so that there is room for those before.
    let mut latest = vec![f64::INFINITY; order.len()];
    let mut end = f64::INFINITY;
    for (place, at) in order.iter().enumerate().rev() {
        let until = history.operations[*at]
            .answered_at()
            .and_then(|until| moments.get(&until));
        end = until.map_or(end, |until| end.min(*until)) - 3.0;
        latest[place] = end;
    }
    for (place, at) in order.iter().enumerate() {
        let Some(from) = moments.get(&history.operations[*at].called) else {
            continue;
        };
        let x = (last + 14.0).max(from + 11.0).min(latest[place]).max(last + 2.0);
        points.insert(*at, (place + 1, x));
        last = x;
    }
    points
}

fn label(operation: &Operation, is_known: bool) -> String {
    let action = match &operation.action {
        Action::Get => "get".to_owned(),
        other @ (Action::Set(_) | Action::Append(_) | Action::CompareAndSet { .. } | Action::Delete) => {
            words::action(other)
        }
    };
    if is_known {
        action + &words::outcome(operation)
    } else {
        action
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), style: &str, text: &str) {
    writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{}</text>",
        escape(text)
    )
    .expect("a string can be written to");
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), colour: &str, style: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    writeln!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" {style}/>"
    )
    .expect("a string can be written to");
}

fn circle(svg: &mut String, (x, y): (f64, f64), colour: &str) {
    writeln!(
        svg,
        "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\" fill=\"{colour}\"/>"
    )
    .expect("a string can be written to");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A small number as a measure.
fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
