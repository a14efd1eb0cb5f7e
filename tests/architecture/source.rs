//! A Rust source file as a list of words, enough to see which paths it names.

use std::path::{Path, PathBuf};

/// A source file.
#[derive(Debug)]
pub struct Source {
    /// Where it is, from `src` on.
    pub path: PathBuf,
    /// Its identifiers and punctuation, without comments, strings and test modules.
    words: Vec<String>,
}

/// Every source file in a folder and the folders in it, in order.
pub fn sources_under(folder: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    collect(folder, Path::new(""), &mut sources);
    assert!(!sources.is_empty(), "no source in {}", folder.display());
    sources.sort_by(|left, right| left.path.cmp(&right.path));
    sources
}

fn collect(root: &Path, inner: &Path, sources: &mut Vec<Source>) {
    for item in std::fs::read_dir(root.join(inner)).expect("the folder can be read") {
        let path = inner.join(item.expect("the folder can be read").file_name());
        let whole = root.join(&path);
        if whole.is_dir() {
            collect(root, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            let text = std::fs::read_to_string(&whole).expect("the file can be read");
            sources.push(Source::of(path, &text));
        }
    }
}

/// Tests in files of their own: `tests.rs`, and all in a folder `tests`.
fn is_test(path: &Path) -> bool {
    path.with_extension("").iter().any(|part| part == "tests")
}

impl Source {
    pub fn of(path: impl Into<PathBuf>, text: &str) -> Self {
        Self {
            path: path.into(),
            words: without_tests(&words(text)),
        }
    }

    pub fn name(&self) -> String {
        format!("src/{}", self.path.display())
    }

    /// The top-level module it belongs to.
    pub fn module(&self) -> String {
        self.module_path().swap_remove(0)
    }

    fn module_path(&self) -> Vec<String> {
        let parts = self.path.with_extension("");
        parts
            .iter()
            .map(|part| part.to_string_lossy().into_owned())
            .collect()
    }

    /// Those of the names that occur.
    pub fn names_among(&self, names: &[&'static str]) -> Vec<&'static str> {
        let occurs = |name: &&&str| self.words.iter().any(|word| word == **name);
        names.iter().filter(occurs).copied().collect()
    }

    /// Every path of ours that it names, from below `crate` on; of what stands in braces, each.
    pub fn used_modules(&self) -> Vec<Vec<String>> {
        let mut used = Vec::new();
        let mut at = 0;
        while at < self.words.len() {
            let base = match self.words[at].as_str() {
                "crate" => Some(Vec::new()),
                "super" if at == 0 || self.words[at - 1] != "::" => Some(self.parent()),
                _ => None,
            };
            match base {
                Some(base) => at = self.follow(at + 1, base, &mut used),
                None => at += 1,
            }
        }
        used.retain(|path| !path.is_empty());
        used
    }

    fn parent(&self) -> Vec<String> {
        let mut parent = self.module_path();
        parent.pop();
        parent
    }

    /// Follows a path from `at` on, and adds where it leads. Gives the place after it.
    fn follow(&self, mut at: usize, mut path: Vec<String>, used: &mut Vec<Vec<String>>) -> usize {
        while self.word(at) == "::" {
            match self.word(at + 1) {
                "super" => drop(path.pop()),
                "{" => return self.follow_each(at + 2, &path, used),
                "*" | "self" => {}
                name => path.push(name.to_owned()),
            }
            at += 2;
        }
        used.push(path);
        at
    }

    fn follow_each(&self, mut at: usize, path: &[String], used: &mut Vec<Vec<String>>) -> usize {
        while self.word(at) != "}" && at < self.words.len() {
            let mut inner = path.to_vec();
            match self.word(at) {
                "," => at += 1,
                "as" => at += 2,
                "self" | "*" => {
                    used.push(inner);
                    at += 1;
                }
                name => {
                    inner.push(name.to_owned());
                    at = self.follow(at + 1, inner, used);
                }
            }
        }
        at + 1
    }

    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }
}

/// Cuts text into identifiers, `::` and single characters. Comments, strings and characters are left out.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' | 'b' | 'c' if is_raw_string(rest) => raw_string(rest),
            '\'' => character(rest),
            ':' if rest.starts_with("::") => {
                words.push("::".to_owned());
                2
            }
            first if first.is_alphanumeric() || first == '_' => {
                let end = rest.find(|inner: char| !inner.is_alphanumeric() && inner != '_');
                let word = &rest[..end.unwrap_or(rest.len())];
                words.push(word.to_owned());
                word.len()
            }
            first => {
                if !first.is_whitespace() {
                    words.push(first.to_string());
                }
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    words
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    loop {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
        } else {
            at += rest.chars().next().map_or(0, char::len_utf8);
        }
        if depth == 0 || at >= text.len() {
            return at;
        }
    }
}

fn string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.char_indices().skip(1).find(|(_, inner)| {
        let ends = *inner == '"' && !is_escaped;
        is_escaped = *inner == '\\' && !is_escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn is_raw_string(text: &str) -> bool {
    let inner = text.trim_start_matches(['b', 'c']);
    inner.len() + 1 >= text.len()
        && inner.starts_with('r')
        && inner[1..].trim_start_matches('#').starts_with('"')
        && !inner[1..].starts_with("#[")
}

fn raw_string(text: &str) -> usize {
    let start = text.find('"').expect("a raw string has a quote");
    let hashes = text[..start].matches('#').count();
    let close = format!("\"{}", "#".repeat(hashes));
    let end = text[start + 1..].find(&close);
    end.map_or(text.len(), |at| start + 1 + at + close.len())
}

/// A character or a lifetime.
fn character(text: &str) -> usize {
    let mut inner = text[1..].chars();
    let (first, second) = (inner.next(), inner.next());
    match (first, second) {
        (Some('\\'), Some(escaped)) => {
            let from = 2 + escaped.len_utf8();
            text[from..].find('\'').map_or(text.len(), |at| from + at + 1)
        }
        (Some(first), Some('\'')) => first.len_utf8() + 2,
        _ => 1,
    }
}

/// Leaves out every module behind `#[cfg(test)]`.
fn without_tests(words: &[String]) -> Vec<String> {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let rest = &words[at..];
        let is_marked = rest.len() > MARK.len() && rest.iter().zip(MARK).all(|(word, mark)| word == mark);
        if is_marked {
            at += MARK.len() + item(&rest[MARK.len()..]);
        } else {
            kept.push(words[at].clone());
            at += 1;
        }
    }
    kept
}

/// How many words the item takes that begins here.
fn item(words: &[String]) -> usize {
    let mut depth = 0;
    for (at, word) in words.iter().enumerate() {
        match word.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => return at + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    words.len()
}
