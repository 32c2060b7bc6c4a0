//! How a user wants to sign in, and what that means for a browser of this machine.

use pizauth_common::ipc::message::{self, Method};

use super::browser::Place;

/// How the user wants to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// As the configuration says, with a browser of this machine if there is one.
    Any,
    /// With a browser.
    Browser,
    /// As the configuration says, and without a browser of this machine.
    NoBrowser,
    /// With a browser of another machine, from which the user brings an address.
    Paste,
    /// On another device.
    Device,
}

impl Choice {
    /// By the options of these names.
    ///
    /// # Errors
    /// More than one is given.
    pub(super) fn of(
        browser: bool,
        no_browser: bool,
        paste: bool,
        device: bool,
    ) -> Result<Self, &'static str> {
        match (browser, no_browser, paste, device) {
            (false, false, false, false) => Ok(Self::Any),
            (true, false, false, false) => Ok(Self::Browser),
            (false, true, false, false) => Ok(Self::NoBrowser),
            (false, false, true, false) => Ok(Self::Paste),
            (false, false, false, true) => Ok(Self::Device),
            _ => Err("of --browser, --no-browser, --paste and --device only one can be had"),
        }
    }

    pub(super) fn request(self, account: &str) -> message::Login {
        let method = match self {
            Self::Any | Self::NoBrowser => None,
            Self::Browser | Self::Paste => Some(Method::Browser),
            Self::Device => Some(Method::Device),
        };
        message::Login { account: account.to_owned(), method }
    }

    /// Whether a browser is opened in such a place: one with a display, or where the user names a browser. Those that
    /// run in a terminal, which need no display, cannot show the page of most servers.
    pub(super) fn may_open(self, is_on_device: bool, place: &Place) -> bool {
        match self {
            Self::NoBrowser | Self::Paste => false,
            _ if is_on_device && !place.has_terminal => false,
            Self::Any | Self::Browser | Self::Device => place.has_display || place.names_browser,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_opened_where_one_can_be_seen_or_is_named() {
        let place = |has_display, names_browser, has_terminal| Place {
            has_display,
            names_browser,
            has_terminal,
            comes_by_ssh: false,
        };
        for choice in [Choice::Any, Choice::Browser, Choice::Device] {
            assert!(choice.may_open(false, &place(true, false, false)));
            assert!(choice.may_open(false, &place(false, true, false)));
            assert!(!choice.may_open(false, &place(false, false, true)));
            assert!(!choice.may_open(true, &place(true, true, false)), "a code has to be read in a terminal");
            assert!(choice.may_open(true, &place(true, false, true)));
        }
        for choice in [Choice::NoBrowser, Choice::Paste] {
            assert!(!choice.may_open(false, &place(true, true, true)));
        }
    }
}
