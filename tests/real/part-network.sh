# shellcheck shell=bash disable=SC2154
# What a machine's network can lack. A name server that answers, while the C library waits for it: nobody else is
# delayed, and in the end every code is used, once. And IPv6.

is_fenced || return 0

# --- no name server

in_background nameserver /usr/bin/python3 "$here/mute_nameserver.py" "$scene/answers"
wait_for_lines 1 '^ready' nameserver.log
printf '%s\n' 'nameserver 127.0.0.1' 'options timeout:30 attempts:5' >resolv.conf

start_test_server
write_configuration
lost=(lost1 lost2 lost3)
for account in "${lost[@]}"; do
    cat >>config/pizauth.conf <<END
account "$account" {
    auth_uri = "$issuer/authorize";
    token_uri = "http://token.example:${issuer##*:}/token";
    client_id = "$account";
}
END
done
# shellcheck disable=SC2016 # expanded by the inner shell
start_daemon unshare -m sh -c 'mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"' "$scene"
token=$(sign_in)

for account in "${lost[@]}"; do
    in_background "page-$account" pizauth-test-server --approve "$(authorization_url "$account")"
done
check 'the server of three accounts is looked up' wait_for_lines 3 '^asked' nameserver.log
check 'another account is refreshed meanwhile' pizauth-refresh work
has_another_token() { [ "$(pizauth-show work)" != "$token" ]; }
check 'and has a new token' wait_until has_another_token
check 'commands answer meanwhile' timeout 5 pizauth status
for account in "${lost[@]}"; do
    check "the browser of $account is told that it takes longer" wait_for_lines 1 '<h1>still working' "page-$account.log"
done
check 'the lookups are given up' wait_for_lines 3 'account="lost.*no answer within 30 s' daemon.log
threads() { sed -n 's/^Threads:[[:space:]]*//p' "/proc/$daemon_pid/status"; }
check 'there are few threads' test "$(threads)" -le 32

touch answers
for account in "${lost[@]}"; do
    check "once the name server answers, $account is signed in" wait_until pizauth-show "$account"
done
check 'every code has been sent once' test "$(grep -c '^code exchanged status=200' issuer.log)" = 4
check_refused 'and none a second time' grep -q '^code exchanged.*error=' issuer.log

# --- no IPv6

pizauth shutdown
# shellcheck disable=SC2016 # expanded by the inner shell
start_daemon unshare -n sh -c 'ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"' sh
check 'without IPv6 the daemon starts' pizauth status
check 'and says that it serves IPv4 alone' wait_for_lines 1 'listener_degraded.*IPv4 alone' daemon.log
port=$(pizauth info -j | sed -n 's/.*"http_port": *"\([0-9]*\)".*/\1/p')
visit() { nsenter --net --target "$daemon_pid" curl --silent --noproxy '*' "http://localhost:$port/?code=c&state=x"; }
visit >page.html || :
check 'which a browser finds' grep -q 'nothing waits for this' page.html
