//! Fuzzes `dump` of `decoders.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| pizauth_fuzz::dump(data));
