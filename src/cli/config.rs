//! The configuration: how a person likes the screen, in a file. What the command line says comes before it.
//!
//! ```ron
//! (
//!     theme: "light",
//!     speed: "1/20",
//!     keys: {"heal": ["F3"], "partition 1,2|3,4,5": ["F4"]},
//! )
//! ```

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use etcetera::BaseStrategy;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::error::CliError;
use super::{ConfigArgs, Motion, Theme, values};
use crate::save;
use crate::save::scalar::{brief, neutralised};
use crate::save::text::{TextError, read_plain};
use crate::ui::keymap::{self, Key, UserKeys, UserLine};
use crate::ui::pace::parse_speed;

/// The largest file that is read, in bytes.
const BYTES_MAX: u64 = 1 << 20;
/// The most MiB of a save that are read where nothing is said.
const SAVE_LIMIT: u64 = 16;

/// How a person likes the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename = "Config", deny_unknown_fields, default)]
pub(super) struct Config {
    /// The colours.
    #[serde(deserialize_with = "theme")]
    pub(super) theme: Option<Theme>,
    /// Whether only ASCII characters are drawn.
    pub(super) ascii: bool,
    /// How messages move.
    #[serde(deserialize_with = "motion")]
    pub(super) motion: Option<Motion>,
    /// Whether the program sees the mouse; it does where this says nothing.
    pub(super) mouse: Option<bool>,
    /// How fast time runs.
    #[serde(deserialize_with = "speed")]
    pub(super) speed: Option<String>,
    /// Whether time stands at first.
    pub(super) paused: bool,
    /// How many nodes a new cluster has.
    #[serde(deserialize_with = "nodes")]
    pub(super) nodes: Option<u64>,
    /// The most MiB of a save that are read.
    #[serde(deserialize_with = "save_limit")]
    pub(super) save_limit: Option<u64>,
    /// The keys that are other ones.
    #[serde(deserialize_with = "keys")]
    pub(super) keys: UserKeys,
}

/// Where this user's configuration is, whether there is one or not.
pub(super) fn usual_path() -> Option<PathBuf> {
    let folder = etcetera::choose_base_strategy().ok()?.config_dir();
    Some(folder.join("raft-play").join("config.ron"))
}

/// Says where the configuration is, or prints it.
pub(super) fn config(args: &ConfigArgs, out: &mut impl Write) -> Result<(), CliError> {
    let config = read(args.config.as_deref())?;
    let path = args.config.clone().or_else(usual_path);
    let named = path
        .as_ref()
        .map_or_else(|| "nowhere".to_owned(), |path| path.display().to_string());
    let is_there = path.is_some_and(|path| path.exists());
    if args.print {
        let from = if is_there {
            format!("{named}, and what is usual")
        } else {
            format!("what is usual; {named} is not there")
        };
        write!(out, "// From {from}.\n{}", config.text())?;
    } else {
        let state = if is_there {
            ""
        } else {
            " (not there: all is as usual)"
        };
        writeln!(out, "{named}{state}")?;
    }
    Ok(())
}

/// Reads the file that is named, or else this user's where there is one.
pub(super) fn read(named: Option<&Path>) -> Result<Config, CliError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => match usual_path().filter(|path| path.exists()) {
            Some(path) => path,
            None => return Ok(Config::default()),
        },
    };
    let wrong = |problem: String| CliError::Config {
        path: path.clone(),
        problem,
    };
    let text = read_plain(&path, BYTES_MAX).map_err(|error| match error {
        TextError::Read(error) => wrong(error.to_string()),
        TextError::NotAFile | TextError::TooLarge { .. } | TextError::NotText { .. } => {
            wrong(error.to_string())
        }
    })?;
    parse(&text).map_err(wrong)
}

/// Reads a configuration; an error says where and what.
fn parse(text: &str) -> Result<Config, String> {
    save::ron_options().from_str(text).map_err(|error| {
        let (line, column) = (error.span.start.line, error.span.start.col);
        let problem = neutralised(&error.code.to_string()).replace('\n', " ");
        format!("line {line}, column {column}: {problem}")
    })
}

impl Config {
    /// The most MiB of a save that are read.
    pub(super) fn save_limit(&self) -> u64 {
        self.save_limit.unwrap_or(SAVE_LIMIT)
    }

    /// All of it, as a file that says the same.
    pub(super) fn text(&self) -> String {
        let theme = self.theme.and_then(|theme| theme.to_possible_value());
        let theme = theme.map_or_else(|| "dark".to_owned(), |value| value.get_name().to_owned());
        let motion = match self.motion {
            Some(Motion::Reduced) => "reduced",
            Some(Motion::Smooth) | None => "smooth",
        };
        let nodes = self
            .nodes
            .map_or_else(|| "5".to_owned(), |nodes| nodes.to_string());
        let keys = keymap::words_and_keys(&self.keys)
            .into_iter()
            .map(|(words, keys)| {
                let keys: Vec<String> = keys.into_iter().map(|key| quoted(&key.label())).collect();
                format!("        {}: [{}],\n", quoted(&words), keys.join(", "))
            });
        format!(
            "(\n    theme: \"{theme}\",\n    ascii: {},\n    motion: \"{motion}\",\n    mouse: {},\n    speed: {},\n    paused: {},\n    nodes: {nodes},\n    \
             save_limit: {},\n    // What a key does, in the words of the palette.\n    keys: {{\n{}    }},\n)\n",
            self.ascii,
            self.mouse.unwrap_or(true),
            quoted(self.speed.as_deref().unwrap_or("auto")),
            self.paused,
            self.save_limit(),
            keys.collect::<String>(),
        )
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn theme<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Theme>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = Theme::from_str(&name, false);
    found.map(Some).map_err(|_| {
        let name = brief(&name);
        D::Error::custom(format!(
            "there is no theme `{name}`; they are dark, light, high-contrast, mono"
        ))
    })
}

fn motion<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Motion>, D::Error> {
    let name = String::deserialize(deserializer)?;
    let found = Motion::from_str(&name, false);
    found.map(Some).map_err(|_| {
        let name = brief(&name);
        D::Error::custom(format!("messages do not move `{name}`: smooth, or reduced"))
    })
}

fn speed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_speed(&text).map_err(D::Error::custom)?;
    Ok(Some(text))
}

fn nodes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = u64::deserialize(deserializer)?;
    values::nodes(&number.to_string())
        .map(Some)
        .map_err(D::Error::custom)
}

fn save_limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let number = u64::deserialize(deserializer)?;
    values::save_limit(&number.to_string())
        .map(Some)
        .map_err(D::Error::custom)
}

fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<UserKeys, D::Error> {
    deserializer.deserialize_map(KeysVisitor)
}

/// Reads line by line, so that an error is told where it stands.
struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = UserKeys;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("words of the palette and their keys: {\"heal\": [\"F3\"]}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UserKeys, A::Error> {
        let mut lines: Vec<UserLine> = Vec::new();
        while let Some(Words(words)) = map.next_key()? {
            if lines.iter().any(|line| line.words == words) {
                return Err(A::Error::custom(format!("`{}` stands here twice", brief(&words))));
            }
            let keys = map.next_value::<Vec<KeyName>>()?;
            let keys = keys.into_iter().map(|KeyName(key)| key).collect();
            lines.push(UserLine { words, keys });
            // What stands in the lines so far must not be bound twice; the built-in keys are looked at when all is known.
            keymap::check_own(&lines).map_err(A::Error::custom)?;
        }
        UserKeys::new(lines).map_err(A::Error::custom)
    }
}

struct Words(String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = String::deserialize(deserializer)?;
        if keymap::knows(&words) {
            Ok(Self(words))
        } else {
            let words = brief(&words);
            Err(D::Error::custom(format!(
                "there are no words `{words}`; the palette (:) lists them all, and raft-play config --print those that have keys"
            )))
        }
    }
}

struct KeyName(Key);

impl<'de> Deserialize<'de> for KeyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        keymap::parse_key(&name).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_says_the_same() {
        let usual = Config::default();
        assert_eq!(parse(&usual.text()).map(|config| config.text()), Ok(usual.text()));
        let text = r#"(theme: "high-contrast", ascii: true, motion: "reduced", mouse: false, speed: "1/20", paused: true, nodes: 3, save_limit: 64,
            keys: {"heal": ["F3", "Ctrl-h"], "crash": [], "partition 1,2|3,4,5": ["c"], "next": ["↓", "space"], "run": ["x"], "cut": []})"#;
        let mine = parse(text).unwrap();
        let printed = mine.text();
        assert!(printed.contains("\"heal\": [\"F3\", \"Ctrl-H\"],"), "{printed}");
        assert!(printed.contains("\"partition 1,2|3,4,5\": [\"c\"],"), "{printed}");
        assert!(printed.contains("\"crash\": [],"), "{printed}");
        assert_eq!(parse(&printed), Ok(mine));
    }

    #[test]
    fn errors_say_where_and_what() {
        let error = |text: &str| parse(text).unwrap_err();
        insta::assert_snapshot!(
            [
                error("(theme: \"pink\")"),
                error("(colour: 3)"),
                error("(motion: \"wild\")"),
                error("(\n  nodes: 26)"),
                error("(speed: \"warp\")"),
                error("(keys: {\"heal\": [\"F99\"]})"),
                error("(keys: {\"fly\": [\"F3\"]})"),
                error("(keys: {\"heal\": [\"F3\"],\n  \"crash\": [\"F3\"]})"),
                error("(keys: {\"heal\": [\"F3\", \"F3\"]})"),
                error("(keys: {\"heal\": [\"F3\"], \"heal\": [\"F4\"]})"),
                error("(keys: {\"heal\": [\"c\"]})"),
                error("(keys: {\"heal\": [\"5\"]})"),
                error("(keys: {\"heal\": [\"Ctrl-C\"]})"),
                error("(keys: {\"heal\": [\"Esc\"]})"),
                error("("),
            ]
            .join("\n"),
            @r#"
        line 1, column 10: there is no theme `pink`; they are dark, light, high-contrast, mono
        line 1, column 2: Unexpected field named `colour` in `Config`, expected one of `theme`, `ascii`, `motion`, `mouse`, `speed`, `paused`, `nodes`, `save_limit`, or `keys` instead
        line 1, column 11: messages do not move `wild`: smooth, or reduced
        line 2, column 10: a cluster has 1 to 25 nodes
        line 1, column 10: `warp` is no speed; try auto, 1/50, 1, 10 or max (from 1/1000 to 1000)
        line 1, column 19: there is no key `F99`; keys are named c, C, Space, Ctrl-P, F5, Enter, ↑, PgDn
        line 1, column 10: there are no words `fly`; the palette (:) lists them all, and raft-play config --print those that have keys
        line 2, column 18: F3 is bound to `heal` and to `crash`; leave one of them
        line 1, column 29: F3 is bound to `heal` and to `heal`; leave one of them
        line 1, column 26: `heal` stands here twice
        line 1, column 22: c would be bound to `heal` and to `crash`; give `crash` another key as well, or none: "crash": []
        line 1, column 22: 5 picks a node, and can't be bound to `heal`
        line 1, column 27: Ctrl-C can't be bound to anything else
        line 1, column 24: Esc can't be bound to anything else
        line 1, column 1: Unexpected end of RON
        "#
        );
    }
}
