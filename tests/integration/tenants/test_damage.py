"""Archives that are damaged or made up, of every kind: each is named, and nothing of it stays."""

import hashlib
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from invx.infra.embedded import Postgres
from invx.infra.tenants.manifest import MANIFEST
from tests.integration.tenants.two import another, everything_of, exported, rewritten, traded
from tests.tenants import invx, tnt
from tests.world import Desk, World

Damage = Callable[[Path, Path], Path]


@pytest.fixture
async def pair(server: Postgres, tmp_path: Path) -> AsyncIterator[tuple[Path, World, Desk]]:
    """A good archive of a tenant with a little of the usual, and an installation without it."""
    async with another(server, tmp_path / "a") as first:
        desk = await traded(await first.seller())
        file = await exported(desk, tmp_path / "t.zip")
        async with another(server, tmp_path / "b") as second:
            yield file, second, desk


def lines_of(table: str, change: Callable[[list[bytes]], list[bytes]], *, stated: bool) -> Damage:
    """Other lines in a table; with `stated` the manifest says so too."""

    def damaged(file: Path, target: Path) -> Path:
        schema, _, name = table.partition(".")
        member = f"{schema}/{name}.tsv"
        with ZipFile(file) as archive:
            old, manifest = archive.read(member), json.loads(archive.read(MANIFEST))
        new = b"".join(change(old.splitlines(keepends=True)))
        assert new != old
        if stated:
            [held] = [t for t in manifest["contexts"][schema]["tables"] if t["name"] == name]
            held["sha256"], held["rows"] = hashlib.sha256(new).hexdigest(), new.count(b"\n")
        changed = {member: new, MANIFEST: json.dumps(manifest).encode()}
        return rewritten(file, target, changed.get)

    return damaged


def manifest_with(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Another manifest."""

    def damaged(file: Path, target: Path) -> Path:
        with ZipFile(file) as archive:
            manifest = json.loads(archive.read(MANIFEST))
        change(manifest)
        text = json.dumps(manifest).encode()
        return rewritten(file, target, lambda n, c: text if n == MANIFEST else c)

    return damaged


def bytes_with(change: Callable[[bytes], bytes]) -> Damage:
    """Other bytes of the file itself."""

    def damaged(file: Path, target: Path) -> Path:
        target.write_bytes(change(file.read_bytes()))
        return target

    return damaged


def member_of(name: str, content: bytes | None) -> Damage:
    """A member with another content, or without."""
    return lambda file, target: rewritten(file, target, lambda n, c: content if n == name else c)


def doubled(file: Path, target: Path) -> Path:
    """A member that stands in the file twice, the second of which is another."""
    with ZipFile(file) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        with pytest.warns(UserWarning, match="Duplicate name"):
            new.writestr("invoicing/events.tsv", b"")
    return target


def in_contents(table: str, key: str, value: Any) -> Damage:
    schema, _, name = table.partition(".")

    def change(manifest: dict[str, Any]) -> None:
        [held] = [t for t in manifest["contexts"][schema]["tables"] if t["name"] == name]
        held[key] = value

    return manifest_with(change)


def drop_column(lines: list[bytes]) -> list[bytes]:
    return [line.partition(b"\t")[2] for line in lines]


def twice(lines: list[bytes]) -> list[bytes]:
    return [*lines, lines[0]]


def without_last(lines: list[bytes]) -> list[bytes]:
    return lines[:-1]


def swapped(old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [line.replace(old, new) for line in lines]


def heads(key: str, by: int) -> Damage:
    def change(manifest: dict[str, Any]) -> None:
        manifest["contexts"]["invoicing"]["heads"][key] += by

    return manifest_with(change)


KINDS: dict[str, tuple[Damage, str]] = {
    "no zip file": (bytes_with(lambda c: b"PDF" + bytes(200)), "no whole archive"),
    "empty file": (bytes_with(lambda c: b""), "no whole archive"),
    "cut in the middle": (bytes_with(lambda c: c[: len(c) // 2]), "no whole archive"),
    "cut by one byte": (bytes_with(lambda c: c[:-1]), "no whole archive"),
    "no manifest": (member_of(MANIFEST, None), "no whole archive"),
    "manifest is no JSON": (member_of(MANIFEST, b"{"), "is not that of an archive"),
    "manifest of nothing": (member_of(MANIFEST, b"{}"), "is not that of an archive"),
    "manifest of another type": (member_of(MANIFEST, b"[1]"), "is not that of an archive"),
    "a format of tomorrow": (
        manifest_with(lambda m: m.update(format="invx tenant 9")),
        "of the format 'invx tenant 9'",
    ),
    "a tenant that is none": (
        manifest_with(lambda m: m.update(tenant="me")),
        "is not that of an archive",
    ),
    "no contexts": (manifest_with(lambda m: m.update(contexts={})), "holds the contexts"),
    "a migration more": (
        manifest_with(
            lambda m: m["contexts"]["analytics"]["migrations"].append([999, "0999_x.sql", "0" * 64])
        ),
        "0999_x.sql",
    ),
    "a migration that says something else": (
        manifest_with(
            lambda m: m["contexts"]["analytics"]["migrations"][0].__setitem__(2, "0" * 64)
        ),
        "of another version",
    ),
    "a table without its rows": (
        member_of("invoicing/events.tsv", None),
        "invoicing/events.tsv cannot be read",
    ),
    "a table of nothing": (member_of("invoicing/events.tsv", b""), "invoicing.events has 0 rows"),
    "a row less": (
        lines_of("invoicing.events", without_last, stated=False),
        "the manifest says",
    ),
    "a member twice": (doubled, "invoicing.events has 0 rows"),
    "more rows stated": (in_contents("invoicing.events", "rows", 10**6), "the manifest says"),
    "another hash stated": (in_contents("invoicing.events", "sha256", "0" * 64), "SHA-256"),
    "other columns stated": (
        in_contents("invoicing.documents", "columns", ["document_id"]),
        "The archive's tables of invoicing are not those",
    ),
    "a table of another name": (
        in_contents("invoicing.documents", "name", "papers"),
        "The archive's tables of invoicing are not those",
    ),
    "a column less in rows": (
        lines_of("invoicing.series", drop_column, stated=True),
        "What the archive holds are no rows",
    ),
    "text where a number is": (
        lines_of("invoicing.numbers", swapped(b"2026", b"zzzz\t1"), stated=True),
        "What the archive holds are no rows",
    ),
    "a row twice": (
        lines_of("invoicing.events", twice, stated=True),
        "What the archive holds are no rows",
    ),
    "the last event is missing": (
        lines_of("invoicing.events", without_last, stated=True),
        "is not whole",
    ),
    "an event says something else": (
        lines_of("invoicing.events", swapped(b"user:test", b"user:else"), stated=True),
        "is not whole",
    ),
    "a seal is missing": (
        lines_of("invoicing.seals", without_last, stated=True),
        "is not whole",
    ),
    "an amount that adds up to nothing": (
        lines_of("invoicing.documents", swapped(b"119.00", b"119.01"), stated=True),
        "net_and_tax_make_gross",
    ),
    "another buyer": (
        lines_of("invoicing.documents", swapped(b"Elbkontor", b"Alsterkon"), stated=True),
        "is not whole",
    ),
    "another status": (
        lines_of("invoicing.settlements", swapped(b"settled", b"partial"), stated=True),
        "is not whole",
    ),
    "a file's row is missing": (
        lines_of("invoicing.register", without_last, stated=True),
        "is not whole",
    ),
    "more events than there are": (heads("events", 1), "is not whole"),
    "fewer seals than there are": (heads("seals", -1), "is not whole"),
    "more files stated": (
        manifest_with(lambda m: m["contexts"]["invoicing"].update(files=1)),
        "names 0 files; the manifest says 1",
    ),
}


async def test_each_kind_is_named_and_nothing_of_it_stays(
    pair: tuple[Path, World, Desk], tmp_path: Path
) -> None:
    """One after the other into one installation; what is whole comes in at the end all the same."""
    file, elsewhere, desk = pair
    wrong: dict[str, str] = {}
    for number, (kind, (damage, said)) in enumerate(KINDS.items()):
        bad = damage(file, tmp_path / f"bad{number}.zip")
        refused = await invx(elsewhere, "tenant", "import", str(bad))
        left = await everything_of(elsewhere, desk.tenant_id)
        if (refused.code, said in refused.text, left) != (1, True, {}):
            wrong[kind] = f"{refused.code} {refused.text[-300:]} {left}"
    assert wrong == {}, wrong
    assert (await elsewhere.client(desk.tenant_id).get("/v1/invoices")).status_code == 404
    good = await invx(elsewhere, "tenant", "import", str(file))
    assert good.code == 0, good.text


async def test_an_archive_brings_no_row_of_another_tenant(
    pair: tuple[Path, World, Desk], tmp_path: Path
) -> None:
    """Whatever the manifest calls the tenant: rows become rows of that one, and prove nothing."""
    file, elsewhere, desk = pair
    other = await traded(await elsewhere.seller())
    before = await everything_of(elsewhere, other.tenant_id)
    taken = manifest_with(lambda m: m.update(tenant=str(other.tenant_id)))
    refused = await invx(elsewhere, "tenant", "import", str(taken(file, tmp_path / "taken.zip")))
    assert (refused.code, "here already (active)" in refused.text) == (1, True), refused.text
    assert await everything_of(elsewhere, other.tenant_id) == before
    strange = "0197c0de-0000-7000-8000-000000000001"
    fresh = manifest_with(lambda m: m.update(tenant=strange))
    refused = await invx(elsewhere, "tenant", "import", str(fresh(file, tmp_path / "fresh.zip")))
    assert (refused.code, "is not whole" in refused.text) == (1, True), refused.text
    assert await everything_of(elsewhere, other.tenant_id) == before
    assert await everything_of(elsewhere, desk.tenant_id) == {}


async def test_a_storage_with_files_of_the_tenant_is_somebody_elses(
    server: Postgres, tmp_path: Path
) -> None:
    """Two installations that share a folder: whoever erased the tenant, erased it for both."""
    folder = {"INVX_STORAGE": f"folder:{tmp_path / 'files'}"}
    own = {"INVX_STORAGE": f"folder:{tmp_path / 'own'}"}
    async with another(server, tmp_path / "a", folder) as first:
        desk = await traded(await first.seller())
        file = await exported(desk, tmp_path / "t.zip", **folder)
        lying = sorted(path for path in (tmp_path / "files").rglob("*") if path.is_file())
        assert lying
        async with another(server, tmp_path / "b", folder) as second:
            refused = await invx(second, "tenant", "import", str(file), **folder)
            assert (refused.code, "another installation" in refused.text) == (1, True)
            assert "The folder of INVX_STORAGE holds files" in refused.text
            assert await everything_of(second, desk.tenant_id) == {}
            assert (await invx(second, "tenant", "import", str(file), **own)).code == 0
        assert sorted(p for p in (tmp_path / "files").rglob("*") if p.is_file()) == lying


async def test_files_of_a_refused_archive_do_not_stay_in_the_folder(
    server: Postgres, tmp_path: Path
) -> None:
    """So the archive may be mended and brought in: nobody else keeps the tenant there."""
    there, here = ({"INVX_STORAGE": f"folder:{tmp_path / name}"} for name in ("there", "here"))
    async with another(server, tmp_path / "a", there) as first:
        desk = await traded(await first.seller())
        file = await exported(desk, tmp_path / "t.zip", **there)
    forge = lines_of("invoicing.documents", swapped(b"Elbkontor", b"Alsterkon"), stated=True)
    bad = forge(file, tmp_path / "bad.zip")
    async with another(server, tmp_path / "b", here) as second:
        refused = await invx(second, "tenant", "import", str(bad), **here)
        assert (refused.code, "is not whole" in refused.text) == (1, True), refused.text
        assert [p for p in (tmp_path / "here").rglob("*") if p.is_file()] == []
        done = await invx(second, "tenant", "import", str(file), **here)
        assert (done.code, re.search(r"[1-9]\d* files, all proved", done.text) is not None) == (
            *(0, True),
        )
        assert tnt(desk.tenant_id) in done.text
