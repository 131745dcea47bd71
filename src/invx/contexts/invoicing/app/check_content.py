"""Say what a draft would come to, and everything that is wrong with it; write nothing."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from invx.contexts.invoicing.app.determine_accounts import accounts_found
from invx.contexts.invoicing.app.determine_taxes import taxes_found
from invx.contexts.invoicing.app.draft_document import filled, selling_entity
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.with_files import with_files
from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.check import problems_of
from invx.contexts.invoicing.domain.check_parties import seller_problems
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.einvoice.routes import OfficialRules
from invx.contexts.invoicing.domain.einvoice.routing import (
    TakenRoute,
    route_of,
    routing_problems,
    routing_warnings,
)
from invx.contexts.invoicing.domain.party import Seller
from invx.contexts.invoicing.domain.tax.determination import Determined
from invx.kernel.errors import Problem
from invx.kernel.messages import Command
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Rounding, Totals
from invx.rules.totals.representable import problems as problems_of_bill


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContent(Command):
    """A draft that is not stored yet, or (by its id) one that is."""

    content: Content | None = None
    defaults: frozenset[str] = frozenset()
    legal_entity_id: UUID | None = None
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer: totals as far as they can be computed, and all problems at once."""

    content: Content
    rounding: Rounding
    totals: Totals | None
    problems: tuple[Problem, ...]
    seller: Seller
    issue_date: date  # on which it would be issued
    warnings: tuple[Problem, ...] = ()  # these refuse nothing
    route: TakenRoute | None = None  # the e-invoice that it would become
    judged: bool = False  # whether finalizing would ask the official rules of the route


async def check_content(command: CheckContent, uow: InvoicingUnitOfWork) -> Checked:
    """The same engine as create and finalize, all checks, no write. Raises NotFound."""
    content: Content | None
    if command.document_id is not None:
        document = await uow.documents.get(command.document_id)
        document.ensure_exists()
        entity = await uow.legal_entities.get(document.legal_entity_id)
        content, rounding = document.content, document.rounding
        credits = document.links.credits is not None
        like = await _accounts_of(document.links.credits, uow)
    else:
        entity = await selling_entity(command.legal_entity_id, uow)
        content = command.content
        if content is not None:
            content = await with_files(filled(content, command.defaults, entity), uow)
        rounding, credits, like = entity.details.rounding, False, ()
    if content is None:
        raise TypeError("a check needs content or a document")
    # A credit note bears the taxes of its original, whatever the rules would say today.
    found = Determined(content=content) if credits else await taxes_found(content, entity, uow)
    content = found.content
    bill = bill_of(content, rounding)
    issue_date = content.issue_date or entity.today(uow.ctx.now)
    problems = problems_of(content, rounding, finalizing=True, issue_date=issue_date)
    problems += seller_problems(content, entity.seller) + found.problems
    totals = None if problems_of_bill(bill) else compute(bill)
    if totals is not None:
        problems += accounts_found((content, totals), entity, issue_date, uow, like).problems
    policy, seller = entity.details.e_invoicing, entity.seller
    route = route_of(content, policy, issue_date)
    known = {each.pointer for each in problems}
    asked = routing_problems(content, totals, seller, route)
    return Checked(
        content,
        rounding,
        totals,
        (*problems, *(each for each in asked if each.pointer not in known)),
        seller,
        issue_date,
        warnings=tuple(routing_warnings(content, seller, route, issue_date, uow.packs)),
        route=route,
        judged=route is not None and policy.official_rules is OfficialRules.BEFORE_FINALIZE,
    )


async def _accounts_of(
    document_id: UUID | None, uow: InvoicingUnitOfWork
) -> tuple[LineAccount, ...]:
    """Those of the document that is credited."""
    return (await uow.documents.get(document_id)).accounts if document_id else ()
