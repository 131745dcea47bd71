"""The step of finalizing that routes a document, and lets the official rules judge it first."""

from dataclasses import replace
from datetime import date

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.einvoice.routes import OfficialRules
from invx.contexts.invoicing.domain.einvoice.routing import TakenRoute, route_of
from invx.contexts.invoicing.domain.legal_entity import LegalEntity


async def route_document(
    document: Document, entity: LegalEntity, day: date, uow: InvoicingUnitOfWork
) -> TakenRoute | None:
    """The route that the draft takes when it is issued on that day; all that it asks is there.

    Where the legal entity demands it, the e-invoice has been made and judged outside any
    transaction, and nothing of what was judged has changed since. Raises what `ensure_finalizable`
    raises, EInvoiceInvalid, and Unavailable while the rules cannot be asked.
    """
    policy = entity.details.e_invoicing
    route = route_of(document.content, policy, day)
    document.ensure_finalizable(entity.seller, day, route)
    if route is None or policy.official_rules is not OfficialRules.BEFORE_FINALIZE:
        return route
    stated = document.would_be_issued(entity.seller, day)
    fact = uow.e_invoices.judged(entity.id, stated, route.format)
    [verdict] = await uow.facts.need(fact)
    verdict.ensure_valid()
    return replace(route, verdict=fact.fingerprint)
