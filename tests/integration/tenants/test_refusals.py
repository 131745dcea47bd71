"""Every refusal of `invx tenant …` says why, ends with 1, and changes nothing."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from invx.host import CONTEXTS
from invx.infra.embedded import Postgres
from invx.infra.system import Uuid7Ids
from tests.integration.isolation.rows import checksums
from tests.integration.tenants.houses import MOVING, moved, status_in
from tests.integration.tenants.two import another, everything_of, exported, traded
from tests.tenants import Said, invx, tnt
from tests.world import Desk, World

# The words of a command, with {id} of the tenant, {nobody} of none, {file} of an archive, {new} of
# a file that is not there; and what it says.
UNKNOWN = [
    (("suspend", "{nobody}"), "no such tenant"),
    (("resume", "{nobody}"), "no such tenant"),
    (("quota", "{nobody}", "standard"), "no such tenant"),
    (("export", "{nobody}", "{new}"), "no such tenant"),
    (("export", "{nobody}", "{new}", "--dry-run"), "no such tenant"),
    (("erase", "{nobody}", "--confirm", "T"), "no such tenant"),
    (("erase", "{nobody}", "--dry-run"), "no such tenant"),
    (("move", "{nobody}", "--to", "acme"), "no such tenant"),
    (("move", "{nobody}", "--to", "acme", "--dry-run"), "no such tenant"),
]
NO_ID = [
    ("suspend", "me"),
    ("resume", "tnt_"),
    ("quota", "inv_01h2xcejqtf2nbrexx3vqjhp41", "standard"),
    ("export", "tnt_!", "{new}"),
    ("erase", "T", "--confirm", "T"),
    ("move", "' OR 1=1 --", "--to", "acme"),
    ("history", "nobody"),
]
ARGUMENTS = [
    (("create", "New", "--mode", "practice"), "--mode is live or test, not 'practice'"),
    (("create", "New", "--id", "nonsense"), "tnt_"),
    (("quota", "{id}", "huge"), "CLASS is standard or one of none"),
    (("move", "{id}", "--to", "nowhere"), "pooled, acme, berlin"),
    (("move", "{id}", "--to", ""), "pooled, acme, berlin"),
    (("import", "{new}"), "cannot be read"),
    (("import", "{new}", "--dry-run"), "cannot be read"),
    (("export", "{id}", "{file}"), "is there already"),
    (("resume", "{id}"), None),
    (("erase", "{id}"), "Say --confirm 'T'"),
    (("erase", "{id}", "--confirm", "t"), "Say --confirm 'T'"),
    (("erase", "{id}", "--confirm", ""), "Say --confirm 'T'"),
    (("erase", "{id}", "--confirm", "T"), "is active: suspend it first"),
    (("erase", "{id}", "--confirm", "T", "--without-export"), "is active: suspend it first"),
]


def filled(words: tuple[str, ...], names: Mapping[str, str]) -> list[str]:
    return [word.format(**names) for word in words]


async def said_of(desk: Desk, words: tuple[str, ...], folder: Path, **settings: str) -> Said:
    (folder / "there.zip").write_bytes(b"something else")
    names = {
        "id": tnt(desk.tenant_id),
        "nobody": tnt(Uuid7Ids().new()),
        "file": str(folder / "there.zip"),
        "new": str(folder / "new.zip"),
    }
    return await invx(desk.world, "tenant", *filled(words, names), **settings)


async def states(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every directory."""
    found = {}
    for placement in world.place.everywhere():
        async with world.admin(placement) as conn:
            for context in CONTEXTS:
                rows = await conn.fetch(f"SELECT * FROM {context}.tenants ORDER BY tenant_id")
                found[f"{placement} {context}"] = [tuple(row.values()) for row in rows]
    return found


async def test_who_is_not_there_is_named_by_no_command(house: World, tmp_path: Path) -> None:
    desk = await house.seller()
    before = await states(house)
    for words, what in UNKNOWN:
        said = await said_of(desk, words, tmp_path)
        assert (said.code, what in said.text) == (1, True), (words, said.text)
    assert await states(house) == before
    assert not (tmp_path / "new.zip").exists()


async def test_what_is_no_id_of_a_tenant_is_refused(house: World, tmp_path: Path) -> None:
    desk = await house.seller()
    before = await states(house)
    for words in NO_ID:
        said = await said_of(desk, words, tmp_path)
        assert said.code != 0, (words, said.text)
    assert await states(house) == before


async def test_arguments_that_cannot_be_are_refused_and_say_what_can(
    house: World, tmp_path: Path
) -> None:
    desk = await house.seller()
    before = await states(house)
    for words, what in ARGUMENTS:
        said = await said_of(desk, words, tmp_path)
        if what is None:
            assert said.code == 0, (words, said.text)
            assert "is active already" in said.text
        else:
            assert (said.code, what in said.text) == (1, True), (words, said.text)
    assert await states(house) == before
    assert (tmp_path / "there.zip").read_bytes() == b"something else"
    await desk.invoice()


async def test_words_that_are_missing_are_asked_for(house: World) -> None:
    for words in (("suspend",), ("move", "tnt_x"), ("export", "tnt_x"), ("import",), ("erase",)):
        said = await invx(house, "tenant", *words)
        assert said.code == 2, (words, said.text)
        assert "Missing" in said.text


@pytest.mark.parametrize("status", ["moving", "arriving"])
async def test_who_is_on_the_way_is_not_suspended_resumed_or_erased(
    world: World, tmp_path: Path, status: str
) -> None:
    desk = await world.seller()
    async with world.admin() as conn:
        for context in CONTEXTS:
            await conn.execute(
                f"UPDATE {context}.tenants SET status = $2, epoch = 2 WHERE tenant_id = $1",
                *(desk.tenant_id, status),
            )
    before = await states(world)
    for words in (("suspend", "{id}"), ("resume", "{id}")):
        said = await said_of(desk, words, tmp_path)
        assert (said.code, f"The tenant is {status}." in said.text) == (1, True), said.text
    if status == "moving":
        said = await said_of(desk, ("erase", "{id}", "--confirm", "T"), tmp_path)
        assert (said.code, "is moving: suspend it first" in said.text) == (1, True), said.text
    assert await states(world) == before


async def test_an_erased_tenant_is_none_to_any_command(house: World, tmp_path: Path) -> None:
    desk = await traded(await house.seller())
    await exported(desk, tmp_path / "t.zip")
    gone = await said_of(desk, ("erase", "{id}", "--confirm", "T"), tmp_path)
    assert gone.code == 0, gone.text
    before = await states(house)
    for words in (
        ("suspend", "{id}"),
        ("resume", "{id}"),
        ("quota", "{id}", "standard"),
        ("move", "{id}", "--to", "acme"),
        ("move", "{id}", "--to", "acme", "--dry-run"),
        ("create", "New", "--id", "{id}"),
    ):
        said = await said_of(desk, words, tmp_path)
        assert said.code == 1, (words, said.text)
    nothing = await said_of(desk, ("erase", "{id}", "--dry-run"), tmp_path)
    assert (nothing.code, "Nothing of it is left" in nothing.text) == (0, True)
    assert await states(house) == before


async def test_dry_runs_print_rows_and_change_nothing_anywhere(
    house: World, server: Postgres, tmp_path: Path
) -> None:
    desk = await traded(await house.seller())
    file = await exported(desk, tmp_path / "t.zip")
    before, rows = await states(house), await checksums(house, desk)
    expected = {
        ("export", "{id}", "{new}", "--dry-run"): "invoicing.events: ",
        ("move", "{id}", "--to", "acme", "--dry-run"): "would be moved from pooled to acme",
        ("move", "{id}", "--to", "pooled", "--dry-run"): "lives in pooled already",
        ("erase", "{id}", "--dry-run"): "files outside the database. 'T' is suspended, exported",
    }
    for words, what in expected.items():
        said = await said_of(desk, words, tmp_path)
        assert (said.code, what in said.text) == (0, True), (words, said.text)
    assert await states(house) == before
    assert await checksums(house, desk) == rows
    assert not (tmp_path / "new.zip").exists()
    async with another(server, tmp_path / "b") as elsewhere:
        empty = await states(elsewhere)
        said = await invx(elsewhere, "tenant", "import", str(file), "--dry-run")
        assert (said.code, f"{tnt(desk.tenant_id)} 'T' as of" in said.text) == (0, True)
        assert await states(elsewhere) == empty
        assert await everything_of(elsewhere, desk.tenant_id) == {}


async def test_a_dry_run_counts_what_the_run_then_does(house: World, tmp_path: Path) -> None:
    desk = await traded(await house.seller())

    def first_number(text: str, marker: str) -> int:
        [line] = [each for each in text.splitlines() if marker in each]
        return int(next(word for word in line.replace(":", " ").split() if word.isdigit()))

    would = await said_of(desk, ("move", "{id}", "--to", "acme", "--dry-run"), tmp_path)
    did = await moved(desk, "acme")
    assert first_number(would.text, "would be moved") == first_number(did, "Moved from")
    await invx(house, "tenant", "suspend", tnt(desk.tenant_id))
    would = await said_of(desk, ("export", "{id}", "{new}", "--dry-run"), tmp_path)
    did_export = await said_of(desk, ("export", "{id}", "{new}"), tmp_path)
    total = next(line for line in would.text.splitlines() if line.endswith(" rows."))
    assert f"{total[:-1]} and" in did_export.text


async def test_a_file_that_was_broken_off_is_not_left_behind(world: World, tmp_path: Path) -> None:
    """An archive that is not whole is none; the next run may take its name."""
    desk = await traded(await world.seller())
    folder = {"INVX_STORAGE_ALSO": f"folder:{tmp_path / 'files'}"}
    async with world.admin() as conn:
        changed = await conn.execute(
            "UPDATE invoicing.archives SET place = 'folder', row_sha256 = NULL, bytes = NULL"
            " WHERE tenant_id = $1",
            desk.tenant_id,
        )
    assert changed != "UPDATE 0"
    for settings in (folder, {}):
        said = await said_of(desk, ("export", "{id}", "{new}"), tmp_path, **settings)
        assert said.code == 1, said.text
        assert not (tmp_path / "new.zip").exists()


async def test_a_tenant_that_lives_elsewhere_is_not_brought_in_beside_itself(
    house: World, tmp_path: Path
) -> None:
    desk = await traded(await house.seller())
    file = await exported(desk, tmp_path / "t.zip")
    await moved(desk, "acme")
    before = await states(house)
    said = await invx(house, "tenant", "import", str(file))
    assert (said.code, "here already (moved, suspended)" in said.text) == (1, True), said.text
    assert await states(house) == before
    assert await status_in(house, desk, "acme") == "suspended"


async def test_a_placement_that_is_down_is_named_and_nothing_is_half(
    house: World, tmp_path: Path
) -> None:
    """A move to a database that is not there changes nothing where the tenant is."""
    desk = await traded(await house.seller())
    file = tmp_path / "other.json"
    databases = json.loads((tmp_path / "placements.json").read_text())
    file.write_text(json.dumps({**databases, "gone": {"database": "is_not_there"}}))
    before = await states(house)
    with pytest.raises(Exception, match="is_not_there"):
        await invx(
            house,
            *("tenant", "move", tnt(desk.tenant_id), "--to", "gone"),
            INVX_PLACEMENTS=str(file),
        )
    assert await states(house) == before
    await desk.invoice()


async def test_what_a_context_says_alone_is_no_whole_tenant(house: World, tmp_path: Path) -> None:
    """A tenant that only some contexts know to be active is neither moved nor erased."""
    desk = await traded(await house.seller())
    async with house.admin() as conn:
        await conn.execute(
            "UPDATE analytics.tenants SET status = 'suspended' WHERE tenant_id = $1", desk.tenant_id
        )
    said = await said_of(desk, ("erase", "{id}", "--confirm", "T", "--without-export"), tmp_path)
    assert (said.code, "is active: suspend it first" in said.text) == (1, True)
    assert (await invx(house, "tenant", "suspend", tnt(desk.tenant_id))).code == 0
    for context in MOVING:
        async with house.admin() as conn:
            assert (
                await conn.fetchval(
                    f"SELECT status FROM {context}.tenants WHERE tenant_id = $1", desk.tenant_id
                )
                == "suspended"
            )
