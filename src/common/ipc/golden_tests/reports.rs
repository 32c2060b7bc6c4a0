//! The golden answers about the daemon and all accounts.

use crate::ipc::message::{
    AccountStatus, Answer, DaemonInfo, Imported, Method, Report, SavedState, SignedIn, Skipped, StartupCmd,
    State,
};
use crate::unix_time::UnixTime;

pub(super) fn reports() -> Vec<(&'static str, Answer)> {
    let reports = [
        ("signed_in", Report::SignedIn(signed_in())),
        ("signed_in_attention", Report::SignedIn(needs_attention())),
        ("failed", Report::Failed { message: "authorization failed: access_denied".to_owned() }),
        ("reloaded", Report::Reloaded { warnings: vec!["pizauth.conf:1:1: a warning".to_owned()] }),
        ("dump", Report::Dump { dump: b"pizauth".to_vec().into() }),
        ("restored", restored()),
        ("imported", Report::Imported(imported())),
        ("imported_not_tried", Report::Imported(imported_not_tried())),
        ("imported_dry", Report::Imported(imported_dry())),
        ("status", status()),
        ("info", Report::Info(daemon_info())),
        ("shutting_down", Report::ShuttingDown { wait: true }),
    ];
    reports.into_iter().map(|(name, report)| (name, report.into())).collect()
}

fn signed_in() -> SignedIn {
    let expires = Some(UnixTime(1_700_003_600));
    SignedIn { expires, refreshable: true, attention: None, signed_in_as: None }
}

fn needs_attention() -> SignedIn {
    let (attention, user) = ("invalid_client".to_owned(), "boss@example.org".to_owned());
    SignedIn { expires: None, attention: Some(attention), signed_in_as: Some(user), ..signed_in() }
}

fn status() -> Report {
    Report::Status {
        accounts: vec![active(), empty()],
        startup_cmd: StartupCmd::Failed,
        saved_state: saved_state(Some("tokens could not be saved to …")),
    }
}

fn saved_state(error: Option<&str>) -> SavedState {
    SavedState {
        file: Some("/home/ann/.local/state/pizauth/tokens".to_owned()),
        loading: false,
        saved: Some(error.is_none()),
        error: error.map(str::to_owned),
    }
}

fn restored() -> Report {
    let skipped = Skipped { account: "old".to_owned(), reason: "its fields differ".to_owned() };
    Report::Restored {
        restored: vec!["work".to_owned()],
        kept: vec!["home".to_owned()],
        skipped: vec![skipped],
    }
}

fn imported() -> Imported {
    Imported { expires: Some(UnixTime(1_700_003_600)), rotated: true, ..Imported::default() }
}

fn imported_not_tried() -> Imported {
    Imported { not_tried: Some("cannot reach login.example.org".to_owned()), ..Imported::default() }
}

fn imported_dry() -> Imported {
    Imported { label: Some("me@example.org".to_owned()), ..Imported::default() }
}

fn active() -> AccountStatus {
    AccountStatus {
        account: "work".to_owned(),
        state: State::Active,
        method: None,
        obtained: Some(UnixTime(1_700_000_000)),
        expires: Some(UnixTime(1_700_003_600)),
        refreshable: true,
        in_flight: false,
        waits_for_secret: false,
        next_refresh: Some(UnixTime(1_700_003_510)),
        last_refresh: Some(UnixTime(1_700_000_000)),
        last_was_sign_in: true,
        last_error: None,
        needs_attention: false,
        signed_in_as: None,
        user: Some("me@example.org".to_owned()),
        usable: true,
        needs_user: false,
    }
}

fn empty() -> AccountStatus {
    AccountStatus {
        account: "zuhause".to_owned(),
        state: State::Starting,
        method: Some(Method::Device),
        obtained: None,
        expires: None,
        refreshable: false,
        in_flight: false,
        waits_for_secret: true,
        next_refresh: None,
        last_refresh: None,
        last_was_sign_in: false,
        last_error: Some("invalid_grant".to_owned()),
        needs_attention: true,
        signed_in_as: Some("boss@example.org".to_owned()),
        user: None,
        usable: false,
        needs_user: true,
    }
}

fn daemon_info() -> DaemonInfo {
    DaemonInfo {
        version: "0.1.0".to_owned(),
        pid: 4711,
        instance: "5f1d7a84e0c93b26".to_owned(),
        startup_cmd: StartupCmd::Ended,
        saved_state: saved_state(None),
        config_file: "/home/ann/.config/pizauth.conf".to_owned(),
        extra_socket: None,
        http_port: Some(14204),
        https_port: None,
        https_public_key: None,
        https_fingerprint: None,
    }
}
