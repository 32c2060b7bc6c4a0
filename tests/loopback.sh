# shellcheck shell=sh
# What demonstration.sh and by_hand.sh share: an authorization server on loopback, and a daemon with one account there.
# Everything is below $scratch; it stops and goes when the script ends.
set -eu

: "${release:?is the directory of the executables}"

say() { printf '%s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

daemon_pid='' server_pid='' scratch=''

clean_up() {
    trap '' INT TERM HUP
    for pid in $daemon_pid $server_pid; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
}

# A socket of its own: a daemon that is in use here is neither found nor disturbed.
make_scratch() {
    directory=${TMPDIR:-/tmp}
    # A path below a longer one may be too long for a socket.
    [ "${#directory}" -le 60 ] || directory=/tmp
    scratch=$(mktemp -d "$directory/pizauth-try.XXXXXX")
    PIZAUTH_SOCKET=$scratch/pizauth.sock
    export PIZAUTH_SOCKET
    unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
}

# start_server SECONDS: the lifetime of its access tokens. Sets $issuer.
start_server() {
    "$release/pizauth-test-server" --lifetime "$1" --rotate >"$scratch/server.log" &
    server_pid=$!
    until issuer=$(sed -n 's/^issuer //p' "$scratch/server.log") && [ -n "$issuer" ]; do
        kill -0 "$server_pid" 2>/dev/null || die 'the test server did not start'
        sleep 1
    done
}

# start_daemon OPTION...
start_daemon() {
    cat >"$scratch/pizauth.conf" <<END_OF_CONF
https_listen = none;
account "work" {
    auth_uri = "$issuer/authorize";
    token_uri = "$issuer/token";
    client_id = "demonstration";
    scopes = ["imap", "smtp"];
}
END_OF_CONF
    mkfifo "$scratch/ready.fifo"
    "$release/pizauthd" "$@" -c "$scratch/pizauth.conf" --ready-fd 3 3>"$scratch/ready.fifo" &
    daemon_pid=$!
    read -r _ <"$scratch/ready.fifo" || die 'pizauthd did not start'
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
