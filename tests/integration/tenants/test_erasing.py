"""A tenant is erased: all of it, nothing else, once; and only when nobody can be sorry."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from invx.host import CONTEXTS, holdings_of
from invx.infra.embedded import Postgres
from invx.infra.storage.places import StorageSettings
from invx.infra.system import Uuid7Ids
from invx.infra.tenants.arriving import Archive, import_tenant
from invx.infra.tenants.erasing import EraseRefused, erase_tenant
from invx.infra.tenants.tables import (
    OwnerTooWeak,
    TenantCarried,
    alone,
    broken_reference,
    prepare,
    tenant_tables,
)
from tests.integration.isolation.rows import checksums
from tests.integration.isolation.victims import furnish
from tests.integration.tenants.two import (
    another,
    desk_in,
    everything_of,
    exported,
    rows_of,
    traded,
)
from tests.tenants import Said, invx, tnt
from tests.world import Desk, World, draft_body

DIRECTORY = {f"{context}.tenants": 1 for context in CONTEXTS}


class Died(BaseException):
    """The process, at this very line."""


async def erased(desk: Desk, *words: str, **settings: str) -> Said:
    return await invx(
        desk.world, "tenant", "erase", tnt(desk.tenant_id), "--confirm", "T", *words, **settings
    )


async def release_holds(desk: Desk) -> None:
    for hold in (await desk.get("/v1/legal-holds", state="standing"))["data"]:
        await desk.post(f"/v1/legal-holds/{hold['id']}/release", {"reason": "Settled."})


async def test_nothing_under_a_legal_hold_goes_with_its_tenant(
    world: World, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    await desk.post("/v1/legal-holds", {"customer": "C-1", "reason": "Court file 4 O 17/26"})
    await world.settle()
    await exported(desk, tmp_path / "t.zip")
    before = await checksums(world, desk)
    said = await erased(desk)
    assert (said.code, "1 legal holds stand" in said.text) == (1, True), said.text
    assert await checksums(world, desk) == before
    await invx(world, "tenant", "resume", tnt(desk.tenant_id))
    await release_holds(desk)
    await exported(desk, tmp_path / "u.zip")
    assert (await erased(desk)).code == 0


async def test_all_of_it_goes_and_nothing_of_anybody_else(world: World, tmp_path: Path) -> None:
    one, other = await furnish(world), await furnish(world)
    await world.settle()
    await release_holds(one.desk)
    await exported(one.desk, tmp_path / "t.zip")
    before = await checksums(world, other.desk)
    said = await erased(one.desk)
    assert (said.code, "is erased" in said.text) == (0, True), said.text
    assert await everything_of(world, one.desk.tenant_id) == DIRECTORY
    assert await checksums(world, other.desk) == before
    assert (await one.desk.client.get("/v1/invoices")).status_code == 404
    async with world.admin() as conn:
        for context in CONTEXTS:
            row = await conn.fetchrow(
                f"SELECT * FROM {context}.tenants WHERE tenant_id = $1", one.desk.tenant_id
            )
            assert (row["status"], row["name"]) == ("erased", "")
        assert await broken_reference(conn, "invoicing", other.desk.tenant_id) is None
    again = await erased(one.desk)
    assert (again.code, "Nothing of it is left" in again.text) == (0, True)
    listed = (await invx(world, "tenant", "list", COLUMNS="200")).text
    assert "erased" in listed
    assert (await invx(world, "audit", "verify")).code == 0
    assert (await invx(world, "tenant", "create", "New", "--id", tnt(one.desk.tenant_id))).code == 1


async def test_only_its_own_archive_brings_it_back(world: World, tmp_path: Path) -> None:
    desk = await traded(await world.seller())
    before = await rows_of(world, desk)
    file = await exported(desk, tmp_path / "t.zip")
    await erased(desk)
    back = await invx(world, "tenant", "import", str(file))
    assert back.code == 0, back.text
    assert await rows_of(world, desk) == before
    draft = await desk.draft()
    # In the database where it was before, the incarnation is the same: it is held all the same.
    held = await desk.post(f"/v1/invoices/{draft['id']}/finalize", {}, status=409)
    assert held["code"] == "series_on_hold"


async def test_it_must_be_suspended_exported_and_named(world: World, tmp_path: Path) -> None:
    desk = await traded(await world.seller())
    id = tnt(desk.tenant_id)
    before = await rows_of(world, desk)
    refused = await erased(desk)
    assert (refused.code, "is active: suspend it first" in refused.text) == (1, True)
    await invx(world, "tenant", "suspend", id)
    assert "There is no archive" in (await erased(desk)).text
    await invx(world, "tenant", "resume", id)
    await exported(desk, tmp_path / "t.zip")
    await invx(world, "tenant", "resume", id)
    await invx(world, "tenant", "suspend", id)
    assert "There is no archive" in (await erased(desk)).text  # it may have been written since
    assert (await invx(world, "tenant", "erase", id, "--confirm", "t")).code == 1
    assert "--confirm 'T'" in (await invx(world, "tenant", "erase", id)).text
    said = await invx(world, "tenant", "erase", id, "--dry-run")
    assert (said.code, "invoicing.events: " in said.text) == (0, True)
    unknown = await invx(world, "tenant", "erase", tnt(Uuid7Ids().new()), "--confirm", "T")
    assert unknown.code == 1
    assert await rows_of(world, desk) == before
    assert (await erased(desk, "--without-export")).code == 0


async def test_what_the_law_keeps_is_said_before(world: World) -> None:
    desk = await traded(await world.seller())
    await desk.draft()
    year = int((await desk.get("/v1/invoices", status="finalized"))["data"][0]["issue_date"][:4])
    said = await invx(world, "tenant", "erase", tnt(desk.tenant_id), "--dry-run")
    assert f"LAW keeps 2 documents of {year} until the end of {year + 8}" in said.text


async def test_files_in_a_folder_go_and_those_of_others_stay(
    server: Postgres, tmp_path: Path
) -> None:
    folder = {"INVX_STORAGE": f"folder:{tmp_path / 'files'}"}
    async with another(server, tmp_path / "a", folder) as world:
        one, other = await traded(await world.seller()), await traded(await world.seller())

        def lying(desk: Desk) -> list[Path]:
            held = (tmp_path / "files" / str(desk.tenant_id)).rglob("*")
            return [path for path in held if path.is_file()]

        kept = lying(other)
        assert kept
        assert lying(one)
        await exported(one, tmp_path / "t.zip", **folder)
        assert (await erased(one, **folder)).code == 0
        assert (lying(one), lying(other)) == ([], kept)


@pytest.mark.parametrize("after", [1, 30])
async def test_an_erasure_that_died_goes_on_where_it_was(world: World, after: int) -> None:
    desk, other = (await furnish(world)).desk, await traded(await world.seller())
    before = await checksums(world, other)
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    steps = 0

    def dying(name: str, count: int) -> None:
        nonlocal steps
        steps += 1
        if steps == after:
            raise Died

    async with world.admin() as conn:
        with pytest.raises(Died):
            await erase_tenant(
                dict.fromkeys(CONTEXTS, conn),
                (),
                desk.tenant_id,
                without_export=True,
                progress=dying,
            )
    left = await everything_of(world, desk.tenant_id)
    assert sum(left.values()) > len(DIRECTORY)
    assert (await desk.client.get("/v1/invoices")).status_code == 404
    await world.settle()  # nobody works on what is left
    assert (await erased(desk)).code == 0
    assert await everything_of(world, desk.tenant_id) == DIRECTORY
    assert await checksums(world, other) == before


@pytest.mark.parametrize("at", ["invoicing.streams", "analytics.documents", "invoicing rows"])
async def test_an_import_that_died_shows_nothing_and_is_run_again(
    world: World, server: Postgres, tmp_path: Path, at: str
) -> None:
    desk = (await furnish(world)).desk
    await world.settle()
    file = await exported(desk, tmp_path / "t.zip")

    def dying(name: str, count: int) -> None:
        if name == at:
            raise Died

    async with another(server, tmp_path / "b") as elsewhere:
        there = desk_in(elsewhere, desk)
        with file.open("rb") as opened:
            async with elsewhere.admin() as conn:
                with pytest.raises(Died):
                    await import_tenant(
                        conn,
                        holdings_of(StorageSettings()),
                        None,
                        Archive(opened),
                        progress=dying,
                    )
        async with elsewhere.admin() as conn:
            status = await conn.fetchval(
                "SELECT status FROM invoicing.tenants WHERE tenant_id = $1", desk.tenant_id
            )
        assert status == "arriving"
        assert (await there.client.get("/v1/invoices")).status_code == 503
        refused = await there.client.post("/v1/invoices", json=draft_body())
        assert (refused.status_code, refused.json()["code"]) == (503, "tenant_moving")
        await elsewhere.settle()  # nobody works on what is there
        assert "Intact: 1 tenants" in (await invx(elsewhere, "audit", "verify")).text
        assert (await invx(elsewhere, "tenant", "import", str(file))).code == 0
        assert await rows_of(elsewhere, there) == await rows_of(world, desk)


async def test_what_only_half_arrived_can_be_erased(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    file = await exported(desk, tmp_path / "t.zip")

    def dying(name: str, count: int) -> None:
        if name == "invoicing.events":
            raise Died

    async with another(server, tmp_path / "b") as elsewhere:
        with file.open("rb") as opened:
            async with elsewhere.admin() as conn:
                with pytest.raises(Died):
                    await import_tenant(
                        conn,
                        holdings_of(StorageSettings()),
                        None,
                        Archive(opened),
                        progress=dying,
                    )
        gone = await invx(elsewhere, "tenant", "erase", tnt(desk.tenant_id), "--confirm", "T")
        assert gone.code == 0, gone.text
        assert await everything_of(elsewhere, desk.tenant_id) == DIRECTORY


async def test_two_never_work_on_one_tenant(world: World) -> None:
    desk = await traded(await world.seller())
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    async with world.admin() as first, alone(desk.tenant_id, first):
        second = await erased(desk, "--without-export")
        assert (second.code, "Another process" in second.text) == (1, True)
        async with world.admin() as third:
            with pytest.raises(TenantCarried):
                async with alone(desk.tenant_id, third):
                    pass
    assert (await erased(desk, "--without-export")).code == 0


async def test_a_resumption_meanwhile_stops_an_erasure(world: World) -> None:
    """The status is looked at in the transaction that closes the tenant for good."""
    desk = await traded(await world.seller())
    context = world.host.contexts["invoicing"]
    await context.directory.suspend(desk.tenant_id)
    async with world.admin() as conn:
        async with world.admin() as other, other.transaction():
            await other.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 4))", str(desk.tenant_id)
            )
            erasing = asyncio.create_task(
                erase_tenant(dict.fromkeys(CONTEXTS, conn), (), desk.tenant_id, without_export=True)
            )
            await asyncio.sleep(0.2)
            assert not erasing.done()
            await other.execute(
                "UPDATE invoicing.tenants SET status = 'active', epoch = epoch + 1"
                " WHERE tenant_id = $1",
                desk.tenant_id,
            )
        with pytest.raises(EraseRefused):
            await erasing
    await desk.draft()


async def test_a_login_that_is_not_the_owners_carries_nothing(world: World) -> None:
    conn = await asyncpg.connect(**world.place.where.system)
    try:
        with pytest.raises(OwnerTooWeak):
            await prepare(conn)
    finally:
        await conn.close()


async def test_every_table_of_tenant_data_is_carried_behind_what_it_refers_to(
    world: World,
) -> None:
    async with world.admin() as conn:
        for schema in CONTEXTS:
            tables = [each.name for each in await tenant_tables(conn, schema)]
            known = await conn.fetch(
                "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n"
                " ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
                " AND a.attname = 'tenant_id' WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')"
                " AND NOT c.relispartition",
                schema,
            )
            assert sorted([*tables, "tenants"]) == sorted(row[0] for row in known)
            place = {name: number for number, name in enumerate(tables)}
            if schema == "invoicing":
                assert place["streams"] < place["events"] < place["personal"]
                assert place["documents"] < place["settlements"] < place["bookings"]
