//! Who signs what requests want signed, as far as it has to be known here: a function that the room is given.

use std::error::Error;

use pizauth_common::secret::Secret;
use pizauth_core::http::Request;

/// Signs what a request wants signed. What that is, and by which key, others know.
///
/// # Errors
/// What a person has to mend first, in words.
pub(crate) type Sign = fn(&Request) -> Result<Signed, NotSigned>;

/// A request that can be sent.
#[derive(Debug)]
pub(crate) struct Signed {
    /// With what was to be signed in it.
    pub(crate) body: Secret,
    /// What that is.
    pub(crate) added: Option<Secret>,
}

/// Why nothing is signed: nothing but its words matters here.
pub(crate) type NotSigned = Box<dyn Error + Send + Sync>;
