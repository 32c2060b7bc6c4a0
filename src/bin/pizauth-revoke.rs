//! `pizauth-revoke`: see `pizauth_client::revoke`.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

pizauth_common::small_executable!(pizauth_client::revoke::APPLET);
