//! Requests as their callers make them.

use serde::{Serialize, Serializer};

use super::{FrameError, FrameKind, encode, framed};
use crate::ipc::message::{Refresh, Request, Revoke, Show};

/// A request that can be sent. Those that the small commands make are ones by themselves, too: who names [`Request`]
/// has code for all of them, dumps and imports included.
pub trait Ask {
    /// Its frame.
    ///
    /// # Errors
    /// It is too long.
    fn frame(&self) -> Result<Vec<u8>, FrameError>;
}

impl Ask for Request {
    fn frame(&self) -> Result<Vec<u8>, FrameError> {
        encode(self)
    }
}

/// Requests that are short, by their names.
macro_rules! alone {
    ($($request:ident $name:literal)*) => {$(
        impl Ask for $request {
            fn frame(&self) -> Result<Vec<u8>, FrameError> {
                framed(FrameKind::Request, 0, &Named($name, self))
            }
        }
    )*};
}

alone! {
    Show "show"
    Refresh "refresh"
    Revoke "revoke"
}

struct Named<'a, T>(&'static str, &'a T);

impl<T: Serialize> Serialize for Named<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_variant("Request", 0, self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_by_itself_is_the_same_frame() {
        let (wait, account) = (30, "wörk \"1\"".to_owned());
        let format = Some("xoauth2".to_owned());
        let show = Show { account: account.clone(), wait, min_valid: 60, format };
        assert_eq!(show.frame(), Request::Show(show).frame());
        let refresh = Refresh { account: account.clone(), wait };
        assert_eq!(refresh.frame(), Request::Refresh(refresh).frame());
        let revoke = Revoke { account, remote: true };
        assert_eq!(revoke.frame(), Request::Revoke(revoke).frame());
    }
}
