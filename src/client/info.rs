//! `pizauth info`: versions, paths and listener ports, also when no daemon is running.

mod document;

use std::path::PathBuf;

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::call;
use pizauth_common::ipc::message::{Answer, DaemonInfo, Report, Request, Response};
use pizauth_common::paths::{self, ProcessEnvironment};

use document::{Document, Places};

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Info>();

arguments! {
    /// Show versions, paths and listener ports.
    #[argh(
        example = "{command_name} -j",
        note = "The daemon need not be running: the exit status is 0 all the same."
    )]
    struct Info {
        /// as JSON
        #[argh(switch, short = 'j')]
        json: bool,
        /// this configuration file, not the user's own
        #[argh(option, short = 'c', arg_name = "file")]
        config: Option<String>,
    }
}

impl Command for Info {
    const PROGRAM: &'static str = "pizauth-info";
    const SUMMARY: &'static str = "show versions, paths and listener ports";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let (daemon, why_not) = match daemon() {
            Ok(info) => (Some(info), String::new()),
            Err(why_not) => (None, why_not),
        };
        let places = Places {
            cache_directory: shown(paths::cache_directory(&ProcessEnvironment)),
            config_file: shown(paths::config_file_place(self.config.map(PathBuf::from), &ProcessEnvironment)),
            executed_as: std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned(),
            sockets: sockets(),
        };
        let document = Document::new(places, daemon);
        let text = if self.json {
            document.json().map_err(|why| invocation.not_done(why))?
        } else {
            document.text(&why_not)
        };
        Ok(invocation.print(&text))
    }
}

/// What the running daemon says of itself, or why there is nothing.
fn daemon() -> Result<DaemonInfo, String> {
    match call::call(&Request::Info {}) {
        Ok(Answer::Report(Report::Info(info))) => Ok(info),
        Ok(Answer::Response(Response::Refused { message, .. })) => Err(message),
        Ok(_) => Err("its answer does not fit the request".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Where the daemon is looked for.
fn sockets() -> Vec<String> {
    let candidates = paths::socket_candidates(&ProcessEnvironment);
    candidates.iter().map(|candidate| candidate.socket().to_string_lossy().into_owned()).collect()
}

/// As text; `none` where there is no home directory that the path would be in.
fn shown(path: Option<PathBuf>) -> String {
    path.map_or_else(|| "none".to_owned(), |path| path.to_string_lossy().into_owned())
}
