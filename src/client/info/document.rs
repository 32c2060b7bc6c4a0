//! What `pizauth info` prints: as text, and as JSON with the keys of the original's `info_format_version` 2.

use std::fmt::Write;

use pizauth_common::ipc::message::{DaemonInfo, SavedState, StartupCmd};
use pizauth_common::terminal::{printable, printable_lines};
use serde::Serialize;

use crate::json::{self, Unwritable};

/// Everything that is known. Keys may be added; one that changes its meaning raises the version.
#[derive(Serialize)]
pub(super) struct Document {
    #[serde(flatten)]
    places: Places,
    info_format_version: u32,
    pizauth_version: &'static str,
    server_running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_info: Option<ServerInfo>,
}

/// What is known without a daemon.
#[derive(Serialize)]
pub(super) struct Places {
    pub(super) cache_directory: String,
    pub(super) config_file: String,
    pub(super) executed_as: String,
    /// Where the daemon's socket is looked for, in this order.
    pub(super) sockets: Vec<String>,
}

#[derive(Serialize)]
struct ServerInfo {
    /// A number, or `none`.
    http_port: String,
    /// A number, or `none`.
    https_port: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    https_pub_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    https_fingerprint: Option<String>,
    config_file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_socket: Option<String>,
    pid: u32,
    instance: String,
    startup_cmd: StartupCmd,
    saved_state: SavedState,
    version: String,
}

impl From<DaemonInfo> for ServerInfo {
    fn from(info: DaemonInfo) -> Self {
        let port = |port: Option<u16>| port.map_or_else(|| "none".to_owned(), |port| port.to_string());
        Self {
            http_port: port(info.http_port),
            https_port: port(info.https_port),
            https_pub_key: info.https_public_key,
            https_fingerprint: info.https_fingerprint,
            config_file: info.config_file,
            extra_socket: info.extra_socket,
            pid: info.pid,
            instance: info.instance,
            startup_cmd: info.startup_cmd,
            saved_state: info.saved_state,
            version: info.version,
        }
    }
}

impl Document {
    pub(super) fn new(places: Places, daemon: Option<DaemonInfo>) -> Self {
        Self {
            places,
            info_format_version: 2,
            pizauth_version: env!("CARGO_PKG_VERSION"),
            server_running: daemon.is_some(),
            server_info: daemon.map(ServerInfo::from),
        }
    }

    /// One line, which scripts search for `"http_port":"8080"`.
    ///
    /// # Errors
    /// It has no form in JSON.
    pub(super) fn json(&self) -> Result<String, Unwritable> {
        json::one_line(self)
    }

    /// Programs cut out the lines of the first two paths: they keep their form, and no other line is called as they
    /// are.
    pub(super) fn text(&self, why_not_running: &str) -> String {
        let mut text = format!("pizauth {}:\n", self.pizauth_version);
        push(&mut text, "cache directory", &self.places.cache_directory);
        push(&mut text, "config file", &self.places.config_file);
        push(&mut text, "executed as", &self.places.executed_as);
        for socket in &self.places.sockets {
            push(&mut text, "socket looked for", socket);
        }
        match &self.server_info {
            Some(server) => server.push_text(&mut text),
            None => {
                let why_not = printable_lines(why_not_running);
                let _ = writeln!(text, "pizauthd: {why_not}");
            }
        }
        text
    }
}

impl ServerInfo {
    fn push_text(&self, text: &mut String) {
        let _ = writeln!(text, "pizauthd {}: running", printable(&self.version));
        push(text, "process id", &self.pid.to_string());
        push(text, "instance", &self.instance);
        push(text, "startup_cmd", self.startup_cmd.as_str());
        push(text, "saved tokens", self.saved_state.file.as_deref().unwrap_or("none"));
        if self.saved_state.loading {
            push(text, "saving", "waits until the saved tokens are decrypted");
        }
        if let Some(error) = &self.saved_state.error {
            push(text, "saving", error);
        }
        push(text, "started with", &self.config_file);
        push(text, "HTTP port", &self.http_port);
        push(text, "HTTPS port", &self.https_port);
        for (name, value) in [
            ("HTTPS public key", &self.https_pub_key),
            ("HTTPS fingerprint", &self.https_fingerprint),
            ("extra socket", &self.extra_socket),
        ] {
            if let Some(value) = value {
                push(text, name, value);
            }
        }
    }
}

fn push(text: &mut String, name: &str, value: &str) {
    let _ = writeln!(text, "  {name}: {}", printable(value));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(daemon: Option<DaemonInfo>) -> Document {
        let places = Places {
            cache_directory: "/home/u/.cache/pizauth".into(),
            config_file: "/home/u/my\x1b.conf".into(),
            executed_as: "pizauth".into(),
            sockets: vec!["/run/user/1000/pizauth/pizauth.sock".into()],
        };
        Document::new(places, daemon)
    }

    fn json(daemon: Option<DaemonInfo>) -> String {
        document(daemon).json().expect("JSON")
    }

    fn daemon(https: bool) -> DaemonInfo {
        DaemonInfo {
            version: "9.9.9".into(),
            pid: 42,
            instance: "0123456789abcdef".into(),
            startup_cmd: StartupCmd::None,
            saved_state: SavedState::default(),
            config_file: "/etc/other.conf".into(),
            extra_socket: None,
            http_port: Some(8080),
            https_port: https.then_some(8443),
            https_public_key: https.then(|| "AB:CD".to_owned()),
            https_fingerprint: https.then(|| "12:34".to_owned()),
        }
    }

    #[test]
    fn json_has_the_keys_that_programs_know() {
        let value: serde_json::Value = serde_json::from_str(&json(Some(daemon(true)))).expect("JSON");
        assert_eq!(value["info_format_version"], 2);
        assert_eq!(value["server_running"], true);
        assert_eq!(value["server_info"]["http_port"], "8080");
        assert_eq!(value["server_info"]["https_port"], "8443");
        assert_eq!(value["server_info"]["https_pub_key"], "AB:CD");
    }

    #[test]
    fn json_is_one_line_that_drives_no_terminal() {
        let json = json(Some(DaemonInfo { version: "9\u{9b}\u{202e}".into(), ..daemon(false) }));
        assert_eq!(json.lines().count(), 1, "{json}");
        assert!(
            json.contains(r#""http_port":"8080""#) && json.contains(r#""version":"9\u009b\u202e""#),
            "{json}"
        );
    }

    #[test]
    fn what_is_not_there_is_absent_or_none() {
        let value: serde_json::Value = serde_json::from_str(&json(Some(daemon(false)))).expect("JSON");
        assert_eq!(value["server_info"]["https_port"], "none");
        assert_eq!(value["server_info"].get("https_pub_key"), None);
        let value: serde_json::Value = serde_json::from_str(&json(None)).expect("JSON");
        assert_eq!((value["server_running"].as_bool(), value.get("server_info")), (Some(false), None));
    }

    #[test]
    fn the_text_is_safe_and_says_why_nothing_runs() {
        let text = document(None).text("cannot reach it");
        assert!(text.contains("\n  cache directory: /home/u/.cache/pizauth\n"), "{text}");
        assert!(text.contains("\n  config file: /home/u/my\\u{1b}.conf\n"), "{text}");
        assert!(text.ends_with("\npizauthd: cannot reach it\n"), "{text}");
        let text = document(Some(daemon(true))).text("");
        assert!(text.contains("  HTTPS public key: AB:CD\n"), "{text}");
        assert!(text.contains("\n  instance: 0123456789abcdef\n"), "hooks cut it out: {text}");
    }
}
