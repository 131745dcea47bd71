"""Two installations, and a tenant that goes from one to the other."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from invx.host import CONTEXTS
from invx.infra.embedded import Postgres
from tests.integration.isolation.rows import checksums
from tests.sealing import seal
from tests.tenants import invx, tnt
from tests.world import Desk, World, open_world

# What is not the same elsewhere, and why: the directory's epoch; series are on hold; what waits for
# its turn has a place in another queue.
_OWN = (*(f"{context}.tenants" for context in CONTEXTS), "invoicing.number_permits")
_QUEUES = ("inbox", "outbox")


@asynccontextmanager
async def another(
    server: Postgres, folder: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[World]:
    """An installation that knows nothing of the first."""
    folder.mkdir(exist_ok=True)
    async with open_world(server, folder, environment) as world:
        yield world


def desk_in(world: World, desk: Desk) -> Desk:
    """The same tenant, asked in another installation."""
    return Desk(world, desk.tenant_id, world.client(desk.tenant_id), desk.entity)


async def traded(desk: Desk) -> Desk:
    """A little of the usual, sealed."""
    for _ in range(2):
        issued = await desk.invoice()
    await desk.post(f"/v1/invoices/{issued['id']}/payments", {"amount": "119.00", "source": "p-1"})
    await desk.world.settle()
    await seal(desk)
    return desk


async def rows_of(world: World, desk: Desk) -> dict[str, str]:
    """A checksum of every table of the tenant that is the same wherever it is."""
    found = await checksums(world, desk)
    kept = {name: each for name, each in found.items() if name not in _OWN}
    for name in kept:
        if name.endswith(_QUEUES):
            kept[name] = await _queue(world, name, desk.tenant_id)
    return kept


async def _queue(world: World, table: str, tenant_id: UUID) -> str:
    """Its rows in their order, without the numbers of their places."""
    async with world.admin() as conn:
        found: str = await conn.fetchval(
            "SELECT md5(coalesce(string_agg((to_jsonb(t) - 'position')::text, ','"
            f" ORDER BY position), '')) FROM {table} t WHERE tenant_id = $1",
            tenant_id,
        )
    return found


async def exported(desk: Desk, file: Path, **settings: str) -> Path:
    """The archive of a tenant that is suspended for good."""
    assert (await invx(desk.world, "tenant", "suspend", tnt(desk.tenant_id))).code == 0
    said = await invx(desk.world, "tenant", "export", tnt(desk.tenant_id), str(file), **settings)
    assert said.code == 0, said.text
    return file


async def ensure_planned_for(conn: Any) -> None:
    """The planner knows how many events there are: else a large tenant is proved for hours."""
    known, there = await conn.fetchrow(
        "SELECT (SELECT reltuples FROM pg_class WHERE oid = 'invoicing.events'::regclass),"
        " (SELECT count(*) FROM invoicing.events)"
    )
    assert known == there > 0


def rewritten(source: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same archive with members changed, or left out (None)."""
    with ZipFile(source) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


async def everything_of(world: World, tenant_id: UUID) -> dict[str, int]:
    """How many rows of the tenant each table has, the directory too; those without are left out."""
    desk: Any = Desk(world, tenant_id, world.client(tenant_id), "")
    found = await checksums(world, desk)
    counts = {name: int(each.rpartition("/")[2]) for name, each in found.items()}
    return {name: count for name, count in counts.items() if count}
