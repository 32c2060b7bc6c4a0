# shellcheck shell=bash disable=SC2154
# What oidc-provider offers beside the code flow: the device grant (RFC 8628) and revocation (RFC 7009).

start_provider
# shellcheck disable=SC2034 # for server.sh
auth_uri=$issuer/auth token_uri=$issuer/token revocation_uri=$issuer/token/revocation
# shellcheck disable=SC2034 # likewise
introspection_uri=$issuer/token/introspection introspector=smtp-server:smtp-server-secret
type_code() { /usr/bin/python3 "$here/login.py" --device "$1"; }

# account NAME CLIENT [FIELD]...: with the revocation endpoint.
account() { provider_account "$1" "$2" "revocation_uri = \"$revocation_uri\";" "${@:3}"; }
{
    echo 'https_listen = none;'
    account public mail
    account basic mail-basic 'client_secret = "secret of mail-basic & more";' 'client_auth = "basic";'
    account post mail-secret 'client_secret = "secret of mail-secret & more";'
    account device mail 'grant = "device_code";' "device_auth_uri = \"$issuer/device/auth\";"
} >config/pizauth.conf
chmod 600 config/pizauth.conf
start_daemon

for account in public basic post; do
    check "$account: signs in" log_in "$account"
    token=$(pizauth-show "$account" || :)
    check "$account: the token is good at the provider" is_alive "$token"
    check "$account: is revoked there" is_revoked "$account"
    check_refused "$account: the token is good there no more" is_alive "$token"
    check_refused "$account: and not shown here" pizauth-show "$account"
done
try_device device
check 'device: is revoked there' is_revoked device
