#!/usr/bin/python3
"""smtp_server.py ISSUER DIRECTORY: an SMTP server on loopback (aiosmtpd) that takes mail only after AUTH XOAUTH2
with a token that the issuer's introspection (RFC 7662) calls active, for that user and the scope smtp. Each mail
becomes a file in DIRECTORY. Prints its port, then a line for each authentication."""
import base64
import json
import pathlib
import signal
import sys
import threading
import urllib.parse
import urllib.request

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import MISSING, SMTP, AuthResult

ISSUER, DIRECTORY = sys.argv[1], pathlib.Path(sys.argv[2])
CREDENTIALS = base64.b64encode(b"smtp-server:smtp-server-secret").decode()
REFUSAL = base64.b64encode(b'{"status":"401","schemes":"bearer","scope":"smtp"}').decode()


def introspect(token):
    body = urllib.parse.urlencode({"token": token}).encode()
    request = urllib.request.Request(f"{ISSUER}/token/introspection", body, {"Authorization": f"Basic {CREDENTIALS}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


class Handler:
    async def auth_XOAUTH2(self, server, args):
        sent = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        if sent is MISSING:
            return AuthResult(success=False, handled=True)
        fields = dict(part.split("=", 1) for part in sent.decode().split("\x01") if "=" in part)
        user, token = fields.get("user", ""), fields.get("auth", "").partition(" ")[2]
        told = introspect(token)
        accepted = bool(told.get("active")) and told.get("sub") == user and "smtp" in told.get("scope", "").split()
        print(f"XOAUTH2 {user} {'accepted' if accepted else 'refused'}", flush=True)
        if accepted:
            return AuthResult(success=True, auth_data=user)
        # The client answers the explanation with an empty line, and only then is refused.
        await server.push(f"334 {REFUSAL}")
        await server._reader.readline()
        return AuthResult(success=False, handled=False)

    async def handle_DATA(self, _server, _session, envelope):
        number = len(list(DIRECTORY.iterdir()))
        (DIRECTORY / f"{number}.eml").write_bytes(envelope.content)
        return "250 OK delivered"


class OnAnyPort(Controller):
    def factory(self):
        return SMTP(self.handler, hostname="localhost", auth_require_tls=False, auth_required=True,
                    auth_exclude_mechanism=["LOGIN", "PLAIN"])

    def _trigger_server(self):
        """The base class connects to the port that it was given; ours is known only now."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = OnAnyPort(Handler(), hostname="127.0.0.1", port=0)
controller.start()
print(f"port {controller.port}", flush=True)
stop = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda *_: stop.set())
stop.wait()
controller.stop()
