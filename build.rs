//! Makes the small commands start faster and all executables smaller where that is possible, which is on Linux with
//! glibc when building for the machine itself. Elsewhere, or without what it takes, nothing is changed.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

/// The executables that run once per token; the others live long enough not to care.
const SMALL: [&str; 5] =
    ["pizauth-show", "pizauth-refresh", "pizauth-dump", "pizauth-restore", "pizauth-revoke"];

/// What glibc (2.36 and later) calls its ability to read packed relocations.
const PACKED_RELOCATIONS: &[u8] = b"GLIBC_ABI_DT_RELR";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if !is_native_glibc() {
        return;
    }
    if let Some(directory) = static_unwinder() {
        for program in SMALL {
            println!("cargo::rustc-link-arg-bin={program}=-L{}", directory.display());
        }
    }
    if has_packed_relocations() {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

fn is_native_glibc() -> bool {
    let is = |variable: &str, value: &str| env::var(variable).is_ok_and(|it| it == value);
    is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && env::var_os("HOST") == env::var_os("TARGET")
}

/// An eighth of the time that `pizauth-show` takes as a process goes into loading `libgcc_s.so`. rustc asks for
/// `-lgcc_s`; a linker script of that name, first on the path, answers with the compiler's own `libgcc_eh.a`.
///
/// The directory with the script. `None`: link as always.
fn static_unwinder() -> Option<PathBuf> {
    compilers_file("libgcc_eh.a")?;
    let directory = PathBuf::from(env::var_os("OUT_DIR")?);
    fs::write(directory.join("libgcc_s.so"), "INPUT(-lgcc_eh)\n").ok()?;
    Some(directory)
}

/// Relocations are 2 % of a small executable when they are not packed. Linkers that cannot do it ignore the wish; a
/// libc that cannot read them would not start the program, so it has to say that it can.
fn has_packed_relocations() -> bool {
    let libc = compilers_file("libc.so.6").and_then(|path| fs::read(path).ok()).unwrap_or_default();
    libc.windows(PACKED_RELOCATIONS.len()).any(|name| name == PACKED_RELOCATIONS)
}

/// Where the compiler finds a file to link.
fn compilers_file(name: &str) -> Option<PathBuf> {
    let compiler = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let answer = Command::new(compiler).arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim());
    // A compiler that has no such file repeats the bare name.
    path.is_absolute().then_some(path)
}
