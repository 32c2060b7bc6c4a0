#!/bin/sh
# demonstration.sh DIRECTORY [yes]: the main job, with the real executables of DIRECTORY and an authorization
# server on loopback, as `./install.sh --try` shows it. With `yes` it approves the sign-in without a browser.
set -eu

release=$1 yes=${2:-no}

say() { printf '%s\n' "$*"; }

die() {
    printf 'demonstration: %s\n' "$*" >&2
    exit 1
}

daemon_pid='' server_pid='' try_dir=''

clean_up() {
    trap '' INT TERM HUP
    for pid in $daemon_pid $server_pid; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    if [ -n "$try_dir" ]; then rm -rf "$try_dir"; fi
}

start_server() {
    # A lifetime of 10 seconds: the daemon refreshes at half of it.
    "$release/pizauth-test-server" --lifetime 10 --rotate >"$try_dir/server.log" &
    server_pid=$!
    until issuer=$(sed -n 's/^issuer //p' "$try_dir/server.log") && [ -n "$issuer" ]; do
        kill -0 "$server_pid" 2>/dev/null || die 'the test server did not start'
        sleep 1
    done
}

start_daemon() {
    cat >"$try_dir/pizauth.conf" <<END
https_listen = none;
account "work" {
    auth_uri = "$issuer/authorize";
    token_uri = "$issuer/token";
    client_id = "demonstration";
    scopes = ["imap", "smtp"];
}
END
    mkfifo "$try_dir/ready.fifo"
    "$release/pizauthd" -d -c "$try_dir/pizauth.conf" --ready-fd 3 3>"$try_dir/ready.fifo" &
    daemon_pid=$!
    read -r _ <"$try_dir/ready.fifo" || die 'pizauthd did not start'
}

# The URL in the words of pizauth-show.
pending_url() { sed -n 's/.*Access token unavailable until authorised with URL //p' "$try_dir/said"; }

approve() {
    if ! "$release/pizauth-test-server" --approve "$1" >"$try_dir/page.html"; then
        cat "$try_dir/page.html" >&2
        die 'the approval failed'
    fi
    say '   (--yes: approved without a browser)'
}

# Asks pizauth-show until it has a token; sets $first.
wait_for_approval() {
    url='' waited=0
    until first=$("$release/pizauth-show" work 2>"$try_dir/said"); do
        new_url=$(pending_url)
        if [ -n "$new_url" ] && [ "$new_url" != "$url" ]; then
            url=$new_url
            printf '\n   %s\n\n' "$url"
            if [ "$yes" = yes ]; then approve "$url" && continue; fi
            say '   Open this in a browser on this machine and press Approve (Ctrl-C gives up). Waiting:'
        fi
        if [ "$waited" -ge 900 ]; then die 'nobody approved within 15 minutes'; fi
        printf '.'
        sleep 1
        waited=$((waited + 1))
    done
}

# Asks pizauth-show until the token is another one than $first; sets $second.
wait_for_refresh() {
    second=$first waited=0
    while [ "$second" = "$first" ]; do
        if [ "$waited" -ge 60 ]; then die 'the token was not refreshed within a minute'; fi
        printf '.'
        sleep 1
        waited=$((waited + 1))
        second=$("$release/pizauth-show" work 2>"$try_dir/said") || second=$first
    done
}

# The line with an access token in the server's log, which may come a moment after the token.
confirm() {
    for attempt in 1 2 3 4 5; do
        if grep -F "access_token=$1" "$try_dir/server.log" >"$try_dir/line"; then
            sed 's/^/   /' "$try_dir/line"
            return
        fi
        sleep "$attempt"
    done
    die "the server's log does not know the access token $1"
}

demonstrate() {
    directory=${TMPDIR:-/tmp}
    # A path below a longer one may be too long for a socket.
    [ "${#directory}" -le 60 ] || directory=/tmp
    try_dir=$(mktemp -d "$directory/pizauth-try.XXXXXX")
    # A socket of its own: a daemon that is in use here is neither found nor disturbed.
    PIZAUTH_SOCKET=$try_dir/pizauth.sock
    export PIZAUTH_SOCKET
    unset http_proxy HTTP_PROXY all_proxy ALL_PROXY

    start_server
    say "1. an authorization server listens at $issuer (pid $server_pid)"
    start_daemon
    say "2. pizauthd runs with pid $daemon_pid"
    say "3. pizauth-show work has no token yet, and gives the URL to sign in:"
    wait_for_approval
    printf '\n4. signed in; pizauth-show work prints the access token:\n   %s\n' "$first"
    say '5. it expires in 10 seconds: waiting for the daemon to refresh it'
    wait_for_refresh
    printf '\n   refreshed; pizauth-show work prints another one:\n   %s\n' "$second"
    say '6. pizauth status:'
    "$release/pizauth" status | sed 's/^/   /'
    say "7. the authorization server's own log confirms both:"
    confirm "$first"
    confirm "$second"
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
demonstrate
clean_up
trap - EXIT
say 'done: everything has been stopped and removed. To install: ./install.sh'
