#!/bin/sh
# For run.sh: all accounts due for a refresh at once, and memory after many refreshes.

start_agent many "$MANY"
start_agent thousand 1000

: >"$SCRATCH/threads"
while proc thousand Threads >>"$SCRATCH/threads"; do sleep 0.05; done 2>/dev/null &
watcher=$!
scene_pids="$scene_pids $watcher"
refresh_all thousand 1000
kill "$watcher"
row '1,000 due at once: requests in flight' "$(sed -n 's/^token requests at the same time: //p' "$SCRATCH/server.log" | tail -n 1)" '' 8
row '1,000 due at once: threads' "$(sort -n "$SCRATCH/threads" | tail -n 1)" '' 32

# The first rounds bring the memory to what refreshing takes.
for round in 1 2; do refresh_all many "$MANY"; done
before=$(proc many VmRSS)
refresh_all many "$MANY"
row "after $((round * MANY + MANY)) refreshes: memory, of that after $((round * MANY))" \
    "$(quotient "$(proc many VmRSS)" "$before")" '' 1.1
