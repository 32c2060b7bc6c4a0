//! The kernel's table of sockets as text: `/proc/net/tcp` and `/proc/net/tcp6` (proc_net_tcp(5)).

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Ends, LISTENS, Row};

/// More than a million rows.
const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// The row of the peer's socket.
///
/// # Errors
/// A table cannot be read; `NotFound` where there is none.
pub(super) fn find(ends: Ends) -> io::Result<Option<Row>> {
    // A socket for IPv6 can speak IPv4, and then stands in the other table.
    let tables: &[&str] = if ends.peer.is_ipv4() { &["tcp", "tcp6"] } else { &["tcp6"] };
    for (index, table) in tables.iter().enumerate() {
        let table = match File::open(format!("/proc/net/{table}")) {
            Ok(table) => BufReader::new(table.take(MAX_BYTES)),
            // A kernel without IPv6 has the first alone.
            Err(error) if index > 0 && error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for line in table.lines() {
            if let Some(row) = row_of(&line?, ends) {
                return Ok(Some(row));
            }
        }
    }
    Ok(None)
}

/// The row that `line` holds, where it is that of the peer's socket.
pub(super) fn row_of(line: &str, ends: Ends) -> Option<Row> {
    let mut fields = line.split_ascii_whitespace();
    let local = address(fields.nth(1)?)?;
    let remote = address(fields.next()?)?;
    let state = u8::from_str_radix(fields.next()?, 16).ok()?;
    if local != ends.peer || remote != ends.ours || state == LISTENS {
        return None;
    }
    let uid = fields.nth(3)?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    Some(Row { uid, inode })
}

/// `0100007F:1F90`: words of 32 bits in the machine's byte order, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let ip = match ip.len() {
        8 => IpAddr::from(word(ip)?),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(ip.get(index * 8..index * 8 + 8)?)?);
            }
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

fn word(hex: &str) -> Option<[u8; 4]> {
    u32::from_str_radix(hex, 16).ok().map(u32::to_ne_bytes)
}
