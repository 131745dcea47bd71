"""The anchor in a file that only grows: one line of JSON per seal, each chained to the line before.

The file belongs where whoever can write to the database cannot rewrite it: another machine's mount,
a disk that is written once, or with `chattr +a`. Several processes may append to it.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from invx.kernel.errors import Conflict
from invx.kernel.ports import SealStatement

_FORMAT = "invx anchor 1"
_FIRST = "0" * 64
_SEALS_KEPT = 1_000  # of a tenant, in memory; older ones are only compared by the audit

Key = tuple[str, str]  # context, tenant


class AnchorMismatch(Conflict):
    """The anchor does not hold what it must hold: it, or the database, is not what it was."""


@dataclass(slots=True)
class _Known:
    """What was read of the file so far."""

    offset: int = 0
    lines: int = 0
    tail: str = _FIRST  # the sha256 of the last line
    last_line: bytes = b""
    seals: dict[Key, dict[int, tuple[str, int, str]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnchoredSeal:
    """A seal as the file holds it; `name` is the anchor's. For `numbers` see SealStatement."""

    name: str
    context: str
    tenant: str
    seal: int
    root: str
    line: int
    sha256: str
    numbers: Sequence[Mapping[str, Any]] = ()


class AnchorFile:
    """Appends seals to one file, and makes sure of what stands there already."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _Known()

    @property
    def name(self) -> str:
        return f"file:{self._path.name}"

    async def keep(
        self, statements: Sequence[SealStatement], *, known: int
    ) -> list[Mapping[str, Any]]:
        """See SealAnchor. The lines are on the disk when it returns. Raises OSError too."""
        return await asyncio.to_thread(self._keep, statements, known)

    def _keep(self, statements: Sequence[SealStatement], known: int) -> list[Mapping[str, Any]]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._catch_up(file)
            first = statements[0]
            key = (first.context, first.tenant)
            if known > max(self._known.seals.get(key, {}), default=0):
                raise AnchorMismatch(
                    f"{self._path.name} does not hold seal {known} of {first.context}, tenant"
                    f" {first.tenant}, of which it gave a receipt."
                )
            new = [each for each in statements if not self._holds(key, each)]
            self._append(file, new)
            held = self._known.seals[key]
            return [_receipt(*held[each.seal][1:]) for each in statements]

    def _holds(self, key: Key, statement: SealStatement) -> bool:
        held = self._known.seals.get(key, {})
        if statement.seal > max(held, default=0):
            return False
        if statement.seal not in held or held[statement.seal][0] != statement.root:
            raise AnchorMismatch(
                f"{self._path.name} goes on to seal {max(held)} of {statement.context}, tenant"
                f" {statement.tenant}, and its seal {statement.seal} is another: the database was"
                " restored to an earlier state, or rewritten."
            )
        return True

    def _append(self, file: BinaryIO, statements: Sequence[SealStatement]) -> None:
        if not statements:
            return
        known, text, previous = self._known, b"", self._known.tail
        for number, statement in enumerate(statements, known.lines + 1):
            said = {"format": _FORMAT, "line": number, **asdict(statement), "previous": previous}
            line = msgspec.json.encode(said)
            previous = hashlib.sha256(line).hexdigest()
            text += line + b"\n"
        written = os.write(file.fileno(), text)
        if written != len(text):
            os.ftruncate(file.fileno(), known.offset)  # half a line would end the chain for good
            raise OSError(f"{self._path} took {written} of {len(text)} bytes")
        os.fsync(file.fileno())
        self._read(text)

    def _catch_up(self, file: BinaryIO) -> None:
        """Read what others have appended; what was read before must still be there."""
        known = self._known
        file.seek(max(0, known.offset - len(known.last_line)))
        if file.read(len(known.last_line)) != known.last_line:
            raise AnchorMismatch(f"{self._path.name}: line {known.lines} is not what it was.")
        for line in file:
            self._read(line)

    def _read(self, text: bytes) -> None:
        """Take in whole lines."""
        known = self._known
        for seal, line in _checked(text, known.lines, known.tail, self._path.name):
            held = known.seals.setdefault((seal.context, seal.tenant), {})
            held[seal.seal] = (seal.root, seal.line, seal.sha256)
            if len(held) > _SEALS_KEPT:
                del held[min(held)]
            known.lines, known.tail, known.last_line = seal.line, seal.sha256, line
        known.offset += len(text)


def read_anchor(path: Path) -> Iterator[AnchoredSeal]:
    """Every seal in the file, in order. Raises AnchorMismatch at the first line that is wrong."""
    lines, tail = 0, _FIRST
    with path.open("rb") as file:
        for raw in file:
            for seal, _ in _checked(raw, lines, tail, path.name):
                lines, tail = seal.line, seal.sha256
                yield seal


def _checked(text: bytes, lines: int, tail: str, name: str) -> Iterator[tuple[AnchoredSeal, bytes]]:
    """The lines of `text`, which follow upon so many others, the last of which has this hash."""
    for number, raw in enumerate(text.splitlines(keepends=True), lines + 1):
        line = raw.removesuffix(b"\n")
        try:
            said = msgspec.json.decode(line)
            told = AnchoredSeal(
                f"file:{name}",
                said["context"],
                said["tenant"],
                said["seal"],
                said["root"],
                number,
                hashlib.sha256(line).hexdigest(),
                tuple(said["numbers"]),
            )
            follows = (said["format"], said["line"], said["previous"]) == (_FORMAT, number, tail)
        except (msgspec.DecodeError, ValueError, LookupError, TypeError):
            follows, told = False, None
        if told is None or not follows or raw == line:
            raise AnchorMismatch(f"{name}: line {number} does not follow from the one before it.")
        tail = told.sha256
        yield told, raw


def _receipt(line: int, sha256: str) -> Mapping[str, Any]:
    return {"line": line, "sha256": sha256}
