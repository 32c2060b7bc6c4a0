# shellcheck shell=bash disable=SC2154
# What a machine's network can lack. A name server that answers, while the C library waits for it: nobody else is
# delayed, and in the end every code is used, once. A server with many addresses that say nothing. And IPv6.

is_fenced || return 0

# --- no name server

in_background nameserver /usr/bin/python3 "$here/mute_nameserver.py" "$scene/answers"
wait_for_lines 1 '^ready' nameserver.log
printf '%s\n' 'nameserver 127.0.0.1' 'options timeout:30 attempts:5' >resolv.conf

start_test_server
write_configuration

# account NAME TOKEN_URI
account() {
    cat >>config/pizauth.conf <<END
account "$1" {
    auth_uri = "$issuer/authorize";
    token_uri = "$2";
    client_id = "$1";
}
END
}
# shellcheck disable=SC2016 # expanded by the inner shell
start_with_nameserver() { start_daemon unshare -m sh -c 'mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"' "$scene"; }

lost=(lost1 lost2 lost3)
for account in "${lost[@]}"; do account "$account" "http://token.example:${issuer##*:}/token"; done
start_with_nameserver
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

# --- a name with 28 addresses that say nothing

pizauth shutdown
write_configuration
many=(many1 many2 many3 many4 many5 many6 many7 many8)
for account in "${many[@]}"; do account "$account" http://many.example:9/token; done
# shellcheck disable=SC2034 # for start_daemon of scene.sh
daemon_options=(-vvv)
start_with_nameserver
for account in "${many[@]}"; do
    in_background "page-$account" pizauth-test-server --approve "$(authorization_url "$account")"
done
check 'eight exchanges are under way' wait_for_lines 8 'event=request_started account="many' daemon.log
most=0 samples=0
until wait_for_lines 8 'event=request_ended account="many' daemon.log 0; do
    now=$(threads)
    [ "$now" -le "$most" ] || most=$now
    samples=$((samples + 1))
    [ "$samples" -lt 1200 ] || break
    sleep 0.05
done
check 'they give up' wait_for_lines 8 'account="many.*cannot reach many.example: timed out' daemon.log
check "there were few threads: $most" test "$most" -ge 8 -a "$most" -le 32

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
