"""The locks of a legal entity: how far each kind is closed, and who may move that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TypeAlias
from uuid import UUID

from invx.contexts.invoicing.domain.periods.closed import NOTHING_CLOSED, Closed, PeriodKind
from invx.contexts.invoicing.domain.periods.period_events import PeriodsClosed, PeriodsReopened
from invx.kernel.errors import Conflict, Invalid, Problem
from invx.rules.calendar.periods import end_of_month

Scope: TypeAlias = tuple[PeriodKind, UUID | None]  # the registration, of tax only
_MONTHLY = "A tax period ends with a month."


class PeriodMalformed(Invalid):
    """Such a period cannot be closed; `problems` names each field."""


class PeriodNotOver(Invalid):
    """Only days that are over can be closed, so that today is always open."""


class PeriodWouldReopen(Conflict):
    """More is closed already. Opening it again is an act of its own, with a reason."""


class PeriodNotClosed(Conflict):
    """Nothing after that day is closed."""


class PeriodClosedForGood(Conflict):
    """The period was closed for good; nobody opens it again."""


class PeriodUnsettled(Conflict):
    """Entries of the period wait for an exchange rate, so it cannot be closed yet."""


@dataclass(frozen=True, slots=True)
class Lock:
    """The last closed day, and the last that nobody opens again."""

    through: date
    for_good: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A wish to close all days up to and with `through`."""

    kind: PeriodKind
    through: date
    registration: UUID | None = None
    hard: bool = False

    @property
    def scope(self) -> Scope:
        return self.kind, self.registration


class Locks:
    """All locks of one legal entity."""

    def __init__(self, legal_entity_id: UUID) -> None:
        self._entity_id = legal_entity_id
        self._held: dict[Scope, Lock] = {}

    @property
    def held(self) -> Mapping[Scope, Lock]:
        return MappingProxyType(self._held)

    @property
    def closed(self) -> Closed:
        """What is closed, as those see it who write."""
        if not self._held:
            return NOTHING_CLOSED
        general = {str(kind): lock.through for (kind, own), lock in self._held.items() if not own}
        single = {own: lock.through for (_, own), lock in self._held.items() if own}
        return Closed(registrations=single, **general)

    def close(self, wanted: Closing, today: date) -> PeriodsClosed | None:
        """The event that closes; None when it is so already.

        Raises PeriodMalformed, PeriodNotOver, PeriodWouldReopen.
        """
        _ensure_possible(wanted, today)
        lock = self._held.get(wanted.scope)
        if lock is not None and wanted.through < lock.through:
            raise PeriodWouldReopen(f"It is closed to {lock.through.isoformat()}.")
        hardly = wanted.hard and (lock is None or lock.for_good != wanted.through)
        if lock is not None and lock.through == wanted.through and not hardly:
            return None
        return PeriodsClosed(
            legal_entity_id=self._entity_id,
            kind=wanted.kind,
            registration=wanted.registration,
            before=lock.through if lock else None,
            through=wanted.through,
            hard=wanted.hard,
        )

    def reopen(self, scope: Scope, through: date | None, reason: str) -> PeriodsReopened:
        """The event that opens all days after `through`.

        Raises PeriodMalformed, PeriodNotClosed, PeriodClosedForGood.
        """
        kind, registration = scope
        if kind is PeriodKind.TAX and through is not None and through != end_of_month(through):
            raise _malformed("/closed_through", _MONTHLY)
        lock = self._held.get(scope)
        if lock is None or (through is not None and through >= lock.through):
            raise PeriodNotClosed
        if lock.for_good is not None and (through is None or through < lock.for_good):
            raise PeriodClosedForGood(f"It is closed for good to {lock.for_good.isoformat()}.")
        return PeriodsReopened(
            legal_entity_id=self._entity_id,
            kind=kind,
            registration=registration,
            before=lock.through,
            through=through,
            reason=reason,
        )

    def remember(self, event: PeriodsClosed | PeriodsReopened) -> None:
        """It has happened."""
        scope = (event.kind, event.registration)
        lock = self._held.pop(scope, None)
        for_good = lock.for_good if lock else None
        if isinstance(event, PeriodsClosed):
            self._held[scope] = Lock(event.through, event.through if event.hard else for_good)
        elif event.through is not None:
            self._held[scope] = Lock(event.through, for_good)


def _ensure_possible(wanted: Closing, today: date) -> None:
    if wanted.registration is not None and wanted.kind is not PeriodKind.TAX:
        raise _malformed("/registration", "Only tax is closed for a registration.")
    if wanted.kind is PeriodKind.TAX and wanted.through != end_of_month(wanted.through):
        raise _malformed("/closed_through", _MONTHLY)
    if wanted.through >= today:
        detail = f"Today is {today.isoformat()}; only days before it can be closed."
        problem = Problem("/closed_through", PeriodNotOver.code, detail)
        raise PeriodNotOver(detail, problems=[problem])


def _malformed(pointer: str, detail: str) -> PeriodMalformed:
    return PeriodMalformed(detail, problems=[Problem(pointer, PeriodMalformed.code, detail)])
