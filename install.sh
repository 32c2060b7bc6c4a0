#!/bin/sh
# install.sh: builds pizauth and installs it, or shows what it does without installing anything (--try). In an archive
# of a release, which has the executables in bin, it installs those.
set -eu

started_in=$(pwd)
cd "$(dirname "$0")"

small_programs='pizauth-show pizauth-refresh pizauth-dump pizauth-restore pizauth-revoke'
programs="pizauth pizauthd $small_programs"
# What --multicall makes of the first of them.
symlinks='pizauthd pizauth-check pizauth-dump pizauth-import pizauth-info pizauth-login pizauth-refresh pizauth-reload
    pizauth-restore pizauth-revoke pizauth-setup pizauth-show pizauth-shutdown pizauth-status'

usage() {
    cat <<'END'
usage: ./install.sh [OPTION]...

  --try          build, and show the main job with a test server on this machine; installs nothing
  --yes          with --try: approve the sign-in without a browser
  --dry-run      say what would be done, and do nothing
  --no-build     install what has been built already
  --multicall    one executable and symlinks instead of seven executables
  --init NAME    service files for NAME (openrc, runit, s6, dinit, launchd, rc.d, systemd), or all, or none;
                 without this for the init system that is found
  --uninstall    remove what an installation with the same PREFIX and DESTDIR has placed
  --help         this text

environment: PREFIX (default: /usr/local for root, else ~/.local), DESTDIR, CARGO_TARGET_DIR

example: PREFIX=$HOME/.local ./install.sh --init none
END
}

say() { printf '%s\n' "$*"; }

# die STATUS TEXT...
die() {
    status=$1
    shift
    printf 'install.sh: %s\n' "$*" >&2
    exit "$status"
}

# absolute PATH: a relative one is meant from where this was started; an empty one stays.
absolute() {
    case $1 in
        '' | /*) printf '%s' "$1" ;;
        *) printf '%s' "$started_in/$1" ;;
    esac
}

# --- building -------------------------------------------------------------------------------------------------

check_tools() {
    if ! command -v cargo >/dev/null 2>&1; then
        die 1 'cargo is missing: get Rust from https://rustup.rs, or from your packages
  Debian, Ubuntu: apt install cargo    Fedora: dnf install cargo    Alpine: apk add cargo    macOS: brew install rust'
    fi
    for compiler in cc gcc clang; do
        if command -v "$compiler" >/dev/null 2>&1; then return; fi
    done
    die 1 'a C compiler is missing (for linking, and for the cryptography):
  Debian, Ubuntu: apt install gcc libc6-dev    Fedora: dnf install gcc    Alpine: apk add gcc musl-dev    macOS: xcode-select --install'
}

is_release_archive() { [ -x bin/pizauth ] && [ ! -e Cargo.toml ]; }

# The directory with the finished executables: the archive's, or whatever CARGO_TARGET_DIR and cargo's configuration say.
find_release_dir() {
    if is_release_archive; then
        release=$(pwd)/bin
        return
    fi
    if [ -n "${CARGO_TARGET_DIR:-}" ]; then
        CARGO_TARGET_DIR=$(absolute "$CARGO_TARGET_DIR")
        export CARGO_TARGET_DIR
    fi
    if command -v cargo >/dev/null 2>&1; then
        metadata=$(cargo metadata --locked --no-deps --format-version 1)
        target=$(printf '%s' "$metadata" | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
    else
        target=${CARGO_TARGET_DIR:-$(pwd)/target}
    fi
    release=$target/release
}

# build PACKAGE...
build() {
    for package in "$@"; do set -- "$@" -p "$package" && shift; done
    say "building a release in $release (the first time this takes a few minutes)"
    cargo build --release --locked --bins "$@"
}

# A static executable starts in less time, and the small ones are started for every mail. Where they cannot be linked,
# those that have been built serve as well, and there is nothing to tell.
link_small_programs_statically() {
    libc=$(cc -print-file-name=libc.a 2>/dev/null) || return 0
    case $(uname -s):$libc in
        Linux:/*) ;;
        *) return 0 ;;
    esac
    say 'linking the small commands statically'
    for program in $small_programs; do link_statically "$program" || return 0; done
}

# link_statically PROGRAM: PROGRAM-static beside PROGRAM, which stays as it is.
link_statically() {
    linked=no
    cp -p "$release/$1" "$release/$1.plain"
    if cargo rustc --quiet --release --locked -p pizauth --bin "$1" -- -C target-feature=+crt-static \
        >/dev/null 2>&1 && "$release/$1" --version >/dev/null 2>&1; then
        cp "$release/$1" "$release/$1-static"
        linked=yes
    fi
    mv -f "$release/$1.plain" "$release/$1"
    [ "$linked" = yes ]
}

# The static executable if there is one of this build.
best_of() {
    if [ -n "$(find "$1-static" -newer "$1" 2>/dev/null)" ]; then echo "$1-static"; else echo "$1"; fi
}

# --- installing -----------------------------------------------------------------------------------------------

# One plan for installing, for removal and for a dry run of either: each file goes through place or link.

# Directories that did not exist before, the deepest first, without DESTDIR. Uninstalling needs to know which they are:
# an empty directory that was there before us is not ours to remove.
made=''

make_directory() {
    if [ -d "$1" ]; then return; fi
    make_directory "$(dirname "$1")" && mkdir "$1" || return 1
    made="${1#"$DESTDIR"}
$made"
}

remember_directories() {
    if [ -n "$made" ]; then printf '%s' "$made" >>"$DESTDIR$share/doc/pizauth/.directories"; fi
}

# remove FILE
remove() {
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then return; fi
    if [ "$dry_run" = yes ]; then say "remove $1"; else rm -f "$1"; fi
}

# place MODE FILE DESTINATION [FILTER]: FILTER is a command that prints the file as it shall be.
place() {
    case $action in
        install)
            make_directory "$(dirname "$DESTDIR$3")"
            # Over a running executable only by renaming.
            "${4:-cat}" "$2" >"$DESTDIR$3.new" && chmod "$1" "$DESTDIR$3.new" && mv -f "$DESTDIR$3.new" "$DESTDIR$3"
            ;;
        dry-run) say "install $DESTDIR$3" ;;
        uninstall) remove "$DESTDIR$3" ;;
    esac
}

# link TARGET DESTINATION
link() {
    case $action in
        install) ln -sf "$1" "$DESTDIR$2" ;;
        dry-run) say "symlink $DESTDIR$2 to $1" ;;
        uninstall) remove "$DESTDIR$2" ;;
    esac
}

place_programs() {
    if [ "$multicall" = no ]; then
        for program in $programs; do
            place 755 "$(best_of "$release/$program")" "$PREFIX/bin/$program"
        done
    else
        place 755 "$release/pizauth" "$PREFIX/bin/pizauth"
        for program in $symlinks; do link pizauth "$PREFIX/bin/$program"; done
    fi
    # By this name git runs it.
    link pizauth "$PREFIX/bin/git-credential-pizauth"
}

# place_tree DIRECTORY DESTINATION [FILTER]: every file below, with its mode.
place_tree() {
    [ -d "$1" ] || return 0
    find "$1" -type f | while read -r file; do
        mode=644
        if [ -x "$file" ]; then mode=755; fi
        place "$mode" "$file" "$2${file#"$1"}" "${3:-cat}"
    done
}

# Supervisors know little of PATH: the service files name the executables where they are installed.
with_prefix() {
    bin=$PREFIX/bin
    # shellcheck disable=SC2016 # the script says $as
    sed -e "s|/usr/local/bin/|$bin/|g" \
        -e 's|^\(Exec[A-Za-z]*=\)pizauth|\1'"$bin"'/pizauth|' \
        -e 's|^\(exec $as \)pizauthd|\1'"$bin"'/pizauthd|' \
        -e 's|^\(command *= *"\{0,1\}\)pizauthd|\1'"$bin"'/pizauthd|' "$1"
}

place_documents() {
    for page in man/*.[1-8]; do
        if [ -f "$page" ]; then place 644 "$page" "$share/man/man${page##*.}/${page##*/}"; fi
    done
    for pair in pizauth.bash:bash-completion/completions/pizauth pizauth.fish:fish/vendor_completions.d/pizauth.fish \
        _pizauth:zsh/site-functions/_pizauth; do
        if [ -f "completions/${pair%%:*}" ]; then place 644 "completions/${pair%%:*}" "$share/${pair#*:}"; fi
    done
    # bash and fish look for a file with the name of the command; zsh reads the names from the file.
    names=$symlinks
    if [ "$multicall" = no ]; then names=${programs#pizauth }; fi
    for name in $names; do
        link pizauth "$share/bash-completion/completions/$name"
        link pizauth.fish "$share/fish/vendor_completions.d/$name.fish"
    done
    for file in etc/pizauth.conf README.md SECURITY.md CHANGES.md LICENSE-APACHE LICENSE-MIT; do
        if [ -f "$file" ]; then place 644 "$file" "$share/doc/pizauth/${file##*/}"; fi
    done
    place_tree etc/examples "$share/doc/pizauth/examples"
    place_tree etc/hooks "$share/doc/pizauth/hooks"
    place_tree etc/syslog "$share/doc/pizauth/syslog"
}

found_init() {
    if [ "$(uname -s)" = Darwin ]; then echo launchd
    elif [ -d /run/systemd/system ]; then echo systemd
    elif [ -d /run/openrc ]; then echo openrc
    elif [ -S /run/dinitctl ]; then echo dinit
    elif [ -d /etc/rc.d ] && [ "$(uname -s)" != Linux ]; then echo rc.d
    elif [ -d /run/runit ] || [ -d /etc/runit ]; then echo runit
    elif [ -d /run/s6 ] || [ -d /etc/s6 ]; then echo s6
    else echo none
    fi
}

place_services() {
    case $init in
        none) names='' ;;
        all) names='dinit launchd openrc rc.d runit s6 systemd' ;;
        *) names=$init ;;
    esac
    for name in $names; do
        if [ "$name" = systemd ]; then
            if [ "$action" = install ]; then make_directory "$DESTDIR$unit_dir"; fi
            place_tree etc/systemd/user "$unit_dir" with_prefix
        fi
        place_tree "etc/$name" "$share/doc/pizauth/services/$name" with_prefix
    done
}

# What is not empty stays.
remove_directories() {
    ours=$DESTDIR$share/doc/pizauth
    if [ ! -d "$ours" ]; then return; fi
    others=$(sort -r "$ours/.directories" 2>/dev/null) || others=''
    rm -f "$ours/.directories"
    find "$ours" -depth -type d -exec rmdir {} + 2>/dev/null || :
    printf '%s\n' "$others" | while read -r directory; do
        if [ -d "$DESTDIR$directory" ]; then rmdir "$DESTDIR$directory" 2>/dev/null || :; fi
    done
}

install_all() {
    share=$PREFIX/share
    unit_dir=$PREFIX/lib/systemd/user
    if [ "$(id -u)" != 0 ]; then unit_dir=$share/systemd/user; fi
    if [ "$action" = install ]; then
        for program in $programs; do
            [ -x "$release/$program" ] || die 1 "$release/$program is missing: run without --no-build"
        done
        if [ -n "$DESTDIR" ]; then mkdir -p "$DESTDIR"; fi
        if ! make_directory "$DESTDIR$PREFIX/bin" || [ ! -w "$DESTDIR$PREFIX/bin" ]; then
            die 1 "cannot write below $DESTDIR$PREFIX: choose another PREFIX"
        fi
    fi
    place_programs
    place_documents
    place_services
    if [ "$action" = install ]; then remember_directories; fi
}

remove_files() {
    action=uninstall init=all
    for multicall in yes no; do install_all; done
}

uninstall() {
    # A dry run removes nothing, so that the second layout finds the files of the first once more.
    if [ "$dry_run" = yes ]; then remove_files | sort -u && return; fi
    remove_files
    remove_directories
    say "pizauth has been removed from $DESTDIR$PREFIX"
}

# What goes on as before, or belongs to the wrong user.
report_surprises() {
    if [ "$dry_run" = yes ] || [ -n "$DESTDIR" ]; then return; fi
    if "$PREFIX/bin/pizauth" info 2>/dev/null | grep -q 'process id'; then
        say 'a daemon is running and stays the version that it was: restart it (README.md, "Upgrading")'
    fi
    if [ "$(id -u)" = 0 ] && is_in_a_home "$PREFIX"; then
        say "warning: installed as root into another user's directory: what is below $PREFIX now belongs to root" >&2
        say '    (run it as that user instead, or without PREFIX, for everybody)' >&2
    fi
}

# Wherever homes are: what somebody else than root owns, or what is below it.
is_in_a_home() {
    case $1 in
        / | . | '') return 1 ;;
        /home/* | /Users/* | /usr/home/* | /var/home/*) return 0 ;;
    esac
    [ -n "$(find "$1" -prune ! -user 0 2>/dev/null)" ] || is_in_a_home "$(dirname "$1")"
}

report_installed() {
    say "installed below $DESTDIR$PREFIX"
    case :$PATH: in
        *:"$PREFIX/bin":*) ;;
        *) say "$PREFIX/bin is not in your PATH: add it in your shell's start file" ;;
    esac
    report_surprises
    say 'next: pizauth setup ADDRESS (README.md shows that, and how to do it by hand)'
}

# --- command line ---------------------------------------------------------------------------------------------

mode=install yes=no dry_run=no no_build=no multicall=no init=''
while [ $# -gt 0 ]; do
    case $1 in
        --try) mode=try ;;
        --yes) yes=yes ;;
        --dry-run) dry_run=yes ;;
        --no-build) no_build=yes ;;
        --multicall) multicall=yes ;;
        --uninstall) mode=uninstall ;;
        --init)
            [ $# -ge 2 ] || die 64 '--init needs a name'
            init=$2
            shift
            ;;
        --init=*) init=${1#*=} ;;
        --help | -h) usage && exit 0 ;;
        *) die 64 "unknown option $1 (see ./install.sh --help)" ;;
    esac
    shift
done
if [ "$yes" = yes ] && [ "$mode" != try ]; then die 64 '--yes goes with --try only'; fi
if [ "$dry_run" = yes ] && [ "$mode" = try ]; then die 64 '--dry-run does not go with --try'; fi
action=install
if [ "$dry_run" = yes ]; then action=dry-run; fi
case $init in
    '') init=$(found_init) ;;
    dinit | launchd | openrc | rc.d | runit | s6 | systemd | all | none) ;;
    *) die 64 "unknown init system $init (see ./install.sh --help)" ;;
esac

DESTDIR=$(absolute "${DESTDIR:-}")
PREFIX=$(absolute "${PREFIX:-}")
if [ -z "$PREFIX" ]; then
    PREFIX=/usr/local
    if [ "$(id -u)" != 0 ]; then PREFIX=${HOME:?HOME is not set: set PREFIX}/.local; fi
fi

if is_release_archive; then no_build=yes; fi
case $mode in
    try)
        if is_release_archive; then die 64 '--try needs the source: its test server is not in this archive'; fi
        check_tools
        find_release_dir
        build pizauth pizauth-test-server
        exec sh tests/demonstration.sh "$release" "$yes"
        ;;
    uninstall) release='' && uninstall ;;
    install)
        if [ "$no_build" = no ]; then check_tools; fi
        find_release_dir
        if [ "$no_build" = no ] && [ "$action" = install ]; then
            build pizauth
            if [ "$multicall" = no ]; then link_small_programs_statically; fi
        fi
        install_all
        if [ "$action" = install ]; then report_installed; fi
        ;;
esac
