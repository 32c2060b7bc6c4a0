#!/bin/sh
# tests/bench/run.sh [OPTION]... [ROWS]...: measures what the budgets are about, all in one run on this machine, and
# prints one table. Stores nothing. Times are medians.
#
#   --json    as JSON
#   --short   with small numbers, within two minutes once everything is built
#   --builds  the time of a build as well, which takes minutes
#
# ROWS are names of files in rows/; all of them without. A row fails where a ratio, a count or a size is over its
# limit, never because of an absolute time; then the exit status is 1. Times have a goal in parentheses.
#
# Environment: PIZAUTH_PEER, another pizauth to be measured beside ours; PIZAUTH_BEFORE, the pizauth of an older build of
# ours, whose round trips are compared; OIDC_ACCOUNT (work), the account for which
# oidc-token is measured, if it is on PATH and its agent has one; CARGO_TARGET_DIR.
set -eu

bench=$(cd "$(dirname "$0")" && pwd)
cd "$bench/../.."

format=text families='sizes crates process callers socket waiting idle accounts due strain saved' chosen=''
# How often a pair is repeated, how many accounts are many, how long an idle daemon is watched.
ROUNDS=1000 MANY=10000 WATCH_SECONDS=60
for argument; do
    case $argument in
        --json) format=json ;;
        --short) ROUNDS=300 MANY=1000 WATCH_SECONDS=10 ;;
        --builds) families="$families builds" ;;
        -*) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$bench/run.sh" >&2 && exit 64 ;;
        *) chosen="$chosen $argument" ;;
    esac
done
PEER=${PIZAUTH_PEER:-}
# Not in TMPDIR, below which a path may be too long for a socket.
SCRATCH=$(mktemp -d /tmp/pizauth-bench.XXXXXX)
export ROUNDS MANY WATCH_SECONDS PEER SCRATCH
unset PIZAUTH_SOCKET http_proxy HTTP_PROXY all_proxy ALL_PROXY

. tests/bench/scene.sh
trap 'end_scene; rm -rf "$SCRATCH"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

cargo build --quiet --release --locked --bins -p pizauth -p pizauth-test-server
cargo build --quiet --release --locked --example load -p pizauth-test-server
RELEASE=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release
export RELEASE

# As a user gets them, with the small commands linked statically where that works.
DESTDIR=$SCRATCH/separate PREFIX=/usr ./install.sh --init none >/dev/null
INSTALLED=$SCRATCH/separate/usr/bin
export INSTALLED

# alternate COMMAND... -- COMMAND...: see alternate.c; its figures into $SCRATCH/times.
cc -O2 -o "$SCRATCH/alternate" tests/bench/alternate.c
alternate() { "$SCRATCH/alternate" "$@" >"$SCRATCH/times"; }
# median LINE, shortest LINE: of the times of a command.
median() { sed -n "$1s/ .*//p" "$SCRATCH/times"; }
shortest() { sed -n "$1s/.* //p" "$SCRATCH/times"; }
quotient() { echo "$1 $2" | awk '{ printf "%.3f", $1 / $2 }'; }

# row WHAT VALUE UNIT [LIMIT]: one line of the table; without a limit it is for information.
row() { printf '%s\t%s\t%s\t%s\t\n' "$1" "$2" "$3" "${4:-}" >>"$SCRATCH/rows"; }
# timed WHAT VALUE UNIT [GOAL]: what depends on the machine is never over a limit.
timed() { printf '%s\t%s\t%s\t\t%s\n' "$1" "$2" "$3" "${4:-}" >>"$SCRATCH/rows"; }

for family in ${chosen:-$families}; do
    echo "measuring: $family" >&2
    # shellcheck source=/dev/null
    . "tests/bench/rows/$family.sh"
done
end_scene

awk -F '\t' -v format="$format" -f tests/bench/table.awk "$SCRATCH/rows"
