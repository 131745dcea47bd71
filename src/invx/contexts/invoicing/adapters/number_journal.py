"""The outside journal of numbers: bounds that are written before a number up to them is drawn.

A file that only grows, one line of JSON per bound, forced to the disk before it is answered. It
lies outside the database, so that a database that was set back can be told what it does not know.
A bound is a tenth of the numbers so far ahead, so that a restore leaves out few; more where many
ask at once, or each would come back for the next one.
A line that a crash cut off was never answered: nothing was drawn under it, and readers pass over.
"""

import asyncio
import fcntl
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.number_permit import OutsideCount
from invx.infra.anchoring import pseudonym
from invx.infra.facts import Answered
from invx.kernel.errors import Unavailable
from invx.kernel.ports import Clock, Fact

PORT = "number_journal"
FORMAT = "invx numbers 1"
_LATELY = timedelta(seconds=1)
AHEAD_MIN, AHEAD_MAX, AHEAD_PART = 5, 100, 10

Place = tuple[str, str, str]  # tenant as a pseudonym, series, period


class NumberJournalUnavailable(Unavailable):
    """The outside journal of numbers cannot be written, so no more numbers are given for now."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """So many numbers of a period from `next` on are wanted; those up to `given` are committed."""

    tenant_id: UUID
    series_id: UUID
    period: str
    given: int
    next: int
    count: int = 1

    @property
    def last(self) -> int:
        """The last number that is wanted."""
        return self.next + self.count - 1


class _Line(msgspec.Struct, frozen=True):
    format: str
    tenant: str
    series: str
    period: str
    given: int
    reserved: int
    at: str


@dataclass(slots=True)
class _Lately:
    """What this process was asked for a series and period, and what it has granted."""

    granted: int = 0
    times: int = 0
    since: datetime | None = None

    def bound(self, asked: Sequence[Reservation], now: datetime) -> int:
        """Up to where; the same as before as long as that is enough."""
        if self.since is None or now - self.since > _LATELY:
            self.times, self.since = 0, now
        self.times += len(asked)
        last = max(each.last for each in asked) + len(asked) - 1
        if last > self.granted:
            ahead = max(AHEAD_MIN, last // AHEAD_PART, 2 * (self.times - len(asked)))
            return last + min(AHEAD_MAX, ahead) - 1
        return self.granted


class NumberJournal:
    """Keeps bounds in one file; several processes may."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._lately: dict[str, _Lately] = {}

    def fact(self, wanted: Reservation, *, beyond: int) -> Fact:
        """The fact whose answer is a bound of at least `wanted.last`; `beyond` is the last one."""
        key = self.key(wanted.series_id, wanted.period)
        return Fact(PORT, key, f"beyond:{beyond}", wanted)

    def foreseen(self, wanted: Reservation, before: int) -> Fact:
        """The same for many documents, asked so many times before by this command."""
        key = self.key(wanted.series_id, wanted.period)
        return Fact(PORT, key, f"foreseen:{before}", wanted)

    @staticmethod
    def key(series_id: UUID, period: str) -> str:
        """What its facts of a period are about."""
        return f"{series_id}:{period}"

    def granted(self, series_id: UUID, period: str) -> int:
        """The bound that this process has written already: it is on the disk, so it holds."""
        lately = self._lately.get(self.key(series_id, period))
        return lately.granted if lately else 0

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """See FactProvider. As many numbers are reserved as times a fact is asked for, and more.

        Raises NumberJournalUnavailable.
        """
        asked: dict[str, list[Reservation]] = {}
        for fact in facts:
            asked.setdefault(fact.key, []).append(fact.question)
        now = self._clock.now()
        lately = {key: self._lately.setdefault(key, _Lately()) for key in asked}
        bounds = {key: lately[key].bound(each, now) for key, each in asked.items()}
        lines = [
            _line(each[0], bounds[key], now)
            for key, each in asked.items()
            if bounds[key] > lately[key].granted
        ]
        if lines:
            try:
                await asyncio.to_thread(self._append, lines)
            except OSError as error:
                detail = f"{NumberJournalUnavailable.__doc__} ({error.strerror})"
                raise NumberJournalUnavailable(detail) from error
        for key, bound in bounds.items():
            lately[key].granted = max(lately[key].granted, bound)
        return [Answered(fact, bounds[fact.key], self.path.name) for fact in facts]

    def _append(self, lines: Sequence[_Line]) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            end = os.lseek(descriptor, 0, os.SEEK_END)
            whole = end == 0 or os.pread(descriptor, 1, end - 1) == b"\n"
            text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
            text = text if whole else b"\n" + text
            if os.write(descriptor, text) != len(text):
                raise OSError(0, "the disk took a part of it only")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_journal(path: Path) -> Mapping[Place, OutsideCount]:
    """What the journal knows of each series and period. Raises OSError."""
    found: dict[Place, OutsideCount] = {}
    with path.open("rb") as file:
        for raw in file:
            try:
                line = msgspec.json.decode(raw, type=_Line)
            except ValueError:  # not JSON, not such a line, or no UTF-8
                continue
            if line.format != FORMAT:
                continue
            place = (line.tenant, line.series, line.period)
            said = OutsideCount(line.given, line.reserved)
            found[place] = said.and_(found.get(place, said))
    return found


def _line(asked: Reservation, bound: int, now: datetime) -> _Line:
    return _Line(
        format=FORMAT,
        tenant=pseudonym(asked.tenant_id),
        series=str(asked.series_id),
        period=asked.period,
        given=asked.given,
        reserved=bound,
        at=now.isoformat(timespec="seconds"),
    )
