#!/bin/sh
# Runs every fuzz target on its corpus and onwards. Usage: tests/fuzz/run.sh [EXECUTIONS [TARGET…]]
# Needs a C++ compiler (libFuzzer is built from source) and stable Rust. What it finds new stays out of the
# checkout, in target/; an input that fails is written there too, and its path printed.
set -eu

executions=${1:-20000}
[ $# -eq 0 ] || shift
# A relative one is one from where this was started.
case ${CARGO_TARGET_DIR-} in '' | /*) ;; *) CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;; esac
cd "$(dirname "$0")"
build=${CARGO_TARGET_DIR:-$PWD/../../target/fuzz}
host=$(rustc -vV | sed -n 's/^host: //p')
# shellcheck disable=SC2046  # names of targets are single words
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' Cargo.toml)

# Naming the target keeps these flags away from build scripts, which are not linked with libFuzzer.
sancov=-Cllvm-args=-sanitizer-coverage
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module $sancov-level=4 $sancov-inline-8bit-counters \
$sancov-pc-table $sancov-trace-compares"
cargo build --release --target "$host" --target-dir "$build"

# What other tests have for a decoder is a good beginning too.
seeds() {
    case $1 in
        configuration) echo ../conf/ok ../conf/bad ;;
        metadata) echo ../answers/metadata ;;
        registration) echo ../answers/registration ;;
        token_answer) echo ../answers ../answers/revocation ;;
        import) echo ../import ;;
    esac
}

for target do
    found=$build/found/$target
    mkdir -p "$found"
    # shellcheck disable=SC2046  # names of folders are single words
    "$build/$host/release/$target" -runs="$executions" -max_len=65536 -timeout=10 -rss_limit_mb=512 \
        -artifact_prefix="$found/failed-" -print_final_stats=0 "$found" "corpus/$target" $(seeds "$target") ||
        { echo "run.sh: $target failed; its input is the newest failed-* in $found" >&2; exit 1; }
done
