"""Before many documents are worked on: have their numbers known outside, so none is done twice.

A number is drawn last, and what the outside journal does not know of makes the whole command run
again. For one document that costs little, and comes about every tenth time; a thousand would all be
opened, checked and totalled again each time. So they are counted first, while nothing is locked.
"""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import date

from invx.contexts.invoicing.app.asked import SeriesChoice, WantedNumber
from invx.contexts.invoicing.app.draft_document import selling_entity
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.kernel.errors import DomainError


async def foresee_numbers(wanted: Iterable[WantedNumber], uow: InvoicingUnitOfWork) -> None:
    """Reserve as many numbers as these documents are likely to draw. Raises Needs."""
    counts: Counter[tuple[SeriesChoice, date]] = Counter()
    for number, count in Counter(wanted).items():
        with suppress(DomainError):  # it is refused in its turn, with all that is wrong with it
            entity = await selling_entity(number.legal_entity_id, uow)
            choice = number.series_id or (entity.id, number.type)
            counts[choice, number.on or entity.today(uow.ctx.now)] += count
    if counts:
        await uow.series.foresee(counts)
