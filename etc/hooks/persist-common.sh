# shellcheck shell=sh
# What the persist-* hooks share. They keep the token state over a restart, encrypted before anything reaches the
# disk. A hook that sources this has set `suffix` and defined `encrypt` and `decrypt` (stdin to stdout).
#
#   save             puts the tokens that the daemon has now into the file
#   restore [FILE]   gives the daemon the tokens in the file; with another FILE, saves them all together then
#
#   PERSIST_FILE     where the encrypted dump is kept (~/.local/state/pizauth/dump.SUFFIX)
#
# A save replaces only what the same daemon has written or restored: whatever else is there may be all that is left of
# somebody's sessions. It gets another name, FILE.before-…, and a line in the log says how to have them back. Two
# daemons that share a file set each other's aside: give each a PERSIST_FILE of its own.

set -eu
umask 077
# Supervisors know little of where things are installed.
PATH=$PATH:${HOME:?is not set}/.local/bin:/usr/local/bin

program=$(basename "$0")
file=${PERSIST_FILE:-${XDG_STATE_HOME:-$HOME/.local/state}/pizauth/dump.$suffix}
# What may be replaced, a line each: which daemon knows it, and its checksum. Who wrote last stands first.
ours=$file.ours
daemon=
partial=
locked=

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
    if [ "$locked" = directory ]; then rmdir "$file.lock.d"; fi
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

flush() {
    sync "$1" 2>/dev/null || sync
}

# Tells the daemon from those before it and beside it. One of an older version does not say.
instance() {
    found=$(pizauth info | sed -n 's/^  instance: //p')
    echo "${found:-unknown}"
}

# --- one at a time

# A lock that is a descriptor ends with its holder, so nothing that is run meanwhile may get it (9>&-). Where there is
# no flock(1), or the file system has none, it is a directory, which a hook that was killed leaves behind: none runs
# for longer than a minute.
try_lock() {
    if command -v flock >/dev/null 2>&1; then
        flock -n 9 2>/dev/null && locked=descriptor && return 0
        [ $? -gt 1 ] || return 1
    fi
    find "$file.lock.d" -prune -mmin +2 -exec rmdir {} \; 2>/dev/null || true
    mkdir "$file.lock.d" 2>/dev/null && locked=directory
}

lock() {
    [ -z "$locked" ] || return 0
    mkdir -p "$(dirname "$file")" && true >>"$file.lock" || return 1
    exec 9>>"$file.lock"
    tries=0
    until try_lock; do
        tries=$((tries + 1))
        [ "$tries" -le 30 ] || return 1
        sleep 1
    done
}

# --- save

set_aside() {
    [ -s "$file" ] || return 0
    sum=$(cksum <"$file")
    if grep -qxF "$daemon $sum" "$ours" 2>/dev/null; then return 0; fi
    # What another daemon has written takes the place of what it wrote before: they are few, however long this goes on.
    writer=$(sed -n "1s/ $sum\$//p" "$ours" 2>/dev/null || true)
    aside=$file.before-${writer:-$(date +%Y%m%d-%H%M%S).$$}
    # A second name, so that there is never none.
    ln -f "$file" "$aside" 2>/dev/null || cp -p "$file" "$aside"
    echo "$program: $file was not written or restored by this pizauthd; it is now $aside" \
        "(to have its tokens, too: $0 restore $aside)" >&2
}

# The new file is known before it takes the place of the old one: a crash in between must not make it foreign.
claim() {
    {
        echo "$daemon $(cksum <"$partial")"
        if [ -e "$file" ]; then echo "$daemon $(cksum <"$file")"; fi
    } >"$partial.ours"
    mv -f "$partial.ours" "$ours"
}

# The file on disk is always a whole one: the old or the new.
save() {
    lock || fail "cannot lock $file.lock: another save does not end, or nothing can be written there"
    # What killed saves have left behind.
    rm -f "$file".new.*
    daemon=$(instance)
    partial=$(mktemp "$file.new.XXXXXX")
    # A pipe tells only of its last command: the first one's failure leaves a mark.
    { pizauth dump 9>&- || : >"$partial.failed"; } | encrypt 9>&- >"$partial" || fail "cannot encrypt the dump"
    if [ -e "$partial.failed" ]; then fail "cannot get a dump from pizauthd"; fi
    [ "$(instance)" = "$daemon" ] || fail "pizauthd was started anew meanwhile"
    flush "$partial"
    set_aside
    claim
    mv -f "$partial" "$file"
    flush "$(dirname "$file")"
}

# --- restore

# give_back FILE: its tokens to the daemon. What was said about accounts that were not taken is in $told.
give_back() {
    # What a failed decryption leaves behind is no whole dump: `pizauth restore` refuses it, and nothing changes.
    told=$(decrypt <"$1" | pizauth restore 2>&1) || fail "cannot restore $1${told:+: $told}"
    if [ -n "$told" ]; then echo "$told" >&2; fi
}

# From now on this daemon may replace the file, where it has taken all that is worth something.
know() {
    case $told in
        *': the configuration '*) return 0 ;;
    esac
    if [ "$(cksum <"$file")" = "$sum" ]; then
        echo "$daemon $sum" >>"$ours"
    else
        # While somebody was asked for a passphrase a token event has set it aside.
        save
    fi
}

restore() {
    [ -s "$file" ] || exit 0
    daemon=$(instance)
    sum=$(cksum <"$file")
    give_back "$file"
    if lock; then know; else echo "$program: cannot lock $file.lock: the next save will set $file aside" >&2; fi
}

restore_other() {
    [ -s "$1" ] || fail "there is nothing in $1"
    give_back "$1"
    save
}

case "$#:${1-}" in
    1:save) save ;;
    1:restore) restore ;;
    2:restore) restore_other "$2" ;;
    *)
        echo "usage: $program save | restore [FILE]" >&2
        exit 64
        ;;
esac
