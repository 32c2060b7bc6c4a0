#!/bin/sh
# For run.sh: many accounts against a tenth as many and against one. What costs the same for each account is flat:
# ten times as many take at most ten times as long.

few=$((MANY / 10))
start_agent one 1
start_agent few "$few"
start_agent many "$MANY"
with_tokens=$(proc many VmRSS) few_with_tokens=$(proc few VmRSS)

for agent in few many; do
    at=XDG_RUNTIME_DIR=$SCRATCH/$agent
    env "$at" "$RELEASE/pizauth-dump" >"$SCRATCH/$agent/dump"
    mkdir -m 700 "$SCRATCH/$agent/fresh"
    fresh=PIZAUTH_SOCKET=$SCRATCH/$agent/fresh/pizauth.sock
    alternate $((ROUNDS / 50)) \
        "$at" "$RELEASE/pizauth" status -- "$at" "$RELEASE/pizauth-dump" -- "$at" "$RELEASE/pizauth" reload
    cp "$SCRATCH/times" "$SCRATCH/$agent/times"
    # One that starts, restores and stops, again and again.
    alternate $((ROUNDS / 100)) \
        "$fresh" "$RELEASE/pizauthd" -c "$SCRATCH/$agent/pizauth.conf" \
        -- "$fresh" sh -c "exec '$RELEASE/pizauth-restore' <'$SCRATCH/$agent/dump'" \
        -- "$fresh" "$RELEASE/pizauth" shutdown
    cat "$SCRATCH/times" >>"$SCRATCH/$agent/times"
done

# whole NAME LINE [GOAL]: a command with all accounts, in milliseconds, and what it costs for each. What decides are the
# shortest times: whatever else the machine does can only make them longer.
whole() {
    paste "$SCRATCH/many/times" "$SCRATCH/few/times" | sed -n "$2p" >"$SCRATCH/pair"
    timed "$MANY accounts: $1" "$(awk '{ printf "%.3f", $1 / 1000 }' "$SCRATCH/pair")" ms "${3:-}"
    row "$MANY accounts: $1, for each, of that with $few" "$(awk '{ printf "%.3f", $2 / $4 / 10 }' "$SCRATCH/pair")" '' 1.5
}
whole status 1 30
whole dump 2 10
whole reload 3
whole start 4 400
whole restore 5

load answers $((ROUNDS / 20)) "$(socket_of many)" >"$SCRATCH/answers"
while read -r what ratio; do
    timed "$MANY accounts: $what, of serde_json alone for as many bytes" "$ratio" '' 1.5
done <"$SCRATCH/answers"

place "$FIRST_PROCESSOR" one many
load_on "$FIRST_PROCESSOR" show --rounds $((ROUNDS * 20)) --account a1 "$(socket_of one)" "$(socket_of many)" >"$SCRATCH/shows"
place "$ALL_PROCESSORS" one many
# p50 LINE
p50() { sed -n "$1s/ .*//p" "$SCRATCH/shows"; }
timed "$MANY accounts: show of one, p50" "$(p50 2)" us
row "$MANY accounts: show of one, of that with 1" "$(quotient "$(p50 2)" "$(p50 1)")" '' 1.25
# Also with --short, where 16 MiB are out of reach.
row "$MANY accounts: memory for each with tokens, of those beyond $few" \
    $(((with_tokens - few_with_tokens) * 1024 / (MANY - few))) B 1331
row "$MANY accounts: memory after the start" "$(cat "$SCRATCH/many/memory-at-start")" KiB $((16 * 1024))
row "$MANY accounts: memory with tokens" "$with_tokens" KiB $((16 * 1024))
row "$MANY accounts: memory after status, dump and reload" "$(proc many VmRSS)" KiB $((16 * 1024))
