//! Answers about all accounts, against serde_json alone.

use std::io;
use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::socket;

const ANSWERS: [&str; 2] = ["status", "dump"];

/// `WHAT RATIO` for `status` and for `dump`: what it takes to ask and to read the answer, of what it takes to write and to
/// read as many bytes of the answer to `status`. The shortest times of so many rounds, in which they take turns.
pub(crate) fn of_serde_json(path: &Path, rounds: usize) -> io::Result<String> {
    let status = socket::ask(path, &request("status"))?;
    let value: Value = serde_json::from_slice(&status)?;
    let mut alone = f64::INFINITY;
    let mut asked = [f64::INFINITY; ANSWERS.len()];
    for _ in 0..rounds {
        alone = alone.min(time_per_byte(|| {
            serde_json::from_slice::<Value>(&serde_json::to_vec(&value)?)?;
            Ok(status.len())
        })?);
        for (shortest, what) in asked.iter_mut().zip(ANSWERS) {
            *shortest = shortest.min(time_per_byte(|| {
                let answer = socket::ask(path, &request(what))?;
                serde_json::from_slice::<Value>(&answer)?;
                Ok(answer.len())
            })?);
        }
    }
    Ok(ANSWERS.iter().zip(asked).map(|(what, asked)| format!("{what} {:.3}\n", asked / alone)).collect())
}

fn request(what: &str) -> Vec<u8> {
    socket::frame(&json!({what: {}}))
}

/// Of work on so many bytes as it says.
fn time_per_byte(work: impl FnOnce() -> io::Result<usize>) -> io::Result<f64> {
    let begun = Instant::now();
    let bytes = work()?;
    Ok(begun.elapsed().as_secs_f64() / bytes as f64)
}
