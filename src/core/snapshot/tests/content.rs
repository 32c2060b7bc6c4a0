//! Dumps whose integrity check holds and whose content is newer, absurd or lying.

use super::super::*;
use super::support::*;

#[test]
fn newer_dumps_are_called_so() {
    let newer = ours_around(2, "{}");
    assert_eq!(Snapshot::decode(&newer), Err(DumpError::Newer { version: 2 }));
    let message = DumpError::Newer { version: 2 }.to_string();
    assert!(message.contains("made by a newer pizauth"), "{message}");
    assert_eq!(Snapshot::decode(&ours_around(0, "{}")), Err(DumpError::Corrupted), "there never was a 0");
    let newer = upstream_around(&Packer::default().u64(3).0);
    assert_eq!(Snapshot::decode(&newer), Err(DumpError::Newer { version: 3 }));
}

#[test]
fn members_that_a_later_pizauth_adds_are_ignored() {
    let json = r#"{"made_by":{"x":[1]},"accounts":[{"account":"a","new":null,"access_token":"t","expires":2,
        "obtained":1,"fingerprint":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    let accounts = Snapshot::decode(&ours_around(1, json)).unwrap().accounts;
    assert_eq!((accounts[0].fingerprint, accounts[0].expires), (Fingerprint([0; 32]), UnixTime(2)));
}

#[test]
fn content_that_breaks_a_rule_is_refused() {
    let entry = |token: &str, expires: &str, fingerprint: &str| {
        let rest = format!(r#""expires":{expires},"obtained":1,"fingerprint":"{fingerprint}"}}"#);
        format!(r#"{{"account":"a","access_token":"{token}",{rest}"#)
    };
    let ours = |entries: &[String]| ours_around(1, &format!(r#"{{"accounts":[{}]}}"#, entries.join(",")));
    let zeros = "A".repeat(43);
    let good = entry("t", "1", &zeros);
    assert!(Snapshot::decode(&ours(std::slice::from_ref(&good))).is_ok());
    assert!(malformed(&ours(&[entry("t", "-1", &zeros)])));
    assert!(malformed(&ours(&[entry("t", "1e300", &zeros)])));
    assert!(malformed(&ours(&[entry("t", "1", &zeros[1..])])));
    assert!(malformed(&ours_around(1, r#"{"accounts":[]} {"#)));
    assert!(malformed(&ours_around(1, &"[".repeat(100_000))));
    assert_eq!(Snapshot::decode(&ours(&[good.clone(), good])), Err(DumpError::DuplicateAccount("a".into())));
    for token in ["", "a\\nb", "ü", "\\u001b[31m", &"a".repeat(65_537)] {
        let verdict = Snapshot::decode(&ours(&[entry(token, "1", &zeros)]));
        assert_eq!(verdict, Err(DumpError::UnusableToken("a".into())), "{token:.20}");
        let verdict =
            Snapshot::decode(&Packer::one(&token.replace("\\n", "\n").replace('\\', "\u{1b}"), 1, 0));
        assert_eq!(verdict, Err(DumpError::UnusableToken("work".into())), "{token:.20}");
    }
}

#[test]
fn what_does_not_fit_into_a_dump_is_access_tokens_that_can_be_renewed() {
    const LIMIT: usize = 20_000;
    let of = |name: &str, length: usize| AccountSnapshot {
        access_token: Some(Secret::new("a".repeat(length))),
        refresh_token: Some(Secret::new("r".repeat(2_000))),
        ..account(name)
    };
    let final_one = AccountSnapshot { refresh_token: None, ..of("final", 8_000) };
    let snapshot = Snapshot { accounts: vec![of("a", 3_000), final_one, of("b", 4_000), of("c", 5_000)] };
    assert!(snapshot.encode(&mut sevens).len() > LIMIT);
    let dump = snapshot.clone().encode_within(LIMIT, &mut sevens);
    assert!(dump.len() <= LIMIT);
    let mut expected = snapshot.clone();
    expected.accounts[2].access_token = None;
    expected.accounts[3].access_token = None;
    assert_eq!(Snapshot::decode(&dump).unwrap(), expected);
    let whole = snapshot.clone().encode_to_fit(&mut sevens);
    assert_eq!(Snapshot::decode(&whole).unwrap(), snapshot, "what fits is left as it is");
}

#[test]
fn an_account_takes_what_it_is_said_to_take_at_least() {
    let empty = Snapshot::default().encode(&mut sevens).len();
    for refresh_token in ["rt", &"\"\\".repeat(1000), &"r".repeat(1000)] {
        let alone = AccountSnapshot {
            access_token: None,
            refresh_token: Some(refresh_token.into()),
            ..account("work")
        };
        let taken = Snapshot { accounts: vec![alone.clone()] }.encode(&mut sevens).len() - empty;
        let said = ours::least_bytes(&alone);
        assert!((taken..taken + 320).contains(&said), "{taken} bytes are taken, not {said}");
    }
}

#[test]
fn accounts_have_room_up_to_the_end_of_a_dump() {
    let of = |bytes: usize| AccountSnapshot {
        access_token: None,
        refresh_token: Some(Secret::new("r".repeat(bytes))),
        ..account("work")
    };
    let (large, small) = (of(MAX_BYTES - 1000), of(1));
    assert!(Snapshot { accounts: vec![large.clone()] }.encode(&mut sevens).len() <= MAX_BYTES);
    let mut room = Room::of_a_dump();
    assert!(room.replace(None, &large) && !room.replace(None, &small));
    assert!(room.replace(Some(&large), &small) && room.replace(Some(&small), &large));
    let mut room = Room::of_a_dump();
    room.take(&large);
    assert!(!room.replace(None, &small));
    assert!(!Room::of_a_dump().replace(None, &of(MAX_BYTES - 400)));
}

#[test]
fn absurd_times_are_clamped() {
    let lineage = Lineage { session: 1, generation: 0, authorized: UnixTime(u64::MAX) };
    let far = UnixTime(u64::MAX);
    let far = AccountSnapshot { obtained: far, expires: far, lineage: Some(lineage), ..account("a") };
    let dump = Snapshot { accounts: vec![far] }.encode(&mut sevens);
    let clamped = &Snapshot::decode(&dump).unwrap().accounts[0];
    assert_eq!((clamped.obtained, clamped.expires), (UnixTime::MAX, UnixTime::MAX));
    assert_eq!(clamped.lineage.map(|lineage| lineage.authorized), Some(UnixTime::MAX));
    let clamped = &Snapshot::decode(&Packer::one("t", u64::MAX, 999_999_999)).unwrap().accounts[0];
    assert_eq!(clamped.expires, UnixTime::MAX);
    assert!(malformed(&Packer::one("t", 1, 1_000_000_000)));
}

#[test]
fn counts_and_lengths_that_lie_are_refused() {
    let packed = || Packer::default().u64(1);
    let name_only = || packed().u64(1).text("work");
    let uri_only = || name_only().text("https://login.example.org");
    let lies = [
        packed().u64(u64::MAX),
        packed().u64(1 << 40),
        packed().u64(1).u64(u64::MAX),
        name_only().u64(1 << 33),
        uri_only().u64(u64::MAX),
        uri_only().u64(2).text("key").text("value"),
        uri_only().u64(0).text("pizauth-test").u8(2),
        packed().u64(1).bytes(b"\xff\xfe"),
        packed().u64(1).account("work").u32(2),
        Packer::default().u64(0),
    ];
    for (index, lie) in lies.into_iter().enumerate() {
        assert!(malformed(&upstream_around(&lie.0)), "{index}");
    }
    let twice = packed().u64(2).account("work").u32(0).account("work").active("t", 1, 0);
    let verdict = Snapshot::decode(&upstream_around(&twice.0));
    assert_eq!(verdict, Err(DumpError::DuplicateAccount("work".into())));
}
