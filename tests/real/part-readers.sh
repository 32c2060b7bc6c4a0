# shellcheck shell=bash disable=SC2154
# More programs that people read and send mail with, configured as pizauth-show(1) says: aerc, mutt, s-nail, imapfilter.
# And those of which that page says that Debian's cannot do it.
# needs: dovecot:dovecot-core /usr/lib/dovecot/submission-login:dovecot-submissiond
# needs: /usr/lib/dovecot/imap-login:dovecot-imapd /usr/lib/dovecot/pop3-login:dovecot-pop3d
# needs: /usr/lib/python3/dist-packages/aiosmtpd:python3-aiosmtpd
# needs: aerc:aerc mutt:mutt s-nail:s-nail imapfilter:imapfilter tmux:tmux
# needs: alpine:alpine fdm:fdm fetchmail:fetchmail swaks:swaks vdirsyncer:vdirsyncer git:git

is_fenced || return 0
export ACCESS_TOKEN_SECONDS=600
start_mail_scene

mkdir -m 700 config/aerc config/mutt .imapfilter bearer bearer/aerc
recipe aerc >config/aerc/accounts.conf
chmod 600 config/aerc/accounts.conf
cp /usr/share/aerc/aerc.conf /usr/share/aerc/binds.conf config/aerc/
cp config/aerc/* bearer/aerc/
sed -i 's/+xoauth2/+oauthbearer/' bearer/aerc/accounts.conf
recipe mutt >config/mutt/muttrc
sed 's/oauthbearer:xoauth2/xoauth2/' config/mutt/muttrc >muttrc-xoauth2
recipe s-nail 1 >.mailrc
export MAILRC=$HOME/.mailrc # as root it would look into another home
recipe s-nail 2 >s-nail-recipe
recipe imapfilter >.imapfilter/config.lua
# It waits for that long once its access token is refused.
sed -i '1i options.timeout = 5' .imapfilter/config.lua
echo 'for _, mail in ipairs(work.INBOX:select_all()) do print(mail[1][mail[2]]:fetch_field("subject")) end' \
    >>.imapfilter/config.lua

export TMUX_TMPDIR=$HOME/tmux TERM=screen EDITOR=true
unset TMUX
mkdir -m 700 tmux
# Else the server ends with each session, just when the next one begins.
tmux -f /dev/null new-session -d -s base 'sleep 1000'
in_tmux() { tmux -f /dev/null new-session -d -s here -x 200 -y 24 "$1 2>errors; echo it has ended; sleep 1000"; }
screen() { tmux capture-pane -p -t here; }
screen_says() { screen | grep -E "$1"; }
keys() { tmux send-keys -t here "$@"; }
# on_screen WANTED COMMAND: runs it in a terminal until it shows that, or why it does not; prints what is there then.
on_screen() {
    local status=0
    in_tmux "$2"
    wait_until screen_says "$1|uthentication failed|Disconnected|invalid_token|it has ended" || :
    screen_says "$1" || status=1
    screen
    cat errors
    tmux kill-session -t here
    return $status
}

readers=(mutt mutt-xoauth2 aerc aerc-bearer s-nail imapfilter)
read_by_mutt() { on_screen ' first$' mutt; }
read_by_mutt-xoauth2() { on_screen ' first$' 'mutt -F muttrc-xoauth2'; }
read_by_aerc() { on_screen ' first$' aerc; }
read_by_aerc-bearer() { on_screen ' first$' "env XDG_CONFIG_HOME=$PWD/bearer aerc"; }
# It waits for minutes once its access token is refused.
read_by_s-nail() { timeout --verbose 15 sh s-nail-recipe <<<headers; }
read_by_imapfilter() { timeout 60 imapfilter; }

senders=(mutt mutt-xoauth2 aerc aerc-bearer s-nail)
send_by_mutt() { echo hello | mutt -s "$1" me@example.org; }
send_by_mutt-xoauth2() { echo hello | mutt -F muttrc-xoauth2 -s "$1" me@example.org; }
send_by_s-nail() { echo hello | s-nail -A work -s "$1" me@example.org; }
# By its keys: what is composed is sent with y.
send_by_aerc() {
    in_tmux "env XDG_CONFIG_HOME=${2-$XDG_CONFIG_HOME} aerc"
    wait_until screen_says ' first$' || return 1
    keys ":compose -H 'To: me@example.org' -H 'Subject: $1'" Enter
    wait_until screen_says 'Send this email' || { screen; return 1; }
    keys y
    wait_until is_in_mailbox "$1" || { screen; return 1; }
    tmux kill-session -t here
}
send_by_aerc-bearer() { send_by_aerc "$1" "$PWD/bearer"; }

# arrive SUBJECT: a mail at the provider.
arrive() {
    printf 'From: ann@example.org\nTo: me@example.org\nSubject: %s\n\nhello\n' "$1" |
        install -o nobody -g nogroup -m 600 /dev/stdin "$maildir/new/$(mailbox_count)"
}

# none_reads REASON WORDS: no program shows a mail, and each says the words.
none_reads() {
    local program
    for program in "${readers[@]}"; do
        check_refused "$program: shows nothing, $1" "read_by_$program"
        cp check.log said.log
        check "$program: and says so" said "$2"
    done
}

arrive first
none_reads 'before signing in' 'Access token unavailable until authorised with URL|failed to read password: exit status 1'
log_in work --user me@example.org
for program in "${readers[@]}"; do
    check "$program: reads" "read_by_$program"
    cp check.log said.log
    check "$program: the mail is shown" said first
done
for program in "${senders[@]}"; do
    check "$program: sends" "send_by_$program" "from $program"
    check "$program: and the mail is there" wait_until is_in_mailbox "from $program"
done
for service in 'imap-login.*method=XOAUTH2' 'imap-login.*method=OAUTHBEARER' \
    'submission-login.*method=XOAUTH2' 'submission-login.*method=OAUTHBEARER'; do
    check "Dovecot accepted ${service/-login.*method=/ }" grep -q "${service/method/user=<me@example.org>, method}" dovecot-mail.log
done
check 'the provider withdraws the grant' withdraw work
none_reads 'after the grant was withdrawn' 'uthentication failed|Authentication failed|Disconnected|invalid_token|login request .* failed|sending signal TERM'

# What the page says of the others. Where one of them learns it, the page is to say so.
cannot() {
    check_refused "$1: cannot do it" "${@:3}"
    cp check.log said.log
    check "$1: and says so" said "$2"
}
others() { awk '/^\.S/ { here = /Ss Others/ } here' "$repository/man/pizauth-show.1" | tr '\n' ' '; }
for program in alpine fdm fetchmail 'git imap-send' swaks vdirsyncer; do
    check "$program: the page says that it cannot" grep -q " ${program}[,;]" <(others)
done
recipe fdm >.fdm.conf
chmod 600 .fdm.conf
cannot fdm 'unknown token: xoauth2' fdm -f .fdm.conf -n
for mechanism in xoauth2 oauthbearer; do
    echo "poll imap.example.org protocol imap auth $mechanism user me password x" >.fetchmailrc
    chmod 600 .fetchmailrc
    cannot fetchmail "syntax error at $mechanism" fetchmail --configdump
    cannot swaks 'No auth types supported' swaks --auth "${mechanism^^}" --auth-user me@example.org --auth-password x \
        --to me@example.org --server smtp.example.org:587 --tls
done
/usr/bin/git config --global imap.host imaps://imap.example.org
/usr/bin/git config --global imap.folder INBOX
/usr/bin/git config --global imap.user me@example.org
/usr/bin/git config --global imap.authMethod XOAUTH2
# shellcheck disable=SC2016 # expanded by git
/usr/bin/git config --global credential.imaps://imap.example.org.helper '!f() { echo "password=$(pizauth-show work)"; }; f'
by_imap_send() {
    printf 'From me Mon Sep 17 00:00:00 2001\nFrom: me@example.org\nDate: %s\nSubject: a patch\n\nhello\n' "$(date -R)" |
        timeout 20 /usr/bin/git imap-send
}
cannot 'git imap-send' 'curl_easy_perform\(\) failed|authenticat' by_imap_send
check 'alpine: it would be a client of its own' grep -q -- '-xoauth2-client-id' <(alpine -h 2>&1)
cat >vdirsyncer.conf <<'END'
[general]
status_path = "status"
[pair work]
a = "here"
b = "there"
collections = null
[storage here]
type = "filesystem"
path = "calendar"
fileext = ".ics"
[storage there]
type = "caldav"
url = "http://127.0.0.1:9/"
username = "me@example.org"
password.fetch = ["command", "pizauth-show", "work"]
auth = "bearer"
END
cannot vdirsyncer 'Unknown authentication method: bearer' vdirsyncer -c vdirsyncer.conf discover
