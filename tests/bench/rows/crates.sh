#!/bin/sh
# For run.sh: how many crates go into the commands and into the daemon, ours included.

crates_of() {
    cargo tree --locked --package "$1" --edges normal --prefix none | sed 's/ (\*)$//' | sort -u | wc -l | tr -d ' '
}

row 'crates of the commands' "$(crates_of pizauth-client)" ''
row 'crates of the daemon' "$(crates_of pizauth-daemon)" ''
