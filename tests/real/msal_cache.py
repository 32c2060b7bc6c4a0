"""msal_cache.py CLIENT: prints the cache that MSAL for Python has after a sign-in, with a transport of ours below it."""
import base64
import json
import sys
import time

import msal

CLIENT = sys.argv[1]
UID, TENANT = "11111111-2222-3333-4444-555555555555", "9188040d-6c67-4c5b-b112-36a304b66dad"
AUTHORITY = "https://login.microsoftonline.com/common"
SCOPES = ["https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"]


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


class Answer:
    status_code, headers = 200, {}

    def __init__(self, value):
        self.text = json.dumps(value)

    def raise_for_status(self):
        pass


class Transport:
    def get(self, _url, **_):
        endpoints = ["authorization", "token", "device_authorization"]
        document = {f"{name}_endpoint": f"{AUTHORITY}/oauth2/v2.0/{name}" for name in endpoints}
        return Answer({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0", **document})

    def post(self, _url, **_):
        now = int(time.time())
        claims = {
            "aud": CLIENT,
            "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": UID,
            "tid": TENANT,
            "sub": "subject",
            "preferred_username": "me@example.org",
            "ver": "2.0",
        }
        return Answer({
            "token_type": "Bearer",
            "expires_in": 3599,
            "access_token": "an-access-token",
            "refresh_token": "0.AXexample-refresh-token",
            "scope": " ".join(SCOPES),
            "client_info": encoded({"uid": UID, "utid": TENANT}),
            "id_token": f"e30.{encoded(claims)}.signature",
        })

    def close(self):
        pass


cache = msal.SerializableTokenCache()
client = msal.PublicClientApplication(
    CLIENT, authority=AUTHORITY, token_cache=cache, http_client=Transport(), instance_discovery=False
)
result = client.acquire_token_by_refresh_token("an-older-one", scopes=SCOPES)
assert "error" not in result, result
print(cache.serialize())
