#!/usr/bin/python3
"""glewlwyd.py ISSUER set-up PORT KEY: gives a glewlwyd that was just started, without a browser, its OpenID Connect plugin, the
user alice, and clients whose redirect comes to PORT: `public`, `basic`, whose secret is taken as HTTP Basic only, and
`signs`, whose public key is in the file KEY.
glewlwyd.py ISSUER approve URL: agrees to an authorization request as alice; prints where the browser goes next.
glewlwyd.py ISSUER deny URL: the same without agreeing.
glewlwyd.py ISSUER device CODE: agrees to what a device has asked for.
glewlwyd.py ISSUER end: ends alice's sessions.
glewlwyd.py ISSUER living: prints how many of them there are."""
import http.cookiejar
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

SCOPES = ["imap", "smtp", "offline_access"]
PLUGIN = {
    "jwt-type": "sha", "jwt-key-size": "256", "key": "a key for a test, which is long enough for it",
    "access-token-duration": 3600, "refresh-token-duration": 1209600, "code-duration": 600,
    "refresh-token-rolling": True, "refresh-token-one-use": "always", "allow-non-oidc": True,
    "auth-type-code-enabled": True, "auth-type-refresh-enabled": True, "auth-type-device-enabled": True,
    "device-authorization-expiration": 600, "device-authorization-interval": 5,
    "pkce-allowed": True, "pkce-required": True, "pkce-method-plain-allowed": False,
    "introspection-revocation-allowed": True, "introspection-revocation-allow-target-client": True,
    "oauth-as-iss-id": True, "jwks-show": False, "request-parameter-allow": True, "request-maximum-exp": 3600,
    "client-pubkey-parameter": "pubkey", "session-cookie-name": "G_OIDC",
    "subject-type": "public", "auth-type-client-enabled": True, "scope": [],
}


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Visitor:
    """Somebody with a session of their own."""

    def __init__(self, issuer, user, password):
        self.api = issuer.removesuffix("/oidc")
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(NoRedirect, cookies, urllib.request.ProxyHandler({}))
        self.call("POST", "/auth/", {"username": user, "password": password})

    def call(self, method, path, what=None):
        status, _, text = self.visit(method, self.api + path, what)
        if status >= 300:
            sys.exit(f"{method} {path}: {status} {text[:300]}")
        return text

    def visit(self, method, url, what=None):
        body = None if what is None else json.dumps(what).encode()
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
        try:
            answer = self.opener.open(asked, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        return answer.status, answer.headers.get("Location"), answer.read().decode()


def set_up(issuer, port, key):
    admin = Visitor(issuer, "admin", "password")
    admin.call("POST", "/mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "oidc", "enabled": True,
                                        "parameters": {"iss": issuer, **PLUGIN}})
    for scope in SCOPES:
        admin.call("POST", "/scope/", {"name": scope, "display_name": scope, "description": scope,
                                       "password_required": True, "password_max_age": 0})
    admin.call("POST", "/user/", {"username": "alice", "password": "wonderland", "name": "Alice", "enabled": True,
                                  "email": "alice@example.org", "scope": [*SCOPES, "openid", "g_profile"]})
    with open(key) as file:
        proofs = {"public": {}, "basic": {"client_secret": "s3cr-et", "password": "s3cr-et"}, "signs": {"pubkey": file.read()}}
    for name, method in (("public", "none"), ("basic", "client_secret_basic"), ("signs", "private_key_jwt")):
        by_itself = ["client_credentials"] if proofs[name] else []
        client = {
            "client_id": name, "name": name, "enabled": True, "confidential": bool(proofs[name]),
            "redirect_uri": [f"http://localhost:{port}/"], "token_endpoint_auth_method": [method],
            "authorization_type": ["code", "refresh_token", "device_authorization", *by_itself], "scope": [*SCOPES, "openid"],
            **proofs[name],
        }
        admin.call("POST", "/client/?source=database", client)


def main():
    issuer, what, *rest = sys.argv[1:]
    if what == "set-up":
        return set_up(issuer, *rest)
    alice = Visitor(issuer, "alice", "wonderland")
    known = json.loads(alice.call("GET", "/oidc/token?limit=100"))
    living = [token for token in known if token["enabled"]]
    if what == "living":
        print(len(living))
        return None
    if what == "end":
        for token in living:
            alice.call("DELETE", "/oidc/token/" + urllib.parse.quote(token["token_hash"], safe=""))
        return None
    if what == "device":
        url = f"{issuer}/device?code={rest[0]}"
        client = "public"
    else:
        url = rest[0]
        client = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["client_id"][0]
    granted = "" if what == "deny" else " ".join(SCOPES)
    alice.call("PUT", "/auth/grant/" + client, {"scope": granted})
    status, location, text = alice.visit("GET", url + "&g_continue")
    if not location:
        sys.exit(f"{status} {text[:300]}")
    print(location)
    return None


if __name__ == "__main__":
    sys.exit(main())
