//! The lines of `pizauth status`: what a tired person wants to know of an account, in one line.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use pizauth_common::account_name::as_argument;
use pizauth_common::ipc::message::{AccountStatus, State};
use pizauth_common::terminal::printable;
use pizauth_common::unix_time::UnixTime;

use crate::roughly::roughly;

/// A line for each account, beginning `NAME: `, as seen at `now` in `zone`.
pub(super) fn lines(accounts: &[AccountStatus], now: UnixTime, zone: &TimeZone) -> String {
    let watch = Watch { now, today: civil(now, zone).date(), zone };
    accounts.iter().map(|account| watch.line(account) + "\n").collect()
}

/// When and where the lines are read.
struct Watch<'a> {
    now: UnixTime,
    today: Date,
    zone: &'a TimeZone,
}

impl Watch<'_> {
    fn line(&self, account: &AccountStatus) -> String {
        let parts = [
            Some(state(account)),
            account.needs_attention.then(|| "NEEDS ATTENTION".to_owned()),
            account.obtained.map(|at| format!("obtained {}", self.local(at))),
            account.expires.map(|at| self.expiry(at)),
            self.last_refresh(account),
            self.next_try(account),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        format!("{}: {}", printable(&account.account), parts.join(", "))
    }

    fn expiry(&self, at: UnixTime) -> String {
        let word = if at > self.now { "expires" } else { "expired" };
        format!("{word} {} ({})", self.local(at), self.relative(at))
    }

    fn last_refresh(&self, account: &AccountStatus) -> Option<String> {
        let at = account.last_refresh.map(|at| format!(" {}", self.local(at))).unwrap_or_default();
        match &account.last_error {
            Some(error) => Some(format!("last refresh{at} failed: {}", printable(error))),
            None if account.last_refresh.is_some() => Some(format!("last refresh{at}")),
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

    /// `14:52` today, `2026-11-25 14:52` on other days. By hand: jiff's formatter has all of `strftime` in it.
    fn local(&self, at: UnixTime) -> String {
        let at = civil(at, self.zone);
        let time = format!("{:02}:{:02}", at.hour(), at.minute());
        if at.date() == self.today {
            time
        } else {
            format!("{:04}-{:02}-{:02} {time}", at.year(), at.month(), at.day())
        }
    }

    /// `in 52 min` or `3 h 5 min ago`.
    fn relative(&self, at: UnixTime) -> String {
        if at > self.now {
            format!("in {}", roughly(at.since(self.now)))
        } else {
            format!("{} ago", roughly(self.now.since(at)))
        }
    }
}

/// What clocks in `zone` show.
fn civil(at: UnixTime, zone: &TimeZone) -> DateTime {
    let at = i64::try_from(at.0).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    zone.to_datetime(at.unwrap_or(Timestamp::MAX))
}

/// The first word is the state as the manual names it; what to do follows.
fn state(account: &AccountStatus) -> String {
    let name = as_argument(&account.account);
    let name = printable(&name);
    match account.state {
        State::Empty => format!("empty, to authorize it: pizauth show {name}"),
        State::Pending => format!("pending, waits for you in a browser, the URL: pizauth show {name}"),
        State::Exchanging => "exchanging, authorization is being completed".to_owned(),
        State::Active if account.refreshable => "active".to_owned(),
        State::Active => "active until it expires".to_owned(),
    }
}
