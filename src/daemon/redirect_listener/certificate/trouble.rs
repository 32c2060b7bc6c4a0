//! Why no certificate can be made, in words: the libraries' own are for those who program with them.

use rcgen::Error;

use crate::redirect_listener::error::BindError;

/// What rcgen says.
pub(super) fn of_rcgen(error: Error) -> BindError {
    BindError::Certificate(match error {
        Error::InvalidAsn1String(_) | Error::InvalidIpAddressOctetLength(_) => {
            "a host in redirect_uri or https_listen, or the name of this machine, cannot stand in one"
        }
        Error::KeyGenerationUnavailable
        | Error::RingUnspecified
        | Error::RingKeyRejected(_)
        | Error::CouldNotParseKeyPair
        | Error::UnsupportedSignatureAlgorithm => "no key can be made (has this machine random numbers?)",
        Error::Time => "its time cannot be written (is the clock right?)",
        _ => "the one that was made is not right, which is a bug: please report it",
    })
}

/// What rustls says of one that has been made.
pub(super) fn of_rustls(_: rustls::Error) -> BindError {
    BindError::Certificate("TLS does not take the one that was made, which is a bug: please report it")
}

#[cfg(test)]
mod tests {
    use rcgen::InvalidAsn1String;

    use super::*;

    #[test]
    fn no_words_of_a_library_are_shown_and_the_way_out_is() {
        for (error, words) in [
            (
                Error::InvalidAsn1String(InvalidAsn1String::Ia5String("höst".to_owned())),
                "a host in redirect_uri",
            ),
            (Error::RingUnspecified, "no key can be made"),
            (Error::RingKeyRejected("InconsistentComponents".to_owned()), "no key can be made"),
            (Error::Time, "is the clock right?"),
            (Error::IssuerNotCrlSigner, "please report it"),
        ] {
            let said = of_rcgen(error.clone()).to_string();
            assert!(
                said.starts_with("cannot make a certificate for https_listen: ") && said.contains(words),
                "{said}"
            );
            assert!(said.ends_with("(without an https redirect_uri: https_listen = none)"), "{said}");
            assert!(!said.contains(&error.to_string()), "{said}");
        }
        let said = of_rustls(rustls::Error::DecryptError).to_string();
        assert!(said.contains("TLS does not take") && !said.contains("decrypt"), "{said}");
    }
}
