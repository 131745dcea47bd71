import json
import stat
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tokens import KeyExists, KeyMissing, create_key, issue
from tests.unit.infra.http.example import NOW, TENANT, SetClock


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "keys" / "signing.json", tmp_path / "public" / "jwks.json"


def test_the_private_key_is_for_its_owner_only(places: tuple[Path, Path]) -> None:
    private, jwks = places
    kid = create_key(private, jwks)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert json.loads(private.read_text())["kid"] == kid


def test_the_key_set_holds_the_public_half_only(places: tuple[Path, Path]) -> None:
    private, jwks = places
    kid = create_key(private, jwks)
    (entry,) = json.loads(jwks.read_text())["keys"]
    assert "d" not in entry
    assert (entry["kid"], entry["crv"], entry["use"]) == (kid, "P-256", "sig")
    assert kid == ECKey.import_key(entry).thumbprint()


def test_a_private_key_is_never_overwritten(places: tuple[Path, Path]) -> None:
    private, jwks = places
    create_key(private, jwks)
    before = private.read_text(), jwks.read_text()
    with pytest.raises(KeyExists):
        create_key(private, jwks)
    assert (private.read_text(), jwks.read_text()) == before


def test_a_new_key_joins_the_old_ones(places: tuple[Path, Path]) -> None:
    private, jwks = places
    old = create_key(private, jwks)
    new = create_key(private.with_name("next.json"), jwks)
    assert [entry["kid"] for entry in json.loads(jwks.read_text())["keys"]] == [old, new]
    assert [path.name for path in jwks.parent.iterdir()] == ["jwks.json"]


def test_a_token_says_who_where_what_and_until_when(places: tuple[Path, Path]) -> None:
    private, jwks = places
    kid = create_key(private, jwks)
    token = issue(
        private,
        TENANT,
        subject="user:ada",
        permissions=["b:write", "a:read", "a:read"],
        lifetime=timedelta(minutes=5),
        clock=SetClock(),
    )
    keys = KeySet.import_key_set(json.loads(jwks.read_text()))
    decoded = jwt.decode(token, keys, algorithms=["ES256"])
    began = int(NOW.timestamp())
    jti = decoded.claims.pop("jti")
    assert decoded.header == {"typ": "JWT", "alg": "ES256", "kid": kid}
    assert decoded.claims == {
        "iss": "invx",
        "aud": "invx",
        "sub": "user:ada",
        "tid": str(TENANT),
        "perms": ["a:read", "b:write"],
        "iat": began,
        "exp": began + 300,
    }
    assert UUID(jti).version == 7


def test_a_limit_is_said_in_plain_digits_and_none_is_not_said(places: tuple[Path, Path]) -> None:
    private, jwks = places
    create_key(private, jwks)
    keys = KeySet.import_key_set(json.loads(jwks.read_text()))
    said = []
    for limit in (None, {}, {"EUR": Decimal("1E+4"), "JPY": Decimal("0.50")}):
        token = issue(
            private,
            TENANT,
            subject="user:ada",
            permissions=[],
            lifetime=timedelta(minutes=5),
            clock=SetClock(),
            approval_limit=limit,
        )
        claims = jwt.decode(token, keys, algorithms=["ES256"]).claims
        said.append(claims.get("approval_limit", "unsaid"))
    assert said == ["unsaid", {}, {"EUR": "10000", "JPY": "0.50"}]


@pytest.mark.parametrize("content", [None, "", "{}", "[]", "not json"])
def test_without_a_readable_key_there_is_no_token(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "signing.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(KeyMissing, match=r"signing\.json"):
        issue(path, TENANT, subject="a", permissions=[], lifetime=timedelta(minutes=1))


def test_system_time_is_utc_and_ids_rise() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
    ids = [Uuid7Ids().new() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert {each.version for each in ids} == {7}
