//! For each property facts that break it, and beside them the nearest facts that do not.

mod clients;
mod commits;
mod disks;
mod leaders;
mod scene;

use scene::{GRANTED, S1, S2, S3, Scene, Verdict, ballot, heartbeat, matched, run, vote_request};

use super::*;
use bytes::Bytes;

use crate::types::{Entries, Entry, Guarded, LogIndex, SerialNumber, SessionId, WriteSequence};

#[track_caller]
fn breaks(verdict: Verdict, property: Property, detail: &str) {
    let violation = verdict.expect_err("a violation");
    assert_eq!(
        (violation.property, violation.detail.as_str()),
        (property, detail)
    );
}

#[test]
fn a_violation_reads_as_a_sentence() {
    let mut scene = Scene::led_by_s1();
    let violation = scene.led(S2, 2).unwrap_err();
    assert_eq!(
        violation.to_string(),
        "ElectionSafety (§5.2, Figure 3): S2 and S1 were both elected leader of term 2"
    );
    assert_eq!(Property::of_name("ElectionSafety"), Some(violation.property));
    assert_eq!(
        (violation.nodes, violation.terms),
        (vec![S2, S1], vec![Term::new(2)])
    );
}

#[test]
fn an_unwatched_property_is_passed_over() {
    let mut scene = Scene::led_by_s1();
    scene.checker = scene.checker.watching([Property::LogMatching]);
    assert_eq!(scene.led(S2, 2), Ok(()));
}
