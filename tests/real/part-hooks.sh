# shellcheck shell=bash disable=SC2154
# The scripts of etc/hooks, and client_secret_cmd, with the programs that they call: age, GnuPG, pass, systemd-creds, secret-tool with a keyring, tmux.
# A notification has nobody to show it here: notify-send and xdg-open are stand-ins.
# needs: age:age dbus-run-session:dbus-daemon gnome-keyring-daemon:gnome-keyring gpg:gnupg pass:pass script:bsdutils secret-tool:libsecret-tools systemctl:systemd tmux:tmux

hooks=$repository/etc/hooks
state=$HOME/.local/state/pizauth
start_test_server

# --- persist-*: the tokens outlive kill -9, and nothing reaches the disk unencrypted

wait_for_dump() { wait_until test -s "$state/dump.$1"; }

# has_dump FILE...: prints those with the magic bytes of a dump in them.
has_dump() { LC_ALL=C grep -rlzaP '\x8ePIZ\r\n\x1a\n' "$@"; }

# nothing_plain TOKEN: neither it nor a dump is in any file.
nothing_plain() {
    pizauth dump | has_dump - && ! has_dump "$state" && ! grep -rlaF -e "$1" "$state"
}

# the_only_dump SUFFIX: nothing lies about beside it.
the_only_dump() { [ "$(cd "$state" && echo dump.*)" = "dump.$1 dump.$1.lock dump.$1.ours" ]; }

# persisted HOOK SUFFIX: signs in, kills the daemon, and looks at what comes back.
persisted() {
    local hook=$1 suffix=$2 first second
    rm -rf "$state"
    write_configuration "token_event_cmd = \"$hooks/$hook save\";" "startup_cmd = \"$hooks/$hook restore\";"
    start_daemon
    check "$hook: a start without a dump is no failure" pizauth status
    first=$(sign_in)
    check "$hook: signing in makes an encrypted dump" wait_for_dump "$suffix"
    check "$hook: nothing else, and nothing plain" nothing_plain "$first"
    wait_until the_only_dump "$suffix"
    check "$hook: it is its owner's alone" test "$(stat -c %a "$state/dump.$suffix")" = 600
    cp "$state/dump.$suffix" before
    pizauth-refresh work
    check "$hook: a refresh replaces it" wait_until differs before "$state/dump.$suffix"
    wait_until the_only_dump "$suffix"
    second=$(pizauth-show work)
    kill_daemon
    start_daemon
    check "$hook: after kill -9 the last token is back" test "$(pizauth-show work)" = "$second"
    kill_daemon
}

differs() { ! cmp -s "$1" "$2"; }

mkdir -p "$XDG_CONFIG_HOME/pizauth"
age-keygen -o "$XDG_CONFIG_HOME/pizauth/age.key" 2>age.log
persisted persist-age age

export GNUPGHOME=$HOME/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key alice@example.org default default never 2>gpg.log
persisted persist-gpg gpg
gpgconf --kill all

if [ "$(id -u)" = 0 ]; then
    export SYSTEMD_CREDENTIAL_SECRET=$HOME/credential.secret
    persisted persist-systemd-creds cred
else
    echo 'persist-systemd-creds is tried by root only: users need systemd 256'
fi

# --- a client's secret in pass, which is what client_secret_cmd is for

secret='the secret & more'
keep_secret() { printf '%s\n' "$secret" 'user: work' | command pass insert --multiline --force oauth/work >>pass.log; }
command pass init alice@example.org >pass.log
keep_secret
public=$issuer
in_background secretive pizauth-test-server --secret "$secret"
wait_for_lines 1 '^issuer ' secretive.log
issuer=$(sed -n 's/^issuer //p' secretive.log)
write_configuration
# shellcheck disable=SC2016 # expanded by the hook's shell
sed -i 's|client_id = "work";|& client_secret_cmd = "pass show oauth/$PIZAUTH_ACCOUNT";|' "$XDG_CONFIG_HOME/pizauth.conf"
# shellcheck disable=SC2034 # for start_daemon
daemon_options=(-vvv)
start_daemon
check 'pass is not run at the start' test -z "$(grep hook=client_secret_cmd daemon.log)"
token=$(sign_in)
check 'the first line that it prints is the secret' test -n "$token"
check 'a refresh has it still' pizauth refresh --wait 30s work
check 'so that pass has run once' test "$(grep -c 'event=hook_started.*hook=client_secret_cmd' daemon.log)" = 1
check 'the log has no secret' test -z "$(grep -F 'secret &' daemon.log)"
token=$(pizauth-show work)
command pass rm --force oauth/work >>pass.log
pizauth reload
check_refused 'without the entry a refresh fails' pizauth refresh --wait 30s work
cp check.log said
check 'in the words of pass' grep -F 'client_secret_cmd failed (exit 1): Error: oauth/work is not in the password store' said
check 'the token is there still' test "$(pizauth-show work)" = "$token"
keep_secret
check 'with the entry it works' pizauth refresh --wait 30s work
kill_daemon
issuer=$public
gpgconf --kill all

# --- the key in a keyring that is unlocked, locked, and empty; the bus is the part's own

cat >bus <<'END'
#!/bin/sh
echo "$DBUS_SESSION_BUS_ADDRESS" >"$HOME/bus.address.new" && mv "$HOME/bus.address.new" "$HOME/bus.address"
printf secret | gnome-keyring-daemon --foreground --unlock --components=secrets
END
chmod +x bus
in_background keyring dbus-run-session -- ./bus
keyring_pid=${pids[-1]}
wait_until test -s bus.address
DBUS_SESSION_BUS_ADDRESS=$(cat bus.address)
export DBUS_SESSION_BUS_ADDRESS
in_keyring() { age-keygen 2>/dev/null | secret-tool store --label=pizauth application pizauth; }
write_configuration
start_daemon
sign_in >token
check_refused 'persist-secret-service: without a key nothing is saved' "$hooks/persist-secret-service" save
cp check.log said
check 'and says what to do' grep -F 'age-keygen | secret-tool store' said
kill_daemon
check 'a key for the keyring' wait_until in_keyring
persisted persist-secret-service secret-service

rm -rf "$state"
recipient=$(secret-tool lookup application pizauth | age-keygen -y)
write_configuration "$(example pizauth.conf.5 'SAVED TOKENS' 4 | sed "s/age1[.]*/$recipient/")"
start_daemon
sign_in >token
check 'the filters of the manual with a keyring: saved, and read back' wait_until test -s "$state/tokens"
kill_daemon
start_daemon
check 'and after kill -9 the token is back' test "$(pizauth-show work)" = "$(cat token)"
kill_daemon
kill "$keyring_pid"
unset DBUS_SESSION_BUS_ADDRESS

# --- a foreign file is renamed, never overwritten; a failure leaves the old dump

write_configuration
start_daemon
sign_in >token
rm -rf "$state" && mkdir -p "$state"
echo 'of another program' >"$state/dump.age"
check 'saving beside a foreign file works' "$hooks/persist-age" save
check 'the foreign file has another name now' grep -q 'of another program' "$state"/dump.age.before-*
check 'the second save' "$hooks/persist-age" save
check 'renames nothing' test "$(find "$state" -name 'dump.age.before-*' | wc -l)" = 1
echo 'again' >"$state/dump.age"
check 'a foreign file in the place of ours' "$hooks/persist-age" save
check 'is renamed as well' test "$(find "$state" -name 'dump.age.before-*' | wc -l)" = 2

cp "$state/dump.age" before
check_refused 'without the key nothing is saved' env AGE_IDENTITY=/nonexistent "$hooks/persist-age" save
check 'and the old dump stays' cmp before "$state/dump.age"
kill_daemon
check_refused 'without a daemon nothing is saved' "$hooks/persist-age" save
check 'and the old dump is still there' cmp before "$state/dump.age"
check 'nor is anything left behind' test -z "$(find "$state" -name 'dump.age.??????*' ! -name '*.before-*')"

write_configuration "startup_cmd = \"$hooks/persist-age restore\";"
head -c 100 before >"$state/dump.age"
start_daemon
check 'a damaged dump does not keep the daemon from starting' pizauth status
check_refused 'and restores nothing' pizauth-show work
check_refused 'persist-age wants a word' "$hooks/persist-age"

# --- notifications

mkdir stand-ins
cat >stand-ins/notify-send <<'END'
#!/bin/sh
printf '%s\n' "$*" >>"$HOME/notified"
case $* in *--action*) echo open ;; esac
END
cat >stand-ins/xdg-open <<'END'
#!/bin/sh
printf '%s\n' "$1" >"$HOME/opened"
END
chmod +x stand-ins/*
url='http://127.0.0.1:1/?a=b&state=c'
check 'notify-desktop asks' env PIZAUTH_ACCOUNT=work PIZAUTH_URL="$url" PATH="$PWD/stand-ins:$PATH" "$hooks/notify-desktop"
check 'and its button opens the URL' grep -qxF "$url" opened
check 'notify-desktop tells of an error' \
    env PIZAUTH_ACCOUNT=work PIZAUTH_MSG='<b>no</b>' PATH="$PWD/stand-ins:$PATH" "$hooks/notify-desktop"
check 'whose text is no markup' grep -qF '&lt;b&gt;no' notified

check_refused 'dump refuses to write to a terminal' script -qec pizauth-dump terminal.typescript
check 'and says what to do' grep -F 'refusing to write tokens to a terminal (pipe them' terminal.typescript

export TMUX_TMPDIR=$HOME/tmux
mkdir -m 700 tmux
env -u TMUX TERM=screen tmux -f /dev/null new-session -d -s scene -x 200 -y 24 'exec sleep 1000'
in_background terminal env -u TMUX TERM=screen script -qfc 'tmux attach -t scene' screen.typescript
tmux_has_client() { [ -n "$(tmux list-clients)" ]; }
wait_until tmux_has_client
check 'notify-tmux asks' env PIZAUTH_ACCOUNT=work PIZAUTH_URL="$url" "$hooks/notify-tmux"
check 'and leaves the URL in a buffer' test "$(tmux show-buffer -b pizauth)" = "$url"
check 'notify-tmux tells of an error' env PIZAUTH_ACCOUNT=work PIZAUTH_MSG='100% #(touch owned) no' "$hooks/notify-tmux"
check 'in the status line, as it is' wait_for_lines 1 '100% #\(touch owned\) no' screen.typescript
check 'and no word of it is run' test ! -e owned
tmux kill-server
