"""All of a tenant in an archive, brought in elsewhere: the same to the byte, or not at all."""

import hashlib
import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from invx.host import CONTEXTS
from invx.infra.embedded import Postgres
from tests.integration.isolation.victims import furnish
from tests.integration.tenants.test_erasing import release_holds
from tests.integration.tenants.two import (
    another,
    desk_in,
    ensure_planned_for,
    everything_of,
    exported,
    rewritten,
    rows_of,
    traded,
)
from tests.sealing import faults, seal
from tests.tenants import invx, tnt
from tests.world import Desk, World

MANIFEST = "manifest.json"


async def test_a_tenant_with_something_of_everything_is_the_same_elsewhere(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = (await furnish(world)).desk
    await world.settle()
    await seal(desk)
    await desk.draft(legal_entity=desk.entity)  # and something that waits for its seal
    file = await exported(desk, tmp_path / "t.zip")
    assert file.stat().st_mode & 0o077 == 0
    async with another(server, tmp_path / "b") as elsewhere:
        stranger = await elsewhere.seller()
        said = await invx(elsewhere, "tenant", "import", str(file))
        assert said.code == 0, said.text
        assert f"{tnt(desk.tenant_id)} is active" in said.text
        async with elsewhere.admin() as conn:
            await ensure_planned_for(conn)
        there = desk_in(elsewhere, desk)
        assert await rows_of(elsewhere, there) == await rows_of(world, desk)
        assert "Intact: 3 tenants" in (await invx(elsewhere, "audit", "verify")).text
        mine = await desk.get("/v1/invoices", limit=100)
        assert await there.get("/v1/invoices", limit=100) == mine
        assert (await stranger.get("/v1/invoices"))["data"] == []
        await elsewhere.settle()  # what waited goes on there, once
        assert (await there.get("/v1/analytics/revenue"))["data"] == (
            await desk.get("/v1/analytics/revenue")
        )["data"]


async def test_series_come_in_on_hold_and_go_on_behind_what_left_the_house(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    last = (await desk.get("/v1/invoices"))["data"][0]["number"]
    file = await exported(desk, tmp_path / "t.zip")
    async with another(server, tmp_path / "b") as elsewhere:
        assert (await invx(elsewhere, "tenant", "import", str(file))).code == 0
        there = desk_in(elsewhere, desk)
        draft = await there.draft()
        refused = await there.post(f"/v1/invoices/{draft['id']}/finalize", {}, status=409)
        assert refused["code"] == "series_on_hold"
        released = await invx(elsewhere, "numbers", "reconcile", "--last", "nothing")
        assert released.code == 0, released.text
        assert int((await there.finalize(draft))["number"][-4:]) == int(last[-4:]) + 1


async def test_an_archive_is_of_one_moment_while_others_write(world: World, tmp_path: Path) -> None:
    desk, other = await traded(await world.seller()), await world.seller()
    await other.invoice()
    said = await invx(world, "tenant", "export", tnt(desk.tenant_id), str(tmp_path / "t.zip"))
    assert "is not suspended" in said.text
    with ZipFile(tmp_path / "t.zip") as archive:
        manifest = json.loads(archive.read(MANIFEST))
        text = b"".join(archive.read(name) for name in archive.namelist())
    assert str(other.tenant_id).encode() not in text
    assert other.entity not in text.decode(errors="replace")
    assert manifest["tenant"] == str(desk.tenant_id)
    heads = manifest["contexts"]["invoicing"]["heads"]
    assert heads["seals"] >= 1
    assert heads["events"] > 4
    # It may be brought in elsewhere, but does not let the tenant be erased here.
    await invx(world, "tenant", "suspend", tnt(desk.tenant_id))
    refused = await invx(world, "tenant", "erase", tnt(desk.tenant_id), "--confirm", "T")
    assert (refused.code, "There is no archive" in refused.text) == (1, True)


async def test_a_dry_run_says_what_would_be_and_changes_nothing(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    id = tnt(desk.tenant_id)
    said = await invx(world, "tenant", "export", id, str(tmp_path / "none.zip"), "--dry-run")
    assert (said.code, "invoicing.events: " in said.text) == (0, True)
    assert not (tmp_path / "none.zip").exists()
    file = await exported(desk, tmp_path / "t.zip")
    async with another(server, tmp_path / "b") as elsewhere:
        said = await invx(elsewhere, "tenant", "import", str(file), "--dry-run")
        assert (said.code, "would be brought in" in said.text) == (0, True)
        assert await everything_of(elsewhere, desk.tenant_id) == {}


async def test_who_lives_here_is_not_brought_in_again(world: World, tmp_path: Path) -> None:
    desk = await traded(await world.seller())
    file = await exported(desk, tmp_path / "t.zip")
    before = await rows_of(world, desk)
    for words in ((), ("--dry-run",)):
        refused = await invx(world, "tenant", "import", str(file), *words)
        assert (refused.code, "here already (suspended)" in refused.text) == (1, True)
    assert await rows_of(world, desk) == before


async def refused_whole(
    server: Postgres, tmp_path: Path, file: Path, desk: Desk, said: str
) -> None:
    """Nothing of the archive stays in an installation that does not take it."""
    async with another(server, tmp_path / "b") as elsewhere:
        stranger = await elsewhere.seller()
        before = await rows_of(elsewhere, stranger)
        refused = await invx(elsewhere, "tenant", "import", str(file))
        assert (refused.code, said in refused.text) == (1, True), refused.text
        assert await everything_of(elsewhere, desk.tenant_id) == {}
        assert await rows_of(elsewhere, stranger) == before
        client = elsewhere.client(desk.tenant_id)
        assert (await client.get("/v1/invoices")).status_code == 404


async def test_what_is_broken_off_or_no_archive_is_refused(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    file = await exported(desk, tmp_path / "t.zip")
    whole = file.read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    await refused_whole(server, tmp_path, tmp_path / "cut.zip", desk, "no whole archive")
    without = rewritten(file, tmp_path / "no.zip", lambda n, c: None if n == MANIFEST else c)
    await refused_whole(server, tmp_path, without, desk, "no whole archive")
    lost = rewritten(
        file, tmp_path / "lost.zip", lambda n, c: None if n == "invoicing/events.tsv" else c
    )
    await refused_whole(server, tmp_path, lost, desk, "invoicing/events.tsv cannot be read")
    missing = await invx(world, "tenant", "import", str(tmp_path / "nowhere.zip"))
    assert (missing.code, "cannot be read" in missing.text) == (1, True)


async def test_another_format_other_versions_and_other_contexts_are_refused(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    file = await exported(desk, tmp_path / "t.zip")

    def changed(old: str, new: str) -> Path:
        def change(name: str, content: bytes) -> bytes:
            if name != MANIFEST:
                return content
            assert old.encode() in content
            return content.replace(old.encode(), new.encode())

        return rewritten(file, tmp_path / "changed.zip", change)

    other = changed("invx tenant 1", "invx tenant 2")
    await refused_whole(server, tmp_path, other, desk, "of the format 'invx tenant 2'")
    newer = changed("0010_pre_tenant_states.sql", "0010_pre_other_states.sql")
    await refused_whole(server, tmp_path, newer, desk, "0010_pre_other_states.sql")
    fewer = changed('"analytics"', '"elsewhere"')
    await refused_whole(server, tmp_path, fewer, desk, "here are analytics, identity, invoicing")
    await refused_whole(server, tmp_path, changed('"rows"', '"rovs"'), desk, "is not that of")


@pytest.mark.parametrize(
    "member, change_of, said",
    [
        ("documents", (b"Elbkontor", b"Alsterkont"), "the manifest says"),
        ("events", (b"user:test", b"user:else"), "the manifest says"),
        ("streams", (b"\n", b""), "What the archive holds are no rows"),
    ],
)
async def test_a_changed_member_is_not_what_the_manifest_says(
    server: Postgres, tmp_path: Path, member: str, change_of: tuple[bytes, bytes], said: str
) -> None:
    async with another(server, tmp_path / "a") as world:
        desk = await traded(await world.seller())
        file = await exported(desk, tmp_path / "t.zip")

    def change(name: str, content: bytes) -> bytes:
        if name != f"invoicing/{member}.tsv":
            return content
        assert change_of[0] in content
        return content.replace(*change_of, 1)

    await refused_whole(
        server, tmp_path, rewritten(file, tmp_path / "changed.zip", change), desk, said
    )


def forged(file: Path, target: Path, table: str, old: bytes, new: bytes) -> Path:
    """An archive in which a table was changed and the manifest says so too."""
    with ZipFile(file) as archive:
        lines = archive.read(f"invoicing/{table}.tsv").replace(old, new)
        manifest = json.loads(archive.read(MANIFEST))
    [held] = [t for t in manifest["contexts"]["invoicing"]["tables"] if t["name"] == table]
    digest = hashlib.sha256(lines).hexdigest()
    assert held["sha256"] != digest
    held["sha256"], held["rows"] = digest, lines.count(b"\n")
    changed = {f"invoicing/{table}.tsv": lines, MANIFEST: json.dumps(manifest).encode()}
    return rewritten(file, target, changed.get)


@pytest.mark.parametrize(
    "table, change_of, said",
    [
        ("events", (b"user:test", b"user:else"), "hash"),
        ("documents", (b"119.00", b"118.00"), "rows: "),
        ("settlements", (b"settled", b"partial"), "rows: "),
    ],
)
async def test_a_forged_archive_does_not_prove_itself(
    server: Postgres, tmp_path: Path, table: str, change_of: tuple[bytes, bytes], said: str
) -> None:
    async with another(server, tmp_path / "a") as world:
        desk = await traded(await world.seller())
        file = await exported(desk, tmp_path / "t.zip")
    strange = forged(file, tmp_path / "f.zip", table, *change_of)
    await refused_whole(server, tmp_path, strange, desk, said)


async def test_a_row_that_refers_to_nothing_is_found_although_no_trigger_fired(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await world.seller())
    file = await exported(desk, tmp_path / "t.zip")
    with ZipFile(file) as archive:
        first = archive.read("invoicing/series.tsv").split(b"\t")[0]
    strange = forged(file, tmp_path / "f.zip", "default_series", first, b"0" * 8 + first[8:])
    await refused_whole(server, tmp_path, strange, desk, "refers to nothing in series")


async def test_files_of_a_folder_become_rows_and_the_other_way_round(
    server: Postgres, tmp_path: Path
) -> None:
    folder = {"INVX_STORAGE": f"folder:{tmp_path / 'files'}"}
    async with another(server, tmp_path / "a", folder) as first:
        desk = (await furnish(first)).desk
        await release_holds(desk)  # or it is not erased
        await first.settle()
        file = await exported(desk, tmp_path / "t.zip", **folder)
        with ZipFile(file) as archive:
            held = [n for n in archive.namelist() if n.startswith("invoicing/files/")]
            for name in held:
                digest = hashlib.sha256(archive.read(name)).hexdigest()
                assert name.rpartition("/")[2] == digest
        assert held
        pdf = await desk.client.get(f"/v1/invoices/{await an_invoice(desk)}/pdf")
        async with another(server, tmp_path / "b") as second:
            said = await invx(second, "tenant", "import", str(file))
            assert (said.code, f"{len(held)} files" in said.text) == (0, True), said.text
            there = desk_in(second, desk)
            again = await there.client.get(f"/v1/invoices/{await an_invoice(there)}/pdf")
            assert again.content == pdf.content
            async with second.admin() as conn:
                assert not await faults(conn, desk.tenant_id)
            back = await exported(there, tmp_path / "back.zip")
        said = await invx(first, "tenant", "erase", tnt(desk.tenant_id), "--confirm", "T", **folder)
        assert said.code == 0, said.text
        said = await invx(first, "tenant", "import", str(back), **folder)
        assert said.code == 0, said.text
        pdf_again = await desk.client.get(f"/v1/invoices/{await an_invoice(desk)}/pdf")
        assert pdf_again.content == pdf.content


async def an_invoice(desk: Desk) -> str:
    data = (await desk.get("/v1/invoices", status="finalized", limit=100))["data"]
    return str(min(each["id"] for each in data))


async def test_a_file_that_is_not_what_its_name_says_is_refused(
    server: Postgres, tmp_path: Path
) -> None:
    folder = {"INVX_STORAGE": f"folder:{tmp_path / 'files'}"}
    async with another(server, tmp_path / "a", folder) as first:
        desk = await traded(await first.seller())
        file = await exported(desk, tmp_path / "t.zip", **folder)
    bad = rewritten(file, tmp_path / "f.zip", lambda n, c: c + b"x" if "/files/" in n else c)
    await refused_whole(server, tmp_path, bad, desk, "has the SHA-256")
    none = rewritten(file, tmp_path / "n.zip", lambda n, c: None if "/files/" in n else c)
    await refused_whole(server, tmp_path, none, desk, "cannot be read")


async def test_a_sandbox_keeps_its_clock_its_mode_and_its_revocations(
    world: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await world.seller(mode="test")
    async with world.admin() as conn:
        for context in CONTEXTS:
            await conn.execute(
                f"UPDATE {context}.tenants SET clock_offset = '40 days 1 hour', epoch = 9,"
                " tokens_not_before = '2026-01-01Z', quota_class = 'bulk' WHERE tenant_id = $1",
                desk.tenant_id,
            )
    file = await exported(desk, tmp_path / "t.zip")
    async with another(server, tmp_path / "b") as elsewhere:
        assert (await invx(elsewhere, "tenant", "import", str(file))).code == 0
        async with elsewhere.admin() as conn:
            for context in CONTEXTS:
                row = await conn.fetchrow(
                    f"SELECT * FROM {context}.tenants WHERE tenant_id = $1", desk.tenant_id
                )
                assert row["clock_offset"].total_seconds() == 40 * 86400 + 3600
                assert (row["mode"], row["quota_class"], row["status"]) == (
                    "test",
                    "bulk",
                    "active",
                )
                assert row["epoch"] > 10
                assert row["tokens_not_before"].year == 2026
