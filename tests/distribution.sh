#!/bin/bash
# tests/distribution.sh: what etc/packaging/release.sh makes of the last commit, installed as its users would: the
# archive without a compiler, the Debian package in a clean root, Arch's by makepkg. Reports "N passed, N failed".
set -uo pipefail
case ${CARGO_TARGET_DIR-} in '' | /*) ;; *) export CARGO_TARGET_DIR=$PWD/$CARGO_TARGET_DIR ;; esac
cd "$(dirname "$0")/.." || exit 1

scratch=$(mktemp -d /tmp/pizauth-distribution.XXXXXX)
trap 'rm -rf "$scratch"' EXIT
# Others than root have to get there: makepkg refuses root, and so does apt's fetcher.
chmod 755 "$scratch"

. tests/checks.sh

out=$scratch/release
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
system=$(rustc -vV | sed -n 's/^host: //p')
archive=$out/pizauth-$version-$system.tar.gz

check 'a directory is asked for' exits 64 etc/packaging/release.sh
check 'a release wants to know where it will be' exits 64 etc/packaging/release.sh "$out"
check 'a version that CHANGES.md does not name is no release' \
    exits 1 etc/packaging/release.sh --url https://example.invalid/pizauth "$out"
check 'and nothing is made of it' test ! -e "$out/SHA256SUMS"
rm -rf "$out"
check 'a draft is made' etc/packaging/release.sh --draft --url https://example.invalid/files "$out"
check 'its checksums hold' sh -c "cd '$out' && sha256sum --check --strict SHA256SUMS"
every_file_has_one() { [ "$(find "$out" -type f ! -name SHA256SUMS | wc -l)" = "$(wc -l <"$out/SHA256SUMS")" ]; }
check 'and every file has one' every_file_has_one

# --- the source -----------------------------------------------------------------------------------------------

tar -C "$scratch" -xzf "$out/pizauth-$version.tar.gz"
same_source() { [ "$(cd "$scratch/pizauth-$version" && find . -type f | wc -l)" = "$(git ls-tree -r HEAD | wc -l)" ]; }
check 'the source is what is committed' same_source
check 'and its lock file is in step' cargo metadata --manifest-path "$scratch/pizauth-$version/Cargo.toml" --locked --no-deps \
    --format-version 1

# --- the list of what is linked -------------------------------------------------------------------------------

parts=$out/pizauth-$version-$system.cdx.json
known_parts() {
    jq -r '.components[] | "\(.name) \(.version)"' "$parts" | sort >"$scratch/parts"
    sed -n '/^name = /{s/.*"\(.*\)"/\1/;N;s/\nversion = "\(.*\)"/ \1/;p}' Cargo.lock | sort >"$scratch/locked"
    [ -z "$(comm -23 "$scratch/parts" "$scratch/locked")" ]
}
check 'every part is in Cargo.lock' known_parts
names_parts() { for name in attohttpc nom ring rustls serde_json; do grep -q "^$name " "$scratch/parts" || return 1; done; }
check 'those that are fixed are among them' names_parts
names_no_tests() { ! grep -E '^(proptest|pizauth|tempfile|syn) ?' "$scratch/parts"; }
check 'and none of the tests, of building or of ours' names_no_tests
check 'each says its licence' jq -e 'all(.components[]; .licenses != [])' "$parts"

# --- the archive ----------------------------------------------------------------------------------------------

tar -C "$scratch" -xzf "$archive"
unpacked=$scratch/pizauth-$version-$system
# Neither cargo nor a compiler.
mkdir "$scratch/tools"
for tool in sh pwd dirname uname id sed grep mkdir find cat chmod mv ln sort rm rmdir; do
    ln -s "$(command -v "$tool")" "$scratch/tools/$tool"
done
from_archive() { PATH=$scratch/tools HOME=$scratch/home PREFIX=$scratch/prefix DESTDIR='' "$unpacked/install.sh" "$@"; }
check 'the archive installs without a compiler' from_archive --init all
for program in pizauth pizauthd pizauth-show; do
    is_this_version() { "$scratch/prefix/bin/$1" --version | grep -F "$version"; }
    check "$program is this version" is_this_version "$program"
done
check 'its demonstration needs the source, which is said' exits 64 from_archive --try
check 'it is removed' from_archive --uninstall
check 'and nothing is left' test -z "$(find "$scratch/prefix" -mindepth 1 2>/dev/null)"

# Every file of an installation below /usr, but for the documents that each system keeps in its own way.
DESTDIR=$scratch/installed PREFIX=/usr ./install.sh --no-build --init all >/dev/null
files_below() { (cd "$1" && find usr ! -type d ! -path '*/doc/pizauth/LICENSE-*' ! -name .directories | sed 's/\.gz$//' | sort); }
files_below "$scratch/installed" >"$scratch/files"

# --- Debian ---------------------------------------------------------------------------------------------------

deb=$(find "$out" -name '*.deb')
dpkg-deb -x "$deb" "$scratch/deb"
same_files() { files_below "$1" | grep -v -e /licenses/ -e /doc/pizauth/copyright -e /doc/pizauth/changelog >"$1.files"; diff "$scratch/files" "$1.files"; }
check 'the Debian package has the files of install.sh' same_files "$scratch/deb"
check 'lintian has no error' lintian --fail-on error --suppress-tags bogus-mail-host-in-debian-changelog "$deb"

clean_root() {
    mmdebstrap --quiet --variant=apt --include=systemd,libgcc-s1 "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$root"
}
in_root() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"; }
# What dpkg and its triggers keep for themselves is not the package's.
listed() { (cd "$root" && find . -xdev ! -path './var/lib/dpkg/*' ! -path './var/cache/*' ! -path './var/log/*' ! -path './proc/*' ! -path './sys/*' ! -path './dev/*' ! -path './tmp/*' | sort); }
enabled() { in_root systemctl --global is-enabled pizauthd.service; }
root=$scratch/root
check 'there is a clean root' clean_root
if [ -d "$root/usr" ]; then
    listed >"$scratch/before"
    cp "$deb" "$root/tmp/pizauth.deb"
    check 'the package is installed there' in_root dpkg --install /tmp/pizauth.deb
    check 'pizauth runs' in_root pizauth --version
    check 'pizauthd names the example' sh -c "! chroot '$root' pizauthd 2>&1 | grep -v 'cp /usr/share/doc/pizauth/pizauth.conf' | grep -q 'cp '"
    check 'nobody has been given a daemon' exits 1 enabled
    check 'the user unit can be enabled' in_root systemctl --global enable pizauthd.service
    check 'and is' enabled
    check 'the package is purged' in_root dpkg --purge pizauth
    as_before() { listed >"$scratch/after"; diff "$scratch/before" "$scratch/after"; }
    check 'and nothing is left' as_before
fi

# --- Arch -----------------------------------------------------------------------------------------------------

# makepkg takes a source that lies there already. Instead of building it anew, "cargo" gives what has been built.
# Nor is a pacman needed for what it does here, where it would only list what is installed.
arch=$scratch/arch
mkdir "$arch" "$arch/tools"
cp "$out/PKGBUILD" "$out/pizauth-$version.tar.gz" "$arch"
cat >"$arch/tools/cargo" <<END
#!/bin/sh
case \$1 in
    build) mkdir -p target/release && cp "$scratch"/installed/usr/bin/* target/release ;;
    *) printf '{"target_directory":"%s"}' "\$CARGO_TARGET_DIR" ;;
esac
END
chmod +x "$arch/tools/cargo"
unprivileged() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; else "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown -R 65534:65534 "$arch"; fi
make_arch_package() { (cd "$arch" && unprivileged env HOME="$arch" PATH="$arch/tools:$PATH" PKGEXT=.pkg.tar PACMAN=true makepkg --nodeps --noprogressbar); }
check 'makepkg builds the package' make_arch_package
mkdir "$scratch/pkg"
tar -C "$scratch/pkg" -xf "$arch"/pizauth-*.pkg.tar
check 'which has the files of install.sh' same_files "$scratch/pkg"
check 'and this version' grep -qx "pkgver = $version-1" "$scratch/pkg/.PKGINFO"

# --- Homebrew and Nix: nobody can build them here -------------------------------------------------------------

check 'the formula is Ruby' ruby -c "$out/pizauth.rb"
check 'the expression is Nix' nix-instantiate --parse etc/packaging/package.nix
for recipe in PKGBUILD pizauth.rb; do
    checksum=$(sha256sum <"$out/pizauth-$version.tar.gz")
    check "$recipe has the checksum" grep -qF "${checksum%% *}" "$out/$recipe"
    check "$recipe has the place" grep -qF "https://example.invalid/files" "$out/$recipe"
    check "$recipe is filled in" sh -c "! grep -E '@[A-Z]+@' '$out/$recipe'"
done
for recipe in PKGBUILD pizauth.rb package.nix debian/rules; do
    check "$recipe builds what install.sh installs" grep -qE '"?cargo"?,? "?build.*--bins"?,? "?--package"?,? "?pizauth' \
        "etc/packaging/$recipe"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
