#![forbid(unsafe_code)]
//! The test server as a program: for the demonstration, and to try a configuration without a provider.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use argh::FromArgs;
use pizauth_test_server::{AuthServer, Endpoint, Entry, Fault, Policy, browser};

/// An authorization server on 127.0.0.1 for trying pizauth; everybody who asks may sign in
#[derive(FromArgs)]
struct Arguments {
    /// port to listen on (default: any free one)
    #[argh(option, default = "0")]
    port: u16,
    /// lifetime of an access token in seconds (default: 3600)
    #[argh(option, default = "3600")]
    lifetime: u64,
    /// replace the refresh token at each refresh
    #[argh(switch)]
    rotate: bool,
    /// the client "work" has this secret
    #[argh(option)]
    secret: Option<String>,
    /// answer a refresh after so many milliseconds (default: at once)
    #[argh(option, default = "0")]
    pause: u64,
    /// run no server: approve this authorization request URL as a browser would, and print the final page
    #[argh(option, arg_name = "url")]
    approve: Option<String>,
    /// as --approve, but print the address that the browser would end at, and do not go there
    #[argh(option, arg_name = "url")]
    end_of: Option<String>,
}

fn main() -> ExitCode {
    let arguments: Arguments = argh::from_env();
    let done = match (&arguments.approve, &arguments.end_of) {
        (Some(url), _) => approve(url),
        (None, Some(url)) => print_end_of(url),
        (None, None) => serve(&arguments),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to tell where stderr is closed as well.
            let _ = writeln!(io::stderr(), "pizauth-test-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn approve(url: &str) -> io::Result<ExitCode> {
    let page = browser::approve(url).map_err(io::Error::other)?;
    writeln!(io::stdout(), "{}", page.body)?;
    Ok(if page.status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_end_of(url: &str) -> io::Result<ExitCode> {
    let end = browser::decide(url, browser::Decision::Approve).map_err(io::Error::other)?;
    writeln!(io::stdout(), "{end}")?;
    Ok(ExitCode::SUCCESS)
}

/// Serves until killed; a line for each request that is finished, and when more token requests than ever before
/// were here at the same time.
fn serve(arguments: &Arguments) -> io::Result<ExitCode> {
    let policy = Policy {
        access_token_lifetime: Duration::from_secs(arguments.lifetime),
        rotate: arguments.rotate,
        client_secrets: arguments.secret.iter().map(|secret| ("work".to_owned(), secret.clone())).collect(),
        ..Policy::default()
    };
    let server = AuthServer::start_on(arguments.port, policy)?;
    let pause = Duration::from_millis(arguments.pause);
    server.script_always(Endpoint::Refresh, Some(Fault::none().after(pause)));
    writeln!(io::stdout(), "issuer {}", server.issuer())?;
    let (mut printed, mut peak) = (0, 0);
    loop {
        let next = |entries: &[Entry]| entries.get(printed).filter(|entry| entry.is_finished()).map(line);
        if let Some(line) = server.log().wait_for(Duration::from_secs(3600), next) {
            writeln!(io::stdout(), "{line}")?;
            printed += 1;
        }
        if server.log().peak_in_flight() > peak {
            peak = server.log().peak_in_flight();
            writeln!(io::stdout(), "token requests at the same time: {peak}")?;
        }
    }
}

/// What happened, with the tokens: they are worth nothing, and are there to be compared.
fn line(entry: &Entry) -> String {
    let what = match entry.endpoint {
        Endpoint::Authorization => "authorization page shown",
        Endpoint::Decision => "authorization decided",
        Endpoint::Exchange => "code exchanged",
        Endpoint::Refresh => "token refreshed",
        Endpoint::Device => "device code asked for",
        Endpoint::Poll => "device code polled",
        Endpoint::Application => "client signed in by itself",
        Endpoint::Verification => "verification page shown",
        Endpoint::Revocation => "token revoked",
        Endpoint::Introspection => "token introspected",
        Endpoint::Metadata => "metadata",
        Endpoint::Registration => "registration",
        Endpoint::Connection | Endpoint::Other => "other request",
    };
    let status = entry.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let token = entry.access_token().map(|token| format!(" access_token={token}")).unwrap_or_default();
    let error = entry.error().map(|error| format!(" error={error}")).unwrap_or_default();
    format!("{what} status={status}{token}{error}")
}
