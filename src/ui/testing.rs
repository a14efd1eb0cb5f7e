//! A program on a real world, with a library in memory, driven by keys.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::app::{App, Start};
use super::keymap;
use super::library::{Library, Opened, Overwrite, Recording, Refusal};
use super::told::ToldWorld;
use super::view::{OpenRow, Scene};
use crate::machine::KeyValue;
use crate::playground::{Command, HostKind, Settings, TimedCommand, World, WorldImage, WorldOptions};
use crate::types::VirtualTime;

pub(super) type Played = ToldWorld<KeyValue>;

/// What a library in memory holds.
#[derive(Default)]
pub(super) struct Shelf {
    pub(super) saves: BTreeMap<String, WorldImage>,
    pub(super) scripts: BTreeMap<String, Vec<TimedCommand>>,
    pub(super) pictures: Vec<String>,
    /// What may not be done.
    pub(super) forbidden: Option<Command>,
    pub(super) answers: BTreeMap<usize, String>,
    pub(super) texts: BTreeMap<String, String>,
    pub(super) drawn: Vec<(VirtualTime, VirtualTime)>,
}

/// A library in memory.
#[derive(Clone, Default)]
pub(super) struct MemoryLibrary(pub(super) Rc<RefCell<Shelf>>);

impl Library<Played> for MemoryLibrary {
    fn list(&self) -> Vec<OpenRow> {
        let held = self.0.borrow();
        let row = |name: &String| OpenRow {
            name: name.clone(),
            title: "a save".to_owned(),
            origin: "memory".to_owned(),
        };
        held.saves.keys().map(row).collect()
    }

    fn preview(&self, name: &str) -> Vec<String> {
        vec![format!("what {name} holds")]
    }

    fn open(&mut self, name: &str) -> Result<Opened<Played>, String> {
        let image = self.0.borrow().saves.get(name).cloned();
        let image = image.ok_or_else(|| format!("there is no save `{name}`"))?;
        let world = World::restore(image, HostKind::Inline, None).map_err(|error| error.to_string())?;
        Ok(Opened {
            world: ToldWorld::from_here(world),
            title: None,
            notes: ["Look at it", "Run it"].map(Into::into).to_vec(),
        })
    }

    fn save(&mut self, world: &mut Played, name: &str, overwrite: Overwrite) -> Result<PathBuf, Refusal> {
        let path = PathBuf::from("/memory").join(name);
        let mut held = self.0.borrow_mut();
        if held.saves.contains_key(name) && overwrite == Overwrite::No {
            return Err(Refusal::Exists(path));
        }
        let image = world.world_mut().image();
        held.saves.insert(
            name.to_owned(),
            image.map_err(|error| Refusal::Failed(error.to_string()))?,
        );
        Ok(path)
    }

    fn save_last(&mut self, world: &mut Played) -> Result<PathBuf, String> {
        match self.save(world, "last", Overwrite::Yes) {
            Ok(path) => Ok(path),
            Err(Refusal::Exists(path)) => Err(path.display().to_string()),
            Err(Refusal::Failed(sentence)) => Err(sentence),
        }
    }

    fn script(&mut self, name: &str, recording: Recording<'_>) -> Result<PathBuf, Refusal> {
        self.0
            .borrow_mut()
            .scripts
            .insert(name.to_owned(), recording.commands.to_vec());
        Ok(PathBuf::from(name))
    }

    fn share(&mut self, recording: Recording<'_>) -> Result<String, String> {
        Ok(format!("code of {}", recording.commands.len()))
    }

    fn write(&mut self, name: &str, text: &str) -> Result<PathBuf, Refusal> {
        let texts = &mut self.0.borrow_mut().texts;
        texts.insert(name.to_owned(), text.to_owned());
        Ok(PathBuf::from(name))
    }

    fn lamport(
        &mut self,
        name: &str,
        _: Recording<'_>,
        stretch: (VirtualTime, VirtualTime),
    ) -> Result<PathBuf, Refusal> {
        self.0.borrow_mut().drawn.push(stretch);
        Ok(PathBuf::from(name))
    }

    fn permits(&self, command: &Command) -> Result<(), String> {
        match &self.0.borrow().forbidden {
            Some(forbidden) if forbidden == command => Err("that is forbidden here".to_owned()),
            Some(_) | None => Ok(()),
        }
    }

    fn grade(&mut self, recording: Recording<'_>) -> Result<String, String> {
        Ok(format!(
            "{} commands until {}",
            recording.commands.len(),
            recording.until
        ))
    }

    fn answer(&mut self, question: usize, text: &str) -> Result<String, String> {
        self.0.borrow_mut().answers.insert(question, text.to_owned());
        Ok("kept".to_owned())
    }

    fn export(&mut self, name: &str, _: &Scene<'_>) -> Result<PathBuf, Refusal> {
        self.0.borrow_mut().pictures.push(name.to_owned());
        Ok(PathBuf::from(name))
    }
}

/// A program at the keyboard.
pub(super) struct Keyboard {
    pub(super) app: App<Played>,
    pub(super) library: MemoryLibrary,
}

impl Keyboard {
    /// A cluster of so many nodes that has not begun to run.
    pub(super) fn new(nodes: u64, seed: u64) -> Self {
        let world = World::new(WorldOptions {
            nodes,
            seed,
            settings: Settings::default(),
            host: HostKind::Inline,
            data_dir: None,
        });
        let world = ToldWorld::from_the_start(world.expect("a world in memory starts"));
        let library = MemoryLibrary::default();
        let start = Start {
            is_paused: true,
            first_steps: true,
            ..Start::default()
        };
        let app = App::new(world, Box::new(library.clone()), start);
        Self { app, library }
    }

    /// The same, some time after the first election.
    pub(super) fn with_leader(nodes: u64, seed: u64) -> Self {
        let mut keyboard = Self::new(nodes, seed);
        keyboard
            .press("Space")
            .type_in(":speed 10")
            .press("Enter")
            .wait(2_000)
            .press("Space a");
        assert_eq!(keyboard.app.scene().snapshot.leaders().len(), 1);
        keyboard
    }

    /// Presses keys, separated by spaces, by the names that the help gives them.
    pub(super) fn press(&mut self, keys: &str) -> &mut Self {
        for name in keys.split(' ') {
            self.press_key(key(name));
        }
        self
    }

    pub(super) fn press_key(&mut self, key: KeyEvent) {
        if let Some(action) = keymap::action(self.app.mode(), key) {
            self.app.key_pressed(Some(keymap::name(key)));
            self.app.update(action);
        }
    }

    /// Types letters.
    pub(super) fn type_in(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            self.press_key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE));
        }
        self
    }

    /// Lets milliseconds pass on the wall, frame by frame.
    pub(super) fn wait(&mut self, millis: u64) -> &mut Self {
        for _ in 0..millis.div_ceil(33) {
            self.app.tick(Duration::from_millis(33));
        }
        self
    }

    pub(super) fn toast(&self) -> &str {
        self.app
            .scene()
            .view
            .toast
            .as_ref()
            .map_or("", |toast| &toast.text)
    }

    pub(super) fn last_line(&self) -> &str {
        self.app.scene().story.last().map_or("", |line| &line.short)
    }
}

pub(super) fn key(name: &str) -> KeyEvent {
    let code = match name {
        "Space" => KeyCode::Char(' '),
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Backspace" => KeyCode::Backspace,
        "↑" => KeyCode::Up,
        "↓" => KeyCode::Down,
        "←" => KeyCode::Left,
        "→" => KeyCode::Right,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "F5" => KeyCode::F(5),
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        letter => match letter.strip_prefix("Ctrl-") {
            Some(letter) => {
                let letter = letter.chars().next().unwrap().to_ascii_lowercase();
                return KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL);
            }
            None => KeyCode::Char(letter.chars().next().unwrap()),
        },
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}
