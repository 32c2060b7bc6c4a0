use super::*;

const REFRESH_TOKEN: &str = "1//0gDhT-x_YkLq8sCgYIARAAGBASNwF/L9IrVw";

fn shown(text: &str) -> String {
    Redaction::of([Secret::from(REFRESH_TOKEN), Secret::from("open sesame"), Secret::from("abc")]).apply(text)
}

#[test]
fn pieces_of_our_secrets_are_blanked() {
    for (told, expected) in [
        ("unknown: 1//0gDhT-x_YkLq8sCgYIARAAGBASNwF/L9IrVw, ours", "unknown: …, ours"),
        // As it stands in a form.
        ("unknown: 1%2F%2F0gDhT-x_YkLq8sCgYIARAAGBASNwF%2FL9IrVw!", "unknown: …"),
        // A part of it, in capitals, over the end of a line, with blanks and with what nobody sees.
        ("begins 1//0gDhT-x_Y, ends NwF/L9IrVw", "begins …, ends NwF/L9IrVw"),
        ("begins 1//0GDHT-X_YKLQ8", "begins …"),
        // The rest of the word may be another server's half of it.
        ("x.1//0gDhT-x_Y.Zz is, (1//0gDhT-x_Y)", "… is, (…)"),
        ("1//0gDhT-x_Y\r\n kLq8s CgYIAR\tAAGBA\u{200b}SNwF/L9IrVw is unknown", "… is unknown"),
        ("twice: 1//0gDhT-x_Y 1//0gDhT-x_Y", "twice: … …"),
        // A short secret as a whole only, a very short one never.
        ("open sesame opensesame sesame abc", "… … sesame abc"),
        ("", ""),
        ("…", "…"),
    ] {
        assert_eq!(shown(told), expected, "{told:?}");
    }
}

#[test]
fn what_looks_like_a_credential_is_blanked() {
    for (told, expected) in [
        // A token that a failing server has just made.
        ("cannot store M.C538_BAY.0.U.-CkJ4x!9fPqWzR*7dLmT2vYb$$", "cannot store …"),
        ("duplicate key (kQ8xZ2mN5vB7cR1tY4wP)", "duplicate key (…)"),
        ("insert 4bf92f3577b34da6a3ce929d0e0e4736 failed", "insert … failed"),
        ("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "…"),
        ("for eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln and", "for … and"),
        ("ya29.a0AfH6SMBx7Yk2Lq8sCgYIARAAGBASNwF", "…"),
        ("at https://mail.example/cb/kQ8xZ2mN5vB7cR1tY4wP/x", "at https://mail.example/cb/…/x"),
        ("abcdefghijklmnopqrstuvwxyzabcdefghijklmno", "…"),
        ("12345678901234567890123456", "…"),
        // What its name gives away, however short.
        ("token=hunter was bad", "token=… was bad"),
        ("{\"refresh_token\":\"swordfish\",\"n\":1}", "{\"refresh_token\":\"…\",\"n\":1}"),
        ("{\\\"access_token\\\": \\\"a.b\\\"}", "{\\\"access_token\\\": \\\"…\\\"}"),
        ("client_secret: Tr0ub4dor", "client_secret: …"),
        ("'password' => 'abc'", "'password' => '…'"),
        ("GET /cb?code=4/0Ab&state=xyz&x=1", "GET /cb?code=…&state=…&x=1"),
        ("Authorization: Bearer mF9B5f41", "Authorization: Bearer …"),
        ("the token 'a1b2c3d4' is", "the token '…' is"),
    ] {
        assert_eq!(shown(told), expected, "{told:?}");
    }
}

#[test]
fn what_people_need_to_read_stays() {
    for told in [
        "AADSTS70008: The provided authorization code or refresh token has expired due to inactivity. Send a new \
         interactive authorization request for this user and resource.",
        "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        "AADSTS65001. Trace ID: 0f8fad5b-d9cb-469f-a165-70867728950e Correlation ID: \
         7C9E6679-7425-40DE-944B-E07FC1F90AE7 Timestamp: 2026-01-01 10:00:00Z",
        "error_codes: 70008, at 2026-01-01T10:00:00.123456789+00:00, error code: 50011, code=AADSTS50011.",
        "see https://login.microsoftonline.com/0f8fad5b-d9cb-469f-a165-70867728950e/oauth2/v2.0/token",
        "scope https://www.googleapis.com/auth/gmail.readonly https://outlook.office365.com/IMAP.AccessAsUser.All",
        "Token has been expired or revoked. The token: invalid. state: unknown, status: OK, token_type: Bearer",
        "The 'code' parameter is missing; client_secret is required; refresh_token = null; secret: MISSING",
        "org.springframework.security.oauth2.common.exceptions.InvalidGrantException at \
         application/x-www-form-urlencoded",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 from ip-10-0-12-34.eu-central-1.compute.internal and \
         f14.ams15s48.1e100.net",
        "no user firstname.lastname2@students.university.example in urn:ietf:params:oauth:grant-type:refresh_token",
        "Bearer authentication required, bearer token missing, token endpoint 1.2.3.4:8080, retry in 1700000000000 ms",
        "Donaudampfschifffahrtsgesellschaftskapit unterwegs, 仕事のアカウントが見つかりません。もう一度サインインしてください",
        "UserAccountIsDisabled TooManyRequestsException TokenExpiredOrRevoked InvalidRefreshTokenError",
        "invalid_authentication_credentials server_temporarily_unavailable",
    ] {
        assert_eq!(shown(told), told);
    }
}

#[test]
fn a_guess_has_its_limits() {
    for (told, expected) in [
        ("kQ8xZ2mN5vB7cR1 kQ8xZ2mN5vB7cR1t", "kQ8xZ2mN5vB7cR1 …"),
        ("token a1b2c3d, token a1b2c3d4", "token a1b2c3d, token …"),
        ("token abcdefgh 12345678 token 12345678", "token abcdefgh 12345678 token 12345678"),
        ("token 2026-01-01T10:00Z, token AADSTS50011", "token 2026-01-01T10:00Z, token AADSTS50011"),
        ("token=a1b2c3d4, token/a1b2c3d4, token.a1b2c3d4", "token=…, token/a1b2c3d4, token.a1b2c3d4"),
        ("code: 1234567, code: 12345678", "code: 1234567, code: …"),
        ("1234567890123456789012345", "1234567890123456789012345"),
        ("id 0f8fad5-bd9cb-469f-a165-70867728950e", "id …"),
        ("id 0f8fad5b-d9cb-469f-a165-7086772895zz", "id …"),
        ("state: unknown! state: unKnown", "state: unknown! state: …"),
        ("tokens=x y=x api_key='x' monkeys: many", "tokens=… y=x api_key='…' monkeys: many"),
        ("'state': x 'state': 'x' state 'x'", "'state': x 'state': '…' state 'x'"),
        ("eyJhbGciOiJIUzI1 eyJhbGciOiJIUzI", "… eyJhbGciOiJIUzI"),
        ("abcdefg1hijklmnopqR abcdefg1hijklmnopqrS", "… abcdefg1hijklmnopqrS"),
        ("abcdefghijklmnopqrstuvwxyzabcdefghijklmn", "abcdefghijklmnopqrstuvwxyzabcdefghijklmn"),
        ("eyJplainwordsonly ayJplainwordsonly", "… ayJplainwordsonly"),
        ("ab://kQ8xZ2mN5vB7cR1t/x //kQ8xZ2mN5vB7cR1t/x", "ab://…/x …"),
        (
            "ResourceOwnerPasswordCredentialsGrantNotAllowedException",
            "ResourceOwnerPasswordCredentialsGrantNotAllowedException",
        ),
    ] {
        assert_eq!(shown(told), expected, "{told:?}");
    }
}

#[test]
fn a_very_long_text_is_looked_at_from_its_beginning_only() {
    let text = format!("{}é{REFRESH_TOKEN}", "word ".repeat(LOOKED_AT));
    assert!(shown(&text).len() <= LOOKED_AT);
    assert_eq!(shown(&"é".repeat(3)), "é".repeat(3));
    let long = "word ".repeat(1000);
    assert_eq!(shown(&long), long);
}

#[test]
fn the_end_of_a_long_secret_is_blanked_as_its_beginning_is() {
    let secret = format!("{} wide open sésamé", "word ".repeat(1000));
    let shown = Redaction::of([Secret::new(secret)]).apply("it was wide open sésamé, and not sésamé");
    assert_eq!(shown, "it was …, and not sésamé");
}

#[test]
fn pieces_side_by_side_are_one_ellipsis() {
    assert_eq!(without("abcdef", [0..3, 3..5]), "…f");
    assert_eq!(without("abcdef", [1..3, 4..5]), "a…d…f");
}

#[test]
fn a_secret_that_repeats_itself_is_found_in_a_text_that_does() {
    let secret = "a".repeat(LONGEST_SECRET + 1);
    let shown = Redaction::of([Secret::new(secret)]).apply(&"aaaaaaaaaaa aaaaaaaaaaaaa".repeat(2));
    assert_eq!(shown, "…");
}
