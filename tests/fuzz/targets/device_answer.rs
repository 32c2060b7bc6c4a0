//! Fuzzes `device_answer` of `decoders.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| pizauth_fuzz::device_answer(data));
