//! `pizauth shutdown`: stops the daemon.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pizauth_common::applet::{Applet, Command};
use pizauth_common::arguments;
use pizauth_common::argv::Invocation;
use pizauth_common::exit::Exit;
use pizauth_common::ipc::message::{Report, Request};
use pizauth_common::paths::{self, Environment, ProcessEnvironment};

use crate::ask::{ask_and_keep, unexpected};

/// Its place in the table.
pub(crate) const APPLET: Applet = Applet::of::<Shutdown>();

/// The daemon finishes its refreshes and token events first, which takes it 10 s at most.
const PATIENCE: Duration = Duration::from_secs(20);

arguments! {
    /// Stop the daemon and wait until it is gone, at most 20 seconds.
    #[argh(example = "{command_name}", note = "Its tokens are forgotten, unless they have been saved or dumped.")]
    struct Shutdown {}
}

impl Command for Shutdown {
    const PROGRAM: &'static str = "pizauth-shutdown";
    const SUMMARY: &'static str = "stop the daemon";

    fn run(self, invocation: &Invocation) -> Result<Exit, Exit> {
        let (report, call) = ask_and_keep(invocation, &Request::Shutdown {})?;
        let Report::ShuttingDown { wait } = report else {
            return Err(unexpected(invocation));
        };
        if let Some(session) = elsewhere(call.path()) {
            let (daemon, session) = (call.path().display(), session.display());
            invocation.complain(format_args!(
                "there is no pizauthd in XDG_RUNTIME_DIR ({session}): stopping the one at {daemon}"
            ));
        }
        if wait && !call.wait_until_closed(PATIENCE) {
            let seconds = PATIENCE.as_secs();
            let why = format_args!("pizauthd is stopping, but is not gone after {seconds} s");
            return Err(invocation.not_done(why));
        }
        Ok(Exit::Done)
    }
}

/// The XDG_RUNTIME_DIR that was named, if the daemon was found in another place: whoever named it may have meant
/// another daemon than the one of this user.
fn elsewhere(socket: &Path) -> Option<PathBuf> {
    let environment = &ProcessEnvironment;
    let session = environment.variable("XDG_RUNTIME_DIR").map(PathBuf::from)?;
    let expected = paths::socket_candidates(environment).first()?.socket();
    (expected.starts_with(&session) && socket != expected).then_some(session)
}
