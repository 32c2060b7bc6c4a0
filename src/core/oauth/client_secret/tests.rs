use super::*;

fn printed(output: &[u8]) -> Result<String, String> {
    let printed = Printed { output: Zeroizing::new(output.to_vec()), failure: None };
    printed.secret(None).map(|secret| secret.expose().to_owned()).map_err(|reason| reason.to_string())
}

#[test]
fn the_first_line_is_the_secret() {
    for (output, secret) in
        [("s3cret", "s3cret"), ("s3cret\n", "s3cret"), ("a b~ü\nuser: me\n", "a b~ü"), (" x \n\n", " x ")]
    {
        assert_eq!(printed(output.as_bytes()).unwrap(), secret, "{output:?}");
    }
    let longest = vec![b'x'; 64 * 1024];
    assert_eq!(printed(&longest).unwrap().len(), 64 * 1024);
}

#[test]
fn what_no_secret_can_be_is_refused_in_words() {
    let too_long = vec![b'x'; 64 * 1024 + 1];
    for (output, why) in [
        (&b""[..], "has printed no secret on its first line"),
        (b"\ns3cret\n", "has printed no secret on its first line"),
        (b"s3cret\r\n", "has printed control characters on its first line"),
        (b"s3\0cret\n", "has printed control characters on its first line"),
        (b"s3cret\xff\n", "has printed a first line that is not UTF-8"),
        (&too_long, "has printed more than 64 KiB on its first line"),
    ] {
        assert_eq!(printed(output).unwrap_err(), format!("client_secret_cmd {why}"));
    }
}

#[test]
fn a_failure_is_told_without_any_secret() {
    let failure = Some("failed (exit 1): got hunter2-is-new, had hunter1-is-old; sorry".to_owned());
    let printed = Printed { output: Zeroizing::new(b"hunter2-is-new\n".to_vec()), failure };
    assert_eq!(format!("{printed:?}"), "Printed { .. }");
    let reason = printed.secret(Some(&"hunter1-is-old".into())).unwrap_err();
    assert_eq!(reason.as_str(), "client_secret_cmd failed (exit 1): got …, had …; sorry");
    assert_eq!(reason.cause(), "client_secret_cmd", "the user hears of it once");
}
