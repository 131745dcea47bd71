"""An archive that came from outside: whole, or refused with a sentence; never a stack."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.tenants.arriving import Archive
from invx.infra.tenants.heads import Heads
from invx.infra.tenants.manifest import (
    FORMAT,
    MANIFEST,
    ArchiveRefused,
    Contents,
    ContextContents,
    DirectoryRow,
    Manifest,
    read_manifest,
)

TENANT = UUID(int=0x7E)
NOW = datetime(2026, 11, 30, 19, tzinfo=UTC)
ROWS = b"1\tone\n2\ttwo\n" * 20
PDF = bytes(range(256)) * 4
HEADS = Heads(streams=2, events=5, heads="ab" * 32, seals=1, last_root="cd" * 32)


def directory(**other: Any) -> DirectoryRow:
    said: dict[str, Any] = {
        "name": "Elbkontor",
        "mode": "live",
        "epoch": 3,
        "clock_offset_seconds": 0.0,
        "quota_class": "standard",
        "tokens_not_before": None,
    }
    return DirectoryRow(**{**said, **other})


def contents(rows: int, files: int) -> ContextContents:
    table = Contents("streams", ("stream_id", "kind"), rows, hashlib.sha256(ROWS).hexdigest())
    return ContextContents(((1, "begin", "00ff"),), (table,), HEADS.said(), files)


def manifest(**other: Any) -> Manifest:
    said: dict[str, Any] = {
        "format": FORMAT,
        "version": "0.1.0",
        "made_at": NOW,
        "tenant": TENANT,
        "directory": directory(),
        "contexts": {"invoicing": contents(40, 1), "identity": contents(2, 0)},
    }
    return Manifest(**{**said, **other})


def packed(*, compression: int = zipfile.ZIP_DEFLATED, said: bytes | None = None) -> bytes:
    """An archive as `leaving` writes it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as file:
        file.writestr("invoicing/streams.tsv", ROWS)
        file.writestr(zipfile.ZipInfo("invoicing/files/" + "ef" * 32), PDF)
        file.writestr(MANIFEST, msgspec.json.encode(manifest()) if said is None else said)
    return out.getvalue()


async def read(archive: Archive, name: str) -> tuple[bytes, str]:
    digest = hashlib.sha256()
    found = b"".join([piece async for piece in archive.pieces(name, digest)])
    return found, digest.hexdigest()


MEMBERS = {"invoicing/streams.tsv": ROWS, "invoicing/files/" + "ef" * 32: PDF}


async def test_what_was_written_is_read_again_with_its_hash() -> None:
    archive = Archive(io.BytesIO(packed()))
    assert archive.manifest == manifest()
    for name, content in MEMBERS.items():
        assert await read(archive, name) == (content, hashlib.sha256(content).hexdigest())


def test_a_manifest_counts_rows_and_files_of_all_contexts() -> None:
    assert (manifest().rows, manifest().files) == (42, 1)
    nothing = manifest(contexts={})
    assert (nothing.rows, nothing.files) == (0, 0)


@given(st.integers(-315_360_000, 315_360_000))
def test_the_clock_of_a_sandbox_comes_back_to_the_second(seconds: int) -> None:
    text = msgspec.json.encode(manifest(directory=directory(clock_offset_seconds=float(seconds))))
    assert read_manifest(text).directory.clock_offset == timedelta(seconds=seconds)


async def test_a_member_that_is_missing_is_named() -> None:
    archive = Archive(io.BytesIO(packed()))
    with pytest.raises(ArchiveRefused, match=r"identity/streams\.tsv cannot be read"):
        await read(archive, "identity/streams.tsv")


def test_an_archive_whose_writing_was_broken_off_has_no_manifest() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("invoicing/streams.tsv", ROWS)
    with pytest.raises(ArchiveRefused, match="no whole archive"):
        Archive(out)


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06" + b"\0" * 18, PDF, b"{}"])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        Archive(io.BytesIO(content))


def edited(change: Callable[[dict[str, Any]], None]) -> bytes:
    said = msgspec.json.decode(msgspec.json.encode(manifest()))
    change(said)
    return msgspec.json.encode(said)


def without(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(said: dict[str, Any]) -> None:
        for name in path[:-1]:
            said = said[name]
        del said[path[-1]]

    return change


def setting(value: Any, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(said: dict[str, Any]) -> None:
        for name in path[:-1]:
            said = said[name]
        said[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (without("tenant"), "tenant"),
        (without("format"), "format"),
        (without("made_at"), "made_at"),
        (without("directory", "epoch"), "epoch"),
        (without("contexts", "invoicing", "heads"), "heads"),
        (setting("tnt_1", "tenant"), "tenant"),
        (setting("yesterday", "made_at"), "made_at"),
        (setting("3", "directory", "epoch"), "epoch"),
        (setting(None, "directory", "name"), "name"),
        (setting([1], "contexts"), "contexts"),
        (setting(-1.5, "contexts", "identity", "files"), "files"),
        (setting([["1", "begin", "00ff"]], "contexts", "identity", "migrations"), "migrations"),
        (setting([[1, "begin"]], "contexts", "identity", "migrations"), "migrations"),
        (setting("invx tenant 2", "format"), "invx tenant 2"),
        (setting("", "format"), "not 'invx tenant 1'"),
    ],
)
def test_a_manifest_that_is_none_says_what_is_wrong_with_it(change: Any, named: str) -> None:
    with pytest.raises(ArchiveRefused) as refused:
        read_manifest(edited(change))
    assert named in refused.value.detail


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{", b"\xff", b"{}", b"nan"])
def test_no_text_but_that_of_a_manifest_is_one(text: bytes) -> None:
    with pytest.raises(ArchiveRefused, match=r"manifest\.json"):
        read_manifest(text)
    with pytest.raises(ArchiveRefused, match=r"manifest\.json"):
        Archive(io.BytesIO(packed(said=text)))


def test_more_than_is_known_is_left_for_later_versions() -> None:
    assert read_manifest(edited(setting("more", "later"))) == manifest()


WHOLE = {each: packed(compression=each) for each in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)}


async def outcome(content: bytes) -> str:
    """What becomes of an archive: refused, or every member as it was written."""
    try:
        archive = Archive(io.BytesIO(content))
        for name, said in MEMBERS.items():
            assert await read(archive, name) == (said, hashlib.sha256(said).hexdigest())
    except ArchiveRefused as refused:
        return "refused" if refused.detail else "refused without a word"
    assert archive.manifest == manifest()
    return "whole"


@pytest.mark.parametrize("compression", sorted(WHOLE))
async def test_a_byte_that_was_changed_is_refused_or_does_no_harm(compression: int) -> None:
    """Each byte in its turn; a time of a member, say, means nothing to anybody."""
    whole, found = WHOLE[compression], set[str]()
    for at in range(len(whole)):
        for flip in (0x01, 0x80, 0xFF):
            changed = bytearray(whole)
            changed[at] ^= flip
            found.add(await outcome(bytes(changed)))
    assert found == {"refused", "whole"}


@pytest.mark.parametrize("compression", sorted(WHOLE))
async def test_an_archive_that_was_cut_off_anywhere_is_refused(compression: int) -> None:
    whole = WHOLE[compression]
    for length in range(0, len(whole), 7):
        assert await outcome(whole[:length]) == "refused"
    assert await outcome(whole) == "whole"


async def test_a_member_that_is_encrypted_is_refused() -> None:
    """Bit 0 of the flags, in the local and the central header (APPNOTE 4.4.4)."""
    changed = bytearray(packed())
    central = changed.rindex(b"PK\x01\x02")
    changed[central + 8] |= 1
    changed[changed.rindex(b"PK\x03\x04") + 6] |= 1
    assert await outcome(bytes(changed)) == "refused"
