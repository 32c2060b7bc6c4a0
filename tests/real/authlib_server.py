#!/usr/bin/python3
"""authlib_server.py: Authlib's authorization server on loopback, all in memory, with Flask around it. Whoever asks is
alice, who agrees to everything; after POST /control {"deny": true} to nothing. {"end": true} ends all sessions. Clients are
registered by whoever asks; after {"closed": true} nobody's, after {"secret": true} with a secret only.

Its clients: `public`; `basic`, whose secret is taken as HTTP Basic only; `post`, whose is taken in the body only;
`signs`, which proves itself by the key whose public half is public.pem, and may ask in the name of users with an address
at example.org; `mail-server`, which may introspect. Refresh tokens rotate. Prints its issuer, and a line for each request to it."""
import os
import secrets
import socket
import time
from urllib.parse import urlsplit

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, OAuth2Error, TokenMixin, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion, JWTBearerGrant
from authlib.oauth2.rfc7591 import ClientRegistrationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialMixin
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

SIGNED = JWTBearerClientAssertion.CLIENT_AUTH_METHOD
METHODS = ["client_secret_basic", "client_secret_post", "none", SIGNED]
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
settings = {"deny": False, "closed": False, "secret": False}
tokens, codes, devices, decided, signed = [], {}, {}, {}, set()


class Client(ClientMixin):
    def __init__(self, name, method, secret=""):
        self.client_id, self.method, self.secret = name, method, secret

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return " ".join(one for one in (scope or "").split() if one in ("imap", "smtp", "offline_access"))

    def check_redirect_uri(self, uri):  # RFC 8252, section 7.3: any port
        return urlsplit(uri).hostname in ("localhost", "127.0.0.1") and urlsplit(uri).path == "/"

    def check_client_secret(self, secret):
        return secrets.compare_digest(self.secret.encode(), secret.encode())

    def check_endpoint_auth_method(self, method, _endpoint):
        return method == self.method or (method, self.method) == ("private_key_jwt", SIGNED)

    def check_response_type(self, kind):
        return kind == "code"

    def check_grant_type(self, kind):
        users = kind in ("authorization_code", "refresh_token", DEVICE)
        return users or kind in ("client_credentials", JWTBearerGrant.GRANT_TYPE) and self.method != "none"


clients = {client.client_id: client for client in (
    Client("public", "none"),
    Client("basic", "client_secret_basic", "s3cr:et/+ %é"),
    Client("post", "client_secret_post", "s3cret & more"),
    Client("signs", SIGNED),
    Client("mail-server", "client_secret_basic", "mail-server-secret"))}


class User(str):
    def get_user_id(self):
        return str(self)


class Token(TokenMixin):
    def __init__(self, given, asked):
        self.access_token, self.refresh_token = given["access_token"], given.get("refresh_token")
        self.scope, self.lifetime = given.get("scope", ""), given["expires_in"]
        self.user, self.client_id, self.is_dead, self.born = asked.user, asked.client.client_id, False, time.time()

    def check_client(self, client):
        return self.client_id == client.client_id

    def get_scope(self):
        return self.scope

    def get_expires_in(self):
        return self.lifetime

    def is_expired(self):
        return time.time() > self.born + self.lifetime

    def is_revoked(self):
        return self.is_dead

    def get_user(self):
        return self.user

    def get_client(self):
        return clients[self.client_id]


class Code(AuthorizationCodeMixin):
    def __init__(self, asked):
        data = asked.payload.data
        self.client_id, self.user, self.scope = asked.client.client_id, asked.user, asked.payload.scope
        self.redirect_uri = asked.payload.redirect_uri
        self.code_challenge, self.code_challenge_method = data["code_challenge"], data["code_challenge_method"]

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope


class Device(DeviceCredentialMixin):
    def __init__(self, client_id, scope, data):
        self.client_id, self.scope, self.user_code = client_id, scope, data["user_code"]

    def get_client_id(self):
        return self.client_id

    def get_scope(self):
        return self.scope

    def get_user_code(self):
        return self.user_code

    def is_expired(self):
        return False


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, asked):
        codes[code] = Code(asked)

    def query_authorization_code(self, code, client):
        found = codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, code):
        codes.pop(next(name for name, known in codes.items() if known is code))

    def authenticate_user(self, code):
        return code.user


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        return next((one for one in tokens if one.refresh_token == refresh_token and not one.is_dead), None)

    def authenticate_user(self, token):
        return token.user

    def revoke_old_credential(self, token):
        token.is_dead = True


class ByItself(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS


class Signed:
    def get_audiences(self):
        return [issuer + "/token"]

    def resolve_client_public_key(self, _client):
        with open("public.pem", "rb") as key:
            return RSAKey.import_key(key.read())


class ClientAssertion(Signed, JWTBearerClientAssertion):
    def validate_jti(self, _claims, jti):
        is_new = jti not in signed
        signed.add(jti)
        return is_new


class InTheNameOf(Signed, JWTBearerGrant):
    def resolve_issuer_client(self, issuer):
        return clients.get(issuer)

    def authenticate_user(self, subject):
        return User(subject)

    def has_granted_permission(self, _client, user):
        return user.endswith("@example.org")


class DeviceGrant(DeviceCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def query_device_credential(self, device_code):
        return devices.get(device_code)

    def query_user_grant(self, user_code):
        return decided.get(user_code)

    def should_slow_down(self, _device):
        return False


class DeviceEndpoint(DeviceAuthorizationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def get_verification_uri(self):
        return issuer + "/verify"

    def save_device_credential(self, client_id, scope, data):
        devices[data["device_code"]] = Device(client_id, scope, data)


def find_token(text):
    return next((one for one in tokens if text in (one.access_token, one.refresh_token)), None)


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, text, _hint):
        return find_token(text)

    def revoke_token(self, token, _request):
        token.is_dead = True


class Introspection(IntrospectionEndpoint):
    def query_token(self, text, _hint):
        return find_token(text)

    def check_permission(self, _token, client, _request):
        return client.client_id == "mail-server"

    def introspect_token(self, token):
        return {"active": not token.is_dead and not token.is_expired(), "username": token.user}


class Registered(Client):
    def __init__(self, info, metadata):
        super().__init__(info["client_id"], metadata["token_endpoint_auth_method"], info["client_secret"])
        self.client_info, self.client_metadata = info, metadata

    def check_redirect_uri(self, uri):  # RFC 8252, section 7.3: any port
        known = [urlsplit(known).hostname for known in self.client_metadata["redirect_uris"]]
        return urlsplit(uri).hostname in known and urlsplit(uri).path == "/"


class Registration(ClientRegistrationEndpoint):
    def authenticate_token(self, _request):
        return not settings["closed"]

    def get_server_metadata(self):
        return metadata()

    def save_client(self, client_info, client_metadata, _request):
        if settings["secret"]:
            client_metadata["token_endpoint_auth_method"] = "client_secret_post"
        client = Registered(client_info, client_metadata)
        clients[client.client_id] = client
        return client

    def generate_client_registration_info(self, client, _request):
        return {"token_endpoint_auth_method": client.method}


class Issuer(IssuerParameter):
    def get_issuer(self):
        return issuer


app = Flask(__name__)
server = AuthorizationServer(
    app, query_client=clients.get, save_token=lambda given, asked: tokens.append(Token(given, asked)))


def make_token(grant_type, client, user=None, scope=None, expires_in=None, include_refresh_token=True):
    made = {"token_type": "Bearer", "access_token": secrets.token_urlsafe(24), "expires_in": 3600, "scope": scope}
    return {**made, "refresh_token": secrets.token_urlsafe(24)} if include_refresh_token else made


server.register_token_generator("default", make_token)
server.register_grant(CodeGrant, [CodeChallenge(required=True)])
server.register_extension(Issuer())
server.register_client_auth_method(SIGNED, ClientAssertion())
for grant in (RefreshGrant, DeviceGrant, ByItself, InTheNameOf):
    server.register_grant(grant)
for endpoint in (Revocation, Introspection, DeviceEndpoint, Registration):
    server.register_endpoint(endpoint)


@app.get("/.well-known/oauth-authorization-server")
def metadata():
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + "/authorize",
        "token_endpoint": issuer + "/token",
        "device_authorization_endpoint": issuer + "/device_authorization",
        "revocation_endpoint": issuer + "/revocation",
        "registration_endpoint": issuer + "/client_registration",
        "scopes_supported": ["imap", "smtp", "offline_access"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", DEVICE],
        "token_endpoint_auth_methods_supported": METHODS,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }


@app.get("/authorize")
def authorize():
    user = None if settings["deny"] else User("alice")
    try:
        grant = server.get_consent_grant(end_user=User("alice"))
    except OAuth2Error as error:
        return server.handle_error_response(server.create_oauth2_request(request), error)
    return server.create_authorization_response(grant=grant, grant_user=user)


@app.get("/verify")
def verify():
    decided[request.args["user_code"]] = (User("alice"), not settings["deny"])
    return "Go back to your device."


@app.post("/token")
def token():
    return server.create_token_response()


@app.post("/<any(revocation, introspection, device_authorization, client_registration):name>")
def other(name):
    return server.create_endpoint_response(name)


@app.post("/control")
def control():
    changes = request.get_json(force=True)
    if changes.pop("end", False):
        for one in tokens:
            one.is_dead = True
    settings.update(changes)
    return jsonify(settings)


class Lines(WSGIRequestHandler):
    def log_request(self, code="-", size="-"):
        print(self.command, self.path.split("?")[0], code, flush=True)


with socket.create_server(("127.0.0.1", 0)) as free:
    issuer = f"http://127.0.0.1:{free.getsockname()[1]}"
    print("issuer", issuer, flush=True)
    make_server("127.0.0.1", 0, app, threaded=True, request_handler=Lines, fd=free.fileno()).serve_forever()
