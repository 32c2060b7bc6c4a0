//! The table of commands. Only the multiplexer may name it.

use crate::applet::Applet;
use crate::{check, dump, info, refresh, reload, restore, revoke, show, shutdown, status};

/// Every command of this crate, in the order of the list and of the help.
pub const APPLETS: [Applet; 10] = [
    show::APPLET,
    refresh::APPLET,
    status::APPLET,
    revoke::APPLET,
    dump::APPLET,
    restore::APPLET,
    reload::APPLET,
    info::APPLET,
    check::APPLET,
    shutdown::APPLET,
];
