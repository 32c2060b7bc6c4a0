//! Many connections at the same time: all at once, or held open by callers that never finish their request.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::{callers, socket};

const ACCOUNT: &str = "a1";
/// Few enough to be over before the daemon closes the connections that are held.
const ROUNDS_WHILE_HELD: usize = 2000;
const DRIP: Duration = Duration::from_millis(100);

/// `TIME ERRORS`.
pub(crate) fn burst(path: &Path, connections: usize) -> io::Result<String> {
    let request = socket::request("show", ACCOUNT);
    let begun = Instant::now();
    let mut streams = connect(path, connections)?;
    for stream in &mut streams {
        stream.write_all(&request)?;
    }
    let failed = streams.iter().filter(|stream| !socket::is_access_token(&socket::answer(stream))).count();
    Ok(format!("{} {failed}\n", begun.elapsed().as_micros()))
}

/// Says `waiting` when all of them do. `TIME ERRORS`: from the first answer to the last.
pub(crate) fn wait(path: &Path, connections: usize) -> io::Result<String> {
    let request = socket::frame(&json!({ "refresh": { "account": ACCOUNT, "wait": 60 } }));
    let mut streams = connect(path, connections)?;
    for stream in &mut streams {
        stream.set_read_timeout(None)?;
        stream.write_all(&request)?;
    }
    // Whoever comes later is answered later.
    socket::ask_about(path, "show", ACCOUNT)?;
    writeln!(io::stdout(), "waiting")?;
    io::stdout().flush()?;
    let mut first = None;
    let mut failed = 0;
    for stream in &streams {
        let answer = socket::answer(stream)?;
        first.get_or_insert_with(Instant::now);
        failed += usize::from(!answer.starts_with(br#"{"refreshed":"#));
    }
    let elapsed = first.map_or(Duration::ZERO, |first| first.elapsed());
    Ok(format!("{} {failed}\n", elapsed.as_micros()))
}

/// `P50 P99 PER-SECOND ERRORS HELD`.
pub(crate) fn held(path: &Path, connections: usize) -> io::Result<String> {
    let request = socket::request("show", ACCOUNT);
    let idle = connect(path, connections)?;
    let dripping = connect(path, connections)?;
    let is_over = AtomicBool::new(false);
    let figures = thread::scope(|scope| {
        scope.spawn(|| drip(&dripping, &is_over));
        let figures = callers::one_after_the_other(path, &request, ROUNDS_WHILE_HELD);
        is_over.store(true, Ordering::Relaxed);
        figures
    });
    let held = idle.iter().chain(&dripping).filter(|stream| is_open(stream)).count();
    Ok(format!("{} {held}\n", figures.line()))
}

fn connect(path: &Path, connections: usize) -> io::Result<Vec<UnixStream>> {
    (0..connections).map(|_| socket::connect(path)).collect()
}

/// A byte to each, again and again, of a request that announces more than will ever come.
fn drip(streams: &[UnixStream], is_over: &AtomicBool) {
    let endless = [0, 0, 0xff, 0xff, 1].into_iter().chain(std::iter::repeat(b' '));
    for byte in endless.take_while(|_| !is_over.load(Ordering::Relaxed)) {
        for mut stream in streams {
            // One that has been closed is counted at the end.
            let _ = stream.write_all(&[byte]);
        }
        thread::sleep(DRIP);
    }
}

fn is_open(mut stream: &UnixStream) -> bool {
    let nothing_to_read = stream.set_nonblocking(true).and_then(|()| stream.read(&mut [0]));
    nothing_to_read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}
