//! Another user of this machine: a thread that gives up being root. Sockets that it makes are that user's.

use std::{io, thread};

/// A uid that owns nothing here.
pub(crate) const OTHER_UID: u32 = 65534;

/// Whether this process can become another user. Says which half of a test is left out where it cannot.
pub(crate) fn can_become_another_user(what_is_left_out: &str) -> bool {
    let can = thread::spawn(|| become_another_user().is_ok()).join().expect("a thread that has tried");
    if !can {
        eprintln!("skipped, since it needs a root on Linux that can become another user: {what_is_left_out}");
    }
    can
}

/// Does `work` as [`OTHER_UID`]; only root can.
#[track_caller]
pub(crate) fn as_another_user<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let done = scope.spawn(move || {
            become_another_user().expect("becoming another user");
            work()
        });
        done.join().expect("the other user's thread")
    })
}

/// For good, and this thread alone: the C library's setuid would change them all.
#[cfg(target_os = "linux")]
fn become_another_user() -> io::Result<()> {
    let other = rustix::process::Uid::from_raw(OTHER_UID);
    Ok(rustix::thread::set_thread_res_uid(other, other, other)?)
}

#[cfg(not(target_os = "linux"))]
fn become_another_user() -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
