//! The diagnostics of one file, as people read them.

use std::fmt;
use std::io::{self, Write as _};

use super::snippet::visible;
use super::source::Position;

/// Whether the configuration can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Error,
    Warning,
}

/// One diagnostic, rendered as far as it needs the text.
#[derive(Clone, Debug)]
pub(super) struct Diagnostic {
    pub(super) severity: Severity,
    pub(super) position: Position,
    pub(super) file_name: String,
    pub(super) message: String,
    /// The source line and the caret line; empty where there is nothing to see.
    pub(super) snippet: String,
    pub(super) help: Option<String>,
}

impl Diagnostic {
    /// `FILE:LINE:COLUMN: what is wrong`.
    fn headline(&self) -> String {
        let Position { line, column } = self.position;
        let severity = match self.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        format!("{}:{line}:{column}: {severity}{}", visible(&self.file_name), self.message)
    }
}

/// What there is to say about a configuration file, in the order of the file, at most 50 diagnostics.
/// `Display` shows each with its source line and a caret under the place. Contains no secret.
#[derive(Clone, Debug, Default)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
    more: usize,
}

impl Report {
    pub(super) fn new(more: usize, diagnostics: Vec<Diagnostic>) -> Self {
        Self { diagnostics, more }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Each diagnostic on one line, without the source, as a log wants it.
    pub fn lines(&self) -> Vec<String> {
        let one_line = |diagnostic: &Diagnostic| match &diagnostic.help {
            Some(help) => format!("{} ({help})", diagnostic.headline()),
            None => diagnostic.headline(),
        };
        self.diagnostics.iter().map(one_line).chain(self.and_more()).collect()
    }

    /// Prints what there is to say on stderr. Each diagnostic begins a line, `FILE:LINE:COLUMN:`, where editors find
    /// it.
    pub fn print_on_stderr(&self) {
        if !self.is_empty() {
            // Where stderr is closed there is nobody to tell.
            let _ = io::stderr().write_all(format!("{self}\n").as_bytes());
        }
    }

    /// Adds what else there is to say.
    #[cfg(feature = "system")]
    pub(super) fn append(&mut self, other: Self) {
        self.diagnostics.extend(other.diagnostics);
        self.more += other.more;
    }

    /// Adds a diagnostic about the file as a whole.
    #[cfg(feature = "system")]
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn and_more(&self) -> Option<String> {
        (self.more > 0).then(|| format!("and {} more", self.more))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut blocks = Vec::with_capacity(self.diagnostics.len() + 1);
        for diagnostic in &self.diagnostics {
            let mut block = diagnostic.headline();
            if !diagnostic.snippet.is_empty() {
                block = format!("{block}\n{}", diagnostic.snippet);
            }
            if let Some(help) = &diagnostic.help {
                block = format!("{block}\nhelp: {help}");
            }
            blocks.push(block);
        }
        blocks.extend(self.and_more());
        f.write_str(&blocks.join("\n"))
    }
}
