"""Addresses of storages, as `docs/operations/storage.md` writes them: `folder:/path`, `s3://…`.

Each row of the table was written by hand from that page and from Amazon's rules for bucket and key.
"""

import csv
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.storage.bucket import BucketStorage
from invx.infra.storage.buckets import BucketPlace, S3Settings
from invx.infra.storage.folder import FolderStorage
from invx.infra.storage.places import (
    DATABASE,
    Places,
    StorageSettings,
    places_of,
    storage_at,
    storages_outside,
)
from invx.kernel.errors import Kind
from invx.kernel.storage import FileDamaged, FileMissing, StorageNotSetUp, Stored
from invx.settings import SettingInvalid, read_settings
from tests.storages import MemoryStorage

TENANT = UUID(int=1)
TABLE = Path(__file__).with_name("addresses.tsv")
with TABLE.open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["address"] or "nothing")
def test_an_address_is_understood_or_refused(row: dict[str, str]) -> None:
    address = row["address"]
    if row["kind"] == "refused":
        with pytest.raises(ValueError, match="wanted"):
            storage_at(address, S3Settings())
        return
    storage = storage_at(address, S3Settings())
    if row["kind"] == "folder":
        assert isinstance(storage, FolderStorage)
        assert storage._root == Path(address.removeprefix("folder:"))
    else:
        assert isinstance(storage, BucketStorage)
        place = BucketPlace.of(address)
        assert (place.bucket, place.prefix) == (row["bucket"], row["prefix"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["address"] or "nothing")
@pytest.mark.parametrize("variable", ["INVX_STORAGE", "INVX_STORAGE_ALSO"])
def test_a_process_does_not_start_with_an_address_that_is_refused(
    row: dict[str, str], variable: str
) -> None:
    address = row["address"]
    if not address.strip() or address != address.strip():
        return  # settings have no blanks at their ends, and an empty one is not set
    if row["kind"] == "refused":
        with pytest.raises(SettingInvalid, match="INVX_STORAGE"):
            read_settings({variable: address})
    else:
        said = read_settings({variable: address}).storage
        assert address in (said.main, *said.also)


names = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=6)


@given(names, st.lists(names, max_size=4), st.integers(1, 3), st.integers(0, 3))
def test_a_prefix_is_its_parts_each_ended_by_one_slash(
    bucket: str, parts: list[str], before: int, behind: int
) -> None:
    address = f"s3://{bucket}{'/' * before}{'/'.join(parts)}{'/' * behind}"
    place = BucketPlace.of(address)
    assert place.bucket == bucket
    assert place.prefix == "".join(f"{part}/" for part in parts)


def test_secrets_of_a_server_are_not_shown() -> None:
    shown = repr(S3Settings("http://127.0.0.1:9000", "eu-central-1", "the-key", "the-secret"))
    assert "127.0.0.1" in shown
    assert "the-key" not in shown
    assert "the-secret" not in shown


class Rows(MemoryStorage):
    place = DATABASE


@pytest.mark.parametrize(
    ("main", "also", "order"),
    [
        ("database", (), ["database"]),
        ("folder:/a", (), ["folder", "database"]),
        ("database", ("folder:/a",), ["database", "folder"]),
        ("folder:/a", ("database",), ["folder", "database"]),
        ("s3://b", ("folder:/a",), ["s3", "folder", "database"]),
        ("s3://b", ("folder:/a", "database"), ["s3", "folder", "database"]),
    ],
)
def test_new_files_go_to_the_first_and_rows_can_always_be_read(
    main: str, also: tuple[str, ...], order: list[str]
) -> None:
    rows = Rows()
    settings = StorageSettings(main, also)
    places = places_of(settings, rows)
    assert [each.place for each in places.all] == order
    assert places.main.place == order[0]
    assert places.at("database") is rows
    assert set(storages_outside(settings)) == {main, *also} - {"database"}


@pytest.mark.parametrize("place", ["s3", "row", "Folder", ""])
def test_a_file_in_a_place_that_is_not_set_up_names_the_place(place: str) -> None:
    places = places_of(StorageSettings("folder:/a"), Rows())
    with pytest.raises(StorageNotSetUp, match=f"'{place}'.*INVX_STORAGE_ALSO") as caught:
        places.at(place)
    assert caught.value.kind is Kind.UNAVAILABLE  # it is our setting, not the caller's request


async def test_bytes_that_came_with_their_row_are_hashed_too() -> None:
    storage = MemoryStorage()
    places = Places([storage])
    stored = await storage.put(TENANT, b"whole")
    assert await places.content(TENANT, stored) == b"whole"
    in_row = Stored(stored.sha256, 5, "row")  # of a place that is no storage at all
    assert await places.content(TENANT, in_row, b"whole") == b"whole"
    with pytest.raises(FileDamaged):
        await places.content(TENANT, in_row, b"other")
    with pytest.raises(FileDamaged):
        await places.content(TENANT, in_row, b"")
    storage.held.clear()
    with pytest.raises(FileMissing):
        await places.content(TENANT, stored)


@pytest.mark.parametrize(
    ("main", "also"),
    [
        ("folder:/a", "folder:/b"),
        ("s3://a", "s3://b"),
        ("database", "database"),
        ("s3://a", "folder:/b,folder:/c"),
    ],
)
def test_two_storages_of_one_kind_are_refused_since_rows_say_the_kind_only(
    main: str, also: str
) -> None:
    with pytest.raises(SettingInvalid, match="two storages of one kind"):
        read_settings({"INVX_STORAGE": main, "INVX_STORAGE_ALSO": also})


@pytest.mark.parametrize("lone", ["INVX_S3_KEY_ID", "INVX_S3_SECRET"])
def test_half_a_key_is_refused(lone: str) -> None:
    with pytest.raises(SettingInvalid, match="together"):
        read_settings({"INVX_STORAGE": "s3://a", lone: "x"})
