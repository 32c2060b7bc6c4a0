//! Opening the rooms of the daemon, one after the other, until the event loop has all of them.

use std::path::PathBuf;
use std::rc::Rc;

use mio::{Interest, Poll};
use pizauth_common::config::Checked;
use pizauth_common::paths::ProcessEnvironment;
use pizauth_core::keeper::Keeper;

use super::obstacle::{Obstacle, cannot};
use crate::client_secrets::ClientSecrets;
use crate::clock::{Alarm, Clock};
use crate::event_loop::Rooms;
use crate::hooks::Hooks;
use crate::http::{Http, RequestLimits};
use crate::ipc_listener::IpcListener;
use crate::log::{self, What};
use crate::mailbox::{Event, Mailbox};
use crate::process_limits::ProcessLimits;
use crate::redirect_listener::{self, RedirectListener};
use crate::saved_state::SavedState;
use crate::shell::Shell;
use crate::signals::Signals;
use crate::socket_file::SocketFile;
use crate::supervisor::Supervisor;
use crate::{entropy, signing, wake_sources};

/// Opens everything. When this returns, commands are accepted.
///
/// # Errors
/// What could not be opened and why. What was opened before is closed again.
pub(super) fn open(
    limits: &ProcessLimits,
    config_file: PathBuf,
    checked: Checked,
    supervisor: Supervisor,
) -> Result<Rooms, Obstacle> {
    let config = checked.config;
    // Signals come first: threads inherit the mask. The socket follows, since it makes two daemons impossible.
    let mut signals = Signals::new().map_err(cannot("receive signals"))?;
    let (socket_file, listener) =
        SocketFile::claim(&ProcessEnvironment, Clock::now().moment).map_err(Obstacle::Socket)?;
    let poll = Poll::new().map_err(cannot("wait for events"))?;
    let registry = poll.registry();
    let (mailbox, mail) = Mailbox::new(registry, wake_sources::WAKER).map_err(cannot("wait for events"))?;
    let mut alarm = Alarm::new().map_err(cannot("set an alarm"))?;
    let register = "wait for events";
    registry.register(&mut signals, wake_sources::SIGNALS, Interest::READABLE).map_err(cannot(register))?;
    registry.register(&mut alarm, wake_sources::ALARM, Interest::READABLE).map_err(cannot(register))?;
    socket_file.register(registry, wake_sources::SOCKET_WATCH).map_err(cannot(register))?;
    // One for all: each would be a descriptor, and there may be few.
    let shared = Rc::new(registry.try_clone().map_err(cannot(register))?);
    let ipc_listener = IpcListener::new(listener, Rc::clone(&shared)).map_err(cannot("serve callers"))?;
    log::event(What::Listening).field("path", socket_file.path().display()).write();
    let redirect_listener =
        RedirectListener::bind(redirect_listener::Settings::new(&config), mailbox.clone())
            .map_err(Obstacle::RedirectListener)?;
    let http = Http::start(mailbox.clone(), RequestLimits::default(), signing::sign)
        .map_err(cannot("start a thread"))?;
    let shell = shell(limits, &socket_file);
    let client_secrets = ClientSecrets::new(shell.clone(), mailbox.teller(Event::SecretPrinted));
    let saved_state = SavedState::new(shell.clone(), mailbox.teller(Event::SavedState));
    let prepared_state =
        saved_state.prepare_patiently(config.saved_state.as_ref()).map_err(Obstacle::SavedState)?;
    let hooks = Hooks::new(shell, config.hooks.clone(), shared);
    let ports = redirect_listener.ports_of_redirects();
    let extra_socket = config.extra_socket.clone();
    let mut rooms = Rooms {
        dump_callers: config.dump_callers,
        keeper: Keeper::new(config, ports, Box::new(entropy::fill)),
        instance: instance(),
        config_file,
        poll,
        mail,
        mailbox,
        http,
        hooks,
        client_secrets,
        saved_state,
        prepared_state: Some(prepared_state),
        ipc_listener,
        socket_file,
        redirect_listener,
        signals,
        alarm,
        supervisor,
        extra_socket: None,
    };
    rooms.open_extra_socket(extra_socket, Clock::now().moment).map_err(Obstacle::ExtraSocket)?;
    Ok(rooms)
}

fn instance() -> String {
    let mut bytes = [0; 8];
    entropy::fill(&mut bytes);
    format!("{:016x}", u64::from_le_bytes(bytes))
}

fn shell(limits: &ProcessLimits, socket_file: &SocketFile) -> Shell {
    Shell {
        environment: Shell::inherited_environment(),
        socket: socket_file.path().to_owned(),
        limits: limits.each().to_vec(),
    }
}
