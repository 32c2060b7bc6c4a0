//! Microsoft's authorization servers, as far as more than one option depends on them.

/// The hosts, at each of which the tenant is a part of the path.
pub(super) const HOSTS: &[&str] =
    &["login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"];

/// Tenants that stand for many and are no organization: their metadata names a template in place of an issuer.
pub(super) const SHARED_TENANTS: [&str; 3] = ["common", "organizations", "consumers"];
