#!/bin/sh
# release.sh: makes all files of a release from what is committed. CONTRIBUTING.md, "A release", says when.
set -eu

usage() {
    cat <<'END'
usage: etc/packaging/release.sh [OPTION]... DIRECTORY

Writes into DIRECTORY, which may not exist yet:
  pizauth-VERSION.tar.gz              the source
  pizauth-VERSION-SYSTEM.tar.gz       executables, for install.sh without a compiler
  pizauth-VERSION-SYSTEM.cdx.json     what is linked into them (CycloneDX)
  pizauth_VERSION_ARCH.deb            where debhelper is installed
  PKGBUILD, pizauth.rb                with this version and its checksum
  SHA256SUMS

  --url URL   where the files will be published (for PKGBUILD and pizauth.rb)
  --draft     also of a version that CHANGES.md does not name yet, with whatever is not committed left out
  --help      this text

environment: CARGO_TARGET_DIR, CARGO_BUILD_TARGET

example: etc/packaging/release.sh --url https://example.org/pizauth/0.2.0 /tmp/pizauth-0.2.0
END
}

die() {
    status=$1
    shift
    printf 'release.sh: %s\n' "$*" >&2
    exit "$status"
}

# What would make a release that is not what it says.
check_state() {
    [ -z "$(git status --porcelain)" ] || die 1 'there are changes that are not committed (git status)'
    grep -q "^## $version\$" CHANGES.md || die 1 "CHANGES.md has no heading \"## $version\""
    if git rev-parse -q --verify "refs/tags/v$version" >/dev/null; then
        [ "$(git rev-parse "v$version^{commit}")" = "$(git rev-parse HEAD)" ] || die 1 "the tag v$version is on another commit"
    fi
}

# pack DIRECTORY FILE: the same bytes whenever and by whomever it is made.
pack() {
    tar -C "${1%/*}" --sort=name --mtime="@$date" --owner=0 --group=0 --numeric-owner -cf - "${1##*/}" | gzip -9n >"$2"
}

# The executables as install.sh installs them, the small ones static where that can be. For another system, or for musl,
# name it in CARGO_BUILD_TARGET: then all of them are what that target makes.
build() {
    if [ -n "${CARGO_BUILD_TARGET:-}" ]; then
        cargo build --release --locked --bins --package pizauth
        mkdir -p "$tree/bin"
        for program in $programs; do cp "$target/$CARGO_BUILD_TARGET/release/$program" "$tree/bin"; done
        return
    fi
    DESTDIR=$scratch/root PREFIX=/usr ./install.sh --init none
    cp -R "$scratch/root/usr/bin" "$tree/bin"
}

make_archive() {
    git archive HEAD install.sh README.md SECURITY.md CHANGES.md LICENSE-APACHE LICENSE-MIT etc man completions |
        tar -C "$tree" -xf -
    rm -r "$tree/etc/packaging"
    pack "$tree" "$out/pizauth-$version-$system.tar.gz"
}

make_list_of_parts() {
    cargo tree --locked --package pizauth --target "$system" --edges normal,no-proc-macro --prefix none --no-dedupe \
        --format '{p}|{l}' |
        jq -R -s --arg version "$version" --arg system "$system" -f etc/packaging/sbom.jq \
            >"$out/pizauth-$version-$system.cdx.json"
}

# The package has the same executables, but none that are static.
make_debian_package() {
    if ! command -v dh >/dev/null || [ -n "${CARGO_BUILD_TARGET:-}" ]; then
        echo 'no Debian package: it needs debhelper, and a build for this system'
        return
    fi
    source=$scratch/debian/pizauth-$version
    mkdir -p "$source/target/release"
    git archive HEAD | tar -C "$source" -xf -
    mv "$source/etc/packaging/debian" "$source/debian"
    for program in $programs; do cp "$target/release/$program" "$source/target/release"; done
    {
        printf 'pizauth (%s) unstable; urgency=medium\n\n  * CHANGES.md tells what is new.\n\n' "$version"
        printf ' -- %s  %s\n' "$(sed -n 's/^Maintainer: //p' etc/packaging/debian/control)" "$(date -R -u -d "@$date")"
    } >"$source/debian/changelog"
    # Build-Depends are not looked at: where cargo comes from rustup dpkg knows nothing of it.
    (cd "$source" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps)
    cp "$scratch"/debian/pizauth_*.deb "$out"
}

# fill_in FILE: version, place and checksum.
fill_in() {
    checksum=$(cd "$out" && sha256sum "pizauth-$version.tar.gz")
    sed -e "s|@VERSION@|$version|g" -e "s|@URL@|$url|g" -e "s|@SHA256@|${checksum%% *}|g" "etc/packaging/$1" >"$out/$1"
}

draft=no url='' out=''
while [ $# -gt 0 ]; do
    case $1 in
        --draft) draft=yes ;;
        --url)
            [ $# -ge 2 ] || die 64 '--url needs a URL'
            url=${2%/}
            shift
            ;;
        --help | -h) usage && exit 0 ;;
        -*) die 64 "unknown option $1 (see --help)" ;;
        *)
            [ -z "$out" ] || die 64 'one directory only'
            out=$1
            ;;
    esac
    shift
done
[ -n "$out" ] || die 64 'into which directory? (see --help)'
[ ! -e "$out" ] || die 1 "$out is there already"
[ "$draft" = yes ] || [ -n "$url" ] || die 64 'a release needs --url (or --draft)'
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/../.."
for tool in cargo git jq sha256sum; do command -v "$tool" >/dev/null || die 1 "$tool is missing"; done

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
system=${CARGO_BUILD_TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
date=$(git log -1 --format=%ct)
programs='pizauth pizauthd pizauth-show pizauth-refresh pizauth-dump pizauth-restore pizauth-revoke'
[ "$draft" = yes ] || check_state
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/pizauth-$version-$system
mkdir "$tree"

git archive --prefix="pizauth-$version/" HEAD | gzip -9n >"$out/pizauth-$version.tar.gz"
build
make_archive
make_list_of_parts
make_debian_package
fill_in PKGBUILD
fill_in pizauth.rb
(cd "$out" && sha256sum pizauth* PKGBUILD >SHA256SUMS)
ls -l "$out"
