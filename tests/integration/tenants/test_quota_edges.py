"""Quotas at their edges: the last request of a burst, the last byte and the last file."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from invx.infra.embedded import Postgres
from invx.infra.quotas import Admission, Quota, TooManyRequests, quotas_of
from invx.infra.storage.places import FileLimits
from invx.kernel import limits
from tests.integration.tenants.two import another
from tests.tenants import invx, tnt
from tests.world import Desk, World

FILES = FileLimits()
ONE = UUID(int=1)


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def admission(quota: Quota, watch: Watch) -> Admission:
    async def class_of(_: UUID) -> str:
        return quota.name

    return Admission({quota.name: quota}, class_of, watch)


async def refused_at(gate: Admission, tenant: UUID = ONE) -> TooManyRequests | None:
    try:
        await gate.admit(tenant)
    except TooManyRequests as refusal:
        return refusal
    return None


async def test_the_last_of_a_burst_is_let_in_and_the_next_is_not() -> None:
    gate = admission(Quota("small", 1.0, 3), Watch())
    assert [await refused_at(gate) is None for _ in range(4)] == [True, True, True, False]


async def test_a_request_comes_in_again_at_its_very_moment() -> None:
    watch = Watch()
    gate = admission(Quota("small", 4.0, 1), watch)
    assert await refused_at(gate) is None
    watch.now = 0.249
    assert await refused_at(gate) is not None
    watch.now = 0.25
    assert await refused_at(gate) is None
    assert await refused_at(gate) is not None


async def test_being_refused_costs_nothing() -> None:
    """Who goes on asking gets in no later than who waits."""
    watch = Watch()
    gate = admission(Quota("small", 1.0, 1), watch)
    assert await refused_at(gate) is None
    for step in range(1, 10):
        watch.now = step / 10
        assert await refused_at(gate) is not None
    watch.now = 1.0
    assert await refused_at(gate) is None


@pytest.mark.parametrize(
    "rate, burst, wait, window",
    [(1.0, 1, "1", 1), (0.1, 1, "10", 10), (10.0, 1, "1", 1), (0.5, 4, "2", 8), (3.0, 10, "1", 4)],
)
async def test_the_headers_say_when_it_may_ask_again(
    rate: float, burst: int, wait: str, window: int
) -> None:
    gate = admission(Quota("small", rate, burst), Watch())
    for _ in range(burst):
        assert await refused_at(gate) is None
    refusal = await refused_at(gate)
    assert refusal is not None
    assert refusal.headers["Retry-After"] == wait
    assert refusal.headers["RateLimit-Policy"] == f'"small";q={burst};w={window}'
    assert refusal.headers["RateLimit"] == f'"small";r=0;t={wait}'


async def test_tenants_of_one_class_have_a_bucket_each() -> None:
    gate = admission(Quota("small", 1.0, 2), Watch())
    for tenant in (UUID(int=1), UUID(int=2), UUID(int=3)):
        assert [await refused_at(gate, tenant) is None for _ in range(3)] == [True, True, False]


async def test_many_at_once_get_no_more_than_the_burst() -> None:
    gate = admission(Quota("small", 0.001, 5), Watch())
    found = await asyncio.gather(*(refused_at(gate) for _ in range(40)))
    assert sum(each is None for each in found) == 5


@pytest.mark.parametrize(
    "said, rate, burst",
    [
        ({"requests_per_second": 5}, 5, 5),
        ({"requests_per_second": 0.2}, 0.2, 1),
        ({"requests_per_second": 2.5}, 2.5, 2),
        ({"requests_per_second": 2, "burst": 1}, 2, 1),
        ({"burst": 7}, None, 7),
        ({}, None, 1),
    ],
)
def test_what_a_class_leaves_open_follows_from_the_rest(
    said: dict[str, float], rate: float | None, burst: int
) -> None:
    quota = quotas_of({"small": said}, FILES)["small"]
    assert (quota.requests_per_second, quota.burst) == (rate, burst)
    assert quota.files == FILES
    assert quota.documents_per_day is None


def test_what_a_class_says_of_files_replaces_the_installations() -> None:
    said = {"files": 2, "files_bytes": 100, "file_bytes": 10**12}
    quota = quotas_of({"small": said}, FileLimits(5, 6, 7))["small"]
    assert quota.files == FileLimits(limits.BODY_BYTES_MAX, 2, 100)
    half = quotas_of({"small": {"files": 2}}, FileLimits(5, 6, 7))["small"]
    assert half.files == FileLimits(5, 2, 7)


@pytest.mark.parametrize(
    "name", ["", "Small", "1st", "a-b", "a b", "a" * 32, "klein\n", "größe", "../x"]
)
def test_a_class_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        quotas_of({name: {"files": 1}}, FILES)


@pytest.mark.parametrize("key", ["burst", "files", "files_bytes", "file_bytes"])
@pytest.mark.parametrize("number", [0, -3, 1.5, float("nan"), float("inf"), "3", None, []])
def test_a_bound_is_a_whole_number_above_nothing(key: str, number: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        quotas_of({"small": {key: number}}, FILES)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "many", None])
def test_a_rate_is_a_number_above_nothing(rate: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        quotas_of({"small": {"requests_per_second": rate}}, FILES)


async def uploaded(desk: Desk, name: str, content: bytes) -> int:
    answer = await desk.client.post(
        "/v1/files",
        params={"name": name},
        content=content,
        headers={"Content-Type": "text/csv"},
    )
    return answer.status_code


async def classified(world: World, desk: Desk, name: str, file: Path) -> None:
    said = await invx(world, "tenant", "quota", tnt(desk.tenant_id), name, INVX_QUOTAS=str(file))
    assert said.code == 0, said.text
    for context in world.host.contexts.values():
        context.directory.forget(desk.tenant_id)


async def test_the_last_byte_and_the_last_file_fit_and_the_next_does_not(
    server: Postgres, tmp_path: Path
) -> None:
    file = tmp_path / "quotas.json"
    classes = {
        "bytes": {"files_bytes": 16, "file_bytes": 12},
        "files": {"files": 2},
    }
    file.write_text(json.dumps(classes))
    async with another(server, tmp_path / "a", {"INVX_QUOTAS": str(file)}) as world:
        desk, other = await world.seller(), await world.seller()
        await classified(world, desk, "bytes", file)
        await classified(world, other, "files", file)
        assert await uploaded(desk, "long.csv", b"a,b\n1,2\n1,2\n3") in (413, 422)
        assert await uploaded(desk, "a.csv", b"a,b\n1,2\n") == 201
        assert await uploaded(desk, "b.csv", b"a,b\n3,4\n") == 201  # sixteen in all
        assert await uploaded(desk, "c.csv", b"a,b\n5,6\n") == 409
        assert [await uploaded(other, f"{n}.csv", b"a,b\n%d,2\n" % n) for n in range(3)] == [
            *(201, 201, 409),
        ]
        files = (await other.get("/v1/files"))["data"]
        assert (await other.client.delete(f"/v1/files/{files[0]['id']}")).is_success
        assert await uploaded(other, "3.csv", b"a,b\n9,2\n") == 201
