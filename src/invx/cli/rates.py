"""`invx rates …`: exchange rates from the files of central banks and ministries."""

from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from invx.cli.ground import console, open_host, progress_bar, tenant_of, with_place
from invx.contexts.invoicing.adapters.rate_files.opening import between, read_rates
from invx.contexts.invoicing.adapters.rate_files.reading import RateFile, RateFileUnreadable
from invx.contexts.invoicing.app.publish_exchange_rates import (
    PublishExchangeRates,
    publish_exchange_rates,
)
from invx.contexts.invoicing.domain.exchange.exchange import PublishedRate
from invx.contexts.invoicing.domain.exchange.rate_sheet import Counted
from invx.infra.system import Uuid7Ids
from invx.kernel.context import Caller
from invx.place import Place

NAME = "invoicing"
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only from this day on.")]


def import_(
    file: Annotated[Path, typer.Argument(help="XML, CSV, JSON, or a zip of one.", exists=True)],
    source: Annotated[str, typer.Option(help="ecb, bmf, hmrc, estv, bazg, or one of your own.")],
    tenant: Annotated[str | None, typer.Option(help="tnt_…; the demo tenant if absent.")] = None,
    since: Day = None,
    actor: Annotated[str, typer.Option(help="Who acts; stays in the history.")] = "user:operator",
) -> None:
    """Take down the exchange rates of a file.

    Each year is written by itself; the same file again changes nothing, so an interrupted import
    is simply run again. Documents that waited for a rate are looked after by the next worker.
    """
    read = between(read_rates(file.read_bytes(), source), since.date() if since else None, None)
    if not read.rates:
        raise RateFileUnreadable("it has no rates from that day on")
    tenant_id = tenant_of(tenant)
    caller = Caller(tenant_id=tenant_id, actor=actor, correlation_id=Uuid7Ids().new())

    async def work(place: Place) -> Counted:
        counted = Counted()
        async with open_host(place, NAME) as host:
            runner = host.contexts[NAME].runner
            years = _by_year(read)
            with progress_bar() as bar:
                for rates in bar.track(years, description="years"):
                    command = PublishExchangeRates(source=source, kind=read.kind, rates=rates)
                    done = await runner.run(publish_exchange_rates, command, caller)
                    counted = counted.plus(done.counted)
        return counted

    counted = with_place(work)
    console.print(
        f"{counted.published} new rates, {counted.corrected} corrected, "
        f"{counted.unchanged} known already."
    )
    if read.ignored:
        console.print(f"Not in use any more and left out: {', '.join(read.ignored)}.")


def _by_year(read: RateFile) -> list[tuple[PublishedRate, ...]]:
    def year(rate: PublishedRate) -> int:
        day: date = rate.first_day
        return day.year

    return [tuple(own) for _, own in groupby(sorted(read.rates, key=year), key=year)]
