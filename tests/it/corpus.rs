//! Replays the committed fuzz corpus, without libFuzzer.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

#[allow(unreachable_pub, reason = "the fuzz targets use it as a library")]
#[path = "../fuzz/decoders.rs"]
mod decoders;

/// Feeds every file of the folders to `decode`, and names the one that it fails on.
fn replay(decode: fn(&[u8]), folders: &[&str]) {
    for folder in folders {
        let files: Vec<_> =
            fs::read_dir(Path::new("tests").join(folder)).unwrap().map(Result::unwrap).collect();
        assert!(!files.is_empty(), "{folder} is empty");
        for file in files.iter().filter(|file| file.file_type().unwrap().is_file()) {
            let bytes = fs::read(file.path()).unwrap();
            let verdict = catch_unwind(AssertUnwindSafe(|| decode(&bytes)));
            assert!(verdict.is_ok(), "{} fails", file.path().display());
        }
    }
}

#[test]
fn configuration() {
    replay(decoders::configuration, &["fuzz/corpus/configuration", "conf/ok", "conf/bad"]);
}

#[test]
fn dump() {
    replay(decoders::dump, &["fuzz/corpus/dump"]);
}

#[test]
fn frame() {
    replay(decoders::frame, &["fuzz/corpus/frame"]);
}

#[test]
fn message() {
    replay(decoders::message, &["fuzz/corpus/message"]);
}

#[test]
fn redirect_head() {
    replay(decoders::redirect_head, &["fuzz/corpus/redirect_head"]);
}

#[test]
fn callback() {
    replay(decoders::callback, &["fuzz/corpus/callback"]);
}

#[test]
fn token_answer() {
    replay(decoders::token_answer, &["fuzz/corpus/token_answer", "answers", "answers/revocation"]);
}

#[test]
fn import() {
    replay(decoders::import, &["fuzz/corpus/import", "import"]);
}

#[test]
fn device_answer() {
    replay(decoders::device_answer, &["fuzz/corpus/device_answer", "answers/device", "answers"]);
}

#[test]
fn metadata() {
    replay(decoders::metadata, &["fuzz/corpus/metadata", "answers/metadata", "answers/device"]);
}

#[test]
fn key_file() {
    replay(decoders::key_file, &["fuzz/corpus/key_file"]);
}

#[test]
fn registration() {
    replay(
        decoders::registration,
        &["fuzz/corpus/registration", "answers/registration", "answers/metadata", "answers"],
    );
}
