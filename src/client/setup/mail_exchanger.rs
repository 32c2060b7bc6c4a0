//! Asks the name service who takes the mail of a domain, by the first program for that which is installed.

use std::fmt;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::child_output::read;

/// So long an answer is waited for: one try, since resolvers ask again after 5 s.
const PATIENCE: Duration = Duration::from_secs(5);
/// No more of an answer is read, in bytes.
const LARGEST: usize = 64 << 10;

/// Programs that look names up, each with the arguments that come before the domain.
const PROGRAMS: [(&str, &[&str]); 5] = [
    ("host", &["-t", "MX"]),
    ("dig", &["+short", "MX"]),
    ("drill", &["MX"]),
    ("kdig", &["+short", "MX"]),
    ("resolvectl", &["query", "--type=MX", "--legend=no"]),
];

/// Why no mail exchanger is known.
#[derive(Debug)]
pub(super) enum NotFound<'a> {
    NoHostName(&'a str),
    NobodyTakesMail(&'a str),
    NoProgram,
}

impl fmt::Display for NotFound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHostName(domain) => write!(f, "'{domain}' is no name that could be looked up"),
            Self::NobodyTakesMail(domain) => write!(f, "nobody is known who takes the mail of {domain}"),
            Self::NoProgram => {
                let names = PROGRAMS.map(|(program, _)| program).join(", ");
                write!(f, "it cannot be looked up, since none of these programs is installed: {names}")
            }
        }
    }
}

/// The mail exchangers of `domain`, one at least, in the order in which the program prints them.
///
/// # Errors
/// None is known, or none of the programs is installed.
pub(super) fn of(domain: &str) -> Result<Vec<String>, NotFound<'_>> {
    if !is_host_name(domain) {
        return Err(NotFound::NoHostName(domain));
    }
    match PROGRAMS.iter().find_map(|(program, words)| ask(program, words, domain)) {
        Some(hosts) if hosts.is_empty() => Err(NotFound::NobodyTakesMail(domain)),
        Some(hosts) => Ok(hosts),
        None => Err(NotFound::NoProgram),
    }
}

/// Whether it is safe as an argument: nothing that a program could take for an option.
fn is_host_name(domain: &str) -> bool {
    domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// What the program says; none where it is not installed.
fn ask(program: &str, words: &[&str], domain: &str) -> Option<Vec<String>> {
    let mut command = Command::new(program);
    command.args(words).arg(domain).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let answer =
        child.stdout.take().map(|mut stdout| read(&mut stdout, PATIENCE, LARGEST).unwrap_or_default());
    let _ = child.kill();
    let _ = child.wait();
    Some(answer.map(|bytes| exchangers(&String::from_utf8_lossy(&bytes))).unwrap_or_default())
}

/// Each of these programs prints a preference, a number, and then the host.
fn exchangers(text: &str) -> Vec<String> {
    let in_line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let host = |pair: &[&str]| {
            let is_preference = pair[0].parse::<u16>().is_ok();
            (is_preference && is_host_name(pair[1].trim_end_matches('.'))).then(|| pair[1].to_owned())
        };
        words.windows(2).find_map(host)
    };
    text.lines().filter_map(in_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_programs_answer_is_read() {
        for (program, answer) in [
            ("host", "example.com mail is handled by 10 mx.example.net.\n"),
            ("dig", "10 mx.example.net.\n"),
            (
                "drill",
                ";; ANSWER SECTION:\nexample.com.\t300\tIN\tMX\t10 mx.example.net.\n\n;; Query time: 3 msec\n",
            ),
            ("resolvectl", "example.com IN MX 10 mx.example.net                         -- link: eth0\n"),
        ] {
            let found = exchangers(answer);
            let hosts: Vec<_> = found.iter().map(|host| host.trim_end_matches('.')).collect();
            assert_eq!(hosts, ["mx.example.net"], "{program}");
        }
        assert_eq!(exchangers("example.com has no MX record\n"), [""; 0]);
        assert_eq!(exchangers("Host example.com not found: 3(NXDOMAIN)\n"), [""; 0]);
    }

    #[test]
    fn what_is_no_host_name_is_asked_of_nobody() {
        for domain in
            ["", "example", "-x.example", "example..org", "exa mple.org", "bücher.example", "a;b.example"]
        {
            assert!(!is_host_name(domain), "{domain}");
        }
        assert!(is_host_name("mail-1.example.org"));
    }
}
