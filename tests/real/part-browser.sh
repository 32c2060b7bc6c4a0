# shellcheck shell=bash disable=SC2154
# needs: chromium:chromium
# Chromium signs in; a page of another origin cannot make it use up a pending authorization, nor can a name that was
# made to lead to us. Screenshots of our pages stay in target/real.

start_test_server
account() {
    cat <<END
account "$1" {
    auth_uri = "$issuer/authorize";
    token_uri = "$issuer/token";
    client_id = "$1";
    redirect_uri = "$2";
}
END
}
{ account work http://localhost/ && account secure https://localhost/ && account denied http://localhost/; } >config/pizauth.conf
start_daemon

# The other origin: its pages lie in site.
mkdir site
in_background site /usr/bin/python3 -u -m http.server --bind 127.0.0.1 --directory site 0
wait_for_lines 1 'port [0-9]' site.log
site=http://evil.example:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' site.log)

# browse OPTION URL: opens a page, follows where it leads, and does OPTION with what is shown in the end.
browse() {
    timeout 60 chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
        --ignore-certificate-errors --user-data-dir="$scene/profile" --window-size=900,600 --virtual-time-budget=5000 \
        --host-resolver-rules='MAP evil.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1' \
        "$@" 2>>chromium.log
}

escaped() { sed 's/&/\&amp;/g; s/"/\&quot;/g'; }

# decision ACCOUNT DECISION: a page that presses a button of the authorization page.
decision() {
    cat >"site/$1-$2.html" <<END
<form method="post" action="$(authorization_url "$1" | escaped)"><input name="decision" value="$2"></form>
<script>document.forms[0].submit()</script>
END
    echo "$site/$1-$2.html"
}

# --- what another origin can do

url=$(authorization_url work) || :
ours=$(echo "$url" | sed -n 's/.*redirect_uri=http%3A%2F%2Flocalhost%3A\([0-9]*\)%2F.*/\1/p')
response="/?code=stolen&state=$(echo "$url" | sed -n 's/.*[?&]state=\([^&]*\).*/\1/p')"
target=$(echo "http://localhost:$ours$response" | escaped)
refusals='redirect_refused.*(a page or a script asks|only prefetches)'

# from_another_origin WHAT HTML: the browser asks, is refused, and the authorization is still pending.
from_another_origin() {
    echo "<!doctype html>$2" >site/attempt.html
    sleep 1.1 # the log tells of one refusal a second
    before=$(grep -cE "$refusals" daemon.log || :)
    browse --dump-dom "$site/attempt.html" >attempt.html
    check "$1 of another origin is refused" \
        wait_for_lines $((before + 1)) "$refusals" daemon.log
    check "and uses nothing up" test "$(authorization_url work)" = "$url"
}
from_another_origin 'an image' "<img src=\"$target\">"
from_another_origin 'a frame' "<iframe src=\"$target\"></iframe>"
from_another_origin 'a script' "<script src=\"$target\"></script>"
from_another_origin 'a fetch' "<script>fetch('http://localhost:$ours$response', {mode: 'no-cors'})</script>"
from_another_origin 'a prefetch' "<link rel=\"prefetch\" href=\"$target\">"

browse --dump-dom "http://evil.example:$ours$response" >rebound.html
check 'a name that was made to lead to us finds nothing' grep -q 'nothing waits for this' rebound.html
check 'and uses nothing up' test "$(authorization_url work)" = "$url"

# --- signing in

# browse takes one option: what the picture shows is told by what the daemon has.
check 'Chromium goes from the authorization page to ours' browse --screenshot="$CACHE/signed-in.png" "$(decision work approve)"
check 'and the account is signed in' pizauth-show work
pizauth-revoke work
denied=$(decision denied deny)
check 'a denial is shown' browse --screenshot="$CACHE/sign-in-failed.png" "$denied"
check 'and logged' wait_for_lines 1 'account="denied".*access_denied' daemon.log

secure=$(decision secure approve)
browse --dump-dom "$secure" >secure.html
check 'over HTTPS it works as well' grep -q '<h1>signed in: secure</h1>' secure.html
check 'and the style sheet is the one that our policy allows' grep -q '<main class="good">' secure.html
browse --dump-dom "$secure" >again.html
check 'to come again does no harm' grep -q '<h1>already signed in: secure</h1>' again.html
check 'the browser asked the test server for one token each' \
    test "$(grep -c '^code exchanged status=200' issuer.log)" = 2
