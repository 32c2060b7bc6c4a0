# shellcheck shell=bash disable=SC2154
# Sessions at oidc-provider, which rotates refresh tokens and ends a session when one comes twice. They have to
# outlive trouble at the token endpoint, a provider that is away, a daemon that sleeps, and kill -9; all at once, to
# save time. Names that end in -N have access tokens of N seconds.
# needs: unshare:util-linux

troubled=(slow-20 mute-20 dropped-20 busy-20 limited-20)
accounts=(steady-20 hasty-5 "${troubled[@]}")
start_provider "${accounts[@]}"

# configure ACCOUNT...: each with the client of its name. A hook persists the tokens.
configure() {
    {
        echo 'https_listen = none; refresh_retry = 3s;'
        echo 'token_event_cmd = "pizauth dump >dump.new && mv dump.new dump";'
        echo 'startup_cmd = "test ! -e dump || pizauth restore <dump";'
        for account in "$@"; do provider_account "$account" "$account"; done
    } >config/pizauth.conf
}
configure "${accounts[@]}"
start_daemon
check 'the provider ends a session whose refresh token comes twice' \
    test "$(/usr/bin/python3 "$here/careless_client.py" "$issuer" refresh-token-twice)" = invalid_grant
for account in "${accounts[@]}"; do log_in "$account"; done
check 'all are signed in' test "$(grep -l 'signed in' ./*.html | wc -l)" = ${#accounts[@]}

refreshes() { token_requests "$1" refresh_token '"status":200' | wc -l; }
has_refreshed_more_than() { [ "$(refreshes "$1")" -gt "$2" ]; }

# refreshes_again ACCOUNT: within a minute.
refreshes_again() { wait_until has_refreshed_more_than "$1" "$(refreshes "$1")"; }

# status_says ACCOUNT PATTERN: within a minute.
status_says() { wait_until sh -c "pizauth status | grep -E '^$1: .*$2'"; }

# tries ACCOUNT: when its refreshes came, in milliseconds; exchanges have a bucket of their own.
tries() { token_requests "$1" refresh_token | sed -E 's/.*"at":([0-9]+).*/\1/' | sort -n; }

# keeps_to_the_bucket ACCOUNT: three requests at once, one more every ten seconds, and a second of slack on the way.
keeps_to_the_bucket() {
    tries "$1" | awk '{ at[NR] = $1 }
        END { for (i = 1; i <= NR; i++) for (j = i; j <= NR; j++) if (j - i - 2 > (at[j] - at[i] + 1000) / 10000) exit 1 }'
}

# one_session ACCOUNT: the provider has seen one login, and refused nothing but for the trouble that it made itself.
one_session() {
    [ "$(token_requests "$1" authorization_code | wc -l)" = 1 ] && ! token_requests "$1" '[a-z_]*' '"error"'
}

# --- trouble at the token endpoint

tell_provider '{"trouble": {
    "slow-20": {"lateSeconds": 4},
    "mute-20": {"lateSeconds": 50, "drop": true},
    "dropped-20": {"drop": true},
    "busy-20": {"status": 503},
    "limited-20": {"status": 429, "headers": {"Retry-After": "25"}}
}}'
shown=$(pizauth-show busy-20)
check 'status tells of 503' status_says busy-20 503
check 'and the token that is still good goes on being shown' test "$(pizauth-show busy-20)" = "$shown"
check 'status tells of 429' status_says limited-20 429
check 'status tells of a dropped connection' status_says dropped-20 'no answer from'
check 'a slow provider is waited for' refreshes_again slow-20
check 'status tells of one that is too slow' status_says mute-20 'timed out'
check 'a refresh is not given up' wait_for_lines 2 '"client":"busy-20",.*"status":503' provider.log
check 'Retry-After is waited for' wait_for_lines 2 '"client":"limited-20",.*"status":429' provider.log
asked_too_soon() {
    token_requests limited-20 refresh_token '"status":429' | sed -E 's/.*"at":([0-9]+).*/\1/' |
        awk 'NR > 1 && $1 - last < 25000 { bad = 1 } { last = $1 } END { exit !bad }'
}
check_refused 'and nobody asks before its time' asked_too_soon
tell_provider '{"trouble": {}}'
for account in "${troubled[@]}"; do
    check "${account%-*}: goes on when the trouble is over" refreshes_again "$account"
done

# --- a provider that is away

tell_provider '{"downSeconds": 12}'
check 'status tells of a provider that cannot be reached' status_says '.*' 'cannot reach'
for account in "${accounts[@]}"; do
    check "${account%-*}: goes on when the provider is back" refreshes_again "$account"
done

# --- many refreshes

check 'steady: six refreshes and more' wait_until has_refreshed_more_than steady-20 5
check 'hasty: lifetimes of 5 s are refreshed, too' has_refreshed_more_than hasty-5 5
for account in "${accounts[@]}"; do check "${account%-*}: no storm of requests" keeps_to_the_bucket "$account"; done
for account in "${accounts[@]}"; do check "${account%-*}: is one session" one_session "$account"; done

# --- a daemon that sleeps for longer than a token lives

configure steady-20 hasty-5
pizauth reload
shown=$(pizauth-show steady-20)
kill -STOP "$daemon_pid"
sleep 24
kill -CONT "$daemon_pid"
check_refused 'after a sleep no expired token is shown' test "$(pizauth-show steady-20 2>&1)" = "$shown"
is_new() { pizauth-show steady-20 >now && [ "$(cat now)" != "$shown" ]; }
check 'but soon a new one' wait_until is_new

# --- kill -9, and a boot clock that is another one afterwards

# is_settled: the last refresh has been over for two seconds, and the dump has it.
is_settled() {
    local last
    last=$(tries '.*' | tail -n 1)
    [ $(($(date +%s%3N) - last)) -gt 2000 ] && [ "$(stat -c %Y dump)" -ge $((last / 1000)) ]
}
comes_back() {
    check "$1: the last token is back" test "$(pizauth-show steady-20)" = "$shown"
    check "$1: steady goes on" refreshes_again steady-20
    check "$1: hasty goes on" refreshes_again hasty-5
}

# kill_settled: as a crash would, but when nothing is under way: what the hook has not got is lost.
kill_settled() {
    wait_until is_settled
    shown=$(pizauth-show steady-20)
    kill_daemon
}

kill_settled
start_daemon
comes_back 'kill -9'
if unshare --time true 2>/dev/null; then
    kill_settled
    start_daemon unshare --time --boottime 1000000 --monotonic 1000000
    comes_back 'a boot clock 11 days ahead'
    kill_settled
    start_daemon
    comes_back 'and behind'
fi

for account in steady-20 hasty-5; do check "${account%-*}: is still one session" one_session "$account"; done
check 'the provider saw no refresh token twice, but the careless one' \
    test "$(grep -c 'refresh token already used' provider.log)" = 1
check 'shutdown works' pizauth shutdown
