//! The screen's way to files: saves on the shelf, scripts and pictures where they are told to go.

use std::path::{Path, PathBuf};

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::error::CliError;
use super::start::{self, Begun as Start, Scene as About};
use crate::homework::{self, Task, TaskError};
use crate::lesson::Deed;
use crate::machine::KeyValue;
use crate::playground::{Command, HostKind, TRACE_VERSION, World};
use crate::save::script::Script;
use crate::save::share::{Begun, Shared};
use crate::save::{self, Listed, Origin, Save, SaveError, Shelf};
use crate::types::VirtualTime;
use crate::ui::library::{Library, Opened, Overwrite, Recording, Refusal};
use crate::ui::session::Session;
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
    /// What the run that is shown began from.
    pub(super) begun: Begun,
}

/// A task that is done, and what was answered so far.
#[derive(Debug)]
pub(super) struct Homework {
    task: Task,
    /// Its file, or the name of one that comes with the program.
    source: String,
    answers: Vec<String>,
}

impl Homework {
    /// The task in a file, or of this name.
    pub(super) fn named(name: &str) -> Result<Self, TaskError> {
        homework::named(name).map(|task| Self::of(task, name))
    }

    fn of(task: Task, name: &str) -> Self {
        let answers = vec![String::new(); task.questions.len()];
        // A file is found again from any folder.
        let path = std::fs::canonicalize(name).ok();
        let path = path.and_then(|path| path.to_str().map(str::to_owned));
        let source = path.unwrap_or_else(|| name.to_owned());
        Self {
            task,
            source,
            answers,
        }
    }

    /// The same, in which this was answered already.
    pub(super) fn answered(mut self, answers: &[String]) -> Self {
        for (answer, given) in self.answers.iter_mut().zip(answers) {
            answer.clone_from(given);
        }
        self
    }

    /// Whether a script was recorded from where it begins.
    pub(super) fn begins_like(&self, script: &Script) -> bool {
        script.start == Some(self.task.start_hash())
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
            task: Some(self.source.clone()),
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

/// What stands before the name of a task in a list of saves.
const TASK: &str = "task ";
/// Saves of more bytes are not looked into before they are opened.
const PREVIEWED_MAX: u64 = 1 << 20;

/// What a save holds: facts in a line, then its first note.
fn preview_of(save: Save) -> Vec<String> {
    let notes = save.notes.len();
    let first = save.notes.first().map(|note| note.text.clone());
    let snapshot = match World::<KeyValue>::restore(save.image, HostKind::Inline, None) {
        Ok(mut world) => world.snapshot(),
        Err(error) => return vec![error.to_string()],
    };
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let term = snapshot
        .nodes
        .iter()
        .map(|node| node.term)
        .max()
        .unwrap_or_default();
    let leaders: Vec<String> = snapshot
        .leaders()
        .iter()
        .map(|leader| leader.id.to_string())
        .collect();
    let leads = match leaders.as_slice() {
        [] => "nobody leads".to_owned(),
        [leader] => format!("{leader} leads"),
        leaders => format!("{} lead", leaders.join(" and ")),
    };
    let mut facts = vec![
        counted(snapshot.nodes.len(), "node"),
        format!("term {term}"),
        leads,
        format!("at {} s", snapshot.now),
        counted(notes, "note"),
    ];
    let broken = snapshot
        .settings
        .rules
        .broken()
        .map(|rule| format!("{rule} broken"));
    facts.extend(broken);
    [Some(facts.join(" · ")), first].into_iter().flatten().collect()
}

impl Files {
    /// Shows a save from now on. `begun` is what it is begun from, `headless` what plays the same without a screen.
    fn show(
        &mut self,
        save: Save,
        (begun, headless): (Begun, String),
        task: Option<Homework>,
    ) -> Result<Opened<ToldWorld<KeyValue>>, String> {
        let Save {
            title,
            notes,
            image,
            then,
        } = save;
        let world = World::restore(image, self.host, None).map_err(|error| error.to_string())?;
        (self.begun, self.headless, self.task) = (begun, headless, task);
        self.scene = About {
            title: title.clone(),
            notes: notes.clone(),
        };
        Ok(Opened {
            world: ToldWorld::from_here(world).followed_by(then),
            title,
            notes,
        })
    }

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
        let saves = self.shelf.list().into_iter().map(row);
        let tasks = homework::shipped_names().map(|name| OpenRow {
            name: format!("{TASK}{name}"),
            title: homework::named(name).map_or_else(|error| error.to_string(), |task| task.title),
            origin: "exercise".to_owned(),
        });
        saves.chain(tasks).collect()
    }

    fn preview(&self, name: &str) -> Vec<String> {
        if let Some(task) = name.strip_prefix(TASK) {
            return homework::named(task).map_or_else(
                |error| vec![error.to_string()],
                |found| preview_of(Homework::of(found, task).start()),
            );
        }
        let is_large = |path: PathBuf| std::fs::metadata(path).is_ok_and(|file| file.len() > PREVIEWED_MAX);
        if self.shelf.file_of(name).is_some_and(is_large) {
            return vec!["a large save: it is looked into when it is opened".to_owned()];
        }
        self.shelf
            .load(name)
            .map_or_else(|error| vec![error.to_string()], preview_of)
    }

    fn open(&mut self, name: &str) -> Result<Opened<ToldWorld<KeyValue>>, String> {
        if let Some(task) = name.strip_prefix(TASK) {
            let homework = Homework::named(task).map_err(|error| error.to_string())?;
            let save = homework.start();
            let begun = Begun::of("", &save);
            let headless = format!("raft-play grade {task} homework.ron");
            return self.show(save, (begun, headless), Some(homework));
        }
        let save = self.shelf.load(name).map_err(|error| error.to_string())?;
        if let Some(path) = self.shelf.file_of(name) {
            self.shelf.remember(&path);
        }
        let begun = Begun::of(name, &save);
        self.show(save, (begun, format!("raft-play run {name}")), None)
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
        let path = save::write(&path, &save, overwrite).map_err(refusal)?;
        self.shelf.remember(&path);
        Ok(path)
    }

    fn save_last(&mut self, world: &mut ToldWorld<KeyValue>) -> Result<PathBuf, String> {
        let save = self.save_of(world)?;
        self.shelf.write_last(&save).map_err(|error| error.to_string())
    }

    fn save_last_task(&mut self, recording: Recording<'_>) -> Result<(), String> {
        let script = self.task.as_ref().map(|homework| homework.script(recording));
        let kept = self.shelf.write_last_task(script.as_ref());
        kept.map_err(|error| error.to_string())
    }

    fn script(&mut self, name: &str, recording: Recording<'_>) -> Result<PathBuf, Refusal> {
        let path = with_extension(name, "ron");
        let (script, comment) = match &self.task {
            Some(homework) => (homework.script(recording), homework.comment(&path)),
            None => (script_of(recording), self.how_to_run(recording, &path)),
        };
        save::write_text(&path, &script.text(&comment), save::Overwrite::Ask).map_err(refusal)
    }

    fn share(&mut self, recording: Recording<'_>) -> Result<String, String> {
        let shared = Shared {
            begun: self.begun.clone(),
            script: script_of(recording),
        };
        shared.code().map_err(|error| error.to_string())
    }

    fn write(&mut self, name: &str, text: &str) -> Result<PathBuf, Refusal> {
        save::write_text(&with_extension(name, "txt"), text, save::Overwrite::Ask).map_err(refusal)
    }

    fn lamport(
        &mut self,
        name: &str,
        recording: Recording<'_>,
        (from, to): (VirtualTime, VirtualTime),
    ) -> Result<PathBuf, Refusal> {
        let failed = |error: CliError| Refusal::Failed(error.to_string());
        let Start {
            world, then, scene, ..
        } = start::begin_again(&self.begun).map_err(failed)?;
        let world = ToldWorld::from_here(world).followed_by(then).drawn(from, to);
        let mut session = Session::new(world);
        let before = recording.commands.partition_point(|timed| timed.at <= to);
        session
            .replay(&recording.commands[..before], to)
            .map_err(Refusal::Failed)?;
        let diagram = session.world_mut().take_diagram();
        let title = scene
            .title
            .unwrap_or_else(|| self.headless.replace("raft-play run", "raft-play"));
        let svg = diagram.map(|diagram| diagram.svg(&title)).unwrap_or_default();
        save::write_text(&with_extension(name, "svg"), &svg, save::Overwrite::Ask).map_err(refusal)
    }

    fn permitted(&self) -> Option<Vec<Deed>> {
        self.task.as_ref().map(|homework| homework.task.permit.clone())
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
            Origin::Recent(_) => "recent".to_owned(),
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
