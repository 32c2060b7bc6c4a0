//! The configuration file: text → spanned syntax tree → checked [`Config`]; errors that point.

mod check;
mod client_auth;
mod client_key;
mod endpoint;
mod grant;
#[cfg(feature = "system")]
mod load;
mod model;
mod presets;
mod print;
mod problems;
mod report;
mod secrets;
mod sharing;
mod snippet;
mod source;
mod syntax;
mod uri;
mod user_path;

pub use check::{IssuerError, issuer};
pub use client_auth::{ClientAuth, ClientSecret};
pub use client_key::{ClientKey, KeyAlgorithm};
pub use endpoint::Endpoint;
pub use grant::{Application, AuthorizationCode, DeviceCode, Grant, JwtBearer};
#[cfg(feature = "system")]
pub use load::{LoadError, Unreadable, When, load};
pub use model::{
    Account, Config, DumpCallers, ExtraPlace, ExtraSocket, HookCommands, ListenAddress, Listeners,
    RedirectPeer, SavedState,
};
pub use print::{print, string_literal};
pub use report::Report;
pub use uri::{Scheme, Uri, UriError, is_one_word};
pub use user_path::UserPath;

use problems::Problems;
use source::Source;

/// A configuration without errors, and what there is to say about it all the same.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What the file says, defaults filled in.
    pub config: Config,
    /// Warnings only.
    pub warnings: Report,
}

/// Reads a whole configuration file.
///
/// `file_name` is what the diagnostics call it; nothing is opened.
///
/// # Errors
///
/// Every error in the text, as far as the parser could go on, with the warnings.
pub fn parse(text: &str, file_name: &str) -> Result<Checked, Report> {
    let mut problems = Problems::new(text, secrets::find);
    let items = syntax::read(text, &mut problems);
    let config = check::check(text, &items, &mut problems);
    let clean = !problems.has_errors();
    let report = problems.into_report(&Source::new(text, file_name));
    match config {
        Some(config) if clean => Ok(Checked { config, warnings: report }),
        _ => Err(report),
    }
}

#[cfg(test)]
mod golden;
#[cfg(test)]
mod tests;
