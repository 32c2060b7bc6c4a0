//! `git-credential-pizauth`: gives access tokens to git, as one of its credential helpers (git-credential(1),
//! gitcredentials(7)).

mod description;

use std::io;

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::ipc::message::{Refresh, Response, Revoke, Show};
use pizauth_common::secret::{self, Secret};
use pizauth_common::terminal::is_unsafe;
use pizauth_common::time_span::TimeSpan;
use serde::Deserialize;

use crate::ask::{ask, ask_and_wait, ask_for_status, no_access_token, unexpected};
use description::Description;

/// Its place in the table. git runs it by this name: `helper = pizauth work`.
pub(crate) const APPLET: Applet =
    Applet { program: "git-credential-pizauth", ..Applet::of::<GitCredential>() };

/// So long git waits for the access token.
const WAIT: TimeSpan = TimeSpan::of_seconds(30);

arguments! {
    /// Give the access token of an account to git, as one of its credential helpers.
    #[argh(
        example = "git config credential.smtp://smtp.example.org:587.helper \"pizauth work\"",
        note = "What is asked for is read from stdin. Operations other than get and erase do nothing."
    )]
    struct GitCredential {
        /// the account, as the configuration file names it
        #[argh(positional)]
        account: String,
        /// get, store or erase
        #[argh(positional)]
        operation: String,
    }
}

impl Command for GitCredential {
    const PROGRAM: &'static str = "pizauth-git-credential";
    const SUMMARY: &'static str = "give an access token to git";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        harden_process();
        let described = || {
            Description::read(io::stdin().lock())
                .map_err(|why| invocation.not_done(format_args!("not a request of git on stdin: {why}")))
        };
        match self.operation.as_str() {
            "get" => get(invocation, &self.account, &described()?),
            "erase" => erase(invocation, &self.account, &described()?),
            // `store`, and whatever a later git asks for: a helper ignores what it has no use for.
            _ => Ok(Exit::Done),
        }
    }
}

fn get(invocation: &Invocation, account: &str, wanted: &Description) -> Result<Exit, Exit> {
    wanted.check_way().map_err(|why| invocation.not_done(why))?;
    Ok(invocation.print(wanted.answer(&token(invocation, account, WAIT)?).expose()))
}

/// git erases what a server has refused, of whichever helper: only our present access token concerns us.
fn erase(invocation: &Invocation, account: &str, refused: &Description) -> Result<Exit, Exit> {
    if !refused.has_secret() {
        return Ok(Exit::Done);
    }
    let accounts = ask_for_status(invocation)?.accounts;
    // To ask for a token that is not there would begin a sign-in.
    let Some(row) = accounts.iter().find(|row| row.account == account && row.usable) else {
        return Ok(Exit::Done);
    };
    if !refused.names(&token(invocation, account, TimeSpan::default())?.access_token) {
        return Ok(Exit::Done);
    }
    let account = account.to_owned();
    match row.refreshable {
        true => ask(invocation, &Refresh { account, wait: 0 })?,
        false => ask(invocation, &Revoke { account, remote: false })?,
    };
    Ok(Exit::Done)
}

/// An access token, as `show --format json` has it.
#[derive(Deserialize)]
struct Token {
    #[serde(with = "secret::exposed")]
    access_token: Secret,
    expires: Option<u64>,
    user: Option<String>,
}

impl Token {
    /// Whether no part of it has a line break, or anything else that would begin another line of the answer.
    fn is_fit(&self) -> bool {
        let user = self.user.as_deref().unwrap_or_default();
        Secret::token(self.access_token.expose()).is_some() && !user.contains(is_unsafe)
    }
}

fn token(invocation: &Invocation, account: &str, wait: TimeSpan) -> Result<Token, Exit> {
    let show = Show { wait: wait.seconds(), format: Some("json".to_owned()), ..Show::of(account.to_owned()) };
    match ask_and_wait(invocation, &show, wait.duration(), false)? {
        Response::Output { text } => {
            let token = serde_json::from_str(text.expose()).ok().filter(Token::is_fit);
            token.ok_or_else(|| unexpected(invocation))
        }
        other => Err(no_access_token(invocation, account, false, &other)),
    }
}
