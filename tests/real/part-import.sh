# shellcheck shell=bash disable=SC2154
# pizauth import with what other programs write now: mutt_oauth2.py, getmail6, MSAL; and with what email-oauth2-proxy
# has written (tests/import), by the command in pizauth(1).
# needs: gpg:gnupg neomutt:neomutt getmail:getmail6
# needs: /usr/lib/python3/dist-packages/msal:python3-msal /usr/lib/python3/dist-packages/cryptography:python3-cryptography

in_background endpoint /usr/bin/python3 "$here/token_endpoint.py"
wait_for_lines 1 '^issuer ' endpoint.log
issuer=$(sed -n 's/^issuer //p' endpoint.log)
write_configuration
start_daemon

# imported NAME TOKEN: after an import from stdin: this refresh token was sent, and what came of it can be used.
imported() {
    pizauth revoke work
    check "$1: is taken" pizauth import work
    check "$1: it is its refresh token that was sent" grep -qF -e "refresh_token=$2&" endpoint.log
    check "$1: there is an access token" pizauth-show work
}
# refused NAME WORDS: an import from stdin fails with these words.
refused() {
    pizauth revoke work
    if pizauth import work >refused.log 2>&1; then fail "$1"; else check "$1" grep -qF -e "$2" refused.log; fi
}

# --- mutt_oauth2.py, with the endpoint of this scene

export GNUPGHOME=$scene/gnupg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-gen-key me@example.org default default never 2>gpg.log
zcat /usr/share/doc/neomutt/oauth2/mutt_oauth2.py.gz | sed "s|YOUR_GPG_IDENTITY|me@example.org|
s|https://login.microsoftonline.com/common/oauth2/v2.0/token|$issuer/token|" >mutt_oauth2.py
printf '%s\n' microsoft authcode me@example.org a-code |
    /usr/bin/python3 mutt_oauth2.py work.tokens --verbose --authorize >mutt.log 2>&1
gpg -qd work.tokens | imported mutt_oauth2.py 'rt-1%21*%7E%24'
refused 'mutt_oauth2.py: encrypted, the command that helps is told' 'gpg -d FILE | pizauth import work' <work.tokens
gpg -qd work.tokens | pizauth import -n work >dry.log
check 'mutt_oauth2.py: a dry run names it' grep -qF 'the refresh token of mutt_oauth2.py would be taken' dry.log

# --- getmail6

port=$(free_port)
cat >tokens.json <<END
{"scope": "https://mail.google.com/", "user": "me@gmail.com", "client_id": "work", "client_secret": "a-secret",
 "token_uri": "$issuer/token", "auth_uri": "https://accounts.google.com/o/oauth2/auth"}
END
in_background getmail getmail-gmail-xoauth-tokens --init --port "$port" tokens.json
wait_until curl --silent --noproxy '*' "http://localhost:$port/?code=a-code"
wait_until grep -q refresh_token tokens.json
sent=$(sed 's/.*"refresh_token": "rt-\([0-9]*\).*/\1/' tokens.json)
imported getmail6 "rt-$sent%21*%7E%24" <tokens.json
sed 's/"client_id": "work"/"client_id": "another"/' tokens.json >foreign.json
requests=$(wc -l <endpoint.log)
refused 'getmail6: of another client it is refused' 'belongs to client another, the account has work' <foreign.json
check 'getmail6: and sent nowhere' test "$(wc -l <endpoint.log)" = "$requests"

# --- MSAL, and oauth2ms, which keeps such a cache in its settings

/usr/bin/python3 "$here/msal_cache.py" work >cache.json
imported MSAL 0.AXexample-refresh-token <cache.json
/usr/bin/python3 -c '
import json, sys
print(json.dumps({"tenant_id": "common", "client_id": "work", "scopes": [], "token_cache": sys.stdin.read()}))
' <cache.json >credentials.bin
imported oauth2ms 0.AXexample-refresh-token <credentials.bin

# --- email-oauth2-proxy: the command of the manual, with what the proxy has written

pizauth revoke work
moving() { example pizauth.1 'MOVING FROM OTHER PROGRAMS' "$1"; }
moving 14 | sed "1s|ADDRESS emailproxy.config|me@example.org '$repository/tests/import/emailproxy.config'|
s|^python3|/usr/bin/python3|" >recipe
check 'email-oauth2-proxy: the command of the manual takes it' \
    /usr/bin/python3 "$here/typed.py" 'mail password: ' the-mail-password bash recipe
check 'email-oauth2-proxy: it is its refresh token that was sent' \
    grep -qF -e 'refresh_token=M.C528_BAY.0.U.-Cq*example%21refresh%24token&' endpoint.log
check 'email-oauth2-proxy: there is an access token' pizauth-show work
refused 'email-oauth2-proxy: as it is, the page is named' 'pizauth(1) has the command' \
    <"$repository/tests/import/emailproxy.config"

# --- the other commands of the manual, as they are printed, over what those programs have written (tests/import)

# Of the client that the account has; a refresh token may be known by now.
of_client_work() { sed -E 's/(client_id"?[^a-z0-9]*)[a-zA-Z0-9.-]+/\1work/g' "$repository/tests/import/$1"; }
# keeps_in PATH SAMPLE: where that program has its tokens.
keeps_in() { mkdir -p "$(dirname "$1")" && of_client_work "$2" >"$1"; }
# stands_in PROGRAM ARGUMENTS SAMPLE: for a program that prints its tokens when it is called so, and only so.
mkdir others
PATH=$PWD/others:$PATH
stands_in() {
    of_client_work "$3" >"others/$1.$3"
    printf '#!/bin/sh\n[ "$*" = "%s" ] || exit 1\ncat "%s"\n' "$2" "$PWD/others/$1.$3" >"others/$1"
    chmod 755 "others/$1"
}
# moved NUMBER TOKEN: that example, after which this refresh token was sent; by a new daemon, which knows of no requests.
sent() { grep -cF -e "refresh_token=$1&" endpoint.log || :; }
moved() {
    local before
    before=$(sent "$2")
    kill_daemon
    start_daemon
    moving "$1" >recipe
    check "example $1: $(tr -s ' \n' ' ' <recipe)" bash -o pipefail recipe
    check "example $1: that token was sent" test "$(sent "$2")" = $((before + 1))
}

encrypted() { mkdir -p "$(dirname "$2")" && gpg --quiet --encrypt --recipient me@example.org --output "$2" "$1"; }
mkdir -p .mutt
cp work.tokens .mutt/
number=$(gpg -qd work.tokens | sed -n 's/.*"refresh_token": "rt-\([0-9]*\).*/\1/p')
moved 1 "rt-$number%21*%7E%24"
pizauth revoke work
check 'first what would be taken, then in earnest' bash -o pipefail -c "$(example pizauth.1 EXAMPLES 6)"
encrypted "$repository/tests/import/oama.json" .local/state/oama/me@example.org.oama
moved 2 1%2F%2F0example-refresh-token
stands_in secret-tool 'lookup oama me@example.org' oama.json
moved 3 1%2F%2F0example-refresh-token
stands_in pass 'show ortie/work' ortie.json
moved 4 an-example-refresh-token
keeps_in .local/share/oauth2ms/credentials.bin oauth2ms.json
moved 5 0.AXexample-refresh-token
stands_in oidc-gen '-p work' oidc-agent.json
moved 6 an-example-refresh-token
keeps_in .getmail/tokens.json getmail6.json
moved 7 1%2F%2F0example-refresh-token
stands_in sudo 'cat /etc/tokens/me@example.org' sasl-xoauth2.json
moved 8 an-example-refresh-token
keeps_in .offlineimaprc offlineimaprc
moved 9 1%2F%2F0example-refresh-token
keeps_in .config/aerc/accounts.conf aerc_accounts.conf
moved 10 0.AXexample
stands_in secret-tool 'lookup service himalaya-cli username work-imap-oauth2-refresh-token' raw.txt
moved 11 1%2F%2F0example-refresh-token
stands_in keyring 'get git-credential-outlook refresh_token' raw.txt
moved 12 1%2F%2F0example-refresh-token
before=$(pizauth-show work)
check 'a dump, of the original or of ours' bash -c "$(moving 13)"
pizauth revoke work
pizauth-restore <tokens
check 'is restored as it is' test "$(pizauth-show work)" = "$before"
