//! The lines of `pizauth status`: what a tired person wants to know of an account, in one line.

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{AccountStatus, Method, State};
use pizauth_common::terminal::printable;
use pizauth_common::unix_time::UnixTime;

use crate::advice::{signed_in_as, when_mended};
use crate::watch::Watch;

/// Longer names do not move the states of the others to the right.
const WIDEST_NAME: usize = 32;

/// A line for each account, beginning `NAME: `, as seen at `now` in `zone`; the state in colour where there are any.
pub(super) fn lines(accounts: &[AccountStatus], now: UnixTime, zone: &TimeZone, has_colours: bool) -> String {
    let watch = Watch::new(now, zone);
    let names: Vec<String> =
        accounts.iter().map(|account| format!("{}:", printable(&account.account))).collect();
    let widths = names.iter().map(|name| name.chars().count()).filter(|width| *width <= WIDEST_NAME);
    let width = widths.max().unwrap_or(0);
    let line = |(account, name): (&AccountStatus, &String)| {
        let word = account.state.as_str();
        let (colour, end) = if has_colours { (colour(account), NO_COLOUR) } else { ("", "") };
        format!("{name:<width$} {colour}{word}{end}{}\n", watch.rest(account))
    };
    accounts.iter().zip(&names).map(line).collect()
}

const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const NO_COLOUR: &str = "\x1b[0m";

/// Red where somebody has to act, yellow where waiting is enough.
fn colour(account: &AccountStatus) -> &'static str {
    if account.needs_user {
        RED
    } else if account.usable {
        GREEN
    } else {
        YELLOW
    }
}

impl Watch<'_> {
    /// What follows the state.
    fn rest(&self, account: &AccountStatus) -> String {
        let parts = [
            account.needs_attention.then(|| "NEEDS ATTENTION".to_owned()),
            account.signed_in_as.as_deref().map(signed_in_as),
            account.obtained.map(|at| format!("obtained {}", self.local(at))),
            account.expires.map(|at| self.expiry(at)),
            self.last_refresh(account),
            account.waits_for_secret.then(|| "waits for client_secret_cmd".to_owned()),
            self.next_try(account).filter(|_| !account.waits_for_secret),
            account.needs_attention.then(|| when_mended(&account.account)),
        ];
        let parts = parts.into_iter().flatten().map(|part| format!(", {part}"));
        what_to_do(account) + &parts.collect::<String>()
    }

    fn expiry(&self, at: UnixTime) -> String {
        let word = if at > self.now { "expires" } else { "expired" };
        format!("{word} {} ({})", self.local(at), self.relative(at))
    }

    fn last_refresh(&self, account: &AccountStatus) -> Option<String> {
        let at = account.last_refresh.map(|at| format!(" {}", self.local(at))).unwrap_or_default();
        let what = match account.state {
            State::Starting | State::Fetching => "try",
            _ if account.last_was_sign_in => "sign-in",
            _ => "refresh",
        };
        match &account.last_error {
            Some(error) => Some(format!("last {what}{at} failed: {}", printable(error))),
            None if account.last_refresh.is_some() => Some(format!("last {what}{at}")),
            None => None,
        }
    }

    /// Worth its place only after a failure, or when there is nothing valid to show meanwhile.
    fn next_try(&self, account: &AccountStatus) -> Option<String> {
        if account.in_flight && account.state == State::Active {
            return Some("refreshing now".to_owned());
        }
        let expired = account.expires.is_some_and(|at| at <= self.now);
        let due = account.next_refresh.filter(|_| expired || account.last_error.is_some())?;
        // The clock of the daemon and ours need not agree to the second.
        let when = if due > self.now { self.relative(due) } else { "now".to_owned() };
        Some(format!("next try {when}"))
    }
}

/// What follows the word for the state.
fn what_to_do(account: &AccountStatus) -> String {
    let name = as_argument(&account.account);
    let name = printable(&name);
    match account.state {
        State::Empty if !account.needs_user => format!(", to fetch an access token: pizauth show {name}"),
        State::Empty => format!(", to sign in: pizauth login {name}"),
        State::Starting => ", authorization is being prepared".to_owned(),
        State::Pending if account.method == Some(Method::Device) => {
            format!(", waits for you to type a code, which one and where: pizauth login {name}")
        }
        State::Pending => format!(", waits for you in a browser, the URL: pizauth login {name}"),
        State::Exchanging => ", authorization is being completed".to_owned(),
        State::Active if account.refreshable => String::new(),
        State::Active if account.expires.is_none() => ", valid until revoked".to_owned(),
        State::Active => " until it expires".to_owned(),
        State::Fetching => ", the first access token is not there yet".to_owned(),
    }
}
