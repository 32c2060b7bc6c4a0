#!/bin/sh
# For run.sh: sizes of the executables as cargo builds them, and of the two ways to install them.

kib=1024
mib=$((1024 * kib))

# size_of FILE...
size_of() { cat "$@" | wc -c | tr -d ' '; }

# 17 KiB of it are what std does before main, for an ordinary main.
row 'size of pizauth-show' "$(size_of "$RELEASE/pizauth-show")" B $((450 * kib))
for program in refresh revoke dump restore; do
    row "size of pizauth-$program" "$(size_of "$RELEASE/pizauth-$program")" B
done
row 'size of pizauthd' "$(size_of "$RELEASE/pizauthd")" B $((38 * mib / 10))
row 'size of pizauth' "$(size_of "$RELEASE/pizauth")" B $((43 * mib / 10))
if [ -n "$PEER" ]; then row 'size of the peer' "$(size_of "$PEER")" B; fi
for program in show refresh revoke; do
    row "size of pizauth-$program, installed" "$(size_of "$INSTALLED/pizauth-$program")" B $((135 * mib / 100))
done
# These two can read every long answer of the daemon, the one to `status` too.
for program in dump restore; do
    row "size of pizauth-$program, installed" "$(size_of "$INSTALLED/pizauth-$program")" B $((14 * mib / 10))
done
row 'size of the installation, separate executables' "$(size_of "$INSTALLED"/*)" B
row 'size of the installation, multicall' "$(size_of "$RELEASE/pizauth")" B
