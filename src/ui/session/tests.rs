//! Sessions on a world in which something is due at fixed times.

use super::*;
use crate::playground::{HostKind, Weight};
use crate::ui::testing::Keyboard;

/// A world in which something is due at fixed times.
struct Clockwork {
    now: VirtualTime,
    due: Vec<u64>,
    told: Vec<StoryLine>,
    lines: u64,
    snapshot: Snapshot,
}

impl Clockwork {
    fn new(due_micros: &[u64]) -> Self {
        let snapshot = Keyboard::new(1, 1).app.scene().snapshot.clone();
        let mut due: Vec<u64> = due_micros.iter().map(|micros| micros * 1000).collect();
        due.reverse();
        Self {
            now: VirtualTime::default(),
            due,
            told: Vec::new(),
            lines: 0,
            snapshot,
        }
    }
}

impl Rewind for Clockwork {
    type Checkpoint = ();

    fn now(&self) -> VirtualTime {
        self.now
    }
    fn carried_out(&self) -> u32 {
        0
    }
    fn next_event_at(&self) -> Option<VirtualTime> {
        self.due.last().copied().map(VirtualTime::from_nanos)
    }
    fn step(&mut self) -> bool {
        let Some(nanos) = self.due.pop() else { return false };
        self.now = VirtualTime::from_nanos(nanos);
        self.lines += 1;
        self.told.push(StoryLine {
            at: self.now,
            ordinal: 0,
            node: None,
            short: String::new(),
            long: String::new(),
            mark: None,
            weight: Weight::Step,
            why: crate::playground::Why::default(),
            made: None,
        });
        true
    }
    fn run_until(&mut self, until: VirtualTime) {
        while self.next_event_at().is_some_and(|at| at <= until) {
            self.step();
        }
        self.now = self.now.max(until);
    }
    fn run_into(&mut self, time: VirtualTime, _: u32) {
        self.run_until(time);
    }
    fn is_halted(&self) -> bool {
        false
    }
    fn go_on(&mut self) {}
    fn happened(&self) -> u64 {
        0
    }
    fn told(&mut self) -> u64 {
        self.lines
    }
    fn repeat(&mut self, _: &Command) {}
    fn checkpoint(&mut self) -> Option<()> {
        None
    }
    fn weight((): &()) -> u64 {
        0
    }
    fn return_to(&mut self, (): &()) -> bool {
        false
    }
    fn host(&self) -> HostKind {
        HostKind::Inline
    }
    fn run_on(&mut self, _: HostKind) {}
}

impl Playable for Clockwork {
    fn command(&mut self, command: Command) -> Result<(), CommandError> {
        match command {
            Command::Heal => Ok(()),
            _ => Err(CommandError::Up(NodeId::new(1))),
        }
    }
    fn drain_story(&mut self) -> Vec<StoryLine> {
        std::mem::take(&mut self.told)
    }
    fn snapshot(&mut self) -> Snapshot {
        let now = self.now;
        Snapshot {
            now,
            ..self.snapshot.clone()
        }
    }
    fn clients(&self) -> ClientsView {
        ClientsView::default()
    }
    fn clients_heard(&self) -> u64 {
        0
    }
    fn disk_records(&mut self, _: NodeId) -> Option<DiskRecords> {
        None
    }
    fn violation(&self) -> Option<Banner> {
        None
    }
    fn take_files_from(&mut self, _: Self) {}
    fn sync_files(&mut self) {}
    fn drain_complaints(&mut self) -> Vec<String> {
        Vec::new()
    }
}

const FAR: u64 = 1_000_000_000;

fn speed(numerator: u32, denominator: u32) -> Speed {
    Speed::Times {
        numerator,
        denominator,
    }
}

/// However the wall time is cut into ticks, the same virtual time passes, but for rounding.
#[test]
fn no_time_is_lost_between_ticks() {
    for (numerator, denominator) in [(1, 1000), (1, 40), (3, 7), (1, 1), (7, 1)] {
        let mut session = Session::new(Clockwork::new(&[FAR]));
        let (mut wall, mut tick, mut ticks) = (Duration::ZERO, 1, 0);
        while wall < Duration::from_secs(2) {
            tick = tick * 7919 % 33_000_001;
            let elapsed = Duration::from_nanos(tick);
            session.tick(elapsed, speed(numerator, denominator));
            wall += elapsed;
            ticks += 1;
        }
        let expected = Rate::new(numerator, denominator).virtual_in(wall);
        let passed = session.snapshot().now.since(VirtualTime::default());
        let difference = expected.abs_diff(passed);
        assert!(
            difference <= Duration::from_nanos(2 * ticks * u64::from(numerator)),
            "{numerator}/{denominator}: {difference:?}"
        );
    }
}

#[test]
fn the_automatic_speed_loses_no_time_at_events() {
    let mut session = Session::new(Clockwork::new(&[1, 2, 3, 500, 501, 2_000, FAR]));
    for _ in 0..100 {
        session.tick(Duration::from_millis(1), Speed::Auto);
    }
    // Nothing is in flight: an eighth of real time, whatever happens on the way.
    let passed = session.snapshot().now.since(VirtualTime::default());
    let difference = passed.abs_diff(Duration::from_micros(12_500));
    assert!(difference < Duration::from_nanos(10), "{passed:?}");
    assert_eq!(session.story().len(), 6);
}

#[test]
fn a_search_stops_behind_the_event_that_makes_the_line() {
    let mut session = Session::new(Clockwork::new(&[40_000, 40_000, 90_000, FAR]));
    for line in 1..=3 {
        let mut ticks = 0;
        while session.tick_to_line(Duration::from_millis(33), Speed::Auto) == Ticked::RunsOn {
            ticks += 1;
            assert!(ticks < 60, "a line that is near comes within two seconds");
        }
        assert_eq!(session.story().len(), line);
    }
    assert_eq!(session.snapshot().now, VirtualTime::from_nanos(90_000_000));
}

#[test]
fn a_search_gives_up_after_its_time() {
    let mut session = Session::new(Clockwork::new(&[FAR]));
    assert_eq!(session.finish_line(), Ticked::NoLine);
    assert_eq!(session.snapshot().now, VirtualTime::default().after(SEARCH_LIMIT));
    assert!(!session.is_searching());
}

#[test]
fn only_what_was_accepted_is_kept() {
    let mut session = Session::new(Clockwork::new(&[FAR]));
    session.tick(Duration::from_millis(5), speed(1, 1));
    session.command(Command::Heal).unwrap();
    session.command(Command::SpreadTimers).unwrap_err();
    let [kept] = session.commands() else {
        panic!("one command was accepted");
    };
    assert_eq!(kept.at, VirtualTime::from_nanos(5_000_000));
    assert_eq!(kept.command, Command::Heal);
}

#[test]
fn a_long_story_forgets_its_beginning() {
    let due: Vec<u64> = (1..=60_000).collect();
    let mut session = Session::new(Clockwork::new(&due));
    for _ in 0..100 {
        session.tick(Duration::from_millis(10), speed(10, 1));
        assert!(session.story().len() <= STORY_LIMIT);
    }
    assert_eq!(
        session.story().last().map(|line| line.at.nanos()),
        Some(60_000_000)
    );
}
