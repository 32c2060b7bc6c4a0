#!/usr/bin/python3
"""careless_client.py ISSUER MISTAKE: another client of oidc-provider, which signs in by itself and makes one of the
mistakes below. Prints the OAuth error that this earns, or "issued". It shows that the provider is as strict as the
tests of pizauth suppose."""
import base64
import hashlib
import json
import secrets
import sys
import urllib.parse

from login import authorize, fetch, new_browser

CLIENT = {"client_id": "mail", "redirect_uri": "http://localhost/"}


def code(issuer, more):
    """An authorization code, or ends with the error that the redirect carries."""
    request = {**CLIENT, "response_type": "code", "scope": "openid offline_access smtp", "prompt": "consent", **more}
    redirect = authorize(f"{issuer}/auth?{urllib.parse.urlencode(request)}")
    fields = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(redirect).query))
    if "error" in fields:
        print(fields["error"])
        sys.exit()
    return fields["code"]


def token(issuer, grant_type, more):
    _, _, answer = fetch(new_browser(), f"{issuer}/token", {**CLIENT, "grant_type": grant_type, **more})
    return json.loads(answer)


def main(issuer, mistake):
    verifier = secrets.token_urlsafe(64)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = {
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    exchange = {"code": code(issuer, {} if mistake == "no-challenge" else challenge), "code_verifier": verifier}
    if mistake == "wrong-verifier":
        exchange["code_verifier"] = secrets.token_urlsafe(64)
    answer = token(issuer, "authorization_code", exchange)
    if mistake == "code-twice":
        answer = token(issuer, "authorization_code", exchange)
    elif mistake == "refresh-token-twice":
        refresh = {"refresh_token": answer["refresh_token"]}
        token(issuer, "refresh_token", refresh)
        answer = token(issuer, "refresh_token", refresh)
    print(answer.get("error", "issued"))


main(*sys.argv[1:])
