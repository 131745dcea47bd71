"""API keys at the verifier: exchanged once a minute, asked again after a revocation."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from invx.infra.http.auth import AuthSettings, InvalidToken, Verifier
from invx.infra.http.exchanging import GRANT, KEY_TYPE, exchange_at
from invx.infra.secret_text import SecretText
from invx.kernel import limits
from invx.kernel.errors import Unavailable
from tests.unit.infra.http.example import TENANT, Keys, SetClock

KEY = SecretText.new("live", TENANT).text


class Identity:
    """Somebody who exchanges keys, and counts how often."""

    def __init__(self, keys: Keys) -> None:
        self.keys, self.asked, self.revoked = keys, 0, False
        self.tenant, self.not_before = TENANT, None

    async def exchange(self, key: str) -> str:
        self.asked += 1
        await asyncio.sleep(0)
        if self.revoked or key != KEY:
            raise InvalidToken
        return self.keys.token("notes:read", tenant=self.tenant)

    async def earliest(self, tenant_id: UUID) -> datetime | None:
        assert tenant_id == TENANT
        return self.not_before


@pytest.fixture
def identity(keys: Keys) -> Identity:
    return Identity(keys)


@pytest.fixture
def verifier(keys: Keys, clock: SetClock, identity: Identity) -> Verifier:
    return Verifier(
        AuthSettings(jwks=keys.jwks),
        clock=clock,
        tokens_not_before=identity.earliest,
        exchange=identity.exchange,
    )


async def test_a_key_is_exchanged_once_a_minute(
    verifier: Verifier, clock: SetClock, identity: Identity
) -> None:
    assert limits.TOKEN_CACHE_SECONDS == 60
    for seconds in (0, 30, 29.9):
        clock.advance(seconds)
        principal = await verifier.verify(KEY)
        assert (principal.subject, principal.tenant_id) == ("user:ada", TENANT)
        assert identity.asked == 1
    clock.advance(0.1)
    await verifier.verify(KEY)
    assert identity.asked == 2


async def test_a_key_that_ended_is_refused_when_the_minute_is_over(
    verifier: Verifier, clock: SetClock, identity: Identity
) -> None:
    await verifier.verify(KEY)
    identity.revoked = True
    clock.advance(59)
    await verifier.verify(KEY)
    clock.advance(1)
    with pytest.raises(InvalidToken):
        await verifier.verify(KEY)


async def test_many_who_show_a_key_at_once_cost_one_exchange(
    verifier: Verifier, identity: Identity
) -> None:
    found = await asyncio.gather(*(verifier.verify(KEY) for _ in range(20)))
    assert len({each.token_id for each in found}) == 1
    assert identity.asked == 1
    identity.revoked = True
    verifier._remembered.clear()
    refused = await asyncio.gather(
        *(verifier.verify(KEY) for _ in range(20)), return_exceptions=True
    )
    assert {type(each) for each in refused} == {InvalidToken}
    assert identity.asked == 2
    assert verifier._exchanges == {}


async def test_a_caller_who_hangs_up_takes_the_answer_from_nobody(
    verifier: Verifier, identity: Identity
) -> None:
    first = asyncio.create_task(verifier.verify(KEY))
    second = asyncio.create_task(verifier.verify(KEY))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).subject == "user:ada"
    assert identity.asked == 1


async def test_a_revocation_in_the_tenant_asks_again_and_spares_the_others(
    verifier: Verifier, clock: SetClock, identity: Identity
) -> None:
    await verifier.verify(KEY)
    clock.advance(10)
    identity.not_before = clock.now()
    assert (await verifier.verify(KEY)).subject == "user:ada"
    assert identity.asked == 2
    clock.advance(10)
    identity.not_before, identity.revoked = clock.now(), True
    with pytest.raises(InvalidToken):
        await verifier.verify(KEY)


async def test_identity_whose_clock_is_behind_opens_nothing(
    verifier: Verifier, clock: SetClock, identity: Identity
) -> None:
    identity.not_before = clock.now() + timedelta(seconds=1)
    with pytest.raises(InvalidToken):
        await verifier.verify(KEY)
    assert identity.asked == 2


async def test_a_token_of_another_tenant_is_not_taken_for_a_key(
    verifier: Verifier, identity: Identity
) -> None:
    identity.tenant = uuid4()
    with pytest.raises(InvalidToken):
        await verifier.verify(KEY)


@pytest.mark.parametrize(
    "text",
    ["invx_live_", KEY[:-1], KEY + "x", KEY.swapcase(), SecretText.new("inv", TENANT).text],
    ids=["empty", "short", "long", "other letters", "an invitation"],
)
async def test_what_is_no_key_costs_nobody_anything(
    verifier: Verifier, identity: Identity, text: str
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(text)
    assert identity.asked == 0


async def test_where_identity_is_unknown_no_key_is_taken(keys: Keys, clock: SetClock) -> None:
    verifier = Verifier(AuthSettings(jwks=keys.jwks), clock=clock)
    with pytest.raises(InvalidToken, match="not taken here"):
        await verifier.verify(KEY)


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    return httpx.MockTransport(answer)


async def test_another_process_asks_the_token_endpoint() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((str(request.url), dict(httpx.QueryParams(request.content.decode()))))
        return httpx.Response(200, json={"access_token": "eyJ", "token_type": "Bearer"})

    exchange = exchange_at("http://identity/oauth/token", answering(answer))
    assert await exchange(KEY) == "eyJ"
    form = {"grant_type": GRANT, "subject_token": KEY, "subject_token_type": KEY_TYPE}
    assert seen == [("http://identity/oauth/token", form)]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_request"}), InvalidToken),
        (httpx.Response(503), Unavailable),
        (httpx.Response(404), Unavailable),
        (httpx.Response(200, text="hello"), Unavailable),
        (httpx.Response(200, json={"access_token": None}), Unavailable),
        (httpx.Response(200, json=[]), Unavailable),
    ],
)
async def test_what_the_endpoint_answers_is_a_refusal_or_no_answer(
    answer: httpx.Response, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await exchange_at("http://identity/oauth/token", answering(lambda _: answer))(KEY)


async def test_an_endpoint_that_is_away_is_no_refusal() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    with pytest.raises(Unavailable):
        await exchange_at("http://identity/oauth/token", answering(away))(KEY)
