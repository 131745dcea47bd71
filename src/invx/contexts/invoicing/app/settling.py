"""Entries against a document: money in, write-offs, refunds, discounts, reversals and disputes.

One family of commands over one aggregate; each handler loads the settlement and asks it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.settlement import Posting, Settlement, settlement_id
from invx.kernel.errors import Invalid, Problem
from invx.kernel.messages import Command


class DateInFuture(Invalid):
    """Money cannot have moved on a day that has not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEntry(Command):
    """An entry of some kind; without a day it is today in the legal entity's zone."""

    document_id: UUID
    source: str
    amount: Decimal | None = None
    currency: str | None = None
    on: date | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseEntry(PostEntry):
    entry_id: UUID


async def record_payment(command: PostEntry, uow: InvoicingUnitOfWork) -> Settlement:
    """Money came in. More than is open becomes surplus."""
    return await _post(command, uow, lambda settlement: settlement.record_payment)


async def write_off(command: PostEntry, uow: InvoicingUnitOfWork) -> Settlement:
    """Give up what is open, or a part of it."""
    return await _post(command, uow, lambda settlement: settlement.write_off)


async def take_discount(command: PostEntry, uow: InvoicingUnitOfWork) -> Settlement:
    """The buyer paid early and took the discount."""
    return await _post(command, uow, lambda settlement: settlement.take_discount)


async def refund(command: PostEntry, uow: InvoicingUnitOfWork) -> Settlement:
    """Money went back: at most the surplus."""
    return await _post(command, uow, lambda settlement: settlement.refund)


async def reverse_entry(command: ReverseEntry, uow: InvoicingUnitOfWork) -> Settlement:
    """An entry turned out not to be so. Raises EntryNotFound, EntryReversed, EntryNotReversible."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    settlement.reverse(command.entry_id, await _posting(command, settlement, uow))
    return settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDispute(Command):
    document_id: UUID
    disputed: bool
    reason: str | None = None


async def set_dispute(command: SetDispute, uow: InvoicingUnitOfWork) -> Settlement:
    """The buyer contests the document, or no longer does."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    if command.disputed:
        settlement.dispute(command.reason)
    else:
        settlement.clear_dispute(command.reason)
    return settlement


@dataclass(frozen=True, slots=True)
class MarkOverdue(Command):
    document_id: UUID


async def mark_overdue(command: MarkOverdue, uow: InvoicingUnitOfWork) -> None:
    """Note that something is still open after the due date; harmless when nothing is."""
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    settlement.become_overdue(uow.ctx.now)


async def _post(
    command: PostEntry,
    uow: InvoicingUnitOfWork,
    method: Callable[[Settlement], Callable[[Posting], object]],
) -> Settlement:
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    method(settlement)(await _posting(command, settlement, uow))
    return settlement


async def _posting(
    command: PostEntry, settlement: Settlement, uow: InvoicingUnitOfWork
) -> Posting:
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    today = entity.today(uow.ctx.now)
    repeated = settlement.entry_from(command.source)
    on = command.on or (repeated.on if repeated else today)
    if on > today:
        raise DateInFuture(problems=[Problem("/on", DateInFuture.code, f"Today is {today}.")])
    return Posting(
        source=command.source,
        on=on,
        amount=command.amount,
        currency=command.currency,
        note=command.note,
    )
