import base64
import json
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from invx.infra.http import auth
from invx.infra.http.auth import AuthSettings, InvalidToken, Verifier
from invx.kernel.errors import Unavailable
from invx.kernel.ids import typeid
from tests.unit.infra.http.example import NOW, TENANT, Keys, SetClock

SECONDS = int(NOW.timestamp())


@pytest.fixture
async def verifier(keys: Keys, clock: SetClock) -> Verifier:
    made = Verifier(AuthSettings(jwks=keys.jwks), clock=clock)
    await made.start()
    return made


def signed(keys: Keys, header: dict | None = None, **changes) -> str:
    """A token with the right key and these claims changed; None removes a claim."""
    claims = {
        "iss": "invx",
        "aud": "invx",
        "sub": "user:ada",
        "tid": str(TENANT),
        "perms": ["notes:read"],
        "jti": "1",
        "iat": SECONDS,
        "exp": SECONDS + 300,
    } | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    key = ECKey.import_key(json.loads(keys.private.read_text()))
    made = {"alg": "ES256", "kid": keys.kid} | (header or {})
    return jws.serialize_compact(made, json.dumps(kept).encode(), key, algorithms=["ES256"])


@pytest.mark.parametrize(
    ("claim", "limit"),
    [
        (None, None),
        ({}, {}),
        ({"EUR": "5000.50", "JPY": "0"}, {"EUR": Decimal("5000.50"), "JPY": Decimal(0)}),
    ],
)
async def test_an_approval_limit_is_exact_and_absent_it_is_none(
    verifier: Verifier, keys: Keys, claim: dict | None, limit: dict | None
) -> None:
    principal = await verifier.verify(signed(keys, approval_limit=claim))
    assert principal.approval_limit == limit
    assert hash(principal) == hash(await verifier.verify(signed(keys, approval_limit=claim)))


async def test_a_good_token_names_tenant_subject_and_permissions(
    verifier: Verifier, keys: Keys
) -> None:
    principal = await verifier.verify(keys.token("notes:write", "notes:read"))
    assert principal.tenant_id == TENANT
    assert principal.subject == "user:ada"
    assert principal.permissions == {"notes:read", "notes:write"}
    assert principal.expires_at - principal.issued_at == 300
    assert UUID(principal.token_id).version == 7


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "elsewhere"},
        {"aud": ["elsewhere", "nowhere"]},
        {"aud": []},
        {"exp": SECONDS - 5},
        {"exp": SECONDS + 301},
        {"iat": SECONDS + 61, "exp": SECONDS + 90},
        {"nbf": SECONDS + 61},
        {"sub": ""},
        {"tid": "not-a-uuid"},
        {"perms": "notes:read"},
        {"perms": [1]},
        {"approval_limit": "5000"},
        {"approval_limit": {"EUR": 5000}},
        {"approval_limit": {"EUR": "NaN"}},
        {"approval_limit": {"EUR": "1\n"}},
        {"approval_limit": {"EUR\n": "1"}},
        {"approval_limit": {"EUR": None}},
        {"exp": "tomorrow"},
        {"exp": None},
        {"iat": None},
        {"tid": None},
        {"jti": None},
        {"iss": None},
        {"aud": None},
        {"approval_limit": {"EUR": 1000}},
        {"approval_limit": {"EUR": "-1"}},
        {"approval_limit": {"EUR": "1e3"}},
        {"approval_limit": {"euro": "1"}},
        {"approval_limit": "1000"},
        {"approval_limit": ["EUR"]},
        {"sid": "ses_nonsense"},
        {"sid": "usr_01k8000000e00800000000000b"},
        {"sid": 7},
    ],
    ids=str,
)
async def test_a_wrong_or_missing_claim_is_refused(
    verifier: Verifier, keys: Keys, changes: dict
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(signed(keys, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["other", "invx"]},
        {"exp": SECONDS - 4, "iat": SECONDS - 200},
        {"iat": SECONDS + 5, "exp": SECONDS + 60},
        {"nbf": SECONDS + 60},
        {"extra": {"anything": True}},
    ],
    ids=str,
)
async def test_what_clocks_and_other_audiences_may_do_is_accepted(
    verifier: Verifier, keys: Keys, changes: dict
) -> None:
    assert (await verifier.verify(signed(keys, **changes))).tenant_id == TENANT


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, None),
        ({"approval_limit": {}}, {}),
        ({"approval_limit": {"EUR": "1000.00"}}, {"EUR": Decimal("1000.00")}),
        ({"approval_limit": {"JPY": "90000", "EUR": "0"}}, {"JPY": 90000, "EUR": 0}),
    ],
)
async def test_a_limit_is_read_exactly_and_without_one_there_is_none(
    verifier: Verifier, keys: Keys, said: dict, meant: dict | None
) -> None:
    assert (await verifier.verify(signed(keys, **said))).approval_limit == meant


async def test_a_session_is_read_and_a_program_has_none(verifier: Verifier, keys: Keys) -> None:
    session = UUID("019a0000-0000-7038-8080-00000000000b")
    said = signed(keys, sid=typeid("ses", session))
    assert (await verifier.verify(said)).session_id == session
    assert (await verifier.verify(signed(keys))).session_id is None


def _segment(value: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_forged_tokens_are_refused(verifier: Verifier, keys: Keys) -> None:
    good = signed(keys)
    header, payload, signature = good.split(".")
    other = payload[:-4] + ("AAAA" if payload[-4:] != "AAAA" else "BBBB")
    stranger = ECKey.generate_key("P-256")
    public = keys.jwks.read_bytes()
    confused = jws.serialize_compact(
        {"alg": "HS256", "kid": keys.kid}, b"{}", OctKey.import_key(public), algorithms=["HS256"]
    )
    forged = [
        f"{header}.{other}.{signature}",
        f"{header}.{payload}.{signature[:-8]}AAAAAAAA",
        f"{header}.{payload}.",
        f"{_segment({'alg': 'none', 'kid': keys.kid})}.{payload}.",
        f"{_segment({'alg': 'ES256'})}.{payload}.{signature}",
        jws.serialize_compact({"alg": "ES256", "kid": keys.kid}, b"{}", stranger),
        confused,
        f"{good}.{good}",
        "x" * (auth.TOKEN_CHARS_MAX + 1),
    ]
    for token in forged:
        with pytest.raises(InvalidToken):
            await verifier.verify(token)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "ÿ", "e30.e30.e30", "\x00", "e30=.."])
async def test_rubbish_is_refused_like_any_bad_token(verifier: Verifier, text: str) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(text)


async def test_a_verified_token_is_remembered_for_a_minute(
    keys: Keys, clock: SetClock, verifier: Verifier
) -> None:
    token = keys.token("notes:read")
    first = await verifier.verify(token)
    clock.advance(59)
    assert await verifier.verify(token) is first
    clock.advance(2)
    again = await verifier.verify(token)
    assert again is not first
    assert again == first


async def test_a_remembered_token_does_not_outlive_its_expiry(
    keys: Keys, clock: SetClock, verifier: Verifier
) -> None:
    token = keys.token("notes:read", seconds=30)
    await verifier.verify(token)
    clock.advance(36)
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(token)


async def test_a_refused_token_is_not_remembered_as_good(keys: Keys, verifier: Verifier) -> None:
    token = signed(keys, iss="somebody")
    for _ in range(2):
        with pytest.raises(InvalidToken):
            await verifier.verify(token)


async def test_the_memory_of_tokens_is_bounded(
    keys: Keys, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "CACHED_TOKENS_MAX", 10)
    tokens = [keys.token(f"p{number}") for number in range(25)]
    for token in tokens:
        await verifier.verify(token)
    assert len(verifier._remembered) <= 10
    newest = await verifier.verify(tokens[-1])
    assert newest is await verifier.verify(tokens[-1])


async def test_older_tokens_end_when_the_tenant_says_so_even_remembered_ones(
    keys: Keys, clock: SetClock
) -> None:
    since = {}

    async def revoked(tenant: UUID) -> datetime | None:
        return since.get(tenant)

    verifier = Verifier(AuthSettings(jwks=keys.jwks), clock=clock, tokens_not_before=revoked)
    await verifier.start()
    old, other = keys.token("notes:read"), keys.token("notes:read", tenant=uuid4())
    await verifier.verify(old)
    since[TENANT] = NOW + timedelta(seconds=1)
    with pytest.raises(InvalidToken, match="revoked"):
        await verifier.verify(old)
    clock.advance(1)
    assert (await verifier.verify(keys.token("notes:read"))).tenant_id == TENANT
    assert (await verifier.verify(other)).tenant_id != TENANT


async def test_a_longer_life_may_be_allowed_by_settings(keys: Keys, clock: SetClock) -> None:
    settings = AuthSettings(jwks=keys.jwks, token_lifetime_seconds_max=3600)
    verifier = Verifier(settings, clock=clock)
    await verifier.start()
    assert await verifier.verify(keys.token("notes:read", seconds=3600))
    with pytest.raises(InvalidToken, match="3600"):
        await verifier.verify(keys.token("notes:read", seconds=3601))


async def test_while_the_keys_cannot_be_read_the_answer_is_unavailable(
    keys: Keys, clock: SetClock
) -> None:
    verifier = Verifier(AuthSettings(jwks=keys.jwks), clock=clock)
    content = keys.jwks.read_text()
    keys.jwks.unlink()
    await verifier.start()
    assert not await verifier.ready()
    with pytest.raises(Unavailable):
        await verifier.verify(keys.token("notes:read"))
    keys.jwks.write_text(content)
    assert await verifier.ready()
    assert await verifier.verify(keys.token("notes:read"))
