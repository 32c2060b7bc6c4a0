#!/bin/bash
# run.sh [PART...]: pizauth against software that nobody here wrote, on loopback only.
#
# Each part-NAME.sh is a scene of its own; without arguments all of them run. As root it installs what they
# need and lets them see no network but loopback; otherwise it says what is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/tests/real
npm_packages=(oidc-provider@9.13.3 playwright-core@1.65.1)

parts=("$@")
if [ ${#parts[@]} = 0 ]; then
    for file in "$here"/part-*.sh; do
        name=${file##*/part-}
        parts+=("${name%.sh}")
    done
fi

files=("${parts[@]/#/$here/part-}")
files=("${files[@]/%/.sh}")

# needs: what the lines "# needs:" of the scene and of the chosen parts name: COMMAND:PACKAGE or FILE:PACKAGE.
needs() { sed -n 's/^# needs: *//p' "$here/scene.sh" "${files[@]}" | tr -s ' ' '\n' | sort -u; }
is_there() { case $1 in /*) [ -e "$1" ] ;; *) command -v "$1" >/dev/null ;; esac; }

install_packages() {
    local missing=()
    for need in $(needs); do is_there "${need%:*}" || missing+=("${need##*:}"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        echo "tests/real: missing, by the names of Debian's packages: ${missing[*]}" >&2
        exit 1
    fi
    echo "tests/real: installing ${missing[*]}"
    # What would be asked while they are installed.
    sed -n 's/^# debconf: *//p' "${files[@]}" | debconf-set-selections
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

is_installed() { grep -q "\"version\": \"${1#*@}\"" "$cache/node_modules/${1%@*}/package.json" 2>/dev/null; }

# All of them at once: npm removes what it is not told of.
install_npm_packages() {
    local missing=()
    for package in "${npm_packages[@]}"; do is_installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "tests/real: installing ${missing[*]}"
    mkdir -p "$cache"
    npm install --silent --no-save --no-audit --no-fund --prefix "$cache" "${npm_packages[@]}"
}

# python_packages: what the lines "# pip:" of all parts name, since they have one place.
python_packages() { sed -n 's/^# pip: *//p' "$here"/part-*.sh | tr -s ' ' '\n' | sort -u; }
has_python_package() {
    local name=${1%==*}
    [ -e "$cache/python/${name//-/_}-${1#*==}.dist-info" ]
}

install_python_packages() {
    local missing=()
    grep -q '^# pip:' "${files[@]}" || return 0
    for package in $(python_packages); do has_python_package "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "tests/real: installing ${missing[*]}"
    rm -rf "$cache/python"
    # shellcheck disable=SC2046 # names of packages are single words
    /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location \
        --root-user-action ignore --target "$cache/python" $(python_packages)
}

# versions: a line for each peer, for README's table.
versions() {
    printf '%s\n' "${npm_packages[@]/@/ }"
    python_packages | sed 's/==/ /'
    for need in $(needs); do
        # shellcheck disable=SC2016 # a format of dpkg's
        dpkg-query --show --showformat '${Package} ${Version}\n' "${need##*:}" 2>/dev/null || :
    done | grep ' .' | sort -u
}

# differing VERSIONS: those that README's table has otherwise. There it has their beginning.
differing() {
    awk 'FNR == NR && split($0, cell, / *[|] */) == 5 {
            count = split(cell[2], names, /, /)
            split(cell[3], versions, /, /)
            for (i = 1; i <= count; i++) readme[names[i]] = versions[i]
        }
        FNR == NR { next }
        { sub(/^[0-9]+:/, "", $2) }
        $1 in readme && index($2, readme[$1]) != 1 { print "README was written with " $1 " " readme[$1] }' README.md - <<<"$1"
}

# untried_examples: those of the manual pages that no part has taken, but for those with a reason.
untried_examples() {
    for page in man/*; do awk -v page="${page#man/}" -f "$here/examples.awk" "$page"; done |
        grep -vxF -f "$examples" | grep -vxF -f <(cut -f 1-3 "$here/examples.untried") || :
}

build() {
    cargo build --release --locked -p pizauth -p pizauth-test-server --bins
}

target=$(cargo metadata --locked --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
cache=$target/real

# As root each part has a network of its own, nothing but loopback; mounts of its own; and processes of its own, which
# end with it. It waits most of the time, so two of them run at once.
fence=()
at_once=1
end_with=TERM
if [ "$(id -u)" = 0 ] && unshare --net --mount-proc --pid --fork true 2>/dev/null; then
    export PIZAUTH_REAL_FENCED=yes
    # shellcheck disable=SC2016 # expanded by the inner shell
    fence=(unshare --net --mount-proc --pid --fork --kill-child=TERM sh -c 'ip link set lo up && exec "$@"' sh)
    at_once=2
    end_with=KILL
fi

work=$(mktemp -d)
results=$work/results
examples=$work/tried
: >"$results"
: >"$examples"
declare -A running=() begun=() # part by pid, second by part

clean_up() {
    for pid in "${!running[@]}"; do kill -s "$end_with" "$pid" 2>/dev/null || :; done
    wait
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start_part() {
    begun[$1]=$SECONDS
    PATH="$target/release:$PATH" CACHE=$cache RESULTS=$results EXAMPLES=$examples \
        "${fence[@]}" bash "$here/scene.sh" "$here/part-$1.sh" >"$work/$1" 2>&1 &
    running[$!]=$1
}

# finish_a_part: waits until one has ended, and shows what it has said.
finish_a_part() {
    local pid part status=0
    wait -n -p pid || status=$?
    part=${running[$pid]}
    unset "running[$pid]"
    echo "--- $part, $((SECONDS - begun[$part])) s"
    cat "$work/$part"
    # A part that ends early has failed, whatever it had checked until then.
    [ "$status" = 0 ] || echo "failed: $part ended with status $status" | tee -a "$results"
}

install_packages
install_npm_packages
install_python_packages
build
seen=$(versions)
printf '%s\n' "$seen" "$(differing "$seen")"
built=$SECONDS
for part in "${parts[@]}"; do
    [ ${#running[@]} -lt "$at_once" ] || finish_a_part
    start_part "$part"
done
while [ ${#running[@]} -gt 0 ]; do finish_a_part; done

if [ $# = 0 ]; then
    untried=$(untried_examples)
    [ -n "$untried" ] && result=failed || result=passed
    echo "$result: every example of the manual is tried${untried:+, but for: $untried}" | tee -a "$results"
fi

passed=$(grep -c '^passed: ' "$results" || :)
failed=$(grep -c '^failed: ' "$results" || :)
echo "$passed passed, $failed failed, in $((SECONDS - built)) s"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
