# shellcheck shell=bash disable=SC2154
# Callers that were written from pizauth-ipc(7) alone, beside the commands: ipc.py, and the example of the page itself.

ipc() { /usr/bin/python3 "$here/ipc.py" "$@"; }

# ended STATUS WORD...: asks with ipc.py and with pizauth; whether both end with that status. What they say is in
# {ipc,pizauth}.{out,err}.
ended() {
    local theirs=0 ours=0
    ipc "${@:2}" >ipc.out 2>ipc.err || theirs=$?
    pizauth "${@:2}" >pizauth.out 2>pizauth.err || ours=$?
    echo "ipc.py ended with $theirs, pizauth with $ours" && cat ipc.err pizauth.err
    [ "$theirs $ours" = "$1 $1" ]
}
same_output() { ended 0 "$@" && diff ipc.out pizauth.out; }

# refused_alike WORD...: status 1, nothing on stdout, and what pizauth says is what ipc.py was told.
refused_alike() {
    ended 1 "$@" && [ ! -s ipc.out ] && [ ! -s pizauth.out ] && /usr/bin/python3 - <<'END'
import json
answer, said = json.load(open("ipc.err")), open("pizauth.err").read()
assert (answer.get("url") or answer["message"]) in said, (answer, said)
END
}

# same_status: of every account, in two formats.
same_status() {
    ipc status >ipc.out && pizauth status -j >pizauth.out && /usr/bin/python3 - <<'END'
import json
theirs, ours = (json.load(open(name))["accounts"] for name in ("ipc.out", "pizauth.out"))
assert theirs and theirs == ours, (theirs, ours)
END
}

check 'ipc.py is short' test "$(wc -l <"$here/ipc.py")" -le 40
start_test_server
write_configuration
start_daemon
check 'show of an account that waits: the same URL' refused_alike show work
check 'status of one' same_status
check 'refresh of one' ended 1 refresh work
sign_in >token
check 'show: the same access token' same_output show work
check 'which is the right one' cmp ipc.out token
check 'status of an account with a token' same_status
check 'refresh: begins' ipc refresh work
replaced() { ipc show work >now && ! cmp -s now token; }
check 'refresh: ends with another access token' wait_until replaced
check 'show: again the same one' same_output show work
check 'an unknown account: the same refusal' refused_alike show nobody
check 'a name that is hard to write: the same refusal' refused_alike show $'n\xc3\xb6 "body"\\'
check 'revoke' ipc revoke work
check 'status after it' same_status
check 'show after it: the same URL' refused_alike show work

example pizauth-ipc.7 EXAMPLES >example.py
sign_in >token
by_example() { /usr/bin/python3 example.py; }
prints_the_token() { by_example | cmp - token; }
check "the page's example prints the access token" prints_the_token
pizauth-revoke work
check_refused 'and fails without one' by_example

# --- where the daemon is found, and which one is not believed

chmod 755 run/pizauth
check 'a directory that is open to others is not trusted' ended 2 status
chmod 700 run/pizauth
pizauth shutdown
check 'without a daemon' ended 2 status

speak_version_2() {
    /usr/bin/python3 - <<'END'
import os, socket
listener = socket.socket(socket.AF_UNIX)
listener.bind(os.environ["PIZAUTH_SOCKET"])
listener.listen()
while True:
    caller, _ = listener.accept()
    caller.recv(65536)
    caller.sendall(b"\0\0\0\x04\x02\x03{}")
    caller.close()
END
}
export PIZAUTH_SOCKET=$PWD/other.sock
in_background other speak_version_2
wait_until test -S other.sock
check 'a daemon that speaks another version' ended 2 status
check 'of which both say so' test "$(grep -l 'version' ipc.err pizauth.err | wc -l)" = 2

export PIZAUTH_SOCKET=$PWD/elsewhere.sock
start_daemon
check 'by PIZAUTH_SOCKET' ended 0 status
unset PIZAUTH_SOCKET
check 'only by it' ended 2 status
PIZAUTH_SOCKET=$PWD/elsewhere.sock pizauth shutdown

! is_fenced || mount -t tmpfs tmpfs /run
export XDG_RUNTIME_DIR=relative
if [ ! -e "/run/user/$(id -u)" ]; then
    start_daemon
    check 'in the home directory, by the name of the host' ended 0 status
    check 'which is where it is' test -S "$(echo .local/state/pizauth/run-*)/pizauth.sock"
fi
