#!/bin/sh
# Has cargo-mutants change pizauth-core, one expression at a time, and expects a test of the core to turn red. Fails
# on a survivor that survivors.txt does not name, and, after a whole run, on a name that survives no more and where
# more than 3 % survive. Skipped (77) where cargo-mutants is not installed (cargo install cargo-mutants --locked). With
# cargo-nextest one takes half the time, as its tests end where the first one fails.
#
#   tests/mutants/all.sh               all of them: some 2000, two hours of a machine that does nothing else
#   tests/mutants/all.sh --sample      a thirtieth, another one for each commit: a few minutes
#   tests/mutants/all.sh OPTION…       those that options of cargo-mutants choose: -f src/core/keeper/pace.rs
set -eu

if ! cargo mutants --version >/dev/null 2>&1; then
    echo "skipped: cargo-mutants is not installed (cargo install cargo-mutants --locked)"
    exit 77
fi

top=$(cd "$(dirname "$0")/../.." && pwd)
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$top/target}
PIZAUTH_SIMULATION_STEPS=${PIZAUTH_SIMULATION_STEPS:-10000}
export CARGO_TARGET_DIR PIZAUTH_SIMULATION_STEPS RUST_BACKTRACE=0
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' HUP INT TERM

whole=no
[ $# -gt 0 ] || whole=yes
if [ "${1-}" = --sample ]; then
    set -- --shard "$(($(git -C "$top" rev-list --count HEAD) % 30))/30" --sharding round-robin
fi
if cargo nextest --version >/dev/null 2>&1; then
    set -- --test-tool nextest --cargo-test-arg=--max-fail=1:immediate --cargo-test-arg=--test-threads=4 "$@"
fi

mkdir "$copy/tree"
(cd "$top" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -C "$copy/tree" -xf -
cd "$copy/tree"

# Its status is 2 where mutants survive and 3 where some hang; what they are is judged below.
status=0
cargo mutants --package pizauth-core --in-place --config tests/mutants/mutants.toml --output "$copy" --no-times --colors never "$@" || status=$?
case $status in
    0 | 2 | 3) ;;
    *) exit 1 ;;
esac

# Where in its file a mutant stands changes with every line above it.
cd "$copy/mutants.out"
sed -E 's/:[0-9]+:[0-9]+:/:/' missed.txt | LC_ALL=C sort >survived
grep -v -e '^#' -e '^$' "$top/tests/mutants/survivors.txt" | LC_ALL=C sort >named || :
LC_ALL=C comm -23 survived named | sed 's/^/survives and is not named: /' >complaints
if [ "$whole" = yes ]; then
    LC_ALL=C comm -13 survived named | sed 's/^/is named and survives no more: /' >>complaints
fi

count() { grep -c . "$1" || :; }
viable=$(cat caught.txt timeout.txt missed.txt | grep -c . || :)
echo "$viable viable: $(count caught.txt) caught, $(count timeout.txt) hang, $(count missed.txt) survive"
if [ "$whole" = yes ] && [ $(($(count missed.txt) * 100)) -gt $((viable * 3)) ]; then
    echo "more than 3 % survive" >>complaints
fi
cat complaints
[ ! -s complaints ]
