"""An uploaded file: added once, deleted once, never changed."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain.files.file import File, FileNotFound
from invx.contexts.invoicing.domain.files.file_events import FileAdded, FileDeleted
from invx.contexts.invoicing.read.files import file_row, file_view
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event

ID = UUID(int=7)
NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
ADDED = FileAdded(
    file_id=ID, name="a.csv", media_type="text/csv", sha256="ab" * 32, size=4, added_at=NOW
)


def file(*past: Event) -> File:
    return File.rehydrate(ID, past)


def test_it_is_added_as_it_is() -> None:
    new = File.add(ID, name="a.csv", media_type="text/csv", sha256="ab" * 32, size=4, now=NOW)
    assert new.recorded == [ADDED]
    assert (new.name, new.media_type, new.size, new.added_at) == ("a.csv", "text/csv", 4, NOW)


def test_it_is_deleted_once() -> None:
    known = file(ADDED)
    known.ensure_exists()
    known.delete()
    assert known.recorded == [FileDeleted()]
    for again in (known.delete, known.ensure_exists):
        with pytest.raises(FileNotFound):
            again()


def test_it_knows_its_own_events_only() -> None:
    class Stranger(Event):
        pass

    with pytest.raises(InvariantViolation):
        file(ADDED).apply(Stranger())


def test_the_view_says_what_the_aggregate_does() -> None:
    shown: dict[str, Any] = file_view(ID, file_row(file(ADDED)))
    assert shown["object"] == "file"
    assert shown["id"].startswith("file_")
    assert (shown["name"], shown["size"], shown["sha256"]) == ("a.csv", 4, "ab" * 32)
    assert shown["created_at"] == "2026-11-30T23:30:00Z"
