//! Names, key and fingerprint. That clients believe the certificate is tested with the listener.

use super::*;

fn hosts(hosts: &[&str]) -> Vec<String> {
    hosts.iter().map(|&host| host.to_owned()).collect()
}

#[test]
fn names_that_no_certificate_can_hold_are_left_out() {
    let names = names(&hosts(&["mail.example", "localhost", "", "bad name", "höst"]));
    assert!(names.contains(&"mail.example".to_owned()), "{names:?}");
    assert_eq!(names.iter().filter(|name| *name == "localhost").count(), 1, "{names:?}");
    assert!(!names.iter().any(|name| name.is_empty() || name.contains(' ') || !name.is_ascii()), "{names:?}");
}

#[test]
fn other_hosts_are_another_certificate_for_the_same_key() {
    let first = Arc::new(Certificate::new(&[]).unwrap());
    let same = first.for_hosts(&[]).unwrap();
    assert!(Arc::ptr_eq(&first, &same));
    let other = first.for_hosts(&hosts(&["mail.example"])).unwrap();
    assert_eq!(first.public_key(), other.public_key());
    assert_ne!(first.fingerprint(), other.fingerprint());
}

#[test]
fn two_daemons_have_two_keys() {
    assert_ne!(Certificate::new(&[]).unwrap().public_key(), Certificate::new(&[]).unwrap().public_key());
}

#[test]
fn the_public_key_is_the_point_that_stands_in_the_certificate() {
    let certificate = Certificate::new(&[]).unwrap();
    let key = certificate.public_key();
    assert!(key.starts_with("04:"), "not an uncompressed point: {key}");
    assert_eq!(key.split(':').count(), 65);
    assert!(hex_with_colons(&certificate.certificate).contains(&key));
}

#[test]
fn hex_is_upper_case_with_colons() {
    assert_eq!(hex_with_colons(&[0x0a, 0xff, 0x00]), "0A:FF:00");
    assert_eq!(hex_with_colons(&[]), "");
}
