"""The file that seals leave the house to: it only grows, and notices when it is not what it was."""

import hashlib
import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.anchor_file import AnchorFile, AnchorMismatch, read_anchor
from invx.kernel.ports import SealStatement


def statement(seal: int, *, tenant: str = "t1", root: str | None = None) -> SealStatement:
    return SealStatement(
        "invoicing",
        tenant,
        seal,
        root or f"{seal:064x}",
        3,
        "2026-11-29T12:00:00.000001Z",
        [{"series": "s", "period": "2026", "last": seal}],
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "seals.jsonl"


async def test_each_line_is_chained_to_the_one_before_it(path: Path) -> None:
    anchor = AnchorFile(path)
    receipts = await anchor.keep([statement(1), statement(2)], known=0)
    receipts += await anchor.keep([statement(1, tenant="t2")], known=0)
    raw = path.read_bytes().splitlines()
    hashes = [hashlib.sha256(line).hexdigest() for line in raw]
    assert receipts == [{"line": n, "sha256": each} for n, each in enumerate(hashes, 1)]
    assert [line["previous"] for line in lines(path)] == ["0" * 64, *hashes[:2]]
    assert lines(path)[1] == {
        "format": "invx anchor 1",
        "line": 2,
        "context": "invoicing",
        "tenant": "t1",
        "seal": 2,
        "root": f"{2:064x}",
        "leaves": 3,
        "sealed_at": "2026-11-29T12:00:00.000001Z",
        "numbers": [{"series": "s", "period": "2026", "last": 2}],
        "previous": hashes[0],
    }
    assert anchor.name == "file:seals.jsonl"


async def test_what_is_kept_already_is_kept_once(path: Path) -> None:
    """The process died between the file and the receipt: the next one keeps the same again."""
    first = await AnchorFile(path).keep([statement(1), statement(2)], known=0)
    before = path.read_bytes()
    again = await AnchorFile(path).keep([statement(1), statement(2)], known=0)
    assert (again, path.read_bytes()) == (first, before)
    more = await AnchorFile(path).keep([statement(2), statement(3)], known=1)
    assert (more[0], more[1]["line"]) == (first[1], 3)
    assert path.read_bytes().startswith(before)


async def test_two_processes_append_to_one_chain(path: Path) -> None:
    one, other = AnchorFile(path), AnchorFile(path)
    for seal in range(1, 6):
        await one.keep([statement(seal)], known=seal - 1)
        await other.keep([statement(seal, tenant="t2")], known=seal - 1)
    assert [each.line for each in read_anchor(path)] == list(range(1, 11))


def _append(path: Path, tenant: str) -> None:
    anchor = AnchorFile(path)
    for seal in range(1, 21):
        anchor._keep([statement(seal, tenant=tenant)], seal - 1)


def test_processes_that_append_at_once_do_not_break_the_chain(path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    running = [spawn.Process(target=_append, args=(path, f"t{n}")) for n in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join(30)
    assert [process.exitcode for process in running] == [0, 0, 0]
    found = list(read_anchor(path))
    assert len(found) == 60
    for tenant in ("t0", "t1", "t2"):
        assert [each.seal for each in found if each.tenant == tenant] == list(range(1, 21))


async def test_a_database_that_was_restored_is_recognised(path: Path) -> None:
    """It makes seal 2 anew, over another history (D2)."""
    await AnchorFile(path).keep([statement(1), statement(2), statement(3)], known=0)
    before = path.read_bytes()
    for anchor in (AnchorFile(path), AnchorFile(path)):
        with pytest.raises(AnchorMismatch, match=r"goes on to seal 3 .* seal 2 is another"):
            await anchor.keep([statement(2, root="f" * 64)], known=1)
    assert path.read_bytes() == before


@pytest.mark.parametrize("left", [0, 1])
async def test_a_file_that_lost_lines_is_recognised_by_the_receipts(path: Path, left: int) -> None:
    await AnchorFile(path).keep([statement(1), statement(2)], known=0)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:left]))
    with pytest.raises(AnchorMismatch, match="does not hold seal 2"):
        await AnchorFile(path).keep([statement(3)], known=2)


@pytest.mark.parametrize("damage", ["changed", "cut", "emptied"])
async def test_a_file_that_changed_under_a_running_process_is_not_written(
    path: Path, damage: str
) -> None:
    anchor = AnchorFile(path)
    await anchor.keep([statement(1), statement(2)], known=0)
    text = path.read_bytes()
    broken = {"changed": text.replace(b'"seal":2', b'"seal":9'), "cut": text[:-9], "emptied": b""}
    path.write_bytes(broken[damage])
    with pytest.raises(AnchorMismatch, match="line 2 is not what it was"):
        await anchor.keep([statement(3)], known=2)
    assert path.read_bytes() == broken[damage]


@pytest.mark.parametrize("tail", [b'{"format":"invx anch', b"\n", b"null\n", b"[]\n", b"{}\n"])
async def test_a_tail_that_does_not_follow_stops_the_anchor(path: Path, tail: bytes) -> None:
    await AnchorFile(path).keep([statement(1)], known=0)
    path.write_bytes(path.read_bytes() + tail)
    with pytest.raises(AnchorMismatch, match="line 2 does not follow"):
        await AnchorFile(path).keep([statement(2)], known=1)
    with pytest.raises(AnchorMismatch, match="line 2"):
        list(read_anchor(path))


_WHOLE: list[bytes] = []


def whole() -> bytes:
    """A file of three seals, made once."""
    if not _WHOLE:
        text, previous = b"", "0" * 64
        for seal in (1, 2, 3):
            each = statement(seal)
            said = {"format": "invx anchor 1", "line": seal}
            said |= {name: getattr(each, name) for name in each.__slots__}
            line = json.dumps(said | {"previous": previous}).encode()
            text, previous = text + line + b"\n", hashlib.sha256(line).hexdigest()
        _WHOLE.append(text)
    return _WHOLE[0]


@given(st.data())
def test_every_flipped_bit_but_those_of_the_last_line_is_found(data: st.DataObject) -> None:
    """The last line has nothing after it to prove it; the receipt in the database does."""
    text = bytearray(whole())
    last = len(text) - len(text.splitlines(keepends=True)[-1])
    at = data.draw(st.integers(0, last - 1))
    text[at] ^= 1 << data.draw(st.integers(0, 7))
    path = Path(f"/dev/shm/invx-anchor-{multiprocessing.current_process().pid}")
    path.write_bytes(bytes(text))
    try:
        with pytest.raises(AnchorMismatch, match="does not follow"):
            list(read_anchor(path))
    finally:
        path.unlink()


def test_an_untouched_file_reads_as_it_was_written(path: Path) -> None:
    path.write_bytes(whole())
    found = [(each.seal, each.root, each.name) for each in read_anchor(path)]
    assert found == [(n, f"{n:064x}", "file:seals.jsonl") for n in (1, 2, 3)]


async def test_a_folder_that_is_not_there_is_an_error_and_no_receipt(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await AnchorFile(tmp_path / "none" / "seals.jsonl").keep([statement(1)], known=0)
