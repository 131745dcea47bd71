"""Make a draft legally binding: freeze it, give it the next number, open what is to be settled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from invx.contexts.invoicing.app.apply_exchange_rates import await_rates
from invx.contexts.invoicing.app.asked import SeriesChoice
from invx.contexts.invoicing.app.determine_accounts import booked, line_accounts
from invx.contexts.invoicing.app.determine_taxes import ensure_taxes_hold
from invx.contexts.invoicing.app.mark_overdue import MARK_OVERDUE, next_overdue
from invx.contexts.invoicing.app.open_delivery import open_delivery
from invx.contexts.invoicing.app.permit_number import permit_number
from invx.contexts.invoicing.app.portions import schedule_for
from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.app.rates_at_issue import rates_at_issue
from invx.contexts.invoicing.app.recognize_revenue import watch_revenue
from invx.contexts.invoicing.app.require_approval import require_approval
from invx.contexts.invoicing.app.route_document import route_document
from invx.contexts.invoicing.app.tell_engine import owe_engine
from invx.contexts.invoicing.app.versions import expect
from invx.contexts.invoicing.domain.balance import Claim
from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.bookkeeping.book import Book, Part
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.crediting.apply_credit import apply_credit
from invx.contexts.invoicing.domain.crediting.credit_taxes import fitted
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Issue, Links
from invx.contexts.invoicing.domain.einvoice.routing import TakenRoute
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.periods.closed import PeriodKind
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.schedule import due_part
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.contexts.invoicing.domain.tax.tax_entries import TaxAccount
from invx.contexts.invoicing.domain.tax.tax_opening import tax_account_of
from invx.contexts.invoicing.domain.terms import due_date_of, instalments_of
from invx.contexts.invoicing.domain.titles import title_of
from invx.kernel.messages import Command
from invx.rules.calendar.zones import overdue_from
from invx.rules.totals.compute import compute


@dataclass(frozen=True, slots=True, kw_only=True)
class FinalizeDocument(Command):
    document_id: UUID
    issue_date: date | None = None
    series_id: UUID | None = None
    expected_version: int | None = None
    at_once: bool = False  # it was opened by this very unit of work, to be finalized


@dataclass(frozen=True, slots=True)
class Finalized:
    """A document, and what is open of it; a proforma has nothing to settle."""

    document: Document
    settlement: Settlement | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft that has passed every check: only its number is missing."""

    order: FinalizeDocument
    document: Document
    entity: LegalEntity
    original: Document | None  # that a credit note credits
    issue_date: date
    book: BookValue | None
    route: TakenRoute | None
    accounts: tuple[LineAccount, ...]

    @property
    def choice(self) -> SeriesChoice:
        """Which series it draws from."""
        default = (self.document.legal_entity_id, self.document.content.type)
        return self.order.series_id or default

    @property
    def dated(self) -> bool:
        """Whether somebody wants it to have just this date."""
        return bool(self.order.issue_date or self.document.content.issue_date)

    @property
    def stands_alone(self) -> bool:
        """Whether issuing it changes no other document."""
        return self.document.links == Links()


async def finalize_document(command: FinalizeDocument, uow: InvoicingUnitOfWork) -> Finalized:
    """The finalized document.

    Everything that can fail comes first; the number is drawn last, right before the write. Raises
    NotFound, Stale, DocumentNotDraft, Invalid, TaxChanged, PeriodClosed, DateBeforeLast and
    SeriesOnHold, ApprovalRequired; Unavailable where the official rules are demanded and cannot be
    asked.
    """
    ready = await ready_to_finalize(command, uow)
    series = await _series(command, ready.document, uow)
    done = await issue(ready, series, uow)
    follow_up([done], uow)
    return done


async def ready_to_finalize(command: FinalizeDocument, uow: InvoicingUnitOfWork) -> Ready:
    """The draft after all checks that need no series. A refusal leaves no other document changed.

    Raises what `finalize_document` raises, but for what the series says.
    """
    document = await uow.documents.get(command.document_id)
    expect(document, command.expected_version)
    document.ensure_draft()
    entity, stated = (
        await uow.legal_entities.get(document.legal_entity_id),
        document.content_version,
    )
    wanted = command.issue_date or document.content.issue_date
    issue_date = entity.issue_date_for(wanted, uow.ctx.now)
    if document.content.type is not DocumentType.PROFORMA:
        entity.closed.ensure_open(PeriodKind.DOCUMENTS, issue_date, "/issue_date")
    original = await _credited(document, uow)
    if original is None:
        await _determine_again(document, entity, issue_date, uow)
    book = await _rates(document, entity, issue_date, original, uow)
    await require_approval(document, entity, stated, uow)
    route = await route_document(document, entity, issue_date, uow)
    accounts = line_accounts(document, entity, original, issue_date, uow)
    return Ready(command, document, entity, original, issue_date, book, route, accounts)


async def issue(ready: Ready, series: Series, uow: InvoicingUnitOfWork) -> Finalized:
    """Number the draft and open its settlement. `series` is locked, and `ready.choice`.

    Raises SeriesOfAnother, DateBeforeLast, SeriesOnHold, CreditExceedsRemainder, and Needs where
    the outside journal is to know of the number first. A refusal changes nothing but the document,
    if it `stands_alone`.
    """
    document, entity, original = ready.document, ready.entity, ready.original
    series.ensure_serves(document.legal_entity_id, document.content.type)
    # Midnight may have passed in another transaction while this one waited for the series.
    day = ready.issue_date if ready.dated else series.not_before(ready.issue_date)
    if day != ready.issue_date:
        book = await _rates(document, entity, day, original, uow)
        route = await route_document(document, entity, day, uow)
        ready = replace(ready, issue_date=day, book=book, route=route)
    await permit_number(series, ready.issue_date, uow)
    if original is not None:
        original.record_credit(document.id, document.content, document.totals)
    _finalize(ready, series, uow)
    settlement = await settle_finalized(document, entity, original, uow, ready.book)
    open_delivery(document, entity, uow)
    owe_engine(document, original, uow)
    watch_revenue(original or document, uow)
    return Finalized(document, settlement)


def follow_up(done: Sequence[Finalized], uow: InvoicingUnitOfWork) -> None:
    """What is to be done later: keep the PDFs, and look whether they were paid in time."""
    schedule_for("archive_document", [each.document.id for each in done], uow.ctx.now, uow)
    due: dict[datetime, list[UUID]] = {}
    for each in done:
        if each.settlement is not None and (moment := next_overdue(each.settlement)):
            due.setdefault(moment, []).append(each.document.id)
    for moment, ids in due.items():
        schedule_for(MARK_OVERDUE, ids, moment, uow)


async def _determine_again(
    document: Document, entity: LegalEntity, day: date, uow: InvoicingUnitOfWork
) -> None:
    """Taxes that the rules determined are issued only if they are right on the day of issue."""
    anew = await ensure_taxes_hold(document, entity, day, uow)
    if anew is not None:
        totals = compute(bill_of(anew, document.rounding))
        document.edit(anew, totals, subject_id=document.subject_id)


async def _credited(document: Document, uow: InvoicingUnitOfWork) -> Document | None:
    """The original of a credit note, whose taxes are fitted to what is left of it by now."""
    if document.links.credits is None:
        return None
    original = await uow.documents.get(document.links.credits)
    content = fitted(document.content, original)
    totals = compute(bill_of(content, original.rounding))
    document.edit(content, totals, subject_id=document.subject_id)
    return original


async def _rates(
    document: Document,
    entity: LegalEntity,
    day: date,
    original: Document | None,
    uow: InvoicingUnitOfWork,
) -> BookValue | None:
    """What the document states of exchange rates, before its e-invoice is judged."""
    other = await uow.settlements.get(settlement_id(original.id)) if original else None
    return await rates_at_issue(document, entity, day, other, uow)


async def _series(
    command: FinalizeDocument, document: Document, uow: InvoicingUnitOfWork
) -> Series:
    if command.series_id is None:
        return await uow.series.default_locked(document.legal_entity_id, document.content.type)
    return await uow.series.get_locked(command.series_id)


def _finalize(ready: Ready, series: Series, uow: InvoicingUnitOfWork) -> None:
    document, entity, issue_date = ready.document, ready.entity, ready.issue_date
    due = document.totals.due
    issue = Issue(
        number=series.draw(document.id, issue_date),
        series_id=series.id,
        issue_date=issue_date,
        due_date=due_date_of(document.content, issue_date),
        instalments=instalments_of(document.content, due, issue_date),
        accounts=ready.accounts,
        at_once=ready.order.at_once,
        route=ready.route,
        title=title_of(document.content, document.links, entity, uow.packs),
    )
    document.finalize(entity.seller, issue, now=uow.ctx.now)


async def settle_finalized(
    document: Document,
    entity: LegalEntity,
    original: Document | None,
    uow: InvoicingUnitOfWork,
    book: BookValue | None = None,
) -> Settlement | None:
    """Open the settlement; a credit note counts against its original at once, as far as it is open.

    Also tells the documents that this one credits, cancels or replaces. Proformas settle nothing.
    """
    content = document.content
    if content.type is DocumentType.PROFORMA:
        return None
    today = entity.today(uow.ctx.now)
    claim = _claim(document, entity, today)
    other = await uow.settlements.get(settlement_id(original.id)) if original else None
    corrected = (original, other) if original and other else None
    tax_account = _tax_account(document, entity, claim.opened_on, corrected)
    settlement = Settlement.open_for(
        claim,
        subject_id=document.subject_id,
        tax_account=tax_account,
        value=book.at(book.rate, claim.total) if book and book.rate else book,
        booked=_at_book_rate(booked(document, entity, tax_account, uow), book),
        closed=entity.closed,
    )
    uow.settlements.add(settlement)
    if original is not None and other is not None:
        day = entity.closed.first_open(PeriodKind.PAYMENTS, today)
        apply_credit(
            other, settlement, Posting(source=str(document.id), on=day, closed=entity.closed)
        )
        await_rates(uow, other)
        if document.links.cancels:
            original.record_cancellation(document.id)
    if document.links.replaces:
        replaced = await uow.documents.get(document.links.replaces)
        replaced.record_replacement(document.id)
    await_rates(uow, settlement)
    return settlement


def _claim(document: Document, entity: LegalEntity, today: date) -> Claim:
    content = document.content
    sign = -1 if content.type is DocumentType.CREDIT_NOTE else 1
    due_date, zone = document.due_date, entity.details.time_zone
    total = document.totals.due * sign
    parts = document.instalments if len(document.instalments) > 1 and total > 0 else ()
    return Claim(
        document_id=document.id,
        document_type=content.type,
        legal_entity_id=entity.id,
        customer=content.buyer.customer if content.buyer else None,
        currency=content.currency,
        total=total,
        withheld=document.totals.withheld * sign,
        opened_on=document.issue_date or today,
        due_date=due_date,
        overdue_from=overdue_from(due_date, zone) if due_date else None,
        instalments=tuple(
            [due_part(each.due_date, each.amount, zone) for each in parts if each.amount]
        ),
    )


def _at_book_rate(
    found: tuple[Book, list[Part]] | None, value: BookValue | None
) -> tuple[Book, list[Part]] | None:
    """The journal at the rate of the document's value in the books: pending while that is open."""
    if found is None or value is None:
        return found
    return replace(found[0], exchange_rate=value.factor), found[1]


def _tax_account(
    document: Document,
    entity: LegalEntity,
    opened_on: date,
    original: tuple[Document, Settlement] | None,
) -> TaxAccount | None:
    """The document in the tax ledger. What the ledger does not hold, no credit note takes back."""
    said = (document.content, document.totals, document.links)
    if original is None:
        return tax_account_of(said, entity, opened_on)
    credited, settlement = original
    if settlement.taxes is None:
        return None
    return tax_account_of(said, entity, opened_on, (settlement.taxes.account, credited.content))
