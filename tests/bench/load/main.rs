#![forbid(unsafe_code)]
//! Load for a daemon, for the rows of tests/bench: callers of its socket, and users who sign in.
//!
//! Prints figures, one line for each socket, times in microseconds.

mod accounts;
mod answers;
mod callers;
mod crowd;
mod saves;
mod socket;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use argh::FromArgs;

/// Puts load on a pizauth daemon
#[derive(FromArgs)]
struct Arguments {
    #[argh(subcommand)]
    kind: Kind,
}

#[derive(FromArgs)]
#[argh(subcommand)]
enum Kind {
    Show(Show),
    Burst(Burst),
    Held(Held),
    Wait(Wait),
    SignIn(SignIn),
    Refresh(Refresh),
    Saves(Saves),
    Answers(Answers),
    Visit(Visit),
}

/// Ask for access tokens, the sockets in turn: p50, p99, round trips a second, errors
#[derive(FromArgs)]
#[argh(subcommand, name = "show")]
struct Show {
    /// callers at a time (default: 1)
    #[argh(option, default = "1")]
    callers: usize,
    /// round trips in all (default: 2000)
    #[argh(option, default = "2000")]
    rounds: usize,
    /// which account (default: a1)
    #[argh(option, default = "String::from(\"a1\")")]
    account: String,
    /// the sockets
    #[argh(positional)]
    sockets: Vec<PathBuf>,
}

/// Open all connections, then ask on all of them, then read all answers: time in all, errors
#[derive(FromArgs)]
#[argh(subcommand, name = "burst")]
struct Burst {
    /// how many
    #[argh(positional)]
    connections: usize,
    /// the socket
    #[argh(positional)]
    socket: PathBuf,
}

/// As show with one caller, while others hold connections: p50, p99, errors, connections held to the end
#[derive(FromArgs)]
#[argh(subcommand, name = "held")]
struct Held {
    /// so many that say nothing, and as many that send a byte now and then
    #[argh(positional)]
    connections: usize,
    /// the socket
    #[argh(positional)]
    socket: PathBuf,
}

/// Wait on all connections for the next access token: time between the first answer and the last, errors
#[derive(FromArgs)]
#[argh(subcommand, name = "wait")]
struct Wait {
    /// how many
    #[argh(positional)]
    connections: usize,
    /// the socket
    #[argh(positional)]
    socket: PathBuf,
}

/// Sign in to the accounts a1, a2, …, at the test server
#[derive(FromArgs)]
#[argh(subcommand, name = "sign-in")]
struct SignIn {
    /// how many
    #[argh(positional)]
    accounts: usize,
    /// the socket
    #[argh(positional)]
    socket: PathBuf,
}

/// Ask for a refresh of the accounts a1, a2, …, all at once
#[derive(FromArgs)]
#[argh(subcommand, name = "refresh")]
struct Refresh {
    /// how many
    #[argh(positional)]
    accounts: usize,
    /// the socket
    #[argh(positional)]
    socket: PathBuf,
}

/// Refresh accounts whose tokens are saved, and run the filter alone: median and shortest time of a save, and of that
#[derive(FromArgs)]
#[argh(subcommand, name = "saves")]
struct Saves {
    /// how often each, twice for an account
    #[argh(positional)]
    rounds: usize,
    /// the socket
    #[argh(positional)]
    socket: PathBuf,
    /// where tokens are saved
    #[argh(positional)]
    file: PathBuf,
    /// what the filter alone is given
    #[argh(positional)]
    dump: PathBuf,
    /// the filter
    #[argh(positional)]
    command: String,
}

/// Ask for the answers about all accounts: times to ask and to read them, of what serde_json alone takes for as many bytes
#[derive(FromArgs)]
#[argh(subcommand, name = "answers")]
struct Answers {
    /// how often each
    #[argh(positional)]
    rounds: usize,
    /// the socket
    #[argh(positional)]
    socket: PathBuf,
}

/// Visit a page, one visit after the other: time in all
#[derive(FromArgs)]
#[argh(subcommand, name = "visit")]
struct Visit {
    /// how often
    #[argh(positional)]
    visits: usize,
    /// where it is
    #[argh(positional)]
    url: String,
}

fn main() -> ExitCode {
    let arguments: Arguments = argh::from_env();
    match run(arguments.kind).and_then(|figures| write!(io::stdout(), "{figures}")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell where stderr is closed as well.
            let _ = writeln!(io::stderr(), "load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(kind: Kind) -> io::Result<String> {
    match kind {
        Kind::Show(Show { callers, rounds, account, sockets }) => {
            Ok(callers::in_turn(&sockets, &account, callers, rounds))
        }
        Kind::Burst(Burst { connections, socket }) => crowd::burst(&socket, connections),
        Kind::Held(Held { connections, socket }) => crowd::held(&socket, connections),
        Kind::Wait(Wait { connections, socket }) => crowd::wait(&socket, connections),
        Kind::SignIn(SignIn { accounts, socket }) => accounts::sign_in(&socket, accounts),
        Kind::Saves(Saves { rounds, socket, file, dump, command }) => {
            saves::against_filter(&socket, &file, &dump, &command, rounds)
        }
        Kind::Answers(Answers { rounds, socket }) => answers::of_serde_json(&socket, rounds),
        Kind::Refresh(Refresh { accounts, socket }) => accounts::refresh(&socket, accounts),
        Kind::Visit(Visit { visits, url }) => accounts::visit(&url, visits),
    }
}
