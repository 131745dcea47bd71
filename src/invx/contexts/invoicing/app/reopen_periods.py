"""Open closed days of a legal entity again: a deliberate act, with its reason in the history."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenPeriods(Command):
    """Days after `through` are open again; all of them when it is None."""

    legal_entity_id: UUID
    kind: PeriodKind
    registration: UUID | None = None
    through: date | None
    reason: str
    expected_version: int | None = None


async def reopen_periods(command: ReopenPeriods, uow: InvoicingUnitOfWork) -> LegalEntity:
    """The legal entity. What went into later periods meanwhile stays there.

    Raises PeriodMalformed, PeriodNotClosed, PeriodClosedForGood.
    """
    await uow.periods.shut_out_writers()
    entity = await uow.legal_entities.get(command.legal_entity_id)
    expect(entity, command.expected_version)
    scope = (command.kind, command.registration)
    entity.reopen_periods(scope, command.through, command.reason)
    return entity
