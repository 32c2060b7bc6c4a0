//! What the user has to do to sign in.

use super::renewal::Renewing;
use crate::moment::Moment;
use crate::prelude::*;

/// What the user has to do to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Visit this.
    pub url: String,
    /// And type a code there, where they sign in on another device.
    pub code: Option<UserCode>,
}

/// A code that the user types (RFC 8628 §3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode {
    /// Printable ASCII.
    pub user_code: String,
    /// Where to type it; the URL to visit may have the code in it.
    pub verification_uri: String,
    /// When it ends.
    pub expires_at: Moment,
}

/// An authorization that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// The user can sign in.
    Pending(Invitation),
    /// This host has been asked for what a sign-in begins with: a code for the user, or the endpoints.
    Starting(String),
    /// The client signs in by itself.
    Fetching(Renewing),
}
