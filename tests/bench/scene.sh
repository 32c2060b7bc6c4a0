#!/bin/sh
# For run.sh: an authorization server of our own on loopback, and agents that have signed in to it.

scene_pids='' server_pid='' issuer='' agent_options=''

end_scene() {
    # It may be held up.
    [ -z "$server_pid" ] || kill -s CONT "$server_pid" 2>/dev/null || :
    for pid in $scene_pids; do
        kill "$pid" 2>/dev/null || :
        wait "$pid" 2>/dev/null || :
    done
    scene_pids=''
}

# wait_until WHAT COMMAND...: a minute at most.
wait_until() {
    what=$1 tries=0
    shift
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -le 600 ] || { echo "bench: not within a minute: $what" >&2 && return 1; }
        sleep 0.1
    done
}

# load KIND...: see load/main.rs.
load() { "$RELEASE/examples/load" "$@"; }

# Where the system places programs decides more than they do: a processor that sleeps takes its time to wake up. Where that
# cannot be chosen, the names are empty and programs are placed anywhere.
ALL_PROCESSORS=$(taskset -cp $$ 2>/dev/null | sed 's/.*: //') || ALL_PROCESSORS=''
export FIRST_PROCESSOR="${ALL_PROCESSORS%%[-,]*}" LAST_PROCESSOR="${ALL_PROCESSORS##*[-,]}"
# place PROCESSORS NAME...: agents, or processes.
place() {
    processors=$1
    shift
    [ -n "$processors" ] || return 0
    for program; do
        case $program in *[!0-9]*) program=$(cat "$SCRATCH/$program/pid") ;; esac
        taskset -acp "$processors" "$program" >/dev/null
    done
}
# load_on PROCESSORS KIND...: as load.
load_on() {
    processors=$1
    shift
    ${processors:+taskset -c "$processors"} "$RELEASE/examples/load" "$@"
}

# The server, once. It takes its time for a refresh, so that several are under way together.
begin_scene() {
    [ -z "$issuer" ] || return 0
    "$RELEASE/pizauth-test-server" --pause 5 >"$SCRATCH/server.log" &
    server_pid=$!
    scene_pids="$scene_pids $server_pid"
    wait_until 'the test server starts' grep -qs '^issuer ' "$SCRATCH/server.log"
    issuer=$(sed -n 's/^issuer //p' "$SCRATCH/server.log")
}

# configuration COUNT: accounts a1, a2, …
configuration() {
    awk -v count="$1" -v issuer="$issuer" 'BEGIN {
        print "https_listen = none;"
        for (i = 1; i <= count; i++)
            printf "account \"a%d\" { auth_uri = \"%s/authorize\"; token_uri = \"%s/token\"; client_id = \"bench\"; scopes = [\"imap\"]; }\n", i, issuer, issuer
    }'
}

# named_pizauth NAME FILE: a name for it by which it knows its commands, whatever the file is called.
named_pizauth() {
    mkdir "$SCRATCH/$1/bin"
    ln -s "$(readlink -f "$2")" "$SCRATCH/$1/bin/pizauth"
    echo "$SCRATCH/$1/bin/pizauth"
}

# start_agent NAME COUNT [PIZAUTH]: PIZAUTH, ours or a peer with the same command line, holds tokens of COUNT accounts.
# $SCRATCH/NAME is the XDG_RUNTIME_DIR of its commands; its configuration begins with $agent_options. One that runs
# already goes on.
start_agent() {
    [ ! -e "$SCRATCH/$1" ] || return 0
    begin_scene
    mkdir -m 700 "$SCRATCH/$1" "$SCRATCH/$1/pizauth"
    { printf '%s\n' "$agent_options" && configuration "$2"; } >"$SCRATCH/$1/pizauth.conf"
    program=$RELEASE/pizauthd
    if [ -n "${3:-}" ]; then program=$(named_pizauth "$1" "$3"); fi
    # PIZAUTH_SOCKET: ours does not care then whether the user of this machine has a daemon as well.
    HOME=$SCRATCH/$1 XDG_RUNTIME_DIR=$SCRATCH/$1 PIZAUTH_SOCKET=$(socket_of "$1") \
        "$program" ${3:+server} -d -c "$SCRATCH/$1/pizauth.conf" 2>"$SCRATCH/$1/log" &
    echo $! >"$SCRATCH/$1/pid"
    scene_pids="$scene_pids $!"
    if [ -n "${3:-}" ]; then
        sign_in_by_command "$1" "$2" "$program"
    else
        wait_until "the daemon $1 starts" test -S "$(socket_of "$1")"
        load show --rounds 20 "$(socket_of "$1")" >/dev/null
        proc "$1" VmRSS >"$SCRATCH/$1/memory-at-start"
        load sign-in "$2" "$(socket_of "$1")" >/dev/null
    fi
}

# As a user would, for a peer whose socket we do not know.
sign_in_by_command() {
    for number in $(seq "$2"); do wait_until "$3 gets a token" approve_once "$1" "a$number" "$3"; done
}

# Approves when there is a URL. True once there is a token.
approve_once() {
    if XDG_RUNTIME_DIR=$SCRATCH/$1 "$3" show "$2" >/dev/null 2>"$SCRATCH/said"; then return 0; fi
    url=$(sed -n 's/.* with URL //p' "$SCRATCH/said")
    [ -z "$url" ] || "$RELEASE/pizauth-test-server" --approve "$url" >/dev/null 2>&1 || :
    return 1
}

socket_of() { echo "$SCRATCH/$1/pizauth/pizauth.sock"; }
pid_of() { cat "$SCRATCH/$1/pid"; }

# refreshed COUNT: whether the server has answered so many refreshes.
refreshed() { [ "$(grep -c 'token refreshed status=200' "$SCRATCH/server.log")" -ge "$1" ]; }

# refresh_all NAME COUNT: all accounts at once; returns when all are refreshed.
refresh_all() {
    begun=$(grep -c 'token refreshed status=200' "$SCRATCH/server.log" || :)
    load refresh "$2" "$(socket_of "$1")" >/dev/null
    wait_until "$1 refreshes $2 accounts" refreshed $((begun + $2))
}

# proc NAME FIELD: a figure of an agent from Linux's /proc/PID/status; sizes in KiB.
proc() { sed -n "s/^$2:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$(pid_of "$1")/status"; }

# descriptors NAME: how many an agent has open.
descriptors() {
    set -- "/proc/$(pid_of "$1")/fd/"*
    echo $#
}

# How often the threads of an agent have been given a processor so far.
wake_ups() { cat /proc/"$(pid_of "$1")"/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'; }
