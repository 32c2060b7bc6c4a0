# shellcheck shell=bash disable=SC2154
# The log on its way into syslog: its format, what is hostile in it, a syslog that is missing, stuck or started again;
# rsyslog with the shipped rules, and the shipped patterns of logcheck on what was written.
# needs: logrotate:logrotate rsyslogd:rsyslog

is_fenced || return 0
# shellcheck source=machine.sh
. "$here/machine.sh"
become_machine

logged() { wait_for_lines 1 "$1" messages; }

# --- missing, there, stuck, started again

configure
# shellcheck disable=SC2034 # for start_daemon
daemon_options=(-vv --syslog)
start_daemon "${as_root[@]}"
check 'without syslog the log is on stderr' wait_for_lines 1 'event=ready' daemon.log
start_syslog
pizauth reload
check 'a syslog that appears is used' logged 'event=reloaded'
check 'with tag and pid, facility daemon and severity info' logged "^<30>pizauthd\[$daemon_pid\]: event=reloaded"
stuck_pid=$syslog_pid
kill -STOP "$stuck_pid"
for _ in $(seq 600); do
    kill -USR1 "$daemon_pid"
    pizauth-refresh work 2>/dev/null || :
done
check 'a syslog that is stuck holds nobody up' timeout 5 pizauth status
# The next one is there before the stuck one ends, and that one reads nothing more: no line goes elsewhere meanwhile.
rm -f /dev/log messages
start_syslog
kill -KILL "$stuck_pid"
# What was said meanwhile waits in a backlog: what does not fit is lost, and counted.
reload_is_logged() { pizauth reload && grep -q 'event=reloaded' messages; }
check 'a syslog that was started again is used again' wait_until reload_is_logged
check 'what was lost is counted' logged '^<27>pizauthd\[[0-9]+\]: event=lines_dropped'

# --- hostile text: the answer of an authorization server is whatever somebody writes into the address bar

url=$(authorization_url work)
query=${url#*\?}
port=$(grep -o 'localhost%3A[0-9]*' <<<"$query")
curl --silent --noproxy '*' --output page.html --get "http://localhost:${port#*%3A}/" --data error=access_denied \
    --data "$(tr '&' '\n' <<<"$query" | grep ^state=)" --data-urlencode 'error_description=a"b\c
<27>pizauthd[1]: event=session_ended account="work" '$'\e[31m'
check 'hostile text is in one line' logged '^<27>pizauthd\[[0-9]+\]: event=authorization_failed account="work" .*a.*b.*c.*session_ended'
check_refused 'and no rule takes it for another event' grep -F 'event=session_ended account="work"' messages
check_refused 'or for a line of its own' grep -E '^(<[0-9]+>pizauthd\[1\]|event=session_ended)' messages
check 'no message has a newline or an escape in it' test -z "$(LC_ALL=C grep -P '[\x00-\x08\x0b-\x1f]' messages)"
end_syslog

# --- rsyslog with the shipped rules

mkdir rsyslog
sed "s|/var/log/|$PWD/rsyslog/|" "$repository/etc/syslog/30-pizauthd.conf" >rsyslog/rules
cat >rsyslog/conf <<END
module(load="imuxsock")
template(name="parts" type="string" string="%syslogfacility-text% %syslogseverity-text% %programname% %procid%%msg%\n")
action(type="omfile" file="$PWD/rsyslog/parts.log" template="parts")
include(file="$PWD/rsyslog/rules")
END
start_rsyslog() {
    in_background rsyslogd rsyslogd -n -f "$PWD/rsyslog/conf" -i "$PWD/rsyslog/pid"
    rsyslog_pid=${pids[-1]}
    wait_until test -S /dev/log
}
# unexpected: what logcheck would report of the log.
unexpected() { grep -v -E -f <(grep -v '^#' "$repository/etc/syslog/logcheck-pizauthd") rsyslog/pizauthd.log; }
check 'rsyslog: the rules are right' rsyslogd -N1 -f "$PWD/rsyslog/conf"
start_rsyslog
pizauth reload
check 'rsyslog: writes the log' wait_for_lines 1 "pizauthd\[$daemon_pid\]: event=reloaded" rsyslog/pizauthd.log
check 'rsyslog: with facility, severity, tag and pid' grep "^daemon info pizauthd $daemon_pid event=reloaded" rsyslog/parts.log
end "$rsyslog_pid"
start_rsyslog
authorization_url work >url
kill -USR1 "$daemon_pid"
check 'rsyslog: goes on after a restart' wait_for_lines 1 'event=status' rsyslog/pizauthd.log
check_refused 'rsyslog: no alert so far' test -s rsyslog/pizauthd-alerts.log
check_refused 'logcheck: and nothing to report' unexpected

# Debian's script speaks with the init system, of which there is none here.
sed "s|/var/log/|$PWD/rsyslog/|; s|/usr/lib/rsyslog/|/nonexistent/|; s|/run/systemd/|/nonexistent/|
    s|/run/rsyslogd.pid|$PWD/rsyslog/pid|g" "$repository/etc/syslog/logrotate-pizauthd" >rsyslog/logrotate
rotate() { logrotate --verbose --force --state "$PWD/rsyslog/rotated" rsyslog/logrotate; }
cp rsyslog/pizauthd.log before
check 'logrotate: takes the shipped file' rotate
check 'logrotate: and the log away' cmp before rsyslog/pizauthd.log.1
check_refused 'logrotate: but not one that is not there' test -e rsyslog/pizauthd-alerts.log.1
kill -USR1 "$daemon_pid"
check 'logrotate: rsyslog goes on in a new one' wait_for_lines 1 'event=status' rsyslog/pizauthd.log
check 'logrotate: and adds nothing to the old one' cmp before rsyslog/pizauthd.log.1

configure nonsense
pizauth reload 2>/dev/null || :
check 'rsyslog: an error is an alert' wait_for_lines 1 'event=reload_failed' rsyslog/pizauthd-alerts.log
check 'rsyslog: which is of severity err' grep "^daemon err pizauthd $daemon_pid event=reload_failed" rsyslog/parts.log
check 'logcheck: and that alone is reported' test "$(unexpected | sed 's/.*event=\([a-z_]*\).*/\1/')" = reload_failed
check 'it stops' pizauth shutdown

# --- what hooks of a detached daemon write

configure 'startup_cmd = "echo one; echo two >&2; head -c 5000 /dev/zero | tr \\\\0 x; echo; echo never; echo >ended";'
"${as_root[@]}" pizauthd
check 'detached: what a hook writes is in the log' \
    wait_for_lines 1 'event=hook_output hook=startup_cmd line=one' rsyslog/pizauthd.log
check 'and what it complains of' wait_for_lines 1 'event=hook_output hook=startup_cmd line=two' rsyslog/pizauthd.log
check 'it runs to its end' wait_until test -e ended
check 'it stops as well' pizauth shutdown
check 'the log has the first 4 KiB of it' \
    test "$(sed -n 's/.*event=hook_output .*line="*\(x*\)"*$/\1/p' rsyslog/pizauthd.log | tr -d '\n' | wc -c)" = $((4096 - 8))
check_refused 'and nothing beyond them' grep -F 'line=never' rsyslog/pizauthd.log
