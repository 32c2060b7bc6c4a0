# shellcheck shell=sh
# What the persist-* hooks share. They keep the token state over a restart, encrypted before anything reaches the
# disk. A hook that sources this has set `suffix` and defined `encrypt` and `decrypt` (stdin to stdout).
#
#   PERSIST_FILE   where the encrypted dump is kept (~/.local/state/pizauth/dump.SUFFIX)

set -eu
umask 077
# Supervisors know little of where things are installed.
PATH=$PATH:${HOME:?is not set}/.local/bin:/usr/local/bin

program=$(basename "$0")
file=${PERSIST_FILE:-${XDG_STATE_HOME:-$HOME/.local/state}/pizauth/dump.$suffix}
# The checksums of the dumps that we have written, one a line.
ours=$file.ours
partial=

fail() {
    echo "$program: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null 2>&1 || fail "$1 is not installed"
}

# pizauthd ends a hook that takes too long by TERM.
clean_up() {
    if [ -n "$partial" ]; then rm -f "$partial" "$partial.failed" "$partial.ours"; fi
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

flush() {
    sync "$1" 2>/dev/null || sync
}

# A file that we did not write is somebody's tokens, perhaps of another pizauth: it is renamed, never overwritten.
set_foreign_aside() {
    [ -e "$file" ] || return 0
    sum=$(cksum <"$file")
    if ! grep -qxF "$sum" "$ours" 2>/dev/null; then
        aside=$file.before-$(date +%Y%m%d-%H%M%S).$$
        mv "$file" "$aside"
        echo "$program: $file was not written by this hook; it is now $aside" >&2
    fi
}

# The new file is known as ours before it takes the place of the old one: a crash in between must not make it foreign.
claim() {
    { if [ -e "$file" ]; then cksum <"$file"; fi && cksum <"$partial"; } >"$partial.ours"
    mv "$partial.ours" "$ours"
}

# The file on disk is always a whole one: the old or the new.
save() {
    mkdir -p "$(dirname "$file")"
    partial=$(mktemp "$file.XXXXXX")
    # A pipe tells only of its last command: the first one's failure leaves a mark.
    { pizauth dump || : >"$partial.failed"; } | encrypt >"$partial" || fail "cannot encrypt the dump"
    if [ -e "$partial.failed" ]; then fail "cannot get a dump from pizauthd"; fi
    flush "$partial"
    set_foreign_aside
    claim
    mv "$partial" "$file"
    flush "$(dirname "$file")"
}

restore() {
    [ -e "$file" ] || exit 0
    # What a failed decryption leaves behind is no whole dump: `pizauth restore` refuses it, and nothing changes.
    decrypt <"$file" | pizauth restore || fail "cannot restore $file"
}

case ${1-} in
    save) save ;;
    restore) restore ;;
    *)
        echo "usage: $program save | restore" >&2
        exit 64
        ;;
esac
