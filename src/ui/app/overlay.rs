//! What lies over the main screen.

use ratatui::layout::Rect;
use tui_input::{Input, InputRequest};

use super::App;
use crate::types::NodeId;
use crate::ui::action::{Question, Step};
use crate::ui::because::{self, AskedIn, Because, Thing};
use crate::ui::draw;
use crate::ui::filter::Filter;
use crate::ui::keymap;
use crate::ui::library::Overwrite;
use crate::ui::palette::{self, Entered};
use crate::ui::prompt;
use crate::ui::session::Playable;
use crate::ui::view::{OpenDialog, Overlay, SaveDialog};

/// What may come to whatever lies over the main screen.
pub(super) enum Touch<'a> {
    /// The choice moves.
    Choose(Step),
    /// The line that is typed changes.
    Type(Typed<'a>),
    /// A node is clicked on.
    Node(NodeId),
    /// A row is.
    Row(usize),
    /// What is there is confirmed.
    Confirm,
}

/// What becomes of a line that is typed.
pub(super) enum Typed<'a> {
    /// A key changes it.
    Key(InputRequest),
    /// This is pasted into it.
    Text(&'a str),
}

impl Typed<'_> {
    fn into_line(self, line: &mut Input) {
        match self {
            Self::Key(request) => {
                line.handle(request);
            }
            Self::Text(text) => prompt::paste(line, text),
        }
    }
}

impl<W: Playable> App<W> {
    pub(super) fn ask(&mut self, question: Question) {
        let selected = self.view.selected(self.session.snapshot());
        let overlay = match question {
            Question::Palette(prefix) => Some(Overlay::Palette(palette::open(prefix, &self.context()))),
            Question::Propose => Some(Overlay::Propose(Input::default())),
            Question::Filter => {
                let text = self.session.story().filter().map_or("", Filter::text);
                Some(Overlay::Filter(text.into()))
            }
            Question::Partition => selected
                .map(|id| prompt::partition_draft(self.session.snapshot(), id))
                .map(Overlay::Partition),
            Question::Link { one_way } => selected.map(|from| Overlay::Link { from, one_way }),
            Question::Messages => Some(self.message_list()),
            Question::Links => self.link_table(),
            Question::Point => self.finger(),
            Question::Save => Some(Overlay::Save(SaveDialog::default())),
            Question::Open => Some(Overlay::Open(self.open_dialog())),
        };
        self.view.overlay = overlay;
    }

    fn open_dialog(&mut self) -> OpenDialog {
        self.shelf = self.library.list();
        self.previews.clear();
        let mut dialog = OpenDialog {
            rows: self.shelf.clone(),
            ..OpenDialog::default()
        };
        self.preview(&mut dialog);
        dialog
    }

    /// Says what the chosen save holds. Each is looked into once while the dialog is open.
    fn preview(&mut self, dialog: &mut OpenDialog) {
        dialog.preview = match dialog.rows.get(dialog.chosen) {
            Some(row) => {
                let library = &self.library;
                let known = self.previews.entry(row.name.clone());
                known.or_insert_with(|| library.preview(&row.name)).clone()
            }
            None => Vec::new(),
        };
    }

    /// The same for the dialog that is open, if one is.
    fn refresh_preview(&mut self) {
        match self.view.overlay.take() {
            Some(Overlay::Open(mut dialog)) => {
                self.preview(&mut dialog);
                self.view.overlay = Some(Overlay::Open(dialog));
            }
            other => self.view.overlay = other,
        }
    }

    pub(super) fn why(&mut self) {
        let here = self.session.here();
        match here.and_then(|here| self.session.story().shown_next(here + 1, Step::Back)) {
            Some(line) => self.view.overlay = Some(Overlay::Why(line)),
            None if here.is_some() => self.tell("no line that is shown has happened yet; Esc shows all"),
            None => self.tell("nothing has happened yet"),
        }
    }

    pub(super) fn why_line(&mut self, line: usize) {
        if line < self.session.story().len() {
            self.view.overlay = Some(Overlay::Why(line));
        }
    }

    /// Why a thing on the screen is as it is.
    pub(super) fn why_of(&mut self, thing: Thing, asked_in: Option<AskedIn>) {
        let story = self.session.story();
        let passed = &story[..self.session.journey().passed(story.len())];
        match because::find(thing, self.session.snapshot(), passed) {
            Ok(because) => {
                self.view.overlay = Some(Overlay::Because(Box::new(Because { asked_in, ..because })));
            }
            Err(sentence) => self.complain(sentence),
        }
    }

    /// Why the line before or after this one happened, among those that are shown.
    fn explain_next(&mut self, line: usize, step: Step) {
        let place = match step {
            Step::Back => line,
            Step::Forward => line + 1,
        };
        if let Some(line) = self.session.story().shown_next(place, step) {
            self.view.overlay = Some(Overlay::Why(line));
        }
    }

    /// Leaves what is open. Who asked in the list of messages or on the logs is there again. Says whether anything was.
    pub(super) fn leave_overlay(&mut self) -> bool {
        match self.view.overlay.take() {
            Some(Overlay::Filter(_)) => {
                self.session.show_only(None);
                true
            }
            Some(Overlay::Because(because)) => {
                self.view.overlay = because.asked_in.map(|asked_in| match asked_in {
                    AskedIn::Messages(hand) => Overlay::Messages(hand),
                    AskedIn::Logs(entry) => Overlay::Point(entry),
                });
                true
            }
            left => left.is_some(),
        }
    }

    /// All that overlays answer to, overlay by overlay: what one does not answer to, it need not name.
    pub(super) fn touch(&mut self, touch: Touch<'_>) {
        if let (Some(line), Touch::Choose(step)) = (self.view.explained(), &touch) {
            return self.explain_next(line, *step);
        }
        let snapshot = self.session.snapshot();
        let Some(overlay) = &mut self.view.overlay else {
            return;
        };
        match (overlay, touch) {
            (Overlay::Help(page), Touch::Choose(step)) => {
                let area = Rect::new(0, 0, self.size.width, self.size.height);
                prompt::choose(page, draw::help_pages(&keymap::help(), area), step);
            }

            (Overlay::Palette(palette), Touch::Choose(step)) => {
                prompt::choose(&mut palette.chosen, palette.candidates.len(), step);
            }
            (Overlay::Palette(palette), Touch::Type(typed)) => {
                typed.into_line(&mut palette.input);
                self.with_palette(palette::refresh);
            }
            (Overlay::Palette(palette), Touch::Row(row)) if row < palette.candidates.len() => {
                let before = std::mem::replace(&mut palette.chosen, row);
                self.confirm_second(before == row);
            }
            (Overlay::Palette(_), Touch::Confirm) => self.enter_palette(),

            (Overlay::Open(dialog), Touch::Choose(step)) => {
                prompt::choose(&mut dialog.chosen, dialog.rows.len(), step);
                self.refresh_preview();
            }
            (Overlay::Open(dialog), Touch::Type(typed)) => {
                typed.into_line(&mut dialog.filter);
                prompt::filter(dialog, &self.shelf);
                self.refresh_preview();
            }
            (Overlay::Open(dialog), Touch::Row(row)) if row < dialog.rows.len() => {
                let before = std::mem::replace(&mut dialog.chosen, row);
                self.confirm_second(before == row);
            }
            (Overlay::Open(dialog), Touch::Confirm) => {
                let dialog = dialog.clone();
                self.open_chosen(&dialog);
            }

            (Overlay::Save(dialog), Touch::Type(typed)) => {
                typed.into_line(&mut dialog.name);
                dialog.overwrite = None;
            }
            (Overlay::Save(dialog), Touch::Confirm) => {
                let dialog = dialog.clone();
                self.save_as(&dialog);
            }

            (Overlay::Propose(input), Touch::Type(typed)) => typed.into_line(input),
            (Overlay::Propose(input), Touch::Confirm) => {
                let command = input.value().to_owned();
                self.view.overlay = None;
                self.propose(None, &command);
            }

            (Overlay::Filter(input), Touch::Type(typed)) => {
                typed.into_line(input);
                self.session.show_only(Filter::new(input.value()));
                self.view.story_scroll = None;
            }
            (Overlay::Filter(_), Touch::Confirm) => self.view.overlay = None,

            (Overlay::Partition(draft), Touch::Confirm) => match prompt::partition(draft) {
                Ok(command) => {
                    self.view.overlay = None;
                    self.command(command);
                }
                Err(sentence) => self.complain(sentence),
            },
            (Overlay::Partition(_), Touch::Node(id)) => self.move_into_group(id),

            (Overlay::Link { .. }, Touch::Node(id)) => self.link_to(id),

            (Overlay::Messages(hand), Touch::Choose(step)) => hand.step(snapshot, step),
            (Overlay::Messages(_), Touch::Node(id)) => self.list_only(id),
            (Overlay::Messages(_), Touch::Row(row)) => self.press_message(row),

            (Overlay::Compare(_), Touch::Choose(step)) => self.compare_at(step),
            (Overlay::Compare(_), Touch::Confirm) => self.show_compared(),

            (_, Touch::Choose(_) | Touch::Type(_) | Touch::Node(_) | Touch::Row(_) | Touch::Confirm) => {}
        }
    }

    /// The first click on a row chooses it, the second confirms.
    fn confirm_second(&mut self, was_chosen: bool) {
        if was_chosen {
            self.touch(Touch::Confirm);
        }
    }

    pub(super) fn complete(&mut self) {
        self.with_palette(palette::complete);
    }

    /// Works on the palette, which is put aside meanwhile: it is read against what lies under it.
    fn with_palette<T>(
        &mut self,
        work: impl FnOnce(&mut crate::ui::view::Palette, &palette::Context<'_>) -> T,
    ) -> Option<T> {
        match self.view.overlay.take() {
            Some(Overlay::Palette(mut palette)) => {
                let done = work(&mut palette, &self.context());
                self.view.overlay = Some(Overlay::Palette(palette));
                Some(done)
            }
            other => {
                self.view.overlay = other;
                None
            }
        }
    }

    fn enter_palette(&mut self) {
        if let Some(Entered::Run(action)) = self.with_palette(palette::enter) {
            self.view.overlay = None;
            self.carry_out(action);
        }
    }

    fn open_chosen(&mut self, dialog: &OpenDialog) {
        let typed = dialog.filter.value().trim();
        match dialog.rows.get(dialog.chosen) {
            Some(row) => self.open(&row.name),
            // What no row matches may still be a path.
            None if !typed.is_empty() => self.open(typed),
            None => self.complain("there is nothing to open here"),
        }
    }

    fn save_as(&mut self, dialog: &SaveDialog) {
        let name = dialog.name.value().trim();
        if name.is_empty() {
            self.complain("a save needs a name");
        } else if dialog.overwrite.is_some() {
            self.write_save(name, Overwrite::Yes);
        } else {
            self.write_save(name, Overwrite::No);
        }
    }

    pub(super) fn move_into_group(&mut self, id: NodeId) {
        if self.session.snapshot().node(id).is_none() {
            self.complain(prompt::no_such_node(self.session.snapshot(), id));
        } else if let Some(Overlay::Partition(draft)) = &mut self.view.overlay {
            prompt::move_node(draft, id);
        }
    }

    pub(super) fn new_group(&mut self) {
        if let Some(Overlay::Partition(draft)) = &mut self.view.overlay {
            prompt::new_group(draft);
        }
    }

    pub(super) fn link_to(&mut self, to: NodeId) {
        let Some(Overlay::Link { from, one_way }) = self.view.overlay else {
            return;
        };
        match prompt::link(self.session.snapshot(), from, to, one_way) {
            Ok(command) => {
                self.view.overlay = None;
                self.command(command);
            }
            Err(sentence) => {
                self.view.overlay = None;
                self.complain(sentence);
            }
        }
    }
}
