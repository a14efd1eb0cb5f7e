//! Which module may use which, and what none of them may touch: the table of the design, checked on the source.
//!
//! Tests inside a module may use what they like; they are skipped. What clippy can forbid it forbids (`clippy.toml`); it
//! can't tell modules apart, and so this can.

#[path = "architecture/source.rs"]
mod source;

use std::path::Path;

use source::{Source, sources_under};

/// What a module may use of ours, besides itself. A path names a part: `consensus::durable`.
struct Layer {
    module: &'static str,
    may_use: &'static [&'static str],
    /// Names that must not occur in it.
    never: &'static [&'static str],
}

const CLOCKS: &[&str] = &["Instant", "SystemTime"];
const THREADS: &[&str] = &[
    "thread",
    "crossbeam_channel",
    "Mutex",
    "RwLock",
    "Condvar",
    "mpsc",
];
const SCREENS: &[&str] = &["ratatui", "crossterm"];
const PURE: &[&str] = &[
    "Instant",
    "SystemTime",
    "thread",
    "crossbeam_channel",
    "Mutex",
    "RwLock",
    "Condvar",
    "mpsc",
    "fs",
    "File",
    "net",
    "HashMap",
    "HashSet",
    "RandomState",
    "ratatui",
    "crossterm",
];

const LAYERS: &[Layer] = &[
    Layer {
        module: "types",
        may_use: &[],
        never: PURE,
    },
    Layer {
        module: "consensus",
        may_use: &["types"],
        never: PURE,
    },
    Layer {
        module: "check",
        may_use: &["types"],
        never: PURE,
    },
    Layer {
        module: "linear",
        may_use: &[],
        never: PURE,
    },
    Layer {
        module: "storage",
        may_use: &["types", "consensus::durable"],
        never: CLOCKS,
    },
    Layer {
        module: "machine",
        may_use: &["types", "consensus::durable"],
        never: CLOCKS,
    },
    Layer {
        module: "wire",
        may_use: &["types", "consensus::durable"],
        never: PURE,
    },
    Layer {
        module: "node",
        may_use: &["types", "consensus", "storage", "machine", "wire"],
        never: PURE,
    },
    Layer {
        module: "server",
        may_use: &["types", "consensus", "storage", "machine", "wire", "node"],
        never: SCREENS,
    },
    Layer {
        module: "playground",
        may_use: &[
            "types",
            "consensus",
            "storage",
            "machine",
            "wire",
            "node",
            "check",
            "linear",
        ],
        never: &[
            "Instant",
            "SystemTime",
            "HashMap",
            "HashSet",
            "ratatui",
            "crossterm",
        ],
    },
    Layer {
        module: "save",
        may_use: &[
            "types",
            "consensus",
            "storage",
            "machine",
            "wire",
            "node",
            "check",
            "linear",
            "playground",
            "lesson",
        ],
        never: SCREENS,
    },
    Layer {
        module: "fuzz",
        may_use: &[
            "types",
            "consensus",
            "storage",
            "machine",
            "wire",
            "node",
            "check",
            "linear",
            "playground",
        ],
        never: &[
            "Instant",
            "SystemTime",
            "HashMap",
            "HashSet",
            "ratatui",
            "crossterm",
        ],
    },
    Layer {
        module: "bench",
        may_use: &[
            "types",
            "consensus",
            "storage",
            "machine",
            "wire",
            "node",
            "server",
            "playground",
        ],
        never: SCREENS,
    },
    Layer {
        module: "homework",
        may_use: &[
            "types",
            "consensus",
            "machine",
            "check",
            "playground",
            "lesson",
            "save",
        ],
        never: &[
            "Instant",
            "SystemTime",
            "HashMap",
            "HashSet",
            "ratatui",
            "crossterm",
        ],
    },
    Layer {
        module: "lesson",
        may_use: &[
            "types",
            "consensus",
            "storage",
            "machine",
            "wire",
            "node",
            "check",
            "linear",
            "playground",
        ],
        never: SCREENS,
    },
];

/// These may use everything.
const TOP: &[&str] = &["lib", "main", "ui", "cli"];

fn sources() -> Vec<Source> {
    sources_under(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// Fails with one line for each finding.
#[track_caller]
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let mut findings = Vec::new();
    for source in sources() {
        let Some(layer) = layer_of(&source) else {
            continue;
        };
        for used in source.used_modules() {
            let is_own = used.first().is_some_and(|first| first == layer.module);
            if !is_own && !layer.may_use.iter().any(|allowed| is_within(&used, allowed)) {
                findings.push(format!("{} uses crate::{}", source.name(), used.join("::")));
            }
        }
    }
    assert_none(&findings);
}

#[test]
fn modules_touch_nothing_that_makes_them_differ_from_run_to_run() {
    let mut findings = Vec::new();
    for source in sources() {
        let forbidden = layer_of(&source).map_or(&[][..], |layer| layer.never);
        for name in source.names_among(forbidden) {
            findings.push(format!("{} uses {name}", source.name()));
        }
    }
    assert_none(&findings);
}

#[test]
fn threads_of_the_playground_live_in_its_host() {
    let is_elsewhere =
        |source: &Source| source.module() == "playground" && !source.path.starts_with("playground/host");
    let elsewhere = sources().into_iter().filter(is_elsewhere);
    let findings: Vec<_> = elsewhere
        .flat_map(|source| {
            let names = source.names_among(THREADS);
            names
                .into_iter()
                .map(move |name| format!("{} uses {name}", source.name()))
        })
        .collect();
    assert_none(&findings);
}

#[test]
fn every_module_has_its_row() {
    let mut unknown: Vec<_> = sources()
        .iter()
        .filter(|source| layer_of(source).is_none())
        .map(Source::module)
        .collect();
    unknown.retain(|module| !TOP.contains(&module.as_str()));
    unknown.dedup();
    assert_none(&unknown);
}

#[test]
fn a_module_stands_beside_its_folder() {
    let named_mod = sources()
        .into_iter()
        .filter(|source| source.path.ends_with("mod.rs"));
    let findings: Vec<_> = named_mod.map(|source| source.name()).collect();
    assert_none(&findings);
}

fn layer_of(source: &Source) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.module == source.module())
}

fn is_within(used: &[String], allowed: &str) -> bool {
    let allowed: Vec<_> = allowed.split("::").collect();
    used.len() >= allowed.len() && used.iter().zip(allowed).all(|(used, allowed)| used == allowed)
}

/// The scanner sees every way to write a path, and nothing in comments, strings and tests.
#[test]
fn the_scanner_sees_paths() {
    let text = r##"
        //! crate::comment
        use crate::types::{Term, disk};
        use crate::{node::Node, storage::{wal::Wal, Other}};
        use super::super::check as oracle;
        /* crate::block /* crate::nested */ */
        const TEXT: &str = "crate::string";
        const RAW: &str = r#"crate::raw " "#;
        const QUOTE: char = '"';
        fn life<'a>(map: &'a std::collections::HashMap<u8, crate::machine::Kv>) {}
        #[cfg(test)]
        mod tests {
            use crate::ui::App;
            fn nested() { let _ = "}"; }
        }
        fn after() { crate::wire::decode(); }
    "##;
    let source = Source::of("consensus/raft.rs", text);
    let mut used: Vec<_> = source.used_modules().iter().map(|path| path.join("::")).collect();
    used.sort();
    assert_eq!(
        used,
        [
            "check",
            "machine::Kv",
            "node::Node",
            "storage::Other",
            "storage::wal::Wal",
            "types::Term",
            "types::disk",
            "wire::decode"
        ]
    );
    assert_eq!(source.names_among(PURE), ["HashMap"]);
    assert_eq!(Source::of("node.rs", "use super::ui;").used_modules(), [["ui"]]);
    assert_eq!(Source::of("lib.rs", "pub mod ui;").module(), "lib");
}
