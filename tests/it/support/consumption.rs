//! What a process uses up, as the kernel counts it; and how much a test may.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How often a heavy loop runs, or how much it sends: `usual`, unless the variable `name` says otherwise.
#[track_caller]
pub(crate) fn bound(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number in the variable of a bound"))
}

/// Makes room for so many descriptors in this process. Says what is left out where there is no such room.
pub(crate) fn can_open(descriptors: u64, what_is_left_out: &str) -> bool {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= descriptors);
    let can = is_enough(current)
        || is_enough(maximum)
            && setrlimit(Resource::Nofile, Rlimit { current: Some(descriptors), maximum }).is_ok();
    if !can {
        eprintln!("skipped, since it needs {descriptors} descriptors: {what_is_left_out}");
    }
    can
}

/// Processor time that it has used, all threads together.
#[track_caller]
pub(crate) fn cpu_time(pid: i32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a running process");
    // Fields are counted behind the name, which may hold anything; a tick is 10 ms on every Linux.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11..=12].iter().map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
    Duration::from_millis(ticks * 10)
}

/// MiB of memory that it has now.
#[track_caller]
pub(crate) fn memory_now(pid: i32) -> u64 {
    status_row(pid, "VmRSS") / 1024
}

/// The most MiB of memory that it ever had.
#[track_caller]
pub(crate) fn memory_peak(pid: i32) -> u64 {
    status_row(pid, "VmHWM") / 1024
}

#[track_caller]
pub(crate) fn threads(pid: i32) -> u64 {
    status_row(pid, "Threads")
}

#[track_caller]
fn status_row(pid: i32, row: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a running process");
    let found = status.lines().find_map(|line| line.strip_prefix(row)?.strip_prefix(':'));
    let number = found.and_then(|value| value.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no {row} in {status}"))
}
