//! A path in the configuration: absolute, or in the user's home, since nobody knows where a daemon was started.

use std::path::{Path, PathBuf};

/// `/…` or `~/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserPath {
    /// `/…`
    Absolute(PathBuf),
    /// What follows `~/`.
    InHome(PathBuf),
}

impl UserPath {
    /// None for every other text, and for what no file can be called.
    pub fn parse(text: &str) -> Option<Self> {
        let path = |text: &str| (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text));
        match text.strip_prefix("~/") {
            Some(rest) => path(rest.trim_start_matches('/')).map(Self::InHome),
            None => path(text).filter(|path| path.is_absolute()).map(Self::Absolute),
        }
    }

    /// As it could be written.
    pub fn written(&self) -> String {
        match self {
            Self::Absolute(path) => path.display().to_string(),
            Self::InHome(rest) => format!("~/{}", rest.display()),
        }
    }

    /// The absolute path; none where it is in a home that is not there.
    pub fn resolve(&self, home: Option<&Path>) -> Option<PathBuf> {
        match self {
            Self::Absolute(path) => Some(path.clone()),
            Self::InHome(rest) => home.map(|home| home.join(rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_absolute_or_in_the_home() {
        let resolved = |text: &str| UserPath::parse(text)?.resolve(Some(Path::new("/home/me")));
        assert_eq!(resolved("/run/x.sock"), Some("/run/x.sock".into()));
        assert_eq!(resolved("~/.cache/x"), Some("/home/me/.cache/x".into()));
        assert_eq!(resolved("~//etc/x"), Some("/home/me/etc/x".into()), "it stays in the home");
        for other in ["", "~", "~/", "~you/x", "x", "./x", "../x", "/a\0b", "~/\0"] {
            assert_eq!(UserPath::parse(other), None, "{other:?}");
        }
        assert_eq!(UserPath::parse("~/x").unwrap().resolve(None), None);
    }
}
