# shellcheck shell=bash disable=SC2154
# For scripts that look at something from outside, piece by piece: `check`, and what it is given. $scratch is theirs.

# shellcheck disable=SC2034 # said at their end
passed=0 failed=0

# check TEXT COMMAND...: passes when the command does.
check() {
    local text=$1
    shift
    if "$@" >"$scratch/output" 2>&1; then
        passed=$((passed + 1)) && echo "passed: $text"
    else
        failed=$((failed + 1)) && echo "failed: $text" && cat "$scratch/output"
    fi
}

# exits STATUS COMMAND...
exits() {
    local wanted=$1 status=0
    shift
    "$@" || status=$?
    [ "$status" = "$wanted" ] || { echo "exit status $status" && return 1; }
}
