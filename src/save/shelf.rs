//! Where saves are found and where they go: files, the saves that come with the program, and the last one.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::place::{RealFolder, put};
use super::script::Script;
use super::text::{TextError, read_plain};
use super::{BYTES_MAX, Save, SaveError, head_of, neutralised, parse, parse_any, render};

/// The saves that come with the program, in the order in which a newcomer may want them.
const SHIPPED: &[(&str, &str)] = &[
    ("five-nodes", include_str!("../../saves/five-nodes.ron")),
    ("one-node", include_str!("../../saves/one-node.ron")),
    ("split-vote", include_str!("../../saves/split-vote.ron")),
    ("minority-leader", include_str!("../../saves/minority-leader.ron")),
    (
        "disruptive-server",
        include_str!("../../saves/disruptive-server.ron"),
    ),
    ("one-way-link", include_str!("../../saves/one-way-link.ron")),
    ("three-groups", include_str!("../../saves/three-groups.ron")),
    ("slow-network", include_str!("../../saves/slow-network.ron")),
    (
        "partial-connectivity",
        include_str!("../../saves/partial-connectivity.ron"),
    ),
    ("figure-7", include_str!("../../saves/figure-7.ron")),
    ("figure-8", include_str!("../../saves/figure-8.ron")),
    ("lost-vote", include_str!("../../saves/lost-vote.ron")),
    ("lost-entry", include_str!("../../saves/lost-entry.ron")),
    ("stale-read", include_str!("../../saves/stale-read.ron")),
    (
        "duplicate-command",
        include_str!("../../saves/duplicate-command.ron"),
    ),
    ("naive-swap", include_str!("../../saves/naive-swap.ron")),
    (
        "single-server-bug",
        include_str!("../../saves/single-server-bug.ron"),
    ),
    (
        "behind-compaction",
        include_str!("../../saves/behind-compaction.ron"),
    ),
];
/// The name of the save that leaving makes.
const LAST: &str = "last";
/// The folder that saves go to where there is one.
const FOLDER: &str = "saves";
const EXTENSION: &str = "ron";
/// The longest plain name.
const NAME_MAX: usize = 64;
/// The most files of one folder that are listed.
const LISTED_MAX: usize = 200;

/// Whether a file may be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Not without asking: [`SaveError::Exists`].
    Ask,
    /// It may.
    Replace,
}

/// Where a listed save is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It comes with the program.
    Shipped,
    /// It is a file.
    File(PathBuf),
    /// It is a file of another folder, and was used lately.
    Recent(PathBuf),
    /// It is the one that leaving made.
    Last(PathBuf),
}

/// A save in a list.
#[derive(Debug)]
pub struct Listed {
    /// By which it can be loaded.
    pub name: String,
    /// Its title, if it has one; or why it can't be read.
    pub title: Result<Option<String>, SaveError>,
    /// Where it is.
    pub origin: Origin,
}

/// Where saves are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    folder: PathBuf,
    last: Option<PathBuf>,
    bytes_max: u64,
}

impl Shelf {
    /// Saves in a folder and in the `saves` within it, with the last one at `last`.
    pub fn new(folder: impl Into<PathBuf>, last: Option<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            last,
            bytes_max: BYTES_MAX,
        }
    }

    /// The same shelf, from which saves of so many bytes are read; [`BYTES_MAX`] otherwise.
    #[must_use]
    pub fn reading_up_to(self, bytes_max: u64) -> Self {
        Self { bytes_max, ..self }
    }

    /// Where the last save is, whether there is one or not.
    pub(super) fn last(&self) -> Option<&Path> {
        self.last.as_deref()
    }

    /// Those of the current directory and of this user.
    pub fn here() -> Self {
        Self::new(std::env::current_dir().unwrap_or_default(), last_path())
    }

    /// Loads a save: `last`, a path, the name of a file, or the name of a save that comes with the program. A file
    /// comes before a shipped save of the same name.
    ///
    /// # Errors
    ///
    /// Where there is none, or none that can be.
    pub fn load(&self, name: &str) -> Result<Save, SaveError> {
        if name == LAST {
            return match self.last.as_deref().filter(|path| path.exists()) {
                Some(path) => self.read(path),
                None => Err(SaveError::NoLast),
            };
        }
        if is_path(name) {
            return self.read(&self.folder.join(name));
        }
        let file = self.candidates(name).into_iter().find(|path| path.is_file());
        let shipped = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
        match (file, shipped) {
            (Some(path), _) => self.read(&path),
            (None, Some((_, text))) => parse(text, name),
            (None, None) => Err(self.unknown(name)),
        }
    }

    /// The file that [`load`](Self::load) reads for this name; `None` where it reads none, or there is none.
    pub fn file_of(&self, name: &str) -> Option<PathBuf> {
        if name == LAST {
            return None;
        }
        if is_path(name) {
            return Some(self.folder.join(name)).filter(|path| path.is_file());
        }
        self.candidates(name).into_iter().find(|path| path.is_file())
    }

    /// The file that a save of this name is written to: a path stays one, a plain name goes to `saves` where there is
    /// such a folder, else to the folder itself.
    ///
    /// # Errors
    ///
    /// Where the name can't be that of a save.
    pub fn target(&self, name: &str) -> Result<PathBuf, SaveError> {
        if is_path(name) {
            let path = self.folder.join(name);
            let has_extension = path.extension().is_some();
            return match path.file_name() {
                Some(_) if has_extension => Ok(path),
                Some(_) => Ok(path.with_extension(EXTENSION)),
                None => Err(bad_name(name)),
            };
        }
        if name == LAST {
            return Err(SaveError::Reserved);
        }
        if !is_slug(name) {
            return Err(bad_name(name));
        }
        let saves = self.folder.join(FOLDER);
        let folder = if saves.is_dir() { &saves } else { &self.folder };
        Ok(folder.join(format!("{name}.{EXTENSION}")))
    }

    /// Every save that is known: the last one, those that come with the program, those in files. A file stands for the
    /// shipped save of the same name.
    pub fn list(&self) -> Vec<Listed> {
        let mut listed = Vec::new();
        if let Some(path) = self.last.as_ref().filter(|path| path.is_file()) {
            let origin = Origin::Last(path.clone());
            listed.extend(list_file(LAST, path, origin));
        }
        let mut files = files_in(&self.folder.join(FOLDER));
        files.extend(files_in(&self.folder));
        let is_here = |path: &PathBuf| {
            let same =
                |(_, file): &(String, PathBuf)| std::path::absolute(file).is_ok_and(|file| file == *path);
            files.iter().any(same) || self.last.as_ref() == Some(path)
        };
        let recent = self.recent().into_iter().filter(|path| !is_here(path));
        listed.extend(recent.filter_map(|path| {
            let name = path.to_str()?.to_owned();
            list_file(&name, &path, Origin::Recent(path.clone()))
        }));
        for (name, text) in SHIPPED {
            match files.iter().position(|(file, _)| file == name) {
                Some(place) => {
                    let (name, path) = files.remove(place);
                    listed.extend(list_file(&name, &path, Origin::File(path.clone())));
                }
                None => listed.push(Listed {
                    name: (*name).to_owned(),
                    title: head_of(text, name).map(|head| head.title),
                    origin: Origin::Shipped,
                }),
            }
        }
        for (name, path) in files {
            if !listed.iter().any(|other| other.name == name) {
                listed.extend(list_file(&name, &path, Origin::File(path.clone())));
            }
        }
        listed
    }

    /// Writes the last save, over the one before.
    ///
    /// # Errors
    ///
    /// Where there is no place for it, or none to write to.
    pub fn write_last(&self, save: &Save) -> Result<PathBuf, SaveError> {
        let path = self.last.as_ref().ok_or(SaveError::NoPlace)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| SaveError::Write {
                path: path.clone(),
                source,
            })?;
        }
        write(path, save, Overwrite::Replace)
    }

    /// Where what was done of a task is kept while the last save is of one.
    fn last_task(&self) -> Option<PathBuf> {
        let last = self.last.as_ref()?;
        Some(last.with_file_name(format!("{LAST}-task.{EXTENSION}")))
    }

    /// Keeps what was done of a task beside the last save, over what was kept before; without a task, forgets that.
    ///
    /// # Errors
    ///
    /// Where there is no place for it, or none to write to.
    pub fn write_last_task(&self, script: Option<&Script>) -> Result<(), SaveError> {
        let path = self.last_task().ok_or(SaveError::NoPlace)?;
        match script {
            Some(script) => {
                let comment = "What was done of a task: raft-play --load last goes on with it";
                write_text(&path, &script.text(comment), Overwrite::Replace).map(drop)
            }
            None => match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    Err(SaveError::Write { path, source })
                }
                Ok(()) | Err(_) => Ok(()),
            },
        }
    }

    /// What was done of the task that the last save is of; `None` where it is of none, or that can't be read.
    pub fn read_last_task(&self) -> Option<Script> {
        Script::read(&self.last_task()?).ok()
    }

    fn read(&self, path: &Path) -> Result<Save, SaveError> {
        let text = read_text(path, self.bytes_max)?;
        parse_any(&text, &path.display().to_string())
    }

    fn candidates(&self, name: &str) -> Vec<PathBuf> {
        let file = format!("{name}.{EXTENSION}");
        vec![
            self.folder.join(FOLDER).join(&file),
            self.folder.join(&file),
            self.folder.join(name),
        ]
    }

    fn unknown(&self, name: &str) -> SaveError {
        let shipped: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        let known = self.list().into_iter().map(|listed| listed.name);
        let near = known.map(|known| (distance(name, &known), known)).min();
        let hint = match near {
            Some((distance, known)) if distance <= known.len().div_ceil(3) => {
                format!("; did you mean `{known}`?")
            }
            Some(_) | None => String::new(),
        };
        SaveError::Unknown {
            name: neutralised(name),
            hint,
            shipped: shipped.join(", "),
        }
    }
}

/// A save that comes with the program; `None` where none has this name. No file is looked at.
pub(crate) fn shipped(name: &str) -> Option<Result<Save, SaveError>> {
    let (name, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
    Some(parse(text, name))
}

/// The names of the saves that come with the program.
pub(crate) fn shipped_names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// [`Shelf::load`], from the current directory.
///
/// # Errors
///
/// As there.
pub fn load(name: &str) -> Result<Save, SaveError> {
    Shelf::here().load(name)
}

/// [`Shelf::target`], from the current directory.
///
/// # Errors
///
/// As there.
pub fn resolve_target(name: &str) -> Result<PathBuf, SaveError> {
    Shelf::here().target(name)
}

/// [`Shelf::list`], from the current directory.
pub fn list() -> Vec<Listed> {
    Shelf::here().list()
}

/// [`Shelf::write_last`], for this user.
///
/// # Errors
///
/// As there.
pub fn write_last(save: &Save) -> Result<PathBuf, SaveError> {
    Shelf::here().write_last(save)
}

/// Where this user's last save is, whether there is one or not; `None` where the system does not tell, or the library
/// is built without the feature `cli`.
pub fn last_path() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("raft-play").join(format!("{LAST}.{EXTENSION}")))
}

#[cfg(feature = "cli")]
fn state_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()))
}

#[cfg(not(feature = "cli"))]
fn state_folder() -> Option<PathBuf> {
    None
}

/// Writes a save, whole or not at all, and gives its absolute path. A symbolic link of that name is replaced, not followed.
///
/// # Errors
///
/// [`SaveError::Exists`] where there is something of that name and it was not to be replaced; otherwise why it can't
/// be written. What was there before is then there still.
pub fn write(path: &Path, save: &Save, overwrite: Overwrite) -> Result<PathBuf, SaveError> {
    write_text(path, &render(save), overwrite)
}

/// Writes any text as a [save is written](write()): whole or not at all.
///
/// # Errors
///
/// As there.
pub fn write_text(path: &Path, text: &str, overwrite: Overwrite) -> Result<PathBuf, SaveError> {
    let failed = |source| SaveError::Write {
        path: path.to_owned(),
        source,
    };
    let path = std::path::absolute(path).map_err(failed)?;
    match place(&path, text, overwrite) {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && overwrite == Overwrite::Ask => {
            Err(SaveError::Exists { path })
        }
        Err(source) => Err(SaveError::Write { path, source }),
    }
}

fn place(path: &Path, text: &str, overwrite: Overwrite) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    put(&mut RealFolder::at(folder), name, text, overwrite)
}

/// The text of a plain file that is not too large. Anything else is not even opened.
fn read_text(path: &Path, bytes_max: u64) -> Result<String, SaveError> {
    let (path, name) = (path.to_owned(), path.display().to_string());
    read_plain(&path, bytes_max).map_err(|error| match error {
        TextError::Read(source) => SaveError::Read { path, source },
        TextError::NotAFile => SaveError::NotAFile { path },
        TextError::TooLarge { most } => SaveError::TooLarge { name, most },
        TextError::NotText { at } => SaveError::NotText { name, at },
    })
}

/// A file as it stands in a list; nothing where it is RON of another kind.
fn list_file(name: &str, path: &Path, origin: Origin) -> Option<Listed> {
    let head = read_text(path, BYTES_MAX).and_then(|text| head_of(&text, &path.display().to_string()));
    let is_other = head.as_ref().is_ok_and(|head| head.nodes.is_none());
    (!is_other).then(|| Listed {
        name: name.to_owned(),
        title: head.map(|head| head.title.as_deref().map(neutralised)),
        origin,
    })
}

/// The saves in a folder, by name. Names that can't be told to `load` again are left out.
fn files_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let named = entries.filter_map(|entry| {
        let path = entry.path();
        let is_save = path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file();
        let name = path.file_stem()?.to_str()?.to_owned();
        (is_save && is_slug(&name) && name != LAST).then_some((name, path))
    });
    let mut files: Vec<_> = named.collect();
    files.sort();
    files.truncate(LISTED_MAX);
    files
}

/// Whether it is a path rather than a plain name.
fn is_path(name: &str) -> bool {
    let has_extension = Path::new(name)
        .extension()
        .is_some_and(|extension| extension == EXTENSION);
    name.contains('/') || name.contains(std::path::MAIN_SEPARATOR) || has_extension
}

fn is_slug(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= NAME_MAX && !name.starts_with('.') && name.bytes().all(is_plain)
}

fn bad_name(name: &str) -> SaveError {
    SaveError::Name {
        name: neutralised(name),
    }
}

/// How many letters must be changed, added or removed to make one name of the other.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, here) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, there) in right.chars().enumerate() {
            let kept = diagonal + usize::from(here != there);
            diagonal = row[column + 1];
            row[column + 1] = kept.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
