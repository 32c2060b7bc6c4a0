# shellcheck shell=bash disable=SC2154,SC2034
# For parts that need a machine rather than a home, in their fence: a /dev, a /run and a user alice of their own; our
# executables where she can read them; a stand-in for syslog.

replace_dev() {
    mkdir own-dev
    mount -t tmpfs tmpfs own-dev
    for node in null zero full random urandom tty; do
        touch "own-dev/$node"
        mount --bind "/dev/$node" "own-dev/$node"
    done
    ln -s /proc/self/fd own-dev/fd
    mount --move own-dev /dev
}

alice_uid=4711
add_alice() {
    local files=(passwd group shadow)
    for file in "${files[@]}"; do cp -p "/etc/$file" "own-$file"; done
    echo "alice:x:$alice_uid:$alice_uid::/run/alice:/bin/sh" >>own-passwd
    echo "alice:x:$alice_uid:" >>own-group
    # PAM asks whether her account has expired.
    echo 'alice:*:20000:0:99999:7:::' >>own-shadow
    for file in "${files[@]}"; do mount --bind "own-$file" "/etc/$file"; done
    mkdir -p /run/alice/.config
}

# configure [LINE]...: these lines and the account work, for root and for alice. Nobody signs in here.
configure() {
    issuer=http://127.0.0.1:9 XDG_CONFIG_HOME=$HOME/.config write_configuration "$@"
    cp "$HOME/.config/pizauth.conf" /run/alice/.config/
    chown -R alice:alice /run/alice
}

# become_machine: all of the above. The environments that supervisors give are $as_root and $as_alice.
become_machine() {
    replace_dev
    mount -t tmpfs -o mode=755 tmpfs /run
    add_alice
    # A strict unit sees nothing below /tmp.
    HOME=/run/root
    mkdir -p /run/bin "$HOME/.config"
    for program in pizauth pizauthd pizauth-show; do cp "$(command -v "$program")" /run/bin/; done
    PATH=/run/bin:$PATH
    unset XDG_RUNTIME_DIR XDG_CONFIG_HOME
    as_root=(env -i HOME="$HOME" PATH="$PATH" USER=root)
    as_alice=(setpriv --reuid alice --regid alice --init-groups env -i HOME=/run/alice PATH="$PATH" USER=alice)
}

# start_syslog: a stand-in on /dev/log; messages has one a line, `<PRI>TAG[PID]: TEXT`.
start_syslog() {
    in_background syslog /usr/bin/python3 "$here/syslog.py" /dev/log messages
    syslog_pid=${pids[-1]}
    wait_until test -S /dev/log
}

# end PID: of a process of this scene.
end() {
    kill "$1"
    wait "$1" 2>/dev/null || :
}

end_syslog() {
    end "$syslog_pid"
    rm -f /dev/log messages
}
