//! The signals that we act on, as something that the event loop can wait for.

use std::io;

use mio::event::Source;
use mio::{Interest, Registry, Token};
use nix::sys::signal::SigSet;
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXCPU, SIGXFSZ};
use signal_hook_mio::v1_0;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// TERM: stop cleanly.
    Stop,
    /// INT: the same, from a person at a terminal, who will not wait twice.
    Interrupt,
    /// HUP: read the configuration again.
    Reload,
    /// USR1: write the status of every account to the log.
    LogStatus,
    /// CHLD: a hook may have ended.
    ChildrenChanged,
}

/// Readable in the event loop when signals have arrived.
pub(crate) struct Signals {
    pending: v1_0::Signals,
}

impl Signals {
    /// From now on these signals arrive here, even if whoever started us blocked or ignored them (nohup).
    /// PIPE is not among them: Rust's runtime ignores it, and a closed pipe is an error of the write instead. XFSZ and
    /// XCPU are, for nothing: else a log that has reached the limit of files (`ulimit -f`), or the limit of processor
    /// time, would end us and all tokens.
    /// Hooks inherit none of this.
    ///
    /// To be called before any thread is started, since threads inherit the mask.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub(crate) fn new() -> io::Result<Self> {
        let pending = v1_0::Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGXFSZ, SIGXCPU])?;
        SigSet::empty().thread_set_mask()?;
        Ok(Self { pending })
    }

    /// What has arrived since the last call; several of a kind may come as one.
    pub(crate) fn arrived(&mut self) -> Vec<Signal> {
        self.pending.pending().filter_map(meaning).collect()
    }
}

fn meaning(number: i32) -> Option<Signal> {
    match number {
        SIGTERM => Some(Signal::Stop),
        SIGINT => Some(Signal::Interrupt),
        SIGHUP => Some(Signal::Reload),
        SIGUSR1 => Some(Signal::LogStatus),
        SIGCHLD => Some(Signal::ChildrenChanged),
        _ => None,
    }
}

impl Source for Signals {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.pending.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.pending.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.pending.deregister(registry)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Write, pipe};
    use std::time::Duration;

    use mio::{Events, Poll};
    use nix::sys::signal::{self, raise};
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::retry_on_intr;

    use super::*;

    #[test]
    fn signals_arrive_as_what_they_ask_for() {
        let mut poll = Poll::new().unwrap();
        let mut blocked = SigSet::empty();
        blocked.add(signal::Signal::SIGHUP);
        blocked.thread_block().unwrap();
        let mut signals = Signals::new().unwrap();
        poll.registry().register(&mut signals, Token(1), Interest::READABLE).unwrap();
        for (raised, expected) in [
            (signal::Signal::SIGHUP, Signal::Reload),
            (signal::Signal::SIGUSR1, Signal::LogStatus),
            (signal::Signal::SIGTERM, Signal::Stop),
            (signal::Signal::SIGINT, Signal::Interrupt),
        ] {
            raise(raised).unwrap();
            let mut arrived = Vec::new();
            while !arrived.contains(&expected) {
                let mut events = Events::with_capacity(4);
                let polled = poll.poll(&mut events, Some(Duration::from_secs(60)));
                if polled.is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
                    continue;
                }
                assert!(!events.is_empty(), "{raised} has not arrived");
                // Other tests in this process have children: those may show up too.
                arrived = signals.arrived();
            }
        }
    }

    #[test]
    fn limits_of_files_and_of_processor_time_end_nobody() {
        let _signals = Signals::new().unwrap();
        for limit in [signal::Signal::SIGXFSZ, signal::Signal::SIGXCPU] {
            // By default the process would be gone now.
            raise(limit).unwrap();
            assert_eq!(meaning(limit as i32), None, "{limit}");
        }
    }

    #[test]
    fn a_closed_pipe_is_an_error_of_the_write() {
        let _signals = Signals::new().unwrap();
        let (reader, mut writer) = pipe().unwrap();
        drop(reader);
        // A process that another test starts has it, too, until it has become its program.
        let mut closing = [PollFd::new(&writer, PollFlags::empty())];
        retry_on_intr(|| poll(&mut closing, Some(&Timespec { tv_sec: 60, tv_nsec: 0 }))).unwrap();
        assert_eq!(writer.write(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
