# shellcheck shell=bash disable=SC2154
# django-oauth-toolkit: PKCE, rotating refresh tokens of which none may come twice, revocation (RFC 7009), a secret as HTTP
# Basic and in the body, also of a client that signs in by itself; discovery (RFC 8414), which promises `iss` (RFC 9207);
# the device grant, of which discovery does not tell, and which fails with oauthlib 4. Its redirect URIs name 127.0.0.1,
# with any port.
# needs: /usr/lib/python3/dist-packages/pip:python3-pip
# pip: django-oauth-toolkit==3.4.0 django==5.2.19 oauthlib==3.3.1

start_python_server toolkit_server
# shellcheck disable=SC2034 # for server.sh
auth_uri=$issuer/authorize/ token_uri=$issuer/token/ revocation_uri=$issuer/revoke_token/
approve() { ask "$1"; }
end_sessions() { ask "$issuer/control" --data '{"end": true}' >/dev/null; }
# It has no page to show after an answer.
type_code() {
    ask "$issuer/device/" --no-location --data "user_code=$2"
    ask "$issuer/device-confirm/device/$2" --no-location --data action=accept
}
is_alive() { ask "$issuer/knows" --data-urlencode "token=$1"; }

{
    echo 'https_listen = none;'
    server_account public public 'redirect_uri = "http://127.0.0.1/";'
    server_account basic secret 'redirect_uri = "http://127.0.0.1/";' 'client_secret = "s3cr:et/+ %é";' 'client_auth = "basic";'
    server_account post secret 'redirect_uri = "http://127.0.0.1/";' 'client_secret = "s3cr:et/+ %é";'
    server_account application-basic machine 'grant = "client_credentials";' 'client_secret = "s3cr:et/+ %é";' 'client_auth = "basic";'
    server_account application-post machine 'grant = "client_credentials";' 'client_secret = "s3cr:et/+ %é";'
    issuer_account discovered public '"imap", "smtp"' 'redirect_uri = "http://127.0.0.1/";'
    server_account device device 'grant = "device_code";' "device_auth_uri = \"$issuer/device-authorization/\";"
} >config/pizauth.conf
chmod 600 config/pizauth.conf
start_daemon
for account in application-basic application-post; do try_application "$account"; done
for account in public basic post discovered; do try_account "$account"; done
check 'it says of itself where its endpoints are' asked_once
try_device device
