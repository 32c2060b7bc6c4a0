# shellcheck shell=bash disable=SC2154
# pizauth login in a terminal, at oidc-provider: it opens Chromium, takes what is pasted, and signs in by a code that
# Chromium confirms. The screenshots stay in target/real. A QR code is read by zbar.
# needs: chromium:chromium zbarimg:zbar-tools

start_provider
{
    for account in browser paste leave; do provider_account "$account" mail; done
    provider_account device mail "device_auth_uri = \"$issuer/device/auth\";"
} >config/pizauth.conf
start_daemon

# Node finds packages from where the program lies.
cp "$here/browser_login.mjs" "$CACHE/"
cat >chromium.sh <<END
#!/bin/sh
exec timeout 120 node "$CACHE/browser_login.mjs" "\$1" "$CACHE/login.png" >"$scene/page.text" 2>&1
END
chmod 755 chromium.sh
export BROWSER=$scene/chromium.sh

# in_terminal PATTERN COMMAND PROGRAM [ARGUMENT]...: see terminal.py. What is shown is in login.out then.
in_terminal() { /usr/bin/python3 "$here/terminal.py" "$1" "$2" -- "${@:3}" | tee login.out; }
nothing='(?!)'
signed_in() { grep -q "$1: signed in; the access token is valid until .*, with a refresh token" login.out; }

check 'pizauth login opens Chromium and waits for it' in_terminal "$nothing" : pizauth login browser
check 'the terminal shows where to sign in' grep -q '^To sign in to browser, open' login.out
check 'and how long that takes' grep -q 'waiting for you to sign in … 0:0' login.out
check 'and the end' signed_in browser
check 'Chromium shows our page' wait_until grep -i 'signed in: browser' page.text
check 'there is an access token' pizauth-show browser
check 'to sign in once more is not needed' in_terminal "$nothing" : pizauth login browser
check 'which is said' grep -q '^browser is signed in, until ' login.out

# shellcheck disable=SC2016 # expanded by terminal.py
pasted='/usr/bin/python3 "$LOGIN" --end "$MATCH"'
export LOGIN=$here/login.py
check 'an address is pasted' in_terminal '(http\S+)\r\n(?s:.*)error\): ' "$pasted" bash -c "$(example pizauth.1 EXAMPLES 3 | sed s/work/paste/)"
check 'and the end told' signed_in paste
check 'there is its access token, too' pizauth-show paste

status=0
in_terminal 'waiting for you' "printf '\\003'" pizauth login --no-browser leave >/dev/null || status=$?
check 'Ctrl-C has exit status 130' test "$status" = 130
check 'the URL stays good' grep -q 'leave: the URL stays good' login.out
check 'and is the one that show tells' grep -qF "$(authorization_url leave)" login.out

check 'a code is confirmed in Chromium' in_terminal "$nothing" : pizauth login --device device
check 'it is shown' grep -q '  and enter the code  ' login.out
check 'the end is told' signed_in device
check 'there is an access token by it' pizauth-show device

# is_read BACKGROUND: what zbar reads on a terminal of such a shade is the address that is shown.
is_read() {
    local url
    url=$(grep -oE "$issuer/device\\?user_code=[A-Z-]+" login.out | head -n 1)
    /usr/bin/python3 "$here/qr_picture.py" "$1" <login.out >qr.pgm
    [ -n "$url" ] && [ "$(zbarimg --quiet --raw qr.pgm)" = "$url" ]
}
pizauth-revoke device
in_terminal 'waiting for you' "printf '\\003'" env LC_ALL=C.UTF-8 bash -c "$(example pizauth.1 EXAMPLES 4 | sed s/work/device/)" >/dev/null || :
check 'the QR code is read on a dark terminal' is_read 0
check 'and on a light one' is_read 255
