//! The shipped syslog rules know the daemon's events.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use pizauth_daemon::{Severity, log_events};

const LOGCHECK: &str = "etc/syslog/logcheck-pizauthd";
const RSYSLOG: &str = "etc/syslog/30-pizauthd.conf";
/// Warnings that nobody needs to read: the daemon tries again by itself.
const MENDED: [&str; 5] =
    ["discovery_failed", "exchange_retried", "refresh_failed", "secret_refused", "socket_rebound"];

/// No errors, and yet worth reading: each comes once.
const WORTH_READING: [&str; 6] =
    ["no_refresh_token", "other_user", "outage_over", "scope_narrowed", "state_skipped", "state_waits"];

/// What grep, reading the patterns as logcheck does, leaves of the log.
fn reported(log: &str) -> String {
    let patterns: String =
        fs::read_to_string(LOGCHECK).unwrap().lines().filter(|line| !line.starts_with('#')).collect();
    let mut grep = Command::new("grep")
        .args(["-v", "-E", "-e", &patterns])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    grep.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    String::from_utf8(grep.wait_with_output().unwrap().stdout).unwrap()
}

fn line(event: &str) -> String {
    format!("Nov  4 03:28:53 mail-1.example pizauthd[4711]: event={event} account=\"work\"\n")
}

#[test]
fn logcheck_reports_what_a_person_should_read() {
    for event in log_events() {
        let ordinary = !matches!(event.severity, Severity::Error | Severity::Warning)
            && !WORTH_READING.contains(&event.name);
        let expected =
            if ordinary || MENDED.contains(&event.name) { String::new() } else { line(event.name) };
        assert_eq!(reported(&line(event.name)), expected, "{}", event.name);
    }
    let iso = "2026-11-24T03:28:53.123456+01:00 host pizauthd[1]: event=ready\n";
    assert_eq!(reported(iso), "");
    assert_eq!(reported(&line("unheard_of")), line("unheard_of"));
    let foreign = line("ready").replace("pizauthd[", "sshd[");
    assert_eq!(reported(&foreign), foreign);
}

#[test]
fn the_rules_name_no_event_that_does_not_exist() {
    let known: BTreeSet<_> = log_events().map(|event| event.name).collect();
    let patterns = fs::read_to_string(LOGCHECK).unwrap();
    let (_, names) = patterns.split_once("event=(").unwrap();
    let (names, _) = names.split_once(')').unwrap();
    let rules = fs::read_to_string(RSYSLOG).unwrap();
    let in_rules =
        rules.split("event=").skip(1).map(|rest| rest.split([' ', '"']).next().unwrap_or_default());
    for name in names.split('|').chain(in_rules) {
        assert!(known.contains(name), "{name}");
    }
}
