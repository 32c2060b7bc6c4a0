//! Answers about all accounts, against serde_json alone.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::socket;

/// `WHAT RATIO` for `status` and for `dump`: what it takes to ask and to read the answer, of what it takes to write and to read
/// as many bytes of the answer to `status`. The shortest times of so many rounds.
pub(crate) fn of_serde_json(path: &Path, rounds: usize) -> io::Result<String> {
    let status = socket::ask(path, &socket::frame(&json!({"status": {}})))?;
    let value: Value = serde_json::from_slice(&status)?;
    let alone = shortest(rounds, || {
        serde_json::from_slice::<Value>(&serde_json::to_vec(&value)?)?;
        Ok(status.len())
    })?;
    let mut ratios = String::new();
    for what in ["status", "dump"] {
        let request = socket::frame(&json!({what: {}}));
        let asked = shortest(rounds, || {
            let answer = socket::ask(path, &request)?;
            serde_json::from_slice::<Value>(&answer)?;
            Ok(answer.len())
        })?;
        ratios += &format!("{what} {:.3}\n", asked / alone);
    }
    Ok(ratios)
}

/// The shortest time, for each byte that was worked on.
fn shortest(rounds: usize, mut work: impl FnMut() -> io::Result<usize>) -> io::Result<f64> {
    let mut shortest = f64::INFINITY;
    for _ in 0..rounds {
        let begun = Instant::now();
        let bytes = work()?;
        shortest = shortest.min(per_byte(begun.elapsed(), bytes));
    }
    Ok(shortest)
}

fn per_byte(time: Duration, bytes: usize) -> f64 {
    time.as_secs_f64() / bytes as f64
}
