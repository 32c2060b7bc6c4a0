# shellcheck shell=bash disable=SC2154
# A git that sends mail by OAuth2 itself (2.50 or later) and knows Bearer (2.46): where newer_git.sh has unpacked one
# into the cache, since Debian's stable has none. Configured as pizauth-show(1) says.
# needs: dovecot:dovecot-core /usr/lib/dovecot/submission-login:dovecot-submissiond
# needs: /usr/lib/dovecot/imap-login:dovecot-imapd /usr/lib/dovecot/pop3-login:dovecot-pop3d
# needs: /usr/lib/python3/dist-packages/aiosmtpd:python3-aiosmtpd /usr/share/perl5/Mail/Address.pm:libmailtools-perl

is_fenced || return 0
if [ ! -x "$CACHE/newer-git/bin/git" ]; then
    echo "not tried, since there is no newer git: tests/real/newer_git.sh $CACHE/newer-git"
    return 0
fi
export ACCESS_TOKEN_SECONDS=600
start_mail_scene
mkdir helper
ln -s "$(command -v pizauth)" helper/git-credential-pizauth
PATH=$CACHE/newer-git/bin:$PWD/helper:$PATH
git --version
eval "$(recipe git 2)"
git config --global credential.https://git.example.org.helper 'pizauth work'
git config --global user.name me
git config --global user.email me@example.org
export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=/bin/false

compose() { printf 'From: me@example.org\nTo: me@example.org\nSubject: %s\n\nhello\n' "$1"; }
# send MECHANISM SUBJECT
send() {
    compose "$2" >change.patch
    git -c sendemail.smtpAuth="$1" send-email --quiet --confirm=never --from me@example.org --to me@example.org \
        change.patch </dev/null
}
fill() { printf 'capability[]=authtype\nprotocol=https\nhost=git.example.org\n\n' | git credential fill; }
has_line() { grep -qx "$1" filled; }

for mechanism in XOAUTH2 OAUTHBEARER; do
    check_refused "$mechanism: sends nothing before signing in" send $mechanism early
    cp check.log said.log
    check "$mechanism: and says where to sign in" said 'Access token unavailable until authorised with URL'
done
log_in work --user me@example.org
for mechanism in XOAUTH2 OAUTHBEARER; do
    check "$mechanism: sends" send $mechanism "by $mechanism"
    check "$mechanism: and the mail is there" wait_until is_in_mailbox "by $mechanism"
    check "Dovecot accepted $mechanism" grep -q "submission-login.*user=<me@example.org>, method=$mechanism" dovecot-mail.log
done
fill >filled
check 'a server of git gets the access token as Bearer' has_line authtype=Bearer
check 'which is that of show' has_line "credential=$(pizauth-show work)"
check 'and is kept nowhere else' has_line ephemeral=1

before=$(pizauth-show work)
git credential reject <filled
check 'one that is rejected is refreshed' wait_until shows_another work "$before"
check 'and the new one sends' send OAUTHBEARER 'after a rejection'

check 'the provider withdraws the grant' withdraw work
check_refused 'git: sends nothing then' send XOAUTH2 late
check 'and has made the daemon notice' wait_until grep -q 'event=session_ended account="work"' daemon.log
