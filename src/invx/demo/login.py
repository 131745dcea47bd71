"""A business of one's own to try things with: it signs up through the API, as anybody does."""

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from invx.demo.api import SECONDS_MAX, Broken, checked
from invx.demo.source import Json

DOMAIN = "invx.example"  # RFC 2606: nobody's
_KNOWN_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class Login:
    """How to come in again: as a person, and as a program (`key`) into the sandbox."""

    email: str
    password: str
    tenant: str  # the sandbox: its documents are marked TEST
    live_tenant: str
    key: str

    def save(self, file: Path) -> None:
        """Keep it where only its owner reads it; a reader sees all of it or nothing."""
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump(asdict(self), out, indent=2)
        fresh.replace(file)


def saved_login(file: Path) -> Login | None:
    """What was kept, or None where there is nothing to read."""
    try:
        return Login(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def ensure_login(url: str, file: Path) -> Login:
    """The login that is kept there; a new one when there is none, or it is not good any more.

    Raises Refused where nobody may sign up; Broken, also where the server cannot say it now: the
    login is kept then.
    """
    found = saved_login(file)
    if found is not None:
        with _client(url) as client:
            answer = _answered(client, found.key)
        if answer.is_server_error:
            checked(answer)
        if answer.is_success:
            return found
    made = sign_up(url, "Demo")
    made.save(file)
    return made


def sign_up(url: str, organization: str, transport: httpx.BaseTransport | None = None) -> Login:
    """A new business, of which invoicing has heard, with a key for its sandbox.

    Raises Refused, Broken.
    """
    email, password = f"demo-{secrets.token_hex(5)}@{DOMAIN}", secrets.token_urlsafe(18)
    business = {
        "organization": organization,
        "name": "Demo",
        "email": email,
        "password": password,
    }
    with _client(url, transport) as client:
        tokens = _json(client, "POST", "/v1/sign-up", json=business)
        form = {
            "grant_type": "refresh_token",
            "refresh_token": tokens["refresh_token"],
            "tenant": tokens["sandbox"],
        }
        inside = _json(client, "POST", "/oauth/token", data=form)
        head = {"Authorization": f"Bearer {inside['access_token']}"}
        known = _json(client, "GET", "/v1/permissions", headers=head)["data"]
        wanted = {
            "name": "Demo",
            "permissions": [each["id"] for each in known if each["grantable"]],
        }
        key = _json(client, "POST", "/v1/api-keys", json=wanted, headers=head)
        checked(_answered(client, key["secret"], unknown=True))
    return Login(email, password, tokens["sandbox"], tokens["tenant"], key["secret"])


def _answered(client: httpx.Client, key: str, *, unknown: bool = False) -> httpx.Response:
    """What invoicing answers to the key, once it can; at the end of a minute what it said last.

    `unknown`: it may not have heard of the business yet. A request waits three seconds for that; a
    busy machine takes longer.
    """
    end = time.monotonic() + _KNOWN_SECONDS_MAX
    head = {"Authorization": f"Bearer {key}"}
    while True:
        answer = _asked(client, "GET", "/v1/invoices?limit=1", headers=head)
        later = answer.is_server_error or (unknown and answer.status_code == httpx.codes.NOT_FOUND)
        if not later or time.monotonic() > end:
            return answer
        time.sleep(0.2)


def _client(url: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=SECONDS_MAX, transport=transport)


def _asked(client: httpx.Client, method: str, path: str, **options: object) -> httpx.Response:
    try:
        return client.request(method, path, **options)  # type: ignore[arg-type]  # httpx's own
    except httpx.HTTPError as error:
        raise Broken(f"{method} {path}: {type(error).__name__} {error}") from error


def _json(client: httpx.Client, method: str, path: str, **options: object) -> Json:
    answer: Json = checked(_asked(client, method, path, **options)).json()
    return answer
