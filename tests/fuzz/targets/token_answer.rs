//! Fuzzes `token_answer` of `decoders.rs`.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| pizauth_fuzz::token_answer(data));
