# shellcheck shell=bash disable=SC2154
# A token from oidc-provider over a scripted login, refreshed twice, sends a mail by msmtp.
# needs: msmtp:msmtp /usr/lib/python3/dist-packages/aiosmtpd:python3-aiosmtpd

start_provider
{
    echo 'https_listen = none;'
    provider_account alice mail
} >config/pizauth.conf
start_daemon

mkdir mails
in_background smtp /usr/bin/python3 "$here/smtp_server.py" "$issuer" mails
wait_for_lines 1 '^port ' smtp.log
cat >msmtprc <<END
account default
host 127.0.0.1
port $(sed -n 's/^port //p' smtp.log)
from alice@example.org
auth xoauth2
user alice@example.org
passwordeval "pizauth-show alice"
tls off
END
chmod 600 msmtprc

send() { printf 'Subject: %s\n\nhello\n' "$1" | msmtp -C msmtprc bob@example.org; }
received() { cat mails/*.eml 2>/dev/null | grep -q "^Subject: $1"; }

check_refused 'without a token msmtp sends nothing' send too-early
check 'the login is scripted through' log_in alice
check 'our page says who is signed in' grep -q 'signed in: alice' alice.html
first=$(pizauth-show alice)

check 'msmtp sends with the first token' send first
check 'the mail has arrived' received first
check 'the token is refreshed twice' wait_for_lines 2 '"grant":"refresh_token","status":200' provider.log
later=$(pizauth-show alice)
check 'the access token is another one now' test "$first" != "$later"
check 'msmtp sends with the refreshed token' send second
check 'the second mail has arrived' received second
check 'both were accepted by introspection' wait_for_lines 2 'XOAUTH2 alice@example.org accepted' smtp.log
check_refused 'the provider refused no token request' grep -qE '"grant":.*"error"' provider.log

sed 's/^passwordeval.*/passwordeval "echo bogus"/' msmtprc >bogus && mv bogus msmtprc && chmod 600 msmtprc
check_refused 'a token that the provider does not know is refused' send bogus
check_refused 'and that mail has not arrived' received bogus
check 'revoke works' pizauth-revoke alice
check_refused 'after it pizauth-show has no token' pizauth-show alice
check 'shutdown works' pizauth shutdown
