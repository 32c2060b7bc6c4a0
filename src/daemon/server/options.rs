//! The options of the daemon.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

/// Obtain access tokens, refresh them in the background, keep them in memory.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    help_triggers("-h", "--help"),
    example = "{command_name} -d -v",
    note = "Without -d it returns when commands are accepted, and logs to syslog."
)]
pub(super) struct Arguments {
    /// configuration file (default: pizauth.conf in $XDG_CONFIG_HOME or ~/.config)
    #[argh(option, short = 'c', arg_name = "file")]
    pub(super) config: Option<String>,
    /// stay in the foreground, and log to stderr
    #[argh(switch, short = 'd')]
    pub(super) debug: u8,
    /// log more; up to -vvvv
    #[argh(switch, short = 'v')]
    pub(super) verbose: u8,
    /// only check the configuration
    #[argh(switch)]
    pub(super) check: bool,
    /// log to syslog, also in the foreground
    #[argh(switch)]
    pub(super) syslog: bool,
    /// write a line to this descriptor when ready
    #[argh(option, arg_name = "n")]
    pub(super) ready_fd: Option<i32>,
    /// print what an issuer says of itself (RFC 8414), and end
    #[argh(option, arg_name = "uri")]
    pub(super) discover: Option<String>,
    /// register a client at an issuer (RFC 7591), print it, and end
    #[argh(option, arg_name = "uri")]
    pub(super) register: Option<String>,
    /// with --register: what it will ask for, separated by blanks
    #[argh(option)]
    pub(super) scope: Option<String>,
    /// print the version
    #[argh(switch)]
    #[allow(dead_code, reason = "it comes before anything is parsed")]
    pub(super) version: bool,
}

/// What the command line asks for.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) config_file: Option<PathBuf>,
    pub(super) foreground: bool,
    pub(super) verbosity: u8,
    pub(super) check: bool,
    pub(super) syslog: bool,
    pub(super) ready_fd: Option<i32>,
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        let foreground = arguments.debug > 0;
        Self {
            config_file: arguments.config.map(PathBuf::from),
            foreground,
            verbosity: arguments.verbose,
            check: arguments.check,
            syslog: arguments.syslog || !foreground,
            ready_fd: arguments.ready_fd,
        }
    }
}
