//! Callers that speak the protocol of the command socket by hand (pizauth-ipc(7)), well or badly.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use super::PATIENCE;

/// The version of the protocol.
pub(crate) const VERSION: u8 = 1;

/// The kind of frame of most requests.
pub(crate) const REQUEST: u8 = 1;
/// That of `restore`.
pub(crate) const LONG_REQUEST: u8 = 2;
/// That of short answers.
pub(crate) const RESPONSE: u8 = 3;
/// That of long ones.
const REPORT: u8 = 4;

/// A frame around a message.
pub(crate) fn frame(version: u8, kind: u8, json: &str) -> Vec<u8> {
    let length = u32::try_from(json.len() + 2).expect("a message");
    [&length.to_be_bytes()[..], &[version, kind], json.as_bytes()].concat()
}

/// A good request without members.
pub(crate) fn request(name: &str) -> Vec<u8> {
    frame(VERSION, REQUEST, &format!("{{\"{name}\":{{}}}}"))
}

/// A good request about an account.
pub(crate) fn with_account(name: &str, account: &str) -> Vec<u8> {
    frame(VERSION, REQUEST, &format!("{{\"{name}\":{{\"account\":\"{account}\"}}}}"))
}

/// `show`, whose answer is short.
pub(crate) fn show(account: &str) -> Vec<u8> {
    with_account("show", account)
}

/// A connection that has not said anything.
#[track_caller]
pub(crate) fn call(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).expect("connecting to the daemon");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time limit");
    stream
}

/// Sends `request` and takes the answer.
#[track_caller]
pub(crate) fn ask(socket: &Path, request: &[u8]) -> Value {
    let mut stream = call(socket);
    stream.write_all(request).expect("sending a request");
    answer(stream)
}

/// The answer that comes on a connection.
#[track_caller]
pub(crate) fn answer(stream: UnixStream) -> Value {
    let bytes = everything(stream).expect("taking the answer");
    in_frame(&bytes).unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&bytes)))
}

/// Whatever comes until the daemon closes.
pub(crate) fn everything(mut stream: UnixStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map(|_| bytes)
}

/// The answer in a frame that is whole and of our version.
pub(crate) fn in_frame(bytes: &[u8]) -> Option<Value> {
    let (length, rest) = bytes.split_first_chunk()?;
    let ([version, kind], json) = rest.split_first_chunk()?;
    let is_whole = usize::try_from(u32::from_be_bytes(*length)).is_ok_and(|length| length == rest.len());
    let is_ours = *version == VERSION && [RESPONSE, REPORT].contains(kind);
    (is_whole && is_ours).then(|| serde_json::from_slice(json).ok())?
}
