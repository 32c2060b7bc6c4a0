#!/bin/bash
# tests/install.sh: install.sh from outside, with the release that it has built already. Writes only below a
# temporary directory. Reports "N passed, N failed".
set -uo pipefail
# A relative one is one from where this was started.
case ${CARGO_TARGET_DIR-} in '' | /*) ;; *) CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;; esac
cd "$(dirname "$0")/.." || exit 1

# Not in TMPDIR, below which a path may be too long for a socket.
scratch=$(mktemp -d /tmp/pizauth-install.XXXXXX)
trap 'rm -rf "$scratch"' EXIT

. tests/checks.sh

says() { grep -q -- "$1" "$scratch/output.kept"; }
keep_output() { "$@" >"$scratch/output.kept" 2>&1; }

root=$scratch/root
install() { DESTDIR=$root PREFIX=/usr ./install.sh "$@"; }
nothing_left() { [ -z "$(find "$root" -mindepth 1)" ]; }

# service_files_name PROGRAM: each supervisor's, none by its bare name.
service_files_name() {
    local services=$root/usr/share/doc/pizauth/services named
    named=$(grep -rlF "$1" "$services" | wc -l)
    [ "$named" -ge 9 ] && ! grep -rE '(^exec [$]as |^command *= *"?|^ExecStart=|^ExecReload=)pizauth' "$services"
}
names_the_example() {
    ! HOME=$scratch/nobody XDG_CONFIG_HOME='' "$root/usr/bin/pizauthd" -d 2>"$scratch/refusal" &&
        grep -F "cp $root/usr/share/doc/pizauth/pizauth.conf $scratch/nobody/.config/pizauth.conf" "$scratch/refusal"
}
works() { "$root/usr/bin/$1" --version; }

check 'a dry run says what it would do' keep_output install --dry-run --no-build
check 'it would place pizauthd' says 'install .*/usr/bin/pizauthd$'
check 'and has placed nothing' test ! -e "$root"

for layout in '' --multicall; do
    # shellcheck disable=SC2086 # no argument where there is none
    check "installs ${layout:-seven executables}" install --no-build --init all $layout
    # shellcheck disable=SC2086
    check 'a second run is harmless' install --no-build --init all $layout
    for program in pizauth pizauthd pizauth-show pizauth-restore git-credential-pizauth; do
        check "$program runs" works "$program"
    done
    check 'without a configuration the example that was installed is named' names_the_example
    check 'service files name the executable where it is' service_files_name /usr/bin/pizauthd
    check 'a dry run of the removal says what it would do' keep_output install --uninstall --dry-run
    check 'it would remove pizauthd' says 'remove .*/usr/bin/pizauthd$'
    check 'and has removed nothing' works pizauthd
    check 'it is removed' install --uninstall
    check 'and nothing is left' nothing_left
done

home_install() { env -u PREFIX -u DESTDIR HOME="$scratch/home" ./install.sh "$@"; }
if [ "$(id -u)" != 0 ]; then
    check 'an ordinary user installs into ~/.local' home_install --no-build --init none
    check 'where pizauth runs' "$scratch/home/.local/bin/pizauth" --version
fi

# What goes on as before, or belongs to the wrong user.
here_install() { env -u DESTDIR "${surroundings[@]}" PREFIX="$1" ./install.sh --no-build --init none; }
surroundings=(PIZAUTH_SOCKET="$scratch/socket")
cat >"$scratch/pizauth.conf" <<'END'
https_listen = none;
account "work" { auth_uri = "http://127.0.0.1:9/a"; token_uri = "http://127.0.0.1:9/t"; client_id = "c"; }
END
says_nothing_of() { ! grep -q "$1" "$scratch/output.kept"; }
check 'it installs beside no daemon' keep_output here_install "$scratch/ours"
check 'of which it says nothing' says_nothing_of 'a daemon is running'
if [ "$(id -u)" = 0 ]; then check 'nor of another user' says_nothing_of 'as root'; fi
check 'a daemon starts' env "${surroundings[@]}" "$scratch/ours/bin/pizauthd" -c "$scratch/pizauth.conf"
check 'it installs over a running daemon' keep_output here_install "$scratch/ours"
check 'and says that it goes on as the version that it was' says 'a daemon is running and stays the version that it was'
check 'and where it stands what to do' says 'README.md, "Upgrading"'
check 'which is there' grep -q '^## Upgrading' README.md
check 'the daemon stops' env "${surroundings[@]}" "$scratch/ours/bin/pizauth" shutdown
if [ "$(id -u)" = 0 ]; then
    chmod 711 "$scratch" && mkdir "$scratch/alice" && chown 12345 "$scratch/alice"
    check 'as root it installs into what another user owns' keep_output here_install "$scratch/alice/.local"
    check 'and warns' says "warning: installed as root into another user's directory"
fi

fpath=$(sed -n 's/^.fpath=(~\([^ ]*\) .*/\1/p' README.md)
names_the_completions() { here_install "$scratch/nobody/.local" && [ -f "$scratch/nobody$fpath/_pizauth" ]; }
check "README names the directory of zsh's completions" names_the_completions

mkdir -p "$root/usr/share/man"
check 'it installs where directories exist already' install --no-build
check 'it is removed' install --uninstall
check 'and what was there before it is still there' test -d "$root/usr/share/man"

relative_install() { (cd "$scratch" && PREFIX=relative DESTDIR='' "$OLDPWD/install.sh" --no-build --init none); }
check 'a relative PREFIX is one from where it was started' relative_install
check 'and pizauth is there' "$scratch/relative/bin/pizauth" --version

check 'an unknown option is exit 64' exits 64 ./install.sh --bogus
check 'an unknown init system is exit 64' exits 64 ./install.sh --init upstart --dry-run
check '--yes without --try is exit 64' exits 64 ./install.sh --yes
check '--try --dry-run is exit 64' exits 64 ./install.sh --try --dry-run
check '--help is exit 0' exits 0 ./install.sh --help

# Everything that install.sh calls, except what is named.
tools_without() {
    rm -rf "$scratch/tools" && mkdir "$scratch/tools"
    for tool in sh pwd dirname uname id sed grep mktemp cargo rustc cc gcc clang; do
        case " $* " in
            *" $tool "*) ;;
            *) ln -s "$(command -v "$tool" || echo /nonexistent)" "$scratch/tools/$tool" ;;
        esac
    done
}
try_without() { tools_without "$@" && PATH=$scratch/tools exits 1 ./install.sh --try --yes; }
check 'without cargo it gives up' keep_output try_without cargo
check 'and says how to get it' says 'rustup.rs'
check 'without a C compiler it gives up' keep_output try_without cc gcc clang
check 'and says how to get one' says 'apt install gcc'

# Ctrl-C while it waits for the browser: to the whole process group, as a terminal does.
interrupted_try() {
    mkdir "$scratch/tmp"
    set -m
    # Whoever runs this test may ignore the signal, and what is ignored is inherited.
    TMPDIR=$scratch/tmp env --default-signal=INT ./install.sh --try >"$scratch/try" 2>&1 &
    local try=$! deadline=$((SECONDS + 900))
    set +m
    until grep -q 'Waiting:' "$scratch/try"; do
        if [ "$SECONDS" -gt "$deadline" ] || ! kill -0 "$try"; then
            cat "$scratch/try"
            kill -TERM -- "-$try" 2>/dev/null
            return 1
        fi
        sleep 0.1
    done
    kill -INT -- "-$try"
    exits 130 wait "$try" || return 1
    local pids
    pids=$(sed -n 's/.*pid \([0-9]*\).*/\1/p' "$scratch/try")
    for pid in $pids; do if kill -0 "$pid" 2>/dev/null; then echo "process $pid is left" && return 1; fi; done
    [ -n "$pids" ] && [ -z "$(ls -A "$scratch/tmp")" ]
}
check 'an interrupted demonstration leaves neither process nor file' interrupted_try

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
