"""No route answers without a token that is valid here, now, and for what is asked."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from invx.contexts.identity.domain.roles import OWNERS_ONLY, PERSONAL_PERMISSIONS
from invx.infra.http.permissions import declared_permissions, undeclared_routes
from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tokens import create_key, issue
from invx.kernel.ids import typeid
from invx.place import ALL_PERMISSIONS
from tests.integration.isolation.rows import checksums
from tests.world import World

Claims = dict[str, Any]
PATH = {
    "invoice": "inv",
    "legal_entity": "le",
    "series": "ser",
    "entry": "eng",
    "transmission": "trm",
    "accounting_export": "axp",
    "operation": "op",
    "file": "file",
    "erasure": "ers",
    "import_id": "imp",
    "member": "mem",
    "session": "ses",
    "api_key": "key",
    "role": "role",
    "invitation": "ivt",
    "oauth_client": "cli",
    "sandbox": "tnt",
    "support_grant": "sup",
    "legal_hold": "lho",
}
UNNAMED = UUID("01a20ae1-ebf2-7155-95ea-5dc2be1e2434")


def claims(tenant_id: UUID, **other: Any) -> Claims:
    """What a good token says, and what is to be otherwise."""
    now = int(time.time())
    good = {
        "iss": "invx",
        "aud": "invx",
        "sub": "user:test",
        "tid": str(tenant_id),
        "perms": sorted(ALL_PERMISSIONS),
        "jti": str(Uuid7Ids().new()),
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in {**good, **other}.items() if value is not None}


def signed(key: Path, said: Claims, **header: Any) -> str:
    """A token with these claims, signed by the key in this file."""
    stored = json.loads(key.read_text())
    headers = {"alg": "ES256", "kid": stored["kid"], **header}
    return jwt.encode(headers, said, ECKey.import_key(stored), algorithms=["ES256"])


def unsigned(said: Claims) -> str:
    """A token of the algorithm "none"."""
    parts = (json.dumps({"alg": "none"}), json.dumps(said))
    return ".".join(urlsafe_b64encode(each.encode()).decode().rstrip("=") for each in parts) + "."


def confused(world: World, said: Claims) -> str:
    """Signed by HMAC with the public key as the secret."""
    public = (world.key.parent / "jwks.json").read_bytes()
    kid = json.loads(world.key.read_text())["kid"]
    return jwt.encode({"alg": "HS256", "kid": kid}, said, OctKey.import_key(public))


def forged(world: World, said: Claims) -> str:
    """By a key of the forger's own, under the name of ours."""
    own = world.key.parent / "forged.json"
    if not own.exists():
        create_key(own, world.key.parent / "forged-jwks.json")
    return signed(own, said, kid=json.loads(world.key.read_text())["kid"])


def changed(world: World, said: Claims) -> str:
    """A good token whose tenant was exchanged after signing."""
    head, _, signature = signed(world.key, {**said, "tid": str(UNNAMED)}).split(".")
    body = urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
    return f"{head}.{body}.{signature}"


def moment(seconds: int) -> int:
    """So many seconds from now."""
    return int(time.time()) + seconds


REFUSED: dict[str, Callable[[World, UUID], str]] = {
    "nothing": lambda w, t: "",
    "no scheme": lambda w, t: signed(w.key, claims(t)),
    "another scheme": lambda w, t: f"Basic {signed(w.key, claims(t))}",
    "garbage": lambda w, t: "Bearer eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
    "expired": lambda w, t: bearer(w, claims(t, iat=moment(-900), exp=moment(-600))),
    "not yet valid": lambda w, t: bearer(w, claims(t, iat=moment(600), exp=moment(800))),
    "too long a life": lambda w, t: bearer(w, claims(t, exp=moment(86_400))),
    "wrong audience": lambda w, t: bearer(w, claims(t, aud="other")),
    "no audience": lambda w, t: bearer(w, claims(t, aud=None)),
    "wrong issuer": lambda w, t: bearer(w, claims(t, iss="other")),
    "no tenant": lambda w, t: bearer(w, claims(t, tid=None)),
    "a tenant that is no id": lambda w, t: bearer(w, claims(t, tid="x' OR true --")),
    "nobody": lambda w, t: bearer(w, claims(t, sub="")),
    "forged": lambda w, t: f"Bearer {forged(w, claims(t))}",
    "changed": lambda w, t: f"Bearer {changed(w, claims(t))}",
    "no algorithm": lambda w, t: f"Bearer {unsigned(claims(t))}",
    "another algorithm": lambda w, t: f"Bearer {confused(w, claims(t))}",
    "an unknown key": lambda w, t: f"Bearer {signed(w.key, claims(t), kid='other')}",
}


_ENTITY = {"legal_entity": typeid("le", UNNAMED)}
_REGISTRATION = {"registration": typeid("reg", UNNAMED)}
# What a route asks for in its query before it looks for anything.
NEEDED = {
    "/v1/tax/summary": {**_ENTITY, "from": "2026-01", "to": "2026-12"},
    "/v1/tax/reconciliation": {**_ENTITY, "period": "2026-11"},
    "/v1/exchange-rates/lookup": {"purpose": "book", "from": "USD", "to": "EUR"},
    "/v1/accounting/balances": {**_ENTITY, "from": "2026-01-01", "to": "2026-12-31"},
    "/v1/accounting/reconciliation": _ENTITY,
    "/v1/accounting/data-access": {**_ENTITY, "from": "2026-01-01", "to": "2026-12-31"},
    "/v1/revenue/recognition": {**_ENTITY, "from": "2026-01-01", "to": "2026-12-31"},
    "/v1/tax/returns": {**_REGISTRATION, "period": "2026-11"},
    "/v1/tax/ec-sales-list": {**_REGISTRATION, "period": "2026-11"},
    "/v1/tax/ec-sales-list/file": {**_REGISTRATION, "period": "2026-11"},
    "/v1/tax/oss": {**_REGISTRATION, "quarter": "2026-Q4"},
    "/v1/tax/oss/file": {**_REGISTRATION, "quarter": "2026-Q4"},
}

# What comes with the program, or is said to everybody, is no tenant's.
SHIPPED = {"/v1/accounting/charts", "/v1/announcements", "/v1/import-presets"}


def bearer(world: World, said: Claims) -> str:
    return f"Bearer {signed(world.key, said)}"


def paths(world: World) -> list[tuple[str, str, str]]:
    """(method, path with ids that nobody has, permission) of every route that needs one."""
    ids = {name: typeid(prefix, UNNAMED) for name, prefix in PATH.items()} | {
        "country": "US",
        "code": "SKR99",
        "kind": "documents",
        "name": "RE-1.pdf",
    }
    return [
        (method, path.format(**ids), permission)
        for (method, path), permission in sorted(declared_permissions(world.app).items())
    ]


def anybody(world: World) -> httpx.AsyncClient:
    """A client without a token."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app), base_url="http://invx.test", timeout=60
    )


async def test_no_route_takes_a_token_that_is_not_valid(world: World) -> None:
    desk = await world.seller()
    before = await checksums(world, desk)
    wrong = []
    async with anybody(world) as client:
        for what, make in REFUSED.items():
            headers = {"Authorization": make(world, desk.tenant_id)}
            for method, path, _ in paths(world):
                # A body that nobody may look at: it is refused before it is read.
                response = await client.request(method, path, headers=headers, content=b"{")
                if response.status_code != 401 or "www-authenticate" not in response.headers:
                    wrong.append(f"{what}: {method} {path}: {response.status_code}")
    assert wrong == []
    assert await checksums(world, desk) == before


async def test_the_token_that_the_others_differ_from_is_good(world: World) -> None:
    """So that none of them is refused for another reason than its own."""
    desk = await world.seller()
    async with anybody(world) as client:
        headers = {"Authorization": bearer(world, claims(desk.tenant_id))}
        response = await client.get("/v1/invoices", headers=headers)
    assert response.status_code == 200


async def test_no_route_answers_without_its_permission(world: World) -> None:
    desk = await world.seller()
    before = await checksums(world, desk)
    wrong = []
    for method, path, permission in paths(world):
        others = tuple(each for each in ALL_PERMISSIONS if each != permission)
        for held in (others, ()):
            response = await world.client(desk.tenant_id, held).request(method, path, content=b"{")
            if response.status_code != 403 or permission not in response.text:
                wrong.append(f"{method} {path} with {held}: {response.status_code}")
        allowed = await world.client(desk.tenant_id, (permission,)).request(method, path)
        # One's own account is a person's, and this caller is none: tests/…/identity.
        if allowed.status_code in (401, 403) and permission not in PERSONAL_PERMISSIONS:
            wrong.append(f"{method} {path} refuses {permission} itself")
    assert wrong == []
    assert await checksums(world, desk) == before


async def test_a_good_token_of_a_tenant_that_does_not_exist_finds_nothing(world: World) -> None:
    token = issue(
        world.key,
        UNNAMED,
        subject="user:test",
        permissions=ALL_PERMISSIONS,
        lifetime=timedelta(minutes=1),
    )
    wrong = []
    async with anybody(world) as client:
        for method, path, permission in paths(world):
            if method != "GET" or path.endswith("/state") or path in SHIPPED:
                continue
            if permission in PERSONAL_PERMISSIONS:
                continue  # people are the installation's, not a tenant's
            query = NEEDED.get(path)
            headers = {"Authorization": f"Bearer {token}"}
            response = await client.get(path, params=query, headers=headers)
            if response.status_code != 404:
                wrong.append(f"{path}: {response.status_code}")
    assert wrong == []


async def test_every_route_says_what_it_needs_and_few_are_public(world: World) -> None:
    assert undeclared_routes(world.app) == []
    needed = set(declared_permissions(world.app).values())
    # What only owners may is asked for inside routes, where something is about an owner.
    assert needed == set(ALL_PERMISSIONS) - OWNERS_ONLY


async def test_a_token_outlives_its_end_by_no_more_than_the_leeway(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that was good a moment ago is remembered, but not beyond its end."""
    desk = await world.seller()
    leeway = world.settings.auth.leeway_seconds
    now = int(datetime.now(UTC).timestamp())
    barely = claims(desk.tenant_id, iat=now - 100, exp=now - leeway + 30)
    headers = {"Authorization": bearer(world, barely)}
    async with anybody(world) as client:
        assert (await client.get("/v1/invoices", headers=headers)).status_code == 200
        over = datetime.fromtimestamp(now + 30, UTC)
        monkeypatch.setattr(SystemClock, "now", lambda _: over)
        assert (await client.get("/v1/invoices", headers=headers)).status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/docs"])
async def test_what_is_public_says_nothing_of_a_tenant(world: World, path: str) -> None:
    desk = await world.seller(name="Geheimnis GmbH")
    async with anybody(world) as client:
        response = await client.get(path)
    assert response.status_code == 200
    assert "Geheimnis" not in response.text
    assert str(desk.tenant_id) not in response.text
