#!/bin/sh
# For run.sh: what a whole process costs, from its start to its end, against a Rust program that only prints a line.

cc -O2 -static -o "$SCRATCH/caller" tests/bench/caller.c 2>/dev/null || cc -O2 -o "$SCRATCH/caller" tests/bench/caller.c
rustc --edition 2024 -C opt-level=s -C lto=fat -C codegen-units=1 -C strip=symbols -o "$SCRATCH/hello" tests/bench/hello.rs

start_agent one 1
ours=XDG_RUNTIME_DIR=$SCRATCH/one
set -- "$SCRATCH/hello" -- /bin/true -- "$SCRATCH/caller" "$(socket_of one)" a1 \
    -- "$ours" "$RELEASE/pizauth-show" a1 -- "$ours" "$INSTALLED/pizauth-show" a1 -- "$ours" "$RELEASE/pizauth" show a1
if [ -n "$PEER" ]; then
    start_agent peer 1 "$PEER"
    set -- "$@" -- "XDG_RUNTIME_DIR=$SCRATCH/peer" "$PEER" show a1
fi
if oidc-token "${OIDC_ACCOUNT:-work}" >/dev/null 2>&1; then set -- "$@" -- oidc-token "${OIDC_ACCOUNT:-work}"; fi
alternate "$ROUNDS" "$@"

# of_hello NAME LINE [LIMIT]: against the program that prints a line. What decides are the shortest times: whatever
# else the machine does can only make them longer.
of_hello() {
    timed "process: $1" "$(median "$2")" us
    row "process: $1, of that program" "$(quotient "$(shortest "$2")" "$(shortest 1)")" '' "${3:-}"
}

timed 'process: Rust program that prints a line' "$(median 1)" us
of_hello /bin/true 2
of_hello 'C client, same round trip' 3
of_hello 'pizauth-show' 4 1.15
if cmp -s "$RELEASE/pizauth-show" "$INSTALLED/pizauth-show"; then
    of_hello 'pizauth-show, installed (not static)' 5 1.15
else
    of_hello 'pizauth-show, installed (static)' 5 0.85
fi
of_hello 'pizauth show' 6
line=7
if [ -n "$PEER" ]; then of_hello 'peer show' 7 && line=8; fi
if [ -n "$(median "$line")" ]; then of_hello 'oidc-token' "$line"; fi
