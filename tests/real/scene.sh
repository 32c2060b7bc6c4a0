#!/bin/bash
# scene.sh PART: runs one part in a home of its own, with the words that parts are written in; afterwards
# every process that it started is ended by its pid.
# needs: curl:curl ip:iproute2 node:nodejs npm:npm openssl:openssl ps:procps python3:python3
#
# From run.sh: PATH with our executables, CACHE (installed npm packages), RESULTS (a line for each check), EXAMPLES (one
# for each example of the manual that was tried).
set -euo pipefail
# pizauthd refuses directories that a group may write to, and so do others.
umask 022

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC2034 # for the parts
repository=$(cd "$here/../.." && pwd)
# Not in TMPDIR, below which a path may be too long for a socket.
scene=$(mktemp -d /tmp/pizauth-real.XXXXXX)
pids=()
at_end=() # functions to call when all of them have ended

clean_up() {
    local status=$?
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    for function in "${at_end[@]}"; do "$function" || :; done
    if [ "$status" != 0 ]; then tail -n 20 "$scene"/*.log 2>/dev/null || :; fi
    rm -rf "$scene"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export HOME=$scene XDG_CONFIG_HOME=$scene/config XDG_RUNTIME_DIR=$scene/run TMPDIR=$scene/tmp
export PYTHONDONTWRITEBYTECODE=1
mkdir -m 700 "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR" "$TMPDIR"
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY PIZAUTH_SOCKET
unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE REQUESTS_CA_BUNDLE GIT_SSL_CAINFO NODE_EXTRA_CA_CERTS
unset XDG_STATE_HOME XDG_DATA_HOME XDG_CACHE_HOME PERSIST_FILE AGE_IDENTITY
cd "$scene"

# pass TEXT, fail TEXT: one result.
pass() { echo "passed: $1" | tee -a "$RESULTS"; }
fail() { echo "failed: $1" | tee -a "$RESULTS"; }

# check TEXT COMMAND...: passes when the command does.
check() {
    local text=$1
    shift
    if "$@" >check.log 2>&1; then pass "$text"; else fail "$text" && cat check.log; fi
}

# check_refused TEXT COMMAND...: passes when the command fails.
check_refused() {
    local text=$1
    shift
    if "$@" >check.log 2>&1; then fail "$text" && cat check.log; else pass "$text"; fi
}

# is_fenced: as root, with mounts and processes that end with the scene (see run.sh).
is_fenced() {
    [ "$(id -u)" = 0 ] && [ -n "${PIZAUTH_REAL_FENCED-}" ] && return
    echo 'this is tried as root only, in a fence'
    return 1
}

# in_background NAME COMMAND...: its output goes to NAME.log.
in_background() {
    local name=$1
    shift
    "$@" >"$name.log" 2>&1 &
    pids+=($!)
}

# wait_for_lines COUNT PATTERN FILE [SECONDS]: until so many lines of the file match.
wait_for_lines() {
    local deadline=$((SECONDS + ${4:-60}))
    until [ "$(grep -cE "$2" "$3" 2>/dev/null || :)" -ge "$1" ] 2>/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# wait_until COMMAND...: until it succeeds, for a minute at most.
wait_until() {
    local deadline=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# free_port: of 127.0.0.1, for a peer that cannot choose one by itself.
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_test_server: the authorization server of our own tests, where the peer is another one; sets $issuer.
start_test_server() {
    in_background issuer pizauth-test-server --rotate
    wait_for_lines 1 '^issuer ' issuer.log
    # shellcheck disable=SC2034 # for the parts
    issuer=$(sed -n 's/^issuer //p' issuer.log)
}

# write_configuration [LINE]...: these lines, and the account work at $issuer.
write_configuration() {
    {
        printf '%s\n' 'https_listen = none;' "$@"
        cat <<END
account "work" {
    auth_uri = "$issuer/authorize";
    token_uri = "$issuer/token";
    client_id = "work";
    scopes = ["imap", "smtp"];
}
END
    } >"$XDG_CONFIG_HOME/pizauth.conf"
}

# authorization_url ACCOUNT: what pizauth-show says to open.
authorization_url() {
    { pizauth-show "$1" 2>&1 || :; } | sed -n 's/.*Access token unavailable until authorised with URL //p'
}

# sign_in: approves the authorization of work, as a browser would; prints its access token.
sign_in() {
    pizauth-test-server --approve "$(authorization_url work)" >page.html
    pizauth-show work
}

# start_daemon [COMMAND...]: pizauthd with the configuration in place, run by this command; its log is daemon.log.
daemon_options=(-vv)
start_daemon() {
    mkfifo ready
    # Opening a pipe waits for its other end: that must happen in the background.
    # shellcheck disable=SC2016 # expanded by the inner shell
    in_background daemon "$@" sh -c 'exec pizauthd -d --ready-fd 3 "$@" 3>ready' sh "${daemon_options[@]}"
    daemon_pid=${pids[-1]}
    read -r _ <ready
    rm ready
}

# kill_daemon: as a crash would.
kill_daemon() {
    kill -KILL "$daemon_pid"
    wait "$daemon_pid" 2>/dev/null || :
}

# at_terminal [PATTERN ANSWER]... -- COMMAND...: at a terminal of its own, where each answer is typed once its pattern is
# shown.
at_terminal() {
    local steps=()
    while [ "$1" != -- ]; do
        steps+=("$1" "echo '$2'")
        shift 2
    done
    /usr/bin/python3 "$here/terminal.py" "${steps[@]}" "$@" | tr -d '\r'
}

# example PAGE HEADING [NUMBER]: the literal text under a heading of a manual page, or the NUMBERth there. Who takes it
# tries it: run.sh counts them.
example() {
    printf '%s\t%s\t%s\n' "$1" "$2" "${3-1}" >>"$EXAMPLES"
    awk -v page="$1" -v heading="$2" -v number="${3-1}" -f "$here/examples.awk" "$repository/man/$1"
}

# shellcheck source=provider.sh
. "$here/provider.sh"
# shellcheck source=server.sh
. "$here/server.sh"
# shellcheck source=mail.sh
. "$here/mail.sh"
# shellcheck source=/dev/null
. "$1"
