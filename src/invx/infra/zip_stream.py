"""Zip archives that come out the same for the same content, piece by piece."""

import zipfile
from datetime import date
from typing import IO, Any

# The days that a zip archive can name; documents may be older, and clocks of sandboxes ahead.
_EPOCH, _LAST = date(1980, 1, 1), date(2107, 12, 31)
_READABLE = 0o644 << 16


class _Sink:
    """Takes what is written and gives it away; it cannot be read or rewound."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it to flush to."""

    def drain(self) -> bytes:
        """What was written since the last time."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


class ZipStream:
    """An archive in the making: what is ready is drained and sent, so memory stays bounded."""

    def __init__(self) -> None:
        self._sink = _Sink()
        sink: Any = self._sink  # all that writing asks for
        self._zip = zipfile.ZipFile(sink, "w")

    def add(self, name: str, content: bytes, on: date = _EPOCH, *, squeeze: bool = True) -> bytes:
        """A whole file; gives the bytes that are ready."""
        self._zip.writestr(_entry(name, on, squeeze=squeeze), content)
        return self._sink.drain()

    def open(self, name: str, on: date = _EPOCH) -> IO[bytes]:
        """A file to be written in pieces and closed; `drain` gives what is ready."""
        file: IO[bytes] = self._zip.open(_entry(name, on, squeeze=True), "w", force_zip64=True)
        return file

    def drain(self) -> bytes:
        """The bytes that are ready."""
        return self._sink.drain()

    def close(self) -> bytes:
        """The last bytes: the directory."""
        self._zip.close()
        return self._sink.drain()


def _entry(name: str, on: date, *, squeeze: bool) -> zipfile.ZipInfo:
    on = min(max(on, _EPOCH), _LAST)
    entry = zipfile.ZipInfo(name, (on.year, on.month, on.day, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED if squeeze else zipfile.ZIP_STORED
    entry.external_attr = _READABLE
    entry.create_system = 3  # the same wherever it is made
    return entry
