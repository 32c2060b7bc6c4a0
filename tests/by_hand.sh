#!/bin/sh
# by_hand.sh [OPTION...]: builds, and runs pizauthd in the foreground with an authorization server on loopback and an
# account there, to be tried from a second terminal. OPTIONs go to pizauthd: -vv. Ctrl-C ends it and leaves nothing.
set -eu
cd "${0%/*}/.."

cargo build --workspace --bins
target=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
release=$target/debug
# shellcheck source=tests/loopback.sh
. tests/loopback.sh

make_scratch
# Long enough to look at, short enough to see it refreshed.
start_server 120
start_daemon -d "$@"
cat <<END

In a second terminal:

    export PIZAUTH_SOCKET=$PIZAUTH_SOCKET PATH=$release:\$PATH
    pizauth login work                     # opens a URL: press Approve there, or in a third terminal
    pizauth-test-server --approve 'URL'    # do that without one
    pizauth status
    tail -f $scratch/server.log            # what the authorization server is asked
    pizauth reload                         # after a change of $scratch/pizauth.conf
    pizauth shutdown                       # as Ctrl-C here: everything stops, and $scratch is removed

END
wait "$daemon_pid"
