//! Why there is no access token now, in the words that programs and people read.

use std::time::Duration;

use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{Expired, Pending, Response};
use pizauth_common::roughly::roughly;
use pizauth_common::terminal::printable;

use crate::advice::{nobody_listens, when_mended};

/// Why there is no access token now, where this answer says that.
pub(crate) fn why(answer: &Response, account: &str, exclude_url: bool) -> Option<String> {
    Some(match answer {
        Response::Pending(why) => pending(why, exclude_url),
        Response::Starting { host } => starting(host),
        Response::Exchanging { last_error } => exchanging(account, last_error.as_deref()),
        Response::Expired(why) => expired(account, why),
        Response::Fetching(why) => fetching(account, why),
        _ => return None,
    })
}

/// The account waits for its user. Programs look for these words: they never change. What keeps the user from coming
/// back is a line of its own.
pub(crate) fn pending(pending: &Pending, exclude_url: bool) -> String {
    let code = pending.user_code.as_deref().map(|code| format!(" and code {}", printable(code)));
    let at = format!(" with URL {}{}", printable(&pending.url), code.unwrap_or_default());
    let at = if exclude_url { "" } else { &at };
    let hindrance = pending.listener_error.as_deref().map(|why| format!("\nbut {}", nobody_listens(why)));
    format!("Access token unavailable until authorised{at}{}", hindrance.unwrap_or_default())
}

/// A server has been asked for what a sign-in begins with: a code for the user, or the endpoints.
pub(crate) fn starting(host: &str) -> String {
    let host = printable(host);
    format!("authorization is being prepared, {host} has not answered yet; try again in a moment")
}

/// The user has come back from the browser, and the token endpoint has not answered yet, or could not be reached.
pub(crate) fn exchanging(account: &str, last_error: Option<&str>) -> String {
    let next = match last_error.map(printable) {
        None => "try again in a moment".to_owned(),
        Some(error) => format!("the last try failed: {error}"),
    };
    format!("authorization of account '{}' is being completed; {next}", printable(account))
}

/// A refresh that may not begin yet: the server has asked for a pause, or there have been many just now.
pub(crate) fn scheduled(account: &str, refresh_in: u64) -> String {
    let when = roughly(Duration::from_secs(refresh_in));
    format!(
        "the refresh of account '{}' begins in {when}: not sooner, to spare the server",
        printable(account)
    )
}

/// The access token is too old: when there will be a new one, or what the user has to do for it.
pub(crate) fn expired(account: &str, expired: &Expired) -> String {
    let told = format!("access token of account '{}' has expired", printable(account));
    let error = expired.last_error.as_deref().map(printable);
    if expired.needs_attention {
        let why = error.map(|error| format!(": {error}")).unwrap_or_default();
        return format!("{told}, and to refresh it needs your attention{why}; {}", when_mended(account));
    }
    let (when, again) = match expired.refresh_in {
        0 => ("is being refreshed".to_owned(), "in a moment"),
        seconds => (format!("will be refreshed in {}", roughly(Duration::from_secs(seconds))), "then"),
    };
    match error {
        None => format!("{told} and {when}; try again {again}"),
        Some(error) => format!("{told} and {when}; the last refresh failed: {error}"),
    }
}

/// A client that signs in by itself has no access token yet: when there will be one, or what keeps it.
pub(crate) fn fetching(account: &str, fetching: &Expired) -> String {
    let error = match fetching.last_error.as_deref().map(printable) {
        Some(error) => error,
        // The extra socket keeps the words of errors to itself: they are told on the machine where pizauthd runs.
        None if fetching.needs_attention => "there is an error".into(),
        None => return "the first access token is being fetched; try again in a moment".to_owned(),
    };
    let next = match (fetching.needs_attention, fetching.refresh_in) {
        (true, _) => format!("when that is mended: pizauth refresh {}", printable(&as_argument(account))),
        (false, 0) => "the next try is under way".to_owned(),
        (false, seconds) => format!("next try in {}", roughly(Duration::from_secs(seconds))),
    };
    format!("no access token yet: {error}; {next}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: &str, needs_attention: bool, refresh_in: u64) -> Expired {
        Expired { last_error: Some(error.to_owned()), needs_attention, refresh_in }
    }

    #[test]
    fn who_waits_for_a_refresh_is_told_how_long_and_who_must_act_is_told_what_to_do() {
        let fresh = Expired { last_error: None, needs_attention: false, refresh_in: 0 };
        let begins = "access token of account 'work' has expired and ";
        for (what, words) in [
            (fresh.clone(), "is being refreshed; try again in a moment"),
            (Expired { refresh_in: 7, ..fresh }, "will be refreshed in 7 s; try again then"),
            (failed("HTTP 503", false, 0), "is being refreshed; the last refresh failed: HTTP 503"),
            (
                failed("HTTP 503", false, 3_300),
                "will be refreshed in 55 min; the last refresh failed: HTTP 503",
            ),
        ] {
            assert_eq!(expired("work", &what), format!("{begins}{words}"));
        }
        assert_eq!(
            expired("my work", &failed("invalid_client: wrong secret", true, 3_300)),
            "access token of account 'my work' has expired, and to refresh it needs your attention: \
             invalid_client: wrong secret; when that is mended: pizauth refresh 'my work' \
             (to start over instead: pizauth revoke 'my work')"
        );
    }

    #[test]
    fn who_waits_for_a_first_token_is_told_what_keeps_it() {
        let fresh = Expired { last_error: None, needs_attention: false, refresh_in: 0 };
        for (what, words) in [
            (fresh.clone(), "the first access token is being fetched; try again in a moment"),
            (
                Expired { refresh_in: 7, ..fresh },
                "the first access token is being fetched; try again in a moment",
            ),
            (failed("HTTP 503", false, 12), "no access token yet: HTTP 503; next try in 12 s"),
            (failed("HTTP 503", false, 0), "no access token yet: HTTP 503; the next try is under way"),
            (
                failed("invalid_client", true, 3_300),
                "no access token yet: invalid_client; when that is mended: pizauth refresh 'my work'",
            ),
        ] {
            assert_eq!(fetching("my work", &what), words);
        }
    }

    #[test]
    fn what_is_not_yet_done_says_what_keeps_it() {
        let told = exchanging("work", Some("cannot reach login.example"));
        assert!(
            told.ends_with("is being completed; the last try failed: cannot reach login.example"),
            "{told}"
        );
        assert!(exchanging("work", None).ends_with("is being completed; try again in a moment"));
        assert!(scheduled("work", 40).starts_with("the refresh of account 'work' begins in 40 s"));
    }

    #[test]
    fn the_fixed_sentence_is_one_line_and_exact() {
        let waits = |url: &str, user_code: Option<&str>, listener_error: Option<&str>| Pending {
            user_code: user_code.map(str::to_owned),
            listener_error: listener_error.map(str::to_owned),
            ..Pending::at(url.to_owned())
        };
        let sentence = pending(&waits("https://login.example/?state=x\n", None, None), false);
        assert_eq!(
            sentence,
            "Access token unavailable until authorised with URL https://login.example/?state=x\\n"
        );
        assert_eq!(
            pending(&waits("https://login.example/", Some("AB-C"), None), true),
            "Access token unavailable until authorised"
        );
        assert_eq!(
            pending(&waits("https://login.example/", Some("AB-C\n"), None), false),
            "Access token unavailable until authorised with URL https://login.example/ and code AB-C\\n"
        );
        let hindered = pending(&waits("https://login.example/", None, Some("no\nport")), true);
        assert_eq!(
            hindered,
            "Access token unavailable until authorised\n\
             but do not sign in yet, since pizauthd could not hear of it: no\\nport"
        );
    }

    #[test]
    fn a_servers_error_cannot_drive_the_terminal() {
        let told = expired("work", &failed("no\x1b[2J", false, 0));
        assert!(told.ends_with("the last refresh failed: no\\u{1b}[2J"), "{told}");
    }
}
