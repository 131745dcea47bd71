"""Take down exchange rates that a source has published: of a file, or stated one by one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate, RateKind
from invx.contexts.invoicing.domain.exchange.rate_sheet import (
    Counted,
    ExchangeRatesInvalid,
    month_of,
    rate_problems,
)
from invx.kernel.messages import Command

SPREAD = "spread_exchange_rates"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishExchangeRates(Command):
    source: str
    kind: RateKind
    rates: Sequence[PublishedRate]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesTaken:
    """What became of the rates of a command."""

    command: PublishExchangeRates
    counted: Counted = field(default_factory=Counted)


async def publish_exchange_rates(
    command: PublishExchangeRates, uow: InvoicingUnitOfWork
) -> RatesTaken:
    """Every rate is known afterwards. What is known already changes nothing, whoever sends it.

    Documents that wait for a rate are looked after by a job. Raises ExchangeRatesInvalid,
    RateKindDiffers.
    """
    problems = rate_problems(command.source, command.kind, command.rates)
    if problems:
        raise ExchangeRatesInvalid(problems=problems)
    months: dict[str, list[PublishedRate]] = defaultdict(list)
    for each in command.rates:
        months[month_of(each.first_day)].append(each)
    counted = Counted()
    for month in sorted(months):  # in order: two who lock the same ones do not wait in a circle
        sheet = await uow.rate_sheets.locked(command.source, month)
        counted = counted.plus(sheet.publish(command.kind, months[month]))
    if counted.changed:
        uow.jobs.schedule(SPREAD, "all", due_at=uow.ctx.now)
    return RatesTaken(command=command, counted=counted)
