//! The tasks that come with the program.

use std::path::{Path, PathBuf};

use super::task::{Task, TaskError};
use crate::save::scalar::neutralised;

const SHIPPED: &[(&str, &str)] = &[
    ("lost-value", include_str!("../../assets/tasks/lost-value.ron")),
    ("no-quorum", include_str!("../../assets/tasks/no-quorum.ron")),
    (
        "count-too-much",
        include_str!("../../assets/tasks/count-too-much.ron"),
    ),
];
const EXTENSION: &str = "ron";

/// The names of the tasks that come with the program.
pub fn shipped_names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The task in a file of this path, or of this name with `.ron` behind it; else the one of this name that comes with the program.
///
/// # Errors
///
/// Where there is none, or none that can be.
pub fn named(name: &str) -> Result<Task, TaskError> {
    let path = Path::new(name);
    let with_extension = PathBuf::from(format!("{name}.{EXTENSION}"));
    let found = [path, &with_extension].into_iter().find(|path| path.exists());
    if let Some(path) = found {
        return Task::read(path);
    }
    match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        Some((_, text)) => Task::parse(text, name),
        None => Err(TaskError::Unknown {
            name: neutralised(name),
            shipped: shipped_names().collect::<Vec<_>>().join(", "),
        }),
    }
}
