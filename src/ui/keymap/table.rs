//! The table itself.

mod messages;

use std::sync::LazyLock;

use crossterm::event::KeyCode;

use super::{Bar, Binding, Effect, Key, Mode, Row};
use crate::lesson::Deed;
use crate::playground::{Command, Condition};
use crate::types::NodeId;
use crate::ui::action::{Action, Exit, LinkVerb, Question, Reach, Step, Verb, Way};
use crate::ui::draw::KeyGroup;
use crate::ui::view::{Pace, Scene, Speed};

const ENTER: Key = Key::Named(KeyCode::Enter);
const ESC: Key = Key::Named(KeyCode::Esc);
const TAB: Key = Key::Named(KeyCode::Tab);
const UP: Key = Key::Named(KeyCode::Up);
const DOWN: Key = Key::Named(KeyCode::Down);
const HOME: Key = Key::Named(KeyCode::Home);
const END: Key = Key::Named(KeyCode::End);
const LEFT: Key = Key::Named(KeyCode::Left);
const RIGHT: Key = Key::Named(KeyCode::Right);
const F5: Key = Key::Named(KeyCode::F(5));
const PAGE_UP: Key = Key::Named(KeyCode::PageUp);
const PAGE_DOWN: Key = Key::Named(KeyCode::PageDown);

/// Keys that work wherever one is.
pub(super) fn everywhere() -> &'static [Binding] {
    static EVERYWHERE: LazyLock<Vec<Binding>> = LazyLock::new(|| {
        vec![
            does(&[Key::Ctrl('c')], Action::Leave(Exit::Interrupt), ""),
            does(&[Key::Ctrl('z')], Action::Suspend, ""),
        ]
    });
    &EVERYWHERE
}

/// The table.
pub(super) fn rows() -> &'static [Row] {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
        let mut rows = Vec::new();
        rows.extend(time());
        rows.extend(pick());
        rows.extend(node());
        rows.extend(timers_and_network());
        rows.extend(look());
        rows.extend(rest());
        rows.extend(overlays());
        rows.extend(prompts());
        rows.extend(messages::rows());
        rows.extend(out_of_overlays());
        rows
    });
    &ROWS
}

fn time() -> Vec<Row> {
    vec![
        row(KeyGroup::Time, "Space", "run, pause")
            .key(&[Key::Char(' ')], Action::ToggleRun, "run")
            .bar(0, "Space", "run", stands)
            .bar(0, "Space", "pause", runs),
        row(KeyGroup::Time, "↓ j .", "next line of the story")
            .key(&[DOWN, Key::Char('j'), Key::Char('.')], Action::NextLine, "next")
            .bar(1, "↑↓", "time", has_story)
            .bar(1, "↓", "next", always),
        row(KeyGroup::Time, "↑ k ,", "the line before").key(
            &[UP, Key::Char('k'), Key::Char(',')],
            Action::PreviousLine,
            "previous",
        ),
        row(KeyGroup::Time, "< >", "mark before, after")
            .key(&[Key::Char('<')], Action::ToMark(Step::Back), "previous-mark")
            .key(&[Key::Char('>')], Action::ToMark(Step::Forward), "next-mark"),
        row(KeyGroup::Time, "Home End", "to the beginning, the end")
            .key(&[HOME], Action::Home, "home")
            .key(&[END], Action::End, "end"),
        row(KeyGroup::Time, "u U", "undo an action, return")
            .key(&[Key::Char('u')], Action::Undo, "undo")
            .key(&[Key::Char('U')], Action::Redo, "redo")
            .bar(6, "u", "undo", always),
        row(KeyGroup::Time, "- + a", "slower, faster, automatic")
            .key(&[Key::Char('-')], Action::Slower, "slower")
            .key(&[Key::Char('+'), Key::Char('=')], Action::Faster, "faster")
            .key(&[Key::Char('a')], Action::SetSpeed(Speed::Auto), "speed auto")
            .bar(5, "-+", "speed", always),
    ]
}

fn pick() -> Vec<Row> {
    vec![
        row(KeyGroup::Look, "1-9 ← →", "a node")
            .node(Action::Pick)
            .key(&[LEFT], Action::PickNeighbour(Step::Back), "previous-node")
            .key(&[RIGHT], Action::PickNeighbour(Step::Forward), "next-node"),
        row(KeyGroup::Look, "0", "the leader; again: another")
            .key(&[Key::Char('0')], Action::PickLeader, "leader")
            .bar(3, "0-9", "node", always),
        row(KeyGroup::Look, "Esc", "hide notes, follow leader")
            .key(&[ESC], Action::Back, "")
            .bar(0, "Esc", "all lines", is_filtered)
            .bar(0, "Esc", "all views", is_zoomed),
    ]
}

fn node() -> Vec<Row> {
    vec![
        row(KeyGroup::Node, "n N w", "propose, type it, workload")
            .key(&[Key::Char('n')], Action::ProposeNext, "propose")
            .key(&[Key::Char('N')], Action::Ask(Question::Propose), "type-proposal")
            .key(&[Key::Char('w')], Action::ToggleWorkload, "workload")
            .bar(1, "n", "propose", may_propose),
        row(KeyGroup::Node, "r", "bring back")
            .key(
                &[Key::Char('r')],
                Action::OnSelected(Verb::BringBack),
                "bring-back",
            )
            .bar(1, "r", "bring back", may_bring_back),
        row(KeyGroup::Node, "c C", "crash, power cut")
            .key(&[Key::Char('c')], Action::OnSelected(Verb::Crash), "crash")
            .key(&[Key::Char('C')], Action::OnSelected(Verb::CutPower), "power-cut")
            .bar(1, "c", "crash", may_crash),
        row(KeyGroup::Node, "f", "freeze")
            .key(&[Key::Char('f')], Action::OnSelected(Verb::Freeze), "freeze")
            .bar(5, "f", "freeze", may_freeze),
        row(KeyGroup::Node, "g", "fire its timer now")
            .key(&[Key::Char('g')], Action::OnSelected(Verb::FireTimer), "fire")
            .bar(7, "g", "fire", may_fire),
    ]
}

fn timers_and_network() -> Vec<Row> {
    vec![
        row(KeyGroup::Timers, "t T", "tie (split vote), spread")
            .key(
                &[Key::Char('t')],
                Action::Do(Command::TieTimers(Vec::new())),
                "tie",
            )
            .key(&[Key::Char('T')], Action::Do(Command::SpreadTimers), "spread")
            .bar(7, "t", "tie", may_tie),
        row(KeyGroup::Network, "p", "part the network")
            .key(&[Key::Char('p')], Action::Ask(Question::Partition), "partition")
            .bar(2, "p", "part", may_part),
        row(KeyGroup::Network, "x4 X4", "cut or mend link, one way")
            .key(
                &[Key::Char('x')],
                Action::Ask(Question::Link { one_way: false }),
                "cut",
            )
            .key(
                &[Key::Char('X')],
                Action::Ask(Question::Link { one_way: true }),
                "cut-one-way",
            )
            .bar(6, "x", "link", may_cut),
        row(KeyGroup::Network, "m M", "messages, manual mode")
            .key(&[Key::Char('m')], Action::Ask(Question::Messages), "messages")
            .key(&[Key::Char('M')], Action::ToggleManual, "manual")
            .bar(0, "m", "choose", is_manual)
            .bar(0, "M", "let time go", is_manual)
            .bar(5, "m", "messages", something_flies),
        row(KeyGroup::Network, "h l", "heal all, links")
            .key(&[Key::Char('h')], Action::Do(Command::Heal), "heal")
            .key(&[Key::Char('l')], Action::Ask(Question::Links), "links")
            .bar(1, "h", "heal", may_heal),
    ]
}

fn look() -> Vec<Row> {
    vec![
        row(KeyGroup::Look, "Enter e", "why; of an entry or a node")
            .key(&[ENTER], Action::Why, "why")
            .key(&[Key::Char('e')], Action::Ask(Question::Point), "point")
            .bar(4, "Enter", "why", has_story),
        row(KeyGroup::Look, "z Tab /", "zoom, next tab, filter")
            .key(&[Key::Char('/')], Action::Ask(Question::Filter), "filter")
            .key(&[Key::Char('z')], Action::CycleZoom, "zoom")
            .key(&[TAB], Action::NextTab, "tab"),
        row(KeyGroup::Look, "[ ] F5", "scroll, presenter")
            .key(&[F5], Action::TogglePresenter, "presenter")
            .bar(0, "F5", "desk", presents)
            .bar(8, "F5", "presenter", always)
            .key(&[Key::Char('[')], Action::Scroll(Step::Back), "scroll back")
            .key(&[Key::Char(']')], Action::Scroll(Step::Forward), "scroll on"),
        row(KeyGroup::Look, "PgDn PgUp", "turn the notes")
            .key(&[PAGE_DOWN], Action::TurnNotes(Step::Forward), "notes on")
            .key(&[PAGE_UP], Action::TurnNotes(Step::Back), "notes back"),
        row(KeyGroup::Look, "b", "break or mend a rule").key(
            &[Key::Char('b')],
            Action::Ask(Question::Palette("break ")),
            "break",
        ),
    ]
}

fn rest() -> Vec<Row> {
    vec![
        row(KeyGroup::Rest, "s o", "save, open")
            .key(&[Key::Char('s')], Action::Ask(Question::Save), "save")
            .key(&[Key::Char('o')], Action::Ask(Question::Open), "open")
            .bar(6, "o", "open", always),
        row(KeyGroup::Rest, "y", "share code, copied").key(&[Key::Char('y')], Action::Share(None), "share"),
        row(KeyGroup::Rest, "q", "quit (saved as `last`)")
            .key(&[Key::Char('q')], Action::Leave(Exit::Quit), "quit")
            .bar(1, "q", "quit", always),
        row(KeyGroup::Rest, ":", "everything, in words")
            .key(&[Key::Char(':')], Action::Ask(Question::Palette("")), "palette")
            .bar(0, ":", "all", always),
        row(KeyGroup::Rest, "?", "these keys")
            .key(&[Key::Char('?')], Action::Help, "help")
            .bar(0, "?", "help", always),
    ]
}

fn overlays() -> Vec<Row> {
    vec![
        over(Mode::Help, "↑↓", "turn the page")
            .key(
                &[UP, PAGE_UP, Key::Char('k'), Key::Char(',')],
                Action::Choose(Step::Back),
                "",
            )
            .key(
                &[DOWN, PAGE_DOWN, Key::Char('j'), Key::Char('.')],
                Action::Choose(Step::Forward),
                "",
            ),
        over(Mode::Help, "Esc", "back").key(
            &[ESC, ENTER, Key::Char('?'), Key::Char('q'), Key::Char(' ')],
            Action::Back,
            "",
        ),
        walked(Mode::Why, "older, newer line"),
        over(Mode::Why, "Esc", "back").key(&[ESC, ENTER, Key::Char('q'), Key::Char(' ')], Action::Back, ""),
        over(Mode::Links, "←↑↓→", "choose")
            .key(&[UP, Key::Char('k')], Action::MoveLink(Way::Up), "")
            .key(&[DOWN, Key::Char('j')], Action::MoveLink(Way::Down), "")
            .key(&[LEFT], Action::MoveLink(Way::Left), "")
            .key(&[RIGHT], Action::MoveLink(Way::Right), ""),
        over(Mode::Links, "x X", "cut, both ways")
            .key(&[Key::Char('x')], Action::OnLink(LinkVerb::Cut), "")
            .key(&[Key::Char('X')], Action::OnLink(LinkVerb::CutBothWays), ""),
        over(Mode::Links, "-+", "speed")
            .key(&[Key::Char('-')], Action::OnLink(LinkVerb::Slower), "")
            .key(
                &[Key::Char('+'), Key::Char('=')],
                Action::OnLink(LinkVerb::Quicker),
                "",
            ),
        over(Mode::Links, "[]", "loss")
            .key(&[Key::Char('[')], Action::OnLink(LinkVerb::LessLoss), "")
            .key(&[Key::Char(']')], Action::OnLink(LinkVerb::MoreLoss), ""),
        over(Mode::Links, "h", "heal").key(&[Key::Char('h')], Action::Do(Command::Heal), ""),
        over(Mode::Links, "Esc", "back").key(
            &[ESC, ENTER, Key::Char('l'), Key::Char('q'), Key::Char(' ')],
            Action::Back,
            "",
        ),
        over(Mode::Point, "←→", "entry")
            .key(&[LEFT], Action::MoveFinger(Reach::Cell(Way::Left)), "")
            .key(&[RIGHT], Action::MoveFinger(Reach::Cell(Way::Right)), ""),
        over(Mode::Point, "↑↓", "node")
            .key(
                &[UP, Key::Char('k')],
                Action::MoveFinger(Reach::Cell(Way::Up)),
                "",
            )
            .key(
                &[DOWN, Key::Char('j')],
                Action::MoveFinger(Reach::Cell(Way::Down)),
                "",
            )
            .node(Action::Pick),
        over(Mode::Point, "Home", "node itself").key(&[HOME], Action::MoveFinger(Reach::Node), ""),
        over(Mode::Point, "End", "newest").key(&[END], Action::MoveFinger(Reach::Last), ""),
        over(Mode::Point, "Enter", "why").key(&[ENTER], Action::WhyChosen, ""),
        over(Mode::Point, "Esc", "back").key(
            &[ESC, Key::Char('e'), Key::Char('q'), Key::Char(' ')],
            Action::Back,
            "",
        ),
        walked(Mode::Compare, "line before, after"),
        over(Mode::Compare, "Enter", "show the other").key(&[ENTER], Action::Confirm, ""),
        over(Mode::Compare, "Esc", "back").key(&[ESC, Key::Char('q'), Key::Char(' ')], Action::Back, ""),
        over(Mode::Partition, "1-9", "move a node").node(Action::MoveIntoGroup),
        over(Mode::Partition, "|", "new group").key(&[Key::Char('|')], Action::NewGroup, ""),
        over(Mode::Partition, "Enter", "part").key(&[ENTER], Action::Confirm, ""),
        over(Mode::Partition, "Esc", "back").key(&[ESC], Action::Back, ""),
        over(Mode::Link, "1-9", "the other end").node(Action::LinkTo),
        over(Mode::Link, "Esc", "back").key(&[ESC], Action::Back, ""),
    ]
}

/// Whatever lies over the main screen and takes no text: all words can be reached from it, and all keys.
fn out_of_overlays() -> impl Iterator<Item = Row> {
    let modes = [Mode::Why, Mode::Links, Mode::Point, Mode::Compare, Mode::Messages];
    modes.into_iter().map(|mode| Row {
        mode,
        ..row(KeyGroup::Rest, ": ?", "everything, in words; keys")
            .key(&[Key::Char(':')], Action::Ask(Question::Palette("")), "")
            .key(&[Key::Char('?')], Action::Help, "")
    })
}

fn prompts() -> Vec<Row> {
    let choose = |mode| {
        over(mode, "↑↓", "choose")
            .key(&[UP], Action::Choose(Step::Back), "")
            .key(&[DOWN], Action::Choose(Step::Forward), "")
    };
    let confirm = |mode, what| over(mode, "Enter", what).key(&[ENTER], Action::Confirm, "");
    let back = |mode| over(mode, "Esc", "back").key(&[ESC], Action::Back, "");
    vec![
        choose(Mode::Palette),
        over(Mode::Palette, "Tab", "complete").key(&[TAB], Action::Complete, ""),
        confirm(Mode::Palette, "run"),
        back(Mode::Palette),
        choose(Mode::Open),
        confirm(Mode::Open, "open"),
        back(Mode::Open),
        confirm(Mode::Save, "save"),
        back(Mode::Save),
        confirm(Mode::Propose, "propose"),
        confirm(Mode::Filter, "keep"),
        back(Mode::Filter),
        back(Mode::Propose),
    ]
}

fn does(keys: &'static [Key], action: Action, words: &'static str) -> Binding {
    Binding {
        keys,
        effect: Effect::Does(action),
        words,
    }
}

fn row(group: KeyGroup, keys: &'static str, what: &'static str) -> Row {
    Row {
        mode: Mode::Main,
        group,
        bindings: Vec::new(),
        keys,
        what,
        bars: Vec::new(),
    }
}

fn over(mode: Mode, keys: &'static str, what: &'static str) -> Row {
    let row = Row {
        mode,
        ..row(KeyGroup::Rest, keys, what)
    };
    row.bar(0, keys, what, always)
}

/// What is walked through by the keys that walk through the story on the main screen.
fn walked(mode: Mode, what: &'static str) -> Row {
    over(mode, "↑↓", what)
        .key(
            &[UP, Key::Char('k'), Key::Char(',')],
            Action::Choose(Step::Back),
            "",
        )
        .key(
            &[DOWN, Key::Char('j'), Key::Char('.')],
            Action::Choose(Step::Forward),
            "",
        )
}

impl Row {
    fn key(mut self, keys: &'static [Key], action: Action, words: &'static str) -> Self {
        self.bindings.push(does(keys, action, words));
        self
    }

    fn node(mut self, action: fn(NodeId) -> Action) -> Self {
        self.bindings.push(Binding {
            keys: &[Key::Digit],
            effect: Effect::WithNode(action),
            words: "",
        });
        self
    }

    fn bar(
        mut self,
        rank: u8,
        keys: &'static str,
        what: &'static str,
        applies: fn(&Scene<'_>) -> bool,
    ) -> Self {
        self.bars.push(Bar {
            keys,
            what,
            rank,
            applies,
        });
        self
    }
}

fn is_filtered(scene: &Scene<'_>) -> bool {
    scene.story.filter().is_some()
}

fn is_zoomed(scene: &Scene<'_>) -> bool {
    scene.view.zoom.is_some() && !is_filtered(scene)
}

fn presents(scene: &Scene<'_>) -> bool {
    scene.view.presents
}

fn is_manual(scene: &Scene<'_>) -> bool {
    scene.snapshot.settings.manual.is_on()
}

fn something_flies(scene: &Scene<'_>) -> bool {
    !scene.snapshot.messages.is_empty()
}

fn always(_: &Scene<'_>) -> bool {
    true
}

fn stands(scene: &Scene<'_>) -> bool {
    !runs(scene) && !is_manual(scene)
}

fn runs(scene: &Scene<'_>) -> bool {
    scene.view.pace == Pace::Running
}

fn selected_is(scene: &Scene<'_>, condition: Condition) -> bool {
    let selected = scene.view.selected(scene.snapshot);
    selected
        .and_then(|id| scene.snapshot.node(id))
        .is_some_and(|node| node.condition == condition)
}

fn may_crash(scene: &Scene<'_>) -> bool {
    selected_is(scene, Condition::Up) && scene.view.permits(Deed::Crash)
}

fn may_freeze(scene: &Scene<'_>) -> bool {
    selected_is(scene, Condition::Up) && scene.view.permits(Deed::Freeze)
}

fn may_fire(scene: &Scene<'_>) -> bool {
    selected_is(scene, Condition::Up) && scene.view.permits(Deed::Time)
}

fn may_bring_back(scene: &Scene<'_>) -> bool {
    selected_is(scene, Condition::Down) && scene.view.permits(Deed::Restart)
        || selected_is(scene, Condition::Frozen) && scene.view.permits(Deed::Thaw)
}

fn may_propose(scene: &Scene<'_>) -> bool {
    !scene.snapshot.leaders().is_empty() && scene.view.permits(Deed::Propose)
}

fn may_tie(scene: &Scene<'_>) -> bool {
    scene.view.permits(Deed::Time)
}

fn may_part(scene: &Scene<'_>) -> bool {
    scene.view.permits(Deed::Part)
}

fn may_cut(scene: &Scene<'_>) -> bool {
    scene.view.permits(Deed::Cut)
}

fn has_story(scene: &Scene<'_>) -> bool {
    !scene.story.is_empty()
}

fn may_heal(scene: &Scene<'_>) -> bool {
    !scene.snapshot.cut.is_empty() && scene.view.permits(Deed::Heal)
}
