#!/bin/sh
# For run.sh: what an idle daemon costs: how often it wakes, and its memory.

start_agent five 5
watched=five
if [ -n "$PEER" ]; then start_agent peer-five 5 "$PEER" && watched='five peer-five'; fi

# What signing in has left to do is done by then.
sleep 2
for agent in $watched; do wake_ups "$agent" >"$SCRATCH/$agent/wake-ups"; done
sleep "$WATCH_SECONDS"
# woken NAME: how often since.
woken() { echo $(($(wake_ups "$1") - $(cat "$SCRATCH/$1/wake-ups"))); }

row "idle, 5 accounts: wake-ups in $WATCH_SECONDS s" "$(woken five)" '' 0
row 'idle, 5 accounts: memory' "$(proc five VmRSS)" KiB $((6 * 1024))
if [ -n "$PEER" ]; then
    row "idle, 5 accounts: wake-ups of the peer in $WATCH_SECONDS s" "$(woken peer-five)" ''
    row 'idle, 5 accounts: memory of the peer' "$(proc peer-five VmRSS)" KiB
fi
start_agent idle-one 1
sleep 2
row 'idle, 1 account: memory' "$(proc idle-one VmRSS)" KiB $((6 * 1024))
