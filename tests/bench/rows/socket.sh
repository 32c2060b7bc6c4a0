#!/bin/sh
# For run.sh: crowds on the daemon's socket.

start_agent one 1
socket=$(socket_of one)

# The crowd is one process here.
# shellcheck disable=SC2046,SC3045 # every sh has it
if (ulimit -n 8192) 2>/dev/null; then
    set -- $(ulimit -n 8192 && load burst 5000 "$socket")
    timed '5,000 connections at once: all answered after' "$(quotient "$1" 1000)" ms 5000
    row '5,000 connections at once: errors' "$2" '' 0
    row '5,000 connections at once: memory of the daemon' "$(proc one VmHWM)" KiB $((48 * 1024))
else
    echo 'bench: skipped, since it needs 8,192 descriptors: 5,000 connections at once' >&2
fi

# shellcheck disable=SC2046
set -- $(load held 500 "$socket")
timed '500 idle, 500 dripping connections: show, p50' "$1" us
timed '500 idle, 500 dripping connections: show, p99' "$2" us 20000
row '500 idle, 500 dripping connections: errors' "$4" '' 0
row '500 idle, 500 dripping connections: not held' $((1000 - $5)) '' 0
