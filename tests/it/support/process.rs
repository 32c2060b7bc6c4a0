//! What the system tells about a process: its memory, limits, arguments, children. Mostly for root's eyes.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Whether this test may look into processes that are not dumpable: not every root may.
pub(crate) fn can_look() -> bool {
    const SYS_PTRACE: u64 = 1 << 19;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let capabilities = capabilities.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    let can = capabilities.is_some_and(|set| set & SYS_PTRACE != 0);
    if !can {
        eprintln!("no CAP_SYS_PTRACE: what is in the memory of another process has not been looked at");
    }
    can
}

/// How many copies of each text are in the writable memory of a process: heap, stacks, data.
#[track_caller]
pub(crate) fn copies_in_memory(pid: i32, texts: &[&[u8]]) -> Vec<usize> {
    let memory = File::open(format!("/proc/{pid}/mem")).expect("opening the memory of a process");
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("its maps");
    let mut found = vec![0; texts.len()];
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let content = read(&memory, map);
        for (text, found) in texts.iter().zip(&mut found) {
            *found += count(&content, text);
        }
    }
    found
}

/// A line of `/proc/PID/maps`: `START-END PERMISSIONS …`, in hexadecimal. What cannot be read is no memory.
fn read(memory: &File, map: &str) -> Vec<u8> {
    let range = map.split(' ').next().and_then(|range| range.split_once('-')).expect("an address range");
    let address = |text| u64::from_str_radix(text, 16).expect("an address");
    let (start, end) = (address(range.0), address(range.1));
    let mut content = vec![0; usize::try_from(end - start).expect("a range of memory")];
    let mut known = 0;
    while let Ok(length @ 1..) = memory.read_at(&mut content[known..], start + known as u64) {
        known += length;
    }
    content.truncate(known);
    content
}

fn count(content: &[u8], text: &[u8]) -> usize {
    let mut found = 0;
    let mut rest = content;
    while let Some(position) = rest.iter().position(|byte| *byte == text[0]) {
        rest = &rest[position..];
        found += usize::from(rest.starts_with(text));
        rest = &rest[1..];
    }
    found
}

/// A file of `/proc/PID`, NULs as line breaks; empty when the process has gone.
pub(crate) fn told(pid: i32, file: &str) -> String {
    let bytes = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', "\n")
}

/// Whether a process has ended and nobody has reaped it yet: not every first process of a container reaps.
pub(crate) fn is_zombie(pid: i32) -> bool {
    // The state stands behind the name, which may hold anything.
    told(pid, "stat").rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z'))
}

/// The soft and the hard limit that stand in a line of `/proc/PID/limits`.
#[track_caller]
pub(crate) fn limits(pid: i32, name: &str) -> (String, String) {
    let limits = told(pid, "limits");
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("the limit has a line");
    let mut columns = line.split_whitespace().map(str::to_owned);
    (columns.next().expect("a soft limit"), columns.next().expect("a hard limit"))
}

/// Whether what `/proc` tells of a process is for root alone: of everybody's but root's when they are not dumpable.
pub(crate) fn is_roots(pid: i32) -> bool {
    fs::metadata(format!("/proc/{pid}/environ")).is_ok_and(|file| file.uid() == 0)
}

/// How many descriptors a process has open.
#[track_caller]
pub(crate) fn descriptors(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).expect("the descriptors of a process").count()
}

/// Whether any process has this directory in its environment.
pub(crate) fn is_used(directory: &Path) -> bool {
    let directory = directory.to_str().expect("a path in UTF-8");
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.any(|pid| told(pid, "environ").contains(directory))
}
