//! What a file may be called.

use std::io;

/// The name of the file that a real disk locks. No other file may have it, on any disk.
pub(super) const LOCK: &str = "lock";

const LONGEST: usize = 64;

/// Refuses a name that is not a plain one: see [the module](super).
pub(super) fn check(name: &str) -> io::Result<()> {
    if is_plain(name) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{name:?} is not a plain file name"),
    ))
}

/// Whether a file may be called this.
pub(super) fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    (1..=LONGEST).contains(&name.len()) && !name.starts_with('.') && name != LOCK && name.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for name in ["wal-0000000001.log", "a", "snapshot_3.tmp"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let long = "a".repeat(65);
        for name in [
            "", ".", "..", "../a", "a/b", "a\\b", "/a", ".a", "lock", "Lock", "a b", "a\0", "ü", &long,
        ] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
