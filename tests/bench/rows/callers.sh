#!/bin/sh
# For run.sh: round trips on the daemon's socket, each on a connection of its own, in turn with a server in C that waits
# as the daemon does and does nothing else: what the system itself takes for that is nobody's to save.

cc -O2 -o "$SCRATCH/server" tests/bench/server.c
"$SCRATCH/server" "$SCRATCH/bare.sock" &
bare=$!
scene_pids="$scene_pids $bare"
start_agent one 1
wait_until 'the server in C starts' test -S "$SCRATCH/bare.sock"

# compare FILE PROCESSORS OPTION...: ours, then that server; callers on these processors.
compare() {
    into=$SCRATCH/$1 where=$2
    shift 2
    load_on "$where" show "$@" "$(socket_of one)" "$SCRATCH/bare.sock" >"$into"
}
place "$FIRST_PROCESSOR" "$bare" one
compare same "$FIRST_PROCESSOR" --rounds $((ROUNDS * 20))
compare apart "$LAST_PROCESSOR" --rounds $((ROUNDS * 20))
place "$ALL_PROCESSORS" "$bare" one
compare crowd "$ALL_PROCESSORS" --callers 64 --rounds $((ROUNDS * 100))
# figure FILE LINE COLUMN: p50, p99, round trips a second, errors; ours is the first line.
figure() { awk -v line="$2" -v column="$3" 'NR == line { print $column }' "$SCRATCH/$1"; }

# alone FILE WHERE [GOAL-P50 GOAL-P99]
alone() {
    timed "show: one caller, $2, p50" "$(figure "$1" 1 1)" us "${3:-}"
    timed "show: one caller, $2, p50, of that server" "$(quotient "$(figure "$1" 1 1)" "$(figure "$1" 2 1)")" '' 1.15
    timed "show: one caller, $2, p99" "$(figure "$1" 1 2)" us "${4:-}"
    timed "show: one caller, $2, round trips per second" "$(figure "$1" 1 3)" ''
}

alone same 'same processor' 30 150
alone apart 'another processor'
timed 'show: 64 callers, p50' "$(figure crowd 1 1)" us
timed 'show: 64 callers, p99' "$(figure crowd 1 2)" us 2000
timed 'show: 64 callers, round trips per second' "$(figure crowd 1 3)" '' '60000 or more'
timed 'show: 64 callers, of that server' "$(quotient "$(figure crowd 1 3)" "$(figure crowd 2 3)")" '' '0.85 or more'
row 'show: errors' "$(($(figure same 1 4) + $(figure apart 1 4) + $(figure crowd 1 4)))" '' 0

# Of another build of ours, in turn.
if [ -n "${PIZAUTH_BEFORE:-}" ]; then
    start_agent before 1 "$PIZAUTH_BEFORE"
    load show --rounds $((ROUNDS * 100)) "$(socket_of one)" "$(socket_of before)" >"$SCRATCH/before-after"
    row 'show: one caller, p50, of the build before' \
        "$(quotient "$(figure before-after 1 1)" "$(figure before-after 2 1)")" '' 1.03
fi
