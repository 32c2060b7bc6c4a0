# shellcheck shell=bash disable=SC2154
# Authlib's authorization server: PKCE, rotating refresh tokens, iss (RFC 9207), revocation (RFC 7009), the device grant
# (RFC 8628), clients that take one way to show a secret only, that prove themselves by signing, that sign in by themselves,
# and that sign in whose name they ask (RFC 7523).
# needs: /usr/lib/python3/dist-packages/pip:python3-pip
# pip: authlib==1.9.10 flask==3.1.3

openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem 2>/dev/null
openssl pkey -in key.pem -pubout -out public.pem
start_python_server authlib_server
# shellcheck disable=SC2034 # for server.sh
auth_uri=$issuer/authorize token_uri=$issuer/token revocation_uri=$issuer/revocation
# shellcheck disable=SC2034 # likewise
introspection_uri=$issuer/introspection introspector=mail-server:mail-server-secret
approve() { ask "$1"; }
type_code() { ask "$1" >typed; }
end_sessions() { ask "$issuer/control" --data '{"end": true}' >/dev/null; }

{
    echo 'https_listen = none;'
    server_account public public "issuer = \"$issuer\";"
    server_account basic basic 'client_secret = "s3cr:et/+ %é";' 'client_auth = "basic";' "issuer = \"$issuer\";"
    server_account post post 'client_secret = "s3cret & more";'
    server_account wrong basic 'client_secret = "s3cr:et/+ %é";'
    server_account elsewhere public "issuer = \"$issuer/other\";"
    key='client_key_file = "~/key.pem";'
    server_account signs signs "$key"
    server_account application-basic basic 'grant = "client_credentials";' 'client_secret = "s3cr:et/+ %é";' 'client_auth = "basic";'
    server_account application-signs signs 'grant = "client_credentials";' "$key"
    server_account alice signs 'grant = "jwt_bearer";' 'subject = "alice@example.org";' "$key"
    server_account stranger signs 'grant = "jwt_bearer";' 'subject = "mallory@example.com";' "$key"
    server_account device public 'grant = "device_code";' "device_auth_uri = \"$issuer/device_authorization\";"
    issuer_account discovered public '"imap", "smtp"'
    issuer_account discovered-device public '"imap", "smtp"' 'grant = "device_code";'
} >config/pizauth.conf
chmod 600 config/pizauth.conf
start_daemon
# Before others end all sessions.
for account in application-basic application-signs alice; do try_application "$account"; done
alice=$(pizauth-show alice || :)
check "the token is that user's" sh -c "curl --silent --noproxy '*' --user $introspector --data token=$alice $introspection_uri | grep alice@example.org"
for account in public basic post signs discovered; do try_account "$account"; done

check_refused 'a secret in the body of a client that shows it as Basic' signs_in wrong
check 'is explained' grep -qi 'client_auth' wrong.html
check_refused 'an answer in the name of another issuer' signs_in elsewhere
check 'is not taken' grep -q 'the answer comes from' elsewhere.html
ask "$issuer/control" --data '{"deny": true}' >/dev/null
check_refused 'a user who does not agree' signs_in public
check 'is told so' grep -q access_denied public.html
ask "$issuer/control" --data '{"deny": false}' >/dev/null
try_device device
try_device discovered-device
check 'it says of itself where its endpoints are' asked_once

check_refused 'of a user who has not been given to the client there is none' pizauth-show --wait 5s stranger
check 'which needs attention' sh -c "pizauth status stranger | grep 'NEEDS ATTENTION'"
check 'what was signed is not in the log' sh -c '! grep -q eyJ daemon.log'
