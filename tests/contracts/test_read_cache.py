"""What the cache of reads promises: never more than a mark behind, and no worse without Valkey."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from invx.infra import read_cache as module
from invx.infra.embedded_valkey import Valkey
from invx.infra.metrics import READS_KEPT
from invx.infra.read_cache import NoReadCache, ReadCache, ValkeyReadCache, read_cache
from invx.infra.valkey import ValkeyLink
from tests.waiting import HANG_SECONDS


class Facts:
    """What answers are read from."""

    def __init__(self) -> None:
        self.value = b"old"
        self.reads = 0

    async def read(self) -> bytes:
        self.reads += 1
        return self.value


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    with Valkey(tmp_path_factory.mktemp("valkey")) as running:
        yield running


@pytest.fixture
async def cache(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ValkeyReadCache]:
    """Whose marks outlive the pauses of a slow machine."""
    monkeypatch.setattr(module, "KEPT_SECONDS", 600)
    made = patient(ValkeyReadCache(valkey.url, "analytics"))
    yield made
    await made.close()


@pytest.fixture
def facts() -> Facts:
    return Facts()


def patient(cache: ValkeyReadCache) -> ValkeyReadCache:
    """A test machine may be slower than a tenth of a second."""
    for name in ("socket_timeout", "socket_connect_timeout"):
        link_of(cache).client.connection_pool.connection_kwargs[name] = 10
    return cache


def link_of(cache: ValkeyReadCache) -> ValkeyLink:
    return cache._link


async def test_an_answer_is_read_once(cache: ReadCache, facts: Facts) -> None:
    tenant = uuid4()
    assert [await cache.get(tenant, "revenue 1", facts.read) for _ in range(3)] == [b"old"] * 3
    assert facts.reads == 1


async def test_another_question_or_tenant_or_context_has_another_answer(
    cache: ReadCache, facts: Facts, valkey: Valkey
) -> None:
    tenant, elsewhere = uuid4(), patient(ValkeyReadCache(valkey.url, "payments"))
    await cache.get(tenant, "revenue 1", facts.read)
    facts.value = b"other"
    assert await cache.get(tenant, "revenue 2", facts.read) == b"other"
    assert await cache.get(uuid4(), "revenue 1", facts.read) == b"other"
    assert await elsewhere.get(tenant, "revenue 1", facts.read) == b"other"
    assert await cache.get(tenant, "revenue 1", facts.read) == b"old"
    assert await cache.get(tenant, "=", facts.read) == b"other"  # no question reads the mark
    await elsewhere.close()


async def test_what_is_changed_is_read_anew(cache: ReadCache, facts: Facts) -> None:
    tenant, other = uuid4(), uuid4()
    for each in (tenant, other):
        await cache.get(each, "revenue", facts.read)
    async with cache.changing([tenant]):
        facts.value = b"new"
    assert await cache.get(tenant, "revenue", facts.read) == b"new"
    assert await cache.get(other, "revenue", facts.read) == b"old"  # nothing of it was changed


async def test_several_tenants_change_at_once(cache: ReadCache, facts: Facts) -> None:
    tenants = [uuid4(), uuid4()]
    for each in tenants:
        await cache.get(each, "revenue", facts.read)
    async with cache.changing(tenants):
        facts.value = b"new"
        assert [await cache.get(each, "revenue", facts.read) for each in tenants] == [b"new"] * 2
    assert [await cache.get(each, "revenue", facts.read) for each in tenants] == [b"new"] * 2


async def test_who_asks_between_commit_and_end_is_answered_by_the_facts(
    cache: ReadCache, facts: Facts
) -> None:
    tenant = uuid4()
    await cache.get(tenant, "revenue", facts.read)
    async with cache.changing([tenant]):
        assert await cache.get(tenant, "revenue", facts.read) == b"old"  # and does not keep it
        facts.value = b"new"
        assert await cache.get(tenant, "revenue", facts.read) == b"new"
    assert await cache.get(tenant, "revenue", facts.read) == b"new"


async def test_who_is_overtaken_while_reading_keeps_nothing(cache: ReadCache, facts: Facts) -> None:
    tenant = uuid4()

    async def overtaken() -> bytes:
        found = facts.value
        async with cache.changing([tenant]):
            facts.value = b"new"
        return found

    assert await cache.get(tenant, "revenue", overtaken) == b"old"
    assert await cache.get(tenant, "revenue", facts.read) == b"new"


async def test_nor_who_is_overtaken_by_a_reader_of_the_new_facts_too(
    cache: ReadCache, facts: Facts
) -> None:
    tenant = uuid4()

    async def overtaken() -> bytes:
        found = facts.value
        async with cache.changing([tenant]):
            facts.value = b"new"
        await cache.get(tenant, "revenue", facts.read)
        return found

    assert await cache.get(tenant, "revenue", overtaken) == b"old"
    assert await cache.get(tenant, "revenue", facts.read) == b"new"


async def test_nothing_is_kept_until_the_last_of_several_changes(
    cache: ReadCache, facts: Facts
) -> None:
    tenant = uuid4()
    async with cache.changing([tenant]):
        async with cache.changing([tenant]):
            facts.value = b"newer"
        assert await cache.get(tenant, "revenue", facts.read) == b"newer"
        facts.value = b"newest"
        assert await cache.get(tenant, "revenue", facts.read) == b"newest"
    reads = facts.reads
    assert [await cache.get(tenant, "revenue", facts.read) for _ in range(3)] == [b"newest"] * 3
    assert facts.reads == reads + 1


async def test_a_change_that_failed_is_over_too(cache: ReadCache, facts: Facts) -> None:
    tenant = uuid4()
    with pytest.raises(ValueError, match="refused"):
        async with cache.changing([tenant]):
            raise ValueError("refused")
    await cache.get(tenant, "revenue", facts.read)
    await cache.get(tenant, "revenue", facts.read)
    assert facts.reads == 1


async def test_who_dies_while_changing_costs_the_reading_for_a_while(
    cache: ValkeyReadCache, facts: Facts
) -> None:
    tenant, client = uuid4(), link_of(cache).client
    await cache.changing([tenant]).__aenter__()  # and never leaves
    for _ in range(3):
        await cache.get(tenant, "revenue", facts.read)
    assert facts.reads == 3
    mark = f"invx:read:analytics:{tenant}"
    assert 0 < await client.ttl(mark) <= module.CHANGING_SECONDS
    await client.pexpire(mark, 1)  # a minute later
    async with asyncio.timeout(HANG_SECONDS):
        while await client.exists(mark):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await cache.get(tenant, "revenue", facts.read)
    await cache.get(tenant, "revenue", facts.read)
    assert facts.reads == 4


async def test_a_change_that_says_nothing_is_found_by_this(cache: ReadCache, facts: Facts) -> None:
    """Planted: facts that change without a word are not seen at once."""
    tenant = uuid4()
    await cache.get(tenant, "revenue", facts.read)
    facts.value = b"new"
    assert await cache.get(tenant, "revenue", facts.read) == b"old"


async def test_one_that_is_flushed_during_a_change_keeps_nothing_old(
    cache: ValkeyReadCache, facts: Facts
) -> None:
    tenant = uuid4()
    async with cache.changing([tenant]):
        await link_of(cache).client.flushall()
        assert await cache.get(tenant, "revenue", facts.read) == b"old"
        facts.value = b"new"
    assert await cache.get(tenant, "revenue", facts.read) == b"new"


async def test_a_mark_ends_by_itself(
    cache: ReadCache, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_SECONDS", 1)
    tenant = uuid4()
    await cache.get(tenant, "revenue", facts.read)
    facts.value = b"new"  # and who should forget it died
    async with asyncio.timeout(HANG_SECONDS):
        while await cache.get(tenant, "revenue", facts.read) != b"new":  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert facts.reads == 2


async def test_asking_does_not_lengthen_the_life_of_a_mark(
    cache: ValkeyReadCache, facts: Facts
) -> None:
    tenant, client = uuid4(), link_of(cache).client
    await cache.get(tenant, "revenue", facts.read)
    await client.expire(f"invx:read:analytics:{tenant}", 60)
    await cache.get(tenant, "revenue", facts.read)
    await cache.get(tenant, "another", facts.read)
    assert 0 < await client.ttl(f"invx:read:analytics:{tenant}") <= 60


async def test_one_that_was_flushed_costs_the_reading(cache: ValkeyReadCache, facts: Facts) -> None:
    tenant = uuid4()
    await cache.get(tenant, "revenue", facts.read)
    facts.value = b"new"

    async def flushed() -> bytes:
        await link_of(cache).client.flushall()
        return b"old"

    assert await cache.get(tenant, "other", flushed) == b"old"
    assert await cache.get(tenant, "other", facts.read) == b"new"
    assert await cache.get(tenant, "revenue", facts.read) == b"new"


async def test_one_that_is_gone_costs_the_reading(facts: Facts, tmp_path: Path) -> None:
    with Valkey(tmp_path) as valkey:
        seconds = [0.0]
        cache = patient(ValkeyReadCache(valkey.url, "analytics", now=lambda: seconds[0]))
        tenant = uuid4()
        await cache.get(tenant, "revenue", facts.read)
        valkey.stop()
        facts.value = b"new"
        before = counted("away")
        assert [await cache.get(tenant, "revenue", facts.read) for _ in range(3)] == [b"new"] * 3
        assert counted("away") == before + 3
        async with cache.changing([tenant]):  # refuses nobody
            facts.value = b"newer"
        valkey.start()
        seconds[0] += 2
        assert await cache.get(tenant, "revenue", facts.read) == b"newer"
        assert counted("away") == before + 3
    await cache.close()


def counted(outcome: str) -> float:
    return READS_KEPT.labels("analytics", outcome)._value.get()


async def test_a_reading_that_fails_keeps_nothing(cache: ReadCache, facts: Facts) -> None:
    tenant = uuid4()

    async def fails() -> bytes:
        raise ValueError("no database")

    with pytest.raises(ValueError, match="no database"):
        await cache.get(tenant, "revenue", fails)
    assert await cache.get(tenant, "revenue", facts.read) == b"old"


async def test_without_a_url_nothing_is_kept(facts: Facts) -> None:
    cache = read_cache(None, "analytics")
    assert isinstance(cache, NoReadCache)
    tenant = UUID(int=1)
    assert await cache.get(tenant, "revenue", facts.read) == b"old"
    async with cache.changing([tenant]):
        facts.value = b"new"
    assert await cache.get(tenant, "revenue", facts.read) == b"new"
    await cache.close()
