//! `pizauth-refresh`: see `pizauth_client::refresh`.

#![cfg_attr(all(target_os = "linux", target_env = "gnu", not(test)), no_main)]

pizauth_common::small_executable!(pizauth_client::refresh::APPLET);
