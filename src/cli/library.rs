//! The screen's way to files: saves on the shelf, scripts and pictures where they are told to go.

use std::path::{Path, PathBuf};

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::error::CliError;
use super::start::Scene as About;
use crate::homework::{self, Task, TaskError};
use crate::machine::KeyValue;
use crate::playground::{Command, HostKind, TRACE_VERSION, World};
use crate::save::script::Script;
use crate::save::{self, Listed, Origin, Save, SaveError, Shelf};
use crate::types::VirtualTime;
use crate::ui::library::{Library, Opened, Overwrite, Recording, Refusal};
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
    /// The task that is done, if one is.
    pub(super) task: Option<Homework>,
}

/// A task that is done, and what was answered so far.
#[derive(Debug)]
pub(super) struct Homework {
    task: Task,
    answers: Vec<String>,
}

impl Homework {
    /// The task in a file, or of this name.
    pub(super) fn named(name: &str) -> Result<Self, TaskError> {
        let task = homework::named(name)?;
        let answers = vec![String::new(); task.questions.len()];
        Ok(Self { task, answers })
    }

    /// Where it begins, under the task's title and with its notes.
    pub(super) fn start(&self) -> Save {
        Save {
            title: Some(self.task.title.clone()),
            notes: self.task.steps(),
            ..self.task.start.clone()
        }
    }

    /// What is handed in.
    fn script(&self, recording: Recording<'_>) -> Script {
        Script {
            answers: self.answers.clone(),
            start: Some(self.task.start_hash()),
            ..script_of(recording)
        }
    }

    /// How far one is, in a sentence.
    fn grade(&self, recording: Recording<'_>) -> Result<String, CliError> {
        let grade = homework::grade(&self.task, &self.script(recording))?;
        let met = grade.goals.iter().filter(|goal| goal.is_met).count();
        let all = grade.goals.len();
        let open = grade.goals.iter().find(|goal| !goal.is_met);
        let wrong = grade
            .questions
            .iter()
            .position(|question| question.is_right == Some(false));
        Ok(match (grade.faults.first(), open, wrong) {
            (Some(fault), ..) => fault.clone(),
            (None, Some(open), _) => format!(
                "{met} of {all} goals; not yet: {} ({})",
                open.goal, open.condition
            ),
            (None, None, Some(wrong)) => {
                format!("all {all} goals; answer {} is not right yet", wrong + 1)
            }
            (None, None, None) => format!("all {all} goals: :script homework.ron writes it down"),
        })
    }
}

fn script_of(recording: Recording<'_>) -> Script {
    Script {
        trace: Some(TRACE_VERSION),
        until: Some(recording.until),
        commands: recording.commands.to_vec(),
        ..Script::default()
    }
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

impl Homework {
    /// What stands above the script: what is asked, and how it is judged.
    fn comment(&self, path: &Path) -> String {
        let mut lines = vec![format!(
            "{}: raft-play grade TASK {}",
            self.task.title,
            path.display()
        )];
        let questions = self.task.questions.iter().zip(1..);
        lines.extend(questions.map(|(question, number)| format!("{number}. {}", question.text)));
        lines.join("\n")
    }
}

impl Files {
    fn how_to_run(&self, recording: Recording<'_>, path: &Path) -> String {
        let seconds = |at: VirtualTime| at.nanos() / 1_000_000_000 + 1;
        format!(
            "To run it again: {} --for {}s --commands {}",
            self.headless,
            seconds(
                recording
                    .commands
                    .last()
                    .map_or_else(Default::default, |timed| timed.at)
            ),
            path.display()
        )
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
        self.task = None;
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

    fn script(&mut self, name: &str, recording: Recording<'_>) -> Result<PathBuf, Refusal> {
        let path = with_extension(name, "ron");
        let (script, comment) = match &self.task {
            Some(homework) => (homework.script(recording), homework.comment(&path)),
            None => (script_of(recording), self.how_to_run(recording, &path)),
        };
        save::write_text(&path, &script.text(&comment), save::Overwrite::Ask).map_err(refusal)
    }

    fn permits(&self, command: &Command) -> Result<(), String> {
        self.task
            .as_ref()
            .map_or(Ok(()), |homework| homework.task.permits(command))
    }

    fn grade(&mut self, recording: Recording<'_>) -> Result<String, String> {
        let homework = self
            .task
            .as_ref()
            .ok_or("no task is done here; raft-play --task NAME begins one")?;
        homework.grade(recording).map_err(|error| error.to_string())
    }

    fn answer(&mut self, question: usize, text: &str) -> Result<String, String> {
        let homework = self
            .task
            .as_mut()
            .ok_or("no task is done here, so nothing is asked")?;
        let all = homework.answers.len();
        let place = question
            .checked_sub(1)
            .and_then(|place| homework.answers.get_mut(place));
        let answer = place.ok_or_else(|| match all {
            0 => "this task asks nothing".to_owned(),
            all => format!("there is no question {question}; they are 1 to {all}"),
        })?;
        text.clone_into(answer);
        Ok(format!("answer {question} is kept; :script writes it down"))
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
