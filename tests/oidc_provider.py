"""A real OpenID Connect provider, made with Authlib, run locally; it can be made to lie."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, Response, jsonify, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT_ID, CLIENT_SECRET = "invx-at-the-provider", "known to both only"


@dataclass(slots=True)
class Account:
    """Somebody at the provider."""

    sub: str
    email: str
    email_verified: bool = True


@dataclass(slots=True)
class Provider:
    """What tests see of it: who is at the browser there, and how it lies."""

    issuer: str = ""
    account: Account = field(default_factory=lambda: Account("sub-1", "nobody@example.com"))
    lies: dict[str, Any] = field(default_factory=dict)  # claims of the id_token
    calls_itself: str | None = None
    down: bool = False
    keys: list[RSAKey] = field(default_factory=list)
    signs_with: RSAKey | None = None  # a key that it does not publish
    asked: dict[str, str] = field(default_factory=dict)  # the last authorization request
    reads: dict[str, int] = field(default_factory=dict)

    def new_key(self) -> None:
        """From now on another key signs; the old one is gone."""
        named = {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"}
        self.keys = [RSAKey.generate_key(2048, named)]


class _Client(ClientMixin):
    def __init__(self, back: str) -> None:
        self.back = back

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.back

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.back

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass(slots=True)
class _Code(AuthorizationCodeMixin):
    code: str
    account: Account
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> None:
        return None

    get_acr = get_amr = get_auth_time


class _CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]
    kept: dict[str, _Code]

    def save_authorization_code(self, code: str, request: Any) -> None:
        said = request.payload.data
        names = ("nonce", "code_challenge", "code_challenge_method")
        kept = {name: said.get(name, "") for name in names}
        uri, scope = request.payload.redirect_uri, request.payload.scope
        self.kept[code] = _Code(code, request.user, uri, scope, **kept)

    def query_authorization_code(self, code: str, client: Any) -> _Code | None:
        return self.kept.get(code)

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        self.kept.pop(authorization_code.code)

    def authenticate_user(self, authorization_code: _Code) -> Account:
        return authorization_code.account


def _extension(provider: Provider) -> OpenIDCode:
    class IdToken(OpenIDCode):
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def resolve_client_private_key(self, client: Any) -> RSAKey:
            return provider.signs_with or provider.keys[0]

        def get_encode_header(self, client: Any) -> dict[str, str]:
            return {"alg": "RS256", "kid": provider.keys[0].kid}

        def get_client_claims(self, client: Any) -> dict[str, Any]:
            return {"iss": provider.issuer, "aud": [client.get_client_id()]}

        def get_authorization_code_claims(self, authorization_code: Any) -> dict[str, Any]:
            return {"nonce": authorization_code.get_nonce()}

        def generate_user_info(self, user: Account, scope: str) -> UserInfo:
            told = {"sub": user.sub, "email": user.email, "email_verified": user.email_verified}
            return UserInfo(**{**told, **provider.lies})

    return IdToken(require_nonce=True)


def _application(provider: Provider, back: str) -> Flask:
    app = Flask(__name__)
    server = AuthorizationServer(app, lambda _: _Client(back), lambda token, request: None)
    grant = type("Grant", (_CodeGrant,), {"kept": {}})
    server.register_grant(grant, [_extension(provider), CodeChallenge(required=True)])

    @app.before_request
    def counted() -> Any:
        provider.reads[request.path] = provider.reads.get(request.path, 0) + 1
        return Response(status=503) if provider.down else None

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Any:
        return jsonify(
            issuer=provider.calls_itself or provider.issuer,
            authorization_endpoint=f"{provider.issuer}/authorize",
            token_endpoint=f"{provider.issuer}/token",
            jwks_uri=f"{provider.issuer}/keys",
        )

    @app.get("/keys")
    def keys() -> Any:
        return jsonify(KeySet(provider.keys).as_dict(private=False))

    @app.get("/authorize")
    def authorize() -> Any:
        provider.asked = dict(request.args)
        user = provider.account
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant=grant, grant_user=user)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    return app


@contextmanager
def running_provider(back: str) -> Iterator[Provider]:
    """Listening on a port of its own; `back` is the one redirect URI that it knows."""
    provider = Provider()
    provider.new_key()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        server = make_server("127.0.0.1", 0, _application(provider, back), threaded=True)
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def told_of(provider: Provider, name: str) -> dict[str, str]:
    """The settings by which Invx signs people in at it."""
    return {
        "INVX_OIDC_NAME": name,
        "INVX_OIDC_ISSUER": provider.issuer,
        "INVX_OIDC_CLIENT_ID": CLIENT_ID,
        "INVX_OIDC_CLIENT_SECRET": CLIENT_SECRET,
    }
