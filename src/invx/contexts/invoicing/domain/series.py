"""The numbers of one kind of document of a legal entity: gapless, in the order of dates (D2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self
from uuid import UUID

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.numbering import (
    NUMBER_MAX,
    Reset,
    period_of,
    period_start,
    render,
)
from invx.contexts.invoicing.domain.series_definition import (
    SeriesDefinition,
    definition_problems,
)
from invx.contexts.invoicing.domain.series_events import (
    NextNumberSet,
    NumberDrawn,
    SeriesHeld,
    SeriesOpened,
    SeriesReleased,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import Conflict, Invalid, Problem, violated
from invx.kernel.messages import Event

# Periods older than this many years before the newest are forgotten, so the state stays small.
# They take no number any more, or a forgotten one would be given twice.
YEARS_KEPT = 3


class SeriesInvalid(Invalid):
    """The series cannot be opened as it is; `problems` names each field."""


class SeriesOnHold(Conflict):
    """The series is on hold: it gives no numbers until it is released. Drafts can be written."""

    lasting = False


class SeriesNotReconciled(Conflict):
    """The database was restored, promoted or copied: only reconciling releases its series."""

    lasting = False


class SeriesOfAnother(Conflict):
    """The series belongs to another legal entity, or to other types of documents."""


class DateBeforeLast(Conflict):
    """Dates within a series and period never decrease."""


class PeriodTooOld(Conflict):
    """The series has long gone on to later periods."""


class PeriodInvalid(Invalid):
    """The period is not one of the last, the current or the next year, as the series writes it."""


class NextNumberNotHigher(Conflict):
    """The next number can only be raised: lower ones may have been given already."""


class NumbersExhausted(Conflict):
    """The series has no numbers left in this period."""


@dataclass(frozen=True, slots=True)
class PeriodCount:
    """The last number of a period that was given or left out, and the date of the last document."""

    last: int
    on: date | None


class Series(Aggregate):
    """A row of numbers. Drawing needs only `snapshot`, which the store keeps beside the stream."""

    legal_entity_id: UUID
    definition: SeriesDefinition

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.held = False
        self.first_period: str | None = None
        self.periods: dict[str, PeriodCount] = {}

    @classmethod
    def open(cls, id: UUID, *, legal_entity_id: UUID, definition: SeriesDefinition) -> Self:
        """A new series. Raises SeriesInvalid."""
        if problems := definition_problems(definition):
            raise SeriesInvalid(problems=problems)
        series = cls(id)
        series.record(SeriesOpened(legal_entity_id=legal_entity_id, definition=definition))
        return series

    @property
    def starts(self) -> Mapping[str, int]:
        """The period that does not begin at 1, and where it begins; for `numbering.gaps`."""
        return {self.first_period: self.definition.start} if self.first_period else {}

    def serves(self, type: DocumentType) -> bool:
        """Whether documents of this type take their numbers here."""
        return type in self.definition.types

    def ensure_serves(self, legal_entity_id: UUID, type: DocumentType) -> None:
        """Raises SeriesOfAnother unless this legal entity's documents of this type draw here."""
        if legal_entity_id != self.legal_entity_id or not self.serves(type):
            raise SeriesOfAnother

    def not_before(self, on: date) -> date:
        """The day itself, or that of the last document of its period when that is later."""
        count = self.periods.get(period_of(on, self.definition.reset))
        return max(on, count.on) if count and count.on else on

    def next_number(self, period: str) -> int:
        """The number that the next document of the period gets."""
        if period in self.periods:
            return self.periods[period].last + 1
        return self.definition.start if self.first_period is None else 1

    def draw(self, document_id: UUID, on: date) -> str:
        """The next number for a document issued `on`, as text.

        Raises SeriesOnHold, DateBeforeLast, PeriodTooOld, NumbersExhausted.
        """
        if self.held:
            raise SeriesOnHold
        period = period_of(on, self.definition.reset)
        number = self.next_number(period)
        last = self.periods[period].on if period in self.periods else None
        if last is not None and on < last:
            raise DateBeforeLast(
                f"The last document of this series is dated {last.isoformat()}; "
                "none can be dated before it."
            )
        if self.is_past(period):
            raise PeriodTooOld
        if number > NUMBER_MAX:
            raise NumbersExhausted
        text = render(self.definition.pattern, number, on)
        self.record(
            NumberDrawn(
                legal_entity_id=self.legal_entity_id,
                document_id=document_id,
                period=period,
                number=number,
                text=text,
                on=on,
            )
        )
        return text

    def is_past(self, period: str) -> bool:
        """Whether the series has long gone on to later periods: it gives no number in this one."""
        return period not in self.periods and period in _forgotten({*self.periods, period})

    def leave_out(self, period: str, last: int, *, reason: str, by: str) -> None:
        """Go on behind `last`, which is higher than what was given: others have it (D2)."""
        self.record(
            NextNumberSet(
                legal_entity_id=self.legal_entity_id,
                period=period,
                first_skipped=self.next_number(period),
                next=last + 1,
                reason=reason,
                by=by,
            )
        )

    def set_next(
        self, next: int, *, today: date, period: str | None = None, reason: str, by: str
    ) -> None:
        """Leave numbers out so that `next` comes next; the gap keeps its reason (N01, N03).

        The period is today's unless named. Raises NextNumberNotHigher, PeriodInvalid.
        """
        period = period or period_of(today, self.definition.reset)
        if not self._settable(period, today):
            raise PeriodInvalid(problems=[Problem("/period", PeriodInvalid.code, period)])
        first_skipped = self.next_number(period)
        if next == first_skipped:
            return
        if not first_skipped < next <= NUMBER_MAX:
            detail = (
                f"The next number of this period is {first_skipped}; it can only be raised, "
                f"to {NUMBER_MAX} at most."
            )
            problem = Problem("/next", NextNumberNotHigher.code, detail)
            raise NextNumberNotHigher(detail, problems=[problem])
        self.record(
            NextNumberSet(
                legal_entity_id=self.legal_entity_id,
                period=period,
                first_skipped=first_skipped,
                next=next,
                reason=reason,
                by=by,
            )
        )

    def hold(self, reason: str) -> None:
        """Give no numbers for now. Holding a held series changes nothing."""
        if not self.held:
            self.record(SeriesHeld(legal_entity_id=self.legal_entity_id, reason=reason))

    def release(self, reason: str) -> None:
        """Give numbers again. Releasing a series that is not held changes nothing."""
        if self.held:
            self.record(SeriesReleased(legal_entity_id=self.legal_entity_id, reason=reason))

    def apply(self, event: Event) -> None:
        """See Aggregate."""
        match event:
            case SeriesOpened():
                self.legal_entity_id = event.legal_entity_id
                self.definition = event.definition
            case NumberDrawn():
                self._count(event.period, PeriodCount(event.number, event.on))
            case NextNumberSet():
                known = self.periods.get(event.period)
                self._count(event.period, PeriodCount(event.next - 1, known.on if known else None))
            case SeriesHeld():
                self.held = True
            case SeriesReleased():
                self.held = False
            case _:
                violated(f"a series does not know {type(event).__name__}")

    def snapshot(self) -> dict[str, Any]:
        """All state as plain JSON values, at most three years of periods; no personal data."""
        definition = self.definition
        return {
            "legal_entity_id": str(self.legal_entity_id),
            "name": definition.name,
            "pattern": definition.pattern,
            "types": [str(served) for served in definition.types],
            "reset": str(definition.reset),
            "start": definition.start,
            "legal": definition.legal,
            "held": self.held,
            "first_period": self.first_period,
            "periods": {
                period: {"last": count.last, "on": count.on.isoformat() if count.on else None}
                for period, count in self.periods.items()
            },
        }

    @classmethod
    def restore(cls, id: UUID, version: int, snapshot: Mapping[str, Any]) -> Self:
        """The series at `version` from its snapshot; it behaves as after a replay of its events."""
        series = cls(id)
        series.version = version
        series.legal_entity_id = UUID(snapshot["legal_entity_id"])
        series.definition = SeriesDefinition(
            name=snapshot["name"],
            pattern=snapshot["pattern"],
            types=tuple(DocumentType(served) for served in snapshot["types"]),
            reset=Reset(snapshot["reset"]),
            start=snapshot["start"],
            legal=snapshot["legal"],
        )
        series.held = snapshot["held"]
        series.first_period = snapshot["first_period"]
        series.periods = {
            period: PeriodCount(
                count["last"], date.fromisoformat(count["on"]) if count["on"] else None
            )
            for period, count in snapshot["periods"].items()
        }
        return series

    def _count(self, period: str, count: PeriodCount) -> None:
        self.first_period = self.first_period or period
        known = period in self.periods
        self.periods[period] = count
        if not known:
            for old in _forgotten(self.periods):
                del self.periods[old]

    def _settable(self, period: str, today: date) -> bool:
        """Only near periods: one far ahead by a slip of the pen would end the series for good."""
        reset = self.definition.reset
        if reset is Reset.NONE:
            return period == period_of(today, reset)
        start = period_start(period, reset)
        return start is not None and abs(start.year - today.year) <= 1 and not self.is_past(period)


def _forgotten(periods: Iterable[str]) -> list[str]:
    """Those of `periods` that lie too far behind the newest."""
    years = {period: int(period[:4]) for period in periods if period[:4].isdecimal()}
    newest = max(years.values(), default=0)
    return [period for period, year in years.items() if year <= newest - YEARS_KEPT]
