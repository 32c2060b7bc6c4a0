use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{
    Environment, cache_directory, config_file_candidates, config_file_place, find_config_file,
    sibling_candidates, socket_candidates,
};
use crate::testing::private_directory;

struct Fake {
    variables: HashMap<&'static str, String>,
    home_of_user: Option<&'static str>,
    machine: &'static str,
    example: Option<&'static str>,
}

impl Environment for Fake {
    fn variable(&self, name: &str) -> Option<OsString> {
        self.variables.get(name).map(OsString::from)
    }

    fn uid(&self) -> u32 {
        1234
    }

    fn home_of_user(&self) -> Option<PathBuf> {
        self.home_of_user.map(PathBuf::from)
    }

    fn machine(&self) -> Vec<u8> {
        self.machine.into()
    }

    fn installed_example(&self) -> Option<PathBuf> {
        self.example.map(PathBuf::from)
    }
}

fn with(variables: &[(&'static str, &str)]) -> Fake {
    let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Fake { variables, home_of_user: Some("/home/db"), machine: "host", example: None }
}

fn sockets(environment: &Fake) -> Vec<String> {
    socket_candidates(environment).iter().map(|it| it.socket().display().to_string()).collect()
}

#[test]
fn a_named_socket_excludes_all_others() {
    let environment =
        with(&[("PIZAUTH_SOCKET", "/tmp/x.sock"), ("XDG_RUNTIME_DIR", "/run/mine"), ("HOME", "/h")]);
    assert_eq!(sockets(&environment), ["/tmp/x.sock"]);
}

#[test]
fn session_then_system_then_home() {
    let environment = with(&[("PIZAUTH_SOCKET", ""), ("XDG_RUNTIME_DIR", "/run/mine"), ("HOME", "/h")]);
    let found = sockets(&environment);
    assert_eq!(found[..2], ["/run/mine/pizauth/pizauth.sock", "/run/user/1234/pizauth/pizauth.sock"]);
    assert!(found[2].starts_with("/h/.local/state/pizauth/run-") && found[2].ends_with("/pizauth.sock"));
    assert_eq!(found.len(), 3);
}

#[test]
fn the_same_directory_is_tried_once() {
    let environment = with(&[("XDG_RUNTIME_DIR", "/run/user/1234"), ("HOME", "/h")]);
    assert_eq!(sockets(&environment).len(), 2);
}

#[test]
fn empty_and_relative_directories_count_as_unset() {
    for bad in ["", "run", "./run"] {
        let environment =
            with(&[("XDG_RUNTIME_DIR", bad), ("XDG_CONFIG_HOME", bad), ("XDG_CACHE_HOME", bad)]);
        assert_eq!(sockets(&environment).len(), 2, "{bad:?}");
        assert_eq!(config_file_candidates(&environment), [Path::new("/home/db/.config/pizauth.conf")]);
        assert_eq!(cache_directory(&environment).unwrap(), Path::new("/home/db/.cache/pizauth"));
    }
}

#[test]
fn homes_shared_between_machines_hold_a_socket_for_each() {
    let (mut one, mut other) = (with(&[]), with(&[]));
    (one.machine, other.machine) = ("mars", "venus");
    assert_ne!(sockets(&one)[1], sockets(&other)[1]);
    assert_eq!(sockets(&one)[1], "/home/db/.local/state/pizauth/run-1f3b57a2ce7ef388/pizauth.sock");
}

#[test]
fn without_any_home_only_the_system_directory_is_left() {
    let environment = Fake { home_of_user: None, ..with(&[]) };
    assert_eq!(sockets(&environment), ["/run/user/1234/pizauth/pizauth.sock"]);
    assert_eq!(cache_directory(&environment), None);
    let why = find_config_file(None, &environment).unwrap_err().to_string();
    assert_eq!(config_file_place(None, &environment), None);
    assert_eq!(why, "no home directory, no configuration file (name it: -c FILE)");
}

#[test]
fn xdg_directories_come_before_the_home() {
    let environment = with(&[("XDG_CONFIG_HOME", "/xc"), ("XDG_CACHE_HOME", "/xk"), ("HOME", "/h")]);
    assert_eq!(
        config_file_candidates(&environment),
        [Path::new("/xc/pizauth.conf"), Path::new("/h/.config/pizauth.conf")]
    );
    assert_eq!(cache_directory(&environment).unwrap(), Path::new("/xk/pizauth"));
}

#[test]
fn without_a_configuration_the_error_names_every_place() {
    let environment = with(&[("XDG_CONFIG_HOME", "/nowhere/x"), ("HOME", "/nowhere/h")]);
    let why = find_config_file(None, &environment).unwrap_err().to_string();
    let places = "/nowhere/x/pizauth.conf or at /nowhere/h/.config/pizauth.conf";
    assert_eq!(why, format!("no configuration file at {places} (name another: -c FILE)"));
    assert_eq!(find_config_file(Some("named".into()), &environment), Ok("named".into()));
    assert_eq!(config_file_place(Some("named".into()), &environment), Some("named".into()));
    assert_eq!(config_file_place(None, &environment), Some("/nowhere/x/pizauth.conf".into()));
    let environment = Fake { example: Some("/opt/share/doc/pizauth/pizauth.conf"), ..environment };
    let why = find_config_file(None, &environment).unwrap_err().to_string();
    let copy = "cp /opt/share/doc/pizauth/pizauth.conf /nowhere/h/.config/pizauth.conf";
    assert_eq!(
        why,
        format!("no configuration file at {places} (to begin with one: {copy}; to name another: -c FILE)")
    );
}

#[test]
fn directories_of_other_names_of_the_machine_are_siblings() {
    let home = private_directory();
    let state = home.path().join(".local/state/pizauth");
    let siblings = |variables: &[(&'static str, &str)]| {
        let found = sibling_candidates(&with(variables));
        let mut found: Vec<_> = found.iter().map(|it| it.socket()).collect();
        found.sort();
        found
    };
    let at_home = [("HOME", home.path().to_str().unwrap())];
    assert!(siblings(&at_home).is_empty(), "there is nothing yet");
    let own = socket_candidates(&with(&at_home)).pop().unwrap().socket();
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    for name in ["run-1", "run-2", "other"] {
        std::fs::create_dir(state.join(name)).unwrap();
    }
    let expected = ["run-1", "run-2"].map(|name| state.join(name).join("pizauth.sock"));
    assert_eq!(siblings(&at_home), expected);
    assert!(siblings(&[at_home[0], ("PIZAUTH_SOCKET", "/tmp/x.sock")]).is_empty(), "nothing else is tried");
}
