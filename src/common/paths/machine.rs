//! What names this machine for good: its host name may change with the network that it is in.

/// The machine's own name, as text; the host name where there is none.
pub(super) fn machine() -> Vec<u8> {
    own_name().unwrap_or_else(|| rustix::system::uname().nodename().to_bytes().to_vec())
}

/// machine-id(5): made at the installation or the first boot.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn own_name() -> Option<Vec<u8>> {
    ["/etc/machine-id", "/var/lib/dbus/machine-id"].into_iter().find_map(id_in)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn id_in(file: &str) -> Option<Vec<u8>> {
    use rustix::fs::{CWD, Mode, OFlags, openat};
    let file = openat(CWD, file, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty()).ok()?;
    let mut text = [0; 64];
    let length = rustix::io::read(&file, &mut text).ok()?;
    machine_id(&text[..length]).map(<[u8]>::to_vec)
}

/// 32 hexadecimal digits and a newline. Before the first boot of an image it is empty, or says `uninitialized`.
#[cfg(any(target_os = "linux", target_os = "android", test))]
fn machine_id(text: &[u8]) -> Option<&[u8]> {
    const DIGITS: usize = 32;
    let text = text.trim_ascii_end();
    let is_id = text.len() == DIGITS && text.iter().all(u8::is_ascii_hexdigit) && is_set(text);
    is_id.then_some(text)
}

/// IOPlatformUUID of macOS, kern.hostuuid of FreeBSD and DragonFly.
#[cfg(any(target_os = "macos", target_os = "freebsd", target_os = "dragonfly"))]
fn own_name() -> Option<Vec<u8>> {
    crate::sys::host_uuid().map(String::into_bytes).filter(|uuid| is_set(uuid))
}

#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "macos",
    target_os = "freebsd",
    target_os = "dragonfly"
)))]
fn own_name() -> Option<Vec<u8>> {
    None
}

/// All zero means that nobody has set it.
#[allow(dead_code, reason = "not every system has such a name")]
fn is_set(id: &[u8]) -> bool {
    id.iter().any(|digit| !matches!(digit, b'0' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::{machine, machine_id};

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn a_machine_is_named_by_its_id_and_not_by_its_host_name_where_it_has_one() {
        let id = std::fs::read("/etc/machine-id").unwrap_or_default();
        let host = rustix::system::uname().nodename().to_bytes().to_vec();
        match machine_id(&id) {
            Some(id) => assert_eq!(machine(), id),
            None => assert!(machine() == host || machine_id(&machine()).is_some()),
        }
    }

    #[test]
    fn a_machine_id_is_32_digits_that_somebody_has_set() {
        let id: &[u8] = b"0123456789abcdef0123456789abcdef";
        assert_eq!(machine_id(b"0123456789abcdef0123456789abcdef\n"), Some(id));
        assert_eq!(machine_id(id), Some(id));
        let zero = [b'0'; 32];
        for other in
            [&b""[..], b"\n", b"uninitialized\n", b"0123", b"0123456789abcdef0123456789abcdeg", &zero]
        {
            assert_eq!(machine_id(other), None, "{other:?}");
        }
    }
}
