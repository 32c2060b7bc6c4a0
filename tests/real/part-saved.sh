# shellcheck shell=bash disable=SC2154
# state_encrypt_cmd and state_decrypt_cmd with the programs that the manual names: age, GnuPG (also with a passphrase and
# no terminal) and systemd-creds.
# needs: age:age gpg:gnupg systemctl:systemd

state=$HOME/.local/state/pizauth
start_test_server

differs() { ! cmp -s "$1" "$2"; }
# has_dump FILE...: prints those with the magic bytes of a dump in them.
has_dump() { LC_ALL=C grep -rlzaP '\x8ePIZ\r\n\x1a\n' "$@"; }
nothing_plain() { ! has_dump "$state" && ! grep -rlaF -e "$1" "$state"; }
never_asked() { ! grep -q 'event=authorization_pending' daemon.log; }
says() { grep -qF -e "$1" <<<"$(pizauth status 2>&1)"; }

# saved NAME NUMBER SED: with that example of pizauth.conf(5): start, sign in, rotate, kill, start again.
saved() {
    local name=$1 first second
    rm -rf "$state"
    write_configuration "$(example pizauth.conf.5 'SAVED TOKENS' "$2" | sed "$3")"
    start_daemon
    first=$(sign_in)
    check "$name: signing in makes the file" wait_until test -s "$state/tokens"
    check "$name: nothing plain is in it" nothing_plain "$first"
    cp "$state/tokens" before
    pizauth-refresh work
    check "$name: a refresh replaces it" wait_until differs before "$state/tokens"
    second=$(pizauth-show work)
    kill_daemon
    start_daemon
    check "$name: after kill -9 the last token is back" test "$(pizauth-show work)" = "$second"
    check "$name: and nobody was asked" never_asked
    pizauth-refresh work
    wait_until differs "$state/tokens" before
    pizauth shutdown
    start_daemon
    check "$name: after a stop it goes on" pizauth-show work
    check "$name: all is well" sh -c 'pizauth status -j | grep -q "\"saved\": true"'
    kill_daemon
}

export XDG_CONFIG_HOME=$HOME/.config
mkdir -p "$XDG_CONFIG_HOME/pizauth"
key=$XDG_CONFIG_HOME/pizauth/age.key
age-keygen -o "$key" 2>age.log
saved age 1 "s/age1[.]*/$(age-keygen -y "$key")/"

# --- a key that is not there, and another one's

write_configuration "state_encrypt_cmd = \"age -e -r $(age-keygen -y "$key")\";" 'state_decrypt_cmd = "age -d -i /nonexistent";'
cp "$state/tokens" before
start_daemon
check 'age: without the key the saved tokens are not read' wait_until says 'saved tokens could not be read: state_decrypt_cmd failed'
sign_in >token
check 'age: and are not replaced' cmp before "$state/tokens"
write_configuration "state_encrypt_cmd = \"age -e -r $(age-keygen -y "$key")\";" "state_decrypt_cmd = \"age -d -i $key\";"
check 'age: a reload with the key reads them' pizauth reload
check 'age: and saves' wait_until differs before "$state/tokens"
cp "$state/tokens" before
other=$(age-keygen 2>/dev/null | sed -n 's/^# public key: //p')
write_configuration "state_encrypt_cmd = \"age -e -r $other\";" "state_decrypt_cmd = \"age -d -i $key\";"
pizauth reload
check "age: another one's key is found out" wait_until says 'the saved state cannot be read back: state_decrypt_cmd failed'
check 'age: and what was saved stays' cmp before "$state/tokens"
kill_daemon

# --- a command that hangs

write_configuration 'state_encrypt_cmd = "sleep 12345";' "state_decrypt_cmd = \"age -d -i $key\";"
start_daemon
pizauth-show work >token
cp "$state/tokens" before
pizauth-refresh work
check 'hanging: it is ended after a minute' \
    wait_for_lines 1 'event=state_save_failed .*state_encrypt_cmd took longer than 60 s' daemon.log 90
check 'hanging: what was saved stays' cmp before "$state/tokens"
runs_no_more() { ! pgrep -f 'sleep 1234[5]'; }
check 'hanging: nothing of it runs on' wait_until runs_no_more
check 'hanging: it is told' says 'state_encrypt_cmd took longer than 60 s; what was saved before is still there'
write_configuration "state_encrypt_cmd = \"age -e -r $(age-keygen -y "$key")\";" "state_decrypt_cmd = \"age -d -i $key\";"
check 'hanging: a reload with another one' pizauth reload
check 'hanging: saves at once' wait_until differs before "$state/tokens"
kill_daemon

# --- GnuPG, with and without a passphrase

export GNUPGHOME=$HOME/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key alice@example.org default default never 2>gpg.log
saved gpg 2 s/you@/alice@/
gpgconf --kill all

# pinentry that a person answers some time: it waits for the file `typed`.
cat >pinentry <<'END'
#!/bin/sh
echo OK
while read -r line; do
    case $line in
        GETPIN) until test -e "$HOME/typed"; do sleep 0.1; done; echo 'D secret' ;;
    esac
    echo OK
done
END
chmod +x pinentry
rm -rf "$GNUPGHOME" && mkdir -m 700 "$GNUPGHOME"
echo "pinentry-program $HOME/pinentry" >"$GNUPGHOME/gpg-agent.conf"
touch typed
gpg --batch --quiet --passphrase secret --pinentry-mode loopback --quick-generate-key bob@example.org default default never 2>gpg.log
saved 'gpg with a passphrase' 2 s/you@/bob@/
gpgconf --kill all
rm typed
in_background daemon pizauthd -d -vv
# shellcheck disable=SC2034 # kill_daemon wants it
daemon_pid=${pids[-1]}
check 'gpg: while the passphrase is awaited status answers' wait_until says 'still being decrypted'
pizauth-show work >shown 2>&1 || :
check 'gpg: and show says so after a while' grep -qF 'the saved tokens are still being decrypted' shown
touch typed
check 'gpg: with the passphrase the token is back' wait_until pizauth-show work
check 'gpg: and nobody was asked to sign in' never_asked
kill_daemon
gpgconf --kill all

# --- systemd-creds

if [ "$(id -u)" = 0 ]; then
    export SYSTEMD_CREDENTIAL_SECRET=$HOME/credential.secret
    saved systemd-creds 3 's/ --user//'
else
    echo 'systemd-creds is tried by root only: users need systemd 256'
fi
