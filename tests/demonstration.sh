#!/bin/sh
# demonstration.sh DIRECTORY [yes]: the main job, with the real executables of DIRECTORY and an authorization
# server on loopback, as `./install.sh --try` shows it. With `yes` it approves the sign-in without a browser.
set -eu

release=$1 yes=${2:-no}
# shellcheck source=tests/loopback.sh
. "${0%/*}/loopback.sh"

# The URL in the words of pizauth-show.
pending_url() { sed -n 's/.*Access token unavailable until authorised with URL //p' "$scratch/said"; }

approve() {
    if ! "$release/pizauth-test-server" --approve "$1" >"$scratch/page.html"; then
        cat "$scratch/page.html" >&2
        die 'the approval failed'
    fi
    say '   (--yes: approved without a browser)'
}

# Asks pizauth-show until it has a token; sets $first.
wait_for_approval() {
    url='' waited=0
    until first=$("$release/pizauth-show" work 2>"$scratch/said"); do
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
        second=$("$release/pizauth-show" work 2>"$scratch/said") || second=$first
    done
}

# The line with an access token in the server's log, which may come a moment after the token.
confirm() {
    for attempt in 1 2 3 4 5; do
        if grep -F "access_token=$1" "$scratch/server.log" >"$scratch/line"; then
            sed 's/^/   /' "$scratch/line"
            return
        fi
        sleep "$attempt"
    done
    die "the server's log does not know the access token $1"
}

demonstrate() {
    make_scratch
    # The daemon refreshes at half of the lifetime.
    start_server 10
    say "1. an authorization server listens at $issuer (pid $server_pid)"
    start_daemon -d
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

demonstrate
clean_up
trap - EXIT
say 'done: everything has been stopped and removed. To install: ./install.sh'
