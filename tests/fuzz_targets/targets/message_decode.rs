#![no_main]

#[allow(dead_code, reason = "each target is one of the bodies")]
#[path = "../bodies.rs"]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::message_decode(data));
