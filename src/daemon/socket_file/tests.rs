use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::{Duration, SystemTime};

use mio::{Events, Poll};
use pizauth_common::paths::Environment;
use pizauth_core::moment::Moment;
use rustix::net::{AddressFamily, Shutdown, SocketAddrUnix, SocketType};

use super::{LONGEST_RETRY, REBIND_PAUSE, RETRY, SocketError, SocketFile, TOUCH_INTERVAL};
use crate::testing::{START, private_directory, wait_for_events};
use crate::wake_sources::SOCKET_WATCH;

/// A user of her own, with a home and runtime directories that may exist.
struct World {
    _temporary: tempfile::TempDir,
    root: PathBuf,
    variables: HashMap<&'static str, OsString>,
    uid: u32,
}

impl World {
    fn new() -> Self {
        let temporary = private_directory();
        let root = fs::canonicalize(temporary.path()).unwrap();
        let world = Self {
            _temporary: temporary,
            root,
            variables: HashMap::new(),
            uid: rustix::process::geteuid().as_raw(),
        };
        world.make("home");
        world
    }

    fn with_session() -> Self {
        let mut world = Self::new();
        world.variables.insert("XDG_RUNTIME_DIR", world.make("run").into());
        world
    }

    fn named(mut self, socket: &str) -> Self {
        let socket = self.path(socket);
        self.variables.insert("PIZAUTH_SOCKET", socket.into());
        self
    }

    fn without(&self, variable: &str) -> Surroundings<'_> {
        let mut variables = self.variables.clone();
        variables.remove(variable);
        Surroundings { world: self, variables }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn make(&self, name: &str) -> PathBuf {
        fs::DirBuilder::new().mode(0o700).create(self.path(name)).unwrap();
        self.path(name)
    }

    fn claim(&self) -> Result<(SocketFile, UnixListener), SocketError> {
        SocketFile::claim(&self.without(""), START)
    }

    /// Whether a daemon can start, and has its socket in the home directory.
    fn claimed_at_home(&self) -> bool {
        let (file, listener) = self.claim().unwrap();
        file.path().starts_with(self.path("home")) && leads_to(file.path(), &listener)
    }

    fn refused(&self) -> SocketError {
        self.claim().expect_err("a second daemon")
    }
}

struct Surroundings<'a> {
    world: &'a World,
    variables: HashMap<&'static str, OsString>,
}

impl Environment for Surroundings<'_> {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).cloned()
    }

    fn uid(&self) -> u32 {
        self.world.uid
    }

    fn home_of_user(&self) -> Option<PathBuf> {
        Some(self.world.path("home"))
    }

    fn machine(&self) -> Vec<u8> {
        b"host".to_vec()
    }

    fn installed_example(&self) -> Option<PathBuf> {
        None
    }

    fn system_runtime_directory(&self) -> PathBuf {
        self.world.path("system")
    }
}

fn mode_of(bits: u32) -> Permissions {
    Permissions::from_mode(bits)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

// A child that another test has just forked has our descriptors until it has become its program. So a socket that is to
// be stale never listens, and one that is to be deaf from now on says so itself.

/// The file that a daemon leaves which could not clean up.
fn make_stale(path: &Path) {
    let socket = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).unwrap();
    rustix::net::bind(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
}

fn end(listener: UnixListener) {
    rustix::net::shutdown(&listener, Shutdown::Both).unwrap();
}

/// Whether a connection to `path` arrives at `listener`.
fn leads_to(path: &Path, listener: &UnixListener) -> bool {
    let _caller = UnixStream::connect(path).unwrap();
    listener.accept().is_ok()
}

#[test]
fn the_socket_and_its_directory_are_for_us_alone() {
    let world = World::with_session();
    let (file, listener) = world.claim().unwrap();
    assert_eq!(file.path(), world.path("run/pizauth/pizauth.sock"));
    assert_eq!((mode(file.path()), mode(&world.path("run/pizauth"))), (0o600, 0o700));
    assert!(leads_to(file.path(), &listener));
}

#[test]
fn places_that_do_not_exist_are_passed_over() {
    let mut world = World::new();
    world.variables.insert("XDG_RUNTIME_DIR", world.path("none/run").into());
    let (mut file, _listener) = world.claim().unwrap();
    assert!(file.path().starts_with(world.path("home/.local/state/pizauth")));
    assert!(!world.path("none").exists());
    file.remove();
    world.make("system");
    let (mut file, _listener) = world.claim().unwrap();
    assert_eq!(file.path(), world.path("system/pizauth/pizauth.sock"));
    file.remove();
    world.uid += 1;
    let (file, _listener) = world.claim().unwrap();
    assert!(file.path().starts_with(world.path("home")), "the system's directory was made for another user");
}

#[test]
fn a_second_daemon_is_refused_and_the_next_is_not() {
    let world = World::with_session();
    let (mut first, listener) = world.claim().unwrap();
    assert!(matches!(world.refused(), SocketError::Locked(..)));
    assert!(leads_to(first.path(), &listener), "the first is untouched");
    first.remove();
    assert!(!first.path().exists());
    world.claim().unwrap();
}

#[test]
fn different_environments_do_not_make_two_daemons() {
    let world = World::with_session();
    let (first, _listener) = world.claim().unwrap();
    let bare = SocketFile::claim(&world.without("XDG_RUNTIME_DIR"), START);
    assert!(matches!(bare.unwrap_err(), SocketError::Locked(..)));
    drop(first);
    let _bare = SocketFile::claim(&world.without("XDG_RUNTIME_DIR"), START).unwrap();
    assert!(matches!(world.refused(), SocketError::Locked(..)));
}

#[test]
fn a_runtime_directory_that_is_missing_is_made_for_its_owner_alone() {
    let mut world = World::new();
    world.variables.insert("XDG_RUNTIME_DIR", world.path("run").into());
    let (file, _listener) = world.claim().unwrap();
    assert_eq!(file.path(), world.path("run/pizauth/pizauth.sock"));
    let mode = fs::metadata(world.path("run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);
}

#[test]
fn sessions_of_their_own_have_daemons_of_their_own_and_keep_out_the_one_without() {
    let mut world = World::new();
    let mut daemons = Vec::new();
    for session in ["a", "b"] {
        world.variables.insert("XDG_RUNTIME_DIR", world.path(session).into());
        daemons.push(world.claim().unwrap());
        assert!(matches!(world.refused(), SocketError::Locked(..)), "one for each");
    }
    let bare = || SocketFile::claim(&world.without("XDG_RUNTIME_DIR"), START);
    while let Some(daemon) = daemons.pop() {
        assert!(matches!(bare().unwrap_err(), SocketError::Locked(..)));
        drop(daemon);
    }
    let _bare = bare().unwrap();
    assert!(matches!(world.refused(), SocketError::Locked(..)));
}

#[test]
fn whoever_answers_at_any_place_is_left_alone() {
    let world = World::with_session();
    for directory in ["system", "system/pizauth", "run/pizauth"] {
        world.make(directory);
    }
    let other = UnixListener::bind(world.path("system/pizauth/pizauth.sock")).unwrap();
    let error = world.refused();
    assert!(
        matches!(&error, SocketError::Answers(path, _) if path.starts_with(world.path("system"))),
        "{error}"
    );
    assert!(error.to_string().contains("pizauth shutdown"), "{error}");
    end(other);
    let _foreign = UnixListener::bind(world.path("run/pizauth/pizauth.sock")).unwrap();
    assert!(matches!(world.refused(), SocketError::Answers(..)));
}

#[test]
fn the_original_in_our_place_is_told_with_its_process() {
    let world = World::with_session();
    world.make("run/pizauth");
    let original = UnixListener::bind(world.path("run/pizauth/pizauth.sock")).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| std::io::copy(&mut original.accept().unwrap().0, &mut std::io::sink()).unwrap());
        let error = world.refused();
        let kill = format!("kill {})", std::process::id());
        assert!(matches!(error, SocketError::Stranger(..)) && error.to_string().ends_with(&kill), "{error}");
    });
}

#[test]
fn a_daemon_that_knew_this_machine_by_another_name_is_left_alone() {
    let world = World::with_session();
    let (file, _listener) = SocketFile::claim(&world.without("XDG_RUNTIME_DIR"), START).unwrap();
    let own = file.path().parent().unwrap().to_owned();
    drop(file);
    for other in ["run-1", "run-2"] {
        fs::DirBuilder::new().mode(0o700).create(own.with_file_name(other)).unwrap();
    }
    // Of another host that shares the home: nobody listens here.
    make_stale(&own.with_file_name("run-1").join("pizauth.sock"));
    drop(world.claim().unwrap());
    let older = own.with_file_name("run-2").join("pizauth.sock");
    let _older = UnixListener::bind(&older).unwrap();
    let error = world.refused();
    assert!(matches!(&error, SocketError::Answers(path, _) if *path == older), "{error}");
}

#[test]
fn a_stale_socket_is_replaced_and_anything_else_is_not() {
    let world = World::with_session();
    world.make("run/pizauth");
    let socket = world.path("run/pizauth/pizauth.sock");
    make_stale(&socket);
    let (mut file, listener) = world.claim().unwrap();
    assert!(leads_to(&socket, &listener));
    file.remove();
    fs::write(&socket, "precious").unwrap();
    assert!(world.claimed_at_home(), "it is not ours to remove");
    assert_eq!(fs::read_to_string(&socket).unwrap(), "precious");
}

#[test]
fn a_place_that_does_not_suit_is_passed_over_and_left_as_it_is() {
    let link = |world: &World| {
        fs::create_dir(world.path("elsewhere")).unwrap();
        symlink(world.path("elsewhere"), world.path("run/pizauth")).unwrap();
    };
    let open_to_all = |world: &World| fs::set_permissions(world.path("run"), mode_of(0o777)).unwrap();
    let not_ours =
        |world: &World| std::os::unix::fs::chown(world.path("run"), Some(world.uid + 1), None).unwrap();
    let a_file = |world: &World| fs::write(world.path("run/pizauth"), "").unwrap();
    let mut unsuitable: Vec<&dyn Fn(&World)> = vec![&link, &open_to_all, &a_file];
    if rustix::process::geteuid().is_root() {
        unsuitable.push(&not_ours);
    }
    for spoil in unsuitable {
        let world = World::with_session();
        spoil(&world);
        assert!(world.claimed_at_home());
        assert!(!world.path("elsewhere/pizauth.sock").exists());
    }
    let mut world = World::with_session();
    let long = world.make(&"x".repeat(100));
    world.variables.insert("XDG_RUNTIME_DIR", long.into());
    assert!(world.claimed_at_home(), "its path is too long for a socket");
}

#[test]
fn where_no_place_suits_each_is_named() {
    let world = World::with_session();
    for place in ["run", "home"] {
        fs::set_permissions(world.path(place), mode_of(0o777)).unwrap();
    }
    let error = world.refused().to_string();
    for place in ["run", "home"] {
        assert!(error.contains(&format!("chmod go-w {}", world.path(place).display())), "{error}");
    }
}

#[test]
fn the_lock_says_whose_process_holds_it() {
    let process = format!("(process {0}; to stop it: pizauth shutdown, or kill {0})", std::process::id());
    for (world, lock) in [
        (World::with_session(), "run/pizauth/pizauth.sock.lock"),
        (World::new().named("mine.sock"), "mine.sock.lock"),
    ] {
        let (file, _listener) = world.claim().unwrap();
        assert_eq!(fs::read_to_string(world.path(lock)).unwrap().trim(), std::process::id().to_string());
        let error = world.refused().to_string();
        assert!(error.starts_with("another pizauthd is running") && error.ends_with(&process), "{error}");
        drop(file);
        assert!(!world.path(lock).exists(), "it leaves nothing behind");
    }
}

#[test]
fn a_file_system_without_locks_is_a_place_that_does_not_suit() {
    let why = std::io::Error::from(rustix::io::Errno::NOLCK);
    let error = SocketError::NoLocks("/nfs/mine.sock.lock".into(), why);
    assert!(error.is_of_place());
    let text = error.to_string();
    assert!(
        text.starts_with("cannot lock /nfs/mine.sock.lock: ") && text.contains("PIZAUTH_SOCKET"),
        "{text}"
    );
}

#[test]
fn a_named_socket_has_a_lock_beside_it() {
    let world = World::with_session().named("mine.sock");
    let (mut first, listener) = world.claim().unwrap();
    assert_eq!(mode(first.path()), 0o600);
    assert!(leads_to(first.path(), &listener));
    let error = world.refused();
    assert!(matches!(error, SocketError::Locked(..)), "{error}");
    assert!(!world.path("run/pizauth").exists(), "nothing else is tried");
    first.remove();
    let left: Vec<_> = fs::read_dir(&world.root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("mine")), "{left:?}");
    world.claim().unwrap();
}

#[test]
fn a_lock_file_that_is_not_ours_is_not_used() {
    let world = World::new().named("mine.sock");
    fs::write(world.path("precious"), "").unwrap();
    symlink(world.path("precious"), world.path("mine.sock.lock")).unwrap();
    let error = world.refused().to_string();
    assert!(error.ends_with("its lock file is not a file of ours"), "{error}");
}

#[test]
fn our_own_place_by_name_is_our_own_place() {
    let world = World::with_session().named("run/pizauth/pizauth.sock");
    let (_first, _listener) = SocketFile::claim(&world.without("PIZAUTH_SOCKET"), START).unwrap();
    assert!(matches!(world.refused(), SocketError::Locked(..)));
}

#[test]
fn a_path_that_is_too_long_is_said() {
    let world = World::new().named(&"x".repeat(120));
    let error = world.refused().to_string();
    assert!(error.starts_with("cannot make the socket") && error.contains("too long"), "{error}");
}

/// How many of eight daemons live that start at once, every other one without a session.
fn alive_of_eight(world: &World) -> usize {
    let (start, end) = (Barrier::new(8), Barrier::new(8));
    let run = &|hidden: &str| {
        let environment = world.without(hidden);
        start.wait();
        let claimed = SocketFile::claim(&environment, START);
        end.wait();
        claimed.is_ok()
    };
    std::thread::scope(|scope| {
        let daemons: Vec<_> = ["", "XDG_RUNTIME_DIR"]
            .into_iter()
            .cycle()
            .take(8)
            .map(|hidden| scope.spawn(move || run(hidden)))
            .collect();
        daemons.into_iter().map(|daemon| usize::from(daemon.join().unwrap())).sum()
    })
}

#[test]
fn of_many_that_start_at_once_one_lives() {
    for _ in 0..20 {
        assert_eq!(alive_of_eight(&World::with_session()), 1);
    }
}

/// A daemon in little: it waits for what the system tells of the file.
struct Daemon {
    file: SocketFile,
    /// As long as it is open, no other file can have the identity of its own.
    _listener: UnixListener,
    poll: Poll,
    now: Moment,
}

impl Daemon {
    fn start(world: &World) -> Self {
        let (file, _listener) = world.claim().unwrap();
        let poll = Poll::new().unwrap();
        file.register(poll.registry(), SOCKET_WATCH).unwrap();
        let mut this = Self { file, _listener, poll, now: START };
        this.sleep(REBIND_PAUSE);
        this
    }

    fn sleep(&mut self, by: Duration) {
        self.now = self.now.plus(by);
        self.file.handle_timeout(self.now);
    }

    /// Waits for news, and gives the listener that took the place of a lost one.
    fn next_listener(&mut self) -> Option<UnixListener> {
        let mut events = Events::with_capacity(8);
        if self.file.watch.is_told_of_the_way() {
            wait_for_events(&mut self.poll, &mut events, Duration::from_secs(20));
            assert!(!events.is_empty(), "the system has told nothing");
            self.file.ready(self.now);
        }
        self.sleep(super::LOOK_INTERVAL);
        self.file.take_listener()
    }
}

#[test]
fn a_removed_socket_is_made_again() {
    for world in [World::with_session(), World::new().named("mine.sock")] {
        let mut daemon = Daemon::start(&world);
        let path = daemon.file.path().to_owned();
        for _ in 0..3 {
            fs::remove_file(&path).unwrap();
            let listener = daemon.next_listener().unwrap();
            assert!(leads_to(&path, &listener));
            assert_eq!(mode(&path), 0o600);
        }
        assert!(matches!(world.refused(), SocketError::Locked(..)), "under the same lock");
    }
}

#[test]
fn a_removed_directory_is_made_again_with_its_lock() {
    let world = World::with_session();
    let mut daemon = Daemon::start(&world);
    fs::remove_dir_all(world.path("run/pizauth")).unwrap();
    let listener = daemon.next_listener().unwrap();
    assert!(leads_to(daemon.file.path(), &listener));
    assert!(matches!(world.refused(), SocketError::Locked(..)));
}

#[test]
fn a_runtime_directory_that_comes_back_is_used_again() {
    let mut world = World::new();
    world.variables.insert("XDG_RUNTIME_DIR", world.make("user").join("run").into());
    let mut daemon = Daemon::start(&world);
    fs::rename(world.path("user"), world.path("moved")).unwrap();
    assert!(daemon.next_listener().is_none());
    let pause = if daemon.file.watch.is_told_of_the_way() { RETRY * 2 } else { RETRY };
    assert_eq!(daemon.file.poll_timeout(), Some(daemon.now.plus(pause)), "after two tries");
    world.make("user");
    let listener = daemon.next_listener().expect("told that it is there");
    assert!(leads_to(&world.path("user/run/pizauth/pizauth.sock"), &listener));
}

#[test]
fn what_we_try_ourselves_is_no_news() {
    let world = World::new().named("mine.sock");
    let mut daemon = Daemon::start(&world);
    fs::remove_file(daemon.file.path()).unwrap();
    fs::create_dir(daemon.file.path()).unwrap();
    assert!(daemon.next_listener().is_none(), "something is in its place");
    if !daemon.file.watch.is_told_of_the_way() {
        return;
    }
    for tries in 2..4 {
        let pause = RETRY * 2_u32.pow(tries);
        daemon.sleep(LONGEST_RETRY);
        let mut events = Events::with_capacity(8);
        wait_for_events(&mut daemon.poll, &mut events, Duration::ZERO);
        assert!(events.is_empty() && daemon.file.poll_timeout() <= Some(daemon.now.plus(pause)), "{tries}");
    }
}

#[test]
fn a_stale_socket_in_our_place_is_replaced_and_a_live_one_is_not() {
    let world = World::with_session();
    let mut daemon = Daemon::start(&world);
    let path = daemon.file.path().to_owned();
    fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    other.set_nonblocking(true).unwrap();
    assert!(daemon.next_listener().is_none());
    daemon.file.remove();
    assert!(leads_to(&path, &other), "it was not ours to remove");

    drop(daemon);
    end(other);
    let mut daemon = Daemon::start(&world);
    fs::remove_file(&path).unwrap();
    make_stale(&path);
    assert!(leads_to(&path, &daemon.next_listener().unwrap()));
}

#[test]
fn an_idle_daemon_wakes_to_touch_its_files_only() {
    let world = World::with_session();
    let mut daemon = Daemon::start(&world);
    assert_eq!(daemon.file.poll_timeout(), Some(START.plus(TOUCH_INTERVAL)));
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
    let times = FileTimes::new().set_accessed(old).set_modified(old);
    File::open(world.path("run/pizauth")).unwrap().set_times(times).unwrap();
    daemon.sleep(TOUCH_INTERVAL);
    for touched in ["run/pizauth", "run/pizauth/pizauth.sock"] {
        assert!(fs::metadata(world.path(touched)).unwrap().modified().unwrap() > old, "{touched}");
    }
    assert_eq!(daemon.file.poll_timeout(), Some(daemon.now.plus(TOUCH_INTERVAL)));
    assert!(daemon.next_listener().is_none(), "our own touch is told, and nothing follows");
}
