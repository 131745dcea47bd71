"""Say which exchange rate serves a purpose of a legal entity on a day."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.errors import LegalEntityRequired
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate, RatePurpose, RateQuestion
from invx.contexts.invoicing.domain.exchange.rate_sheet import ExchangeRateNotPublished
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.kernel.errors import Invalid, Problem
from invx.kernel.messages import Command
from invx.kernel.money import UnknownCurrency, exponent


class RateOfWhom(Invalid):
    """Name the legal entity: the tenant does not have exactly one."""

    code = LegalEntityRequired.code


class CurrencyUnknown(Invalid):
    """The currency is not an ISO 4217 code in use; `problems` names the parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpExchangeRate(Command):
    """`country` is whose tax it is, for the purpose `tax`; the legal entity's own if absent."""

    purpose: RatePurpose
    base: str
    quote: str
    on: date | None = None
    legal_entity_id: UUID | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRate:
    """The answer, with what was asked in the end."""

    purpose: RatePurpose
    question: RateQuestion
    rate: ExchangeRate


async def look_up_exchange_rate(command: LookUpExchangeRate, uow: InvoicingUnitOfWork) -> FoundRate:
    """Writes nothing. Raises CurrencyUnknown, LegalEntityRequired, ExchangeRateNotPublished."""
    _check(command)
    entity = await _entity(command, uow)
    today = entity.today(uow.ctx.now)
    address = entity.seller.party.address
    country = command.country or (address.country if address else None)
    sources = entity.details.exchange_rate_sources
    question = RateQuestion(
        source=sources.source_for(command.purpose, uow.packs, country),
        base=command.base,
        quote=command.quote,
        on=command.on or today,
    )
    [rate] = await uow.exchange_rates.of([question], today)
    if rate is None:
        raise ExchangeRateNotPublished(
            f"{question.source} has no rate of {command.quote} for one {command.base}"
            f" on {question.on}."
        )
    return FoundRate(purpose=command.purpose, question=question, rate=rate)


async def _entity(command: LookUpExchangeRate, uow: InvoicingUnitOfWork) -> LegalEntity:
    if command.legal_entity_id is not None:
        return await uow.legal_entities.get(command.legal_entity_id)
    try:
        return await uow.legal_entities.only()
    except LegalEntityRequired as required:
        [problem] = required.problems
        where = Problem("query:legal_entity", problem.code, problem.detail)
        raise RateOfWhom(required.detail, problems=[where]) from None


def _check(command: LookUpExchangeRate) -> None:
    problems = []
    for name, currency in (("from", command.base), ("to", command.quote)):
        try:
            exponent(currency)
        except UnknownCurrency as unknown:
            problems.append(Problem(f"query:{name}", unknown.code, unknown.detail))
    if command.base == command.quote:
        problems.append(Problem("query:to", "same_currency", "A rate has two currencies."))
    if problems:
        raise CurrencyUnknown(problems=problems)
