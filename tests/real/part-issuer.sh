# shellcheck shell=bash disable=SC2154
# pizauth setup --issuer: what oidc-provider (OpenID Connect Discovery) and Authlib (RFC 8414) say of themselves, a client
# that each of them registers (RFC 7591), and the sign-in with it.
# needs: /usr/lib/python3/dist-packages/pip:python3-pip
# pip: authlib==1.9.10 flask==3.1.3

stop_daemon() { pizauth shutdown; }
at_end+=(stop_daemon)
configuration=config/pizauth.conf

# set_up ACCOUNT [OPTION]...: at a terminal, with a browser that goes through the server's pages; see terminal.py.
set_up() {
    /usr/bin/python3 "$here/terminal.py" -- \
        pizauth setup --yes --issuer "$issuer" --name "$1" "${@:2}" alice@example.org
}

# set_up_alone ACCOUNT [OPTION]...: without anybody to ask; what is said is in said.log.
set_up_alone() {
    pizauth setup --yes --issuer "$issuer" --name "$1" "${@:2}" alice@example.org </dev/null >said.log 2>&1
}

# account_text NAME: of the configuration.
account_text() { sed -n "/^account \"$1\" {/,/^}/p" "$configuration"; }
has_line() { account_text "$1" | grep -qF -- "$2"; }

start_provider
cat >browser.sh <<END
#!/bin/sh
exec /usr/bin/python3 "$here/login.py" "\$1" >"$scene/page.html" 2>&1
END
chmod 755 browser.sh
export BROWSER=$scene/browser.sh
pizauthd --discover "$issuer" >metadata.json
check 'oidc-provider says what it offers' grep -qF "\"registration_endpoint\": \"$issuer/reg\"" metadata.json
check 'oidc-provider: set up from its issuer' set_up certified --scopes 'openid offline_access imap smtp'
check 'with a client that it has registered' has_line certified 'redirect_uri = "http://127.0.0.1/";'
check 'its endpoints are written' has_line certified "device_auth_uri = \"$issuer/device/auth\";"
check 'and its issuer' has_line certified "issuer = \"$issuer\";"
check 'no secret is' sh -c "! grep -q client_secret $configuration"
check 'there is an access token' pizauth-show certified
client=$(account_text certified | sed -n 's/.*client_id = "\(.*\)";/\1/p')
check 'which the provider has given to that client' token_requests "$client" authorization_code '"status":200'
check 'and it is refreshed' pizauth-refresh --wait 30s certified
pizauth-revoke certified
check 'the client may use the device grant, too' /usr/bin/python3 "$here/terminal.py" -- \
    pizauth login --device certified
check 'there is an access token by it' pizauth-show certified
check_refused 'a scope that nobody knows is refused' set_up_alone never --scopes 'openid unheard-of'
check 'in the words of the provider' grep -q 'refuses to register the client: invalid_client_metadata: scope' said.log

# as_printed PAGE NUMBER [PATTERN ANSWER]...: the example of the manual, at a terminal.
as_printed() {
    local typed
    typed=$(example "$1" EXAMPLES "$2" | sed "s|https://auth.example.org|$issuer|")
    at_terminal "${@:3}" -- bash -c "$typed"
}
check 'oidc-provider: set up as the manual says' as_printed pizauth-setup.1 3 \
    'Name of the account' printed 'copes' 'openid offline_access' \
    'Register one' '' 'Add this' '' 'Sign in now' ''
check 'and signed in' pizauth-show printed
check 'the same, led from an address' as_printed pizauth.1 1 'Number of the provider' 11 'Name of the account' led \
    'Its issuer' "$issuer" 'copes' 'openid offline_access' 'Register one' '' 'Add this' '' 'Sign in now' ''
check 'which is signed in, too' pizauth-show led

start_python_server authlib_server
cat >browser.sh <<END
#!/bin/sh
exec curl --silent --location --noproxy '*' --max-time 20 "\$1" >"$scene/page.html" 2>&1
END
check 'Authlib: set up from its issuer' set_up authlib --scopes 'imap smtp'
check 'there is an access token of it' pizauth-show authlib
check 'which is refreshed' pizauth-refresh --wait 30s authlib
ask "$issuer/control" --data '{"secret": true}' >/dev/null
check 'Authlib: a client that is given a secret' set_up secret --scopes 'imap smtp'
check 'which is written' has_line secret 'client_secret = "'
check 'and used' pizauth-refresh --wait 30s secret
check 'the first account is as it was' pizauth-show certified
ask "$issuer/control" --data '{"closed": true}' >/dev/null
before=$(cat "$configuration")
check_refused 'Authlib: one that registers nobody' set_up_alone closed
check 'says so' grep -q 'register .*: access_denied' said.log
check 'and nothing is written' test "$before" = "$(cat "$configuration")"
