import asyncio
import json

import httpx
import pytest
from joserfc.jwk import ECKey, OKPKey

from invx.infra.http.jwks import KeySet, fetch_from, parse_keys
from invx.kernel.errors import Unavailable
from tests.unit.infra.http.example import SetClock


def entry(kid: str, **changes) -> dict:
    return ECKey.generate_key("P-256").as_dict(private=False) | {"kid": kid, "use": "sig"} | changes


class Source:
    """A key set somewhere else, which can be slow or down."""

    def __init__(self, *kids: str) -> None:
        self.jwks = {"keys": [entry(kid) for kid in kids]}
        self.asked = 0
        self.down = False

    async def fetch(self) -> dict:
        self.asked += 1
        await asyncio.sleep(0.001)
        if self.down:
            raise httpx.ConnectError("nobody there")
        return self.jwks


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def source() -> Source:
    return Source("a")


@pytest.fixture
async def key_set(source: Source, clock: SetClock, changes: list[str]) -> KeySet:
    made = KeySet(source.fetch, clock, on_change=lambda: changes.append("changed"))
    await made.refresh()
    return made


async def test_a_known_key_is_found_without_asking(key_set: KeySet, source: Source) -> None:
    assert key_set.known("a") is not None
    assert await key_set.find("a") is key_set.known("a")
    assert source.asked == 1


async def test_an_unknown_key_is_looked_for_once_a_minute(
    key_set: KeySet, source: Source, clock: SetClock
) -> None:
    source.jwks["keys"].append(entry("b"))
    assert await key_set.find("b") is None
    assert source.asked == 1
    clock.advance(60)
    assert await key_set.find("b") is not None
    for number in range(50):
        assert await key_set.find(f"invented-{number}") is None
    assert source.asked == 2


async def test_many_who_look_at_once_ask_once(
    key_set: KeySet, source: Source, clock: SetClock
) -> None:
    clock.advance(60)
    source.jwks["keys"].append(entry("b"))
    found = await asyncio.gather(*(key_set.find("b") for _ in range(20)))
    assert all(key is not None for key in found)
    assert source.asked == 2


async def test_a_client_that_hangs_up_does_not_stop_the_others(
    key_set: KeySet, source: Source, clock: SetClock
) -> None:
    clock.advance(60)
    source.jwks["keys"].append(entry("b"))
    first = asyncio.create_task(key_set.find("b"))
    second = asyncio.create_task(key_set.find("b"))
    await asyncio.sleep(0)
    first.cancel()
    assert await second is not None


async def test_a_source_that_is_down_takes_no_known_key_away(
    key_set: KeySet, source: Source, clock: SetClock
) -> None:
    source.down = True
    clock.advance(60)
    with pytest.raises(Unavailable):
        await key_set.find("b")
    assert not key_set.reachable
    assert await key_set.find("a") is not None


async def test_a_key_that_was_taken_away_is_gone_and_said_so(
    key_set: KeySet, source: Source, clock: SetClock, changes: list[str]
) -> None:
    assert changes == ["changed"]
    await key_set.refresh()
    assert changes == ["changed"]
    source.jwks = {"keys": [entry("b")]}
    await key_set.refresh()
    assert key_set.known("a") is None
    assert changes == ["changed", "changed"]


@pytest.mark.parametrize("rubbish", [[], {}, {"keys": 3}, {"keys": ["a"]}, {"keys": [None]}, "x"])
async def test_rubbish_from_the_source_counts_as_silence(
    key_set: KeySet, source: Source, rubbish
) -> None:
    source.jwks = rubbish
    await key_set.refresh()
    assert not key_set.reachable
    assert key_set.known("a") is not None


def test_only_named_p256_signing_keys_are_taken() -> None:
    okp = OKPKey.generate_key("Ed25519").as_dict(private=False) | {"kid": "ed"}
    p384 = ECKey.generate_key("P-384").as_dict(private=False) | {"kid": "p384"}
    unnamed = entry("x")
    del unnamed["kid"]
    keys = parse_keys({"keys": [entry("a"), okp, p384, entry("enc", use="enc"), unnamed]})
    assert set(keys) == {"a"}


def test_a_private_key_in_the_set_is_refused() -> None:
    private = ECKey.generate_key("P-256").as_dict(private=True) | {"kid": "a"}
    with pytest.raises(ValueError, match="private"):
        parse_keys({"keys": [private]})


async def test_a_set_can_be_given_read_from_a_file_or_fetched(tmp_path) -> None:
    jwks = {"keys": [entry("a")]}
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps(jwks))
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json=jwks)

    url = "http://identity.internal/jwks"
    assert await fetch_from(jwks)() == jwks
    assert await fetch_from(path)() == jwks
    assert await fetch_from(str(path))() == jwks
    assert await fetch_from(url, httpx.MockTransport(serve))() == jwks
    assert asked == [url]


async def test_an_error_page_is_no_key_set() -> None:
    gone = httpx.MockTransport(lambda request: httpx.Response(503, json={"keys": []}))
    with pytest.raises(httpx.HTTPStatusError):
        await fetch_from("https://identity.internal/jwks", gone)()
