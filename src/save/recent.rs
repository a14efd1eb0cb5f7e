//! The files that this user has opened and written last, wherever they are: a list of paths beside the last save.
//!
//! Nothing hangs on it. Where it can't be read or written there are no recent files, and that is all.

use std::path::{Path, PathBuf};

use super::shelf::{Overwrite, Shelf, write_text};
use super::text::read_plain;

/// So many are remembered.
const MOST: usize = 10;
/// The largest list that is read, in bytes.
const BYTES_MAX: u64 = 64 << 10;
const FILE: &str = "recent";

impl Shelf {
    /// The files that were used last and are still there, the last one first.
    pub fn recent(&self) -> Vec<PathBuf> {
        let text = self
            .recent_file()
            .and_then(|file| read_plain(&file, BYTES_MAX).ok());
        let text = text.unwrap_or_default();
        let paths = text.lines().map(PathBuf::from);
        paths
            .filter(|path| path.is_absolute() && path.is_file())
            .take(MOST)
            .collect()
    }

    /// Takes note that a file was used.
    pub fn remember(&self, path: &Path) {
        let Some(file) = self.recent_file() else { return };
        let Ok(path) = std::path::absolute(path) else {
            return;
        };
        // A line is a path; what has a line break in it can't be one.
        let is_line = |path: &Path| path.to_str().is_some_and(|text| !text.contains(char::is_control));
        if !is_line(&path) {
            return;
        }
        let mut paths = self.recent();
        paths.retain(|other| *other != path);
        paths.insert(0, path);
        paths.truncate(MOST);
        let lines: Vec<String> = paths.iter().map(|path| format!("{}\n", path.display())).collect();
        if let Some(folder) = file.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let _ = write_text(&file, &lines.concat(), Overwrite::Replace);
    }

    fn recent_file(&self) -> Option<PathBuf> {
        Some(self.last()?.with_file_name(FILE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_comes_first_and_stands_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path(), Some(folder.path().join("state/last.ron")));
        assert_eq!(shelf.recent(), Vec::<PathBuf>::new());
        let files: Vec<PathBuf> = (0..12)
            .map(|number| folder.path().join(format!("{number}.ron")))
            .collect();
        for file in &files {
            std::fs::write(file, "(nodes: 3)").unwrap();
            shelf.remember(file);
        }
        shelf.remember(&files[8]);
        let recent = shelf.recent();
        assert_eq!(
            (recent.len(), &recent[0], &recent[1]),
            (MOST, &files[8], &files[11])
        );
        std::fs::remove_file(&files[11]).unwrap();
        assert_eq!(shelf.recent()[1], files[10], "what is gone is not listed");
        shelf.remember(&folder.path().join("a\nb.ron"));
        assert_eq!(shelf.recent().len(), MOST - 1);
        let nowhere = Shelf::new(folder.path(), None);
        nowhere.remember(&files[0]);
        assert_eq!(nowhere.recent(), Vec::<PathBuf>::new());
    }
}
