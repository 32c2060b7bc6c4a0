//! What is wrong with a text, collected while it is read.

use std::cell::OnceCell;

use super::report::{Diagnostic, Report, Severity};
use super::snippet::snippet;
use super::source::{Hidden, Source, offset};

/// So many problems are kept; later ones are counted. Bounds memory on hostile input.
const MOST_KEPT: usize = 1000;
/// So many problems are shown.
const MOST_SHOWN: usize = 50;

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
#[derive(Debug)]
pub(super) struct Problems<'a> {
    text: &'a str,
    errors: Vec<Problem<'a>>,
    warnings: Vec<Problem<'a>>,
    not_kept: usize,
    find_secrets: fn(&str) -> Hidden,
    /// What `find_secrets` has found, once a diagnostic has had to know.
    secrets: OnceCell<Hidden>,
}

impl<'a> Problems<'a> {
    /// No problem with `text` yet. No diagnostic will show what `find_secrets` finds there.
    pub(super) fn new(text: &'a str, find_secrets: fn(&str) -> Hidden) -> Self {
        let secrets = OnceCell::new();
        Self { text, errors: Vec::new(), warnings: Vec::new(), not_kept: 0, find_secrets, secrets }
    }

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

    /// Whether `slice`, of the text, may have a piece of a secret: then no message says what stands there.
    pub(super) fn hides(&self, slice: &str) -> bool {
        let start = offset(self.text, slice);
        let secrets = self.secrets.get_or_init(|| (self.find_secrets)(self.text));
        secrets.overlaps(start..start + slice.len())
    }

    /// `slice`, of the text, as a message may show it.
    pub(super) fn show(&self, slice: &'a str) -> &'a str {
        if self.hides(slice) { "…" } else { slice }
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
        if self.errors.is_empty() && self.warnings.is_empty() {
            return Report::default();
        }
        let secrets = self.secrets.take().unwrap_or_else(|| (self.find_secrets)(self.text));
        let in_order = |problem: &Problem<'a>| source.offset(problem.place);
        self.errors.sort_by_key(in_order);
        self.warnings.sort_by_key(in_order);
        let total = self.errors.len() + self.warnings.len() + self.not_kept;
        let mut shown: Vec<_> = self.errors.into_iter().chain(self.warnings).take(MOST_SHOWN).collect();
        shown.sort_by_key(in_order);
        let diagnostics: Vec<_> =
            shown.into_iter().map(|problem| diagnostic(problem, source, &secrets)).collect();
        Report::new(total - diagnostics.len(), diagnostics)
    }
}

fn diagnostic(problem: Problem<'_>, source: &Source<'_>, secrets: &Hidden) -> Diagnostic {
    Diagnostic {
        severity: problem.severity,
        position: source.position(problem.place),
        file_name: source.file_name.to_owned(),
        snippet: snippet(source, problem.place, secrets),
        message: problem.message,
        help: problem.help,
    }
}
