//! Bytes that survive: the disks, and the write-ahead log on them.

#[path = "storage_suite/corruption.rs"]
mod corruption;
#[path = "storage_suite/disks.rs"]
mod disks;
#[path = "storage_suite/dying.rs"]
mod dying;
#[path = "storage_suite/power_cuts.rs"]
mod power_cuts;
#[path = "storage_suite/power_law.rs"]
mod power_law;
#[path = "storage_suite/random.rs"]
mod random;
#[path = "storage_suite/reopening.rs"]
mod reopening;
#[path = "storage_suite/snapshot_crashes.rs"]
mod snapshot_crashes;
#[path = "storage_suite/snapshots.rs"]
mod snapshots;
#[path = "storage_suite/support.rs"]
mod support;
