//! A process whose descriptors run out: a child of this test, so that it is nobody else's.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::Sender;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::support::*;
use crate::page::Page;

const IN_CHILD: &str = "PIZAUTH_TEST_DESCRIPTORS";
const NAME: &str = "redirect_listener::tests::descriptors::without_descriptors_it_waits_and_then_goes_on";

#[test]
fn without_descriptors_it_waits_and_then_goes_on() {
    if std::env::var_os(IN_CHILD).is_some() {
        return listen_with_few_descriptors();
    }
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME, "--nocapture"])
        .env(IN_CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let port = number_after("port=", &mut said);
    let free: usize = number_after("free=", &mut said).into();
    let visits: Vec<TcpStream> = (0..free + 10).map(|_| begin_visit(port)).collect();
    for _ in 0..free {
        number_after("asked=", &mut said);
    }
    // Every descriptor is in use, and ten visits wait to be accepted. Now the first may end.
    drop(child.stdin.take());
    for mut visit in visits {
        assert_eq!(status(&answer(&mut visit)), "200 OK");
    }
    drop(said);
    child.kill().unwrap();
    child.wait().unwrap();
}

fn begin_visit(port: u16) -> TcpStream {
    let mut stream = connect(IpAddr::V4(Ipv4Addr::LOCALHOST), port).unwrap();
    stream.write_all(ROOT_VISIT.as_bytes()).unwrap();
    stream
}

fn number_after(key: &str, said: &mut BufReader<ChildStdout>) -> u16 {
    let mut line = String::new();
    loop {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the child has ended before it said {key}");
        if let Some((_, number)) = line.split_once(key) {
            return number.trim().parse().unwrap();
        }
    }
}

/// Those that wait for a page; `None` once everybody gets one at once.
static WAITING: Mutex<Option<Vec<Sender<Page>>>> = Mutex::new(Some(Vec::new()));

/// Nobody gets a page until our stdin is closed.
fn listen_with_few_descriptors() {
    let bench = Bench::new(http_only("127.0.0.1", 0), patient(), |request, reply| {
        println!("asked=1");
        match &mut *WAITING.lock().unwrap() {
            Some(waiting) => waiting.push(reply),
            None => sign_in(request, reply),
        }
    });
    println!("port={}", bench.port());
    println!("free={}", leave_few_descriptors());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    for reply in WAITING.lock().unwrap().take().unwrap() {
        let _ = reply.send(Page::StillWorking(None));
    }
    std::thread::park();
}

/// How many can still be opened.
fn leave_few_descriptors() -> usize {
    let open = || File::open("/dev/null");
    let lowest = std::os::fd::AsRawFd::as_raw_fd(&open().unwrap());
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, u64::try_from(lowest).unwrap() + 8, hard).unwrap();
    std::iter::from_fn(|| open().ok()).collect::<Vec<_>>().len()
}
