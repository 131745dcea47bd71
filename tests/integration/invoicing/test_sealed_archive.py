"""The sealed archive of a tenant, and the script that proves it with Python alone (D3)."""

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from invx.host import HOLDINGS
from invx.infra.archive_export import export_archive
from tests.sealing import seal
from tests.waiting import HANG_SECONDS
from tests.world import Desk, line

SCRIPT = Path(__file__).parents[3] / "scripts" / "verify_archive.py"


def verified(path: Path, *more: str) -> tuple[int, str]:
    """The exit code and what the script said, run as a stranger would: alone, nothing installed."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(path), *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_SECONDS,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


async def exported(desk: Desk, path: Path) -> dict[str, int]:
    async with desk.world.admin() as conn:
        with path.open("xb") as file:
            return await export_archive(
                dict.fromkeys(HOLDINGS, conn), HOLDINGS, desk.tenant_id, file
            )


async def a_past(desk: Desk) -> None:
    """Something of everything that an archive holds."""
    first = await desk.invoice(line("100.00"))
    await desk.post(f"/v1/invoices/{first['id']}/payments", {"amount": "1.00", "source": "b"})
    await desk.post(f"/v1/invoices/{first['id']}/credit-notes", {"finalize": True})
    await desk.world.settle()
    await seal(desk)
    await desk.invoice(
        line("3.00"),
        buyer={"name": "Łódź \u2028 Kraków", "customer": "ł"}
        | {
            "address": {
                "country": "PL",
                "city": "Łódź",
                "postal_code": "90-001",
                "line1": "Piotrkowska 1",
            }
        },
    )
    await desk.draft(line("5.00"))
    await seal(desk)


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """One archive for all that only change copies of it."""
    return {}


@pytest.fixture
async def archive(desk: Desk, tmp_path: Path, kept: dict[str, Any]) -> Path:
    path = tmp_path / "tenant.zip"
    if "bytes" not in kept:
        await a_past(desk)
        kept["rows"] = await exported(desk, path)
        kept["bytes"] = path.read_bytes()
        async with desk.world.admin() as conn:
            kept["root"] = await conn.fetchval(
                "SELECT encode(root, 'hex') FROM invoicing.seals WHERE tenant_id = $1"
                " ORDER BY number DESC LIMIT 1",
                desk.tenant_id,
            )
    path.write_bytes(kept["bytes"])
    return path


def rewritten(
    path: Path, change: Callable[[dict[str, bytes]], None], *, honest: bool = False
) -> Path:
    """A copy with changed members; unless `honest` its manifest is made to agree."""
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    change(members)
    manifest = json.loads(members["manifest.json"])
    if not honest:
        for name in manifest["sha256"].keys() & members.keys():
            manifest["sha256"][name] = hashlib.sha256(members[name]).hexdigest()
        for name in manifest["sha256"].keys() - members.keys():
            del manifest["sha256"][name]
        for name in manifest["rows"]:
            manifest["rows"][name] = members.get(name, b"").count(b"\n")
        members["manifest.json"] = json.dumps(manifest).encode()
    copy = path.with_name("copy.zip")
    with zipfile.ZipFile(copy, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return copy


async def test_an_untouched_archive_is_intact(archive: Path, kept: dict[str, Any]) -> None:
    code, said = verified(archive)
    rows = kept["rows"]
    assert (code, said.splitlines()[-1]) == (0, "Intact.")
    assert f"{rows['invoicing/events.jsonl']} events" in said
    assert f"{rows['invoicing/seals.jsonl']} seals" in said
    assert f"{rows['invoicing/register.jsonl']} register rows" in said
    assert rows["invoicing/register.jsonl"] == 3
    assert rows["invoicing/files.jsonl"] > 0
    assert f"{rows['invoicing/files.jsonl']} files" in said
    with zipfile.ZipFile(archive) as file:
        assert "verify_archive.py" in file.read("README.txt").decode()


async def test_the_last_root_is_compared_with_what_the_anchor_holds(
    archive: Path, kept: dict[str, Any]
) -> None:
    assert verified(archive, "--root", f"invoicing={kept['root']}")[0] == 0
    code, said = verified(archive, "--root", f"invoicing={'0' * 64}")
    assert code == 1
    assert "the anchor holds" in said
    assert verified(archive, "--root", f"elsewhere={'0' * 64}")[0] == 1


async def test_a_flipped_byte_of_any_member_is_named(archive: Path) -> None:
    """The manifest is as it was: its hashes find everything, wherever it is."""
    with zipfile.ZipFile(archive) as file:
        names = file.namelist()
        kinds = {name.split("/files/")[0]: name for name in names if file.getinfo(name).file_size}
    assert len(kinds) >= 10
    for name in kinds.values():

        def flip(members: dict[str, bytes], name: str = name) -> None:
            content = bytearray(members[name])
            content[len(content) // 2] ^= 1
            members[name] = bytes(content)

        code, said = verified(rewritten(archive, flip, honest=True))
        assert code in (1, 2), name
        assert name in said or name == "manifest.json", (name, said)


Change = Callable[[dict[str, Any]], object]


def first_of(name: str, change: Change, **where: Any) -> Callable[[dict[str, bytes]], None]:
    """Changes the first line of a list that has these values."""

    def changed(members: dict[str, bytes]) -> None:
        lines = members[f"invoicing/{name}.jsonl"].splitlines()
        for at, line_ in enumerate(lines):
            row = json.loads(line_)
            if all(row[key] == value for key, value in where.items()):
                change(row)
                text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
                lines[at] = text.encode()
                break
        members[f"invoicing/{name}.jsonl"] = b"".join(line_ + b"\n" for line_ in lines)

    return changed


def without(name: str, at: int) -> Callable[[dict[str, bytes]], None]:
    """Leaves out a line of a list."""

    def changed(members: dict[str, bytes]) -> None:
        lines = members[f"invoicing/{name}.jsonl"].splitlines(keepends=True)
        del lines[at]
        members[f"invoicing/{name}.jsonl"] = b"".join(lines)

    return changed


def bump(text: str) -> str:
    """Another text of the same form."""
    last = "1" if text[-1] == "0" else "0"
    return text[:-1] + last


FORGERIES: list[tuple[Callable[[dict[str, bytes]], None], str]] = [
    *(
        (first_of("events", lambda row, f=field: row.update({f: bump(row[f])})), "event does not g")
        for field in ("event_id", "type", "actor", "correlation_id", "body", "hash")
    ),
    (
        first_of("events", lambda row: row.update(occurred_at=row["recorded_at"][:-2] + "9Z")),
        "the event does not give its hash",
    ),
    (first_of("events", lambda row: row.update(version=5)), "the event is missing"),
    (first_of("events", lambda row: row.update(version=1), version=2), "the event is missing"),
    (without("events", 0), "invoicing/"),
    (without("events", -1), "end otherwise"),
    (first_of("streams", lambda row: row.update(version=77)), "end otherwise"),
    (first_of("streams", lambda row: row.update(head_hash=bump(row["head_hash"]))), "otherwise"),
    (without("streams", 0), "events of unknown streams"),
    (first_of("personal", lambda row: row.update(value='"Mallory"')), "not what the event proves"),
    (first_of("personal", lambda row: row.update(salt=bump(row["salt"]))), "not what the event"),
    (first_of("personal", lambda row: row.update(field="77")), "no event knows"),
    (
        first_of("personal", lambda row: row.update(subject_id=bump(row["subject_id"]))),
        "the event names another subject",
    ),
    (first_of("seals", lambda row: row.update(root=bump(row["root"]))), "does not give its root"),
    (first_of("seals", lambda row: row.update(number=9)), "seal 1 is missing"),
    (first_of("seals", lambda row: row.update(leaves=99)), "seal 1 has"),
    (first_of("seals", lambda row: row.update(previous="f" * 64)), "follows from another"),
    (
        first_of("seals", lambda row: row.update(sealed_at="2026-01-01T00:00:00.000001Z")),
        "does not give its root",
    ),
    (without("seals", 0), "seal 1 is missing"),
    (without("seals", -1), "leaves of unknown seals"),
    (without("leaves", 0), "leaves"),
    (first_of("leaves", lambda row: row.update(head_hash=bump(row["head_hash"]))), "another hash"),
    (first_of("leaves", lambda row: row.update(version=99)), "the sealed event is missing"),
    (first_of("leaves", lambda row: row.update(number=2)), "leaves"),
    *(
        (first_of("register", lambda row, f=field: row.update({f: bump(row[f])})), "fingerprint")
        for field in ("number", "issue_date", "net", "tax", "gross", "due", "fingerprint", "taxes")
        if field != "taxes"
    ),
    (
        first_of("register", lambda row: row.update(taxes=row["taxes"].replace("19", "18", 1))),
        "the row does not give its fingerprint",
    ),
    (first_of("register", lambda row: row.update(position=2)), "position 1 is missing"),
    (first_of("register", lambda row: row.update(previous="f" * 64)), "follows from another"),
    (without("register", 1), "position 2 is missing"),
    (without("register", -1), "rows were entered"),
    (without("files", 0), "files that no row lists"),
    (first_of("files", lambda row: row.update(sha256=bump(row["sha256"]))), "bytes do not give"),
]


async def test_a_forgery_with_a_manifest_that_agrees_is_named(archive: Path) -> None:
    for number, (forge, said) in enumerate(FORGERIES):
        code, found = verified(rewritten(archive, forge))
        assert code == 1, (number, said, found)
        assert said in found, (number, said, found)


async def test_files_and_members_that_are_gone_or_too_many_are_named(archive: Path) -> None:
    def lose_file(members: dict[str, bytes]) -> None:
        del members[next(name for name in members if "/files/" in name)]

    def lose_list(members: dict[str, bytes]) -> None:
        del members["invoicing/personal.jsonl"]

    def add(members: dict[str, bytes]) -> None:
        members["invoicing/files/more"] = b"x"

    for change, honest, said in (
        (lose_file, False, "is missing"),
        (lose_file, True, "is missing"),
        (lose_list, False, "personal.jsonl: is missing"),
        (lose_list, True, "personal.jsonl: is missing"),
        (add, True, "the manifest does not list it"),
    ):
        code, found = verified(rewritten(archive, change, honest=honest))
        assert code == 1, found
        assert said in found


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive at all"])
def test_what_is_no_archive_is_refused_without_a_stack(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    code, said = verified(path)
    assert code == 2
    assert "cannot be read" in said


def test_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("manifest.json", '{"format": "invx archive 2"}')
    assert verified(path) == (1, "BROKEN manifest.json: the format is 'invx archive 2'\n")


async def test_an_archive_of_an_erased_customer_is_intact(desk: Desk, tmp_path: Path) -> None:
    await a_past(desk)
    await desk.world.advance(desk.tenant_id, timedelta(days=3650))  # retention is over
    assert (await desk.post("/v1/erasures", {"customer": "C-1"}))["kept"] == []
    await seal(desk)
    path = tmp_path / "erased.zip"
    await exported(desk, path)
    assert verified(path)[0] == 0
    with zipfile.ZipFile(path) as file:
        assert b"Elbkontor" not in file.read("invoicing/personal.jsonl")


async def test_only_one_tenant_is_in_it(desk: Desk, tmp_path: Path) -> None:
    other = await desk.world.seller()
    for each in (desk, other):
        await each.invoice(line("1.00"))
        await seal(each)
    path = tmp_path / "one.zip"
    await exported(desk, path)
    with zipfile.ZipFile(path) as file:
        text = b"".join(file.read(name) for name in file.namelist())
    assert str(other.tenant_id).encode() not in text
    assert verified(path)[0] == 0
