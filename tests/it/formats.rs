//! `show --format`: the forms in which programs want an access token.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{Running, Sandbox, Setup};

const USER: &str = "user = \"shared@example.org\";";

fn shown(running: &Running, format: &str) -> String {
    running.sandbox.applet("show").args(["--format", format, "work"]).run().exits(0).line()
}

#[test]
fn every_form_holds_the_token() {
    let running = Setup::new().account("work", USER).start();
    let token = running.sign_in("work");
    assert_eq!(shown(&running, "token"), token);
    assert_eq!(shown(&running, "bearer"), format!("Bearer {token}"));
    assert_eq!(shown(&running, "header"), format!("Authorization: Bearer {token}"));
    let decoded = |format| String::from_utf8(STANDARD.decode(shown(&running, format)).unwrap()).unwrap();
    assert_eq!(decoded("xoauth2"), format!("user=shared@example.org\x01auth=Bearer {token}\x01\x01"));
    assert_eq!(decoded("oauthbearer"), format!("n,a=shared@example.org,\x01auth=Bearer {token}\x01\x01"));
    let json: Value = serde_json::from_str(&shown(&running, "json")).unwrap();
    assert_eq!((&json["show_format_version"], &json["access_token"]), (&1.into(), &token.as_str().into()));
    assert_eq!((&json["user"], &json["account"]), (&"shared@example.org".into(), &"work".into()));
    assert_eq!(json["expires"].as_u64().unwrap() - json["obtained"].as_u64().unwrap(), 3600);
    assert_eq!(running.status_of("work")["user"], "shared@example.org");
}

#[test]
fn the_user_is_the_login_hint_where_nothing_else_is_said() {
    let hint = "auth_uri_fields = { \"login_hint\": \"me@example.org\" };";
    let running = Setup::new().account("work", hint).start();
    running.sign_in("work");
    let shown = String::from_utf8(STANDARD.decode(shown(&running, "xoauth2")).unwrap()).unwrap();
    assert!(shown.starts_with("user=me@example.org\x01"), "{shown}");
}

#[test]
fn without_a_user_nothing_is_begun_and_the_cure_is_told() {
    let running = Running::start();
    for format in ["xoauth2", "oauthbearer"] {
        let ran = running.sandbox.applet("show").args(["--format", format, "work"]).run();
        ran.exits(1).prints_nothing().says("work has no user: add user = \"me@example.org\"");
    }
    assert_eq!(running.status_of("work")["state"], "empty");
    running.sandbox.applet("show").args(["--format=xoauth2", "wrok"]).run().exits(1).says("did you mean");
}

#[test]
fn an_unknown_form_is_wrong_usage() {
    let running = Running::start();
    for format in ["", "sasl", "Bearer"] {
        let ran = running.sandbox.applet("show").args(["--format", format, "work"]).run();
        ran.exits(64).prints_nothing().says("there are token, bearer, header, xoauth2, oauthbearer, json");
    }
    assert_eq!(running.status_of("work")["state"], "empty");
    Sandbox::new().applet("show").args(["work", "--format"]).run().exits(64);
}

#[test]
fn a_user_that_changes_keeps_the_session() {
    let running = Setup::new().account("work", USER).start();
    let token = running.sign_in("work");
    let config = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    running.sandbox.write_config(&config.replace("shared@", "other@"));
    running.sandbox.applet("reload").run().exits(0);
    assert_eq!(running.show("work").exits(0).line(), token);
    assert!(shown(&running, "json").contains("\"user\":\"other@example.org\""));
}

#[test]
fn curl_takes_the_header_from_its_stdin() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("left out, as there is no curl");
        return;
    }
    let running = Running::start();
    let token = running.sign_in("work");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        String::from_utf8(request).unwrap()
    });
    let header = running.sandbox.applet("show").args(["--format", "header", "work"]).run().exits(0).stdout;
    let curl = running.sandbox.program("curl").args(["-q", "-s", "--noproxy", "*", "-H", "@-", url.as_str()]);
    curl.stdin(header).run().exits(0);
    let request = heard.join().unwrap();
    assert!(request.contains(&format!("Authorization: Bearer {token}\r\n")), "{request}");
}
