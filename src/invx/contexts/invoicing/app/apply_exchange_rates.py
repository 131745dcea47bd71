"""Let a document know the exchange rates that it waits for, as far as they are published."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.books import Worth
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate, RatePurpose, RateQuestion
from invx.contexts.invoicing.domain.exchange.rates_applying import (
    complete_books,
    convert_taxes,
    unbooked_money,
)
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.contexts.invoicing.domain.tax.tax_conversion import TaxRateWanted, wanted_for
from invx.kernel.messages import Command

APPLY = "apply_exchange_rates"


@dataclass(frozen=True, slots=True)
class ApplyExchangeRates(Command):
    document_id: UUID


async def apply_exchange_rates(
    command: ApplyExchangeRates, uow: InvoicingUnitOfWork
) -> Settlement | None:
    """Records what became known; nothing when nothing did. Safe to repeat."""
    settlement = await uow.settlements.find(settlement_id(command.document_id))
    if settlement is None or not settlement.awaits_rates:
        return settlement
    entity = await uow.legal_entities.get(settlement.claim.legal_entity_id)
    wanted = _tax_rates(settlement, entity)
    asked = [_of_taxes(settlement, entity, each, uow) for each in wanted]
    asked += _of_books(settlement, entity, uow)
    known = dict(zip(asked, await rates_of(asked, entity, uow), strict=True))
    taxes = {
        each: rate
        for each, question in zip(wanted, asked, strict=False)
        if (rate := known[question]) is not None
    }
    convert_taxes(settlement, taxes, entity.details.currency)
    _complete_books(settlement, entity, known, uow)
    return settlement


def await_rates(uow: InvoicingUnitOfWork, *settlements: Settlement) -> None:
    """Work on these at once if they lack a rate: it may be there already."""
    for each in settlements:
        if each.awaits_rates:
            uow.jobs.schedule(APPLY, str(each.claim.document_id), due_at=uow.ctx.now)


async def rates_of(
    asked: Sequence[RateQuestion], entity: LegalEntity, uow: InvoicingUnitOfWork
) -> list[ExchangeRate | None]:
    """The answers in order, in one round trip; in none when nothing is asked."""
    if not asked:
        return []
    return await uow.exchange_rates.of(asked, entity.today(uow.ctx.now))


def settlement_question(
    settlement: Settlement, entity: LegalEntity, on: date, uow: InvoicingUnitOfWork
) -> RateQuestion | None:
    """What money of this document is worth in the books on a day; None in their own currency."""
    if settlement.books is None:
        return None
    source = entity.details.exchange_rate_sources.source_for(RatePurpose.SETTLEMENT, uow.packs)
    currency = settlement.claim.currency
    return RateQuestion(source=source, base=currency, quote=settlement.books.value.currency, on=on)


def _tax_rates(settlement: Settlement, entity: LegalEntity) -> list[TaxRateWanted]:
    record = settlement.taxes
    if record is None:
        return []
    return wanted_for(record.account, tuple(record.entries.values()), entity.details.currency)


def _of_taxes(
    settlement: Settlement, entity: LegalEntity, wanted: TaxRateWanted, uow: InvoicingUnitOfWork
) -> RateQuestion:
    sources = entity.details.exchange_rate_sources
    return RateQuestion(
        source=sources.source_for(RatePurpose.TAX, uow.packs, wanted.country),
        base=settlement.claim.currency,
        quote=wanted.currency,
        on=wanted.on,
    )


def _of_books(
    settlement: Settlement, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> list[RateQuestion]:
    asked = [_of_claim(settlement, entity, uow)]
    asked += [
        settlement_question(settlement, entity, each.on, uow) for each in unbooked_money(settlement)
    ]
    return [each for each in asked if each is not None]


def _of_claim(
    settlement: Settlement, entity: LegalEntity, uow: InvoicingUnitOfWork
) -> RateQuestion | None:
    if settlement.books is None or settlement.books.value.rate is not None:
        return None
    value = settlement.books.value
    source = entity.details.exchange_rate_sources.source_for(RatePurpose.BOOK, uow.packs)
    return RateQuestion(
        source=source, base=settlement.claim.currency, quote=value.currency, on=value.day
    )


def _complete_books(
    settlement: Settlement,
    entity: LegalEntity,
    known: dict[RateQuestion, ExchangeRate | None],
    uow: InvoicingUnitOfWork,
) -> None:
    claimed = _of_claim(settlement, entity, uow)
    worths = {}
    for each in unbooked_money(settlement):
        question = settlement_question(settlement, entity, each.on, uow)
        if question is not None and (rate := known[question]) is not None:
            worths[each.entry_id] = Worth(rate=rate)
    complete_books(settlement, known[claimed] if claimed else None, worths, entity.closed)
