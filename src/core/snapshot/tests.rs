//! Identity, golden files, and damage on the way.

mod content;
mod fingerprint;
mod support;

use super::*;
use support::*;

#[test]
fn a_dump_comes_back_as_it_was() {
    for snapshot in [snapshot(), Snapshot::default()] {
        assert_eq!(Snapshot::decode(&snapshot.encode(&mut sevens)), Ok(snapshot));
    }
}

#[test]
fn a_dump_is_found_wherever_it_lies() {
    let dump = snapshot().encode(&mut sevens);
    for around in [&b""[..], b"\x8e", b"\x8ePIZ, and then"] {
        assert!(holds_a_dump(&[around, &dump, around].concat()));
        assert!(!holds_a_dump(&[around, &dump[2..], around].concat()));
        assert!(!holds_a_dump(around));
    }
}

#[test]
fn our_format_stays_what_it_is() {
    let dump = snapshot().encode(&mut sevens);
    let hex: String = dump.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, OURS.split_whitespace().collect::<String>());
    assert_eq!(Snapshot::decode(&bytes_of(OURS)), Ok(snapshot()));
}

#[test]
fn a_dump_is_written_into_room_that_was_made_once() {
    let token = Secret::from("t".repeat(2000).as_str());
    let named = |number| AccountSnapshot {
        access_token: Some(token.clone()),
        ..account(&format!("account-{number}"))
    };
    let dump = Snapshot { accounts: (0..100).map(named).collect() }.encode(&mut sevens);
    let unused = dump.capacity() - dump.len();
    assert!(unused < 100 * 200, "{unused} bytes: it grew, and left a copy of its tokens behind");
}

#[test]
fn upstreams_dump_is_recognised_and_fits_the_same_account() {
    let packed = Packer::default().u64(1).u64(2).account("work").active("an access token", 1_790_003_600, 9);
    let dump = upstream_around(&packed.account("empty one").u32(0).0);
    assert_eq!(dump, bytes_of(UPSTREAM));

    let (auth_uri_fields, scopes) = upstream_fields();
    let written_differently = SecurityFields {
        auth_uri: "https://login.example.org/",
        auth_uri_fields: &auth_uri_fields,
        scopes: &scopes,
        ..fields("work")
    };
    let expected = AccountSnapshot {
        fingerprint: Fingerprint::of(&written_differently),
        access_token: Some(Secret::from("an access token")),
        refresh_token: Some(Secret::from("a refresh token")),
        ..account("work")
    };
    assert_eq!(Snapshot::decode(&dump), Ok(Snapshot { accounts: vec![expected] }));
}

#[test]
fn every_flipped_bit_is_refused() {
    for original in [bytes_of(OURS), bytes_of(UPSTREAM)] {
        for bit in 0..original.len() * 8 {
            let mut dump = original.clone();
            dump[bit / 8] ^= 1 << (bit % 8);
            assert!(Snapshot::decode(&dump).is_err(), "bit {bit}");
        }
    }
}

/// Magic, version, length and nonce.
const BYTES_THAT_SAY_THE_LENGTH: usize = 8 + 1 + 8 + 12;

#[test]
fn every_truncation_is_refused_and_called_so() {
    let dump = bytes_of(OURS);
    assert_eq!(Snapshot::decode(&[]), Err(DumpError::Empty));
    for end in 1..dump.len() {
        let verdict = Snapshot::decode(&dump[..end]);
        let Err(DumpError::Truncated { missing }) = verdict else {
            panic!("{end} bytes: {verdict:?}");
        };
        let lacking = (dump.len() - end) as u64;
        assert!(missing.is_none_or(|missing| missing == lacking), "{end} bytes: {missing:?}");
        assert_eq!(missing.is_some(), end >= BYTES_THAT_SAY_THE_LENGTH, "{end} bytes");
    }
    let dump = bytes_of(UPSTREAM);
    for end in 1..dump.len() {
        assert_eq!(Snapshot::decode(&dump[..end]), Err(DumpError::Foreign), "{end} bytes");
    }
}

#[test]
fn trailing_bytes_are_refused() {
    let twice = [bytes_of(OURS), bytes_of(OURS)].concat();
    let extra = twice.len() as u64 / 2;
    assert_eq!(Snapshot::decode(&twice), Err(DumpError::TrailingBytes { extra }));
    let one_more = [bytes_of(OURS), b"\n".to_vec()].concat();
    assert_eq!(Snapshot::decode(&one_more), Err(DumpError::TrailingBytes { extra: 1 }));
    let inside = upstream_around(&Packer::default().u64(1).u64(0).u8(0).0);
    assert_eq!(Snapshot::decode(&inside), Err(DumpError::TrailingBytes { extra: 1 }));
    let outside = [bytes_of(UPSTREAM), vec![0]].concat();
    assert_eq!(Snapshot::decode(&outside), Err(DumpError::Foreign));
}

#[test]
fn damage_by_a_text_mode_transfer_is_called_so() {
    let dump = bytes_of(OURS);
    let lf_to_crlf =
        dump.iter().flat_map(|&byte| if byte == b'\n' { vec![b'\r', b'\n'] } else { vec![byte] });
    let crlf_to_lf = dump.iter().copied().filter(|&byte| byte != b'\r');
    let seven_bits = dump.iter().map(|byte| byte & 0x7f);
    let latin1_to_utf8 = dump.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes();
    let lossy_utf8 = String::from_utf8_lossy(&dump).into_owned().into_bytes();
    let damaged: [Vec<u8>; 5] =
        [lf_to_crlf.collect(), crlf_to_lf.collect(), seven_bits.collect(), latin1_to_utf8, lossy_utf8];
    for dump in damaged {
        assert_eq!(Snapshot::decode(&dump), Err(DumpError::TextMode));
    }
}

#[test]
fn nothing_of_it_can_be_read_in_the_bytes() {
    let snapshot = snapshot();
    let dump = snapshot.encode(&mut sevens);
    let other_nonce = snapshot.encode(&mut |buffer| buffer.fill(8));
    for text in ["work", "ro", "EwB4", "refresh", "account", "1790000000", "/~+="] {
        let text = text.as_bytes();
        for dump in [&dump, &other_nonce] {
            assert!(!dump.windows(text.len()).any(|window| window == text), "{text:?}");
        }
    }
    assert_ne!(dump[29..], other_nonce[29..], "the nonce matters");
}

#[test]
fn foreign_bytes_are_refused() {
    let foreign: [&[u8]; 5] = [
        b"-----BEGIN PGP MESSAGE-----",
        b"age-encryption.org/v1\n",
        b"\0",
        &[0xff; 4096],
        b"{\"accounts\":[]}",
    ];
    for bytes in foreign {
        assert_eq!(Snapshot::decode(bytes), Err(DumpError::Foreign));
    }
    let mut large = vec![0; MAX_BYTES + 1];
    assert_eq!(Snapshot::decode(&large), Err(DumpError::TooLarge { bytes: large.len() }));
    large.truncate(MAX_BYTES);
    assert_eq!(Snapshot::decode(&large), Err(DumpError::Foreign));
}

#[test]
fn an_upstream_dump_takes_no_more_memory_than_it_says_something() {
    let empty_texts = |packed: Packer, count: u64| (0..count).fold(packed, |packed, _| packed.text(""));
    let begun = || Packer::default().u64(1).u64(1).text("work").text("https://a.example/");
    for (count, is_refused) in [(1_000, false), (1_001, true)] {
        let scopes = begun().u64(0).text("client").u8(0).text("http://localhost/").u64(count);
        let whole = empty_texts(scopes, count).text("https://a.example/token").u32(0);
        assert_eq!(malformed(&upstream_around(&whole.0)), is_refused, "{count} scopes");
        let fields =
            empty_texts(begun().u64(count), 2 * count).text("client").u8(0).text("http://localhost/");
        let whole = fields.u64(0).text("https://a.example/token").u32(0);
        assert_eq!(malformed(&upstream_around(&whole.0)), is_refused, "{count} fields");
    }
    let many = Packer::default().u64(1).u64(50_001);
    assert!(malformed(&upstream_around(&many.0)));
}

#[test]
fn the_name_of_an_account_is_no_longer_than_anybodys() {
    for (length, is_refused) in [(4096, false), (4097, true)] {
        let named = Snapshot { accounts: vec![account(&"x".repeat(length))] };
        assert_eq!(malformed(&named.encode(&mut sevens)), is_refused, "{length}");
    }
}
