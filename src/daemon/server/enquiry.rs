//! `pizauthd --discover` and `--register`: no daemon, but its way to servers for `pizauth setup`, which has none. An
//! issuer is asked, the answer judged as ever, and what it comes to printed as JSON.

mod discovery;
mod registration;

use std::fmt;

use pizauth_common::argv::Invocation;
use pizauth_common::config::{self, IssuerError, Uri};
use pizauth_common::exit::Exit;
use pizauth_common::harden::harden_process;
use pizauth_common::sys::set_up_allocator;
use pizauth_common::terminal::is_printable_ascii;
use pizauth_core::http::{Answer, Lost, Request};
use zeroize::Zeroizing;

use super::options::Arguments;
use crate::http::Once;
use crate::signing;

/// What an issuer is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Enquiry {
    /// What it says of itself.
    Discover(Uri),
    /// To know a client more, that will ask for this scope.
    Register { issuer: Uri, scope: String },
}

/// A command line that asks for nothing that could be done.
#[derive(Debug)]
pub(super) enum Misuse {
    UnprintableScope,
    TwoEnquiries,
    ScopeWithoutRegister,
    Issuer(IssuerError),
}

/// Why there is nothing to print.
#[derive(Debug, PartialEq, Eq)]
enum Failed {
    /// It will not be different next time.
    ForGood(String),
    /// It may be.
    ForNow(String),
}

/// What is printed.
struct Found {
    json: serde_json::Value,
    /// What a person should know, too.
    remarks: Vec<String>,
}

impl Enquiry {
    /// The one that the command line asks for; none where it asks for a daemon.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(arguments: &Arguments) -> Result<Option<Self>, Misuse> {
        let scope = arguments.scope.clone().unwrap_or_default();
        if !is_printable_ascii(&scope) {
            return Err(Misuse::UnprintableScope);
        }
        match (&arguments.discover, &arguments.register) {
            (Some(_), Some(_)) => Err(Misuse::TwoEnquiries),
            (_, None) if arguments.scope.is_some() => Err(Misuse::ScopeWithoutRegister),
            (Some(written), None) => Ok(Some(Self::Discover(issuer(written)?))),
            (None, Some(written)) => Ok(Some(Self::Register { issuer: issuer(written)?, scope })),
            (None, None) => Ok(None),
        }
    }

    /// Asks, prints and ends.
    pub(super) fn run(&self, invocation: &Invocation) -> Exit {
        set_up_allocator();
        harden_process();
        let way = Once::new(signing::sign);
        match self.found(|request| way.ask(request)) {
            Ok(Found { json, remarks }) => {
                remarks.iter().for_each(|remark| invocation.complain(remark));
                invocation.print(&Zeroizing::new(format!("{json:#}\n")))
            }
            Err(Failed::ForGood(why)) => invocation.not_done(why),
            Err(Failed::ForNow(why)) => {
                invocation.complain(why);
                Exit::Unreachable
            }
        }
    }

    fn found(&self, ask: impl Fn(Request) -> Result<Answer, Lost>) -> Result<Found, Failed> {
        match self {
            Self::Discover(issuer) => Ok(discovery::told(issuer, &*discovery::discover(issuer, &ask)?)),
            Self::Register { issuer, scope } => {
                registration::register(issuer, &*discovery::discover(issuer, &ask)?, scope, &ask)
            }
        }
    }
}

fn issuer(written: &str) -> Result<Uri, Misuse> {
    config::issuer(written).map_err(Misuse::Issuer)
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnprintableScope => f.write_str("--scope takes printable ASCII characters only"),
            Self::TwoEnquiries => f.write_str("--discover and --register are two things: give one of them"),
            Self::ScopeWithoutRegister => f.write_str("--scope goes with --register"),
            Self::Issuer(error) => error.fmt(f),
        }
    }
}
