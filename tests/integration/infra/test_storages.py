"""One suite, and every storage passes it: the twin in memory, a folder, a bucket, rows."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from invx.infra.storage.checked import PIECE_BYTES, path_of
from invx.infra.storage.rows import RowStorage
from invx.infra.system import SystemClock, Uuid7Ids
from invx.kernel.storage import FileDamaged, FileMissing
from tests.integration.infra.notebook import Notebook
from tests.storages import Bench, in_bucket, in_folder, in_memory

LATER = timedelta(minutes=1)


def in_rows(notebook: Notebook) -> Bench:
    """Rows of the notebook's database."""
    storage = RowStorage(notebook.database, notebook.directory, SystemClock())

    async def spoil(tenant_id: UUID, sha256: str, content: bytes) -> None:
        await notebook.root.execute(
            "UPDATE notebook.stored_files SET bytes = $3::bytea, size = length($3::bytea)"
            " WHERE tenant_id = $1 AND sha256 = $2",
            *(tenant_id, sha256, content),
        )

    async def lose(tenant_id: UUID, sha256: str) -> None:
        await notebook.root.execute(
            "DELETE FROM notebook.stored_files WHERE tenant_id = $1 AND sha256 = $2",
            *(tenant_id, sha256),
        )

    async def age(tenant_id: UUID, sha256: str, by: timedelta) -> None:
        await notebook.root.execute(
            "UPDATE notebook.stored_files SET put_at = put_at - $3::interval"
            " WHERE tenant_id = $1 AND sha256 = $2",
            *(tenant_id, sha256, by),
        )

    return Bench(storage, spoil, lose, age)


MAKERS: dict[str, Callable[..., Bench]] = {
    "memory": lambda **_: in_memory(),
    "folder": lambda tmp_path, **_: in_folder(tmp_path / "files"),
    "bucket": lambda s3, **_: in_bucket(s3, s3.bucket()),
    "versioned bucket": lambda s3, **_: in_bucket(s3, s3.bucket(locked=True)),
    "rows": lambda notebook, **_: in_rows(notebook),
}


@pytest.fixture(params=list(MAKERS))
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    given: dict[str, Any] = {"tmp_path": tmp_path}
    if "bucket" in request.param:
        given["s3"] = request.getfixturevalue("s3")
    if request.param == "rows":
        given["notebook"] = request.getfixturevalue("notebook")
    return MAKERS[request.param](**given)


@pytest.fixture
def tenant(request: pytest.FixtureRequest, bench: Bench) -> UUID:
    if isinstance(bench.storage, RowStorage):
        found: UUID = request.getfixturevalue("notebook").tenant_id
        return found
    return Uuid7Ids().new()


async def did(what: Any) -> None:
    if asyncio.iscoroutine(what):
        await what


async def read(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def collect(pieces: AsyncIterator[bytes], into: list[bytes]) -> None:
    async for piece in pieces:
        into.append(piece)  # noqa: PERF401 - what came before an error counts


async def in_pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


LARGE = bytes(range(256)) * (PIECE_BYTES // 128) + b"the end"


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", LARGE], ids=["nothing", "little", "much"])
async def test_what_is_put_is_what_is_got(bench: Bench, tenant: UUID, content: bytes) -> None:
    stored = await bench.storage.put(tenant, content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert (stored.size, stored.place) == (len(content), bench.storage.place)
    assert await bench.storage.get(tenant, stored.sha256) == content
    assert await read(bench.storage.stream(tenant, stored.sha256)) == content
    assert await bench.storage.exists(tenant, stored.sha256)


async def test_pieces_come_out_as_one_file(bench: Bench, tenant: UUID) -> None:
    stored = await bench.storage.put(tenant, in_pieces(LARGE, 10_000))
    assert stored == await bench.storage.put(tenant, LARGE)
    assert await bench.storage.get(tenant, stored.sha256) == LARGE


async def test_a_stream_that_breaks_leaves_nothing(bench: Bench, tenant: UUID) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half of it"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await bench.storage.put(tenant, broken())
    assert [each async for each in bench.storage.listed(tenant)] == []


async def test_the_same_bytes_are_kept_once(bench: Bench, tenant: UUID) -> None:
    one, other = await asyncio.gather(*(bench.storage.put(tenant, b"same") for _ in range(2)))
    assert one == other
    [listed] = [each async for each in bench.storage.listed(tenant)]
    assert (listed.sha256, listed.size) == (one.sha256, 4)
    assert abs(datetime.now(UTC) - listed.put_at) < LATER


async def test_files_are_listed_by_hash(bench: Bench, tenant: UUID) -> None:
    put = [await bench.storage.put(tenant, b"%d" % number) for number in range(7)]
    listed = [each.sha256 async for each in bench.storage.listed(tenant)]
    assert listed == sorted(each.sha256 for each in put)


async def test_another_tenant_has_none_of_it(
    bench: Bench, tenant: UUID, request: pytest.FixtureRequest
) -> None:
    stored = await bench.storage.put(tenant, b"mine")
    other = Uuid7Ids().new()
    if isinstance(bench.storage, RowStorage):
        await request.getfixturevalue("notebook").directory.register(other, name="other")
    assert not await bench.storage.exists(other, stored.sha256)
    assert [each async for each in bench.storage.listed(other)] == []
    with pytest.raises(FileMissing):
        await bench.storage.get(other, stored.sha256)


async def test_what_is_not_there_is_named(bench: Bench, tenant: UUID) -> None:
    unknown = hashlib.sha256(b"unknown").hexdigest()
    assert not await bench.storage.exists(tenant, unknown)
    with pytest.raises(FileMissing, match=path_of(tenant, unknown)):
        await bench.storage.get(tenant, unknown)
    with pytest.raises(FileMissing, match=path_of(tenant, unknown)):
        await read(bench.storage.stream(tenant, unknown))
    stored = await bench.storage.put(tenant, b"lost")
    await did(bench.lose(tenant, stored.sha256))
    with pytest.raises(FileMissing):
        await bench.storage.get(tenant, stored.sha256)


@pytest.mark.parametrize("spoilt", [LARGE[:-1] + b"D", LARGE[:-1], b"", LARGE + b"!"])
async def test_wrong_bytes_are_named_and_never_given(
    bench: Bench, tenant: UUID, spoilt: bytes
) -> None:
    stored = await bench.storage.put(tenant, LARGE)
    await did(bench.spoil(tenant, stored.sha256, spoilt))
    with pytest.raises(FileDamaged, match=path_of(tenant, stored.sha256)):
        await bench.storage.get(tenant, stored.sha256)
    given: list[bytes] = []
    with pytest.raises(FileDamaged):
        await collect(bench.storage.stream(tenant, stored.sha256), given)
    assert len(b"".join(given)) < len(spoilt) or not spoilt  # the last piece never comes
    await bench.storage.put(tenant, LARGE)  # putting it anew mends it
    assert await bench.storage.get(tenant, stored.sha256) == LARGE


async def test_what_is_deleted_is_gone_and_again_does_no_harm(bench: Bench, tenant: UUID) -> None:
    stored = await bench.storage.put(tenant, b"to go")
    kept = await bench.storage.put(tenant, b"to stay")
    for _ in range(2):
        later = datetime.now(UTC) + LATER
        assert await bench.storage.delete(tenant, stored.sha256, before=later)
    assert not await bench.storage.exists(tenant, stored.sha256)
    assert await bench.storage.exists(tenant, kept.sha256)
    assert (await bench.storage.put(tenant, b"to go")) == stored
    assert await bench.storage.get(tenant, stored.sha256) == b"to go"


async def test_what_was_put_since_is_not_deleted(bench: Bench, tenant: UUID) -> None:
    """Somebody is about to name it."""
    stored = await bench.storage.put(tenant, b"about to be named")
    before = datetime.now(UTC) - LATER
    assert not await bench.storage.delete(tenant, stored.sha256, before=before)
    assert await bench.storage.exists(tenant, stored.sha256)
    if bench.age is None:
        return
    await did(bench.age(tenant, stored.sha256, 3 * LATER))
    await bench.storage.put(tenant, b"about to be named")  # young again
    assert not await bench.storage.delete(tenant, stored.sha256, before=before)
    await did(bench.age(tenant, stored.sha256, 3 * LATER))
    assert await bench.storage.delete(tenant, stored.sha256, before=before)


async def test_a_probe_leaves_nothing(bench: Bench, tenant: UUID) -> None:
    await bench.storage.probe()
    assert [each async for each in bench.storage.listed(tenant)] == []
