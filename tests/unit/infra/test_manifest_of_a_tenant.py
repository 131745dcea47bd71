"""The manifest of a tenant's archive: what it must say, and what is refused with a sentence."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from invx.infra.tenants.manifest import (
    FORMAT,
    ArchiveRefused,
    Contents,
    ContextContents,
    DirectoryRow,
    Manifest,
    read_manifest,
)

TABLE = Contents("events", ("stream_id", "body"), 7, "0" * 64)
DIRECTORY = DirectoryRow("T", "live", 4, 3600.5, "standard", None)
CONTEXT = ContextContents(((1, "0001_pre_core.sql", "ab"),), (TABLE, TABLE), {"events": 7}, 2)
MANIFEST = Manifest(
    FORMAT,
    "0.1",
    datetime(2026, 11, 30, 12, tzinfo=UTC),
    UUID(int=5),
    DIRECTORY,
    {"invoicing": CONTEXT, "analytics": CONTEXT},
)


def said(**changes: Any) -> bytes:
    """The manifest as JSON, with other values, or without a key (None)."""
    whole = json.loads(msgspec.json.encode(MANIFEST)) | changes
    return json.dumps({key: each for key, each in whole.items() if each is not None}).encode()


def test_what_was_written_is_read_again() -> None:
    assert read_manifest(msgspec.json.encode(MANIFEST)) == MANIFEST
    assert read_manifest(msgspec.json.format(msgspec.json.encode(MANIFEST), indent=1)) == MANIFEST


def test_it_adds_up_the_rows_and_files_of_all_contexts() -> None:
    assert (MANIFEST.rows, MANIFEST.files) == (28, 4)
    assert DIRECTORY.clock_offset == timedelta(hours=1, milliseconds=500)


def test_what_a_later_release_says_beside_it_is_not_minded() -> None:
    assert read_manifest(said(remark="made at night")) == MANIFEST


@pytest.mark.parametrize("key", ["format", "version", "made_at", "tenant", "directory", "contexts"])
def test_nothing_of_it_may_be_missing(key: str) -> None:
    with pytest.raises(ArchiveRefused, match=key):
        read_manifest(said(**{key: None}))


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": "tnt_1"},
        {"made_at": "yesterday"},
        {"contexts": []},
        {"contexts": {"invoicing": {"tables": []}}},
        {"directory": {"name": "T"}},
        {"version": 1},
    ],
)
def test_what_is_of_another_type_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ArchiveRefused, match="not that of an archive of a tenant"):
        read_manifest(said(**changes))


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"{}"])
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(ArchiveRefused, match="not that of an archive of a tenant"):
        read_manifest(text)


@pytest.mark.parametrize("format", ["invx tenant 2", "invx archive 1", "", "INVX TENANT 1"])
def test_another_format_is_named(format: str) -> None:
    with pytest.raises(ArchiveRefused, match="of the format") as refused:
        read_manifest(said(format=format))
    assert repr(format) in refused.value.detail
    assert repr(FORMAT) in refused.value.detail
