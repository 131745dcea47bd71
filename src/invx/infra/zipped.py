"""A ZIP made while it is sent: one file is in memory at a time, however many there are."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from io import RawIOBase
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same files make the same ZIP
_COMPRESSED = (".pdf", ".zip")


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """A file by its name in the ZIP."""

    name: str
    content: bytes


class _Sink(RawIOBase):
    """Where the ZIP is written to; it cannot go back, and is emptied after each file."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        return len(part)

    def taken(self) -> bytes:
        """What was written since."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


async def zipped(files: AsyncIterator[ZippedFile]) -> AsyncGenerator[bytes]:
    """The bytes of a ZIP of these files, as they come. Names must differ."""
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        async for file in files:
            entry = ZipInfo(file.name, _EPOCH)
            stored = file.name.endswith(_COMPRESSED)
            entry.compress_type = ZIP_STORED if stored else ZIP_DEFLATED
            archive.writestr(entry, file.content)
            yield sink.taken()
    yield sink.taken()
