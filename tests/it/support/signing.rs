//! Keys made, and signatures checked, by openssl, which nobody here wrote.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::Sandbox;

/// Whether openssl succeeds in the sandbox's working directory.
#[track_caller]
pub(crate) fn openssl(sandbox: &Sandbox, line: &str) -> bool {
    let mut openssl = Command::new("openssl");
    openssl.args(line.split(' ')).current_dir(sandbox.path(""));
    openssl.output().expect("openssl is needed for this test").status.success()
}

/// An RSA key at `key.pem` of the home, and its public half beside the tests.
#[track_caller]
pub(crate) fn make_key(sandbox: &Sandbox) {
    let key = "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out ../home/key.pem";
    assert!(openssl(sandbox, key));
    assert!(openssl(sandbox, "pkey -in ../home/key.pem -pubout -out public.pem"));
}

/// Head and claims of what that key has signed by RS256, which openssl is asked about.
#[track_caller]
pub(crate) fn verified(sandbox: &Sandbox, jwt: &str) -> (Value, Value) {
    let (signed, signature) = jwt.rsplit_once('.').expect("a JWT");
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
    sandbox.write("signed", signed);
    sandbox.write("signature", decoded(signature));
    assert!(openssl(sandbox, "dgst -sha256 -verify public.pem -signature signature signed"), "{signed}");
    let (head, claims) = signed.split_once('.').expect("two parts");
    let json = |part: &str| serde_json::from_slice(&decoded(part)).expect("JSON");
    (json(head), json(claims))
}
