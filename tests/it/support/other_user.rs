//! Another user of this machine: a thread that gives up being root. Sockets that it makes are that user's.

use std::thread;

use rustix::process::geteuid;

/// A uid that owns nothing here.
pub(crate) const OTHER_UID: u32 = 65534;

/// Whether this process can become another user. Says which half of a test is left out where it cannot.
pub(crate) fn can_become_another_user(what_is_left_out: &str) -> bool {
    let can = cfg!(target_os = "linux") && geteuid().is_root();
    if !can {
        eprintln!("skipped, since it needs root on Linux: {what_is_left_out}");
    }
    can
}

/// Does `work` as [`OTHER_UID`]; only root can.
#[track_caller]
pub(crate) fn as_another_user<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let done = scope.spawn(move || {
            become_another_user();
            work()
        });
        done.join().expect("the other user's thread")
    })
}

/// For good, and this thread alone: the C library's setuid would change them all.
#[cfg(target_os = "linux")]
fn become_another_user() {
    let other = rustix::process::Uid::from_raw(OTHER_UID);
    rustix::thread::set_thread_res_uid(other, other, other).expect("becoming another user");
}

#[cfg(not(target_os = "linux"))]
fn become_another_user() {
    panic!("only on Linux can a thread become another user");
}
