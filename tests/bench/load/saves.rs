//! How long a token that has come takes into the file that tokens are saved to, against the filter alone.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
use serde_json::{Value, json};

use crate::socket;

/// A refresh token is replaced once for each account: more would wait for their turn.
const ACCOUNTS_ROUND: usize = 2;

/// The median and the shortest `TIME` from the answer that `refresh` waits for to the file that has the new refresh
/// token, then those of the filter `command` from its start to its end on the bytes of `dump`, in turn.
pub(crate) fn against_filter(
    path: &Path,
    file: &Path,
    dump: &Path,
    command: &str,
    rounds: usize,
) -> io::Result<String> {
    let directory = file.parent().unwrap_or(Path::new("/"));
    let name = file.file_name().unwrap_or(OsStr::new(""));
    let alone = directory.with_file_name("encrypted-alone");
    let watch = init(CreateFlags::CLOEXEC)?;
    add_watch(&watch, directory, WatchFlags::MOVED_TO)?;
    let (mut saves, mut filters) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let account = format!("a{}", 1 + round / ACCOUNTS_ROUND);
        refresh(path, &account)?;
        let begun = Instant::now();
        wait_for(&watch, name)?;
        saves.push(begun.elapsed());
        filters.push(filter(command, dump, &alone)?);
    }
    fs::remove_file(alone)?;
    Ok(format!("{}{}", line(saves), line(filters)))
}

fn refresh(path: &Path, account: &str) -> io::Result<()> {
    let request = socket::frame(&json!({"refresh": {"account": account, "wait": 20}}));
    let answer: Value = serde_json::from_slice(&socket::ask(path, &request)?)?;
    match answer.get("refreshed") {
        Some(_) => Ok(()),
        None => Err(io::Error::other(format!("{account} is not refreshed but {answer}"))),
    }
}

/// Until something has become the file of this name.
fn wait_for(watch: &OwnedFd, name: &OsStr) -> io::Result<()> {
    let mut buffer = [const { MaybeUninit::uninit() }; 1024];
    let mut events = Reader::new(watch, &mut buffer);
    loop {
        let event = events.next()?;
        if event.file_name().is_some_and(|moved| moved.to_bytes() == name.as_bytes()) {
            return Ok(());
        }
    }
}

fn filter(command: &str, input: &Path, output: &Path) -> io::Result<Duration> {
    let begun = Instant::now();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", command]).stdin(File::open(input)?).stdout(File::create(output)?);
    let ended = shell.stderr(Stdio::null()).status()?;
    let took = begun.elapsed();
    if ended.success() { Ok(took) } else { Err(io::Error::other(format!("{command} failed"))) }
}

/// `MEDIAN SHORTEST`, in microseconds.
fn line(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |index: usize| times.get(index).map_or(0, Duration::as_micros);
    format!("{} {}\n", at(times.len() / 2), at(0))
}
