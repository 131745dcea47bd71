"""The step of finalizing that finds the accounts, where the legal entity keeps books."""

from collections.abc import Sequence
from datetime import date

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.bookkeeping.accounts import Accounts, accounts_of, rows_of
from invx.contexts.invoicing.domain.bookkeeping.book import Book, Part, book_of, parts_of
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.recognition.deferring import defers, with_deferral
from invx.contexts.invoicing.domain.tax.tax_entries import TaxAccount
from invx.kernel.errors import Invalid
from invx.rules.totals.model import Totals


class AccountMissing(Invalid):
    """Some line cannot be booked: no row of the chart says where. The problems ask for it."""


def line_accounts(
    document: Document,
    entity: LegalEntity,
    original: Document | None,
    issue_date: date,
    uow: InvoicingUnitOfWork,
) -> tuple[LineAccount, ...]:
    """The accounts that the document is finalized with; none without books.

    Raises AccountMissing.
    """
    said, like = (document.content, document.totals), original.accounts if original else ()
    found = accounts_found(said, entity, issue_date, uow, like)
    if found.problems:
        raise AccountMissing(problems=found.problems)
    if not found.lines or not defers(document.content):
        return found.lines
    rows = rows_of(document.content, entity, uow.charts, issue_date)
    lines, problems = with_deferral(document.content, found.lines, rows) if rows else ((), [])
    if problems:
        raise AccountMissing(problems=problems)
    return lines


def accounts_found(
    said: tuple[Content, Totals],
    entity: LegalEntity,
    issue_date: date,
    uow: InvoicingUnitOfWork,
    like: Sequence[LineAccount] = (),
) -> Accounts:
    """The same with the questions beside it."""
    rows = rows_of(said[0], entity, uow.charts, issue_date)
    return accounts_of(said, entity, rows, like) if rows else Accounts()


def booked(
    document: Document, entity: LegalEntity, account: TaxAccount | None, uow: InvoicingUnitOfWork
) -> tuple[Book, list[Part]] | None:
    """The book that a finalized document is opened with; None without books."""
    issued = document.issue_date
    rows = rows_of(document.content, entity, uow.charts, issued) if issued else None
    if rows is None:
        return None
    return book_of(document, entity, rows, account), parts_of(document, rows, document.accounts)
