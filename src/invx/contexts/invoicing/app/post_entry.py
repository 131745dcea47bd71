"""Enter something into a document's ledger: money in, a write-off, a discount taken, a refund."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.app.apply_exchange_rates import (
    await_rates,
    rates_of,
    settlement_question,
)
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.balance import EntryKind
from invx.contexts.invoicing.domain.bookkeeping.accounts import bank_account
from invx.contexts.invoicing.domain.bookkeeping.books import Worth
from invx.contexts.invoicing.domain.cash import pay_cash
from invx.contexts.invoicing.domain.delivery.received import Received, received_worth
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.kernel.errors import Invalid, Problem, violated
from invx.kernel.messages import Command


class DateInFuture(Invalid):
    """Money cannot have moved on a day that has not come."""


class CashNotRounded(Invalid):
    """The legal entity does not round cash of this currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostEntry(Command):
    """An entry of some kind; without a day it is today in the legal entity's zone."""

    document_id: UUID
    kind: EntryKind
    source: str
    amount: Decimal | None = None
    currency: str | None = None
    on: date | None = None
    note: str | None = None
    received: Received | None = None
    account: str | None = None  # of the ledger, which the money went through
    cash: bool = False


async def post_entry(command: PostEntry, uow: InvoicingUnitOfWork) -> Settlement:
    """The settlement with the entry. The same source counts once.

    Raises SettlementNotFound, DateInFuture, PeriodClosed, EntryInvalid, and what the settlement
    refuses.
    """
    settlement = await uow.settlements.get(settlement_id(command.document_id))
    day = await day_of(settlement, command.source, command.on, uow)
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    posting = Posting(
        source=command.source,
        on=day,
        amount=command.amount,
        currency=command.currency,
        note=command.note,
        worth=await _worth(settlement, command, day, uow),
        account=command.account,
        default_account=await _bank_of(settlement, command.kind, day, uow),
        closed=entity.closed,
    )
    match command.kind:
        case EntryKind.PAYMENT if command.cash:
            pay_cash(settlement, posting, await _cash_unit(settlement, uow))
        case EntryKind.PAYMENT:
            settlement.record_payment(posting)
        case EntryKind.WRITE_OFF:
            settlement.write_off(posting)
        case EntryKind.DISCOUNT:
            settlement.take_discount(posting)
        case EntryKind.REFUND:
            settlement.refund(posting)
        case _:
            violated(f"{command.kind} is entered by finalizing documents only")
    await_rates(uow, settlement)
    return settlement


async def _worth(
    settlement: Settlement, command: PostEntry, day: date, uow: InvoicingUnitOfWork
) -> Worth:
    """What money is worth in the books: as the bank says, else at the rate of its day.

    One more round trip for documents in a foreign currency. Raises EntryInvalid.
    """
    if command.received is not None:
        return received_worth(settlement, command.received)
    if command.kind not in (EntryKind.PAYMENT, EntryKind.REFUND):
        return Worth()
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    question = settlement_question(settlement, entity, day, uow)
    if question is None or settlement.entry_from(command.source) is not None:
        return Worth()
    [rate] = await rates_of([question], entity, uow)
    return Worth(rate=rate)


async def day_of(
    settlement: Settlement, source: str, on: date | None, uow: InvoicingUnitOfWork
) -> date:
    """The day of an entry: as stated, else that of the entry it repeats, else today.

    What is a mere repetition may lie in a period that was closed since. Raises DateInFuture,
    PeriodClosed.
    """
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    # Midnight may have passed, and yesterday been closed, since this command began.
    today = entity.closed.first_open(PeriodKind.PAYMENTS, entity.today(uow.ctx.now))
    repeated = settlement.entry_from(source)
    day = on or (repeated.on if repeated else today)
    if day > today:
        raise DateInFuture(problems=[Problem("/on", DateInFuture.code, f"Today is {today}.")])
    if repeated is None:
        entity.closed.ensure_open(PeriodKind.PAYMENTS, day, "/on")
    return day


async def _cash_unit(settlement: Settlement, uow: InvoicingUnitOfWork) -> Decimal:
    """What the legal entity rounds cash to. Raises CashNotRounded."""
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    currency = settlement.claim.currency
    unit = entity.details.cash_rounding.get(currency)
    if unit is None:
        detail = f"The legal entity has no `cash_rounding` for {currency}."
        raise CashNotRounded(problems=[Problem("/cash", CashNotRounded.code, detail)])
    return unit


async def _bank_of(
    settlement: Settlement, kind: EntryKind, day: date, uow: InvoicingUnitOfWork
) -> str | None:
    """The bank account of the legal entity for the currency, as its rows say on that day."""
    if settlement.journal is None or kind not in (EntryKind.PAYMENT, EntryKind.REFUND):
        return None
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    return bank_account(entity, uow.charts, settlement.claim.currency, day)
