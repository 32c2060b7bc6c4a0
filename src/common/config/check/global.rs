//! The options outside accounts.

use std::time::Duration;

use super::extra_socket::{self, ExtraSocketDraft};
use super::listen::Listen;
use super::options::{self, Elsewhere, Given, Rule, Seen};
use super::refresh_times::{self, HasRefreshTimes, RefreshTimes};
use super::saved_state::{self, SavedStateDraft};
use crate::config::model::{DumpCallers, HookCommands, Listeners, RedirectPeer, SavedState};
use crate::config::problems::Problems;
use crate::config::syntax::Assignment;

/// Time between reminders of a pending authorization.
pub(super) const AUTH_NOTIFY_INTERVAL: Duration = Duration::from_secs(15 * 60);
/// Who may connect to the redirect listeners.
pub(super) const REDIRECT_PEER: RedirectPeer = RedirectPeer::SameUser;
/// Who is given dumps.
pub(super) const DUMP_CALLERS: DumpCallers = DumpCallers::Any;

/// What the options outside accounts say.
#[derive(Debug)]
pub(super) struct Global {
    pub(super) hooks: HookCommands,
    pub(super) auth_notify_interval: Option<Duration>,
    pub(super) refresh_times: RefreshTimes,
    pub(super) redirect_peer: Option<RedirectPeer>,
    pub(super) dump_callers: Option<DumpCallers>,
    pub(super) extra_socket: ExtraSocketDraft,
    pub(super) saved_state: Option<SavedState>,
    /// None when there would be none, which is reported.
    pub(super) listeners: Option<Listeners>,
}

#[derive(Default)]
struct GlobalDraft {
    hooks: HookCommands,
    auth_notify_interval: Option<Duration>,
    refresh_times: RefreshTimes,
    redirect_peer: Option<RedirectPeer>,
    dump_callers: Option<DumpCallers>,
    extra_socket: ExtraSocketDraft,
    saved_state: SavedStateDraft,
    http: Option<Listen>,
    https: Option<Listen>,
}

impl HasRefreshTimes for GlobalDraft {
    fn refresh_times(&mut self) -> &mut RefreshTimes {
        &mut self.refresh_times
    }
}

const RULES: &[Rule<GlobalDraft>] = &[
    Rule::new("auth_notify_cmd", |draft, given, problems| {
        draft.hooks.auth_notify_cmd = given.command(problems);
    }),
    Rule::new("auth_notify_interval", |draft, given, problems| {
        draft.auth_notify_interval = given.pause(problems);
    }),
    Rule::new("dump_callers", |draft, given, problems| {
        draft.dump_callers =
            given.one_of([("any", DumpCallers::Any), ("hooks", DumpCallers::Hooks)], problems);
    }),
    Rule::new("error_notify_cmd", error_notify_cmd),
    Rule { name: "auth_error_cmd", stands_for: "error_notify_cmd", read: error_notify_cmd },
    Rule::new(extra_socket::PLACE, |draft, given, problems| {
        draft.extra_socket.place = given.socket_place(problems);
    }),
    Rule::new(extra_socket::ACCOUNTS, |draft, given, problems| {
        draft.extra_socket.accounts = given.list(problems);
    }),
    Rule::new("http_listen", |draft, given, problems| draft.http = given.listen(problems)),
    Rule::new("https_listen", |draft, given, problems| draft.https = given.listen(problems)),
    Rule::new("redirect_peer", |draft, given, problems| {
        let choices = [("same-user", RedirectPeer::SameUser), ("any", RedirectPeer::Any)];
        draft.redirect_peer = given.one_of(choices, problems);
    }),
    Rule::new("startup_cmd", |draft, given, problems| draft.hooks.startup_cmd = given.command(problems)),
    Rule::new(saved_state::DECRYPT, |draft, given, problems| {
        draft.saved_state.decrypt_cmd = given.filter(problems);
    }),
    Rule::new(saved_state::ENCRYPT, |draft, given, problems| {
        draft.saved_state.encrypt_cmd = given.filter(problems);
    }),
    Rule::new(saved_state::FILE, |draft, given, problems| draft.saved_state.file = given.path(problems)),
    Rule::new("token_event_cmd", |draft, given, problems| {
        draft.hooks.token_event_cmd = given.command(problems);
    }),
    Rule::new("transient_error_if_cmd", |draft, given, problems| {
        draft.hooks.transient_error_if_cmd = given.command(problems);
    }),
    refresh_times::at_least_rule(),
    refresh_times::before_expiry_rule(),
    refresh_times::retry_rule(),
];

fn error_notify_cmd<'a>(draft: &mut GlobalDraft, given: &Given<'_, 'a>, problems: &mut Problems<'a>) {
    draft.hooks.error_notify_cmd = given.command(problems);
}

/// What the options are called.
pub(super) fn option_names() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.name).collect()
}

/// Reads the options outside accounts; those inside are called `account_options`.
pub(super) fn read<'a>(
    assignments: &[&Assignment<'a>],
    account_options: fn() -> Vec<&'static str>,
    problems: &mut Problems<'a>,
) -> Global {
    let message = "belongs between the '{' and '}' of an account";
    let elsewhere = Elsewhere { names: account_options, message };
    let mut draft = GlobalDraft::default();
    let seen = options::read(RULES, &elsewhere, &mut draft, assignments.iter().copied(), problems);
    extra_socket::check_pair(&draft.extra_socket, &seen, problems);
    let (http, https) = (draft.http.unwrap_or_default(), draft.https.unwrap_or_default());
    Global {
        hooks: draft.hooks,
        auth_notify_interval: draft.auth_notify_interval,
        refresh_times: draft.refresh_times,
        redirect_peer: draft.redirect_peer,
        dump_callers: draft.dump_callers,
        extra_socket: draft.extra_socket,
        saved_state: draft.saved_state.check(&seen, problems),
        listeners: listeners(http, https, &seen, problems),
    }
}

fn listeners<'a>(
    http: Listen,
    https: Listen,
    seen: &Seen<'_, 'a>,
    problems: &mut Problems<'a>,
) -> Option<Listeners> {
    match (http, https) {
        (Listen::At(http), Listen::At(https)) => Some(Listeners::Both { http, https }),
        (Listen::At(http), Listen::Off) => Some(Listeners::Http(http)),
        (Listen::Off, Listen::At(https)) => Some(Listeners::Https(https)),
        (Listen::Off, Listen::Off) => {
            let place = seen.place("https_listen").unwrap_or_default();
            problems.error(
                place,
                "http_listen and https_listen cannot both be none: no redirect could come back",
            );
            None
        }
    }
}
