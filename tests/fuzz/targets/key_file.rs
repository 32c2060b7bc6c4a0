//! Fuzzes `key_file` of `decoders.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| pizauth_fuzz::key_file(data));
