#!/bin/sh
# shellcheck disable=SC2154 # scene.sh sets server_pid
# For run.sh: callers that wait for one refresh, while the server is held up.

start_agent waiting 1
socket=$(socket_of waiting)

# The test server writes what it has answered: refreshes so far.
refreshes() { grep -c 'token refreshed status=200' "$SCRATCH/server.log" || :; }
hold() { kill -s STOP "$server_pid" && load refresh 1 "$socket" >/dev/null; }
# gather: 1,000 callers wait, by the process $crowd.
gather() {
    load wait 1000 "$socket" >"$SCRATCH/crowd-waits" &
    crowd=$!
    scene_pids="$scene_pids $crowd"
    wait_until '1,000 callers wait' grep -q waiting "$SCRATCH/crowd-waits"
}
descriptors_are() { [ "$(descriptors waiting)" -le "$1" ]; }

# The crowd is one process here.
# shellcheck disable=SC3045 # every sh has it
if [ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 1100 ] || ulimit -n 4096 2>/dev/null; then
    begun=$(refreshes)
    hold
    threads=$(proc waiting Threads) memory=$(proc waiting VmRSS)
    gather
    row '1,000 callers wait: threads more' $(($(proc waiting Threads) - threads)) '' 0
    row '1,000 callers wait: memory of each' "$(quotient $(($(proc waiting VmRSS) - memory)) 1000)" KiB 4
    kill -s CONT "$server_pid"
    wait "$crowd"
    # shellcheck disable=SC2046
    set -- $(tail -n 1 "$SCRATCH/crowd-waits")
    row '1,000 callers wait: token requests' $(($(refreshes) - begun)) '' 1
    row '1,000 callers wait: errors' "$2" '' 0
    timed '1,000 callers wait: from the first answer to the last' "$(quotient "$1" 1000)" ms 50
    spread=$1
    # shellcheck disable=SC2046
    set -- $(load burst 1000 "$socket")
    row '1,000 callers wait: that, of 1,000 connections at once' "$(quotient "$spread" "$1")" '' 1

    # The first crowd has brought the memory to what a crowd takes.
    hold
    open=$(descriptors waiting) memory=$(proc waiting VmRSS)
    gather
    kill "$crowd"
    wait "$crowd" || :
    wait_until 'who waited and went is forgotten' descriptors_are "$open"
    row '1,000 callers that went: descriptors left' $(($(descriptors waiting) - open)) '' 0
    row '1,000 callers that went: memory, of that before' "$(quotient "$(proc waiting VmRSS)" "$memory")" '' 1.1
    kill -s CONT "$server_pid"
else
    echo 'bench: skipped, since it needs 1,100 descriptors: 1,000 callers wait' >&2
fi
