//! The keeper's rules, one by one. Time is moved by hand and the world answers on command.

mod application;
mod authorization;
pub(super) mod bench;
mod client_secrets;
mod device;
mod discovery;
mod importing;
mod limits;
mod login;
mod outage;
mod places;
mod refresh;
mod reload;
mod report;
mod revocation;
mod saving;
mod suspect;
mod transfer;
mod waiters;
