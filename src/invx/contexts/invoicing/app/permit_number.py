"""May the series give its next number here and now? Asked right before it is drawn (D2)."""

from datetime import date

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.numbering import period_of
from invx.contexts.invoicing.domain.series import Series, SeriesOnHold

NOT_HERE = (
    "This database was restored, promoted or copied, so numbers that it does not know of may have "
    "been given. Its series give none until the operator has run `invx numbers reconcile`; drafts "
    "can be written meanwhile."
)


async def permit_number(series: Series, on: date, uow: InvoicingUnitOfWork) -> None:
    """Make sure that the next number of that day's period is known outside before it is given.

    Where an outside journal is kept, it is told a bound before a number up to it is drawn, so that
    nobody has to guess after a restore. Raises SeriesOnHold; Needs when the bound is reached.
    """
    if series.held:
        raise SeriesOnHold
    permit = uow.series.permit(series)
    if not permit.here:
        raise SeriesOnHold(NOT_HERE)
    period = period_of(on, series.definition.reset)
    number = series.next_number(period)
    if number > permit.reserved.get(period, 0):
        await uow.series.reserve(series, period, number)
