//! A place for hooks to run in, and the hooks that the tests ask for.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use mio::{Events, Interest, Poll};
use pizauth_core::keeper::TokenEvent;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit};

use super::super::*;
use crate::shell::Shell;
use crate::signals::Signals;
pub(super) use crate::testing::START;

pub(super) const SIGNALS: Token = Token(1);

/// A directory, an event loop, and hooks that find the directory in `$DIR`.
pub(super) struct Scene {
    pub(super) dir: tempfile::TempDir,
    pub(super) poll: Poll,
    pub(super) signals: Signals,
    pub(super) hooks: Hooks,
    pub(super) now: Moment,
}

impl Scene {
    pub(super) fn new(commands: HookCommands) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let poll = Poll::new().unwrap();
        let mut signals = Signals::new().unwrap();
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE).unwrap();
        let shell = Shell {
            environment: [
                ("DIR", dir.path().to_str().unwrap()),
                ("PATH", "/usr/bin:/bin"),
                ("SHELL", "/sbin/nologin"),
            ]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
            socket: PathBuf::from("/run/example.sock"),
            limits: vec![(Resource::Nofile, Rlimit { current: Some(123), ..getrlimit(Resource::Nofile) })],
        };
        let hooks = Hooks::new(shell, commands, Rc::new(poll.registry().try_clone().unwrap()));
        Self { dir, poll, signals, hooks, now: START }
    }

    /// A fifo in the directory: whoever opens one end waits for the other.
    pub(super) fn fifo(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        path
    }

    pub(super) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    pub(super) fn run(&mut self, hook: Hook) {
        self.hooks.run(hook, self.now);
    }

    /// The system cannot start `hook` now.
    pub(super) fn fail_to_start(&mut self, hook: Hook, errno: Errno) {
        let index = self.hooks.queues.iter().position(|(kind, _)| *kind == HookKind::of(&hook)).unwrap();
        let queue = &mut self.hooks.queues[index].1;
        queue.push(hook);
        let (number, hook) = queue.take_first(|_| true).unwrap();
        self.hooks.not_started(index, number, &hook, &io::Error::from(errno), self.now);
    }
    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now.plus(time);
        self.hooks.handle_timeout(&[], self.now);
    }

    /// Serves what happens within `patience`, and says whether anything did.
    pub(super) fn turn(&mut self, patience: Duration) -> bool {
        let mut events = Events::with_capacity(64);
        while let Err(error) = self.poll.poll(&mut events, Some(patience)) {
            assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        }
        for event in &events {
            self.hooks.output_ready(event.token());
        }
        if !self.signals.arrived().is_empty() {
            self.hooks.children_changed(&[], self.now);
        }
        !events.is_empty()
    }

    /// Serves events until `done`.
    pub(super) fn until(&mut self, done: impl Fn(&Hooks) -> bool) {
        while !done(&self.hooks) {
            let happened = self.turn(Duration::from_secs(60));
            assert!(happened, "nothing happens any more: {:?}", self.hooks.running);
        }
    }

    pub(super) fn until_idle(&mut self) {
        self.until(is_idle);
    }
}

pub(super) fn is_idle(hooks: &Hooks) -> bool {
    hooks.running.is_empty() && hooks.queues.iter().all(|(_, queue)| queue.is_empty())
}

pub(super) fn name(account: &str) -> AccountName {
    AccountName::from(account)
}

pub(super) fn token_event(account: &str, event: TokenEvent) -> Hook {
    Hook::TokenEvent { account: name(account), event }
}

pub(super) fn auth_notify(account: &str) -> Hook {
    auth_notify_of(account, &format!("https://as.example/?login={account}"))
}

pub(super) fn auth_notify_of(account: &str, url: &str) -> Hook {
    Hook::AuthNotify { account: name(account), url: url.to_owned(), user_code: None }
}

pub(super) fn error_notify(message: &str) -> Hook {
    Hook::ErrorNotify { account: name("work"), message: message.to_owned() }
}

pub(super) fn transient_error_if(job: u64) -> Hook {
    Hook::TransientErrorIf { job: JobId(job), account: name("work") }
}

pub(super) fn on_token_event(command: &str) -> HookCommands {
    HookCommands { token_event_cmd: Some(command.to_owned()), ..HookCommands::default() }
}

pub(super) fn on_error(command: &str) -> HookCommands {
    HookCommands { error_notify_cmd: Some(command.to_owned()), ..HookCommands::default() }
}

pub(super) fn on_auth(command: &str) -> HookCommands {
    HookCommands { auth_notify_cmd: Some(command.to_owned()), ..HookCommands::default() }
}

pub(super) fn on_transient(command: &str) -> HookCommands {
    HookCommands { transient_error_if_cmd: Some(command.to_owned()), ..HookCommands::default() }
}
