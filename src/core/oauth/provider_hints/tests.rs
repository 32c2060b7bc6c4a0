use super::*;

#[test]
fn a_number_counts_more_than_the_code_and_counts_whole() {
    let hint = |description| hint_for(Proof::Usual, "invalid_client", description);
    assert!(hint("AADSTS700025: Client is public").unwrap().contains("remove client_secret"));
    assert!(hint("AADSTS7000218: The request body must contain").unwrap().contains("set client_secret"));
    assert!(hint("AADSTS50194: Application is not multi-tenant").unwrap().contains("its tenant ID"));
    assert!(hint("AADSTS9002346: for use by Microsoft Account users only").unwrap().contains("consumers"));
    assert_eq!(hint("AADSTS1: new"), hint(""));
    assert_eq!(hint_for(Proof::Usual, "brand_new", ""), None);
}

#[test]
fn who_signs_is_told_of_the_key_and_of_the_certificate() {
    let hint = |proof| hint_for_application(proof, "invalid_client", "AADSTS1: new").unwrap();
    assert!(hint(Proof::Key).contains("client_key_file"));
    assert!(hint(Proof::Certificate).contains("openssl x509 -noout -enddate -fingerprint -sha256 -in FILE"));
    assert!(hint(Proof::Usual).contains("client_secret"));
    for hint in [hint_for, hint_for_device] {
        let hint = |code, description| hint(Proof::Certificate, code, description).unwrap();
        assert!(hint("invalid_client", "").contains("openssl x509"));
        assert!(hint("invalid_client", "AADSTS700016: unknown").contains("unknown in this tenant"));
        assert!(hint("invalid_scope", "").starts_with("check scopes"));
    }
    let hint = |code| hint_for_assertion(code, "").unwrap();
    assert!(hint("unauthorized_client").contains("domain-wide delegation of exactly these scopes"));
    assert!(hint("invalid_grant").contains("check subject"));
    assert!(hint("invalid_client").contains("client_email"));
    assert_eq!(hint("invalid_scope"), "check scopes");
}

#[test]
fn an_end_after_about_seven_days_is_blamed_on_testing() {
    let (hour, day) = (3600, 86400);
    let is_blamed = |age| hint_for_age(Duration::from_secs(age)).is_some();
    assert!(!is_blamed(7 * day - 2 * hour - 1));
    assert!(is_blamed(7 * day - 2 * hour));
    assert!(is_blamed(8 * day - 1));
    assert!(!is_blamed(8 * day));
}

#[test]
fn who_has_no_revocation_endpoint_has_a_page() {
    let microsoft = |tenant| format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token");
    let page = |uri: &str| page_of_grants(uri).map(|(_, page)| page);
    assert!(page(&microsoft("common")).unwrap().contains("myapps"));
    assert!(page(&microsoft("consumers")).unwrap().contains("account.live.com"));
    assert_eq!(page("https://github.com.example/login"), None);
}

#[test]
fn no_key_stands_twice() {
    for table in [
        BY_NUMBER,
        BY_CODE,
        DEVICE_BY_NUMBER,
        DEVICE_BY_CODE,
        APPLICATION_BY_NUMBER,
        APPLICATION_BY_CODE,
        ASSERTION_BY_CODE,
    ] {
        let keys: alloc::collections::BTreeSet<_> = table.iter().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), table.len());
    }
}
