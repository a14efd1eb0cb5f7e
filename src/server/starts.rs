//! How often a server was started, kept beside its log: no two starts have the same number.

use std::io;

use crate::types::Incarnation;
use crate::types::disk::Disk;

/// The file that says it.
const FILE: &str = "starts";
/// What it is called until it is whole.
const DRAFT: &str = "starts.tmp";

/// The number of the start that begins now. It is durable before anything else happens.
pub(super) fn begin<D: Disk>(disk: &mut D) -> io::Result<Incarnation> {
    let files = disk.list()?;
    let has = |name: &str| files.iter().any(|file| file == name);
    let before = if has(FILE) {
        read(disk)?
    } else {
        Incarnation::default()
    };
    if has(DRAFT) {
        disk.remove(DRAFT)?;
    }
    let incarnation = before.next();
    disk.create(DRAFT)?;
    disk.write_at(DRAFT, 0, incarnation.number().to_string().as_bytes())?;
    disk.sync_now(DRAFT)?;
    disk.rename(DRAFT, FILE)?;
    disk.sync_directory()?;
    Ok(incarnation)
}

fn read<D: Disk>(disk: &D) -> io::Result<Incarnation> {
    let bytes = disk.read(FILE)?;
    let number = std::str::from_utf8(&bytes)
        .ok()
        .and_then(|text| text.parse().ok());
    let number = number.filter(|number| *number < u64::MAX);
    number.map(Incarnation::new).ok_or_else(|| {
        let what =
            format!("the file `{FILE}` is to say how often the server was started, and says something else");
        io::Error::new(io::ErrorKind::InvalidData, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::simulated::SimulatedDisk;

    #[test]
    fn no_two_starts_have_the_same_number() {
        let mut disk = SimulatedDisk::default();
        for number in 1..=3 {
            assert_eq!(begin(&mut disk).unwrap(), Incarnation::new(number));
            disk.power_cut_losing_everything();
        }
        disk.write_at(FILE, 0, b"x").unwrap();
        assert_eq!(begin(&mut disk).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
