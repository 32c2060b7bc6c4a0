#!/usr/bin/python3
"""toolkit_server.py: django-oauth-toolkit on loopback, its database in the working directory. Whoever asks is alice, who
has agreed. POST /control {"end": true} ends all sessions.

Its clients: `public`; `secret`, which may show its secret as HTTP Basic or in the body; `machine`, which has the same
and signs in by itself; and `device`, by which users sign in from elsewhere. Refresh tokens rotate, and one that comes
twice ends its session. Prints its issuer, and a line for each request to it."""
import json
import os
import sys

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.abspath("toolkit.db")}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "toolkit_server.everybody_is_alice"],
    OAUTH2_PROVIDER={
        "ALLOWED_REDIRECT_URI_SCHEMES": ["http"],
        "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
        "PKCE_REQUIRED": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "ROTATE_REFRESH_TOKEN": True,
        "SCOPES": {"imap": "mail", "smtp": "sending"},
    },
    ROOT_URLCONF="toolkit_server",
    SECRET_KEY="of a test",
    USE_TZ=True,
)
sys.modules["toolkit_server"] = sys.modules[__name__]
django.setup()

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import include, path
from oauth2_provider.models import AccessToken, Application, RefreshToken
from oauth2_provider.settings import oauth2_settings


def everybody_is_alice(get_response):
    def respond(request):
        if request.path.startswith(("/authorize/", "/device")):
            request.user = get_user_model().objects.get(username="alice")
        return get_response(request)
    return respond


def control(request):
    if json.loads(request.body).get("end"):
        for token in RefreshToken.objects.filter(revoked=None):
            token.revoke()
        AccessToken.objects.all().delete()
    return HttpResponse()


def knows(request):
    """Whether an access token is good: its own page for that wants a token of the mail server's, too."""
    token = AccessToken.objects.filter(token=request.POST["token"]).first()
    return HttpResponse(status=200 if token and token.is_valid() else 404)


urlpatterns = [path("control", control), path("knows", knows), path("", include("oauth2_provider.urls", namespace="oauth2_provider"))]


def prepare():
    call_command("migrate", verbosity=0)
    alice = get_user_model().objects.create_user("alice")
    common = {"user": alice, "redirect_uris": "http://127.0.0.1/", "skip_authorization": True,
              "authorization_grant_type": Application.GRANT_AUTHORIZATION_CODE}
    by_itself = {**common, "authorization_grant_type": Application.GRANT_CLIENT_CREDENTIALS}
    elsewhere = {**common, "authorization_grant_type": Application.GRANT_DEVICE_CODE}
    for name, how in (("public", common), ("device", elsewhere)):
        Application.objects.create(client_id=name, client_type=Application.CLIENT_PUBLIC, **how)
    for name, how in (("secret", common), ("machine", by_itself)):
        Application.objects.create(client_id=name, client_secret="s3cr:et/+ %é",
                                   client_type=Application.CLIENT_CONFIDENTIAL, **how)


class Lines(WSGIRequestHandler):
    def log_message(self, *_):
        print(self.command, self.path.split("?")[0], flush=True)


class Server(ThreadedWSGIServer):
    daemon_threads = True


prepare()
server = Server(("127.0.0.1", 0), Lines)
server.set_app(get_wsgi_application())
issuer = f"http://127.0.0.1:{server.server_port}"
oauth2_settings.OAUTH_DEVICE_VERIFICATION_URI = f"{issuer}/device/"
print("issuer", issuer, flush=True)
server.serve_forever()
