//! Being told when the socket file or a directory on its path is removed or renamed: by inotify, where there is one.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::Watch;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use other::Watch;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::path::Path;

    use mio::unix::SourceFd;
    use mio::{Interest, Registry};
    use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
    use rustix::io::Errno;

    use crate::wake_sources::SOCKET_WATCH;

    /// Watches the socket and its directories, each by itself: what happens to other files in them does not wake us.
    #[derive(Debug)]
    pub(crate) struct Watch {
        /// Absent where the user has no inotify instance left.
        inotify: Option<OwnedFd>,
        watching: bool,
    }

    impl Watch {
        pub(crate) fn new() -> Self {
            let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
            Self { inotify, watching: false }
        }

        pub(crate) fn register(&self, registry: &Registry) -> io::Result<()> {
            let Some(inotify) = &self.inotify else { return Ok(()) };
            registry.register(&mut SourceFd(&inotify.as_raw_fd()), SOCKET_WATCH, Interest::READABLE)
        }

        /// Watches a socket and the directories above it. What was watched before goes with its file.
        pub(crate) fn set(&mut self, socket: &Path) {
            let Some(inotify) = &self.inotify else { return };
            let moved = WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF;
            // A socket that is bound loses its name without being deleted: its link count changes.
            let lost = moved | WatchFlags::ATTRIB | WatchFlags::DONT_FOLLOW;
            self.watching = inotify::add_watch(inotify, socket, lost).is_ok();
            for directory in socket.ancestors().skip(1) {
                // Fails for a directory that we may not read: such a one belongs to the system, and stays.
                let _ = inotify::add_watch(inotify, directory, moved | WatchFlags::ONLYDIR);
            }
        }

        /// Whether somebody has to look from time to time.
        pub(crate) fn is_blind(&self) -> bool {
            !self.watching
        }

        /// Takes the news from the queue. Whatever they are, the socket file has to be looked at.
        pub(crate) fn drain(&mut self) {
            let Some(inotify) = &self.inotify else { return };
            let mut buffer = [MaybeUninit::uninit(); 1024];
            let mut reader = Reader::new(inotify, &mut buffer);
            while matches!(reader.next(), Ok(_) | Err(Errno::INTR)) {}
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod other {
    use std::io;
    use std::path::Path;

    use mio::Registry;

    /// Nothing is told here: we look from time to time.
    #[derive(Debug)]
    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn register(&self, _: &Registry) -> io::Result<()> {
            Ok(())
        }

        pub(crate) fn set(&mut self, _: &Path) {}

        pub(crate) fn is_blind(&self) -> bool {
            true
        }

        pub(crate) fn drain(&mut self) {}
    }
}
