//! The diagram on paper.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::label::Kind;
use super::{Arrow, End, Spacetime, Span, Standing};
use crate::playground::story::{Mark, StoryLine};
use crate::types::{NodeId, VirtualTime};

/// Where the lines begin.
const LEFT: f64 = 64.0;
/// What is left to the right of them.
const RIGHT: f64 = 40.0;
/// Where the first line is.
const TOP: f64 = 104.0;
/// From line to line.
const LANE: f64 = 92.0;
/// How much time is worth how much paper: so many units for a millisecond, within these widths.
const PER_MILLI: f64 = 6.0;
const WIDTH_MIN: f64 = 760.0;
const WIDTH_MAX: f64 = 2_600.0;
/// How far a message goes that was lost where it was sent.
const LOST_MILLIS: f64 = 5.0;
/// The most arrows: where there are more, heartbeats are left out, and after that the last ones.
const ARROWS_MOST: usize = 3_000;
/// The most turning points that are told.
const TURNS_MOST: usize = 80;
/// From one line of words to the next.
const ROW: f64 = 17.0;
/// How wide a letter of the words below is at most.
const LETTER: f64 = 6.6;

pub(super) struct Sheet<'a> {
    diagram: &'a Spacetime,
    title: &'a str,
    rows: BTreeMap<NodeId, f64>,
    width: f64,
    per_nano: f64,
    out: String,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(diagram: &'a Spacetime, title: &'a str) -> Self {
        let nanos = as_f64(diagram.to.nanos().saturating_sub(diagram.from.nanos()).max(1));
        let width = (nanos / 1e6 * PER_MILLI).clamp(WIDTH_MIN, WIDTH_MAX);
        let mut y = TOP - LANE;
        let rows = diagram.lanes.keys().map(|id| {
            y += LANE;
            (*id, y)
        });
        Self {
            rows: rows.collect(),
            diagram,
            title,
            width,
            per_nano: width / nanos,
            out: String::new(),
        }
    }

    pub(super) fn draw(mut self) -> String {
        let bottom = self.rows.values().copied().fold(TOP, f64::max);
        let turns = self.diagram.turns.len().min(TURNS_MOST);
        let words = bottom + 78.0;
        let height = words + ROW * (as_f64(turns as u64) + 3.0) + 12.0;
        let longest = self
            .diagram
            .turns
            .iter()
            .map(|line| line.long.chars().count())
            .max();
        let needed = LETTER * as_f64(longest.unwrap_or(0) as u64) + 150.0;
        let total = (LEFT + self.width + RIGHT).max(needed);
        let _ = write!(
            self.out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {total:.0} {height:.0}\" width=\"{total:.0}\" height=\"{height:.0}\" \
             font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
        );
        let heading = format!(
            "{} · {} s to {} s",
            self.title, self.diagram.from, self.diagram.to
        );
        self.text(
            (LEFT - 40.0, 26.0),
            &heading,
            "font-size=\"15\" font-weight=\"bold\"",
        );
        self.axis(bottom + 34.0);
        self.cuts(bottom);
        self.lanes();
        let left_out = self.arrows();
        self.marks();
        self.words(words, left_out);
        self.out.push_str("</svg>\n");
        self.out
    }

    fn x(&self, at: VirtualTime) -> f64 {
        let nanos = as_f64(at.nanos()) - as_f64(self.diagram.from.nanos());
        LEFT + nanos * self.per_nano
    }

    fn y(&self, id: NodeId) -> Option<f64> {
        self.rows.get(&id).copied()
    }

    fn text(&mut self, (x, y): (f64, f64), text: &str, style: &str) {
        let text = escaped(text);
        let _ = writeln!(self.out, "<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{text}</text>");
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), style: &str) {
        let _ = writeln!(
            self.out,
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>"
        );
    }

    /// The time below, at steps that people count in.
    fn axis(&mut self, y: f64) {
        let (from, to) = (self.diagram.from.nanos(), self.diagram.to.nanos());
        let wanted = (to - from) / 10 + 1;
        let steps = [1, 2, 5].map(|step: u64| step * 1_000_000);
        let step = (0..6)
            .flat_map(|power| steps.map(|step| step * 10_u64.pow(power)))
            .find(|step| *step >= wanted)
            .unwrap_or(1_000_000_000_000);
        self.line(
            (LEFT, y),
            (LEFT + self.width, y),
            "stroke=\"#000000\" stroke-width=\"0.8\"",
        );
        let mut at = from.div_ceil(step) * step;
        while at <= to {
            let x = self.x(VirtualTime::from_nanos(at));
            self.line(
                (x, y - 3.0),
                (x, y + 3.0),
                "stroke=\"#000000\" stroke-width=\"0.8\"",
            );
            let label = format!("{} s", VirtualTime::from_nanos(at));
            self.text(
                (x, y + 17.0),
                &label,
                "text-anchor=\"middle\" font-size=\"11\" fill=\"#333333\"",
            );
            at += step;
        }
    }

    fn lanes(&mut self) {
        let diagram = self.diagram;
        for (id, lane) in &diagram.lanes {
            let Some(y) = self.y(*id) else { continue };
            self.text(
                (LEFT - 40.0, y + 5.0),
                &id.to_string(),
                "font-size=\"15\" font-weight=\"bold\"",
            );
            for span in &lane.spans {
                self.span(*span, y);
            }
        }
    }

    fn span(&mut self, span: Span, y: f64) {
        let (from, to) = (self.x(span.from).max(LEFT), self.x(span.to));
        let dashes = if span.is_frozen {
            "stroke-dasharray=\"1 5\" "
        } else {
            ""
        };
        let style = match span.standing {
            Standing::Down => return,
            Standing::Follows => format!("{dashes}stroke=\"#000000\" stroke-width=\"1.2\""),
            Standing::Stands if span.is_frozen => format!("{dashes}stroke=\"#000000\" stroke-width=\"3\""),
            Standing::Stands => "stroke-dasharray=\"7 4\" stroke=\"#000000\" stroke-width=\"3\"".to_owned(),
            Standing::Leads => format!("{dashes}stroke=\"#000000\" stroke-width=\"5.5\""),
        };
        self.line((from, y), (to, y), &style);
    }

    /// The arrows, heartbeats below all others; gives how many are left out.
    fn arrows(&mut self) -> usize {
        let diagram = self.diagram;
        let is_routine = |arrow: &&Arrow| arrow.label.kind == Kind::Routine;
        let spoken: Vec<&Arrow> = diagram.arrows.iter().filter(|arrow| !is_routine(arrow)).collect();
        let routine: Vec<&Arrow> = diagram.arrows.iter().filter(is_routine).collect();
        let drawn: Vec<&Arrow> = if spoken.len() + routine.len() > ARROWS_MOST {
            spoken.into_iter().take(ARROWS_MOST).collect()
        } else {
            routine.into_iter().chain(spoken).collect()
        };
        for arrow in &drawn {
            self.arrow(arrow);
        }
        for arrow in &drawn {
            self.arrow_label(arrow);
        }
        diagram.arrows.len() - drawn.len()
    }

    /// Where an arrow begins and ends.
    fn ends(&self, arrow: &Arrow) -> Option<((f64, f64), (f64, f64))> {
        let (top, bottom) = (self.y(arrow.from)?, self.y(arrow.to)?);
        let end = self.x(arrow.end.at());
        let begin = arrow.sent.map_or(end - self.per_nano * 8e6, |sent| self.x(sent));
        let (begin, end) = ((begin, top), (end, bottom));
        let short = |share: f64| {
            (
                begin.0 + (end.0 - begin.0) * share,
                begin.1 + (end.1 - begin.1) * share,
            )
        };
        Some(match arrow.end {
            End::Lost(_) if end.0 - begin.0 < 1.0 => {
                let share = 0.35;
                let x = begin.0 + self.per_nano * 1e6 * LOST_MILLIS;
                (begin, (x, begin.1 + (end.1 - begin.1) * share))
            }
            End::Lost(_) => (begin, short(0.85)),
            End::Arrived(_) | End::UnderWay(_) => (begin, end),
        })
    }

    /// The same, without what lies outside of the stretch.
    fn clipped(&self, arrow: &Arrow) -> Option<((f64, f64), (f64, f64))> {
        let (begin, end) = self.ends(arrow)?;
        let (left, right) = (LEFT, LEFT + self.width);
        if end.0 < left || begin.0 > right || end.0 <= begin.0 {
            return (end.0 <= begin.0 && begin.0 >= left && begin.0 <= right).then_some((begin, end));
        }
        let at = |x: f64| begin.1 + (end.1 - begin.1) * (x - begin.0) / (end.0 - begin.0);
        let clip = |point: (f64, f64)| match point.0 {
            x if x < left => (left, at(left)),
            x if x > right => (right, at(right)),
            _ => point,
        };
        Some((clip(begin), clip(end)))
    }

    fn arrow(&mut self, arrow: &Arrow) {
        let Some((begin, end)) = self.clipped(arrow) else {
            return;
        };
        let (colour, width) = ink(arrow.label.kind);
        let dashes = match arrow.end {
            End::Arrived(_) => "",
            End::Lost(_) | End::UnderWay(_) => " stroke-dasharray=\"5 3\"",
        };
        self.line(
            begin,
            end,
            &format!("stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}"),
        );
        let is_whole = self.ends(arrow).is_some_and(|(_, whole)| whole == end);
        match arrow.end {
            End::Arrived(_) if is_whole => self.head(begin, end, colour),
            End::Lost(_) if is_whole => self.cross(end),
            End::Arrived(_) | End::Lost(_) | End::UnderWay(_) => {}
        }
    }

    fn head(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), colour: &str) {
        let length = (x2 - x1).hypot(y2 - y1).max(0.1);
        let (dx, dy) = ((x2 - x1) / length, (y2 - y1) / length);
        let (bx, by) = (x2 - 9.0 * dx, y2 - 9.0 * dy);
        let _ = writeln!(
            self.out,
            "<polygon points=\"{x2:.1},{y2:.1} {:.1},{:.1} {:.1},{:.1}\" fill=\"{colour}\"/>",
            bx - 3.4 * dy,
            by + 3.4 * dx,
            bx + 3.4 * dy,
            by - 3.4 * dx,
        );
    }

    fn cross(&mut self, (x, y): (f64, f64)) {
        let style = format!("stroke=\"{LOST}\" stroke-width=\"2.2\"");
        self.line((x - 4.5, y - 4.5), (x + 4.5, y + 4.5), &style);
        self.line((x - 4.5, y + 4.5), (x + 4.5, y - 4.5), &style);
    }

    /// Arrows of one sender lie apart where they arrive, and answers to one receiver where they set out.
    fn arrow_label(&mut self, arrow: &Arrow) {
        if arrow.label.text.is_empty() {
            return;
        }
        let Some((begin, end)) = self.clipped(arrow) else {
            return;
        };
        let rise = (end.1 - begin.1).abs().max(1.0);
        let from_its_end = (LANE * 0.4 / rise).min(0.5);
        let is_answer = arrow.label.text.starts_with(char::is_lowercase);
        let share = if is_answer {
            from_its_end
        } else {
            1.0 - from_its_end
        };
        let x = begin.0 + (end.0 - begin.0) * share;
        let y = begin.1 + (end.1 - begin.1) * share + 4.0;
        let (colour, _) = ink(arrow.label.kind);
        let style = format!(
            "text-anchor=\"middle\" font-size=\"11\" fill=\"{colour}\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\""
        );
        self.text((x, y), &arrow.label.text, &style);
    }

    fn told(&self) -> impl Iterator<Item = (usize, &'a StoryLine)> + use<'a> {
        (1..).zip(self.diagram.turns.iter().take(TURNS_MOST))
    }

    /// What concerns no single node goes through all lines.
    fn cuts(&mut self, bottom: f64) {
        for (_, line) in self.told().filter(|(_, line)| line.node.is_none()) {
            let x = self.x(line.at);
            self.line(
                (x, TOP - 40.0),
                (x, bottom + 20.0),
                "stroke=\"#555555\" stroke-width=\"1\" stroke-dasharray=\"2 3\"",
            );
        }
    }

    /// Turning points, numbered; what happens at nearly the same moment is stacked.
    fn marks(&mut self) {
        let mut last: BTreeMap<Option<NodeId>, (f64, f64)> = BTreeMap::new();
        for (number, line) in self.told() {
            let base = match line.node {
                Some(id) => match self.y(id) {
                    Some(y) => y - 15.0,
                    None => continue,
                },
                None => TOP - 46.0,
            };
            let x = self.x(line.at);
            let y = match last.get(&line.node) {
                Some((before, y)) if x - before < 17.0 => y - 16.0,
                Some(_) | None => base,
            };
            last.insert(line.node, (x, y));
            let (fill, ink) = match line.mark {
                Some(Mark::Leader) => ("#000000", "#ffffff"),
                Some(Mark::Commit) => ("#00684c", "#ffffff"),
                Some(Mark::Crash | Mark::Violation) => (LOST, "#ffffff"),
                Some(Mark::Election | Mark::Cut) | None => ("#ffffff", "#000000"),
            };
            let _ = writeln!(
                self.out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8\" fill=\"{fill}\" stroke=\"#000000\" stroke-width=\"1\"/>"
            );
            let style =
                format!("text-anchor=\"middle\" font-size=\"10\" font-weight=\"bold\" fill=\"{ink}\"");
            self.text((x, y + 3.6), &number.to_string(), &style);
        }
    }

    /// What the numbers and the signs mean.
    fn words(&mut self, top: f64, left_out: usize) {
        let mut y = top;
        for (number, line) in self.told() {
            self.text(
                (LEFT - 24.0, y),
                &number.to_string(),
                "text-anchor=\"end\" font-weight=\"bold\"",
            );
            self.text((LEFT - 16.0, y), &format!("{} s", line.at), "fill=\"#333333\"");
            self.text((LEFT + 54.0, y), &line.long, "");
            y += ROW;
        }
        let more = self.diagram.turns.len().saturating_sub(TURNS_MOST);
        let mut legend = vec![
            "thick: leads · dashed: stands for election · dotted: frozen · no line: down · ✗ lost · thin grey: heartbeats and their answers".to_owned(),
            "V asks for a vote · P for a pre-vote · A sends entries · S a snapshot · T says stand now · F passes on · small letter: answer, + yes, − no".to_owned(),
        ];
        if more + left_out > 0 {
            legend.push(format!("left out: {left_out} messages, {more} turning points"));
        }
        for text in legend {
            y += ROW;
            self.text((LEFT - 40.0, y), &text, "font-size=\"11\" fill=\"#333333\"");
        }
    }
}

const LOST: &str = "#b83a00";

fn ink(kind: Kind) -> (&'static str, f64) {
    match kind {
        Kind::Routine => ("#b0b0b0", 0.8),
        Kind::Vote => ("#00518c", 1.4),
        Kind::Append => ("#000000", 1.4),
        Kind::Other => ("#7a3a68", 1.4),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "on paper a nanosecond in a hundred days is nothing"
)]
fn as_f64(number: u64) -> f64 {
    number as f64
}
