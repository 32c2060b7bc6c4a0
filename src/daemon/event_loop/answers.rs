//! What callers ask for, and what they are answered.

use pizauth_common::account_name::AccountName;
use pizauth_common::config::DumpCallers;
use pizauth_common::dump::Dump;
use pizauth_common::ipc::message::{
    Answer, DaemonInfo, Refusal, Report, Request, Response, Skipped, StartupCmd,
};
use pizauth_common::sys::give_memory_back;
use pizauth_common::terminal::cut;
use pizauth_core::keeper::Restored;
use pizauth_core::moment::{Moment, Now};
use pizauth_core::snapshot::Snapshot;

use super::{EventLoop, Rooms};
use crate::containment::{Worker, contain};
use crate::entropy;
use crate::ipc_listener::{AnyCaller, CallerId};
use crate::log::{self, What};

/// Why a request is not done: for programs, and for people.
pub(super) struct Refused(pub(super) Refusal, pub(super) String);

impl From<Refused> for Response {
    fn from(Refused(kind, message): Refused) -> Self {
        Self::refused(kind, message)
    }
}

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Response::from(refused).into()
    }
}

impl EventLoop {
    /// Answers one caller, who has patience until `until`.
    pub(super) fn answer(&mut self, caller: CallerId, request: Request, until: Moment, now: Now) {
        self.log_call(AnyCaller::Own(caller), &request);
        let is_about_all = concerns_all_accounts(&request);
        let respond = || self.respond(caller, request, until, now).transpose();
        let answer = contain(Worker::Caller, respond);
        let answer = answer.unwrap_or_else(|bug| Some(Err(Refused(Refusal::Internal, bug.to_string()))));
        let Some(answer) = answer else { return };
        let answer = answer.unwrap_or_else(Answer::from);
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

    pub(super) fn log_call(&self, caller: AnyCaller, request: &Request) {
        let line = log::event(What::Call).field("request", request.name());
        let pid = self.rooms.ipc_listener.caller_pid(caller);
        pid.into_iter().fold(line, |line, pid| line.field("pid", pid)).write();
    }

    /// To the user's own programs. Nothing yet, where the answer comes later.
    fn respond(
        &mut self,
        caller: CallerId,
        request: Request,
        until: Moment,
        now: Now,
    ) -> Result<Option<Answer>, Refused> {
        let rooms = &mut self.rooms;
        let answer = match request {
            Request::Restore { .. } if self.stage.is_stopping() => Err(stopping()),
            Request::Show(show) => return self.ask(caller, show.try_into()?, now),
            Request::Refresh(refresh) => return self.ask(caller, refresh.into(), now),
            Request::Login(login) => return self.login(caller, login, now).map(Some),
            Request::Await(seen) => return self.await_stage(caller, seen, now),
            Request::Redirect { account, url } => rooms.redirect(&account, &url, now),
            Request::Revoke(revoke) => return self.revoke(caller, &revoke, now),
            Request::Reload {} => {
                self.reload(Some(caller), until, now);
                return Ok(None);
            }
            // A hook that another daemon has left behind may ask us, and would keep a dump that lacks what is not
            // restored.
            Request::Dump {} if self.startup.may_lack_a_restore(now.moment) && !rooms.is_hook(caller) => {
                Err(starting())
            }
            Request::Dump {} if rooms.dump_callers == DumpCallers::Hooks && !rooms.is_hook(caller) => {
                Err(denied(rooms.ipc_listener.caller_pid(AnyCaller::Own(caller))))
            }
            Request::Dump {} => Ok(rooms.dump(now).into()),
            Request::Restore { dump } => {
                let restored = rooms.restore(&dump, now)?;
                self.made_up_for_startup();
                Ok(restored.into())
            }
            Request::Import(import) => return self.import(caller, &import, now),
            Request::Status {} => {
                let accounts = rooms.keeper.status(now);
                let saved_state = rooms.saved_state.told();
                Ok(Report::Status { accounts, startup_cmd: self.startup.told, saved_state }.into())
            }
            Request::Info {} => Ok(Report::Info(rooms.info(self.startup.told)).into()),
            Request::Shutdown {} => Ok(Report::ShuttingDown { wait: !rooms.is_hook(caller) }.into()),
        };
        answer.map(Some)
    }

    /// Whether a caller has to wait for a token that may be restored, or come again. Our own hooks know what they do.
    pub(super) fn comes_too_early(&self, caller: CallerId, account: &str, now: Now) -> bool {
        self.may_be_restored(account, now) && !self.rooms.is_hook(caller)
    }
}

impl Rooms {
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
            saved_state: self.saved_state.told(),
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
        let pid = self.ipc_listener.caller_pid(AnyCaller::Own(caller)).map(nix::unistd::Pid::from_raw);
        // nix and not rustix: a session led from outside our process namespace is 0, and rustix's cannot be.
        let session = pid.and_then(|pid| nix::unistd::getsid(Some(pid)).ok());
        session.map(|session| session.as_raw().unsigned_abs()).is_some_and(|session| {
            self.hooks.is_session(session) || self.other_children().contains(&Some(session))
        })
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

pub(super) fn restoring(why: &str) -> Refused {
    let why =
        format!("tokens are being restored: startup_cmd has not ended, and {why} (try again in a moment)");
    Refused(Refusal::Starting, why)
}

fn denied(pid: Option<i32>) -> Refused {
    let line = log::event(What::CallerRefused).field("reason", "dump_callers");
    pid.into_iter().fold(line, |line, pid| line.field("pid", pid)).write();
    let why = "the configuration gives dumps to hooks of pizauthd only (dump_callers)";
    Refused(Refusal::Denied, why.to_owned())
}

pub(super) fn busy() -> Refused {
    let why = "too many callers wait already, each with an open file of pizauthd (try again later)";
    Refused(Refusal::Busy, why.to_owned())
}

pub(super) fn stopping() -> Refused {
    Refused(Refusal::ShuttingDown, "pizauthd is stopping: nothing new is begun".to_owned())
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
pub(super) fn recognisable(name: &str) -> String {
    const ENOUGH: usize = 256;
    let mut shown = name.to_owned();
    if shown.len() > ENOUGH {
        cut(&mut shown, ENOUGH);
        shown.push('…');
    }
    shown
}
