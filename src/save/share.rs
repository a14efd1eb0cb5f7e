//! Share codes: a whole run in a line of text, for a chat, a slide or an exercise sheet.
//!
//! A run is exactly what it began from and what was done, so that is all there is in a code: a seed or a save, and a [`Script`], compressed, in letters that
//! survive everywhere. `raft-play --share CODE` comes to the very moment at which the code was made, with the whole run behind it.
//!
//! A code comes from anybody: its length, what it unpacks to, and everything in that is bounded and checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::script::{FormatError, Script};
use super::{Save, SaveError, parse, render, shipped};
use crate::playground::NODES_MAX;

/// What every code begins with: it is one of this program's, in the first form.
pub const SHARE_PREFIX: &str = "rp1.";
/// The longest code, in bytes: what terminals pass on to a clipboard.
pub const SHARE_CODE_MAX: usize = 64 << 10;
/// The most that a code unpacks to, in bytes.
pub const SHARE_TEXT_MAX: usize = 4 << 20;
/// Small is what counts; it is compressed once.
const LEVEL: u8 = 9;

/// A run: what it began from, and what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// What it began from.
    pub begun: Begun,
    /// What was done, and until when.
    pub script: Script,
}

/// What a run began from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// A new cluster, with the usual settings.
    Fresh {
        /// How many nodes.
        nodes: u64,
        /// The seed.
        seed: u64,
    },
    /// A save that comes with the program.
    Shipped(String),
    /// A save.
    Save(Box<Save>),
}

/// Why there is no code, or a code can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// It is none.
    #[error(
        "this is no share code: it begins with {SHARE_PREFIX} and has letters, digits, - and _ after that"
    )]
    NotACode,
    /// It has lost or changed some of its letters.
    #[error("this share code is damaged: some of its letters are missing or wrong; copy it once more")]
    Damaged,
    /// It is longer, or unpacks to more, than any should.
    #[error(
        "this share code is too large: {SHARE_CODE_MAX} letters and {SHARE_TEXT_MAX} bytes unpacked are the most"
    )]
    TooLarge,
    /// The run is too large for a code.
    #[error(
        "this run is too large for a share code ({0} letters; {SHARE_CODE_MAX} are the most); save it and hand on the file"
    )]
    NoRoom(usize),
    /// What it begins from can't be.
    #[error("this share code begins from what can't be: {0}")]
    Begun(String),
    /// The save that it begins from can't be.
    #[error("this share code's {0}")]
    Save(#[from] SaveError),
    /// What it says was done can't be read.
    #[error("this share code's script: {0}")]
    Script(#[from] FormatError),
}

impl Begun {
    /// What one began from that loaded this save by this name.
    pub fn of(name: &str, save: &Save) -> Self {
        match shipped(name) {
            Some(Ok(known)) if known == *save => Self::Shipped(name.to_owned()),
            Some(_) | None => Self::Save(Box::new(save.clone())),
        }
    }
}

impl Shared {
    /// The code.
    ///
    /// # Errors
    ///
    /// Where it would be too long.
    pub fn code(&self) -> Result<String, ShareError> {
        let begun = match &self.begun {
            Begun::Fresh { nodes, seed } => format!("fresh {nodes} {seed}\n"),
            Begun::Shipped(name) => format!("scene {name}\n"),
            Begun::Save(save) => {
                let text = render(save);
                format!("save {}\n{text}", text.len())
            }
        };
        let text = format!("{begun}{}", self.script.text(""));
        let packed = compress_to_vec_zlib(text.as_bytes(), LEVEL);
        let code = format!("{SHARE_PREFIX}{}", URL_SAFE_NO_PAD.encode(packed));
        if code.len() > SHARE_CODE_MAX || text.len() > SHARE_TEXT_MAX {
            return Err(ShareError::NoRoom(code.len()));
        }
        Ok(code)
    }

    /// Reads a code. Blanks and line breaks in it, as copying leaves them, do not matter.
    ///
    /// # Errors
    ///
    /// Where it is none, or one of no possible run.
    pub fn parse(code: &str) -> Result<Self, ShareError> {
        if code.len() > 2 * SHARE_CODE_MAX {
            return Err(ShareError::TooLarge);
        }
        let code: String = code.split_whitespace().collect();
        if code.len() > SHARE_CODE_MAX {
            return Err(ShareError::TooLarge);
        }
        let packed = code.strip_prefix(SHARE_PREFIX).ok_or(ShareError::NotACode)?;
        let packed = URL_SAFE_NO_PAD.decode(packed).map_err(|_| ShareError::Damaged)?;
        let unpacked = decompress_to_vec_zlib_with_limit(&packed, SHARE_TEXT_MAX);
        let unpacked = unpacked.map_err(|error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => ShareError::TooLarge,
            _ => ShareError::Damaged,
        })?;
        let text = String::from_utf8(unpacked).map_err(|_| ShareError::Damaged)?;
        let (head, rest) = text.split_once('\n').ok_or(ShareError::Damaged)?;
        let (begun, script) = begun(head, rest)?;
        let script = Script::parse(script)?;
        Ok(Self { begun, script })
    }
}

/// What a run began from, and the text that is left for what was done.
fn begun<'a>(head: &str, rest: &'a str) -> Result<(Begun, &'a str), ShareError> {
    let words: Vec<&str> = head.split(' ').collect();
    match words[..] {
        ["fresh", nodes, seed] => {
            let nodes = nodes.parse().ok().filter(|nodes| (1..=NODES_MAX).contains(nodes));
            let nodes =
                nodes.ok_or_else(|| ShareError::Begun(format!("a cluster has 1 to {NODES_MAX} nodes")))?;
            let seed = seed.parse().map_err(|_| ShareError::Damaged)?;
            Ok((Begun::Fresh { nodes, seed }, rest))
        }
        ["scene", name] if shipped(name).is_some() => Ok((Begun::Shipped(name.to_owned()), rest)),
        ["scene", _] => Err(ShareError::Begun(
            "a scene that this build does not have".to_owned(),
        )),
        ["save", length] => {
            let length = length.parse().map_err(|_| ShareError::Damaged)?;
            let (save, script) = rest.split_at_checked(length).ok_or(ShareError::Damaged)?;
            Ok((Begun::Save(Box::new(parse(save, "save")?)), script))
        }
        [] | [..] => Err(ShareError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playground::any::any_command;
    use crate::playground::{TRACE_VERSION, TimedCommand};
    use crate::types::VirtualTime;

    fn script(commands: Vec<TimedCommand>) -> Script {
        Script {
            trace: Some(TRACE_VERSION),
            until: Some(VirtualTime::from_nanos(5_000_000_000)),
            commands,
            ..Script::default()
        }
    }

    fn packed(text: &str) -> String {
        let packed = compress_to_vec_zlib(text.as_bytes(), LEVEL);
        format!("{SHARE_PREFIX}{}", URL_SAFE_NO_PAD.encode(packed))
    }

    fn refused(code: &str) -> String {
        Shared::parse(code).unwrap_err().to_string()
    }

    #[test]
    fn runs_from_anywhere_come_back_and_those_from_a_seed_are_short() {
        let save = parse("(nodes: 3, now: 1, seed: 9)", "t").unwrap();
        for begun in [
            Begun::Fresh {
                nodes: 5,
                seed: u64::MAX,
            },
            Begun::Shipped("figure-8".to_owned()),
            Begun::Save(Box::new(save)),
        ] {
            let shared = Shared {
                begun,
                script: script(Vec::new()),
            };
            let code = shared.code().unwrap();
            let broken = format!("  {}\n{}  ", &code[..10], &code[10..]);
            assert_eq!(Shared::parse(&broken).unwrap(), shared);
            if let Begun::Fresh { .. } = shared.begun {
                assert!(code.len() < 160, "{code}");
            }
        }
        let figure = shipped("figure-8").unwrap().unwrap();
        assert_eq!(
            Begun::of("figure-8", &figure),
            Begun::Shipped("figure-8".to_owned())
        );
        assert!(
            matches!(Begun::of("figure-7", &figure), Begun::Save(_)),
            "a file of that name"
        );
    }

    #[test]
    fn hostile_codes_are_refused() {
        let good = Shared {
            begun: Begun::Fresh { nodes: 5, seed: 42 },
            script: script(Vec::new()),
        };
        let code = good.code().unwrap();
        for (place, _) in code.char_indices() {
            let _ = Shared::parse(&code[..place]).unwrap_err();
            let mut other = code.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            // The last letter carries bits that mean nothing; any other one is missed.
            let other = String::from_utf8(other).unwrap();
            assert!(
                Shared::parse(&other).is_err() || place + 1 == code.len(),
                "{place}"
            );
        }
        assert!(refused("").contains("no share code"));
        assert!(refused("rp1.@@").contains("damaged"));
        assert!(refused(&packed("fresh 500 1\n(commands: [])")).contains("1 to 25 nodes"));
        assert!(refused(&packed("scene ../../etc/passwd\n(commands: [])")).contains("does not have"));
        assert!(refused(&packed("save 999\n(nodes: 3)")).contains("damaged"));
        assert!(refused(&packed("save 12\n(nodes: 300)(commands: [])")).contains("save: "));
        assert!(refused(&packed("fresh 5 1\n(commands: [(at: 1, do: Fly)])")).contains("line 1, column 25"));
        assert!(refused(&packed("fresh 5 1\n(trace: 1, commands: [])")).contains("trace version 1"));
        // A small code that unpacks to very much.
        assert!(refused(&packed(&" ".repeat(SHARE_TEXT_MAX + 1))).contains("too large"));
        assert!(refused(&"a".repeat(SHARE_CODE_MAX + 1)).contains("too large"));
    }

    #[test]
    fn what_is_too_large_says_what_to_do() {
        let mut seed = 1_u64;
        let mut noise = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed
        };
        let propose = |number: u64| TimedCommand {
            at: VirtualTime::from_nanos(number >> 30),
            after: 0,
            command: crate::playground::Command::Propose {
                to: None,
                command: number.to_string(),
            },
        };
        let commands = (0..6_000).map(|_| propose(noise())).collect();
        let shared = Shared {
            begun: Begun::Fresh { nodes: 5, seed: 1 },
            script: script(commands),
        };
        assert!(matches!(shared.code(), Err(ShareError::NoRoom(_))));
    }

    proptest! {
        #[test]
        fn what_was_done_comes_back(
            times in proptest::collection::vec((0..1u64 << 40, 0..3u32, any_command()), 0..20),
        ) {
            let timed = |(nanos, after, command)| TimedCommand { at: VirtualTime::from_nanos(nanos), after, command };
            let mut commands: Vec<TimedCommand> = times.into_iter().map(timed).collect();
            commands.sort_by_key(|timed| (timed.at, timed.after));
            let shared = Shared { begun: Begun::Fresh { nodes: 5, seed: 1 }, script: script(commands) };
            let code = shared.code().unwrap();
            prop_assert_eq!(Shared::parse(&code).unwrap(), shared);
        }
    }
}
