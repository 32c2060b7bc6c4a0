//! Command lines: how a program reads its own, and how it says help, its version and usage errors.

mod flag;
mod normalise;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::io::{self, StdoutLock, Write};
use std::path::Path;

use argh::{ArgsInfo, EarlyExit, FromArgs};

use crate::cause::Cause;
use crate::exit::Exit;
use crate::sys::stdout_was_closed;
use crate::terminal::{printable, printable_lines};
use normalise::Words;

pub use argh::FlagInfoKind;
pub use flag::{Flag, spellings, switch};

/// What was run: the program as messages name it, and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// `pizauth-show` for the executable or a symlink, `pizauth show` for the subcommand.
    pub program: String,
    /// The arguments after that name.
    pub arguments: Vec<OsString>,
}

impl Invocation {
    /// The command line of this process; `fallback` is its name where the caller gave none.
    pub fn of_this_process(fallback: &str) -> Self {
        let mut arguments = std::env::args_os();
        let program = arguments.next().and_then(|path| base_name(&path)).unwrap_or_else(|| fallback.into());
        Self { program, arguments: arguments.collect() }
    }

    /// The arguments as a `T`, which should have `#[argh(help_triggers("-h", "--help"))]` and a switch `version`, so
    /// that both stand in its help; they are acted on here.
    ///
    /// # Errors
    /// The status to exit with, when help, the version or a usage error has been printed instead.
    pub fn parse<T: FromArgs + ArgsInfo>(&self) -> Result<T, Exit> {
        match normalise::normalise(&self.arguments, T::get_args_info().flags) {
            Ok(Words::Help) => Err(self.print(&help_of::<T>(&self.program))),
            Ok(Words::Version) => Err(self.print_version()),
            Ok(Words::Run(words)) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                T::from_args(&[&self.program], &words)
                    .map_err(|early| self.usage_error(one_line(&early.output)))
            }
            Err(misuse) => Err(self.usage_error(misuse)),
        }
    }

    /// Prints `PROGRAM: message` on stderr, fit to be shown. Where stderr is closed too there is nobody to tell.
    pub fn complain(&self, message: impl std::fmt::Display) {
        let line = format!("{}: {}\n", printable(&self.program), printable_lines(&message.to_string()));
        let _ = io::stderr().write_all(line.as_bytes());
    }

    /// Prints `PROGRAM: message`; the status of what is not done.
    pub fn not_done(&self, message: impl std::fmt::Display) -> Exit {
        self.complain(message);
        Exit::NotDone
    }

    /// Prints `PROGRAM: message` and where help is found; the status of wrong usage.
    pub fn usage_error(&self, message: impl std::fmt::Display) -> Exit {
        self.complain(format_args!("{message} (try: {} --help)", printable(&self.program)));
        Exit::Usage
    }

    /// Prints `text` on stdout in one write; the status says whether it got there.
    pub fn print(&self, text: &str) -> Exit {
        let written = open_stdout().and_then(|mut stdout| {
            stdout.write_all(text.as_bytes())?;
            stdout.flush()
        });
        match written {
            Ok(()) => Exit::Done,
            Err(error) => self.not_done(format_args!("cannot write to stdout: {}", Cause(&error))),
        }
    }

    /// Prints the program's name and version.
    pub fn print_version(&self) -> Exit {
        self.print(&format!("{} {}\n", printable(&self.program), env!("CARGO_PKG_VERSION")))
    }
}

/// Standard output.
///
/// # Errors
/// It was closed when this process began: what is written would be lost without an error.
pub fn open_stdout() -> io::Result<StdoutLock<'static>> {
    if stdout_was_closed() { Err(io::Error::other("it is closed")) } else { Ok(io::stdout().lock()) }
}

/// The last part of the path that a program was run by.
fn base_name(path: &std::ffi::OsStr) -> Option<String> {
    Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned())
}

/// argh makes the help text only in answer to a command line.
fn help_of<T: FromArgs>(program: &str) -> String {
    T::from_args(&[program], &["--help"]).err().map_or_else(String::new, |EarlyExit { output, .. }| output)
}

/// argh's messages end in a newline, begin with a capital and may be lists.
fn one_line(message: &str) -> String {
    let mut line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(first) = line.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    printable(&line).into_owned()
}
