"""Which lines of a finalized document are earned later, and with which figures."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from invx.contexts.invoicing.domain.bookkeeping.accounts import ACCOUNT_MISSING, Rows
from invx.contexts.invoicing.domain.bookkeeping.book import Book
from invx.contexts.invoicing.domain.bookkeeping.chart import Purpose, Treatment
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import Content, DocumentType, Line, Period
from invx.contexts.invoicing.domain.crediting.remainder import items
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.recognition.recognition_events import DeferredLine
from invx.contexts.invoicing.domain.recognition.terms import Method
from invx.kernel.errors import Problem
from invx.kernel.money import EXACT, quantize

_POSITION = "line:"  # of what a credit note takes, see `crediting.remainder`


def is_deferred(line: Line) -> bool:
    """Whether its revenue is earned after it is issued."""
    return line.recognition is not None and line.recognition.method is not Method.ON_ISSUE


def defers(content: Content) -> bool:
    """Whether an invoice has lines that are earned later; a credit note has none of its own."""
    return content.type is DocumentType.INVOICE and any(map(_defers, content.lines))


def _defers(line: Line) -> bool:
    return is_deferred(line) or (line.children != () and any(map(_defers, line.children)))


def with_deferral(
    content: Content, accounts: tuple[LineAccount, ...], rows: Rows
) -> tuple[tuple[LineAccount, ...], list[Problem]]:
    """The accounts with those that revenue is deferred to, and the lines that have none."""
    found = rows.find(Purpose.DEFERRAL, Treatment(currency=content.currency))
    account = found.account if found else None
    deferred = {line.id: at for at, line in lines_of(content.lines) if is_deferred(line)}
    if account is None:
        detail = "No row of the chart says where deferred revenue is booked (purpose `deferral`)."
        places = [f"{at}/recognition" for at in deferred.values()]
        return accounts, [Problem(at, ACCOUNT_MISSING, detail) for at in places]
    return (
        tuple(
            [
                replace(each, deferral=account) if each.line_id in deferred else each
                for each in accounts
            ]
        ),
        [],
    )


def deferred_lines(document: Document, book: Book | None) -> Iterator[DeferredLine]:
    """The lines with their net in both currencies. Adjustments of the document are no part."""
    accounts = {each.line_id: each for each in document.accounts if each.line_id is not None}
    for line, figures in items(document.content.lines, document.totals.lines):
        terms = line.recognition
        if terms is None or terms.method is Method.ON_ISSUE or not figures.net:
            continue
        period = line.service_period or document.content.service_period or Period()
        account = accounts.get(line.id)
        yield DeferredLine(
            line_id=line.id,
            net=figures.net,
            booked=_in_books(figures.net, book),
            method=terms.method,
            start=period.start,
            end=period.end,
            milestones=terms.milestones,
            revenue=account.account if account else None,
            deferral=account.deferral if account else None,
            cost_center=account.cost_center if account else None,
            cost_object=account.cost_object if account else None,
        )


def _in_books(amount: Decimal, book: Book | None) -> Decimal | None:
    if book is None:
        return None
    rate = Decimal(1) if book.exchange_rate is None else book.exchange_rate
    return quantize(EXACT.multiply(amount, rate), book.book_currency)


def taken_by(document: Document) -> dict[UUID, Mapping[str, Decimal]]:
    """What each credit note takes of each line."""
    return {
        note_id: {
            each.position.removeprefix(_POSITION): each.net
            for each in credited.positions
            if each.position.startswith(_POSITION)
        }
        for note_id, credited in document.credits.items()
    }
