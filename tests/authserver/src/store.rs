//! What the server has issued: codes, access tokens, refresh tokens, and which session each belongs to.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// One approval by the user; everything that came of it shares its fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SessionId(u64);

/// What the user approved.
#[derive(Clone, Debug)]
pub(crate) struct Approval {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) code_challenge: String,
    /// Whether a refresh token goes with it.
    pub(crate) offline: bool,
}

/// A code or token: what it is good for, until when, and whether it has been used up.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) session: SessionId,
    pub(crate) approval: Approval,
    pub(crate) expires: Option<Instant>,
    pub(crate) spent: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Store {
    random: RandomState,
    minted: u64,
    codes: HashMap<String, Grant>,
    access_tokens: HashMap<String, Grant>,
    refresh_tokens: HashMap<String, Grant>,
    /// The refresh token that each session has used last.
    used_last: HashMap<SessionId, String>,
    devices: HashMap<String, Device>,
    ended: HashSet<SessionId>,
    consented: HashSet<String>,
}

/// A device code and what has become of it.
#[derive(Debug)]
struct Device {
    grant: Grant,
    user_code: String,
    decided: Option<DeviceCode>,
    polled: Instant,
}

/// What a user has said of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceCode {
    Approved,
    Denied,
}

/// Why a poll brings no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polled {
    Unknown,
    Expired,
    Denied,
    Pending,
    TooSoon,
}

/// Why a code or refresh token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    Unknown,
    Expired,
    Spent(SessionId),
    Ended,
}

impl Store {
    /// Whether this client has been approved before; remembers that it has been now.
    pub(crate) fn consent(&mut self, client_id: &str) -> bool {
        !self.consented.insert(client_id.to_owned())
    }

    /// A new session, and the code for it.
    pub(crate) fn issue_code(&mut self, approval: Approval, lifetime: Duration) -> String {
        let session = SessionId(self.minted);
        let code = self.mint("code");
        let expires = Instant::now().checked_add(lifetime);
        self.codes.insert(code.clone(), Grant { session, approval, expires, spent: false });
        code
    }

    /// A new session of a client that signs in by itself.
    pub(crate) fn session_of_client(&mut self, approval: Approval) -> Grant {
        let session = SessionId(self.minted);
        Grant { session, approval, expires: None, spent: false }
    }

    /// A new device code and the user code for it.
    pub(crate) fn issue_device_code(&mut self, approval: Approval, lifetime: Duration) -> (String, String) {
        let session = SessionId(self.minted);
        let code = self.mint("dc");
        let user_code = format!("USER-{:04}", self.minted);
        let expires = Instant::now().checked_add(lifetime);
        let grant = Grant { session, approval, expires, spent: false };
        let device = Device { grant, user_code: user_code.clone(), decided: None, polled: Instant::now() };
        self.devices.insert(code.clone(), device);
        (code, user_code)
    }

    /// The user decides; `false` where there is no such code.
    pub(crate) fn decide_device_code(&mut self, user_code: &str, decision: DeviceCode) -> bool {
        let device = self.devices.values_mut().find(|device| device.user_code == user_code);
        device.map(|device| device.decided = Some(decision)).is_some()
    }

    /// The grant behind a device code whose user has approved; it is good once.
    pub(crate) fn poll_device_code(
        &mut self,
        code: &str,
        client_id: &str,
        interval: Duration,
    ) -> Result<Grant, Polled> {
        let device = self.devices.get_mut(code).ok_or(Polled::Unknown)?;
        let since_last = std::mem::replace(&mut device.polled, Instant::now()).elapsed();
        if device.grant.spent || device.grant.approval.client_id != client_id {
            Err(Polled::Unknown)
        } else if device.grant.expires.is_some_and(|expires| expires <= Instant::now()) {
            Err(Polled::Expired)
        } else if since_last < interval {
            Err(Polled::TooSoon)
        } else {
            match device.decided {
                None => Err(Polled::Pending),
                Some(DeviceCode::Denied) => Err(Polled::Denied),
                Some(DeviceCode::Approved) => {
                    device.grant.spent = true;
                    Ok(device.grant.clone())
                }
            }
        }
    }

    /// A new access token of the session that `grant` belongs to.
    pub(crate) fn issue_access_token(&mut self, grant: &Grant, lifetime: Duration) -> String {
        let token = self.mint("at");
        let expires = Instant::now().checked_add(lifetime);
        self.access_tokens.insert(token.clone(), Grant { expires, spent: false, ..grant.clone() });
        token
    }

    /// A new refresh token of that session.
    pub(crate) fn issue_refresh_token(&mut self, grant: &Grant) -> String {
        let token = self.mint("rt");
        self.refresh_tokens.insert(token.clone(), Grant { expires: None, spent: false, ..grant.clone() });
        token
    }

    /// The approval behind a code, which is good once.
    pub(crate) fn take_code(&mut self, code: &str) -> Result<Grant, Unusable> {
        let grant = usable(self.codes.get(code), &self.ended)?;
        self.spend(Kind::Code, code);
        Ok(grant)
    }

    /// The grant behind a refresh token; behind the one that was used last, too, where that is forgiven.
    pub(crate) fn refresh_grant(&self, token: &str, forgives_last: bool) -> Result<Grant, Unusable> {
        let grant = self.refresh_tokens.get(token);
        match usable(grant, &self.ended) {
            Err(Unusable::Spent(session))
                if forgives_last && self.used_last.get(&session).is_some_and(|last| last == token) =>
            {
                grant.cloned().ok_or(Unusable::Unknown)
            }
            found => found,
        }
    }

    /// A refresh token has been replaced.
    pub(crate) fn spend_refresh_token(&mut self, token: &str) {
        if let Some(grant) = self.refresh_tokens.get(token) {
            self.used_last.insert(grant.session, token.to_owned());
        }
        self.spend(Kind::RefreshToken, token);
    }

    /// The grant behind a live access token.
    pub(crate) fn access_grant(&self, token: &str) -> Option<Grant> {
        usable(self.access_tokens.get(token), &self.ended).ok()
    }

    /// Nothing of this session is good any more.
    pub(crate) fn end(&mut self, session: SessionId) {
        self.ended.insert(session);
    }

    /// Nothing of any session so far is good any more.
    pub(crate) fn end_all(&mut self) {
        self.ended.extend(self.codes.values().map(|grant| grant.session));
        self.ended.extend(self.devices.values().map(|device| device.grant.session));
    }

    fn spend(&mut self, kind: Kind, name: &str) {
        let grants = match kind {
            Kind::Code => &mut self.codes,
            Kind::RefreshToken => &mut self.refresh_tokens,
        };
        if let Some(grant) = grants.get_mut(name) {
            grant.spent = true;
        }
    }

    /// A value that nobody can guess, recognisable by its prefix.
    pub(crate) fn mint(&mut self, prefix: &str) -> String {
        self.minted += 1;
        let seed =
            [self.random.hash_one(self.minted), self.random.hash_one((self.minted, prefix)), self.minted];
        let bytes: Vec<u8> = seed.iter().flat_map(|part| part.to_ne_bytes()).collect();
        format!("{prefix}-{}", URL_SAFE_NO_PAD.encode(Sha256::digest(bytes)))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Code,
    RefreshToken,
}

fn usable(grant: Option<&Grant>, ended: &HashSet<SessionId>) -> Result<Grant, Unusable> {
    let grant = grant.ok_or(Unusable::Unknown)?;
    if ended.contains(&grant.session) {
        Err(Unusable::Ended)
    } else if grant.spent {
        Err(Unusable::Spent(grant.session))
    } else if grant.expires.is_some_and(|expires| expires <= Instant::now()) {
        Err(Unusable::Expired)
    } else {
        Ok(grant.clone())
    }
}
