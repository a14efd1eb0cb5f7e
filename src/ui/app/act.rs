//! What is done to the cluster, and what is read and written.

use super::{App, Wish};
use crate::lesson::Guide;
use crate::playground::{Command, Load, Snapshot};
use crate::types::{LogIndex, NodeId, VirtualTime};
use crate::ui::action::Verb;
use crate::ui::library::{Opened, Overwrite, Recording, Refusal};
use crate::ui::session::{Playable, Session};
use crate::ui::view::{Overlay, SaveDialog, Selection};

/// So much is drawn of a run where nobody says how much: an election, and what comes of it.
const RECENT_NANOS: u64 = 300_000_000;

impl<W: Playable> App<W> {
    pub(super) fn command(&mut self, command: Command) {
        if let Err(sentence) = self.library.permits(&command) {
            return self.complain(sentence);
        }
        match self.session.command(command) {
            Ok(()) => self.tell_of_branch(),
            Err(error) => self.complain(error.to_string()),
        }
        self.view.violation = self.session.violation();
    }

    pub(super) fn on_selected(&mut self, verb: Verb) {
        let snapshot = self.session.snapshot();
        let selected = self.view.selected(snapshot).and_then(|id| snapshot.node(id));
        match selected.map(|node| verb.command(node)) {
            Some(command) => {
                // What was done to a node stays in view: a crashed leader is brought back with the next key.
                self.pin_selection();
                self.command(command);
            }
            None => self.complain("no node is selected"),
        }
    }

    /// Keeps the selected node selected even when it does not lead any more.
    fn pin_selection(&mut self) {
        if let Some(id) = self.view.selected(self.session.snapshot()) {
            self.view.selection = Selection::Node(id);
        }
    }

    pub(super) fn propose_next(&mut self) {
        let next = self.proposed.max(highest_proposed(self.session.snapshot())) + 1;
        if self.propose(None, &format!("x={next}")) {
            self.proposed = next;
        }
    }

    /// Clients ask by themselves, or no more.
    pub(super) fn toggle_workload(&mut self) {
        let asks = self.session.snapshot().settings.load.is_some();
        self.command(Command::Load((!asks).then(Load::default)));
    }

    /// Proposes at a node; where none is named, at the selected one if it leads, else at the leader of the highest
    /// term, and says so.
    pub(super) fn propose(&mut self, to: Option<NodeId>, command: &str) -> bool {
        let command = command.trim();
        if command.is_empty() {
            self.complain("nothing to propose; try x=7");
            return false;
        }
        let snapshot = self.session.snapshot();
        let selected = self.view.selected(snapshot);
        let goal = to.or(self.view.proposal_goal(snapshot));
        let told = goal
            .and_then(|id| snapshot.node(id))
            .filter(|node| Some(node.id) != selected);
        let told = told.map(|node| format!("{command} goes to {}, term {}", node.id, node.term));
        let command = Command::Propose {
            to: goal,
            command: command.to_owned(),
        };
        if let Err(sentence) = self.library.permits(&command) {
            self.complain(sentence);
            return false;
        }
        match self.session.command(command) {
            Ok(()) => {
                if let Some(told) = told {
                    self.tell(told);
                }
                self.tell_of_branch();
                true
            }
            Err(error) => {
                self.complain(error.to_string());
                false
            }
        }
    }

    pub(super) fn save(&mut self, name: &str) {
        self.write_save(name, Overwrite::No);
    }

    /// Saves; asks where a file would be overwritten.
    pub(super) fn write_save(&mut self, name: &str, overwrite: Overwrite) {
        match self.library.save(self.session.world_mut(), name, overwrite) {
            Ok(path) => {
                self.view.overlay = None;
                self.tell(format!("saved as {}", path.display()));
            }
            Err(Refusal::Exists(path)) => {
                self.view.overlay = Some(Overlay::Save(SaveDialog {
                    name: name.to_owned().into(),
                    overwrite: Some(path.display().to_string()),
                }));
            }
            Err(Refusal::Failed(sentence)) => self.complain(sentence),
        }
    }

    pub(super) fn open(&mut self, name: &str) {
        match self.library.open(name) {
            Ok(opened) => self.show(opened, name),
            Err(sentence) => self.complain(sentence),
        }
    }

    fn show(&mut self, opened: Opened<W>, name: &str) {
        let Opened { world, title, notes } = opened;
        let mut session = Session::new(world);
        if self.journal.is_some() {
            session.keep_journal();
        }
        let before = std::mem::replace(&mut self.session, session);
        self.session.take_over(before);
        self.session.sync_files();
        self.view.permitted = self.library.permitted();
        self.first_steps = None;
        self.guide = Guide::default();
        self.proposed = 0;
        self.view.selection = Selection::Leader;
        self.view.overlay = None;
        self.view.pace = crate::ui::view::Pace::Paused;
        self.view.notes = super::notes::with_steps(notes);
        self.view.log_scroll = None;
        self.view.story_scroll = None;
        self.view.disk_scroll = None;
        self.view.violation = self.session.violation();
        self.view.title = Some(title.unwrap_or_else(|| name.to_owned()));
        self.tell("opened; Space runs");
    }

    pub(super) fn script(&mut self, name: &str) {
        let written = self.library.script(name, recording(&self.session));
        self.report(written, "what was done is written to");
    }

    /// Makes a share code: into the clipboard, or into a file.
    pub(super) fn share(&mut self, file: Option<&str>) {
        let code = match self.library.share(recording(&self.session)) {
            Ok(code) => code,
            Err(sentence) => return self.complain(sentence),
        };
        if let Some(file) = file {
            let written = self.library.write(file, &format!("raft-play --share {code}\n"));
            return self.report(written, "the share code is in");
        }
        self.tell(format!(
            "{} letters are in the clipboard: raft-play --share and these come here. No clipboard? q shows them, :share FILE",
            code.len()
        ));
        self.wish = Some(Wish::Copy(code.clone()));
        self.shared = Some(code);
    }

    /// Draws a stretch of the run; without one, the last moments up to here.
    pub(super) fn lamport(&mut self, file: &str, stretch: Option<(VirtualTime, VirtualTime)>) {
        let now = self.session.snapshot().now;
        let recent = now.nanos().saturating_sub(RECENT_NANOS);
        let (from, to) = stretch.unwrap_or((VirtualTime::from_nanos(recent), now));
        if from >= now {
            return self.complain(if from == now {
                format!("nothing lies between {from} s and now")
            } else {
                format!("{from} s has not come yet: it is {now} s here")
            });
        }
        let stretch = (from, to.min(now));
        let drawn = self.library.lamport(file, recording(&self.session), stretch);
        self.report(drawn, &format!("{from} to {} is drawn in", stretch.1));
    }

    pub(super) fn grade(&mut self) {
        let graded = self.library.grade(recording(&self.session));
        self.tell_or_complain(graded);
    }

    pub(super) fn answer(&mut self, question: usize, text: &str) {
        let kept = self.library.answer(question, text);
        self.tell_or_complain(kept);
    }

    fn tell_or_complain(&mut self, said: Result<String, String>) {
        match said {
            Ok(sentence) => self.tell(sentence),
            Err(sentence) => self.complain(sentence),
        }
    }

    pub(super) fn export(&mut self, name: &str) {
        let written = self.library.export(name, &scene(&self.session, &self.view));
        self.report(written, "a picture of the screen is in");
    }

    fn report(&mut self, written: Result<std::path::PathBuf, Refusal>, what: &str) {
        match written {
            Ok(path) => self.tell(format!("{what} {}", path.display())),
            Err(Refusal::Exists(path)) => {
                self.complain(format!(
                    "{} is there already; choose another name",
                    path.display()
                ));
            }
            Err(Refusal::Failed(sentence)) => self.complain(sentence),
        }
    }
}

/// What was done up to the moment that is shown.
pub(super) fn recording<W: Playable>(session: &Session<W>) -> Recording<'_> {
    Recording {
        commands: session.commands(),
        until: session.snapshot().now,
    }
}

/// A scene from its parts, so that the library can be used beside it.
fn scene<'a, W: Playable>(
    session: &'a Session<W>,
    view: &'a crate::ui::view::View,
) -> crate::ui::view::Scene<'a> {
    crate::ui::view::Scene {
        snapshot: session.snapshot(),
        story: session.story(),
        journey: session.journey(),
        view,
        clients: (view.tab == crate::ui::view::Tab::Clients).then(|| session.clients()),
        disk: session.disk(),
    }
}

/// The highest number that `x=…` stands for in any log: a loaded cluster goes on from there.
fn highest_proposed(snapshot: &Snapshot) -> u64 {
    let numbers = snapshot.nodes.iter().flat_map(|node| {
        let first = node.log.first_index();
        let last = node.log.last_index().number();
        (first.number()..=last).filter_map(|index| {
            let command = node.log.entry(LogIndex::new(index))?.payload.command()?;
            let number = std::str::from_utf8(command).ok()?.strip_prefix("x=")?;
            number.parse().ok()
        })
    });
    // A person may have proposed any number; the next one must still fit.
    numbers
        .filter(|number| *number < u64::from(u32::MAX))
        .max()
        .unwrap_or(0)
}
