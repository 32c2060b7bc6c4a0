#!/bin/bash
# newer_git.sh DIRECTORY: the git of Debian's unstable, with its git-email, Authen::SASL and C library, unpacked below
# DIRECTORY and installed nowhere. Its `git` is DIRECTORY/bin/git; part-git.sh tries what stable's cannot do yet.
# The machine's own lists of packages and what apt has downloaded stay as they are.
set -euo pipefail

mkdir -p "$1"
directory=$(cd "$1" && pwd)
root=$directory/root
cd "$directory"
mkdir -p lists/partial archives/partial debs bin
: >status
# Where the packages of this machine come from.
# shellcheck disable=SC2016 # a format of apt's
site=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 'Label: Debian' | sort | sed q)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $site sid main" >sources.list
cat >apt.conf <<END_OF_CONF
Dir::Etc::sourcelist "$directory/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$directory/lists";
Dir::State::status "$directory/status";
Dir::Cache::archives "$directory/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
APT::Sandbox::User "root";
END_OF_CONF
export APT_CONFIG=$directory/apt.conf
apt-get update -qq
(cd debs && apt-get download -qq git git-email libauthen-sasl-perl libc6 libpcre2-8-0 zlib1g)
for package in debs/*.deb; do dpkg-deb -x "$package" "$root"; done

# git runs itself by both of these names.
cat >bin/git <<END_OF_WRAPPER
#!/bin/sh
export GIT_EXEC_PATH=$root/usr/lib/git-core GITPERLLIB=$root/usr/share/perl5 PERL5LIB=$root/usr/share/perl5
exec $root/usr/lib64/ld-linux-x86-64.so.2 --library-path $root/usr/lib/x86_64-linux-gnu $root/usr/bin/git "\$@"
END_OF_WRAPPER
chmod 755 bin/git
ln -sf "$directory/bin/git" "$root/usr/lib/git-core/git"
rm -r lists archives debs
bin/git --version
