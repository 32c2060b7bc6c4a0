//! The one integration binary: real executables, real sockets, an authorization server of our own.
//!
//! Each module is a command or a concern; `support` is what they stand on.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "this is a test from end to end")]

mod application_grants;
mod architecture;
mod check;
mod client_secret_cmd;
mod completions;
mod corpus;
mod daemon;
mod device_grant;
mod discovery;
mod documentation;
mod dump_restore;
mod exchange;
mod extra_socket;
mod faults;
mod formats;
mod git_credential;
mod hooks;
#[cfg(target_os = "linux")]
mod hostile_callers;
mod hostile_servers;
mod import;
mod info;
mod issuer;
mod jwt_bearer;
mod kills;
mod log;
mod login;
mod multiplexer;
mod other_version;
mod persistence;
mod private_key_jwt;
mod provider_answers;
mod provider_habits;
mod redirect_listener;
mod refresh;
mod refresh_policy;
mod registration;
mod reload;
mod reload_of_names;
mod revoke;
mod revoke_remote;
mod saved_state;
mod secrets;
mod setup;
mod shipped_scripts;
mod show;
mod shutdown;
mod socket_places;
mod startup;
mod status;
mod stuck_daemon;
mod support;
mod syslog_rules;
mod usage;
mod wait;
#[cfg(target_os = "linux")]
mod without_null;
