#!/bin/sh
# For run.sh: whether a daemon grows by what is done to it over and over; refreshes are in due.sh. What comes first
# brings it to what the strain takes.

strained=strained
start_agent $strained 20
command_of() { PIZAUTH_SOCKET=$(socket_of $strained) PATH=$RELEASE:$PATH "$@"; }
command_of pizauth-dump >"$SCRATCH/$strained/dump"
redirect=$(command_of pizauth info -j | sed -n 's/.*"http_port": *"\([0-9]*\)".*/\1/p')

# repeat COUNT COMMAND...
repeat() {
    left=$1
    shift
    while [ "$left" -gt 0 ]; do
        "$@"
        left=$((left - 1))
    done
}

restore() { command_of pizauth-restore <"$SCRATCH/$strained/dump"; }

# strain TIMES: each of it TIMES times the smallest number.
strain() {
    load show --rounds $((200 * $1)) "$(socket_of $strained)" >/dev/null
    load visit $((10 * $1)) "http://127.0.0.1:$redirect/?state=of-nobody&code=c" >/dev/null
    repeat $((60 * $1)) command_of pizauth reload
    repeat $((60 * $1)) restore
}

strain $((ROUNDS / 50))
memory=$(proc $strained VmRSS) threads=$(proc $strained Threads) open=$(descriptors $strained)
strain $((ROUNDS / 10))
row "$((20 * ROUNDS)) shows, $ROUNDS visits, $((6 * ROUNDS)) reloads and restores: memory, of that before" \
    "$(quotient "$(proc $strained VmRSS)" "$memory")" '' 1.1
row 'the same: threads more' "$(($(proc $strained Threads) - threads))" '' 0
row 'the same: descriptors more' "$(($(descriptors $strained) - open))" '' 0
