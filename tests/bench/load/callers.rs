//! Callers who ask for an access token again and again, each on a new connection.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::socket;

/// The sockets take turns so often: what else the machine does disturbs all of them alike.
const TURNS: usize = 20;

/// What a number of round trips has shown.
#[derive(Default)]
pub(crate) struct Figures {
    times: Vec<Duration>,
    elapsed: Duration,
    errors: usize,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.elapsed += other.elapsed;
        self.errors += other.errors;
    }

    /// `P50 P99 PER-SECOND ERRORS`.
    pub(crate) fn line(mut self) -> String {
        self.times.sort_unstable();
        let rate = self.times.len() as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
        format!("{:.1} {:.1} {rate:.0} {}", self.percentile(50), self.percentile(99), self.errors)
    }

    fn percentile(&self, percent: usize) -> f64 {
        let at = self.times.len() * percent / 100;
        self.times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6)
    }
}

/// A line for each socket.
pub(crate) fn in_turn(sockets: &[PathBuf], account: &str, callers: usize, rounds: usize) -> String {
    let request = socket::request("show", account);
    let mut all: Vec<Figures> = sockets.iter().map(|_| Figures::default()).collect();
    for _ in 0..TURNS {
        for (socket, figures) in sockets.iter().zip(&mut all) {
            figures.add(at_once(socket, &request, callers, rounds / TURNS));
        }
    }
    all.into_iter().map(|figures| figures.line() + "\n").collect()
}

/// The round trips are divided among the callers.
fn at_once(socket: &Path, request: &[u8], callers: usize, rounds: usize) -> Figures {
    let begun = Instant::now();
    let mut all = thread::scope(|scope| {
        let one = || one_after_the_other(socket, request, rounds / callers);
        let threads: Vec<_> = (0..callers).map(|_| scope.spawn(one)).collect();
        let mut all = Figures::default();
        for thread in threads {
            all.add(thread.join().unwrap_or_default());
        }
        all
    });
    all.elapsed = begun.elapsed();
    all
}

/// One caller's round trips.
pub(crate) fn one_after_the_other(socket: &Path, request: &[u8], rounds: usize) -> Figures {
    let mut figures = Figures { times: Vec::with_capacity(rounds), ..Figures::default() };
    let begun = Instant::now();
    for _ in 0..rounds {
        let asked = Instant::now();
        let answer = socket::ask(socket, request);
        figures.times.push(asked.elapsed());
        figures.errors += usize::from(!socket::is_access_token(&answer));
    }
    figures.elapsed = begun.elapsed();
    figures
}
