//! What a user is told who signs in.

use std::time::Duration;

use pizauth_common::account_name::as_argument;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{Answer, Method, Pending, Response, SignedIn};
use pizauth_common::roughly::roughly;
use pizauth_common::terminal::printable;
use url::Url;

use super::browser::Place;
use super::choice::Choice;
use crate::advice::{signed_in_as, when_mended};
use crate::watch::Watch;

#[cfg(test)]
mod tests;

/// As many lines have been pasted as may be.
pub(super) const NOTHING_FITS: &str = "none of five lines was the address of this sign-in, which goes on";

/// Why `--qr` does not go with a browser: who scans the code has it open on the phone.
pub(super) const QR_WANTS_DEVICE: &str =
    "a phone cannot come back to localhost: --qr goes with --device, where the provider has that";

/// What the user has to do to sign in.
pub(super) fn invitation(account: &str, pending: &Pending, watch: &Watch) -> String {
    let told = format!("To sign in to {}, open\n  {}\n", printable(account), printable(&pending.url));
    let Some(code) = &pending.user_code else { return told };
    let until = pending.expires.map(|at| format!("  (until {})", watch.local(at))).unwrap_or_default();
    format!("{told}  and enter the code  {}{until}\n", printable(code))
}

/// What helps a user who sits at another machine, while the browser has to come back to this one; nothing for others.
pub(super) fn from_afar(account: &str, pending: &Pending, choice: Choice, place: &Place) -> String {
    let comes_back = pending.method != Some(Method::Device) && choice != Choice::Paste;
    let port = redirect_port(&pending.url).filter(|_| comes_back && place.comes_by_ssh && !place.has_display);
    let Some(port) = port else { return String::new() };
    let account = as_argument(account);
    let account = printable(&account);
    format!(
        "The browser has to reach this machine. Where it runs on the one that you come from, do this there first\n  \
         ssh -L {port}:localhost:{port} HOST\n\
         or run: pizauth login --paste {account}\n\
         or, if the configuration has device_auth_uri: pizauth login --device {account}\n"
    )
}

/// The port of the redirect URI in an authorization URL.
fn redirect_port(url: &str) -> Option<u16> {
    let url = Url::parse(url).ok()?;
    let (_, redirect_uri) = url.query_pairs().find(|(name, _)| name == "redirect_uri")?;
    Url::parse(&redirect_uri).ok()?.port_or_known_default()
}

/// What is waited for.
pub(super) fn stage(stage: &Answer) -> String {
    match stage {
        Answer::Response(Response::Starting { host }) => format!("waiting for {host} to answer"),
        Answer::Response(Response::Pending(_)) => "waiting for you to sign in".to_owned(),
        _ => "completing the sign-in".to_owned(),
    }
}

/// What keeps it from being done, if something does.
pub(super) fn trouble(stage: &Answer) -> Option<String> {
    match stage {
        Answer::Response(Response::Exchanging { last_error: Some(error) }) => {
            Some(format!("the last try failed: {error}"))
        }
        _ => None,
    }
}

/// Says that the account is signed in already.
pub(super) fn present(
    invocation: &Invocation,
    account: &str,
    signed_in: &SignedIn,
    watch: &Watch,
) -> Result<Exit, Exit> {
    let name = printable(account);
    let told = match signed_in.expires {
        Some(at) => format!("{name} is signed in, until {} ({})\n", watch.local(at), watch.relative(at)),
        None => format!("{name} is signed in, until that is revoked\n"),
    };
    match (invocation.print(&told), &signed_in.attention) {
        (Exit::Done, None) => {
            let argument = as_argument(account);
            invocation
                .complain(format_args!("to sign in anew, forget that first: pizauth revoke {argument}"));
            Ok(Exit::Done)
        }
        (Exit::Done, Some(why)) => Err(invocation
            .not_done(format_args!("to refresh it needs your attention: {why}; {}", when_mended(account)))),
        (failed, _) => Err(failed),
    }
}

/// Says that the sign-in has succeeded, and until when it is good.
pub(super) fn signed_in(invocation: &Invocation, account: &str, signed_in: &SignedIn, watch: &Watch) -> Exit {
    if let Some(user) = &signed_in.signed_in_as {
        invocation.complain(format_args!("{account}: {}", signed_in_as(user)));
    }
    invocation.print(&format!("{}: signed in; {}\n", printable(account), validity(signed_in, watch)))
}

fn validity(signed_in: &SignedIn, watch: &Watch) -> String {
    let until = |at| format!("{} ({})", watch.local(at), watch.relative(at));
    match (signed_in.expires, signed_in.refreshable) {
        (Some(at), true) => {
            format!("the access token is valid until {}, with a refresh token", until(at))
        }
        (Some(at), false) => {
            format!("the access token came without a refresh token: it ends at {}", until(at))
        }
        (None, _) => "the access token is valid until it is revoked".to_owned(),
    }
}

/// That nobody has signed in in time.
pub(super) fn too_late(account: &str, waited: Duration, stage: &Answer) -> String {
    format!("not signed in within {}; {}", roughly(waited), what_remains(account, stage))
}

/// That the user has ended the waiting.
pub(super) fn left_alone(account: &str, stage: &Answer) -> String {
    format!("{account}: {}", what_remains(account, stage))
}

fn what_remains(account: &str, stage: &Answer) -> String {
    let what = match stage {
        Answer::Response(Response::Pending(Pending { user_code: Some(_), .. })) => "the code stays good",
        Answer::Response(Response::Pending(_)) => "the URL stays good",
        _ => "the sign-in goes on",
    };
    format!("{what}, and to wait for it again: pizauth login {}", as_argument(account))
}
