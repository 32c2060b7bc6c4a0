//! What callers ask for, and what they are answered.

use std::time::Duration;

use pizauth_common::account_name::{AccountName, as_argument};
use pizauth_common::config::DumpCallers;
use pizauth_common::dump::Dump;
use pizauth_common::ipc::message::{
    Answer, DaemonInfo, Expired, Refusal, Report, Request, Response, Skipped, StartupCmd,
};
use pizauth_common::sys::give_memory_back;
use pizauth_common::terminal::cut;
use pizauth_core::keeper::{Refreshed, Restored, Shown};
use pizauth_core::moment::Now;
use pizauth_core::oauth::outcome::Reason;
use pizauth_core::snapshot::Snapshot;

use super::{EventLoop, Rooms};
use crate::containment::{Worker, contain};
use crate::entropy;
use crate::ipc_listener::{CallerId, Door};
use crate::log::{self, What};

/// A request that is not done: nothing changed.
pub(super) struct Refused(pub(super) Refusal, pub(super) String);

impl From<Refused> for Response {
    fn from(Refused(kind, message): Refused) -> Self {
        Self::Refused { kind, message }
    }
}

impl EventLoop {
    /// Answers one caller.
    pub(super) fn answer(&mut self, caller: CallerId, request: Request, now: Now) {
        self.log_call(caller, &request);
        let is_about_all = concerns_all_accounts(&request);
        let answer = contain(Worker::Caller, || self.respond_by_door(caller, request, now).transpose());
        let answer = answer.unwrap_or_else(|bug| Some(Err(Refused(Refusal::Internal, bug.to_string()))));
        let Some(answer) = answer else { return };
        let answer = answer.unwrap_or_else(|refused| Response::from(refused).into());
        if matches!(answer, Answer::Report(Report::ShuttingDown { .. })) {
            self.rooms.ipc_listener.answer_and_hold(caller, &answer);
            self.stop(now);
        } else {
            self.rooms.ipc_listener.answer(caller, &answer);
        }
        drop(answer);
        if is_about_all {
            give_memory_back();
        }
    }

    fn log_call(&self, caller: CallerId, request: &Request) {
        let line = log::event(What::Call).field("request", request.name());
        let pid = self.rooms.ipc_listener.caller_pid(caller);
        pid.into_iter().fold(line, |line, pid| line.field("pid", pid)).write();
    }

    /// Nothing yet, where the answer comes later.
    fn respond_by_door(
        &mut self,
        caller: CallerId,
        request: Request,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        match self.rooms.ipc_listener.door(caller) {
            None => Ok(None),
            Some(Door::Command) => self.respond(caller, request, now),
            Some(Door::Extra) => self.respond_to_guest(&request, now).map(Some),
        }
    }

    /// To the user's own programs.
    fn respond(&mut self, caller: CallerId, request: Request, now: Now) -> Result<Option<Answer>, Refused> {
        self.refuse_what_a_restore_would_undo(caller, &request, now)?;
        let rooms = &mut self.rooms;
        let answer = match request {
            Request::Restore { .. } if self.stage.is_stopping() => Err(stopping()),
            Request::Show { account } => {
                rooms.listen_again(now);
                let found =
                    rooms.keeper.show(&account, now).map_err(|unknown| rooms.refused(unknown, &account))?;
                rooms.shown(&account, found).map(Answer::from)
            }
            Request::Refresh { account } => rooms.refresh(&account, now).map(Answer::from),
            Request::Revoke { account } => {
                let revoked = rooms.keeper.revoke(&account, now);
                revoked
                    .map(|()| Response::Revoked {}.into())
                    .map_err(|unknown| rooms.refused(unknown, &account))
            }
            Request::Reload {} => {
                self.reload(Some(caller), now);
                return Ok(None);
            }
            // A hook of a daemon that was killed may ask us, and would keep what is not restored yet.
            Request::Dump {} if self.stage.may_lack_a_restore() && !rooms.is_hook(caller) => Err(starting()),
            Request::Dump {} if rooms.dump_callers == DumpCallers::Hooks && !rooms.is_hook(caller) => {
                Err(denied())
            }
            Request::Dump {} => Ok(rooms.dump(now).into()),
            Request::Restore { dump } => {
                let restored = rooms.restore(&dump, now)?;
                self.made_up_for_startup();
                Ok(restored.into())
            }
            Request::Status {} => {
                let accounts = rooms.keeper.status(now);
                Ok(Report::Status { accounts, startup_cmd: self.startup_cmd }.into())
            }
            Request::Info {} => Ok(Report::Info(rooms.info(self.startup_cmd)).into()),
            Request::Shutdown {} => Ok(Report::ShuttingDown { wait: !rooms.is_hook(caller) }.into()),
        };
        answer.map(Some)
    }

    /// While `startup_cmd` may bring tokens back: what would be needless or undone then. Our own hooks know what they do.
    fn refuse_what_a_restore_would_undo(
        &self,
        caller: CallerId,
        request: &Request,
        now: Now,
    ) -> Result<(), Refused> {
        let (account, why) = match request {
            Request::Show { account } | Request::Refresh { account } => {
                (account, "what it brings back need not be authorized")
            }
            Request::Revoke { account } => (account, "what it brings back is not there to be revoked yet"),
            _ => return Ok(()),
        };
        let lacks_token =
            self.stage.is_starting() && self.rooms.keeper.needs_authorization(account, now) == Ok(true);
        if lacks_token && !self.rooms.is_hook(caller) { Err(restoring(why)) } else { Ok(()) }
    }
}

impl Rooms {
    /// Somebody may want to sign in where nobody can come back to: perhaps somebody can by now.
    fn listen_again(&mut self, now: Now) {
        let served_again = self.redirect_listener.try_again();
        self.keeper.renew_pending(&served_again, now);
    }

    fn pending(&self, account: &str, url: String) -> Response {
        let scheme = self.keeper.redirect_scheme(account);
        let listener_error = scheme.and_then(|scheme| self.redirect_listener.why_missing(scheme));
        Response::Pending { url, listener_error: listener_error.map(str::to_owned) }
    }

    fn refresh(&mut self, account: &str, now: Now) -> Result<Response, Refused> {
        self.listen_again(now);
        match self.keeper.refresh(account, now).map_err(|unknown| self.refused(unknown, account))? {
            Refreshed::Scheduled { refresh_in } => {
                Ok(Response::RefreshScheduled { refresh_in: whole_seconds(refresh_in) })
            }
            Refreshed::Pending(url) => Ok(self.pending(account, url)),
            Refreshed::Exchanging { last_error } => Ok(exchanging(last_error)),
            Refreshed::Stopping => Err(stopping()),
            Refreshed::Impossible => Err(Refused(
                Refusal::NoRefreshToken,
                format!(
                    "cannot refresh {account:?}: its access token came without a refresh token \
                     (to authorize it anew, revoke it first: pizauth revoke {})",
                    as_argument(account)
                ),
            )),
        }
    }

    pub(super) fn shown(&self, account: &str, shown: Shown) -> Result<Response, Refused> {
        Ok(match shown {
            Shown::AccessToken(access_token) => Response::AccessToken { access_token },
            Shown::Pending(url) => self.pending(account, url),
            Shown::Exchanging { last_error } => exchanging(last_error),
            Shown::Expired { last_error, needs_attention, refresh_in } => Response::Expired(Expired {
                last_error: last_error.map(|reason| reason.to_string()),
                needs_attention,
                refresh_in: whole_seconds(refresh_in),
            }),
            Shown::Stopping => return Err(stopping()),
        })
    }

    fn dump(&mut self, now: Now) -> Report {
        let dump = self.keeper.dump(now).encode_to_fit(&mut entropy::fill);
        log::event(What::Dumped).write();
        Report::Dump { dump: dump.into() }
    }

    fn restore(&mut self, dump: &Dump, now: Now) -> Result<Report, Refused> {
        let snapshot =
            Snapshot::decode(dump.expose()).map_err(|error| Refused(Refusal::BadDump, error.to_string()))?;
        Ok(restored(self.keeper.restore(snapshot, now)))
    }

    fn info(&self, startup_cmd: StartupCmd) -> DaemonInfo {
        let ports = self.redirect_listener.ports();
        DaemonInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            instance: self.instance.clone(),
            startup_cmd,
            config_file: self.config_file.display().to_string(),
            extra_socket: self.extra_socket.as_ref().map(|extra| extra.file.path().display().to_string()),
            http_port: ports.http,
            https_port: ports.https,
            https_public_key: self.redirect_listener.https_public_key(),
            https_fingerprint: self.redirect_listener.https_fingerprint(),
        }
    }

    /// Whether the caller belongs to one of our hooks, which must not wait for our end: we wait for its.
    fn is_hook(&self, caller: CallerId) -> bool {
        let pid = self.ipc_listener.caller_pid(caller).map(nix::unistd::Pid::from_raw);
        // nix and not rustix: a session led from outside our process namespace is 0, and rustix's cannot be.
        let session = pid.and_then(|pid| nix::unistd::getsid(Some(pid)).ok());
        session.is_some_and(|session| self.hooks.is_session(session.as_raw().unsigned_abs()))
    }
}

/// Whether the answer takes memory for each account, most of which is free again now.
fn concerns_all_accounts(request: &Request) -> bool {
    matches!(request, Request::Dump {} | Request::Restore { .. } | Request::Status {})
}

fn starting() -> Refused {
    let why =
        "startup_cmd has not ended: what it restores might be missing in the dump (try again in a moment)";
    Refused(Refusal::Starting, why.to_owned())
}

fn restoring(why: &str) -> Refused {
    let why =
        format!("tokens are being restored: startup_cmd has not ended, and {why} (try again in a moment)");
    Refused(Refusal::Starting, why)
}

fn denied() -> Refused {
    let why = "the configuration gives dumps to hooks of pizauthd only (dump_callers)";
    Refused(Refusal::Denied, why.to_owned())
}

pub(super) fn stopping() -> Refused {
    Refused(Refusal::ShuttingDown, "pizauthd is stopping: nothing new is begun".to_owned())
}

fn exchanging(last_error: Option<Reason>) -> Response {
    Response::Exchanging { last_error: last_error.map(|reason| reason.to_string()) }
}

/// So many that it is over after them.
fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000) as u64
}

fn restored(done: Restored) -> Report {
    let names = |accounts: Vec<_>| accounts.iter().map(ToString::to_string).collect();
    Report::Restored {
        restored: names(done.restored),
        kept: names(done.kept),
        skipped: skipped(&done.skipped),
    }
}

/// Those that were skipped, or the first of them and how many others there are: what has been done must fit into an
/// answer, whatever a dump says.
fn skipped(all: &[(AccountName, &'static str)]) -> Vec<Skipped> {
    const MOST: usize = 500;
    let row = |(account, reason): &(AccountName, &str)| Skipped {
        account: recognisable(account.as_str()),
        reason: (*reason).to_owned(),
    };
    let mut rows: Vec<_> = all.iter().take(MOST).map(row).collect();
    let others = all.len().saturating_sub(MOST);
    if let Some(last) = rows.last_mut().filter(|_| others > 0) {
        last.reason = format!("{}; and {others} other accounts are skipped, too", last.reason);
    }
    rows
}

/// A name, or as much of it as is needed to know it by.
fn recognisable(name: &str) -> String {
    const ENOUGH: usize = 256;
    let mut shown = name.to_owned();
    if shown.len() > ENOUGH {
        cut(&mut shown, ENOUGH);
        shown.push('…');
    }
    shown
}
