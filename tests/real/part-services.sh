# shellcheck shell=bash disable=SC2154
# The service files of etc/ under the supervisors that they are for, with the environment that those give: HOME, PATH
# and USER.
# needs: logger:bsdutils openrc-run:openrc runsv:runit s6-svscan:s6 setpriv:util-linux systemctl:systemd

is_fenced || return 0
# shellcheck source=machine.sh
. "$here/machine.sh"
become_machine
start_syslog
etc=$repository/etc

# --- what every supervisor is tried with

# answers and all below it ask as the user of the daemon, whose bare environment is ${bare[@]}. $daemon is its pid.
answers() { "${bare[@]}" pizauth status; }
find_pid() { daemon=$("${bare[@]}" pizauth info -j | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p') && [ -n "$daemon" ]; }
has_another_pid() { find_pid && [ "$daemon" != "$1" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
runs_as() { [ "$(stat -c %U "/proc/$daemon")" = "$1" ]; }
asks_to_authorize() { [ "$("$@" pizauth-show -u work 2>&1)" = 'pizauth-show: Access token unavailable until authorised' ]; }
logged() { grep -c "^<[0-9]*>pizauthd\[[0-9]*\]: event=$1" messages || :; }
is_logged_again() { [ "$(logged "$1")" -gt "$2" ]; }
# shellcheck disable=SC2016 # expanded by the inner shell
left_sockets() { "${bare[@]}" sh -c 'find "$HOME" /run/user -name pizauth.sock' 2>/dev/null; }

# log_in_to_desktop, log_out_of_desktop: makes $desktop what a session has that begins after the daemon.
log_in_to_desktop() {
    local uid
    uid=$("${bare[@]}" id -u)
    mkdir -p "/run/user/$uid"
    chown "$uid" "/run/user/$uid"
    chmod 700 "/run/user/$uid"
    desktop=("${bare[@]}" env XDG_RUNTIME_DIR="/run/user/$uid" SHELL=/bin/bash DISPLAY=:0 LANG=C.UTF-8)
}
log_out_of_desktop() { rm -rf /run/user; }

good_configuration() { configure 'startup_cmd = "echo said by a hook";'; }
bad_configuration() { configure 'nonsense'; }

# found_by_sessions NAME: by a cron job, and by a desktop that is newer than the daemon.
found_by_sessions() {
    check "$1: a cron job finds it" asks_to_authorize "${bare[@]}"
    log_in_to_desktop
    check "$1: a desktop session finds it" asks_to_authorize "${desktop[@]}"
    log_out_of_desktop
}

# refuses NAME BEFORE: by the service's own check, or by the daemon, which logs it.
refuses() { ! "reload_$1" >/dev/null 2>&1 || wait_until is_logged_again reload_failed "$2"; }

# reloads NAME: a good configuration and a bad one.
reloads() {
    local before
    before=$(logged reloaded)
    check "$1: takes a reload" "reload_$1"
    check "$1: which is done" wait_until is_logged_again reloaded "$before"
    bad_configuration
    before=$(logged reload_failed)
    check "$1: a configuration with an error is refused" refuses "$1" "$before"
    check "$1: and it goes on with the old one" answers
    good_configuration
}

# comes_back NAME: after a crash, and after one with a configuration that does not let it start.
comes_back() {
    local before old=$daemon
    kill -KILL "$old"
    check "$1: starts it again after kill -9" wait_until has_another_pid "$old"
    bad_configuration
    before=$(logged start_failed)
    kill -KILL "$daemon"
    check "$1: tries again with a configuration that has an error" wait_until is_logged_again start_failed "$before"
    sleep 2.5
    check_refused "$1: but not every second" is_logged_again start_failed $((before + 1))
    good_configuration
    check "$1: until it is mended" wait_until answers
    find_pid
}

stops() {
    check "$1: stops it" "stop_$1"
    check "$1: so that it is gone" wait_until is_gone "$daemon"
    check "$1: and its socket too" test -z "$(left_sockets)"
}

# supervised NAME: the functions reload_NAME and stop_NAME are the supervisor's commands; it has been told to start.
supervised() {
    check "$1: starts it" wait_until answers
    find_pid
    "${found_by:-found_by_sessions}" "$1"
    reloads "$1"
    comes_back "$1"
    stops "$1"
}

# serves_alice NAME: a service that root runs for her.
serves_alice() {
    local bare=("${as_alice[@]}")
    check "$1: starts it for alice" wait_until answers
    find_pid
    check "$1: as alice" runs_as alice
    found_by_sessions "$1"
    stops "$1"
}

# as_printed HEADING LINES: these lines (as sed names them) of the example of pizauthd(8), by root, where the files are.
as_printed() {
    (cd "$etc" && "${in_session[@]}" bash -e -c "$(example pizauthd.8 "$1" | sed -n "$2")")
}

bare=("${as_root[@]}")
in_session=("${as_root[@]}")
good_configuration

# --- runit

service=$HOME/service
mkdir "$service"
check 'runit: the service directory' as_printed runit 1p
cp -r "$etc/runit/pizauthd" "$service/alice"
echo 'PIZAUTHD_ARGS=-vv' >"$service/pizauthd/conf"
printf 'PIZAUTHD_ARGS=-vv\nPIZAUTH_USER=alice\n' >"$service/alice/conf"
reload_runit() { as_printed runit 2p; }
stop_runit() { sv -w 20 down "$service/pizauthd"; }
in_background runsv "${bare[@]}" runsv "$service/pizauthd"
runsv_pid=${pids[-1]}
supervised runit
check 'runit: what a hook writes is in the log' \
    grep -q '^<29>pizauthd.*: event=hook_output hook=startup_cmd line="said by a hook"' messages
sv exit "$service/pizauthd" >/dev/null
check 'runit: runsv ends' wait_until is_gone "$runsv_pid"

stop_runit-alice() { sv -w 20 exit "$service/alice"; }
in_background runsv-alice "${bare[@]}" runsv "$service/alice"
serves_alice runit-alice

# --- s6

rm -r "$service"
mkdir "$service"
in_background svscan "${bare[@]}" s6-svscan "$service"
svscan_pid=${pids[-1]}
wait_until test -p "$service/.s6-svscan/control"
cp -r "$etc/s6/pizauthd" "$service/alice"
printf 'PIZAUTHD_ARGS=-vv\nPIZAUTH_USER=alice\n' >"$service/alice/conf"
check 's6: the service directory' as_printed s6 1p
echo 'PIZAUTHD_ARGS=-vv' >"$service/pizauthd/conf"
check 's6: is told of it' as_printed s6 2p
wait_until test -p "$service/pizauthd/supervise/control"
check 's6: is told of readiness' timeout 20 "${bare[@]}" s6-svwait -U "$service/pizauthd"
check 's6: which can be waited for' as_printed s6 3p
reload_s6() { as_printed s6 4p; }
stop_s6() { s6-svc -wd -T 20000 -d "$service/pizauthd"; }
stop_s6-alice() { s6-svc -wd -T 20000 -d "$service/alice"; }
serves_alice s6-alice
supervised s6
s6-svscanctl -t "$service"
check 's6: s6-svscan ends' wait_until is_gone "$svscan_pid"

# --- OpenRC, for alice

mkdir -p /run/openrc/{daemons,exclusive,failed,options,scheduled,started,starting,stopping,tmp,wasinactive}
touch /run/openrc/softlevel
cp -a /etc own-etc
rm -r own-etc/{init.d,runlevels}
mkdir -p own-etc/{init.d,runlevels/default}
mount --bind own-etc /etc
service=/etc/init.d/pizauthd.alice
check 'openrc: the service' as_printed OpenRC 1,3p
sed -i "s/^#pizauthd_args=.*/pizauthd_args=-vv/; s|^#command=.*|command=/run/bin/pizauthd|" /etc/conf.d/pizauthd.alice
reload_openrc() { "${as_root[@]}" "$service" reload; }
stop_openrc() { "${as_root[@]}" "$service" stop; }
bare=("${as_alice[@]}")
check 'openrc: start' as_printed OpenRC 4,5p
check 'openrc: and at the next boot' test -h /etc/runlevels/default/pizauthd.alice
check 'openrc: which it is' wait_until answers
find_pid
bad_configuration
check_refused 'openrc: restarts nothing with a configuration that has an error' "${as_root[@]}" "$service" restart
check_refused 'openrc: nor says that it was reloaded' reload_openrc
check_refused 'openrc: the same daemon goes on' has_another_pid "$daemon"
check 'openrc: which counts as started' "${as_root[@]}" "$service" status
good_configuration
supervised openrc
bare=("${as_root[@]}")

# --- launchd: the file only

plist() { /usr/bin/python3 -c 'import plistlib, sys; p = plistlib.load(open(sys.argv[1], "rb")); assert p["ProgramArguments"][1] == "-d" and p["Label"] == "org.pizauth.pizauthd"' "$1"; }
check 'launchd: the property list can be read' plist "$etc/launchd/org.pizauth.pizauthd.plist"

# --- systemd: a user manager of its own

mkdir -p /run/systemd/system
mkdir /run/user
mkdir -m 700 /run/user/0
units=$HOME/.config/systemd/user
mkdir -p "$units/pizauthd.service.d"
sed "s|=pizauth|=/run/bin/pizauth|; s|--syslog|--syslog -vv|" "$etc/systemd/user/pizauthd.service" >"$units/pizauthd.service"
verify() {
    XDG_RUNTIME_DIR=/run/user/0 systemd-analyze --user --man=no verify "$units/pizauthd.service" 2>verified
    [ ! -s verified ] || { cat verified && return 1; }
}
check 'systemd: the unit is right' verify
cp "$etc/systemd/strict.conf" "$units/pizauthd.service.d/"
check 'systemd: and with the strict drop-in' verify
rm "$units/pizauthd.service.d/strict.conf"

cgroups=()
for root in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    if [ -d "$root" ]; then mkdir -p "$root/${scene##*/}" && cgroups+=("$root/${scene##*/}"); fi
done
remove_cgroups() { find "${cgroups[@]}" -depth -type d -exec rmdir {} \; 2>/dev/null; }
[ ${#cgroups[@]} = 0 ] || at_end+=(remove_cgroups)
user_manager() {
    for group in "${cgroups[@]}"; do echo $BASHPID >"$group/cgroup.procs"; done
    exec "${as_root[@]}" XDG_RUNTIME_DIR=/run/user/0 /lib/systemd/systemd --user --log-target=console
}
user_ctl() { "${as_root[@]}" XDG_RUNTIME_DIR=/run/user/0 systemctl --user "$@"; }
in_session=("${as_root[@]}" XDG_RUNTIME_DIR=/run/user/0)
reload_systemd() { as_printed systemd 2p; }
stop_systemd() { user_ctl stop pizauthd; }

# found_by_all NAME: as found_by_sessions, where the session was there before the daemon.
found_by_all() {
    check "$1: a cron job finds it" asks_to_authorize "${bare[@]}"
    check "$1: a desktop session finds it" asks_to_authorize "${bare[@]}" XDG_RUNTIME_DIR=/run/user/0
}
found_by=found_by_all
in_background systemd user_manager
manager_pid=${pids[-1]}
if wait_until test -S /run/user/0/systemd/private; then
    configure 'startup_cmd = "sleep 1; echo >/run/user/0/restored";'
    check 'systemd: start' as_printed systemd 1p
    check 'systemd: and at the next login' user_ctl is-enabled pizauthd
    check 'systemd: returns when startup_cmd has ended' test -e /run/user/0/restored
    check 'systemd: it is active' user_ctl is-active pizauthd
    good_configuration
    supervised systemd
    cp "$etc/systemd/strict.conf" "$units/pizauthd.service.d/"
    user_ctl daemon-reload
    check 'systemd: start with the strict drop-in' user_ctl start pizauthd
    check 'systemd: which is found, too' asks_to_authorize "${bare[@]}"
    check 'systemd: and stopped' stop_systemd
    user_ctl exit || :
    wait_until is_gone "$manager_pid"
else
    fail 'systemd: the user manager starts' && cat systemd.log
fi
