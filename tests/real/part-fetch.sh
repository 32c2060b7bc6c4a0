# shellcheck shell=bash disable=SC2154
# Programs that fetch or read mail from Dovecot by IMAP and POP3, configured as pizauth-show(1) says.
# needs: dovecot:dovecot-core /usr/lib/dovecot/submission-login:dovecot-submissiond
# needs: /usr/lib/dovecot/imap-login:dovecot-imapd /usr/lib/dovecot/pop3-login:dovecot-pop3d
# needs: /usr/lib/python3/dist-packages/aiosmtpd:python3-aiosmtpd
# needs: mbsync:isync /usr/share/doc/libsasl2-modules-kdexoauth2/copyright:libsasl2-modules-kdexoauth2 mpop:mpop
# needs: neomutt:neomutt getmail:getmail6 offlineimap:offlineimap3 tmux:tmux

is_fenced || return 0
export ACCESS_TOKEN_SECONDS=600
start_mail_scene

# Each has a Maildir of its own for what it fetches. The user: getmail does not deliver as root.
mkdir -p config/{getmail,neomutt}
for fetcher in getmail mbsync mpop; do mkdir -p "fetched/$fetcher"/{cur,new,tmp}; done
chown -R nobody:nogroup fetched/getmail
recipe mbsync >.mbsyncrc
cat >>.mbsyncrc <<END

IMAPStore far
Account work

MaildirStore near
Inbox ~/fetched/mbsync/

Channel work
Far :far:
Near :near:
END
in_fetched() { sed "s|~/Mail/work|~/fetched/$1|"; }
recipe mpop | in_fetched mpop >.mpoprc
chmod 600 .mpoprc
recipe getmail | in_fetched getmail | sed 's/^type = Maildir/&\nuser = nobody/' >config/getmail/getmailrc
recipe OfflineIMAP | in_fetched offlineimap >.offlineimaprc
recipe OfflineIMAP 2 >.offlineimap.py
recipe neomutt >config/neomutt/neomuttrc
recipe curl >curl-recipe

fetchers=(mbsync mpop getmail offlineimap)
by_mbsync() { timeout 30 mbsync -a; } # waits for minutes when XOAUTH2 is refused
by_mpop() { mpop; }
by_getmail() { getmail; }
by_offlineimap() { offlineimap -o -u basic; }

readers=(curl neomutt)
by_curl() { bash -o pipefail curl-recipe; }

# by_neomutt: starts it in a terminal, and prints what stands there once that is a mail or an error.
by_neomutt() {
    local status=0
    tmux -f /dev/null new-session -d -s neomutt -x 200 -y 24 'neomutt 2>neomutt.errors; sleep 1000'
    wait_until screen_says ' first$|authentication failed|Unable to open mailbox'
    screen_says ' first$' || status=1
    tmux capture-pane -p -t neomutt
    cat neomutt.errors
    tmux kill-session -t neomutt
    return $status
}
screen_says() { tmux capture-pane -p -t neomutt | grep -E "$1"; }
export TMUX_TMPDIR=$HOME/tmux TERM=screen
unset TMUX
mkdir -m 700 tmux

# arrive SUBJECT: a mail at the provider.
arrive() {
    printf 'From: ann@example.org\nTo: me@example.org\nSubject: %s\n\nhello\n' "$1" |
        install -o nobody -g nogroup -m 600 /dev/stdin "$maildir/new/$(printf %03d "$(mailbox_count)") $1"
}

# fetched_count FETCHER SUBJECT: of the mails that lie here.
fetched_count() { grep -rlx "Subject: $2" "fetched/$1" | wc -l; }

# all_fetch SUBJECT: every program brings that mail, once, and every other shows one.
all_fetch() {
    local program
    for program in "${fetchers[@]}"; do
        check "$program: fetches, $1" "by_$program"
        check "$program: the mail is here once" test "$(fetched_count "$program" "$1")" = 1
    done
    for program in "${readers[@]}"; do
        check "$program: reads, $1" "by_$program"
        cp check.log said.log
        check "$program: the mail is shown" said first
    done
}

# none_fetches SUBJECT WORDS: no program gets at that mail or loses one, and each shows the words.
none_fetches() {
    local program before
    before=$(mailbox_count)
    for program in "${fetchers[@]}" "${readers[@]}"; do
        check_refused "$program: gets nothing, $1" "by_$program"
        cp check.log said.log
        check "$program: and says so" said "$2"
    done
    check "nothing is here, $1" test -z "$(grep -rlx "Subject: $1" fetched)"
    check "everything is still there, $1" test "$(mailbox_count)" = "$before"
}

arrive first
arrive 'before signing in'
none_fetches 'before signing in' 'Access token unavailable until authorised with URL|pizauth-show exited with 1'
log_in work --user me@example.org
arrive 'signed in'
all_fetch 'signed in'
check 'a refresh gives another token' refresh_and_wait work
arrive 'after a refresh'
all_fetch 'after a refresh'
for service in 'imap-login.*method=XOAUTH2' 'imap-login.*method=OAUTHBEARER' 'pop3-login.*method=XOAUTH2'; do
    check "Dovecot accepted ${service/-login.*method=/ }" grep -q "${service/method/user=<me@example.org>, method}" dovecot-mail.log
done

check 'the provider withdraws the grant' withdraw work
arrive 'the grant was withdrawn'
none_fetches 'the grant was withdrawn' 'uthentication failed|Login denied|IMAP wants more steps'
log_in_again() { pizauth-revoke work && log_in work --user me@example.org; }
check 'signing in again works' log_in_again
arrive 'signed in again'
all_fetch 'signed in again'
check 'what came meanwhile is here too' test "$(grep -rlx 'Subject: the grant was withdrawn' fetched | wc -l)" = ${#fetchers[@]}

check 'shutdown works' pizauth shutdown
arrive 'without a daemon'
none_fetches 'without a daemon' 'cannot reach pizauthd|pizauth-show exited with 2'
