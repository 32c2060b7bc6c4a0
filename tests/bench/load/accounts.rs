//! Whole sets of accounts: users who sign in, and refreshes that are all due now.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use pizauth_test_server::browser;
use serde_json::Value;

use crate::socket;

/// As many as may have a token request under way.
const USERS_AT_A_TIME: usize = 8;

/// `TIME`.
pub(crate) fn sign_in(path: &Path, accounts: usize) -> io::Result<String> {
    for_each(accounts, |account| {
        let asked = socket::ask_about(path, "show", account)?;
        let Some(url) = asked["pending"]["url"].as_str() else {
            return expect(&asked, "access_token");
        };
        browser::approve(url).map_err(io::Error::other)?;
        expect(&socket::ask_about(path, "show", account)?, "access_token")
    })
}

/// `TIME`, until all have been accepted.
pub(crate) fn refresh(path: &Path, accounts: usize) -> io::Result<String> {
    for_each(accounts, |account| expect(&socket::ask_about(path, "refresh", account)?, "refresh_scheduled"))
}

/// `TIME`, whatever the page says.
pub(crate) fn visit(url: &str, visits: usize) -> io::Result<String> {
    let begun = Instant::now();
    for _ in 0..visits {
        browser::visit(url).map_err(io::Error::other)?;
    }
    Ok(format!("{}\n", begun.elapsed().as_micros()))
}

fn expect(answer: &Value, wanted: &str) -> io::Result<()> {
    match answer.get(wanted) {
        Some(_) => Ok(()),
        None => Err(io::Error::other(format!("not {wanted} but {answer}"))),
    }
}

/// The accounts are `a1`, `a2`, …
fn for_each(accounts: usize, act: impl Fn(&str) -> io::Result<()> + Sync) -> io::Result<String> {
    let begun = Instant::now();
    let next = AtomicUsize::new(1);
    let user = || loop {
        match next.fetch_add(1, Ordering::Relaxed) {
            number if number <= accounts => act(&format!("a{number}"))?,
            _ => return Ok(()),
        }
    };
    thread::scope(|scope| {
        let users: Vec<_> = (0..USERS_AT_A_TIME).map(|_| scope.spawn(user)).collect();
        let gone = || Err(io::Error::other("a thread panicked"));
        users.into_iter().try_for_each(|user| user.join().unwrap_or_else(|_| gone()))
    })?;
    Ok(format!("{}\n", begun.elapsed().as_micros()))
}
