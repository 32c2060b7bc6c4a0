//! The RFCs' messages as types: authorization requests and redirects; requests for tokens and for a device's codes,
//! revocations, registrations and issuers' metadata, each with the judgement of its answer.
//!
//! Bytes in, verdicts out.

pub(crate) mod answer;
pub(crate) mod authorization_request;
pub mod client_auth;
pub mod client_secret;
#[cfg(test)]
mod device_golden;
pub mod device_poll;
pub mod device_request;
pub(crate) mod id_token;
pub(crate) mod issuer;
pub mod metadata;
#[cfg(test)]
mod metadata_golden;
pub mod outcome;
pub mod pasted;
pub(crate) mod provider_hints;
mod redaction;
pub mod redirect;
pub mod registration;
#[cfg(test)]
mod registration_golden;
pub mod revocation;
#[cfg(test)]
mod revocation_golden;
pub mod served;
#[cfg(test)]
mod testing;
pub(crate) mod token_answer;
pub mod token_request;
