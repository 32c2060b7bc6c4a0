# shellcheck shell=bash disable=SC2154
# The forms of `pizauth-show --format`, each given to a program as it is: the SASL strings to Dovecot, by IMAP, POP3 and
# submission, and the header to curl. And at the extra socket.
# needs: dovecot:dovecot-core /usr/lib/dovecot/submission-login:dovecot-submissiond
# needs: /usr/lib/dovecot/imap-login:dovecot-imapd /usr/lib/dovecot/pop3-login:dovecot-pop3d
# needs: /usr/lib/python3/dist-packages/aiosmtpd:python3-aiosmtpd

is_fenced || return 0
export ACCESS_TOKEN_SECONDS=600
trust_example_org
start_provider
start_dovecot
{
    echo 'https_listen = none; extra_socket = "extra.sock"; extra_socket_accounts = ["work"];'
    provider_account work mail 'user = "me@example.org";'
    provider_account other mail 'user = "somebody.else@example.org";'
} >config/pizauth.conf
start_daemon
log_in work --user me@example.org
log_in other --user me@example.org

# speak SERVER LINE...: says these lines to it by openssl; what it answers is in said.log.
speak() {
    printf '%s\n' "${@:2}" | timeout 20 openssl s_client -quiet -crlf -verify_return_error -connect "$1" >said.log 2>&1 || :
}

# by_imap MECHANISM FORMAT ACCOUNT
by_imap() {
    speak imap.example.org:993 "a authenticate $1 $(pizauth-show --format "$2" "$3")" 'z logout'
    said '^a OK'
}
by_pop3() {
    speak pop.example.org:995 "AUTH $1 $(pizauth-show --format "$2" "$3")" QUIT
    said '^[+]OK Logged in'
}
by_submission() {
    pizauth-show --format "$2" "$3" | /usr/bin/python3 -c '
import smtplib, ssl, sys
server = smtplib.SMTP("smtp.example.org", 587, timeout=20)
server.starttls(context=ssl.create_default_context())
server.ehlo()
code, words = server.docmd("AUTH", sys.argv[1] + " " + sys.stdin.readline().strip())
print(code, words)
sys.exit(code != 235)' "$1"
}

for mechanism in XOAUTH2 OAUTHBEARER; do
    format=${mechanism,,}
    for way in imap pop3 submission; do
        check "$way takes the string of $format" "by_$way" "$mechanism" "$format" work
        check_refused "$way: which names the user, who must be the right one" "by_$way" "$mechanism" "$format" other
    done
done
check_refused 'one string is not the other' by_imap XOAUTH2 oauthbearer work

recipe curl 2 | sed "s|https://api.example.org/|--silent --show-error --fail --max-time 20 $issuer/me|" >header-recipe
by_header() { bash -o pipefail header-recipe; }
check 'curl takes the header' by_header
by_json() {
    pizauth-show --format json work | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])' |
        cmp - <(pizauth-show work)
}
check 'a program takes the document' by_json

export PIZAUTH_SOCKET=$XDG_RUNTIME_DIR/pizauth/extra.sock
check 'the extra socket gives strings, too' by_imap XOAUTH2 xoauth2 work
