//! `tests/answers`: the bytes of an answer, and what it has to come to.

use std::fs;
use std::path::Path;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    Exchange,
    Refresh,
}

impl Grant {
    fn name(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Refresh => "refresh",
        }
    }
}

/// An answer to one grant.
pub(super) struct Case {
    /// The file's name; also that of the account.
    pub(super) name: String,
    pub(super) answer: Vec<u8>,
    /// `issued`, `ended`, `needs attention` or `transient`.
    pub(super) verdict: String,
    /// What else the verdict file says.
    details: Vec<(String, String)>,
}

impl Case {
    /// A line of a `.verdict` is `GRANT: VERDICT`, `KEY: VALUE`, or `GRANT KEY: VALUE` where it is about one grant.
    fn read(path: &Path, grant: Grant) -> Self {
        let verdicts = fs::read_to_string(path.with_extension("verdict")).expect("a verdict for the answer");
        let mut details: Vec<(String, String)> = Vec::new();
        let lines = verdicts.lines().filter_map(|line| line.split_once(": "));
        // What a client gets that signs in by itself is a matter of words only, and told by the core's tests.
        for (key, value) in lines.filter(|(key, _)| !key.starts_with("application")) {
            let key = key.strip_prefix(grant.name()).map_or(key, str::trim_start);
            details.push((key.to_owned(), value.to_owned()));
        }
        let verdict = details.iter().find(|(key, _)| key.is_empty()).expect("a verdict").1.clone();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        Self { name, answer: fs::read(path).expect("an answer"), verdict, details }
    }

    /// The values of a key.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.details.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The value of a key.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// What a person is told holds the reasons and no secret.
    pub(super) fn check_text(&self, text: &str) {
        for reason in self.all("reason") {
            assert!(text.contains(reason), "{}: no {reason:?} in {text}", self.name);
        }
        for secret in self.all("absent") {
            assert!(!text.contains(secret), "{}: {secret:?} in {text}", self.name);
        }
    }
}

pub(super) fn cases(grant: Grant) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the corpus").flatten().map(|file| file.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "http"));
    files.sort();
    assert!(files.len() >= 100, "only {} answers", files.len());
    files.iter().map(|path| Case::read(path, grant)).collect()
}
