#!/bin/sh
# For run.sh: round trips on the daemon's socket, each on a connection of its own, in turn with a server in C that waits
# as the daemon does and does nothing else: what the system itself takes for that is nobody's to save.

cc -O2 -o "$SCRATCH/server" tests/bench/server.c
"$SCRATCH/server" "$SCRATCH/bare.sock" &
scene_pids="$scene_pids $!"
start_agent one 1
wait_until 'the server in C starts' test -S "$SCRATCH/bare.sock"

load show --rounds $((ROUNDS * 20)) "$(socket_of one)" "$SCRATCH/bare.sock" >"$SCRATCH/single"
load show --callers 64 --rounds $((ROUNDS * 100)) "$(socket_of one)" "$SCRATCH/bare.sock" >"$SCRATCH/crowd"
# figure FILE LINE COLUMN: p50, p99, round trips a second, errors; ours is the first line.
figure() { awk -v line="$2" -v column="$3" 'NR == line { print $column }' "$SCRATCH/$1"; }

timed 'show on the socket: one caller, p50' "$(figure single 1 1)" us 30
timed 'show on the socket: one caller, p50, of that server' "$(quotient "$(figure single 1 1)" "$(figure single 2 1)")" ''
timed 'show on the socket: one caller, p99' "$(figure single 1 2)" us 150
timed 'show on the socket: one caller, connections per second' "$(figure single 1 3)" ''
timed 'show on the socket: 64 callers, p50' "$(figure crowd 1 1)" us
timed 'show on the socket: 64 callers, p99' "$(figure crowd 1 2)" us 2000
timed 'show on the socket: 64 callers, connections per second' "$(figure crowd 1 3)" '' '60000 or more'
timed 'show on the socket: 64 callers, of that server' "$(quotient "$(figure crowd 2 3)" "$(figure crowd 1 3)")" ''
row 'show on the socket: errors' "$(($(figure single 1 4) + $(figure crowd 1 4)))" '' 0

# Of another build of ours, in turn.
if [ -n "${PIZAUTH_BEFORE:-}" ]; then
    start_agent before 1 "$PIZAUTH_BEFORE"
    load show --rounds $((ROUNDS * 100)) "$(socket_of one)" "$(socket_of before)" >"$SCRATCH/before-after"
    row 'show on the socket: one caller, p50, of the build before' \
        "$(quotient "$(figure before-after 1 1)" "$(figure before-after 2 1)")" '' 1.03
fi
