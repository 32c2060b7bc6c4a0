//! Frames that are random, cut off, too large, of another version, or damaged.

use std::io::Write;
use std::net::Shutdown;
use std::path::Path;

use serde_json::Value;

use super::noise;
use crate::support::Running;
use crate::support::callers::{REQUEST, VERSION, call, everything, frame, in_frame, show};
use crate::support::consumption::{bound, memory_now};

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Random,
    CutOff,
    TooLarge,
    OtherVersion,
    UnknownKind,
    Damaged,
    NotJson,
}

const FAULTS: [Fault; 7] = [
    Fault::Random,
    Fault::CutOff,
    Fault::TooLarge,
    Fault::OtherVersion,
    Fault::UnknownKind,
    Fault::Damaged,
    Fault::NotJson,
];

impl Fault {
    fn bytes(self, seed: usize) -> Vec<u8> {
        let good = show("work");
        let noise = noise(seed, 2 + seed % 500);
        let place = usize::from(noise[0]) % good.len();
        match self {
            Self::Random => noise,
            Self::CutOff => good[..place].to_vec(),
            Self::TooLarge => {
                let over_the_cap = (16 << 20) + 1 + u32::from(noise[0]) * 0xf0_0000;
                [&over_the_cap.to_be_bytes()[..], &[VERSION, REQUEST], &noise].concat()
            }
            Self::OtherVersion => frame(noise[0].max(VERSION + 1), REQUEST, r#"{"status":{}}"#),
            Self::UnknownKind => frame(VERSION, noise[0].max(3), r#"{"status":{}}"#),
            Self::Damaged => {
                let mut bytes = good;
                bytes[place] ^= noise[1].max(1);
                bytes
            }
            Self::NotJson => frame(VERSION, REQUEST, &String::from_utf8_lossy(&noise)),
        }
    }

    /// Whether the daemon has to say what is wrong, rather than to wait for more or to hang up.
    fn is_answered(self) -> bool {
        matches!(self, Self::TooLarge | Self::OtherVersion | Self::UnknownKind | Self::NotJson)
    }
}

/// What the daemon answers, if anything.
fn send(socket: &Path, bytes: &[u8]) -> Option<Value> {
    let mut caller = call(socket);
    // It may have been turned away at its first bytes.
    let _ = caller.write_all(bytes);
    let _ = caller.shutdown(Shutdown::Write);
    everything(caller).ok().and_then(|bytes| in_frame(&bytes))
}

#[test]
fn bad_frames_are_refused_and_harm_nobody() {
    let count = bound("PIZAUTH_TEST_FRAMES", 1500);
    let running = Running::start();
    let token = running.sign_in("work");
    let before = memory_now(running.daemon.pid());
    for (seed, fault) in (0..count).zip(FAULTS.into_iter().cycle()) {
        let answer = send(&running.sandbox.socket(), &fault.bytes(seed));
        match answer {
            Some(answer) => assert!(answer["refused"].is_object(), "{fault:?} {seed}: {answer}"),
            None => assert!(!fault.is_answered(), "{fault:?} {seed} is not answered"),
        }
    }
    assert_eq!(running.token("work"), token);
    let after = memory_now(running.daemon.pid());
    assert!(after <= before + 4, "grown from {before} to {after} MiB");
    assert!(!running.daemon.log().contains("panicked"));
}
