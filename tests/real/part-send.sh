# shellcheck shell=bash disable=SC2154
# Programs that send mail through Dovecot's submission service, configured as pizauth-show(1) says. And git's credential
# helper, from the same recipe.
# needs: dovecot:dovecot-core /usr/lib/dovecot/submission-login:dovecot-submissiond
# needs: /usr/lib/dovecot/imap-login:dovecot-imapd /usr/lib/dovecot/pop3-login:dovecot-pop3d
# needs: /usr/lib/python3/dist-packages/aiosmtpd:python3-aiosmtpd
# needs: msmtp:msmtp neomutt:neomutt /usr/lib/git-core/git-send-email:git-email
# needs: /usr/share/perl5/Mail/Address.pm:libmailtools-perl

is_fenced || return 0
export ACCESS_TOKEN_SECONDS=600
start_mail_scene

recipe msmtp >.msmtprc
chmod 600 .msmtprc
sed 's/xoauth2/oauthbearer/' .msmtprc >.msmtprc-bearer
chmod 600 .msmtprc-bearer
mkdir config/neomutt
recipe neomutt >config/neomutt/neomuttrc
echo 'set from = "me@example.org"' >>config/neomutt/neomuttrc
sed 's/oauthbearer:xoauth2/xoauth2/' config/neomutt/neomuttrc >neomuttrc-xoauth2
mkdir helper
ln -s "$(command -v pizauth)" helper/git-credential-pizauth
PATH=$PWD/helper:$PATH
eval "$(recipe git)"
eval "$(example pizauth.1 EXAMPLES 5)"
git config --global user.name me
git config --global user.email me@example.org
git=/usr/bin/git # the one that Debian's git-email belongs to

senders=(msmtp msmtp-bearer neomutt neomutt-xoauth2 curl git)
compose() { printf 'From: me@example.org\nTo: me@example.org\nSubject: %s\n\nhello\n' "$1"; }
by_msmtp() { compose "$1" | msmtp -t; }
by_msmtp-bearer() { compose "$1" | msmtp -C .msmtprc-bearer -t; }
by_neomutt() { echo hello | neomutt -s "$1" me@example.org; }
by_neomutt-xoauth2() { echo hello | neomutt -F neomuttrc-xoauth2 -s "$1" me@example.org; }
by_curl() {
    local token
    compose "$1" >curl.mail
    token=$(pizauth-show work) &&
        printf 'oauth2-bearer = "%s"\n' "$token" |
        curl -K - --no-progress-meter --ssl-reqd --user me@example.org --mail-from me@example.org \
            --mail-rcpt me@example.org --upload-file curl.mail smtp://smtp.example.org:587
}
by_git() {
    compose "$1" >change.patch
    $git send-email --quiet --confirm=never --from me@example.org --to me@example.org change.patch </dev/null
}

# Emacs is large: its recipe is tried where somebody has installed it.
by_emacs() { emacs --batch -Q -l emacs.el --eval "(send-mail \"$1\")"; }
if command -v emacs >/dev/null; then
    senders+=(emacs)
    recipe Emacs >emacs.el
    cat >>emacs.el <<'END'
(require 'message)
(defun send-mail (subject)
  (setq user-mail-address "me@example.org")
  (message-mail "me@example.org" subject)
  (message-goto-body)
  (insert (make-string (length (my-access-token "work")) ?x) "\n")
  (message-send))
END
else
    echo 'emacs is not installed, and not tried'
fi

credential() {
    printf 'protocol=https\nhost=git.example.org\n\n' | GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=/bin/false $git credential fill
}
is_credential() { [ "$(credential | tail -n 2 | tr '\n' ' ')" = "username=me password=$(pizauth-show work) " ]; }

# all_send SUBJECT: every program's mail arrives, once.
all_send() {
    local sender before
    for sender in "${senders[@]}"; do
        before=$(mailbox_count)
        check "$sender: sends, $1" "by_$sender" "$sender $1"
        check "$sender: and the mail is there" wait_until is_in_mailbox "$sender $1"
        check "$sender: once" test "$(mailbox_count)" = $((before + 1))
    done
}

# none_sends REASON WORDS: no program sends anything, and each shows the words.
none_sends() {
    local sender before
    before=$(mailbox_count)
    for sender in "${senders[@]}"; do
        check_refused "$sender: sends nothing, $1" "by_$sender" "$sender $1"
        cp check.log said.log
        check "$sender: and says so" said "$2"
    done
    check "nothing has arrived, $1" test "$(mailbox_count)" = "$before"
}

no_token='Access token unavailable until authorised with URL|pizauth-show exited with status 1'
none_sends 'before signing in' "$no_token"
check_refused 'git: has no credential, before signing in' credential
log_in work --user me@example.org
check 'git: the access token is the password' is_credential
all_send 'signed in'
check 'a refresh gives another token' refresh_and_wait work
all_send 'after a refresh'
for mechanism in XOAUTH2 OAUTHBEARER; do
    check "Dovecot accepted $mechanism" grep -q "submission-login.*user=<me@example.org>, method=$mechanism" dovecot-mail.log
done

check 'the provider withdraws the grant' withdraw work
none_sends 'after the grant was withdrawn' 'uthentication failed|No authenticators available|Login denied|exit value 77'
pizauth-refresh work
check 'a refresh notices' wait_until grep -q 'event=session_ended account="work"' daemon.log
none_sends 'after the session has ended' "$no_token"
log_in work --user me@example.org
all_send 'signed in again'

kill -STOP "$daemon_pid"
check_refused 'msmtp: sends nothing while the daemon hangs' by_msmtp 'a daemon that hangs'
cp check.log said.log
check 'msmtp: and says so' said 'does not answer'
kill -CONT "$daemon_pid"
check 'revoke works' pizauth-revoke work
none_sends 'after a revoke' "$no_token"
check 'shutdown works' pizauth shutdown
none_sends 'without a daemon' 'cannot reach pizauthd|pizauth-show exited with status 2'
