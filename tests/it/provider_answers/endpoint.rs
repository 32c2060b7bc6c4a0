//! Token endpoints, one for each case, that answer one grant with the case's bytes.

use std::collections::HashMap;
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use pizauth_test_server::sync::Watched;
use pizauth_test_server::wire::{Request, Response, read_request};
use serde_json::json;

use super::corpus::{Case, Grant};

/// The code that browsers come back with. Some answers of the corpus echo it.
pub(super) const CODE: &str = "the-sent-code";
/// What a good exchange gives. Some answers of the corpus echo the refresh token.
pub(super) const FIRST_ACCESS_TOKEN: &str = "first-access";
pub(super) const FIRST_REFRESH_TOKEN: &str = "the/sent/refresh";

pub(super) struct TokenEndpoint {
    port: u16,
    /// Every token request, by the case's name.
    requests: Arc<Watched<Vec<(String, Request)>>>,
}

impl TokenEndpoint {
    /// Serves until the process ends.
    pub(super) fn start(faulty: Grant, cases: &[Case]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let answers: HashMap<String, Vec<u8>> =
            cases.iter().map(|case| (case.name.clone(), case.answer.clone())).collect();
        let requests: Arc<Watched<Vec<(String, Request)>>> = Arc::default();
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, faulty, &answers, &seen);
            }
        });
        Self { port, requests }
    }

    pub(super) fn uri(&self, case: &str) -> String {
        format!("http://127.0.0.1:{}/{case}", self.port)
    }

    /// The refresh token in a refresh of this case, counted from 1.
    pub(super) fn sent(&self, case: &str, count: usize) -> Option<String> {
        self.of(case, "refresh_token").get(count - 1)?.form("refresh_token").map(str::to_owned)
    }

    /// How many exchanges of this case there were.
    pub(super) fn exchanges(&self, case: &str) -> usize {
        self.of(case, "authorization_code").len()
    }

    fn of(&self, case: &str, grant_type: &str) -> Vec<Request> {
        let requests = self.requests.lock();
        let of_case = requests.iter().filter(|(name, _)| name == case).map(|(_, request)| request);
        of_case.filter(|request| request.form("grant_type") == Some(grant_type)).cloned().collect()
    }
}

fn serve(
    mut stream: TcpStream,
    faulty: Grant,
    answers: &HashMap<String, Vec<u8>>,
    seen: &Watched<Vec<(String, Request)>>,
) {
    let Ok(Some(request)) = read_request(&stream) else { return };
    let case = request.path.trim_start_matches('/').to_owned();
    let is_faulty = match faulty {
        Grant::Exchange => request.form("grant_type") == Some("authorization_code"),
        Grant::Refresh => request.form("grant_type") == Some("refresh_token"),
    };
    let answer = if is_faulty { answers[&case].clone() } else { good_answer() };
    seen.change(|seen| seen.push((case, request)));
    // The daemon may have read all that it wants.
    let _ = stream.write_all(&answer);
}

fn good_answer() -> Vec<u8> {
    let tokens = json!({"access_token": FIRST_ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600,
        "scope": "mail.read offline_access", "refresh_token": FIRST_REFRESH_TOKEN});
    Response::json(200, &tokens).to_bytes()
}
