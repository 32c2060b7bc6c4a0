# shellcheck shell=bash disable=SC2154,SC2034
# A newcomer with an empty home: from `pizauth setup me@gmail.com` at a terminal to a mail that Dovecot has accepted and
# shows, with nothing but what setup has said. The provider's hosts are here: oidc-provider is accounts.google.com, and
# Dovecot imap.gmail.com and smtp.gmail.com.
# needs: dovecot:dovecot-core /usr/lib/dovecot/submission-login:dovecot-submissiond
# needs: /usr/lib/dovecot/imap-login:dovecot-imapd /usr/lib/dovecot/pop3-login:dovecot-pop3d
# needs: /usr/lib/python3/dist-packages/aiosmtpd:python3-aiosmtpd
# needs: mbsync:isync /usr/share/doc/libsasl2-modules-kdexoauth2/copyright:libsasl2-modules-kdexoauth2
# needs: msmtp:msmtp neomutt:neomutt tmux:tmux

is_fenced || return 0
export ACCESS_TOKEN_SECONDS=600 LIKE_GOOGLE=yes
maildir=$PWD/mails/me@gmail.com
mail_scope=https://mail.google.com/
trust accounts.google.com oauth2.googleapis.com {imap,smtp}.gmail.com
export CERTIFICATE=$PWD/trust/ca-certificates.crt KEY=$PWD/trust.key
start_provider
start_dovecot

# What a newcomer has.
export HOME=$scene/newcomer
unset XDG_CONFIG_HOME
mkdir -m 700 "$HOME"
cat >browser.sh <<END
#!/bin/sh
exec /usr/bin/python3 "$here/login.py" --user me@gmail.com "\$1" >"$scene/page.html" 2>&1
END
chmod 755 browser.sh
export BROWSER=$scene/browser.sh

# converse [PATTERN ANSWER]... -- COMMAND...: see at_terminal; all of it is in setup.out.
converse() { at_terminal "$@" | tee "$scene/setup.out"; }

# lines_after BEGINNING: those that stand, set in, below the line of setup's that begins so; to the letter.
lines_after() {
    awk -v beginning="$1" '/^[^ ]/ { here = index($0, beginning) == 1 } here && (sub(/^    /, "") || /^$/)' setup.out |
        sed 1d
}
# take_lines PROGRAM: puts them where setup says.
take_lines() {
    local file
    file=$HOME/$(sed -n "s|^For $1, in ~/\([^ :,]*\).*|\1|p" setup.out)
    mkdir -p "$(dirname "$file")"
    lines_after "For $1, in " >"$file"
    test -s "$file"
}
# tries BEGINNING: runs the command that setup says there, at a terminal, as the newcomer would.
tries() {
    lines_after "$1" >trial
    test -s trial && converse -- timeout 60 bash -o pipefail trial
}

begun=$(date +%s%N)
told() { echo "$1: $((($(date +%s%N) - begun) / 1000000)) ms after the beginning"; }

check 'setup leads through its questions' converse \
    'Name of the account' '' \
    'Client identifier' mail-secret \
    'A command that prints' '' \
    'Its secret' 'secret of mail-secret & more' \
    'Add this' '' \
    'Start it' '' \
    'Sign in now' '' \
    -- bash -c "$(example pizauth-setup.1 EXAMPLES)"
check 'and signs in' grep -q 'gmail: signed in; the access token is valid until .*, with a refresh token' setup.out
check 'it shows no secret' test -z "$(grep -F 'secret of' setup.out)"
told 'signed in'

for program in msmtp mbsync neomutt; do
    check "$program: setup has lines, and a place for them" take_lines $program
done
cp setup.out lines.out
check 'the first trial lists the folders' tries 'To try it now'
check 'there they are' grep -q '^\* LIST .*INBOX' setup.out
cp lines.out setup.out
check 'the second one sends a mail' tries 'and this, with the lines for msmtp'
check 'Dovecot has taken it' wait_until is_in_mailbox 'It works'
told 'a mail is there'
check 'as its log says' grep -q 'submission-login.*user=<me@gmail.com>, method=XOAUTH2' dovecot-mail.log

check 'mbsync fetches it' timeout 60 mbsync -a
check 'it is here' grep -rqx 'Subject: It works' "$HOME/Mail-gmail"
by_neomutt() { echo hello | neomutt -s 'By neomutt' me@gmail.com; }
check 'neomutt sends another' by_neomutt
check 'which is there, too' wait_until is_in_mailbox 'By neomutt'
reads() {
    tmux -f /dev/null new-session -d -s neomutt -x 200 -y 24 'neomutt; sleep 1000'
    wait_until screen_says 'It works$'
    tmux capture-pane -p -t neomutt
    tmux kill-session -t neomutt
}
screen_says() { tmux capture-pane -p -t neomutt | grep -E "$1"; }
export TMUX_TMPDIR=$scene/tmux TERM=screen
unset TMUX
mkdir -m 700 tmux
check 'neomutt shows the mails' reads
told 'all is there'
check 'the configuration is its owners alone' test "$(stat -c %a "$HOME/.config/pizauth.conf")" = 600
check 'shutdown works' pizauth shutdown
