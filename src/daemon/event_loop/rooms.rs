//! The rooms of the daemon, each opened: what the event loop owns.

mod extra_socket;

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

use mio::Poll;
use pizauth_common::cause::Cause;
use pizauth_common::config::DumpCallers;
use pizauth_core::keeper::Keeper;

use crate::client_secrets::ClientSecrets;
use crate::clock::Alarm;
use crate::hooks::Hooks;
use crate::http::Http;
use crate::ipc_listener::{Door, IpcListener};
use crate::log::{self, What};
use crate::mailbox::{Event, Mailbox};
use crate::redirect_listener::RedirectListener;
use crate::saved_state::{Prepared, SavedState};
use crate::signals::Signals;
use crate::socket_file::SocketFile;
use crate::supervisor::Supervisor;
use extra_socket::ExtraSocket;

/// Every room of the daemon, ready.
pub(crate) struct Rooms {
    /// Everything that can become ready is registered here.
    pub poll: Poll,
    /// Where other threads' events arrive.
    pub mail: Receiver<Event>,
    /// For threads of the loop's own.
    pub mailbox: Mailbox,
    /// All token state.
    pub keeper: Keeper,
    /// Performs requests to authorization servers.
    pub http: Http,
    /// Runs the user's commands.
    pub hooks: Hooks,
    /// Asks the user's commands for the secrets of clients.
    pub client_secrets: ClientSecrets,
    /// Keeps tokens beyond our life.
    pub saved_state: SavedState,
    /// What the configuration says of saving at the start, until the loop begins and takes it.
    pub prepared_state: Option<Prepared>,
    /// Serves callers.
    pub ipc_listener: IpcListener,
    /// Keeps the socket in its place.
    pub socket_file: SocketFile,
    /// The socket that can be lent, where there is one.
    pub extra_socket: Option<ExtraSocket>,
    /// Serves browsers.
    pub redirect_listener: RedirectListener,
    /// TERM, HUP and the like.
    pub signals: Signals,
    /// Wakes us when something is due.
    pub alarm: Alarm,
    /// Tells whoever supervises us.
    pub supervisor: Supervisor,
    /// A random number that tells this daemon from all others.
    pub instance: String,
    /// Who is given dumps.
    pub dump_callers: DumpCallers,
    /// Where `reload` reads.
    pub config_file: PathBuf,
}

impl Rooms {
    /// Listens anew where the file of a socket was lost and has been made again.
    pub(super) fn keep_listening(&mut self) {
        let extra = self.extra_socket.as_mut().and_then(|extra| extra.file.take_listener());
        let fresh = [(Door::Command, self.socket_file.take_listener()), (Door::Extra, extra)];
        for (door, listener) in fresh.into_iter().filter_map(|(door, it)| Some((door, it?))) {
            self.listen(door, listener);
        }
    }

    /// The children that are no hooks, and that their rooms reap.
    pub(super) fn other_children(&self) -> [Option<u32>; 2] {
        [self.saved_state.child(), self.client_secrets.child()]
    }

    /// Has callers served who come by `listener`. Where they cannot be, the log says so.
    pub(super) fn listen(&mut self, door: Door, listener: UnixListener) {
        if let Err(error) = self.ipc_listener.replace_listener(door, listener) {
            log::event(What::SocketFailed).field("reason", Cause(&error)).write();
        }
    }

    /// Leaves nothing behind. Callers of `shutdown` see the end of their connection when the process has gone, not
    /// before: the listener is left to the system.
    pub(super) fn end(self) {
        let Self {
            mail,
            redirect_listener,
            mut socket_file,
            extra_socket,
            ipc_listener,
            hooks,
            client_secrets,
            saved_state,
            ..
        } = self;
        // Browsers whose requests still lie in it are told at once that nobody answers: `stop` waits for their threads.
        drop(mail);
        redirect_listener.stop();
        client_secrets.end();
        saved_state.end();
        hooks.let_go();
        drop(extra_socket);
        socket_file.remove();
        std::mem::forget(ipc_listener);
        log::event(What::Stopped).write();
        log::catch_up();
    }
}
