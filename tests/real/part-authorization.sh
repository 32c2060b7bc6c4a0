# shellcheck shell=bash disable=SC2154
# Signing in at oidc-provider: PKCE, a client secret, an https redirect; and when it fails: no consent, a code that has
# expired, a wrong secret. Once it is Chromium that signs in; the screenshot stays in target/real.
# needs: chromium:chromium

https_port=$(free_port)
WEB_REDIRECT=https://localhost:$https_port/ start_provider

# configuration SECRET: with that client_secret for the account of mail-secret.
configuration() {
    cat <<'END'
error_notify_cmd = "printf '%s: %s\\n' \"$PIZAUTH_ACCOUNT\" \"$PIZAUTH_MSG\" >>errors";
END
    echo "https_listen = \"127.0.0.1:$https_port\";"
    provider_account plain mail
    provider_account browser mail
    provider_account denied mail
    provider_account stale mail
    provider_account secret mail-secret "client_secret = \"$1\";"
    provider_account basic mail-basic 'client_secret = "secret of mail-basic & more";' 'client_auth = "basic";'
    provider_account web mail-web 'client_secret = "secret of mail-web & more";' 'redirect_uri = "https://localhost/";'
}
configure() { configuration "$1" >config/pizauth.conf && chmod 600 config/pizauth.conf; }
configure 'secret of mail-secret & more'
start_daemon

# --- PKCE

earns() { [ "$(/usr/bin/python3 "$here/careless_client.py" "$issuer" "$1")" = "$2" ]; }
check 'the provider takes a client that does it right' earns none issued
check 'it refuses one without a code_challenge' earns no-challenge invalid_request
check 'and a wrong code_verifier' earns wrong-verifier invalid_grant
check 'and a code that comes twice' earns code-twice invalid_grant
check 'we sign in' log_in plain
check 'and have a token' pizauth-show plain

# log_in_by_browser ACCOUNT: what our page says is in ACCOUNT.text then.
log_in_by_browser() {
    cp "$here/browser_login.mjs" "$CACHE/"
    timeout 120 node "$CACHE/browser_login.mjs" "$(authorization_url "$1")" "$CACHE/oidc-provider.png" >"$1.text"
}
check 'Chromium signs in' log_in_by_browser browser
check 'and shows our page' grep -i 'signed in: browser' browser.text
check 'its token is there' pizauth-show browser

# --- a client secret

check 'we sign in with a client_secret' log_in secret
sent_in_body() { token_requests mail-secret "$1" '"status":200.*"secret":"in the body"' >/dev/null; }
check 'which the exchange carries in its body' sent_in_body authorization_code
check 'and the refresh, too' pizauth-refresh secret
check 'in its body' wait_until sent_in_body refresh_token

configure wrong
pizauth reload
before=$(pizauth-show secret)
check 'a wrong secret is refused' pizauth-refresh secret
check 'and needs attention' wait_for_lines 1 '^secret: .*invalid_client' errors
check 'the session is kept' test "$(pizauth-show secret)" = "$before"
check 'status says why' sh -c 'pizauth status | grep "^secret: .*invalid_client"'
configure 'secret of mail-secret & more'
pizauth reload
has_changed() { [ "$(pizauth-show "$1")" != "$2" ]; }
check 'the right one mends it without a new login' wait_until has_changed secret "$before"
check 'the provider knows of one login only' test "$(token_requests mail-secret authorization_code | wc -l)" = 1

check 'we sign in where HTTP Basic is the only way' log_in basic
sent_as_basic() { token_requests mail-basic "$1" '"status":200.*"secret":"as Basic"' >/dev/null; }
check 'which the exchange uses' sent_as_basic authorization_code
check 'and the refresh, too' pizauth-refresh basic
check 'as Basic' wait_until sent_as_basic refresh_token

# --- an https redirect, to a browser that takes no certificate but ours

certificate() { openssl s_client -connect "localhost:$https_port" </dev/null 2>/dev/null | openssl x509; }
fingerprint() { openssl x509 -in web.pem -noout -fingerprint -sha256 | sed 's/.*=//'; }
certificate >web.pem
check 'info names the fingerprint of our certificate' sh -c "pizauth info | grep -qiF $(fingerprint)"
check_refused 'a browser that does not know it stays away' log_in web
export SSL_CERT_FILE=$PWD/web.pem
check 'one that does is signed in by https' log_in web
unset SSL_CERT_FILE
check 'our page says so' grep -q 'signed in: web' web.html
check 'the token is there' pizauth-show web

# --- no consent, and a code that is too old

check 'a login is denied' log_in denied --deny
check_refused 'and nobody is signed in' grep -q 'signed in' denied.html
check 'the page says so' grep -q 'access_denied' denied.html
check 'error_notify_cmd says so' wait_for_lines 1 '^denied: .*access_denied' errors
check 'status says so' sh -c 'pizauth status | grep "^denied: .*access_denied"'
check_refused 'there is no token' pizauth-show denied
check 'the next login works' log_in denied

tell_provider '{"codeSeconds": 1}'
check 'a code expires on its way' log_in stale --late 3
check_refused 'and nobody is signed in' grep -q 'signed in' stale.html
check 'the page says so' grep -q 'invalid_grant' stale.html
check 'error_notify_cmd says so' wait_for_lines 1 '^stale: .*invalid_grant' errors
tell_provider '{"codeSeconds": 60}'
check 'the next login works' log_in stale

check_refused 'no secret, code or token is in the log' grep -qF -e 'secret of' -e "$(pizauth-show plain)" daemon.log
check 'shutdown works' pizauth shutdown
