//! The daemon's socket as a caller sees it: a frame out, a frame in (`pizauth-ipc(7)`).

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

const VERSION: u8 = 1;
/// The kind of frame of the requests that are made here.
const KIND: u8 = 1;
const PATIENCE: Duration = Duration::from_secs(20);

/// The frame of a request about an account.
pub(crate) fn request(what: &str, account: &str) -> Vec<u8> {
    frame(&json!({what: {"account": account}}))
}

/// The frame of a request.
pub(crate) fn frame(request: &Value) -> Vec<u8> {
    let json = request.to_string();
    let length = u32::try_from(json.len() + 2).unwrap_or(u32::MAX);
    let mut frame = length.to_be_bytes().to_vec();
    frame.extend([VERSION, KIND]);
    frame.extend_from_slice(json.as_bytes());
    frame
}

/// A connection on which nothing has been said.
pub(crate) fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The JSON text of the answer. Reads up to its end and no further, as the commands do: they do not wait until the
/// daemon has closed.
pub(crate) fn answer(mut stream: &UnixStream) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4096];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut frame[filled..])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        let whole = frame.first_chunk().map_or(0, |length| 4 + u32::from_be_bytes(*length) as usize);
        if filled >= 4 && filled >= whole {
            frame.truncate(whole);
            return Ok(frame.split_off(6.min(whole)));
        }
        if filled == frame.len() {
            frame.resize(2 * filled, 0);
        }
    }
}

/// One round trip.
pub(crate) fn ask(socket: &Path, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = connect(socket)?;
    stream.write_all(request)?;
    answer(&stream)
}

/// One round trip about an account, its answer as JSON.
pub(crate) fn ask_about(socket: &Path, what: &str, account: &str) -> io::Result<Value> {
    Ok(serde_json::from_slice(&ask(socket, &request(what, account))?)?)
}

/// Whether this is the answer with an access token.
pub(crate) fn is_access_token(answer: &io::Result<Vec<u8>>) -> bool {
    answer.as_ref().is_ok_and(|json| json.starts_with(br#"{"access_token":"#))
}
