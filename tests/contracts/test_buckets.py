"""What counting requests promises, kept by one process alone and by all through Valkey."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from invx.infra.buckets import Buckets, MemoryBuckets, ValkeyBuckets
from invx.infra.embedded_valkey import Valkey


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture(params=["memory", "valkey"])
async def buckets(request: pytest.FixtureRequest) -> AsyncIterator[Buckets]:
    if request.param == "memory":
        made: Buckets = MemoryBuckets()
    else:
        made = patient(await emptied(request.getfixturevalue("valkey")))
    yield made
    await made.close()


async def emptied(valkey: Valkey) -> str:
    client = Redis.from_url(valkey.url)
    await client.flushall()
    await client.aclose()
    return valkey.url


def patient(url: str, now: Callable[[], float] = time.monotonic) -> ValkeyBuckets:
    """A test machine may be slower than a tenth of a second."""
    made = ValkeyBuckets(url, now)
    made._link.client.connection_pool.connection_kwargs["socket_timeout"] = 10
    made._link.client.connection_pool.connection_kwargs["socket_connect_timeout"] = 10
    return made


async def admitted(
    buckets: Buckets, key: str, count: int, rate: float = 0.01, burst: int = 5
) -> int:
    return [await buckets.take(key, rate, burst) for _ in range(count)].count(0.0)


async def test_a_burst_is_let_in_and_no_more(buckets: Buckets) -> None:
    assert await admitted(buckets, "a", 20) == 5


async def test_each_key_has_a_bucket_of_its_own(buckets: Buckets) -> None:
    assert await admitted(buckets, "a", 6) == 5
    assert await admitted(buckets, "b", 6) == 5


async def test_who_is_refused_learns_when_to_come_again(buckets: Buckets) -> None:
    assert await admitted(buckets, "a", 1, rate=0.05, burst=1) == 1
    wait = await buckets.take("a", 0.05, 1)
    assert 1 < wait <= 20


async def test_who_waits_so_long_is_let_in(buckets: Buckets) -> None:
    assert await admitted(buckets, "a", 2, rate=5, burst=1) >= 1
    await asyncio.sleep(0.3)
    assert await buckets.take("a", 5, 1) == 0


async def test_a_refusal_takes_nothing(buckets: Buckets) -> None:
    await admitted(buckets, "a", 1, rate=5, burst=1)
    for _ in range(3):
        await buckets.take("a", 5, 1)
    await asyncio.sleep(0.3)
    assert await buckets.take("a", 5, 1) == 0


async def test_many_at_once_share_one_bucket(buckets: Buckets) -> None:
    waits = await asyncio.gather(*(buckets.take("a", 0.01, 5) for _ in range(40)))
    assert waits.count(0.0) == 5


async def test_two_replicas_share_what_a_tenant_may(valkey: Valkey) -> None:
    url = await emptied(valkey)
    one, two = patient(url), patient(url)
    assert await admitted(one, "a", 4) + await admitted(two, "a", 4) == 5
    await one.close()
    await two.close()


async def test_a_flushed_one_begins_with_full_buckets(valkey: Valkey) -> None:
    buckets = patient(await emptied(valkey))
    assert await admitted(buckets, "a", 9) == 5
    await emptied(valkey)
    assert await admitted(buckets, "a", 9) == 5
    await buckets.close()


async def test_a_bucket_that_is_full_again_is_forgotten(valkey: Valkey) -> None:
    buckets = patient(await emptied(valkey))
    await buckets.take("a", 0.1, 1)
    client = Redis.from_url(valkey.url)
    assert 0 < await client.ttl("invx:bucket:a") <= 11
    await client.aclose()
    await buckets.close()


async def test_one_that_is_gone_lets_each_process_count_for_itself() -> None:
    buckets = ValkeyBuckets("redis://:x@127.0.0.1:9/0", now=lambda: 0.0)
    with capture_logs() as logs:
        assert await admitted(buckets, "a", 20) == 5
    assert [log["event"] for log in logs] == ["valkey_away"]  # asked once, then left alone
    await buckets.close()


async def test_one_that_hangs_costs_a_tenth_of_a_second_and_no_request() -> None:
    async def says_nothing(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    server = await asyncio.start_server(says_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    buckets = ValkeyBuckets(f"redis://127.0.0.1:{port}/0")
    began = time.monotonic()
    assert await admitted(buckets, "a", 20) == 5
    assert time.monotonic() - began < 30  # who waits for an answer waits for sixty
    await buckets.close()
    server.close()


async def test_one_that_comes_back_is_used_again(tmp_path: Path) -> None:
    seconds = [0.0]
    with Valkey(tmp_path) as valkey:
        buckets = patient(valkey.url, lambda: seconds[0])
        assert await admitted(buckets, "a", 9) == 5
        valkey.stop()
        assert await admitted(buckets, "a", 9) == 5  # its own count, which was full
        valkey.start()
        seconds[0] += 2
        assert await admitted(buckets, "a", 9) == 5  # all counts were lost with it
        assert await admitted(buckets, "b", 9) == 5
    await buckets.close()


def test_its_password_is_out_of_sight(valkey: Valkey) -> None:
    file = Path(valkey.server.program.command[1])
    assert file.stat().st_mode & 0o777 == 0o600
    assert "@" not in " ".join(valkey.server.program.command)
