"""Exports while the tenant and others write: each archive is of one moment, and a whole tenant."""

import asyncio
import json
from pathlib import Path
from zipfile import ZipFile

from invx.host import CONTEXTS
from invx.infra.embedded import Postgres
from invx.infra.tenants.manifest import MANIFEST
from tests.integration.delivery.stage import until
from tests.integration.tenants.houses import moved
from tests.integration.tenants.test_large import Writer, command, whole, writing
from tests.integration.tenants.two import another, desk_in, traded
from tests.tenants import invx, tnt
from tests.world import Desk, World, post

EXPORTS = 3


async def written(desk: Desk, file: Path) -> str:
    said = await invx(desk.world, "tenant", "export", tnt(desk.tenant_id), str(file))
    assert said.code == 0, said.text
    return said.text


async def goes_on(writer: Writer) -> None:
    """Wait until it has finalized one more, however long that takes."""
    before = len(writer.numbers)

    async def more() -> bool:
        return len(writer.numbers) > before

    await until(more)


def rows_of(file: Path, table: str) -> int:
    with ZipFile(file) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        schema, _, name = table.partition(".")
        [held] = [t for t in manifest["contexts"][schema]["tables"] if t["name"] == name]
        lines = archive.read(f"{schema}/{name}.tsv").count(b"\n")
    assert held["rows"] == lines
    return lines


async def test_each_archive_is_of_one_moment_and_can_be_brought_in(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    """What is brought in proves every sum, chain and row: half a transaction would be found."""
    desk, other = await traded(await world.seller()), await traded(await world.seller())
    files = [tmp_path / f"{number}.zip" for number in range(EXPORTS)]
    world.host.start_background()
    async with writing(desk, other) as (own, others):
        await goes_on(own)
        for file in files:
            assert "is not suspended" in await written(desk, file)
            await goes_on(own)
    assert own.numbers
    assert not own.refused | others.refused
    counts = [rows_of(file, "invoicing.numbers") for file in files]
    assert counts == sorted(counts)
    assert counts[0] >= 2
    assert counts[-1] > counts[0]
    for number, file in enumerate((files[0], files[-1])):
        async with another(server, tmp_path / f"there{number}") as elsewhere:
            done = await invx(elsewhere, "tenant", "import", str(file))
            assert done.code == 0, done.text
            await whole(desk_in(elsewhere, desk), rows_of(file, "invoicing.numbers"))
            assert (await invx(elsewhere, "audit", "verify")).code == 0


async def test_an_archive_has_nothing_of_those_who_write_beside_it(
    world: World, tmp_path: Path
) -> None:
    desk, other = await traded(await world.seller()), await world.seller()
    async with writing(other):
        await written(desk, tmp_path / "t.zip")
    with ZipFile(tmp_path / "t.zip") as archive:
        text = b"".join(archive.read(name) for name in archive.namelist())
    for strange in (str(other.tenant_id), other.entity):
        assert strange.encode() not in text


async def test_of_a_tenant_elsewhere_both_databases_are_in_the_archive(
    house: World, server: Postgres, tmp_path: Path
) -> None:
    """Documents lie where it lives, members and keys in the database of all."""
    desk = await house.seller(sign_up=True)
    await post(desk.client, "/v1/api-keys", {"name": "shop", "permissions": ["invoices:read"]})
    await desk.invoice()
    await house.settle()
    await moved(desk, "acme")
    async with writing(desk) as (own,):
        await goes_on(own)
        await written(desk, tmp_path / "t.zip")
    assert own.numbers
    file = tmp_path / "t.zip"
    assert rows_of(file, "identity.members") == 1
    assert rows_of(file, "identity.api_keys") == 1
    documents = rows_of(file, "invoicing.documents")
    assert documents >= 1
    async with another(server, tmp_path / "b") as elsewhere:
        done = await invx(elsewhere, "tenant", "import", str(file))
        assert done.code == 0, done.text
        async with elsewhere.admin() as conn:
            for table, count in (("invoicing.documents", documents), ("identity.members", 1)):
                assert count == await conn.fetchval(
                    f"SELECT count(*) FROM {table} WHERE tenant_id = $1", desk.tenant_id
                )
            for context in CONTEXTS:
                assert (
                    await conn.fetchval(
                        f"SELECT status FROM {context}.tenants WHERE tenant_id = $1", desk.tenant_id
                    )
                    == "active"
                )
        there = desk_in(elsewhere, desk)
        assert len((await there.get("/v1/members"))["data"]) == 1
        assert len((await there.get("/v1/api-keys"))["data"]) == 1


async def test_two_exports_at_once_do_not_disturb_each_other(world: World, tmp_path: Path) -> None:
    desk = await traded(await world.seller())
    one, two = tmp_path / "1.zip", tmp_path / "2.zip"
    await asyncio.gather(
        *(command(world, "tenant", "export", tnt(desk.tenant_id), str(file)) for file in (one, two))
    )
    for table in ("invoicing.events", "invoicing.documents", "analytics.documents"):
        assert rows_of(one, table) == rows_of(two, table)
