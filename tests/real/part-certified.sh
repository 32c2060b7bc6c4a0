# shellcheck shell=bash disable=SC2154
# What oidc-provider offers beside the code flow: the device grant (RFC 8628), revocation (RFC 7009), clients that prove
# themselves by signing (RFC 7523), and that sign in by themselves (RFC 6749 §4.4).

mkdir keys public_keys
for algorithm in RS256 PS256 ES256; do
    kind=(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)
    [ $algorithm != ES256 ] || kind=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
    openssl genpkey "${kind[@]}" -out keys/$algorithm.pem 2>/dev/null
    openssl pkey -in keys/$algorithm.pem -pubout -out public_keys/$algorithm.pem
done
CLIENT_KEYS=$PWD/public_keys start_provider
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
    for algorithm in RS256 PS256 ES256; do
        key=("client_key_file = \"~/keys/$algorithm.pem\";" "client_key_alg = \"$algorithm\";")
        account "signs-$algorithm" "signs-$algorithm" "${key[@]}"
        account "application-$algorithm" "signs-$algorithm" 'grant = "client_credentials";' "${key[@]}"
    done
    account wrong signs-RS256 'client_key_file = "~/keys/PS256.pem";' 'client_key_alg = "RS256";'
    for method in post basic; do
        client=mail-${method/post/secret}
        account "application-$method" "$client" 'grant = "client_credentials";' "client_auth = \"$method\";" \
            "client_secret = \"secret of $client & more\";"
    done
    account device mail 'grant = "device_code";' "device_auth_uri = \"$issuer/device/auth\";"
    scopes='"openid", "offline_access", "imap"'
    consent='auth_uri_fields = { "prompt": "consent" };'
    issuer_account discovered mail "$scopes" "$consent"
    issuer_account discovered-secret mail-basic "$scopes" "$consent" 'client_auth = "basic";' \
        'client_secret = "secret of mail-basic & more";'
    issuer_account discovered-device mail "$scopes" "$consent" 'grant = "device_code";'
} >config/pizauth.conf
chmod 600 config/pizauth.conf
start_daemon

for account in public basic discovered discovered-secret post signs-RS256 signs-PS256 signs-ES256; do
    check "$account: signs in" log_in "$account"
    token=$(pizauth-show "$account" || :)
    check "$account: the token is good at the provider" is_alive "$token"
    check "$account: is revoked there" is_revoked "$account"
    check_refused "$account: the token is good there no more" is_alive "$token"
    check_refused "$account: and not shown here" pizauth-show "$account"
done
try_device device
check 'device: is revoked there' is_revoked device
try_device discovered-device
check 'it says of itself where its endpoints are' asked_once

for account in application-{post,basic,RS256,PS256,ES256}; do
    try_application "$account"
    check "$account: is revoked there" is_revoked "$account"
done
log_in wrong || :
check_refused 'signed by another key' pizauth-show wrong
check 'is explained' grep -q 'client_key_file' wrong.html
check 'what was signed is not in the log' sh -c '! grep -q eyJ daemon.log'
assertions() { sed -n 's/.*\(eyJ[^",]*\).*/\1/p' provider.log; }
check 'much has been signed' [ "$(assertions | wc -l)" -ge 10 ]
check 'and nothing twice' [ -z "$(assertions | sort | uniq -d)" ]
