#!/bin/sh
# Proves that the simulation of the keeper can fail: applies each one-line patch of this folder to a copy of the
# tree and expects the simulation to turn red. Prints `N passed, N failed`; a mutant that survives is a failure.
#
#   tests/mutants/run.sh [NAME …]      all of them, or those named (without .patch)
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$top/target}
export CARGO_TARGET_DIR RUST_BACKTRACE=0
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' HUP INT TERM

(cd "$top" && git ls-files -z --cached --others --exclude-standard | tar --null -T - -cf -) | tar -C "$copy" -xf -
cd "$copy"

build() { cargo test --quiet --package pizauth-core --lib --no-run >"$copy/build.log" 2>&1; }
simulate() { timeout 300 cargo test --quiet --package pizauth-core --lib simulation >"$copy/run.log" 2>&1; }

if ! build || ! simulate; then
    echo "the simulation fails without a mutant:" >&2
    tail -n 20 "$copy/build.log" "$copy/run.log" >&2
    exit 1
fi

[ $# -gt 0 ] || set -- "$top"/tests/mutants/*.patch
passed=0
failed=0
for mutant; do
    name=$(basename "$mutant" .patch)
    # Without fuzz: where the code around it has changed, somebody is to look whether it still breaks what it did.
    if ! patch -p1 --quiet --fuzz=0 <"tests/mutants/$name.patch"; then
        echo "$name: does not apply"
        failed=$((failed + 1))
        continue
    fi
    if ! build; then
        verdict="does not compile"
    elif simulate; then
        verdict="survives"
    elif grep -q 'panicked at' "$copy/run.log"; then
        verdict="turns the simulation red"
    else
        verdict="ends the simulation without a verdict"
    fi
    case $verdict in
        turns*) passed=$((passed + 1)) ;;
        *) failed=$((failed + 1)) ;;
    esac
    echo "$name: $verdict: $(grep -m 1 -A 1 'panicked at' "$copy/run.log" | tail -n 1 | cut -c 1-100)"
    patch -p1 --quiet --reverse <"tests/mutants/$name.patch"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
