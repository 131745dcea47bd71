"""The claim of an imported document, with what was settled of it before the takeover.

Only what is open is new to our books: it is booked against the account of opening balances. What
was paid before is an entry of the settlement, so that it can be taken back when it bounces, but no
booking. In a foreign currency it is booked against that account too: so the worth of each part in
the books comes from the same conversions as everywhere.

Taxes were declared by the other system when it issued the document, so nothing enters the tax
ledger. Where tax is due when money comes in, that of the open part was not declared yet: it enters
the ledger with the payments that come from now on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.balance import Claim
from invx.contexts.invoicing.domain.bookkeeping.accounts import Rows
from invx.contexts.invoicing.domain.bookkeeping.book import Book, Part, book_of
from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue, Worth
from invx.contexts.invoicing.domain.bookkeeping.chart import Account, Purpose, Treatment
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.importing.errors import OpeningAccountMissing, TaxSplitMissing
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.party import Basis
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.tax_entries import TaxAccount
from invx.contexts.invoicing.domain.tax.tax_holdings import (
    Settled,
    holdings_after,
    left_of,
    nothing_held,
)
from invx.contexts.invoicing.domain.tax.tax_opening import tax_account_of
from invx.kernel.errors import Problem
from invx.kernel.money import EXACT, quantize
from invx.rules.calendar.zones import overdue_from
from invx.rules.totals.model import ZERO

_RATE_OF_IMPORT = "import"


def settle_imported(
    document: ImportedDocument,
    entity: LegalEntity,
    rows: Rows | None,
    paid: tuple[Decimal, date],
    as_of: date,
) -> Settlement:
    """Its settlement with what was paid by the takeover, `as_of`.

    Raises TaxSplitMissing, OpeningAccountMissing.
    """
    content, due = document.content, document.due_date
    sign = -1 if content.type is DocumentType.CREDIT_NOTE else 1
    claim = Claim(
        document_id=document.id,
        document_type=content.type,
        legal_entity_id=entity.id,
        customer=content.buyer.customer if content.buyer else None,
        currency=content.currency,
        total=sign * document.totals.gross,
        opened_on=as_of,
        due_date=due,
        overdue_from=overdue_from(due, entity.details.time_zone) if due else None,
    )
    amount = sign * paid[0]
    account = _tax_account(document, entity, claim.total, amount)
    value = _value(document, entity, claim)
    opening = _opening_account(rows, content.currency)
    booked = None
    if rows is not None and opening is not None:
        shown = claim.total - (amount if value is None else ZERO)
        book = book_of(document, entity, rows, account)
        book = replace(book, exchange_rate=value.factor if value else None)
        booked = _booked(book, opening, shown, account)
    settlement = Settlement.open_for(
        claim,
        subject_id=document.subject_id,
        tax_account=account,
        value=value,
        booked=booked,
    )
    if amount:
        posting = Posting(
            source=f"import:{document.import_id}",
            on=paid[1],
            amount=paid[0],
            worth=Worth(rate=value.rate) if value else Worth(),
            account=opening.account if opening else None,
            carried=value is None,
        )
        if sign > 0:
            settlement.record_payment(posting)
        else:
            settlement.refund(posting)
    return settlement


def take_back(settlement: Settlement, on: date) -> None:
    """Undo what came with the import, and the claim itself."""
    for entry in settlement.entries:
        if entry.reverses is None and not any(
            e.reverses == entry.entry_id for e in settlement.entries
        ):
            carried = settlement.books is None
            settlement.reverse(
                entry.entry_id, Posting(source=f"{entry.source}:reversed", on=on, carried=carried)
            )
    settlement.close_void(moved=True)


def is_untouched(settlement: Settlement, source: str) -> bool:
    """Whether nothing has moved since the import."""
    return not settlement.standing.disputed and all(
        entry.source == source for entry in settlement.entries
    )


def _value(document: ImportedDocument, entity: LegalEntity, claim: Claim) -> BookValue | None:
    """In the currency of the books, at the rate that the other system's books had it at."""
    stated = document.content.tax_currency
    if stated is None:
        return None
    value = BookValue(currency=entity.details.currency, day=document.issue_date)
    rate = ExchangeRate(rate=stated.rate, source=_RATE_OF_IMPORT, day=document.issue_date)
    return value.at(rate, claim.total)


def _opening_account(rows: Rows | None, currency: str) -> Account | None:
    if rows is None:
        return None
    found = rows.find(Purpose.OPENING_BALANCE, Treatment(currency=currency))
    if found is None or found.account is None:
        raise OpeningAccountMissing
    return found.account


def _booked(
    book: Book, opening: Account, amount: Decimal, account: TaxAccount | None
) -> tuple[Book, Sequence[Part]]:
    """What is open, against the account of opening balances; nothing where all is settled."""
    tax = sum(account.cells[1::2], ZERO) if account else ZERO
    part = Part(kind=BookingKind.OPENING_BALANCE, account=opening, amount=amount, tax=tax)
    return book, [part] if amount or tax else []


def _tax_account(
    document: ImportedDocument, entity: LegalEntity, total: Decimal, paid: Decimal
) -> TaxAccount | None:
    """The taxes of the open part, where they are due when money comes in; else None."""
    open_now = abs(total) - min(max(paid * (1 if total >= 0 else -1), ZERO), abs(total))
    if not open_now or not any(each.basis is Basis.CASH for each in entity.seller.registrations):
        return None
    said = (document.content, document.totals, Links())
    account = tax_account_of(said, entity, document.issue_date)
    if account is None or sum(account.cells, ZERO) != total:
        detail = "State the tax rate of the document, or the rates of all of its lines."
        raise TaxSplitMissing(problems=[Problem("/tax_rate", TaxSplitMissing.code, detail)])
    bases = {each.basis for each in account.groups}
    if bases == {Basis.ACCRUAL}:
        return None
    if len(bases) > 1:
        detail = "Taxes that are due on issue and on payment cannot stand on one imported document."
        raise TaxSplitMissing(problems=[Problem("/tax_rate", TaxSplitMissing.code, detail)])
    held = holdings_after(account, nothing_held(account), Settled(received=paid))
    return _of_the_rest(account, left_of(account, held).cells, paid)


def _of_the_rest(account: TaxAccount, cells: Sequence[Decimal], paid: Decimal) -> TaxAccount:
    """A document of what was open: what had been paid by then is no payment on it."""
    groups = []
    for group, base, tax in zip(account.groups, cells[::2], cells[1::2], strict=True):
        own = replace(group, base=base, tax=tax)
        stated = account.tax_currency
        if stated is not None and not group.provisional:
            own = replace(
                own,
                accounted_base=quantize(EXACT.multiply(base, stated.rate), stated.currency),
                accounted_tax=quantize(EXACT.multiply(tax, stated.rate), stated.currency),
            )
        groups.append(own)
    total = sum(cells, ZERO)
    return replace(account, total=total, prepaid=-paid, groups=tuple(groups))
