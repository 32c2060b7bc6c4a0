# shellcheck shell=bash disable=SC2154
# REMOTE MACHINES of pizauthd(8), by its own lines: OpenSSH to another network namespace, where sshd is started for each
# connection. By root only.
# needs: nsenter:util-linux ssh:openssh-client /usr/sbin/sshd:openssh-server

is_fenced || return 0

# The other machine shares our files, but for what these variables name, and no port.
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /home
mkdir -p /run/sshd /home/me there/{config,run}
chmod 700 there/run
there=(env HOME="$PWD/there" XDG_CONFIG_HOME="$PWD/there/config" XDG_RUNTIME_DIR="$PWD/there/run")
in_background machine unshare -n sh -c 'ip link set lo up && exec sleep 3600'
machine=/proc/${pids[-1]}/ns/net
has_loopback() { nsenter --net="$machine" ip link show lo | grep -q 'LOOPBACK,UP'; }
wait_until has_loopback

ssh-keygen -q -t ed25519 -N '' -f host.key
ssh-keygen -q -t ed25519 -N '' -f user.key
cat >sshd_config <<END
HostKey $PWD/host.key
AuthorizedKeysFile $PWD/user.key.pub
StrictModes no
UsePAM no
PermitRootLogin yes
StreamLocalBindUnlink yes
SetEnv "PATH=$PATH" "HOME=$PWD/there" "XDG_CONFIG_HOME=$PWD/there/config" "XDG_RUNTIME_DIR=$PWD/there/run"
END
cat >ssh_config <<END
Host mail.example.org
ProxyCommand nsenter --net=$machine /usr/sbin/sshd -i -f $PWD/sshd_config
User root
IdentityFile $PWD/user.key
StrictHostKeyChecking no
UserKnownHostsFile $PWD/known_hosts
ExitOnForwardFailure yes
END
mkdir bin
printf '#!/bin/sh\nexec /usr/bin/ssh -F %s "$@"\n' "$PWD/ssh_config" >bin/ssh
chmod 755 bin/ssh
PATH=$PWD/bin:$PATH

# forward HEADING NUMBER [OPTION]...: that example, which ends with an ssh, without a shell at its other end.
forward() {
    in_background forward bash -c "$(example pizauthd.8 "$1" "$2" | sed "\$s/.*/exec & -N ${*:3}/")"
}
# shellcheck disable=SC2029 # what is expanded here are words
on_machine() { ssh mail.example.org "$@"; }

start_test_server
port=${issuer##*:}
write_configuration

here_browser='The daemon is there, the browser is here'
{
    example pizauthd.8 "$here_browser" 2
    sed '/^https_listen/d' config/pizauth.conf
} >there/config/pizauth.conf
in_background there "${there[@]}" nsenter --net="$machine" pizauthd -d -vv
wait_for_lines 1 'event=ready' there.log
# The authorization server is on loopback, too: over there it has to be on theirs.
forward "$here_browser" 3 -R "$port:127.0.0.1:$port"
wait_until is_listening 17140

# in_terminal PATTERN COMMAND PROGRAM [ARGUMENT]...: pizauth login there, by ssh from a terminal here; see terminal.py.
in_terminal() { /usr/bin/python3 "$here/terminal.py" "$1" "$2" -- ssh -tt mail.example.org "${@:3}" | tee login.out; }
# shellcheck disable=SC2016 # expanded by terminal.py
check 'the browser here ends the sign-in of the daemon there' \
    in_terminal '(http\S+)\r\n' 'pizauth-test-server --approve "$MATCH" >approved.html' pizauth login work
check 'which has an access token then' on_machine pizauth show work
check 'the port stands in the redirect URI' grep -q 'redirect_uri=http%3A%2F%2Flocalhost%3A17140%2F' login.out
check 'which is forwarded as the user is told there' grep -q 'ssh -L 17140:localhost:17140 HOST' login.out
check 'no browser is opened in the terminal' test "$(grep -c 'open a browser' login.out)" = 0
on_machine pizauth revoke work
kill "${pids[-1]}"
wait "${pids[-1]}" 2>/dev/null || :
# The browser cannot reach it any more, and the server over there can still be asked.
in_background forward_server ssh -N -R "$port:127.0.0.1:$port" mail.example.org
reaches_server() { on_machine "exec 3<>/dev/tcp/127.0.0.1/$port"; }
wait_until reaches_server
pastes() { in_terminal '(http\S+)\r\n(?s:.*)error\): ' "$1" "$(example pizauthd.8 "$here_browser" 1)"; }
# shellcheck disable=SC2016 # expanded by terminal.py
check 'without it the address is pasted that the browser ends at' pastes 'pizauth-test-server --end-of "$MATCH"'
check 'and the end is told' grep -q 'work: signed in; the access token is valid until .*, with a refresh token' login.out
check 'there is an access token again' on_machine pizauth show work
on_machine pizauth revoke work
check_refused 'Ctrl-C ends the waiting over ssh' pastes "printf '\\003'"
check 'and the sign-in waits on' grep -q 'the URL stays good' login.out
on_machine pizauth shutdown

here_daemon='The daemon is here, the mail program is there'
example pizauthd.8 "$here_daemon" 1 >>config/pizauth.conf
start_daemon
sign_in >token
check_refused 'no daemon is over there any more' on_machine pizauth-show work
forward "$here_daemon" 2
forwarding_pid=${pids[-1]}
wait_until test -S /home/me/.pizauth.sock
shows_there() { on_machine "$(example pizauthd.8 "$here_daemon" 3)" | cmp - token; }
check 'over there, the access token of the daemon here' shows_there
# shellcheck disable=SC2329 # called by check
is_restricted_there() {
    grep -q 'only shows tokens' <(on_machine "export PIZAUTH_SOCKET=/home/me/.pizauth.sock; pizauth $1 2>&1")
}
for command in dump 'revoke work' 'refresh work' reload shutdown; do
    check "but not: $command" is_restricted_there "$command"
done
check 'it is as it was' shows_there
kill "$forwarding_pid"
wait "$forwarding_pid" 2>/dev/null || :
check_refused 'not without the connection' shows_there
check 'but a socket was left behind' test -S /home/me/.pizauth.sock
forward "$here_daemon" 2
check 'which a new connection replaces' wait_until shows_there
