"""Quotas: a tenant that asks too often waits, and takes nothing from anybody else."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from invx.infra.embedded import Postgres
from invx.infra.quotas import Admission, Quota, TooManyRequests
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import UnknownTenant
from invx.settings import SettingInvalid, read_settings
from tests.tenants import invx, tnt
from tests.world import World, draft_body, open_world

CLASSES = {"small": {"requests_per_second": 0.01, "burst": 4, "files": 1}, "large": {"files": 9}}


@pytest.fixture
async def bounded(server: Postgres, tmp_path: Path, file: Path) -> AsyncIterator[World]:
    async with open_world(server, tmp_path, {"INVX_QUOTAS": str(file)}) as world:
        yield world


async def classify(world: World, tenant_id: UUID, name: str, file: Path) -> None:
    said = await invx(world, "tenant", "quota", tnt(tenant_id), name, INVX_QUOTAS=str(file))
    assert said.code == 0, said.text
    for context in world.host.contexts.values():
        context.directory.forget(tenant_id)


async def test_who_asks_too_often_is_told_to_wait_and_others_are_not(
    bounded: World, file: Path
) -> None:
    desk, other = await bounded.seller(), await bounded.seller()
    await classify(bounded, desk.tenant_id, "small", file)
    answers = [await desk.client.get("/v1/invoices") for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 4 + [429] * 2
    refused = answers[-1]
    assert refused.json()["code"] == "too_many_requests"
    assert 1 < int(refused.headers["Retry-After"]) <= 100
    assert refused.headers["RateLimit-Policy"] == '"small";q=4;w=400'
    assert refused.headers["RateLimit"].startswith('"small";r=0;t=')
    written = await desk.client.post(
        "/v1/invoices", json=draft_body(), headers={"Idempotency-Key": "k"}
    )
    assert written.status_code == 429
    for _ in range(8):
        assert (await other.client.get("/v1/invoices")).status_code == 200
    await classify(bounded, desk.tenant_id, "standard", file)
    kept = await desk.client.post(
        "/v1/invoices", json=draft_body(), headers={"Idempotency-Key": "k"}
    )
    assert kept.status_code == 201  # the refusal was not kept for the key


async def test_a_class_says_how_many_files_a_tenant_may_have(bounded: World, file: Path) -> None:
    desk, other = await bounded.seller(), await bounded.seller()
    await classify(bounded, other.tenant_id, "large", file)
    await classify(bounded, desk.tenant_id, "small", file)
    codes: dict[str, list[int]] = {"desk": [], "other": []}
    for name, who in (("desk", desk), ("other", other)):
        for number in range(2):
            made = await who.client.post(
                "/v1/files",
                params={"name": f"{number}.csv"},
                content=b"a,b\n1,2\n",
                headers={"Content-Type": "text/csv"},
            )
            codes[name].append(made.status_code)
    assert codes == {"desk": [201, 409], "other": [201, 201]}


async def test_a_class_that_is_not_set_up_is_refused(bounded: World, file: Path) -> None:
    desk = await bounded.seller()
    said = await invx(
        bounded, "tenant", "quota", tnt(desk.tenant_id), "huge", INVX_QUOTAS=str(file)
    )
    assert (said.code, "small, large" in said.text) == (1, True)
    nobody = await invx(
        bounded, "tenant", "quota", tnt(Uuid7Ids().new()), "small", INVX_QUOTAS=str(file)
    )
    assert nobody.code == 1


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def admitted(admission: Admission, tenant_id: UUID, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            await admission.admit(tenant_id)
        except TooManyRequests:
            continue
        count += 1
    return count


async def test_a_bucket_fills_at_its_rate_and_never_above_its_burst() -> None:
    async def class_of(tenant_id: UUID) -> str:
        if tenant_id == UUID(int=9):
            raise UnknownTenant
        return "small" if tenant_id.int < 5 else "standard"

    watch = Watch()
    quota = Quota("small", requests_per_second=2.0, burst=5)
    admission = Admission({"small": quota}, class_of, watch)
    one, two = UUID(int=1), UUID(int=2)
    assert await admitted(admission, one, 8) == 5
    assert await admitted(admission, two, 8) == 5
    watch.now += 1.0
    assert await admitted(admission, one, 8) == 2
    with pytest.raises(TooManyRequests) as refused:
        await admission.admit(one)
    assert refused.value.headers["Retry-After"] == "1"
    watch.now += 3600.0
    assert await admitted(admission, one, 8) == 5
    assert await admitted(admission, UUID(int=7), 50) == 50
    assert await admitted(admission, UUID(int=9), 50) == 50
    assert await admitted(Admission({}, class_of, watch), one, 50) == 50


async def test_the_bucket_that_was_not_used_for_longest_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("invx.infra.buckets._BUCKETS_MAX", 2)

    async def class_of(_: UUID) -> str:
        return "small"

    quota = Quota("small", requests_per_second=1.0, burst=1)
    admission = Admission({"small": quota}, class_of, Watch())
    for number in (1, 2, 3):
        assert await admitted(admission, UUID(int=number), 2) == 1
    assert await admitted(admission, UUID(int=3), 1) == 0
    assert await admitted(admission, UUID(int=1), 1) == 1


@pytest.mark.parametrize(
    "said",
    [
        "[]",
        "no json",
        '{"small": {"requests": 1}}',
        '{"small": {"files": 0}}',
        '{"Small Ones": {"files": 1}}',
        '{"small": {"requests_per_second": "many"}}',
        '{"small": 5}',
    ],
)
def test_a_file_of_quotas_that_makes_no_sense_is_refused(tmp_path: Path, said: str) -> None:
    path = tmp_path / "quotas.json"
    path.write_text(said)
    with pytest.raises(SettingInvalid, match="INVX_QUOTAS"):
        read_settings({"INVX_QUOTAS": str(path)})
    with pytest.raises(SettingInvalid, match="cannot be read"):
        read_settings({"INVX_QUOTAS": str(tmp_path / "none.json")})


@pytest.mark.parametrize(
    "said",
    [
        "[]",
        '{"pooled": {"database": "x"}}',
        '{"Acme": {"database": "x"}}',
        '{"acme": {"database": "x y"}}',
        '{"acme": {"app": "postgresql://a:secret@h/d"}}',
        '{"acme": {"app": "x", "system": "y", "admin": "secret"}}',
    ],
)
def test_a_file_of_placements_that_makes_no_sense_is_refused(tmp_path: Path, said: str) -> None:
    path = tmp_path / "placements.json"
    path.write_text(said)
    with pytest.raises(SettingInvalid, match="INVX_PLACEMENTS") as refused:
        read_settings({"INVX_PLACEMENTS": str(path)})
    assert "secret" not in str(refused.value)


def test_placements_are_databases_of_this_server_or_of_another(tmp_path: Path) -> None:
    path = tmp_path / "placements.json"
    uri = "postgresql://login:secret@db2/invx"
    said: dict[str, Any] = {"acme": {"database": "invx_acme"}}
    path.write_text(json.dumps({**said, "north": dict.fromkeys(("app", "system", "admin"), uri)}))
    found = read_settings({"INVX_PLACEMENTS": str(path)}).place.placements
    assert found["acme"].database == "invx_acme"
    assert found["north"].app_dsn == uri
    assert "secret" not in repr(found)
