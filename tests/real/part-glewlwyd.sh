# shellcheck shell=bash disable=SC2154
# glewlwyd, as Debian has it: PKCE, refresh tokens that are good once, iss (RFC 9207), revocation (RFC 7009), the device
# grant (RFC 8628), a client that shows its secret as HTTP Basic only, and one that signs (RFC 7523), which both sign in by
# themselves, too; a redirect URI with an exact port.
# needs: glewlwyd:glewlwyd sqlite3:sqlite3
# debconf: glewlwyd glewlwyd/config_type select No configuration

server_port=$(free_port)
issuer=http://127.0.0.1:$server_port/api/oidc
sqlite3 glewlwyd.db </usr/share/dbconfig-common/data/glewlwyd/install/sqlite3
sed -e "s,^port=.*,port=$server_port\nbind_address=\"127.0.0.1\"," \
    -e "s,external_url=.*,external_url=\"http://127.0.0.1:$server_port\"," \
    -e 's,cookie_secure=.*,cookie_secure=0,' -e 's,cookie_domain=.*,cookie_domain="127.0.0.1",' \
    -e 's,log_mode=.*,log_mode="console",' \
    -e '/^database *=/,/^}/d' -e '/^@include/d' /etc/glewlwyd/glewlwyd.conf >glewlwyd.conf
echo "database = { type = \"sqlite3\" path = \"$PWD/glewlwyd.db\" };" >>glewlwyd.conf
in_background glewlwyd glewlwyd --config-file="$PWD/glewlwyd.conf"
wait_until ask "http://127.0.0.1:$server_port/config"
redirect_port=$(free_port)
glewlwyd() { /usr/bin/python3 "$here/glewlwyd.py" "$issuer" "$@"; }
for key in key another; do openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $key.pem 2>openssl.log; done
openssl pkey -in key.pem -pubout -out public.pem
glewlwyd set-up "$redirect_port" public.pem

# shellcheck disable=SC2034 # for server.sh
auth_uri=$issuer/auth token_uri=$issuer/token revocation_uri=$issuer/revoke
# shellcheck disable=SC2034 # likewise
introspection_uri=$issuer/introspect introspector=basic:s3cr-et
approve() { ask "$(glewlwyd approve "$1")"; }
type_code() { glewlwyd device "$2" >typed; }
end_sessions() { glewlwyd end; }
# Its access tokens live on: what it revokes is the refresh token.
has_ended_there() { [ "$(glewlwyd living)" = 0 ]; }

{
    echo "https_listen = none; http_listen = \"127.0.0.1:$redirect_port\";"
    server_account basic basic 'client_secret = "s3cr-et";' 'client_auth = "basic";' "issuer = \"$issuer\";"
    server_account application basic 'grant = "client_credentials";' 'client_secret = "s3cr-et";' 'client_auth = "basic";'
    server_account signs signs 'client_key_file = "~/key.pem";' "issuer = \"$issuer\";"
    server_account application-signs signs 'grant = "client_credentials";' 'client_key_file = "~/key.pem";'
    server_account another signs 'client_key_file = "~/another.pem";'
    server_account wrong basic 'client_secret = "s3cr-et";'
    issuer_account discovered basic '"imap", "smtp"' 'client_secret = "s3cr-et";' 'client_auth = "basic";'
    server_account device public 'grant = "device_code";' "device_auth_uri = \"$issuer/device_authorization\";"
} >config/pizauth.conf
chmod 600 config/pizauth.conf
start_daemon
try_application application
try_account basic
try_account discovered
check 'it says of itself where its endpoints are' asked_once
check_refused 'a secret in the body of a client that shows it as Basic' signs_in wrong
check 'is explained' grep -qi 'client_auth' wrong.html
# It tells nobody but a client itself what its tokens are good for, and at its revocation endpoint a signature has to name
# that one.
check 'one that signs has a token by itself' pizauth-show --wait 30s application-signs
check 'and has it renewed' refreshes application-signs
check 'and its user signs in' signs_in signs
check 'and refreshes' refreshes signs
check_refused 'another key than the registered one' signs_in another
try_device device
