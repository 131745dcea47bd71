"""What the journal knows of a document, frozen when it is finalized: its accounts and its rate."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.bookkeeping.accounts import Rows
from invx.contexts.invoicing.domain.bookkeeping.booking import BookingKind
from invx.contexts.invoicing.domain.bookkeeping.chart import Account, Purpose, Treatment
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount, TaxKey, key_of
from invx.contexts.invoicing.domain.content import Content, DocumentType, Line
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.tax.tax_entries import TaxAccount, TaxedGroup
from invx.contexts.invoicing.domain.tax.tax_points import supplied_on
from invx.kernel.errors import invariant, violated
from invx.rules.totals.model import (
    ZERO,
    LineKind,
    LineTotals,
    Regime,
    Tax,
    TaxGroup,
    Totals,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """Where a discount, or a write-off, of one tax group is booked."""

    discount: Account
    write_off: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A document in the journal. It never changes.

    `exchange_rate` is in units of the book currency per unit of the document's; None while nobody
    knows it, or when both are one. `groups` are those of the tax account.
    """

    number: str
    book_currency: str
    exchange_rate: Decimal | None = None
    service_date: date | None = None
    due_date: date | None = None
    groups: tuple[GivenUp, ...] = ()
    untaxed: GivenUp  # what bears no tax of a group
    bank: Account
    clearing: Account
    withholding: Account
    gain: Account
    loss: Account
    rounding: Account | None = None  # of cash

    @property
    def rounding_account(self) -> Account:
        """Of cash; in books of before there was one, where write-offs are."""
        return self.rounding or self.untaxed.write_off


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of what a document is booked with. Positive: the buyer owes so much more by it.

    `tax` is contained in `amount`, with the sign of the tax ledger.
    """

    kind: BookingKind
    account: Account
    amount: Decimal = ZERO
    tax: Decimal = ZERO
    taxed: bool = False
    tax_category: str | None = None
    tax_rate: Decimal | None = None
    country: str | None = None
    scheme: str | None = None
    cost_center: str | None = None
    cost_object: str | None = None


def book_of(
    document: Document | ImportedDocument,
    entity: LegalEntity,
    rows: Rows,
    account: TaxAccount | None,
) -> Book:
    """The accounts that later movements of the document are booked on."""
    content, currency = document.content, entity.details.currency
    issued = document.issue_date or rows.day
    stated = content.tax_currency
    rate = stated.rate if stated and stated.currency == currency else None
    groups = account.groups if account else ()
    return Book(
        number=document.number or "",
        book_currency=currency,
        exchange_rate=rate if content.currency != currency else None,
        service_date=supplied_on(content, issued),
        due_date=document.due_date,
        groups=tuple([_given_up(rows, _treatment(rows, each)) for each in groups]),
        untaxed=_given_up(rows, Treatment(currency=content.currency)),
        bank=general(rows, Purpose.BANK, content.currency),
        clearing=general(rows, Purpose.CLEARING, content.currency),
        withholding=general(rows, Purpose.WITHHOLDING, content.currency),
        gain=general(rows, Purpose.EXCHANGE_GAIN, content.currency),
        loss=general(rows, Purpose.EXCHANGE_LOSS, content.currency),
        rounding=_rounding(rows, content.currency),
    )


def general(rows: Rows, purpose: Purpose, currency: str) -> Account:
    """The account of something that no line decides. That there is one was checked before."""
    found = rows.find(purpose, Treatment(currency=currency))
    if found is None or found.account is None:
        violated(f"there is no account for {purpose}")
    return found.account


def _rounding(rows: Rows, currency: str) -> Account | None:
    found = rows.find(Purpose.ROUNDING, Treatment(currency=currency))
    return found.account if found else None


def _given_up(rows: Rows, wanted: Treatment) -> GivenUp:
    accounts = []
    for purpose in (Purpose.DISCOUNT, Purpose.WRITE_OFF):
        found = rows.find(purpose, wanted)
        if found is None or found.account is None:
            accounts.append(general(rows, purpose, wanted.currency or ""))
        else:
            accounts.append(found.account)
    return GivenUp(discount=accounts[0], write_off=accounts[1])


def _treatment(rows: Rows, group: TaxedGroup) -> Treatment:
    tax = Tax(
        regime=group.regime,
        category=group.category,
        rate=group.rate,
        jurisdiction=group.jurisdiction,
    )
    return rows.treatment(tax)


def parts_of(document: Document, rows: Rows, accounts: tuple[LineAccount, ...]) -> list[Part]:
    """All that a finalized document is booked with; the amounts sum to what is due."""
    content, totals = document.content, document.totals
    parts = [*_revenue(content, totals, accounts), *_besides(totals, rows)]
    sign = -1 if content.type is DocumentType.CREDIT_NOTE else 1
    summed: dict[Part, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for part in parts:
        sums = summed[replace(part, amount=ZERO, tax=ZERO)]
        sums[0] += sign * part.amount
        sums[1] += sign * part.tax
    found = [replace(part, amount=sums[0], tax=sums[1]) for part, sums in summed.items()]
    due = sum((part.amount for part in found), ZERO)
    invariant(due == sign * totals.due, f"the journal has {due}, the document {totals.due}")
    return [part for part in found if part.amount or part.tax]


def _revenue(content: Content, totals: Totals, accounts: tuple[LineAccount, ...]) -> Iterator[Part]:
    by_line = {each.line_id: each for each in accounts if each.line_id is not None}
    by_taxes = {(each.taxes, each.tax_beside): each for each in accounts if each.line_id is None}
    for line, figures in _leaves(content.lines, totals.lines):
        amounts = [amount for _, amount in figures.taxes]
        yield from _part(by_line[line.id], figures.net, line.taxes, amounts, by_taxes)
    for written in totals.adjustments:
        sign = 1 if written.charge else -1
        for share in written.shares:
            groups = [totals.taxes[index] for index in share.groups]
            amounts = [sign * tax for tax in share.taxes]
            account = by_taxes[key_of(groups), False]
            yield from _part(account, sign * share.amount, groups, amounts, by_taxes)


def _part(
    account: LineAccount,
    net: Decimal,
    taxes: Sequence[Tax | TaxGroup],
    amounts: list[Decimal],
    beside: dict[tuple[TaxKey, bool], LineAccount],
) -> Iterator[Part]:
    vat = [(tax, amount) for tax, amount in zip(taxes, amounts, strict=True) if _is_vat(tax)]
    tax = sum((amount for _, amount in vat), ZERO)
    first = vat[0][0] if vat else None
    yield Part(
        kind=BookingKind.REVENUE,
        account=account.account,
        amount=net + tax,
        tax=tax,
        taxed=first is not None,
        tax_category=first.category if first else None,
        tax_rate=first.rate if first else None,
        country=account.country,
        scheme=account.scheme,
        cost_center=account.cost_center,
        cost_object=account.cost_object,
    )
    for other, amount in zip(taxes, amounts, strict=True):
        if _is_vat(other) or other.regime is Regime.WITHHOLDING:
            continue
        owed = beside[key_of([other]), True]
        yield Part(
            kind=BookingKind.REVENUE,
            account=owed.account,
            amount=amount,
            tax=amount,
            taxed=True,
            tax_category=other.category,
            tax_rate=other.rate,
            country=owed.country,
        )


def _besides(totals: Totals, rows: Rows) -> Iterator[Part]:
    """What stands between gross and due: paid before, rounded, kept back."""
    for kind, purpose, amount in (
        (BookingKind.PAYMENT, Purpose.PREPAYMENT, -totals.prepaid),
        (BookingKind.REVENUE, Purpose.ROUNDING, totals.rounding_amount),
        (BookingKind.WITHHOLDING, Purpose.WITHHOLDING, -totals.withheld),
    ):
        if amount:
            yield Part(kind=kind, account=general(rows, purpose, totals.currency), amount=amount)


def _leaves(
    lines: tuple[Line, ...], totals: tuple[LineTotals, ...]
) -> Iterator[tuple[Line, LineTotals]]:
    for line, figures in zip(lines, totals, strict=True):
        if line.children:
            yield from _leaves(line.children, figures.children)
        elif line.kind is LineKind.ITEM:
            yield line, figures


def _is_vat(tax: Tax | TaxGroup) -> bool:
    return tax.regime is Regime.VAT
