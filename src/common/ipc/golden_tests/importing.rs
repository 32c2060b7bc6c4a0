//! The golden requests that bring refresh tokens along.

use crate::ipc::message::{Candidate, Import, Request};
use crate::secret::Secret;

pub(super) fn import_one() -> Request {
    let candidates = vec![Candidate::of(Secret::from("1//example"))];
    Request::Import(Import { account: "work".to_owned(), candidates, ..Import::default() })
}

pub(super) fn import_one_of_several() -> Request {
    let candidate = |client_id: &str, label: &str| Candidate {
        client_id: Some(client_id.to_owned()),
        label: Some(label.to_owned()),
        ..Candidate::of(Secret::from("0.AXexample"))
    };
    Request::Import(Import {
        account: "work".to_owned(),
        candidates: vec![
            candidate("14d82eec", "me@example.org"),
            Candidate { is_family: true, ..candidate("d3590ed6", "you@example.org") },
        ],
        pick: Some("me@".to_owned()),
        dry: true,
    })
}
