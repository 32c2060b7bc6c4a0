//! What is wrong with a text, collected while it is read.

use std::ops::Range;

use super::report::{Diagnostic, Report};
use super::snippet::snippet;
use super::source::Source;

/// So many problems are kept; later ones are counted. Bounds memory on hostile input.
const MOST_KEPT: usize = 1000;
/// So many are shown.
const MOST_SHOWN: usize = 50;

/// Whether the configuration can be used all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    Error,
    Warning,
}

/// One finding.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub(super) severity: Severity,
    /// A slice of the text.
    pub(super) place: &'a str,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

/// All findings, and the parts of the text that no diagnostic may show.
#[derive(Debug, Default)]
pub(super) struct Problems<'a> {
    errors: Vec<Problem<'a>>,
    warnings: Vec<Problem<'a>>,
    not_kept: usize,
    secrets: Vec<Range<usize>>,
}

impl<'a> Problems<'a> {
    pub(super) fn error(&mut self, place: &'a str, message: impl Into<String>) {
        self.add(Problem { severity: Severity::Error, place, message: message.into(), help: None });
    }

    /// `help` is a sentence of its own, printed after `help: `.
    pub(super) fn error_with_help(
        &mut self,
        place: &'a str,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.add(Problem { severity: Severity::Error, place, message: message.into(), help });
    }

    pub(super) fn warning(&mut self, place: &'a str, message: impl Into<String>) {
        self.add(Problem { severity: Severity::Warning, place, message: message.into(), help: None });
    }

    /// No diagnostic shows these bytes of the text. To be called in the order of the text.
    pub(super) fn hide(&mut self, secret: Range<usize>) {
        self.secrets.push(secret);
    }

    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Whether further errors are only counted: hints for them would be wasted work.
    pub(super) fn is_full(&self) -> bool {
        self.errors.len() >= MOST_KEPT
    }

    fn add(&mut self, problem: Problem<'a>) {
        let list = match problem.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if list.len() < MOST_KEPT {
            list.push(problem);
        } else {
            self.not_kept += 1;
        }
    }

    /// In the order of the text. Where there are too many, errors are shown before warnings.
    pub(super) fn into_report(mut self, source: &Source<'a>) -> Report {
        let in_order = |problem: &Problem<'a>| source.offset(problem.place);
        self.errors.sort_by_key(in_order);
        self.warnings.sort_by_key(in_order);
        let total = self.errors.len() + self.warnings.len() + self.not_kept;
        let mut shown: Vec<_> = self.errors.into_iter().chain(self.warnings).take(MOST_SHOWN).collect();
        shown.sort_by_key(in_order);
        let diagnostics: Vec<_> =
            shown.into_iter().map(|problem| diagnostic(problem, source, &self.secrets)).collect();
        Report::new(total - diagnostics.len(), diagnostics)
    }
}

fn diagnostic(problem: Problem<'_>, source: &Source<'_>, secrets: &[Range<usize>]) -> Diagnostic {
    Diagnostic {
        severity: problem.severity,
        position: source.position(problem.place),
        file_name: source.file_name.to_owned(),
        snippet: snippet(source, problem.place, secrets),
        message: problem.message,
        help: problem.help,
    }
}
