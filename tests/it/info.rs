//! `pizauth info`: also when no daemon is running.

use serde_json::Value;

use crate::support::{Running, Sandbox};

fn json(sandbox: &Sandbox) -> Value {
    let ran = sandbox.applet("info").args(["-j"]).run().exits(0);
    serde_json::from_slice(&ran.stdout).expect("info -j prints JSON")
}

#[test]
fn the_keys_that_upstream_has_are_there_when_the_daemon_runs() {
    let running = Running::start();
    let info = json(&running.sandbox);
    assert_eq!(info["info_format_version"], 2);
    assert_eq!(info["server_running"], true);
    assert_eq!(info["config_file"], running.sandbox.config_file().to_str().unwrap());
    for key in ["cache_directory", "executed_as", "pizauth_version"] {
        assert!(info[key].is_string(), "{key}: {info}");
    }
    let server = &info["server_info"];
    assert_eq!(server["https_port"], "none");
    assert_eq!(server.get("https_pub_key"), None);
    let port: u16 = server["http_port"].as_str().unwrap().parse().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
}

#[test]
fn it_works_without_a_daemon() {
    let sandbox = Sandbox::new();
    sandbox.write_config("");
    let info = json(&sandbox);
    assert_eq!(info["server_running"], false);
    assert_eq!(info.get("server_info"), None);
}

#[test]
fn the_text_keeps_the_lines_that_programs_cut_out() {
    let running = Running::start();
    let out = running.sandbox.applet("info").run().exits(0).out();
    let file = format!("  config file: {}", running.sandbox.config_file().display());
    let named = |label: &str| -> Vec<&str> {
        out.lines().filter(|line| line.split(':').next().unwrap_or_default().contains(label)).collect()
    };
    assert_eq!(named("config file"), [file.as_str()], "the original's completion takes what awk finds");
    assert_eq!(named("cache directory").len(), 1, "{out}");
    assert!(named("cache directory")[0].starts_with("  cache directory: /"), "{out}");
    assert!(out.contains(&format!("  started with: {}\n", running.sandbox.config_file().display())), "{out}");
}

#[test]
fn the_places_of_the_socket_are_named_in_their_order() {
    let sandbox = Sandbox::new();
    let sockets = json(&sandbox)["sockets"].clone();
    let sockets: Vec<&str> = sockets.as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    assert_eq!(sockets.first().copied(), sandbox.socket().to_str());
    assert!(sockets.last().unwrap().contains("/.local/state/pizauth/run-"), "{sockets:?}");
    let out = sandbox.applet("info").env("PIZAUTH_SOCKET", "/nowhere/at-all").run().exits(0).out();
    let lines: Vec<&str> = out.lines().filter(|line| line.starts_with("  socket")).collect();
    assert_eq!(lines, ["  socket looked for: /nowhere/at-all"]);
}

#[test]
fn another_configuration_can_be_named_in_every_spelling() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("other.conf", "");
    let file = file.to_str().unwrap();
    let spellings = [
        vec!["-c".into(), file.into()],
        vec![format!("-c{file}")],
        vec!["--config".into(), file.into()],
        vec![format!("--config={file}")],
    ];
    for arguments in spellings {
        let out = sandbox.applet("info").args(&arguments).run().exits(0).out();
        assert!(out.contains(&format!("  config file: {file}\n")), "{arguments:?}: {out}");
    }
}

#[test]
fn with_https_the_public_key_and_the_fingerprint_are_there() {
    let sandbox = Sandbox::new();
    let account = "account \"work\" { auth_uri = \"https://a.example/\"; token_uri = \"https://t.example/\"; \
                   client_id = \"c\"; }";
    sandbox.write_config(account);
    let _daemon = sandbox.start();
    let info = json(&sandbox);
    let key = info["server_info"]["https_pub_key"].as_str().expect("an HTTPS key");
    let octet = |octet: &str| octet.len() == 2 && octet.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F'));
    assert!(key.split(':').count() >= 32 && key.split(':').all(octet), "{key}");
    assert!(info["server_info"]["https_port"].as_str().expect("a port").parse::<u16>().is_ok());
}
