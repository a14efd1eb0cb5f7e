//! The program behind the screen: a session, what the person has chosen to see, and what every action does to them.
//!
//! [`App::update`] and [`App::tick`] are all there is: the same world, actions and ticks give the same scenes. Files are
//! reached through the [`Library`] only, the terminal not at all.

use std::collections::BTreeMap;
use std::time::Duration;

mod act;
mod hand;
mod links;
mod notes;
mod overlay;
mod point;
mod pointer;
mod travel;

use ratatui::Frame;
use ratatui::layout::Rect;

use overlay::{Touch, Typed};
use pointer::Press;

use super::action::{Action, Exit, Size, Step};
use super::draw::KeyHint;
use super::filter::Filter;
use super::keymap;
use super::layout::Layout;
use super::library::{Library, Recording};
use super::notes::FirstSteps;
use super::overlay::Mode;
use super::pace;
use super::palette::Context;
use super::session::{Playable, Session, Ticked};
use super::view::{Motion, OpenRow, Pace, Pane, Scene, Selection, Speed, Tab, Toast, View};
use crate::lesson::{Guide, Step as Note};
use crate::types::NodeId;

/// The program behind the screen.
pub struct App<W: Playable> {
    session: Session<W>,
    view: View,
    library: Box<dyn Library<W>>,
    first_steps: Option<FirstSteps>,
    /// Follows whoever reads a save's notes.
    guide: Guide,
    /// The saves that the open dialog filters.
    shelf: Vec<OpenRow>,
    /// What was found in them while the dialog is open.
    previews: BTreeMap<String, Vec<String>>,
    /// What `n` proposed last.
    proposed: u64,
    toast_left: Duration,
    /// What is to be written to the log, where one is kept.
    journal: Option<Vec<String>>,
    size: Size,
    pressed: Option<Press>,
    wish: Option<Wish>,
    /// The last share code that was made.
    shared: Option<String>,
}

/// What only whoever owns the terminal can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Leave.
    Leave(Exit),
    /// Sleep until the shell wakes the program.
    Suspend,
    /// Put this into the clipboard.
    Copy(String),
}

/// How a program begins.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Time stands at first.
    pub is_paused: bool,
    /// The speed, where it is not automatic.
    pub speed: Option<Speed>,
    /// The title of the save that the world comes from.
    pub title: Option<String>,
    /// The notes of that save.
    pub notes: Vec<Note>,
    /// Whether a newcomer is helped along. A save's own notes come first.
    pub first_steps: bool,
    /// The colours.
    pub theme: super::view::ThemeName,
    /// Whether only ASCII characters may be drawn.
    pub ascii: bool,
    /// How messages move.
    pub motion: Motion,
}

/// How long a toast stays.
const TOAST: Duration = Duration::from_secs(4);
/// The time between two frames while something moves.
const FRAME: Duration = Duration::from_millis(33);
/// The same where it moves so slowly that more frames show nothing new.
const SLOW_FRAME: Duration = Duration::from_millis(100);
/// The same where no message moves.
const CALM_FRAME: Duration = Duration::from_millis(250);
/// What passes between two frames at least before a frame shows something new.
const VISIBLE: Duration = Duration::from_micros(100);
/// The longest wall time that counts at once: who slept does not find that the cluster has run on.
const TICK_MAX: Duration = Duration::from_millis(100);

impl<W: Playable> App<W> {
    /// A program with this world.
    pub fn new(world: W, library: Box<dyn Library<W>>, start: Start) -> Self {
        let session = Session::new(world);
        let (first_steps, notes) = if start.first_steps && start.notes.is_empty() {
            let (first_steps, notes) = FirstSteps::new(session.snapshot());
            (Some(first_steps), notes)
        } else {
            (None, notes::with_steps(start.notes))
        };
        let view = View {
            pace: if start.is_paused {
                Pace::Paused
            } else {
                Pace::Running
            },
            speed: start.speed.unwrap_or(Speed::Auto),
            notes,
            title: start.title,
            theme: start.theme,
            ascii: start.ascii,
            motion: start.motion,
            violation: session.violation(),
            permitted: library.permitted(),
            ..View::default()
        };
        Self {
            session,
            view,
            library,
            first_steps,
            guide: Guide::default(),
            shelf: Vec::new(),
            previews: BTreeMap::new(),
            proposed: 0,
            toast_left: Duration::ZERO,
            journal: None,
            size: Size {
                width: 80,
                height: 24,
            },
            pressed: None,
            wish: None,
            shared: None,
        }
    }

    /// What the screen shows.
    pub fn scene(&self) -> Scene<'_> {
        Scene {
            snapshot: self.session.snapshot(),
            story: self.session.story(),
            journey: self.session.journey(),
            view: &self.view,
            clients: (self.view.tab == Tab::Clients).then(|| self.session.clients()),
            disk: self.session.disk(),
        }
    }

    /// Which keys apply.
    pub fn mode(&self) -> Mode {
        Mode::of(self.view.overlay.as_ref())
    }

    /// What whoever owns the terminal is to do; asked for once.
    pub fn take_wish(&mut self) -> Option<Wish> {
        self.wish.take()
    }

    /// The last share code that was made, for those whose terminal has no clipboard.
    pub fn shared(&self) -> Option<&str> {
        self.shared.as_deref()
    }

    /// Does what somebody else did, up to the moment at which they were; time stands there.
    ///
    /// # Errors
    ///
    /// A sentence, where it can't be done.
    pub fn replay(&mut self, recording: Recording<'_>) -> Result<(), String> {
        self.session.replay(recording.commands, recording.until)?;
        self.view.pace = Pace::Paused;
        self.view.violation = self.session.violation();
        Ok(())
    }

    /// Saves the cluster as `last`; gives the sentence that says so, or why not.
    pub fn save_last(&mut self) -> Result<std::path::PathBuf, String> {
        self.session.sync_files();
        let saved = self.library.save_last(self.session.world_mut())?;
        self.library.save_last_task(act::recording(&self.session))?;
        Ok(saved)
    }

    /// Whether time runs: it does not while something lies over the main screen.
    pub fn runs(&self) -> bool {
        self.view.overlay.is_none() && self.view.pace != Pace::Paused && self.session.is_alive()
    }

    /// How long nothing changes by itself; `None`: for ever.
    pub fn rests_for(&self) -> Option<Duration> {
        let frame = self.runs().then(|| self.frame());
        let toast = self.view.toast.is_some().then_some(self.toast_left);
        [frame, toast].into_iter().flatten().min()
    }

    fn frame(&self) -> Duration {
        if self.view.motion == Motion::Reduced {
            return CALM_FRAME;
        }
        match pace::rate(self.view.speed, self.session.snapshot()) {
            Some(rate) if self.view.pace == Pace::Running => rate.wall_for(VISIBLE).clamp(FRAME, SLOW_FRAME),
            Some(_) | None => FRAME,
        }
    }

    /// Lets a [`tick`](Self::tick) work for so long at most: who waits for the next frame hands this in. Without it, a tick does all that its time is worth.
    pub fn limit_work(&mut self, limit: Duration) {
        self.session.limit_work(Some(limit));
    }

    /// Lets wall time pass.
    pub fn tick(&mut self, wall: Duration) {
        self.toast_left = self.toast_left.saturating_sub(wall);
        if self.toast_left.is_zero() {
            self.view.toast = None;
        }
        if !self.runs() {
            return;
        }
        let wall = wall.min(TICK_MAX);
        let ticked = match self.view.pace {
            Pace::Running => self.session.tick(wall, self.view.speed),
            Pace::ToNextLine => self.session.tick_to_line(wall, self.view.speed),
            Pace::Paused => return,
        };
        self.after(ticked);
        self.tell_of_branch();
        if let Some(complaint) = self.session.drain_complaints().pop() {
            self.complain(complaint);
        }
        self.read_disk();
    }

    /// Takes note of which key was pressed, if one was: for a screen that others watch.
    pub fn key_pressed(&mut self, key: Option<String>) {
        if key.is_some() {
            self.view.last_key = key;
        }
    }

    /// Does what is asked for.
    pub fn update(&mut self, action: Action) {
        match action {
            Action::Resize(size) => self.size = size,
            Action::Leave(exit) => self.wish = Some(Wish::Leave(exit)),
            Action::Suspend => self.wish = Some(Wish::Suspend),
            action => {
                let toast = self.view.toast.take();
                // A complaint is what one wants to be rid of first.
                let is_read = action == Action::Back
                    && self.view.overlay.is_none()
                    && toast.is_some_and(|toast| toast.is_error);
                if !is_read {
                    self.carry_out(action);
                }
                self.follow_first_steps(false);
            }
        }
        self.read_disk();
    }

    /// Has the selected node's disk read where its tab is in sight.
    fn read_disk(&mut self) {
        let is_seen = self.view.tab == Tab::Disk && self.has_inspector();
        let node = is_seen
            .then(|| self.view.selected(self.session.snapshot()))
            .flatten();
        self.session.read_disk(node);
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::ToggleRun => self.toggle_run(),
            Action::NextLine => self.next_line(),
            Action::PreviousLine => self.previous_line(),
            Action::ToMark(step) => self.go_to_mark(step),
            Action::Home => self.go_home(),
            Action::End => self.go_to_end(),
            Action::GoTo(at) => self.go_to_time(at),
            Action::GoToBookmark(name) => self.go_to_bookmark(&name),
            Action::Bookmark(name) => self.bookmark(&name),
            Action::Undo => self.undo(),
            Action::Redo => self.redo(),
            Action::Branch(name) => self.show_branch(&name),
            Action::Compare(name) => self.compare(&name, self.session.snapshot().now),
            Action::Slower => self.set_speed(pace::slower(self.view.speed, self.session.snapshot())),
            Action::Faster => self.set_speed(pace::faster(self.view.speed, self.session.snapshot())),
            Action::SetSpeed(speed) => self.set_speed(speed),
            Action::Pick(id) => self.pick(id),
            Action::PickNeighbour(step) => self.pick_neighbour(step),
            Action::PickLeader => self.pick_leader(),
            Action::FollowLeader => self.view.selection = Selection::Leader,
            Action::Back => self.back(),
            Action::OnSelected(verb) => self.on_selected(verb),
            Action::Do(command) => self.command(command),
            Action::ProposeNext => self.propose_next(),
            Action::ToggleWorkload => self.toggle_workload(),
            Action::Propose { to, command } => {
                self.propose(to, &command);
            }
            Action::Words(line) => self.run_words(&line),
            Action::Ask(question) => self.ask(question),
            Action::Why => self.why(),
            Action::WhyLine(line) => self.why_line(line),
            Action::WhyOf(thing) => self.why_of(thing, None),
            Action::WhyChosen => self.why_chosen(),
            Action::Help => self.view.overlay = Some(super::view::Overlay::Help(0)),
            Action::TurnNotes(step) => self.turn_notes(step),
            Action::ShowNotes(shown) => self.show_notes(shown),
            Action::Scroll(step) => self.scroll(step),
            Action::CycleZoom => self.cycle_zoom(),
            Action::TogglePresenter => self.view.presents = !self.view.presents,
            Action::Zoom(pane) => self.view.zoom = pane,
            Action::Filter(text) => self.session.show_only(Filter::new(&text)),
            Action::OnMessage(verb) => self.on_message(verb),
            Action::ListOnly(id) => self.list_only(id),
            Action::FoldMessages => self.fold_messages(),
            Action::ToggleManual => self.toggle_manual(),
            Action::NextTab if !self.has_inspector() => self.show_tab(self.view.tab),
            Action::NextTab => self.show_tab(self.view.tab.next()),
            Action::ShowTab(tab) => self.show_tab(tab),
            Action::MoveLink(way) => self.move_link(way),
            Action::MoveFinger(reach) => self.move_finger(reach),
            Action::OnLink(verb) => self.on_link(verb),
            Action::SetTheme(theme) => self.view.theme = theme,
            Action::SetMotion(motion) => self.view.motion = motion,
            Action::Save(name) => self.save(&name),
            Action::Open(name) => self.open(&name),
            Action::Script(name) => self.script(&name),
            Action::Share(file) => self.share(file.as_deref()),
            Action::Lamport { file, stretch } => self.lamport(&file, stretch),
            Action::Grade => self.grade(),
            Action::Answer(question, text) => self.answer(question, &text),
            Action::Export(name) => self.export(&name),
            Action::Confirm => self.touch(Touch::Confirm),
            Action::Choose(step) => self.touch(Touch::Choose(step)),
            Action::Complete => self.complete(),
            Action::Edit(request) => self.touch(Touch::Type(Typed::Key(request))),
            Action::Paste(text) => self.touch(Touch::Type(Typed::Text(&text))),
            Action::MoveIntoGroup(id) => self.move_into_group(id),
            Action::NewGroup => self.new_group(),
            Action::LinkTo(id) => self.link_to(id),
            Action::Press(place) => self.press(place),
            Action::Drag(place) => self.drag(place),
            Action::Release(place) => self.release(place),
            Action::Wheel(place, step) => self.wheel(place, step),
            Action::Resize(_) | Action::Leave(_) | Action::Suspend => {}
        }
    }

    fn after(&mut self, ticked: Ticked) {
        match ticked {
            Ticked::Line if self.is_newest_shown() => self.pause(),
            Ticked::RunsOn | Ticked::Line => {}
            Ticked::NoLine => {
                self.pause();
                self.tell("nothing but heartbeats for 2 s");
            }
            Ticked::Violation => {
                self.pause();
                self.view.violation = self.session.violation();
            }
        }
        self.follow_first_steps(true);
    }

    /// Whether a line that was just told is shown.
    fn is_newest_shown(&self) -> bool {
        let story = self.session.story();
        let shown = story.shown_next(story.len(), Step::Back);
        shown.is_some_and(|line| Some(story[line].at) == story.last().map(|newest| newest.at))
    }

    fn toggle_run(&mut self) {
        match self.view.pace {
            Pace::Paused => self.go(Pace::Running),
            Pace::Running | Pace::ToNextLine => self.pause(),
        }
    }

    /// Time stands. What the nodes have written is made durable, as a person who turns away may pull the plug.
    fn pause(&mut self) {
        self.view.pace = Pace::Paused;
        self.session.sync_files();
    }

    /// Time goes; after a broken promise too, so that one can see what it leads to.
    fn go(&mut self, pace: Pace) {
        self.session.go_on();
        self.view.violation = None;
        if self.session.is_alive() {
            self.view.pace = pace;
        } else if self.session.is_manual() {
            self.tell("manual: nothing happens by itself; m chooses what does · M lets it go");
        } else {
            self.tell("nothing is due: every node is down or frozen; r brings one back");
        }
    }

    /// Whoever asks for the next line on the way to one wants to be there.
    fn next_line(&mut self) {
        if self.view.pace == Pace::ToNextLine && self.session.is_searching() {
            let ticked = self.session.finish_line();
            self.after(ticked);
        }
        if !self.next_known_line() {
            self.go(Pace::ToNextLine);
        }
    }

    fn set_speed(&mut self, speed: Speed) {
        self.view.speed = speed;
    }

    fn pick(&mut self, id: NodeId) {
        if self.session.snapshot().node(id).is_some() {
            self.view.selection = Selection::Node(id);
        } else {
            self.complain(super::prompt::no_such_node(self.session.snapshot(), id));
        }
    }

    fn pick_neighbour(&mut self, step: Step) {
        let snapshot = self.session.snapshot();
        let count = snapshot.nodes.len();
        let selected = self.view.selected(snapshot);
        let Some(at) = snapshot.nodes.iter().position(|node| Some(node.id) == selected) else {
            return;
        };
        let goal = match step {
            Step::Back => (at + count - 1) % count,
            Step::Forward => (at + 1) % count,
        };
        self.view.selection = Selection::Node(snapshot.nodes[goal].id);
    }

    fn pick_leader(&mut self) {
        let snapshot = self.session.snapshot();
        let leaders = snapshot.leaders();
        let selected = self.view.selected(snapshot);
        let at = leaders.iter().position(|leader| Some(leader.id) == selected);
        let next = at.map_or(0, |at| (at + 1) % leaders.len());
        match leaders.get(next).map(|leader| leader.id) {
            Some(id) => self.view.selection = Selection::Node(id),
            None => self.complain("nobody leads now"),
        }
    }

    /// What is open closes; else all of the story is shown again; else all views; else the notes are hidden; else the leader is followed again.
    fn back(&mut self) {
        if self.leave_overlay() {
            return;
        }
        if self.session.story().filter().is_some() {
            return self.session.show_only(None);
        }
        if self.view.zoom.take().is_some() {
            return;
        }
        if !self.view.notes.hidden && !self.view.notes.steps.is_empty() {
            self.view.notes.hidden = true;
        } else {
            self.view.selection = Selection::Leader;
            self.view.log_scroll = None;
            self.view.story_scroll = None;
            self.view.disk_scroll = None;
        }
    }

    fn cycle_zoom(&mut self) {
        self.view.zoom = match self.view.zoom {
            None => Some(Pane::Cluster),
            Some(Pane::Cluster) => Some(Pane::Story),
            Some(Pane::Story) => Some(Pane::Logs),
            Some(Pane::Logs) => Some(Pane::Inspector),
            Some(Pane::Inspector) => None,
        };
    }

    /// Where the screen has no room for an inspector beside the rest, it fills the screen.
    fn show_tab(&mut self, tab: Tab) {
        self.view.tab = tab;
        self.view.disk_scroll = None;
        if !self.has_inspector() {
            self.view.zoom = Some(Pane::Inspector);
        }
    }

    /// Whether the screen shows the inspector.
    fn has_inspector(&self) -> bool {
        let layout = Layout::of(self.area(), &self.scene());
        layout.is_some_and(|layout| layout.inspector.is_some())
    }

    fn area(&self) -> Rect {
        Rect::new(0, 0, self.size.width, self.size.height)
    }

    /// What words are read against.
    pub(crate) fn context(&self) -> Context<'_> {
        let snapshot = self.session.snapshot();
        Context {
            snapshot,
            selected: self.view.selected(snapshot),
            journey: self.session.journey(),
        }
    }

    /// Keeps a journal from now on of what happens and what the screen says: [`drain_journal`](Self::drain_journal).
    pub fn keep_journal(&mut self) {
        self.journal = Some(Vec::new());
        self.session.keep_journal();
    }

    /// What has happened and what the screen has said since the last call, where a journal is kept.
    pub fn drain_journal(&mut self) -> Vec<String> {
        self.note_story();
        self.journal.as_mut().map_or_else(Vec::new, std::mem::take)
    }

    /// Has the screen say that something outside of the cluster does not work.
    pub fn warn(&mut self, sentence: &str) {
        self.journal = None;
        self.complain(sentence);
    }

    fn note_story(&mut self) {
        let lines = self.session.drain_journal();
        if let Some(journal) = &mut self.journal {
            let lines = lines.iter().map(|line| format!("{:>9}  {}", line.at, line.long));
            journal.extend(lines);
        }
    }

    /// Runs a line of the palette that a key stands for.
    fn run_words(&mut self, line: &str) {
        match super::palette::parse(line, &self.context()) {
            Ok(action) => self.carry_out(action),
            Err(sentence) => self.complain(sentence),
        }
    }

    fn tell(&mut self, text: impl Into<String>) {
        self.toast(text.into(), false);
    }

    fn complain(&mut self, text: impl Into<String>) {
        self.toast(text.into(), true);
    }

    fn toast(&mut self, text: String, is_error: bool) {
        self.note_story();
        if let Some(journal) = &mut self.journal {
            let now = self.session.snapshot().now;
            let sign = if is_error { '!' } else { '-' };
            journal.push(format!("{now:>9}  {sign} {text}"));
        }
        self.view.toast = Some(Toast { text, is_error });
        self.toast_left = TOAST;
    }

    /// Draws what the screen shows. `help` is all keys; those of the key bar are found here.
    pub fn draw(&self, help: &[KeyHint], frame: &mut Frame<'_>) {
        let bar = keymap::bar(&self.scene(), frame.area().width);
        super::draw::draw(&self.scene(), help, &bar, frame);
    }
}

#[cfg(test)]
mod tests;
