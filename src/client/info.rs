//! `pizauth info`: versions, paths and listener ports, also when no daemon is running.

mod document;

use std::path::PathBuf;

use argh::FromArgs;
use pizauth_common::argv::{CommandLine, Invocation};
use pizauth_common::exit::Exit;
use pizauth_common::ipc::call;
use pizauth_common::ipc::message::{DaemonInfo, Request, Response};
use pizauth_common::paths::{self, ProcessEnvironment};

use crate::applet::Applet;
use document::Document;

/// Its place in the table.
pub const APPLET: Applet =
    Applet { name: "info", program: "pizauth-info", summary: "show versions, paths and listener ports", run };

/// Show versions, paths and listener ports.
#[derive(FromArgs, Debug)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name} -j",
    note = "The daemon need not be running: the exit status is 0 all the same."
)]
pub struct Arguments {
    /// as JSON
    #[argh(switch, short = 'j')]
    pub json: bool,
    /// this configuration file, not the user's own
    #[argh(option, short = 'c', arg_name = "file")]
    pub config: Option<String>,
    /// accepted everywhere; changes nothing here
    #[argh(switch, short = 'v')]
    pub verbose: u8,
    /// print the version
    #[argh(switch)]
    pub version: bool,
}

impl CommandLine for Arguments {
    const VALUED: &'static [&'static str] = &["-c", "--config"];
}

fn run(invocation: &Invocation) -> Result<Exit, Exit> {
    let arguments: Arguments = invocation.parse()?;
    let (daemon, why_not) = match daemon() {
        Ok(info) => (Some(info), String::new()),
        Err(why_not) => (None, why_not),
    };
    let document = Document::new(
        shown(paths::cache_directory(&ProcessEnvironment)),
        shown(arguments.config.map(PathBuf::from).or_else(config_file)),
        std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned(),
        sockets(),
        daemon,
    );
    Ok(invocation.print(&if arguments.json { document.json() } else { document.text(&why_not) }))
}

/// What the running daemon says of itself, or why there is nothing.
fn daemon() -> Result<DaemonInfo, String> {
    match call::call(&Request::Info) {
        Ok(Response::Info(info)) => Ok(info),
        Ok(Response::Refused { message, .. }) => Err(message),
        Ok(_) => Err("its answer does not fit the request".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// The one that would be read, else the place where it belongs.
fn config_file() -> Option<PathBuf> {
    let environment = &ProcessEnvironment;
    paths::config_file(environment).or_else(|| paths::config_file_candidates(environment).into_iter().next())
}

/// Where the daemon is looked for.
fn sockets() -> Vec<String> {
    let candidates = paths::socket_candidates(&ProcessEnvironment);
    candidates.iter().map(|candidate| candidate.socket().to_string_lossy().into_owned()).collect()
}

/// Without a home directory there are no such places.
fn shown(path: Option<PathBuf>) -> String {
    path.map_or_else(|| "none".to_owned(), |path| path.to_string_lossy().into_owned())
}
