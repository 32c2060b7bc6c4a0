# shellcheck shell=bash disable=SC2154
# The words about oidc-provider that parts are written in; scene.sh reads this file.

# start_provider [CLIENT]...: npm's oidc-provider with these clients too; sets $issuer. Its log is provider.log.
start_provider() {
    # Node finds packages from where the program lies.
    cp "$here/provider.mjs" "$CACHE/provider.mjs"
    in_background provider node "$CACHE/provider.mjs" "$@"
    wait_for_lines 1 '"issuer"' provider.log
    issuer=$(sed -n 's/.*"issuer":"\([^"]*\)".*/\1/p' provider.log)
}

# tell_provider JSON: changes its behaviour, see provider.mjs.
tell_provider() { curl --silent --show-error --fail --noproxy '*' --max-time 20 --data "$1" "$issuer/control"; }

# provider_account NAME CLIENT [FIELD]...: prints an account of the configuration.
provider_account() {
    cat <<ACCOUNT
account "$1" {
    auth_uri = "$issuer/auth";
    token_uri = "$issuer/token";
    issuer = "$issuer";
    client_id = "$2";
    scopes = ["openid", "offline_access", "imap", "pop", "smtp"];
    auth_uri_fields = { "prompt": "consent" };
$(printf '    %s\n' "${@:3}")
}
ACCOUNT
}

# log_in ACCOUNT [OPTION]...: goes through the provider's pages (see login.py). Our page is ACCOUNT.html then.
log_in() { /usr/bin/python3 "$here/login.py" "${@:2}" "$(authorization_url "$1")" >"$1.html"; }

# secrets: codes, verifiers and tokens of all token requests so far, a line each.
secrets() { sed -n 's/^{"secrets":\[\(.*\)\]}$/\1/p' provider.log | tr -d '"' | tr , '\n'; }

# token_requests CLIENT GRANT [MORE]: the lines about them in the provider's log, or about those that match MORE too.
token_requests() { grep -E "\"client\":\"$1\",\"grant\":\"$2\"${3:+.*$3}" provider.log; }
