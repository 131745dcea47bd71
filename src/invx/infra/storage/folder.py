"""Files in a folder: written beside their place, forced to the disk, then moved into it.

The folder may be shared by several processes and machines. A put that dies half way leaves a draft
(`.put-…`), which the next walk over the tenant's files removes when it is a day old.
"""

import asyncio
import fcntl
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from invx.infra.storage.checked import (
    NOBODY,
    PIECE_BYTES,
    PROBE,
    ensure,
    is_sha256,
    missing,
    path_of,
    pieces_of,
    whole,
)
from invx.kernel.storage import Bytes, Listed, StorageUnavailable, Stored

T = TypeVar("T")

_DRAFT = ".put-"
_DRAFT_AGE = timedelta(days=1)
_LISTED_AT_ONCE = 1_000


class FolderStorage:
    """See `kernel.storage.Storage`."""

    place = "folder"

    def __init__(self, root: Path) -> None:
        self._root = root

    async def put(self, tenant_id: UUID, content: Bytes) -> Stored:
        """See Storage. A file that was there, damaged perhaps, is replaced by the whole one."""
        draft = self._root / str(tenant_id) / f"{_DRAFT}{secrets.token_hex(8)}"
        try:
            await _apart(lambda: _begin(draft))
            digest, size = hashlib.sha256(), 0
            async for piece in pieces_of(content):
                await _apart(partial(_append, draft, piece))
                digest.update(piece)
                size += len(piece)
            sha256 = digest.hexdigest()
            await _apart(lambda: _settle(draft, self._root / path_of(tenant_id, sha256)))
        finally:
            await _apart(lambda: draft.unlink(missing_ok=True))
        return Stored(sha256, size, self.place)

    async def get(self, tenant_id: UUID, sha256: str) -> bytes:
        """See Storage."""
        path = self._root / path_of(tenant_id, sha256)
        content = await _apart(lambda: _read(path))
        if content is None:
            raise missing(self.place, tenant_id, sha256)
        return await ensure(self.place, tenant_id, sha256, content)

    async def stream(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        """See Storage."""
        async for piece in whole(self._pieces(tenant_id, sha256), self.place, tenant_id, sha256):
            yield piece

    async def _pieces(self, tenant_id: UUID, sha256: str) -> AsyncIterator[bytes]:
        path = self._root / path_of(tenant_id, sha256)
        try:
            file = await _apart(lambda: path.open("rb"))
        except FileNotFoundError:
            raise missing(self.place, tenant_id, sha256) from None
        with file:
            while piece := await _apart(lambda: file.read(PIECE_BYTES)):
                yield piece

    async def exists(self, tenant_id: UUID, sha256: str) -> bool:
        """See Storage."""
        return await _apart((self._root / path_of(tenant_id, sha256)).is_file)

    async def delete(self, tenant_id: UUID, sha256: str, *, before: datetime) -> bool:
        """See Storage. Nobody puts the file between the look at its time and its end."""
        path = self._root / path_of(tenant_id, sha256)
        return await _apart(lambda: _delete(path, before))

    async def listed(self, tenant_id: UUID) -> AsyncIterator[Listed]:
        """See Storage."""
        found = _walk(self._root / str(tenant_id))
        while some := await _apart(lambda: list(islice(found, _LISTED_AT_ONCE))):
            for each in some:
                yield each

    async def probe(self) -> None:
        """See Storage."""
        stored = await self.put(NOBODY, PROBE)
        await self.get(NOBODY, stored.sha256)
        await self.delete(NOBODY, stored.sha256, before=datetime.now(UTC) + timedelta(days=1))


async def _apart(work: Callable[[], T]) -> T:
    """In a thread; what the disk says becomes an error of the storage."""
    try:
        return await asyncio.to_thread(work)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageUnavailable(f"folder: {error.strerror or error}") from error


def _begin(draft: Path) -> None:
    draft.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640))


def _append(draft: Path, piece: bytes) -> None:
    with draft.open("ab") as file:
        file.write(piece)


def _settle(draft: Path, path: Path) -> None:
    _make_folder(path.parent)
    with draft.open("ab") as file:
        os.fsync(file.fileno())
    with _locked(path.parent) as folder:
        draft.replace(path)
        os.utime(path)  # the present: a draft may have taken a while
        os.fsync(folder)  # the name, too


def _make_folder(folder: Path) -> None:
    """With its name on the disk: the file would go with a folder that a crash forgets."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o750)
    descriptor = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _delete(path: Path, before: datetime) -> bool:
    if not path.parent.is_dir():
        return True
    with _locked(path.parent):
        try:
            if _put_at(path.stat()) >= before:
                return False
        except FileNotFoundError:
            return True
        path.unlink()
        return True


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _walk(folder: Path) -> Iterator[Listed]:
    """The files by hash. Old drafts are removed in passing."""
    for draft in folder.glob(f"{_DRAFT}*") if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            if _put_at(draft.stat()) < datetime.now(UTC) - _DRAFT_AGE:
                draft.unlink()
    for first in sorted(folder.glob("[0-9a-f][0-9a-f]")):
        for second in sorted(first.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(each for each in second.iterdir() if is_sha256(each.name)):
                with suppress(FileNotFoundError):
                    known = path.stat()
                    yield Listed(path.name, known.st_size, _put_at(known))


def _put_at(known: os.stat_result) -> datetime:
    return datetime.fromtimestamp(known.st_mtime, UTC)
