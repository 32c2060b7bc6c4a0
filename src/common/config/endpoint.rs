//! Where requests of an account go: known from the configuration, or to be asked of an issuer.

use std::sync::Arc;

use super::uri::Uri;

/// An endpoint of an authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// It is written, or its provider is.
    At(Arc<Uri>),
    /// This issuer says where it is (RFC 8414 §2), and is asked for that.
    OfIssuer(Arc<Uri>),
}

impl Endpoint {
    /// At the URI that is known, or where the issuer says that is `asked`.
    pub(super) fn of(known: Option<Uri>, asked: Option<&Arc<Uri>>) -> Option<Self> {
        known.map(Self::from).or_else(|| asked.cloned().map(Self::OfIssuer))
    }

    /// Where it is, as far as the configuration knows.
    pub fn known(&self) -> Option<&Uri> {
        match self {
            Self::At(uri) => Some(uri),
            Self::OfIssuer(_) => None,
        }
    }

    /// Where it is, where the issuer has said that it is `found` there.
    pub fn at<'a>(&'a self, found: Option<&'a Uri>) -> Option<&'a Uri> {
        match self {
            Self::At(uri) => Some(uri),
            Self::OfIssuer(_) => found,
        }
    }

    /// Who is asked where it is.
    pub fn issuer(&self) -> Option<&Arc<Uri>> {
        match self {
            Self::At(_) => None,
            Self::OfIssuer(issuer) => Some(issuer),
        }
    }

    /// What is trusted for it: its own URI, or the issuer's.
    pub fn anchor(&self) -> &Uri {
        match self {
            Self::At(uri) | Self::OfIssuer(uri) => uri,
        }
    }

    /// Uses the other one's URI in place of an own one that is the same.
    pub(super) fn share_with(&mut self, other: &Self) {
        if self == other {
            *self = other.clone();
        }
    }
}

impl From<Uri> for Endpoint {
    fn from(uri: Uri) -> Self {
        Self::At(uri.into())
    }
}
