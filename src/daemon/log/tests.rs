//! Lines as a monitoring rule sees them, on real sockets.

use std::io::{BufRead, BufReader, Read};
use std::net::Shutdown;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

use pizauth_common::unix_time::UnixTime;

use super::backlog::Backlog;
use super::logfmt::{MAX_BYTES, Text};
use super::stderr::Stderr;
use super::syslog::Syslog;
use super::*;
use crate::testing::{private_directory, received};

fn line(value: &str) -> String {
    let mut text = Text::new("token_refreshed");
    text.quoted("account", "work");
    text.field("reason", value);
    text.finished()
}

#[test]
fn a_value_cannot_leave_its_field_or_its_line() {
    let prefix = "event=token_refreshed account=\"work\" reason=";
    for (value, expected) in [
        ("3600", "3600"),
        ("", "\"\""),
        ("two words", "\"two words\""),
        ("a=b", "\"a=b\""),
        ("say \"no\" \\", "\"say \\\"no\\\" \\\\\""),
        ("x\nevent=session_ended", "\"x\\nevent=session_ended\""),
        ("\u{1b}[31m\0\u{7f}\u{85}\u{202e}", "\"\\u{1b}[31m\\u{0}\\u{7f}\\u{85}\\u{202e}\""),
        ("größer", "\"größer\""),
    ] {
        assert_eq!(line(value), format!("{prefix}{expected}"));
    }
}

#[test]
fn a_line_has_a_cap_and_stays_well_formed() {
    for unit in ["x", "ü", "\\", "\"", "\n", "a b"] {
        let mut text = Text::new("needs_attention");
        text.quoted("account", &unit.repeat(2000));
        text.field("reason", &unit.repeat(10_000));
        text.field("code", "7");
        let line = text.finished();
        assert!(line.len() <= MAX_BYTES, "{unit:?}: {}", line.len());
        assert!(line.ends_with("…\" code=7"), "{unit:?}: {}", &line[line.len() - 20..]);
    }
}

#[test]
fn the_table_of_events_is_unambiguous() {
    let all: Vec<_> = events().collect();
    for (index, event) in all.iter().enumerate() {
        assert!(event.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", event.name);
        assert!(all[..index].iter().all(|other| other.name != event.name), "{} stands twice", event.name);
    }
    assert_eq!(What::Connection.doc().name, "connection");
    assert_eq!(What::StartFailed.doc().name, "start_failed");
}

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(private_directory())
    }

    fn path(&self) -> String {
        self.0.path().join("log").to_str().unwrap().to_owned()
    }

    fn backlog(&self) -> Backlog {
        Backlog::new(Syslog::at(vec!["/nonexistent/log".to_owned(), self.path()]), Stderr::shared())
    }
}

#[test]
fn syslog_gets_priority_tag_and_pid() {
    let place = Place::new();
    let syslog = UnixDatagram::bind(place.path()).unwrap();
    let mut backlog = place.backlog();
    backlog.write(Severity::Error, "event=session_ended".to_owned());
    backlog.write(Severity::Info, "event=ready".to_owned());
    let pid = std::process::id();
    assert_eq!(received(&syslog), format!("<27>pizauthd[{pid}]: event=session_ended"));
    assert_eq!(received(&syslog), format!("<30>pizauthd[{pid}]: event=ready"));
}

#[test]
fn a_restarted_syslog_is_found_again() {
    let place = Place::new();
    let mut backlog = place.backlog();
    for round in 0..3 {
        backlog.write(Severity::Trace, format!("to stderr, round {round}"));
        let syslog = UnixDatagram::bind(place.path()).unwrap();
        backlog.write(Severity::Trace, format!("round {round}"));
        assert!(received(&syslog).ends_with(&format!("]: round {round}")));
        // To close it is not enough while a process that another test starts has it, too.
        syslog.shutdown(Shutdown::Both).unwrap();
        std::fs::remove_file(place.path()).unwrap();
    }
}

#[test]
fn a_syslog_that_listens_for_streams_is_served() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path()).unwrap();
    let mut backlog = place.backlog();
    backlog.write(Severity::Error, "one".to_owned());
    backlog.write(Severity::Error, "two".to_owned());
    let mut reader = BufReader::new(listener.accept().unwrap().0);
    for expected in ["one", "two"] {
        let mut message = Vec::new();
        reader.read_until(0, &mut message).unwrap();
        assert!(String::from_utf8(message).unwrap().ends_with(&format!("]: {expected}\0")));
    }
}

#[test]
fn a_line_that_was_cut_off_as_by_a_full_disk_does_not_run_into_the_next_one() {
    let (mut reader, writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let mut stderr = Stderr::to(std::os::fd::OwnedFd::from(writer).into(), false);
    let line = "x".repeat(4 * 1024 * 1024);
    stderr.send(&line, UnixTime(0));
    let mut seen = vec![0; line.len()];
    let length = reader.read(&mut seen).unwrap();
    assert!(length < line.len(), "it does not fit");
    for next in ["event=ready", "event=stopping"] {
        stderr.send(next, UnixTime(0));
    }
    drop(stderr);
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    let rest = rest.trim_start_matches('x');
    assert_eq!(rest, "\npizauthd: event=ready\npizauthd: event=stopping\n");
}

#[test]
fn where_nobody_else_notes_the_time_a_line_begins_with_that_of_its_event() {
    let (mut reader, writer) = UnixStream::pair().unwrap();
    let mut stderr = Stderr::to(std::os::fd::OwnedFd::from(writer).into(), true);
    stderr.send("event=ready", UnixTime(1_709_251_199));
    drop(stderr);
    let mut line = String::new();
    reader.read_to_string(&mut line).unwrap();
    assert_eq!(line, "2024-02-29T23:59:59Z pizauthd: event=ready\n");
}

#[test]
fn a_stuck_syslog_holds_nobody_up_and_the_loss_is_told() {
    let place = Place::new();
    let syslog = UnixDatagram::bind(place.path()).unwrap();
    let mut backlog = place.backlog();
    for number in 0..10_000 {
        backlog.write(Severity::Error, format!("{number} {}", "x".repeat(1000)));
    }
    assert!(backlog.catch_up().is_some(), "nobody has read anything");

    syslog.set_nonblocking(true).unwrap();
    let mut lines = Vec::new();
    let mut buffer = [0; 8192];
    while backlog.catch_up().is_some()
        || syslog.recv(&mut buffer).is_ok_and(|length| {
            lines.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            true
        })
    {
        while let Ok(length) = syslog.recv(&mut buffer) {
            lines.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
    }
    let (told, kept) = lines.split_last().unwrap();
    let lost: usize = told.rsplit_once("event=lines_dropped lines=").unwrap().1.parse().unwrap();
    assert_eq!(kept.len() + lost, 10_000);
    assert!(
        kept.last().unwrap().contains(&format!(" {} x", kept.len() - 1)),
        "the oldest are kept, in order"
    );
}
