//! `pizauthd`, also known as `pizauth server`: its options, and the order in which the rooms are opened.

mod enquiry;
mod obstacle;
mod options;
mod rooms;

use std::iter;
use std::path::{self, Path, PathBuf};

use argh::ArgsInfo;
use pizauth_common::applet::Applet;
use pizauth_common::argv::Invocation;
use pizauth_common::cause::Cause;
use pizauth_common::config::{self, When};
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::paths::{self, ProcessEnvironment};
use pizauth_common::sys::set_up_allocator;

use crate::background::{Background, Parent};
use crate::confinement::confine;
use crate::containment::{self, Worker, contain};
use crate::event_loop::{EventLoop, Rooms};
use crate::http;
use crate::log::{self, Destination, What};
use crate::process_limits::ProcessLimits;
use crate::saved_state::path_of;
use crate::supervisor::Supervisor;
use enquiry::Enquiry;
use obstacle::{Obstacle, cannot};
use options::{Arguments, Options};

/// Its place in the table of commands.
pub const APPLET: Applet = Applet {
    name: "server",
    program: "pizauthd",
    summary: "run the daemon",
    describe: Arguments::get_args_info,
    run: main,
};

/// Runs the daemon: in the background unless told otherwise.
fn main(invocation: &Invocation) -> Exit {
    containment::silence_panics();
    contain(Worker::Start, || run(invocation)).unwrap_or_else(|bug| invocation.not_done(bug))
}

fn run(invocation: &Invocation) -> Exit {
    // First of all: standard output may lead to a parent that waits.
    let parent = match Parent::waiting() {
        Ok(parent) => parent,
        Err(error) => {
            return invocation.not_done(format_args!("cannot use standard output: {}", Cause(&error)));
        }
    };
    let arguments = match invocation.parse::<Arguments>() {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    match Enquiry::of(&arguments) {
        Ok(Some(enquiry)) => return enquiry.run(invocation),
        Ok(None) => {}
        Err(why) => return invocation.usage_error(why),
    }
    let options = Options::from(arguments);
    match (parent, options.foreground) {
        (None, false) if !options.check => start_in_background(invocation, &options),
        (parent, _) => serve(invocation, &options, parent),
    }
}

/// The parent's part of detaching.
fn start_in_background(invocation: &Invocation, options: &Options) -> Exit {
    let background = Background::passing_on(options.config_file.as_deref(), options.ready_fd);
    match background.and_then(Background::start) {
        Ok(warnings) => {
            warn(invocation, &warnings);
            Exit::Done
        }
        Err(error) => invocation.not_done(error),
    }
}

fn serve(invocation: &Invocation, options: &Options, parent: Option<Parent>) -> Exit {
    match open_and_run(invocation, options, parent) {
        Ok(()) => Exit::Done,
        Err(Stopped { why, parent }) => {
            if options.syslog && !options.check {
                // An error of the configuration comes before the log is open, and is looked for there as well.
                open_log(options);
            }
            log::event(What::StartFailed).field("reason", &why).write();
            match parent {
                Some(parent) => parent.failed(&why.to_string()),
                // The log has just said it there.
                None if log::is_on_stderr() => {}
                None => invocation.complain(why),
            }
            Exit::NotDone
        }
    }
}

/// The daemon cannot start, or cannot go on.
struct Stopped {
    why: Obstacle,
    /// Who is still waiting to hear of it.
    parent: Option<Parent>,
}

fn open_and_run(invocation: &Invocation, options: &Options, parent: Option<Parent>) -> Result<(), Stopped> {
    match open(options, parent.as_ref()) {
        Err(why) => Err(Stopped { why, parent }),
        Ok(None) => Ok(()),
        Ok(Some(Opened { rooms, warnings })) => {
            match parent {
                Some(parent) => parent.ready(&warnings),
                // With -v they stand in the log, which is on stderr too.
                None if options.syslog || options.verbosity == 0 => warn(invocation, &warnings),
                None => {}
            }
            let ended = EventLoop::run(rooms).map_err(cannot("wait for events"));
            ended.map_err(|why| Stopped { why, parent: None })
        }
    }
}

/// The daemon, ready to run.
struct Opened {
    rooms: Rooms,
    /// About the configuration and the environment.
    warnings: Vec<String>,
}

/// The rooms, unless only the configuration was to be checked. No secret is read before the process is hardened.
fn open(options: &Options, parent: Option<&Parent>) -> Result<Option<Opened>, Obstacle> {
    set_up_allocator();
    let limits = ProcessLimits::inherited();
    let supervisor = Supervisor::new(options.ready_fd).map_err(Obstacle::ReadyFd)?;
    harden_process();
    let config_file = paths::find_config_file(options.config_file.clone(), &ProcessEnvironment)
        .map_err(Obstacle::NoConfigFile)?;
    let checked = config::load(&config_file, When::Start).map_err(Obstacle::Configuration)?;
    if let Some(parent) = parent {
        parent.let_go_of_stdin().map_err(cannot("open /dev/null"))?;
    }
    if options.check {
        checked.warnings.print_on_stderr();
        return Ok(None);
    }
    limits.raise_descriptors();
    let warnings = [checked.warnings.lines(), http::environment_warnings()].concat();
    start_log(options, &warnings);
    let state = checked.config.saved_state.as_ref();
    let state_file = state.and_then(|state| path_of(state.file.as_ref()));
    let rooms = rooms::open(&limits, absolute(&config_file)?, checked, supervisor)?;
    // They are in the log already.
    let warnings = [warnings, rooms.redirect_listener.warnings()].concat();
    let extra_socket = rooms.extra_socket.as_ref().map(|extra| extra.path());
    confine(iter::once(rooms.socket_file.path()).chain(extra_socket).chain(state_file.as_deref()));
    Ok(Some(Opened { rooms, warnings }))
}

/// A reload finds the file although the working directory may have been replaced.
fn absolute(config_file: &Path) -> Result<PathBuf, Obstacle> {
    path::absolute(config_file).map_err(cannot("tell the working directory"))
}

fn open_log(options: &Options) {
    let destination = if options.syslog { Destination::Syslog } else { Destination::Stderr };
    log::start(options.verbosity, destination);
}

fn start_log(options: &Options, warnings: &[String]) {
    open_log(options);
    log::event(What::Starting)
        .field("version", env!("CARGO_PKG_VERSION"))
        .field("pid", std::process::id())
        .write();
    for warning in warnings {
        log::event(What::ConfigWarning).field("warning", warning).write();
    }
}

/// Whoever starts the daemon is told what is doubtful, as `pizauth reload` tells it.
fn warn(invocation: &Invocation, warnings: &[String]) {
    for warning in warnings {
        invocation.complain(warning);
    }
}
