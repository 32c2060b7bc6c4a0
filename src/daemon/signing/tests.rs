//! Signatures are checked by openssl, which nobody here wrote.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use pizauth_common::config::KeyAlgorithm;
use pizauth_common::unix_time::UnixTime;
use pizauth_core::http::{Method, Stamp};
use serde_json::Value;
use tempfile::TempDir;

use super::*;

/// Runs openssl in a folder; whether it succeeds.
#[track_caller]
fn openssl(folder: &TempDir, line: &str) -> bool {
    let ran = Command::new("openssl").args(line.split(' ')).current_dir(folder).output();
    ran.expect("openssl is needed for this test").status.success()
}

fn folder(key: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    assert!(openssl(&folder, &format!("genpkey {key} -out key.pem")));
    assert!(openssl(&folder, "pkey -in key.pem -pubout -out public.pem"));
    folder
}

/// An RSA key of which one letter is another one.
const DAMAGED: &[u8] = include_bytes!("../../../tests/fuzz/corpus/key_file/damaged");

const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

fn key_at(folder: &TempDir, name: &str) -> UserPath {
    UserPath::Absolute(folder.path().join(name))
}

fn request(key: ClientKey) -> Request {
    let assertion = Assertion {
        field: "client_assertion",
        key: Arc::new(key),
        issuer: "me".into(),
        subject: "me".into(),
        audience: "https://as.example/token".to_owned(),
        scope: None,
        stamp: Stamp { issued: UnixTime(1_800_000_000), id: [0xa5; 16] },
    };
    let (method, uri) = (Method::Post, "https://as.example/token".to_owned());
    Request { method, uri, headers: Vec::new(), body: "a=b".into(), assertion: Some(assertion) }
}

fn key(folder: &TempDir) -> ClientKey {
    ClientKey { file: key_at(folder, "key.pem"), certificate: None, id: None, algorithm: None }
}

fn json(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The head and the claims, once openssl has found the signature to be right.
#[track_caller]
fn verified(folder: &TempDir, key: ClientKey) -> (Value, Value) {
    let Signed { body, added: told } = sign(&request(key)).unwrap();
    let jwt = body.expose().strip_prefix("a=b&client_assertion=").unwrap();
    assert_eq!(told.unwrap().expose(), jwt);
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let (head, claims) = (json(head), json(claims));
    let mut signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let options = match head["alg"].as_str().unwrap() {
        "ES256" => {
            signature = der(&signature);
            ""
        }
        "PS256" => "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 ",
        _ => "",
    };
    fs::write(folder.path().join("signed"), signed).unwrap();
    fs::write(folder.path().join("signature"), &signature).unwrap();
    let line = format!("dgst -sha256 -verify public.pem {options}-signature signature signed");
    assert!(openssl(folder, &line), "{head}");
    fs::write(folder.path().join("signed"), format!("{signed}x")).unwrap();
    assert!(!openssl(folder, &line), "openssl takes anything");
    (head, claims)
}

/// Two numbers of 32 bytes, as openssl wants them.
fn der(signature: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let bytes = bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
        let sign = (bytes[0] >= 0x80).then_some(0);
        let bytes: Vec<u8> = sign.into_iter().chain(bytes).collect();
        [&[2, bytes.len() as u8][..], &bytes].concat()
    };
    let numbers = [number(&signature[..32]), number(&signature[32..])].concat();
    [&[0x30, numbers.len() as u8][..], &numbers].concat()
}

#[test]
fn an_rsa_key_signs_and_the_claims_say_for_how_long() {
    let folder = folder(RSA);
    let (head, claims) = verified(&folder, key(&folder));
    assert_eq!(head, json!({"alg": "RS256", "typ": "JWT"}));
    let expected = json!({
        "iss": "me", "sub": "me", "aud": "https://as.example/token", "jti": "a5".repeat(16),
        "iat": 1_800_000_000, "nbf": 1_800_000_000, "exp": 1_800_000_300,
    });
    assert_eq!(claims, expected);
}

#[test]
fn with_a_certificate_it_is_named_and_signed_for_as_microsoft_wants_it() {
    let folder = folder(RSA);
    assert!(openssl(&folder, "req -x509 -new -key key.pem -subj /CN=me -days 2 -out certificate.pem"));
    assert!(openssl(&folder, "x509 -in certificate.pem -outform DER -out certificate.der"));
    assert!(openssl(&folder, "dgst -sha256 -binary -out digest certificate.der"));
    let certificate = Some(key_at(&folder, "certificate.pem"));
    let (head, _) = verified(&folder, ClientKey { certificate, id: Some("k 1".into()), ..key(&folder) });
    let digest = URL_SAFE_NO_PAD.encode(fs::read(folder.path().join("digest")).unwrap());
    assert_eq!(head, json!({"alg": "PS256", "typ": "JWT", "kid": "k 1", "x5t#S256": digest}));
    let certificate = Some(key_at(&folder, "certificate.pem"));
    let old = ClientKey { certificate, algorithm: Some(KeyAlgorithm::Rs256), ..key(&folder) };
    assert_eq!(verified(&folder, old).0["alg"], "RS256");
}

#[test]
fn a_key_on_p256_signs_and_one_of_pkcs1_too() {
    let folder = folder(P256);
    assert_eq!(verified(&folder, key(&folder)).0["alg"], "ES256");
    let folder = self::folder(RSA);
    assert!(openssl(&folder, "rsa -in key.pem -traditional -out old.pem"));
    let old = ClientKey { file: key_at(&folder, "old.pem"), ..key(&folder) };
    assert_eq!(verified(&folder, old).0["alg"], "RS256");
}

#[test]
fn a_replaced_file_is_used_at_once() {
    let folder = folder(RSA);
    verified(&folder, key(&folder));
    assert!(openssl(&folder, &format!("genpkey {RSA} -out key.pem")));
    assert!(openssl(&folder, "pkey -in key.pem -pubout -out public.pem"));
    verified(&folder, key(&folder));
}

#[track_caller]
fn refused(key: ClientKey) -> String {
    sign(&request(key)).unwrap_err().to_string()
}

#[test]
fn what_cannot_sign_says_what_to_do() {
    let folder = folder(P256);
    let at = |name: &str| ClientKey { file: key_at(&folder, name), ..key(&folder) };
    assert!(openssl(&folder, "pkey -in key.pem -aes128 -passout pass:x -out encrypted.pem"));
    assert!(openssl(&folder, "ec -in key.pem -out sec1.pem"));
    assert!(openssl(&folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.pem"));
    assert!(openssl(&folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem"));
    fs::write(folder.path().join("damaged.pem"), DAMAGED).unwrap();
    fs::write(folder.path().join("json"), "{\"type\":\"authorized_user\"}").unwrap();
    fs::write(folder.path().join("large"), vec![b'a'; (64 << 10) + 1]).unwrap();
    fs::create_dir(folder.path().join("directory")).unwrap();
    for (name, words) in [
        ("encrypted.pem", "openssl pkey -in FILE -out NEW"),
        ("sec1.pem", "openssl pkcs8 -topk8 -nocrypt -in FILE -out NEW"),
        ("damaged.pem", "openssl pkey -check -noout -in FILE"),
        ("short.pem", "neither an RSA key of 2048 to 4096 bits"),
        ("p384.pem", "nor one on the curve P-256"),
        ("public.pem", "there is no private key in it"),
        ("json", "not the key of a Google service account"),
        ("large", "larger than 64 KiB"),
        ("directory", "not a regular file"),
        ("missing", "no such file"),
    ] {
        let said = refused(at(name));
        assert!(said.contains(words), "{name}: {said}");
        assert!(said.starts_with("cannot use client_key_file /"), "{said}");
    }
    let other = ClientKey { algorithm: Some(KeyAlgorithm::Rs256), ..key(&folder) };
    assert!(refused(other).contains("does not sign as client_key_alg says, by RS256"));
    let certificate = Some(key_at(&folder, "key.pem"));
    assert!(
        refused(ClientKey { certificate, ..key(&folder) }).contains("cannot use client_certificate_file")
    );
}

#[test]
fn a_pipe_is_not_waited_for() {
    let folder = folder(P256);
    let made = Command::new("mkfifo").arg("pipe").current_dir(&folder).status();
    assert!(made.unwrap().success());
    let pipe = ClientKey { file: key_at(&folder, "pipe"), ..key(&folder) };
    assert!(refused(pipe).contains("not a regular file"));
}

#[test]
fn what_needs_no_signature_goes_as_it_is() {
    let plain = Request { assertion: None, ..request(key(&folder(P256))) };
    let Signed { body, added } = sign(&plain).unwrap();
    assert_eq!((body.expose(), added), ("a=b", None));
}
