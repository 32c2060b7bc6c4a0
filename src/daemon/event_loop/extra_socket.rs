//! The socket that can be lent to another machine: it gives access tokens of the listed accounts, and nothing else. Who
//! asks there may be root of that machine.

use std::os::unix::net::UnixListener;
use std::path::Path;

use pizauth_common::account_name::{AccountName, as_argument};
use pizauth_common::cause::Cause;
use pizauth_common::config;
use pizauth_common::ipc::message::{Answer, Expired, Refusal, Report, Request, Response, SavedState, Show};
use pizauth_common::near_miss::no_account;
use pizauth_common::paths::{Environment, ProcessEnvironment};
use pizauth_core::moment::{Moment, Now};

use super::answers::Refused;
use super::tokens::{Asked, Found};
use super::{EventLoop, Rooms};
use crate::ipc_listener::Door;
use crate::log::{self, What};
use crate::socket_file::{ExtraSocketError, SocketFile, extra_path};
use crate::wake_sources::EXTRA_SOCKET_WATCH;

/// The socket's file, and who may be asked for there.
pub(crate) struct ExtraSocket {
    pub(super) file: SocketFile,
    accounts: Vec<AccountName>,
}

/// What a configuration makes of the extra socket, once nothing else can go wrong.
pub(super) enum Change {
    Close,
    /// At the same place, other accounts.
    Accounts(Vec<AccountName>),
    Open(Box<ExtraSocket>, UnixListener),
}

impl ExtraSocket {
    /// Where it is, as an absolute path.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    fn has(&self, account: &str) -> bool {
        self.accounts.iter().any(|listed| listed.as_str() == account)
    }
}

impl Rooms {
    /// What there is to do, with the new socket open already. Nothing that is served has changed yet.
    ///
    /// # Errors
    /// The new place cannot be used.
    pub(super) fn prepare_extra_socket(
        &self,
        wanted: Option<config::ExtraSocket>,
        now: Moment,
    ) -> Result<Change, ExtraSocketError> {
        let Some(config::ExtraSocket { place, accounts }) = wanted else {
            return Ok(Change::Close);
        };
        let path = extra_path(&place, self.socket_file.path(), ProcessEnvironment.home().as_deref())?;
        if self.extra_socket.as_ref().is_some_and(|extra| extra.path() == path) {
            return Ok(Change::Accounts(accounts));
        }
        let (file, listener) = SocketFile::claim_extra(&path, now)?;
        Ok(Change::Open(Box::new(ExtraSocket { file, accounts }), listener))
    }

    pub(super) fn change_extra_socket(&mut self, change: Change) {
        match change {
            Change::Close => self.close_extra_socket(),
            Change::Accounts(accounts) => {
                if let Some(extra) = &mut self.extra_socket {
                    extra.accounts = accounts;
                }
            }
            Change::Open(extra, listener) => self.serve_extra_socket(*extra, listener),
        }
    }

    /// Opens the extra socket at a start.
    ///
    /// # Errors
    /// Its place cannot be used, in words for people.
    pub(crate) fn open_extra_socket(
        &mut self,
        wanted: Option<config::ExtraSocket>,
        now: Moment,
    ) -> Result<(), String> {
        let change = self.prepare_extra_socket(wanted, now).map_err(|error| error.to_string())?;
        self.change_extra_socket(change);
        Ok(())
    }

    /// In the place of the one before, if there was one.
    fn serve_extra_socket(&mut self, extra: ExtraSocket, listener: UnixListener) {
        if let Err(error) = extra.file.register(self.poll.registry(), EXTRA_SOCKET_WATCH) {
            log::event(What::SocketFailed).field("reason", Cause(&error)).write();
        }
        self.listen(Door::Extra, listener);
        log::event(What::Listening).field("path", extra.path().display()).write();
        self.extra_socket = Some(extra);
    }

    fn close_extra_socket(&mut self) {
        self.ipc_listener.shut(Door::Extra);
        self.extra_socket = None;
    }

    fn token_for_guest(&mut self, show: Show, now: Now) -> Result<Response, Refused> {
        let asked = Asked::try_from(show)?;
        let account = &asked.account;
        if self.keeper.needs_authorization(account, now) == Ok(true) {
            let why = format!("{} has to be signed in where pizauthd runs", as_argument(account));
            return Err(Refused(Refusal::Restricted, why));
        }
        match self.find(&asked, now)? {
            Found::Token(token) => {
                log::event(What::TokenForwarded).account(&account.as_str().into()).write();
                Ok(self.given(&asked, token, now))
            }
            Found::Answer(answer) | Found::UnderWay(answer) => without_error(answer),
            Found::ForPerson(_) => Err(restricted()),
        }
    }
}

/// What is wrong is told where pizauthd runs.
fn without_error(answer: Response) -> Result<Response, Refused> {
    match answer {
        Response::Exchanging { .. } => Ok(Response::Exchanging { last_error: None }),
        Response::Expired(expired) => Ok(Response::Expired(Expired { last_error: None, ..expired })),
        Response::Refused { kind, valid_for, .. } => {
            let message = "the access token is valid for less time than was asked for".to_owned();
            Ok(Response::Refused { kind, message, valid_for })
        }
        _ => Err(restricted()),
    }
}

impl EventLoop {
    /// Answers who has come by the extra socket.
    pub(super) fn respond_to_guest(&mut self, request: Request, now: Now) -> Result<Answer, Refused> {
        let Some(extra) = &self.rooms.extra_socket else { return Err(restricted()) };
        match request {
            Request::Show(Show { account, .. }) if !extra.has(&account) => {
                let listed: Vec<_> = extra.accounts.iter().map(AccountName::as_str).collect();
                Err(Refused(Refusal::UnknownAccount, no_account(&account, &listed)))
            }
            Request::Show(show) => self.rooms.token_for_guest(show, now).map(Answer::from),
            Request::Status {} => {
                let mut accounts = self.rooms.keeper.status(now);
                accounts.retain(|row| extra.has(&row.account));
                accounts.iter_mut().for_each(|row| row.last_error = None);
                // Where the user keeps their files is nobody else's business.
                let saved_state = SavedState::default();
                Ok(Report::Status { accounts, startup_cmd: self.startup_cmd, saved_state }.into())
            }
            Request::Refresh(_)
            | Request::Revoke { .. }
            | Request::Reload {}
            | Request::Dump {}
            | Request::Restore { .. }
            | Request::Info {}
            | Request::Shutdown {} => Err(restricted()),
        }
    }
}

fn restricted() -> Refused {
    Refused(Refusal::Restricted, "this socket only shows tokens".to_owned())
}
