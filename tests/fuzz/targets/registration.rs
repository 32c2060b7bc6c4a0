//! Fuzzes `registration` of `decoders.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| pizauth_fuzz::registration(data));
