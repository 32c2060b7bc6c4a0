# shellcheck shell=bash disable=SC2154
# The examples of the manual pages that no other part has a use for, typed as they are printed; only names of files,
# keys and servers are filled in.
# needs: age:age gpg:gnupg jq:jq openssl:openssl

export XDG_CONFIG_HOME=$HOME/.config GNUPGHOME=$HOME/.gnupg
mkdir -m 700 "$XDG_CONFIG_HOME" "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key me@example.org default default never 2>gpg.log
start_test_server

# fill_in PAGE HEADING NUMBER [SED]: writes the example into the file `typed`.
fill_in() { example "$1" "$2" "$3" | sed "${4-}" >typed; }
# typed PAGE HEADING NUMBER [SED]: a shell runs it.
typed() {
    fill_in "$@"
    test -s typed && bash -e -o pipefail typed
}
# says_as_printed PAGE HEADING NUMBER COMMAND...: it fails with the words that are printed there.
says_as_printed() {
    local pattern
    pattern=$(example "$1" "$2" "$3" | sed 's/Ar [a-z]*$/.*/I')
    "${@:4}" >said.log 2>&1 || grep -E "$pattern" said.log
}
is_token() { pizauth-show work | cmp - token; }
# configure [LINE]...: these lines, and the account work, which asks the issuer.
configure() {
    printf '%s\n' 'https_listen = none;' "$@" >"$XDG_CONFIG_HOME/pizauth.conf"
    printf 'account "work" { issuer = "%s"; client_id = "work"; }\n' "$issuer" >>"$XDG_CONFIG_HOME/pizauth.conf"
}
page=pizauthd.8

# --- a first account

configure
cat >browser.sh <<END
#!/bin/sh
exec pizauth-test-server --approve "\$1" >"$scene/page.html"
END
chmod 755 browser.sh
export BROWSER=$scene/browser.sh
fill_in pizauth.1 EXAMPLES 2
check 'check, server, login, show' at_terminal -- bash -e typed
cp check.log said.log
check 'the last one prints the access token' grep -qxF "$(pizauth-show work)" said.log
check 'a daemon that runs is not started again' typed $page EXAMPLES 1 1d
check 'refresh' typed pizauth-refresh.1 EXAMPLES 1
check 'refresh, and wait' typed pizauth-refresh.1 EXAMPLES 2
check 'show, and wait for the network' typed pizauth-show.1 EXAMPLES 1
check 'show, for as long as is needed' typed pizauth-show.1 EXAMPLES 2
check 'nobody is needed' test -z "$(typed pizauth.1 EXAMPLES 7)"

# --- a dump, and back

age-keygen -o age.key 2>age.log
pizauth-show work >token
check 'dump' typed pizauth-dump.1 EXAMPLES 1 "s/RECIPIENT/$(age-keygen -y age.key)/; s/KEY/me@example.org/"
check_refused 'revoke, and see where to sign in' typed pizauth-revoke.1 EXAMPLES 1
cp check.log said.log
check 'which is told' grep -q 'until authorised with URL' said.log
check 'it is somebody who is needed' test "$(typed pizauth.1 EXAMPLES 7)" = work
check 'restore' typed pizauth-restore.1 EXAMPLES 1 's/KEYFILE/age.key/'
check 'the token is back' is_token
pizauth shutdown
mkdir -p .local/state
cp pizauth.gpg .local/state/
configure "$(example pizauth-restore.1 EXAMPLES 2)"
check 'a start' typed $page EXAMPLES 1
check 'which restores by GnuPG' wait_until is_token
in_background loud bash -e -c "$(example $page EXAMPLES 2)"
check 'ended, and in the foreground' wait_for_lines 1 event=ready loud.log
check 'what an issuer offers' typed $page EXAMPLES 3 "s|https://auth.example.org|$issuer|"
check 'the token was restored again' wait_until is_token
check 'revoke, at the server, too' typed pizauth-revoke.1 EXAMPLES 2
check 'which has heard of it' grep -q 'token revoked status=200' issuer.log
check 'what show says then' says_as_printed pizauth-show.1 DESCRIPTION 1 pizauth-show work
check 'and refresh' says_as_printed pizauth-refresh.1 DESCRIPTION 1 pizauth-refresh work

configure
pizauth reload
sign_in >token
check 'over an upgrade' typed pizauth-restore.1 EXAMPLES 3
check 'there is the same token' is_token
check 'and no file' test ! -e tokens

# --- what keeps a dump

mkdir -p .local/share/doc/pizauth
cp -r "$repository/etc/hooks" .local/share/doc/pizauth/
check 'hooks, and a key' typed $page PERSISTENCE 1
configure "$(example $page PERSISTENCE 2)"
pizauth reload
pizauth refresh --wait 30s work
pizauth-show work >token
check 'the hook saves' wait_until test -s .local/state/pizauth/dump.age
cp .local/state/pizauth/dump.age other.age
pizauth shutdown
rm -r .local/state/pizauth
pizauthd
check 'restored by hand' typed $page PERSISTENCE 3 's/FILE/other.age/'
check 'the token is back' is_token
pizauth shutdown

# --- keys, and a configuration that is encrypted

mkdir keys && cd keys || return
check 'a key' typed pizauth.conf.5 'ACCOUNT OPTIONS' 1
check 'it is one' openssl pkey -in key.pem -noout
check 'a key and a certificate' typed pizauth.conf.5 'ACCOUNTS WITHOUT A USER' 3
check 'they are of each other' cmp <(openssl pkey -in key.pem -pubout) <(openssl x509 -in certificate.pem -noout -pubkey)
cp {key,certificate}.pem "$XDG_CONFIG_HOME/pizauth/"
chmod 600 "$XDG_CONFIG_HOME/pizauth/key.pem"
{
    echo 'account "key" { provider = "microsoft"; tenant = "example.org"; client_id = "c"; grant = "client_credentials";'
    example pizauth.conf.5 'ACCOUNTS WITHOUT A USER' 2
    echo '}'
} >by_key.conf
chmod 600 by_key.conf
check 'pizauthd takes them' pizauth check -c by_key.conf
cd .. || return
gpg --quiet --encrypt --recipient me@example.org --output "$XDG_CONFIG_HOME/pizauth.conf.gpg" "$XDG_CONFIG_HOME/pizauth.conf"
rm "$XDG_CONFIG_HOME/pizauth.conf"
check 'an encrypted configuration' typed pizauth.conf.5 'A secret that is not on the disk' 1
check 'with which it runs' pizauth status
pizauth shutdown
printf '%s\n' 'account "gmail" {' '    provider = "google";' '    client_id = "id";' '' '    client_secert = "...";' '}' >pizauth.conf
diagnosed() { diff <(example pizauth.conf.5 DIAGNOSTICS) <(pizauth check -c pizauth.conf 2>&1 | sed 1d); }
check 'an error is shown as it is printed' diagnosed

# --- setup without questions

unset BROWSER
mkdir -p "$HOME/empty/.config"
export HOME=$HOME/empty
export XDG_CONFIG_HOME=$HOME/.config
check 'setup, for a script' typed pizauth-setup.1 EXAMPLES 2 </dev/null
check 'with both accounts' pizauth check
check 'of Microsoft' grep -q 'tenant = "example.org";' "$XDG_CONFIG_HOME/pizauth.conf"
check 'and of Google' grep -q 'client_secret_cmd = "pass show oauth/gmail";' "$XDG_CONFIG_HOME/pizauth.conf"
gpgconf --kill all
