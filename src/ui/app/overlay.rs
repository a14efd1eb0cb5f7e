//! What lies over the main screen.

use tui_input::{Input, InputRequest};

use super::App;
use crate::types::NodeId;
use crate::ui::action::{Question, Step};
use crate::ui::draw;
use crate::ui::keymap;
use crate::ui::library::Overwrite;
use crate::ui::palette::{self, Entered};
use crate::ui::prompt;
use crate::ui::session::Playable;
use crate::ui::view::{OpenDialog, Overlay, SaveDialog};

impl<W: Playable> App<W> {
    pub(super) fn ask(&mut self, question: Question) {
        let selected = self.view.selected(self.session.snapshot());
        let overlay = match question {
            Question::Palette(prefix) => Some(Overlay::Palette(palette::open(prefix, &self.context()))),
            Question::Propose => Some(Overlay::Propose(Input::default())),
            Question::Partition => selected
                .map(|id| prompt::partition_draft(self.session.snapshot(), id))
                .map(Overlay::Partition),
            Question::Link { one_way } => selected.map(|from| Overlay::Link { from, one_way }),
            Question::Messages => Some(self.message_list()),
            Question::Links => self.link_table(),
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
        match self.session.here() {
            Some(line) => self.view.overlay = Some(Overlay::Why(line)),
            None => self.tell("nothing has happened yet"),
        }
    }

    pub(super) fn why_line(&mut self, line: usize) {
        if line < self.session.story().len() {
            self.view.overlay = Some(Overlay::Why(line));
        }
    }

    pub(super) fn choose(&mut self, step: Step) {
        let snapshot = self.session.snapshot();
        let lines = self.session.story().len();
        let pages = draw::help_pages(&keymap::help(), self.area());
        match &mut self.view.overlay {
            Some(Overlay::Help(page)) => prompt::choose(page, pages, step),
            Some(Overlay::Why(line)) => prompt::choose(line, lines, step),
            Some(Overlay::Palette(palette)) => {
                prompt::choose(&mut palette.chosen, palette.candidates.len(), step);
            }
            Some(Overlay::Messages(hand)) => hand.step(snapshot, step),
            Some(Overlay::Open(dialog)) => {
                prompt::choose(&mut dialog.chosen, dialog.rows.len(), step);
                self.refresh_preview();
            }
            Some(Overlay::Compare(_)) => self.compare_at(step),
            Some(
                Overlay::Propose(_)
                | Overlay::Partition(_)
                | Overlay::Link { .. }
                | Overlay::Save(_)
                | Overlay::Links(_),
            )
            | None => {}
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

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.type_into(|input| {
            input.handle(request);
        });
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.type_into(|input| prompt::paste(input, text));
    }

    fn type_into(&mut self, change: impl FnOnce(&mut Input)) {
        match &mut self.view.overlay {
            Some(Overlay::Palette(palette)) => {
                change(&mut palette.input);
                self.with_palette(palette::refresh);
            }
            Some(Overlay::Propose(input)) => change(input),
            Some(Overlay::Open(dialog)) => {
                change(&mut dialog.filter);
                prompt::filter(dialog, &self.shelf);
                self.refresh_preview();
            }
            Some(Overlay::Save(dialog)) => {
                change(&mut dialog.name);
                dialog.overwrite = None;
            }
            Some(
                Overlay::Help(_)
                | Overlay::Why(_)
                | Overlay::Partition(_)
                | Overlay::Link { .. }
                | Overlay::Messages(_)
                | Overlay::Compare(_)
                | Overlay::Links(_),
            )
            | None => {}
        }
    }

    pub(super) fn confirm(&mut self) {
        match self.view.overlay.clone() {
            Some(Overlay::Palette(_)) => self.enter_palette(),
            Some(Overlay::Propose(input)) => {
                self.view.overlay = None;
                self.propose(None, input.value());
            }
            Some(Overlay::Partition(draft)) => match prompt::partition(&draft) {
                Ok(command) => {
                    self.view.overlay = None;
                    self.command(command);
                }
                Err(sentence) => self.complain(sentence),
            },
            Some(Overlay::Open(dialog)) => self.open_chosen(&dialog),
            Some(Overlay::Save(dialog)) => self.save_as(&dialog),
            Some(Overlay::Messages(_)) => self.on_message(crate::ui::action::MessageVerb::Deliver),
            Some(Overlay::Compare(_)) => self.show_compared(),
            Some(Overlay::Help(_) | Overlay::Why(_) | Overlay::Link { .. } | Overlay::Links(_)) | None => {}
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
