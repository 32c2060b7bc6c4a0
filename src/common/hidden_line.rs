//! A line from the terminal that does not appear there: what is pasted is a secret.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;

use rustix::termios::{LocalModes, OptionalActions, Termios, isatty, tcsetattr};
use zeroize::Zeroizing;

use crate::keys::{END, INTERRUPT, corrects, hand_over};
use crate::secret::Secret;

/// Asks for a line, of at most `longest` bytes. The terminal hands every key over as it is typed: it would keep no more
/// than 4 KiB of a line, and would not be itself again if an interrupt ended us.
///
/// # Errors
/// There is no terminal, the line is longer or no text, or the user has interrupted it.
pub fn hidden_line(
    mut terminal: impl Read + AsFd,
    mut screen: impl Write,
    prompt: &str,
    longest: usize,
) -> io::Result<Secret> {
    let quiet = Quiet::begin(&terminal)?;
    screen.write_all(prompt.as_bytes())?;
    screen.flush()?;
    let line = read_line(&mut terminal, longest);
    quiet.end(&terminal);
    screen.write_all(b"\n")?;
    line
}

/// How the terminal was before.
struct Quiet(Termios);

impl Quiet {
    fn begin(terminal: &impl AsFd) -> io::Result<Self> {
        if !isatty(terminal) {
            return Err(io::Error::other("it is no terminal"));
        }
        hand_over(terminal, LocalModes::ECHO | LocalModes::ISIG, OptionalActions::Flush).map(Self)
    }

    /// Also drops what was pasted after the line: the shell would run it.
    fn end(self, terminal: &impl AsFd) {
        let _ = tcsetattr(terminal, OptionalActions::Flush, &self.0);
    }
}

fn read_line(terminal: &mut impl Read, longest: usize) -> io::Result<Secret> {
    // Never moved, so that no copy of it stays behind.
    let mut line = Zeroizing::new(Vec::with_capacity(longest));
    let mut key = [0];
    loop {
        if terminal.read(&mut key)? == 0 {
            break;
        }
        match key[0] {
            b'\n' | b'\r' | END => break,
            INTERRUPT => return Err(io::Error::new(ErrorKind::Interrupted, "interrupted")),
            key if corrects(&mut line, key) => {}
            _ if line.len() == longest => return Err(io::Error::other("the line is too long")),
            byte => line.push(byte),
        }
    }
    let text = str::from_utf8(&line).map_err(|_| io::Error::other("it is no text"))?;
    Ok(Secret::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> io::Result<String> {
        read_line(&mut &*keys, 8).map(|line| line.expose().to_owned())
    }

    #[test]
    fn keys_do_what_they_do_in_other_lines() {
        for (keys, line) in [
            (&b"1//x\nrest"[..], "1//x"),
            (b"1//x\r", "1//x"),
            (b"1//x\x04", "1//x"),
            (b"1//x", "1//x"),
            (b"\x7f12\x7f\x083", "3"),
            (b"123\x15456\n", "456"),
            (b"12345678\n", "12345678"),
        ] {
            assert_eq!(typed(keys).unwrap(), line);
        }
    }

    #[test]
    fn what_is_no_line_is_an_error_that_shows_nothing_of_it() {
        assert_eq!(typed(b"1//x\x03").unwrap_err().kind(), ErrorKind::Interrupted);
        for keys in [&b"hunter2hunter2\n"[..], b"hunte\xff\n"] {
            assert!(!typed(keys).unwrap_err().to_string().contains("hunte"));
        }
    }

    #[test]
    fn what_is_no_terminal_is_not_waited_for() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(hidden_line(file, Vec::new(), "token: ", 8).is_err());
    }
}
