//! Reads the table of sentences at the top of `tests/paper.rs`: every test that it names is there, and no part of the paper is left
//! out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Every part of the paper that demands something of a server.
const PARTS: &[&str] = &[
    "Figure 2, state",
    "Figure 2, AppendEntries 1",
    "Figure 2, AppendEntries 2",
    "Figure 2, AppendEntries 3",
    "Figure 2, AppendEntries 4",
    "Figure 2, AppendEntries 5",
    "Figure 2, AppendEntries results",
    "Figure 2, RequestVote 1",
    "Figure 2, RequestVote 2",
    "Figure 2, all servers",
    "Figure 2, followers",
    "Figure 2, candidates",
    "Figure 2, leaders",
    "Figure 3",
    "§5.1",
    "§5.2",
    "§5.3",
    "§5.4.1",
    "§5.4.2",
    "§5.4.3",
    "§5.5",
    "§5.6",
    "§6",
    "§7",
    "Figure 13, 1",
    "Figure 13, 2",
    "Figure 13, 3",
    "Figure 13, 4",
    "Figure 13, 5",
    "Figure 13, 6",
    "Figure 13, 7",
    "Figure 13, 8",
    "§8",
];

struct Row<'a> {
    part: &'a str,
    sentence: &'a str,
    tests: Vec<&'a str>,
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = lines.map(|line| line.trim_end_matches(" |").split(" | ").collect::<Vec<_>>());
    // The first is the table's head.
    cells
        .skip(1)
        .map(|cells| {
            let [part, sentence, tests] = cells[..] else {
                panic!("a row has three cells: {cells:?}");
            };
            let tests = tests.split(' ').map(|test| test.trim_matches('`')).collect();
            Row {
                part,
                sentence,
                tests,
            }
        })
        .collect()
}

/// Every test of the project, as `file::name`. The tests beside a module stand under that module's name.
fn tests_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("the sources are there") {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            tests_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("sources are text");
            found.extend(tests_in(&text).map(|test| format!("{}::{test}", name_of(&path))));
        }
    }
}

fn name_of(path: &Path) -> String {
    let stem = |path: &Path| {
        path.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    match stem(path) {
        own if own == "tests" => stem(path.parent().unwrap_or(path)),
        own => own,
    }
}

fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    let mut lines = text.lines().map(str::trim);
    std::iter::from_fn(move || {
        lines.find(|line| *line == "#[test]")?;
        lines.find_map(|line| line.strip_prefix("fn "))
    })
    .map(|rest| rest.split('(').next().unwrap_or(rest))
}

#[test]
fn every_test_that_the_table_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    tests_below(&root.join("tests"), &mut tests);
    tests_below(&root.join("src"), &mut tests);
    let text = fs::read_to_string(root.join("tests/paper.rs")).expect("it is being run");
    let rows = rows(&text);
    assert!(rows.len() > 100, "{} rows: the table is not read", rows.len());
    for Row {
        part,
        sentence,
        tests: named,
    } in &rows
    {
        assert!(!sentence.is_empty() && !named.is_empty(), "{part}");
        for test in named {
            assert!(tests.contains(*test), "{part}: there is no test {test}");
        }
    }
}

#[test]
fn no_part_of_the_paper_is_left_out() {
    let text = include_str!("../paper.rs");
    let mut sentences: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in rows(text) {
        let is_new = sentences.entry(row.part).or_default().insert(row.sentence);
        assert!(is_new, "{}: `{}` stands twice", row.part, row.sentence);
    }
    let parts: BTreeSet<&str> = PARTS.iter().copied().collect();
    assert_eq!(sentences.keys().copied().collect::<BTreeSet<_>>(), parts);
    assert_eq!(sentences["Figure 3"].len(), 5);
}
