//! The only unsafe code: what neither std nor rustix offers safely. Each use says why it is sound.
#![allow(unsafe_code, reason = "the one file for it")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use nix::libc;
use rustix::process::{Resource, Rlimit, setrlimit, setsid};

/// Makes a child its own master: session and process group of its own, every signal as by default and none
/// blocked, no descriptor but 0, 1, 2 and those in `passed_on`, and `limits` in force.
///
/// `command` owns what it passes on, so that nothing else gets one of those numbers, neither the pipe by which std
/// hears of a failed exec nor another of ours.
pub fn isolate_child(command: &mut Command, limits: Vec<(Resource, Rlimit)>, passed_on: Vec<OwnedFd>) {
    let isolate = move || {
        // Refused only to the leader of a group, which a child just forked is not.
        let _ = setsid();
        for (resource, limit) in &limits {
            // It was in force when we were started, so it is allowed; where it is not, ours stays.
            let _ = setrlimit(*resource, *limit);
        }
        reset_signals();
        close_on_exec_above_stderr();
        for descriptor in &passed_on {
            // SAFETY: sets the flags of a descriptor of the child, which nothing else uses before exec.
            unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_SETFD, 0) };
        }
        Ok::<(), io::Error>(())
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed, since another thread may have
    // held any lock at the time of the fork. `isolate` makes system calls and reads vectors that were filled
    // before; it allocates and frees nothing, takes no lock and cannot panic.
    unsafe { command.pre_exec(isolate) };
}

/// Makes the allocator give large blocks back to the system as soon as they are freed, and keep one pool for all
/// threads. By itself glibc stops giving back after the first large block, and a daemon that has once dumped 10,000
/// accounts, or met a hostile caller, stays that large for months; and it reserves 64 MiB of address space for each of
/// a few threads, which under a limit (`ulimit -v`) is most of what there is. Other allocators have no such habits.
pub fn set_up_allocator() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const LARGE: libc::c_int = 128 * 1024;
        // SAFETY: both set a number inside the allocator, under its own lock.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
            libc::mallopt(libc::M_ARENA_MAX, 1);
        }
    }
}

/// Hides all of the file system but `path` and what else is unveiled, as unveil(2) of OpenBSD.
///
/// # Errors
/// The system refuses; a path that is missing is an error as well.
#[cfg(target_os = "openbsd")]
pub fn unveil(path: &std::ffi::CStr, permissions: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: both strings end with a NUL and outlive the call, which keeps neither.
    let refused = unsafe { libc::unveil(path.as_ptr(), permissions.as_ptr()) } != 0;
    if refused { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Gives up all system calls but those of `promises`, as pledge(2) of OpenBSD. What is executed later is free.
///
/// # Errors
/// The system refuses.
#[cfg(target_os = "openbsd")]
pub fn pledge(promises: &std::ffi::CStr) -> io::Result<()> {
    // SAFETY: the string ends with a NUL and outlives the call, which does not keep it; null stands for no change.
    let refused = unsafe { libc::pledge(promises.as_ptr(), std::ptr::null()) } != 0;
    if refused { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Gives the pages that are free inside of the allocator's pool back to the system. By itself glibc does so only at
/// the pool's end, and after a reload of 10,000 accounts the old ones leave holes all over it.
pub fn give_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: works on the allocator's own free memory, under its own lock.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Takes over a descriptor that our parent has opened for us, and keeps it from our own children.
///
/// What is inherited is known by a flag: exec closes whatever is close-on-exec, and all that this process opens is. So
/// a number that names something of ours, or that has been taken already, is as good as one that is not open.
///
/// # Errors
/// It is not inherited; [`io::ErrorKind::InvalidInput`] where it is not above 2, since the standard streams are
/// everybody's.
pub fn take_inherited_descriptor(number: i32) -> io::Result<OwnedFd> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    if number <= libc::STDERR_FILENO {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: takes a number; one that is not open is an error without effect.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    if flags == -1 || flags & libc::FD_CLOEXEC != 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: sets the flags of a descriptor that is open.
    if unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open and no standard stream; without that flag it was inherited, so nothing of ours owned it, and
    // since the flag is set now and nobody else is here, it is not taken a second time.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// What identifies this machine for good, as the system writes it: `kern.hostuuid`.
#[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
pub fn host_uuid() -> Option<String> {
    let mut text = [0_u8; 64];
    let mut length = text.len();
    // SAFETY: the name is a C string; the kernel writes at most `length` bytes to the array, and their number to
    // `length`.
    let done = unsafe {
        libc::sysctlbyname(
            c"kern.hostuuid".as_ptr(),
            text.as_mut_ptr().cast(),
            &raw mut length,
            std::ptr::null_mut(),
            0,
        )
    };
    let text = std::ffi::CStr::from_bytes_until_nul(text.get(..length)?).ok()?;
    if done == 0 { text.to_str().ok().map(str::to_owned) } else { None }
}

/// What identifies this machine for good, as the system writes it: its `IOPlatformUUID`.
#[cfg(target_os = "macos")]
pub fn host_uuid() -> Option<String> {
    unsafe extern "C" {
        fn gethostuuid(id: *mut u8, wait: *const libc::timespec) -> libc::c_int;
    }
    let mut id = [0_u8; 16];
    let wait = libc::timespec { tv_sec: 1, tv_nsec: 0 };
    // SAFETY: writes a uuid_t, which is 16 bytes, to the array, and reads the time.
    if unsafe { gethostuuid(id.as_mut_ptr(), &raw const wait) } != 0 {
        return None;
    }
    let hexadecimal: String = id.iter().map(|byte| format!("{byte:02X}")).collect();
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hexadecimal[part]);
    Some(parts.join("-"))
}

/// Whether this process was started without a standard output (`>&-`). What is written to it then is lost, and no
/// write fails: std opens /dev/null in its place before `main`.
pub fn stdout_was_closed() -> bool {
    STDOUT_WAS_CLOSED.load(Ordering::Relaxed)
}

static STDOUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

extern "C" fn look_at_stdout() {
    // SAFETY: takes numbers only, and needs nothing that is set up before `main`.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    STDOUT_WAS_CLOSED.store(flags == -1, Ordering::Relaxed);
}

// SAFETY: the loader calls each function of this section once, before `main` and with one thread; this one makes a
// system call and stores into an atomic.
#[used]
#[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".init_array"))]
static BEFORE_MAIN: extern "C" fn() = look_at_stdout;

/// glibc lets nobody touch the two signals that it keeps for itself, not even to undo what a parent ignored.
#[cfg(target_os = "linux")]
fn reset_signals_of_the_c_library() {
    const DEFAULT_ACTION: [u64; 8] = [0; 8];
    const SIGNAL_SET_BYTES: usize = 8;
    for signal in [32, 33] {
        // SAFETY: the kernel reads its struct sigaction from the array, which is as large as any architecture's
        // and all zero, which is SIG_DFL; it installs no code of ours.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                DEFAULT_ACTION.as_ptr(),
                std::ptr::null_mut::<u64>(),
                SIGNAL_SET_BYTES,
            )
        };
    }
}

#[cfg(not(target_os = "linux"))]
fn reset_signals_of_the_c_library() {}

/// Exec resets handlers but keeps what is ignored and what is blocked: also what our own parent ignored (nohup)
/// or blocked.
fn reset_signals() {
    const LAST: i32 = 64;
    for signal in 1..=LAST {
        // SAFETY: SIG_DFL installs no code of ours. Numbers that do not exist or cannot be changed are an error
        // without effect.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    reset_signals_of_the_c_library();
    // SAFETY: an all-zero sigset_t is a valid value of a plain C type; sigemptyset then makes it the empty set,
    // and the pointers are to a live local.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Ours are close-on-exec anyway; these are what somebody else has left open in us. Marked rather than closed:
/// std reports a failed exec through one of them.
fn close_on_exec_above_stderr() {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        const FIRST: libc::c_uint = 3;
        // Linux 5.11. Called by number, since not every C library has it.
        const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
        // SAFETY: takes numbers only and changes flags of descriptors that the child is about to lose.
        let done =
            unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, CLOSE_RANGE_CLOEXEC) };
        if done == 0 {
            return;
        }
    }
    // SAFETY: takes a number only.
    let open_max = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) };
    // A limit of a million would take a second: nobody hands down descriptors from up there.
    let end = i32::try_from(open_max).unwrap_or(i32::MAX).clamp(256, 65_536);
    for descriptor in 3..end {
        // SAFETY: sets a flag of a descriptor that the child is about to lose; a number that is not open is an
        // error without effect.
        unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
}
