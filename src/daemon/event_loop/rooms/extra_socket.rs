//! The socket that can be lent to another machine: where it is, and whose access tokens it gives.

use std::os::unix::net::UnixListener;
use std::path::Path;

use pizauth_common::account_name::AccountName;
use pizauth_common::cause::Cause;
use pizauth_common::config;
use pizauth_common::paths::{Environment, ProcessEnvironment};
use pizauth_core::moment::Moment;

use super::Rooms;
use crate::ipc_listener::{Door, GuestRefusal};
use crate::log::{self, What};
use crate::socket_file::{ExtraSocketError, SocketFile, extra_path};
use crate::wake_sources::EXTRA_SOCKET_WATCH;

/// The socket's file, and who may be asked for there.
pub(crate) struct ExtraSocket {
    pub(in crate::event_loop) file: SocketFile,
    accounts: Vec<AccountName>,
}

/// What a configuration makes of the extra socket, once nothing else can go wrong.
pub(in crate::event_loop) enum Change {
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

    pub(in crate::event_loop) fn has(&self, account: &str) -> bool {
        self.accounts.iter().any(|listed| listed.as_str() == account)
    }

    /// Whether the account may be asked for.
    ///
    /// # Errors
    /// It is not listed.
    pub(in crate::event_loop) fn check(&self, account: &str) -> Result<(), GuestRefusal> {
        if self.has(account) {
            return Ok(());
        }
        let listed: Vec<_> = self.accounts.iter().map(AccountName::as_str).collect();
        Err(GuestRefusal::unknown_account(account, &listed))
    }
}

impl Rooms {
    /// What there is to do, with the new socket open already. Nothing that is served has changed yet.
    ///
    /// # Errors
    /// The new place cannot be used.
    pub(in crate::event_loop) fn prepare_extra_socket(
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

    pub(in crate::event_loop) fn change_extra_socket(&mut self, change: Change) {
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
    /// Its place cannot be used.
    pub(crate) fn open_extra_socket(
        &mut self,
        wanted: Option<config::ExtraSocket>,
        now: Moment,
    ) -> Result<(), ExtraSocketError> {
        let change = self.prepare_extra_socket(wanted, now)?;
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
}
