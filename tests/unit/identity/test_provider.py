"""The provider's answers, good and bad, without a network; and how often it is asked."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from invx.contexts.identity.adapters.oidc import OidcProvider, Vouched
from invx.contexts.identity.domain.errors import ProviderRefused, ProviderUnavailable
from invx.infra.http.provider import ProviderSettings
from tests.unit.infra.http.example import SetClock

ISSUER = "https://login.example/tenant/"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/authorize?brand=x",
    "token_endpoint": "https://login.example/token",
    "jwks_uri": "https://login.example/keys",
}
DISCOVERY = "/tenant/.well-known/openid-configuration"
Answer = Callable[[httpx.Request], httpx.Response]


class Far:
    """The far side: answers by path, and remembers what it was asked."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.keys = [KEY]
        self.token: Any = {}
        self.asked: list[httpx.Request] = []
        self.answers: dict[str, Answer] = {
            DISCOVERY: lambda _: httpx.Response(200, json=METADATA),
            "/keys": lambda _: httpx.Response(200, json=KeySet(self.keys).as_dict(private=False)),
            "/token": lambda _: httpx.Response(200, json=self.token),
        }

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers[request.url.path](request)

    def provider(self) -> OidcProvider:
        settings = ProviderSettings("SSO", ISSUER, "invx", "s e:cret")
        return OidcProvider(settings, self.clock, httpx.MockTransport(self.handle))

    def signs(self, key: Any = KEY, algorithm: str = "RS256", **lies: Any) -> None:
        """The next answer of the token endpoint."""
        now = int(self.clock.now().timestamp())
        said = {
            "iss": ISSUER,
            "aud": "invx",
            "sub": "sub-1",
            "iat": now,
            "exp": now + 300,
            "nonce": "nonce",
            "email": "ada@kontor-nord.example",
            "email_verified": True,
            **lies,
        }
        claims = {name: value for name, value in said.items() if value is not None}
        header = {"alg": algorithm, "kid": getattr(key, "kid", None) or "one"}
        token = jwt.encode(header, claims, key, algorithms=[algorithm])
        self.token = {"access_token": "at", "token_type": "Bearer", "id_token": token}

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]


@pytest.fixture
def far() -> Far:
    made = Far()
    made.signs()
    return made


async def came(provider: OidcProvider, nonce: str = "nonce") -> Vouched:
    return await provider.vouched(
        "code", redirect_uri="https://invx/back", nonce=nonce, verifier="v"
    )


async def test_a_good_answer_says_who_it_is(far: Far) -> None:
    who = await came(far.provider())
    assert who == Vouched(ISSUER, "sub-1", "ada@kontor-nord.example")
    [asked] = [request for request in far.asked if request.url.path == "/token"]
    assert asked.headers["authorization"].startswith("Basic ")
    form = dict(httpx.QueryParams(asked.content.decode()))
    assert form == {
        "grant_type": "authorization_code",
        "code": "code",
        "redirect_uri": "https://invx/back",
        "code_verifier": "v",
    }


async def test_the_place_keeps_what_the_provider_has_in_it(far: Far) -> None:
    place = httpx.URL(
        await far.provider().address(redirect_uri="https://i/b", state="s", nonce="n", verifier="v")
    )
    assert place.params["brand"] == "x"
    assert (place.params["state"], place.params["nonce"]) == ("s", "n")
    assert "v" not in place.params.values()


@pytest.mark.parametrize("audience", ["invx", ["invx"]])
async def test_one_audience_may_be_a_list(far: Far, audience: Any) -> None:
    far.signs(aud=audience)
    assert (await came(far.provider())).subject == "sub-1"


async def test_several_audiences_need_to_say_that_it_is_for_us(far: Far) -> None:
    far.signs(aud=["invx", "other"], azp="invx")
    assert (await came(far.provider())).subject == "sub-1"


@pytest.mark.parametrize("seconds", [-30, 0, 30])
async def test_clocks_may_differ_by_a_minute(far: Far, seconds: int) -> None:
    now = int(far.clock.now().timestamp())
    far.signs(iat=now + seconds, exp=now + seconds)
    assert (await came(far.provider())).subject == "sub-1"


@pytest.mark.parametrize(
    ("email", "verified", "told"),
    [
        ("ada@kontor-nord.example", True, "ada@kontor-nord.example"),
        ("ada@kontor-nord.example", False, None),
        ("ada@kontor-nord.example", None, None),
        ("ada@kontor-nord.example", "true", None),
        (None, True, None),
        (7, True, None),
    ],
)
async def test_an_address_counts_only_if_it_was_verified(
    far: Far, email: Any, verified: Any, told: str | None
) -> None:
    far.signs(email=email, email_verified=verified)
    assert (await came(far.provider())).email == told


WRONG: dict[str, dict[str, Any]] = {
    "issuer": {"iss": "https://login.example/tenant"},
    "no issuer": {"iss": None},
    "audience": {"aud": "other"},
    "no audience": {"aud": None},
    "several audiences": {"aud": ["invx", "other"]},
    "another party": {"azp": "other"},
    "ended": {"exp": 1},
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "not yet": {"nbf": 9_999_999_999},
    "nonce": {"nonce": "other"},
    "no nonce": {"nonce": None},
    "no subject": {"sub": None},
}


@pytest.mark.parametrize("lies", WRONG.values(), ids=WRONG)
async def test_what_is_not_for_us_and_now_is_refused(far: Far, lies: dict[str, Any]) -> None:
    far.signs(**lies)
    with pytest.raises(ProviderRefused):
        await came(far.provider())


async def test_a_clients_secret_signs_nothing(far: Far) -> None:
    """HS256 with the secret that both know, or with the public key, proves nothing."""
    public = json.dumps(KEY.as_dict(private=False)).encode()
    for secret in (b"s e:cret" * 8, public):
        far.signs(OctKey.import_key(secret), "HS256")
        with pytest.raises(ProviderRefused):
            await came(far.provider())


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.", "eyJhbGciOiJub25lIn0.e30."])
async def test_what_is_no_token_is_refused(far: Far, token: str) -> None:
    far.token = {"id_token": token}
    with pytest.raises(ProviderRefused):
        await came(far.provider())


async def test_a_key_that_is_new_is_looked_for_once_a_minute(far: Far) -> None:
    provider = far.provider()
    await came(provider)
    far.keys = [OTHER]
    far.signs(OTHER)
    with pytest.raises(ProviderRefused):
        await came(provider)
    assert far.paths().count("/keys") == 1
    far.clock.advance(61)
    far.signs(OTHER)
    assert (await came(provider)).subject == "sub-1"
    far.signs(KEY)
    with pytest.raises(ProviderRefused):
        await came(provider)
    assert far.paths().count("/keys") == 2


async def test_what_it_says_of_itself_is_known_for_an_hour(far: Far) -> None:
    provider = far.provider()
    for seconds in (0, 1_800, 1_799):
        far.clock.advance(seconds)
        far.signs()
        await came(provider)
    assert far.paths().count(DISCOVERY) == 1
    far.clock.advance(2)
    far.signs()
    await came(provider)
    assert far.paths().count(DISCOVERY) == 2


def down(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route")


BROKEN: dict[str, Answer] = {
    "away": down,
    "overloaded": lambda _: httpx.Response(503),
    "a page": lambda _: httpx.Response(200, text="<html>"),
    "a list": lambda _: httpx.Response(200, json=[]),
    "nothing": lambda _: httpx.Response(200, json={}),
    "a redirect": lambda _: httpx.Response(302, headers={"location": "https://thief.example/"}),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("path", [DISCOVERY, "/keys", "/token"])
async def test_a_far_side_that_is_broken_is_said_to_be(far: Far, path: str, answer: Answer) -> None:
    provider, good = far.provider(), far.answers[path]
    far.answers[path] = answer
    with pytest.raises(ProviderUnavailable):
        await came(provider)
    far.answers[path] = good
    assert (await came(provider)).subject == "sub-1"


@pytest.mark.parametrize("status", [400, 401])
async def test_a_code_that_the_provider_refuses_is_refused(far: Far, status: int) -> None:
    far.answers["/token"] = lambda _: httpx.Response(status, json={"error": "invalid_grant"})
    with pytest.raises(ProviderRefused):
        await came(far.provider())


@pytest.mark.parametrize("change", [{"issuer": "https://thief.example"}, {"token_endpoint": None}])
async def test_metadata_that_is_not_the_providers_own_is_none(
    far: Far, change: dict[str, str | None]
) -> None:
    said = {name: value for name, value in {**METADATA, **change}.items() if value is not None}
    far.answers[DISCOVERY] = lambda _: httpx.Response(200, json=said)
    with pytest.raises(ProviderUnavailable):
        await far.provider().address(redirect_uri="r", state="s", nonce="n", verifier="v")


def test_the_secret_is_never_shown() -> None:
    assert "cret" not in repr(ProviderSettings("SSO", ISSUER, "invx", "s e:cret"))
