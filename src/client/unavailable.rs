//! Why there is no access token now, in the words that programs and people read.

use pizauth_common::terminal::printable;

/// The account waits for its user. Programs look for these words: they never change.
pub(crate) fn pending(url: &str, exclude_url: bool) -> String {
    if exclude_url {
        "Access token unavailable until authorised".to_owned()
    } else {
        format!("Access token unavailable until authorised with URL {}", printable(url))
    }
}

/// The user has come back from the browser, and the token endpoint has not answered yet.
pub(crate) fn exchanging(account: &str) -> String {
    format!("authorization of account '{}' is being completed; try again in a moment", printable(account))
}

/// The access token is too old, and a refresh is under way.
pub(crate) fn expired(account: &str, last_error: Option<&str>) -> String {
    let account = printable(account);
    let expired = format!("access token of account '{account}' has expired and is being refreshed");
    match last_error {
        None => format!("{expired}; try again in a moment"),
        Some(error) => format!("{expired}; the last refresh failed: {}", printable(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_sentence_is_one_line_and_exact() {
        let sentence = pending("https://login.example/?state=x\n", false);
        assert_eq!(
            sentence,
            "Access token unavailable until authorised with URL https://login.example/?state=x\\n"
        );
        assert_eq!(pending("https://login.example/", true), "Access token unavailable until authorised");
    }

    #[test]
    fn a_servers_error_cannot_drive_the_terminal() {
        assert!(expired("work", Some("no\x1b[2J")).ends_with("the last refresh failed: no\\u{1b}[2J"));
    }
}
