# shellcheck shell=bash disable=SC2154
# The words about authorization servers that the parts try one after the other; scene.sh reads this file. A part sets
# $issuer, $auth_uri, $token_uri, $revocation_uri and $introspection_uri, and says in functions of its own how their users
# agree (approve URL) and how it ends all sessions (end_sessions).

# start_python_server NAME: NAME.py of this folder, with the packages of pip; sets $issuer. Its log is NAME.log.
start_python_server() {
    in_background "$1" env PYTHONPATH="$CACHE/python" /usr/bin/python3 "$here/$1.py"
    wait_for_lines 1 '^issuer ' "$1.log"
    # shellcheck disable=SC2034 # for the parts
    issuer=$(sed -n 's/^issuer //p' "$1.log")
}

# server_account NAME CLIENT [FIELD]...: prints an account of the configuration.
server_account() {
    cat <<ACCOUNT
account "$1" {
    auth_uri = "$auth_uri";
    token_uri = "$token_uri";
    revocation_uri = "$revocation_uri";
    client_id = "$2";
    scopes = ["imap", "smtp"];
$(printf '    %s\n' "${@:3}")
}
ACCOUNT
}

# issuer_account NAME CLIENT SCOPES [FIELD]...: the same, of which the server is asked for the endpoints.
issuer_account() {
    cat <<ACCOUNT
account "$1" {
    issuer = "$issuer";
    client_id = "$2";
    scopes = [$3];
$(printf '    %s\n' "${@:4}")
}
ACCOUNT
}

# asked_once: of all accounts that ask the server for its endpoints, it was asked for one.
asked_once() { [ "$(grep -c 'event=discovered issuer=' daemon.log)" = 1 ]; }

# ask URL [OPTION]...: what curl gets there.
ask() { curl --silent --show-error --fail --location --noproxy '*' --max-time 20 "${@:2}" "$1"; }

# signs_in ACCOUNT: through the server's pages. Our page is ACCOUNT.html then.
signs_in() { approve "$(authorization_url "$1")" >"$1.html" && grep -qi "signed in: $1" "$1.html"; }

# refreshes ACCOUNT: there is another access token.
refreshes() {
    local before
    before=$(pizauth-show "$1") && pizauth-refresh --wait 30s "$1" && [ "$(pizauth-show "$1")" != "$before" ]
}

# is_alive TOKEN: the server says so to this resource server ($introspector, as NAME:SECRET).
is_alive() {
    ask "$introspection_uri" --user "$introspector" --data-urlencode "token=$1" | grep -q '"active": *true'
}

# is_revoked ACCOUNT: at the server, and then here.
is_revoked() { [ "$(pizauth-revoke --remote "$1")" = "$1: revoked at 127.0.0.1 and forgotten" ]; }

# has_ended_there TOKEN: so has the session that this access token is of. A part may know better.
has_ended_there() { ! is_alive "$1"; }

# try_account ACCOUNT: what every account goes through: sign-in, refresh, the end at the server, revocation.
try_account() {
    local token
    check "$1: signs in" signs_in "$1"
    token=$(pizauth-show "$1" || :)
    check "$1: the token is good at the server" is_alive "$token"
    check "$1: refreshes" refreshes "$1"
    check "$1: and once more, with what came by the first" refreshes "$1"
    end_sessions
    check_refused "$1: a refresh that the server refuses" pizauth-refresh --wait 5s "$1"
    check "$1: ends the session, or needs attention" sh -c "pizauth status | grep -E '^$1: +(empty|.*NEEDS ATTENTION|.*failed)'"
    pizauth-revoke "$1"
    check "$1: signs in again" signs_in "$1"
    token=$(pizauth-show "$1" || :)
    check "$1: is revoked at the server" is_revoked "$1"
    check "$1: whose session is over there" has_ended_there "$token"
    check_refused "$1: and forgotten here" pizauth-show "$1"
}

# try_application ACCOUNT: one that signs in by itself.
try_application() {
    local token
    check "$1: has an access token without anybody" pizauth-show --wait 30s "$1"
    token=$(pizauth-show "$1" || :)
    check "$1: the token is good at the server" is_alive "$token"
    check "$1: has it renewed" refreshes "$1"
    check "$1: forgets it" pizauth-revoke "$1"
    check "$1: and has another one at once" sh -c "pizauth-show $1; pizauth-show --wait 30s $1"
    check_refused "$1: leads nobody through a sign-in" pizauth login "$1"
}

# try_device ACCOUNT: types the code that pizauth-show tells (type_code URL CODE is the part's).
try_device() {
    wait_until sh -c "pizauth-show $1 2>&1 | grep -q 'and code'"
    local told
    told=$(pizauth-show "$1" 2>&1 || :)
    check "$1: gets a code" grep -q 'and code' <<<"$told"
    type_code "$(sed -E 's/.*with URL ([^ ]*) and code (.*)/\1/' <<<"$told")" "${told##* }"
    check "$1: is signed in on another device" pizauth-show --wait 30s "$1"
    check "$1: and refreshes" refreshes "$1"
}
