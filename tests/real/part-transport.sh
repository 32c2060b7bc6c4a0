# shellcheck shell=bash disable=SC2154
# On the way to a token endpoint: a private certificate authority in SSL_CERT_FILE, and a proxy (tinyproxy) in
# HTTPS_PROXY.
# needs: tinyproxy:tinyproxy-bin

# make_authority NAME: NAME.pem and NAME.key.
make_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=$1" \
        -keyout "$1.key" -out "$1.pem" 2>>openssl.log
}
make_authority ours
make_authority other
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost \
    -keyout server.key -out server.csr 2>>openssl.log
openssl x509 -req -in server.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days 2 \
    -extfile <(echo 'subjectAltName = DNS:localhost') -out server.pem 2>>openssl.log

# What the browser trusts; each daemon gets its own.
export SSL_CERT_FILE=$PWD/ours.pem
CERTIFICATE=server.pem KEY=server.key start_provider work-300
{
    echo 'https_listen = none; refresh_retry = 2s;'
    echo 'token_event_cmd = "pizauth dump >dump.new && mv dump.new dump";'
    echo 'startup_cmd = "test ! -e dump || pizauth restore <dump";'
    provider_account work work-300
} >config/pizauth.conf

status_says() { wait_until sh -c "pizauth status | grep '^work: .*$1'"; }
refreshes() { token_requests work-300 refresh_token '"status":200' | wc -l; }
has_refreshed() { [ "$(refreshes)" -gt "$1" ]; }

# refresh: asks for one, and waits for the provider to have seen it.
refresh() {
    local before
    before=$(refreshes)
    pizauth-refresh work && wait_until has_refreshed "$before"
}

# restart VARIABLE=VALUE...: in this environment, and with the tokens that the hook has saved.
restart() {
    pizauth shutdown
    wait "$daemon_pid" || :
    start_daemon env "$@"
}

# --- a certificate authority of one's own

cp other.pem trusted.pem
start_daemon env SSL_CERT_FILE="$PWD/trusted.pem"
check 'the login is scripted through' log_in work
check_refused 'with an unknown certificate authority nobody is signed in' grep -q 'signed in' work.html
check 'status says that it is the certificate' status_says 'localhost.*certificate is from an authority that is unknown here'
check 'and so does the log' wait_for_lines 1 'event=exchange_retried .*certificate' daemon.log
check_refused 'nothing was sent' token_requests work-300 authorization_code
cp ours.pem trusted.pem
check 'with the right SSL_CERT_FILE the same login succeeds' wait_until pizauth-show work
check 'refreshes, too' refresh
shown=$(pizauth-show work)
cp other.pem trusted.pem
pizauth-refresh work
check 'status tells of an authority that is unknown again' status_says 'authority that is unknown here'
check 'and the token goes on being shown' test "$(pizauth-show work)" = "$shown"

# What it looks for it reads at once.
watch_the_end() {
    secrets >sought
    in_background at-exit "$here/in_memory.py" --at-exit "$daemon_pid" <sought
    wait_for_lines 1 '^watching' at-exit.log
}
if [ "$(id -u)" = 0 ]; then
    check 'a code, a verifier and tokens have been on the way' test "$(secrets | wc -l)" -ge 7
    check 'the tokens are in memory' "$here/in_memory.py" "$daemon_pid" < <(secrets)
    watch_the_end
fi
restart SSL_CERT_FILE=/nonexistent/ca.pem
if [ "$(id -u)" = 0 ]; then
    check 'when the daemon ends it has wiped all of them' wait_for_lines 1 '^0 times' at-exit.log
fi
check 'a missing SSL_CERT_FILE is a warning at the start' grep 'event=config_warning .*SSL_CERT_FILE=/nonexistent' daemon.log
pizauth-refresh work
check 'and an error of each refresh' status_says 'SSL_CERT_FILE=/nonexistent'

# --- a proxy

proxy_port=$(free_port)
cat >proxy.conf <<END
Port $proxy_port
Listen 127.0.0.1
ConnectPort ${issuer##*:}
BasicAuth alice a-password
LogLevel Info
END
start_proxy() { in_background proxy tinyproxy -d -c proxy.conf && proxy_pid=${pids[-1]}; }
stop_proxy() {
    kill "$proxy_pid"
    wait "$proxy_pid" || :
}
start_proxy
wait_for_lines 1 'Accepting connections' proxy.log
connections() { grep -c 'CONNECT localhost:' proxy.log || :; }

restart HTTPS_PROXY="http://alice:a-password@127.0.0.1:$proxy_port"
check 'a refresh through the proxy' refresh
check 'which the proxy has seen' test "$(connections)" = 1
stop_proxy
shown=$(pizauth-show work)
pizauth-refresh work
check 'status tells of a proxy that is away' status_says 'cannot reach'
check 'and the token goes on being shown' test "$(pizauth-show work)" = "$shown"
start_proxy
check 'when it is back the session goes on' refresh

restart HTTPS_PROXY="http://alice:wrong-password@127.0.0.1:$proxy_port"
pizauth-refresh work
check 'status tells of a proxy that wants another password' status_says 'the proxy refused .* 40[17]'
check_refused 'which is in no log' grep -q 'password' daemon.log

restart HTTPS_PROXY="http://127.0.0.1:1" NO_PROXY=example.org,localhost
check 'NO_PROXY is for what it names' refresh
restart HTTPS_PROXY="http://127.0.0.1:1" NO_PROXY=host
pizauth-refresh work
check 'and for nothing else' status_says 'cannot reach'

# --- what TLS leaves behind

if [ "$(id -u)" = 0 ]; then
    restart SSL_CERT_FILE="$PWD/ours.pem"
    in_memory() { "$here/in_memory.py" "$daemon_pid" <<<"$1"; }
    older=$(pizauth-show work)
    check 'a refresh over TLS, once more' refresh
    shown=$(pizauth-show work)
    check 'the access token is in memory' in_memory "$shown"
    check_refused 'the one before it is not' in_memory "$older"
    check 'a revoke' pizauth-revoke work
    check_refused 'after which there is no secret of this login' in_memory "$(secrets)"
fi

check 'all this was one login' test "$(token_requests work-300 authorization_code | wc -l)" = 1
check 'shutdown works' pizauth shutdown
