//! What opening does to a disk, once all of the log has been read.

use std::io;

use super::error::OpenError;
use super::header::Header;
use super::scan::{LastSegment, Scan, SoundSegment};
use super::segment::SegmentNumber;
use super::{Identity, Tail};
use crate::types::disk::Disk;

/// Makes durable what a scan found, cuts what it could not read, removes what is left over, and says where the log goes on.
pub(super) fn secure<D: Disk>(disk: &mut D, scan: &mut Scan, identity: Identity) -> Result<Tail, OpenError> {
    let failed = |file, source| OpenError::Disk { file, source };
    let tail = match &scan.last {
        LastSegment::None => {
            let number = SegmentNumber::FIRST;
            let created = disk.create(&number.file_name());
            let header_bytes = created.and_then(|()| make_segment(disk, scan, number, identity));
            header_bytes.map(|bytes| Tail::new(number, bytes))
        }
        LastSegment::Unmade { number, .. } => {
            let emptied = disk.set_len(&number.file_name(), 0);
            let header_bytes = emptied.and_then(|()| make_segment(disk, scan, *number, identity));
            header_bytes.map(|bytes| Tail::new(*number, bytes))
        }
        LastSegment::Sound(last) => rewrite_tail(disk, last).map(|()| last.tail()),
    };
    let tail = tail.map_err(|source| failed(scan.last_number().file_name(), source))?;
    if !matches!(scan.last, LastSegment::Sound(_)) {
        scan.state.begin_segment(tail.segment);
    }
    scan.state
        .drop_needless_files(disk)
        .map_err(|(file, source)| failed(file, source))?;
    Ok(tail)
}

fn make_segment<D: Disk>(
    disk: &mut D,
    scan: &Scan,
    number: SegmentNumber,
    identity: Identity,
) -> io::Result<u64> {
    write_header(disk, &scan.next_header(number, identity))
}

/// Writes and syncs the header of a segment whose file is empty. Gives its length.
pub(super) fn write_header<D: Disk>(disk: &mut D, header: &Header) -> io::Result<u64> {
    let (file, bytes) = (header.number.file_name(), header.encode());
    disk.write_at(&file, 0, &bytes)?;
    disk.sync_now(&file)?;
    disk.sync_directory()?;
    Ok(bytes.len() as u64)
}

/// Writes once more what no mark vouches for, room included and without what has been cut, and syncs it.
fn rewrite_tail<D: Disk>(disk: &mut D, last: &SoundSegment) -> io::Result<()> {
    let file = last.number.file_name();
    if last.cut.is_some() {
        disk.set_len(&file, last.end as u64)?;
    }
    disk.write_at(
        &file,
        last.marked as u64,
        &last.bytes[last.marked..last.file_bytes()],
    )?;
    disk.sync_now(&file)?;
    disk.sync_directory()
}
