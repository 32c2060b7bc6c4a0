#!/bin/sh
# Type-checks the code for systems that are not here: nothing is linked and nothing is run. Wants rustup's targets
# for them, and for OpenBSD, which has none, a nightly with rust-src; says which are left out for want of that, and ends
# with 77 where all are.
set -u
cd "$(dirname "$0")/.." || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# ring has C code, which a check of ours does not need: in place of cc and ar, one program that makes empty files.
cat >"$scratch/empty" <<'EOF'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        -E) exit 0 ;;
        -o) shift && : >"$1" ;;
        *.a) : >"$1" ;;
    esac
    shift
done
EOF
chmod +x "$scratch/empty"
export TARGET_CC="$scratch/empty" TARGET_AR="$scratch/empty" SDKROOT=/ RUSTFLAGS='-D warnings'

has_target() { rustup target list --installed 2>/dev/null | grep -qx "$1"; }
has_nightly_source() { rustup component list --installed --toolchain nightly 2>/dev/null | grep -qx rust-src; }

passed=0 failed=0
for target in x86_64-apple-darwin x86_64-unknown-freebsd x86_64-unknown-netbsd x86_64-unknown-openbsd; do
    if has_target $target; then
        cargo check --workspace --locked --target $target
    elif [ $target = x86_64-unknown-openbsd ] && has_nightly_source; then
        cargo +nightly check --workspace --locked --target $target -Zbuild-std
    else
        echo "left out: $target is not installed"
        continue
    fi 2>"$scratch/output" && passed=$((passed + 1)) && echo "passed: $target" && continue
    failed=$((failed + 1)) && cat "$scratch/output" && echo "failed: $target"
done
echo "$passed passed, $failed failed"
[ $((passed + failed)) -gt 0 ] || exit 77
[ "$failed" -eq 0 ]
