//! Being told when the path may lead elsewhere: when the socket file or a directory on its path is removed or renamed,
//! by inotify, and when something is mounted or unmounted, by the kernel's list of mounts. Where there is no inotify,
//! we look.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) use linux::Watch;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use other::Watch;

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux {
    use std::fs::File;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::path::Path;

    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
    use rustix::io::Errno;
    use rustix::process::{Resource, getrlimit};

    /// proc_pid_mountinfo(5): exceptional at each change of the mounts that we see. Inotify tells nothing of a file
    /// system that goes away while we have a descriptor of it.
    const MOUNTS: &str = "/proc/self/mountinfo";
    /// With no more than these the daemon needs each for callers, requests and hooks.
    const FEW_DESCRIPTORS: u64 = 32;

    /// Watches the socket and its directories, each by itself: what happens to other files in them does not wake us.
    #[derive(Debug)]
    pub(crate) struct Watch {
        /// Absent where the user has no inotify instance left.
        inotify: Option<OwnedFd>,
        /// Absent without /proc, and with [`FEW_DESCRIPTORS`].
        mounts: Option<File>,
        watching: bool,
    }

    impl Watch {
        pub(crate) fn new() -> Self {
            let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
            Self { inotify, mounts: mounts(), watching: false }
        }

        pub(crate) fn register(&self, registry: &Registry, token: Token) -> io::Result<()> {
            if let Some(mounts) = &self.mounts {
                // A kernel whose list tells nothing refuses.
                let _ = registry.register(&mut SourceFd(&mounts.as_raw_fd()), token, Interest::PRIORITY);
            }
            let Some(inotify) = &self.inotify else { return Ok(()) };
            registry.register(&mut SourceFd(&inotify.as_raw_fd()), token, Interest::READABLE)
        }

        /// Watches a socket and the directories above it. Where it is missing, what comes to be in the last directory
        /// that there is, too. What was watched before goes with its file.
        pub(crate) fn set(&mut self, socket: &Path) {
            let Some(inotify) = &self.inotify else { return };
            let moved = WatchFlags::MOVE_SELF | WatchFlags::DELETE_SELF;
            // A socket that is bound loses its name without being deleted: its link count changes.
            let lost = moved | WatchFlags::ATTRIB | WatchFlags::DONT_FOLLOW;
            self.watching = inotify::add_watch(inotify, socket, lost).is_ok();
            let come = WatchFlags::CREATE | WatchFlags::MOVED_TO;
            let mut is_missing = !self.watching;
            for directory in socket.ancestors().skip(1) {
                let news = if is_missing { moved | come } else { moved };
                // Fails for a directory that we may not read: such a one belongs to the system, and stays.
                let watched = inotify::add_watch(inotify, directory, news | WatchFlags::ONLYDIR);
                is_missing &= watched.is_err();
            }
        }

        /// Whether somebody has to look from time to time.
        pub(crate) fn is_blind(&self) -> bool {
            !self.watching
        }

        /// Whether news come of the directories, also where the socket is missing.
        pub(crate) fn is_told_of_the_way(&self) -> bool {
            self.inotify.is_some()
        }

        /// Takes the news from the queue. Whatever they are, the socket file has to be looked at.
        pub(crate) fn drain(&mut self) {
            let Some(inotify) = &self.inotify else { return };
            let mut buffer = [MaybeUninit::uninit(); 1024];
            let mut reader = Reader::new(inotify, &mut buffer);
            while matches!(reader.next(), Ok(_) | Err(Errno::INTR)) {}
        }
    }

    fn mounts() -> Option<File> {
        let are_few = getrlimit(Resource::Nofile).current.is_some_and(|limit| limit <= FEW_DESCRIPTORS);
        if are_few { None } else { File::open(MOUNTS).ok() }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod other {
    use std::io;
    use std::path::Path;

    use mio::{Registry, Token};

    /// Nothing is told here: we look from time to time.
    #[derive(Debug)]
    pub(crate) struct Watch;

    impl Watch {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) fn register(&self, _: &Registry, _: Token) -> io::Result<()> {
            Ok(())
        }

        pub(crate) fn set(&mut self, _: &Path) {}

        pub(crate) fn is_blind(&self) -> bool {
            true
        }

        pub(crate) fn is_told_of_the_way(&self) -> bool {
            false
        }

        pub(crate) fn drain(&mut self) {}
    }
}
