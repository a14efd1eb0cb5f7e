//! The screen's way to files: saves on the shelf, scripts and pictures where they are told to go.

use std::path::{Path, PathBuf};

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::start::Scene as About;
use crate::machine::KeyValue;
use crate::playground::{HostKind, TimedCommand, World};
use crate::save::script::Script;
use crate::save::{self, Listed, Origin, Save, SaveError, Shelf};
use crate::ui::library::{Library, Opened, Overwrite, Refusal};
use crate::ui::told::ToldWorld;
use crate::ui::view::{OpenRow, Scene, ThemeName};
use crate::ui::{draw, keymap, picture};

/// Files of the current directory and of this user.
#[derive(Debug)]
pub(super) struct Files {
    /// The saves there are.
    pub(super) shelf: Shelf,
    /// Where the nodes of opened saves run.
    pub(super) host: HostKind,
    /// The title and notes of what is played: its saves keep them.
    pub(super) scene: About,
    /// The command that plays what is played from its beginning, without a screen; stands in scripts.
    pub(super) headless: String,
}

impl Files {
    fn save_of(&self, world: &mut ToldWorld<KeyValue>) -> Result<Save, String> {
        Ok(Save {
            title: self.scene.title.clone(),
            notes: self.scene.notes.clone(),
            image: world.world_mut().image().map_err(|error| error.to_string())?,
            then: world.agenda().cloned().collect(),
        })
    }
}

impl Library<ToldWorld<KeyValue>> for Files {
    fn list(&self) -> Vec<OpenRow> {
        self.shelf.list().into_iter().map(row).collect()
    }

    fn open(&mut self, name: &str) -> Result<Opened<ToldWorld<KeyValue>>, String> {
        let Save {
            title,
            notes,
            image,
            then,
        } = self.shelf.load(name).map_err(|error| error.to_string())?;
        let world = World::restore(image, self.host, None).map_err(|error| error.to_string())?;
        self.scene = About {
            title: title.clone(),
            notes: notes.clone(),
        };
        self.headless = format!("raft-play run {name}");
        Ok(Opened {
            world: ToldWorld::from_here(world).followed_by(then),
            title,
            notes,
        })
    }

    fn save(
        &mut self,
        world: &mut ToldWorld<KeyValue>,
        name: &str,
        overwrite: Overwrite,
    ) -> Result<PathBuf, Refusal> {
        let path = self.shelf.target(name).map_err(refusal)?;
        let overwrite = match overwrite {
            Overwrite::Yes => save::Overwrite::Replace,
            Overwrite::No => save::Overwrite::Ask,
        };
        let save = self.save_of(world).map_err(Refusal::Failed)?;
        save::write(&path, &save, overwrite).map_err(refusal)
    }

    fn save_last(&mut self, world: &mut ToldWorld<KeyValue>) -> Result<PathBuf, String> {
        let save = self.save_of(world)?;
        self.shelf.write_last(&save).map_err(|error| error.to_string())
    }

    fn script(&mut self, name: &str, commands: &[TimedCommand]) -> Result<PathBuf, Refusal> {
        let script = Script {
            answer: String::new(),
            commands: commands.to_vec(),
        };
        let path = with_extension(name, "ron");
        let last = commands.last().map_or_else(Default::default, |timed| timed.at);
        let comment = format!(
            "To run it again: {} --for {}s --commands {}",
            self.headless,
            last.nanos() / 1_000_000_000 + 1,
            path.display()
        );
        save::write_text(&path, &script.text(&comment), save::Overwrite::Ask).map_err(refusal)
    }

    fn export(&mut self, name: &str, scene: &Scene<'_>) -> Result<PathBuf, Refusal> {
        let picture = picture_of(scene).map_err(|error| Refusal::Failed(error.to_string()))?;
        let path = with_extension(name, "svg");
        save::write_text(&path, &picture, save::Overwrite::Ask).map_err(refusal)
    }
}

/// The scene as the terminal shows it, drawn once more on paper.
fn picture_of(scene: &Scene<'_>) -> Result<String, Box<dyn std::error::Error>> {
    let (width, height) = ratatui::crossterm::terminal::size().unwrap_or((100, 30));
    let mut terminal = Terminal::new(TestBackend::new(width, height))?;
    let bar = keymap::bar(scene, width);
    let frame = terminal.draw(|frame| draw::draw(scene, &keymap::help(), &bar, frame))?;
    let (ground, ink) = match scene.view.theme {
        ThemeName::Light => ("#ffffff", "#000000"),
        ThemeName::Dark | ThemeName::HighContrast | ThemeName::Mono => ("#000000", "#e0e0e0"),
    };
    Ok(picture::svg(frame.buffer, ground, ink))
}

fn with_extension(name: &str, extension: &str) -> PathBuf {
    let path = Path::new(name);
    if path.extension().is_some() {
        path.to_owned()
    } else {
        path.with_extension(extension)
    }
}

fn row(listed: Listed) -> OpenRow {
    OpenRow {
        name: listed.name,
        title: match listed.title {
            Ok(title) => title.unwrap_or_default(),
            Err(error) => error.to_string(),
        },
        origin: match listed.origin {
            Origin::Shipped => "shipped".to_owned(),
            Origin::Last(_) => "when you left".to_owned(),
            Origin::File(path) => folder_of(&path),
        },
    }
}

fn folder_of(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name);
    folder.map_or_else(
        || "here".to_owned(),
        |folder| folder.to_string_lossy().into_owned(),
    )
}

fn refusal(error: SaveError) -> Refusal {
    match error {
        SaveError::Exists { path } => Refusal::Exists(path),
        other => Refusal::Failed(other.to_string()),
    }
}
