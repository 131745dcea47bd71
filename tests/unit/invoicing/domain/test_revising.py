"""A rejected document issued anew: what moves over, to the cent, in both ledgers and currencies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import Entry, EntryKind
from invx.contexts.invoicing.domain.bookkeeping.books import BookRecord, BookValue, Worth, worth_of
from invx.contexts.invoicing.domain.content import DocumentType, TaxCurrency
from invx.contexts.invoicing.domain.delivery.delivery_errors import (
    DocumentNotRevisable,
    RevisionNotDue,
)
from invx.contexts.invoicing.domain.delivery.revising import (
    ensure_movable,
    ensure_revisable,
    move_payments,
    record_revision,
)
from invx.contexts.invoicing.domain.delivery.transmission import (
    ClearanceStatus,
    DeliveryStatus,
    Way,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import DocumentRevised
from invx.contexts.invoicing.domain.errors import (
    DocumentCredited,
    DocumentNotFinalized,
    DocumentReplacedAlready,
    DocumentSettled,
)
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.settlement import Posting
from invx.contexts.invoicing.domain.settlement_errors import SettlementInUse
from invx.contexts.invoicing.domain.status import Status
from invx.rules.tax.packs import ClearanceRule
from tests.unit.invoicing.domain.drafts import (
    ENTITY,
    S7,
    TODAY,
    D,
    content,
    credit,
    drafted,
    finalized,
    line,
    named,
)
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity

REJECTED = Way(
    delivery=DeliveryStatus.FAILED,
    clearance=ClearanceStatus.REJECTED,
    rule=ClearanceRule.BEFORE_RELEASE,
)
ZLOTY = TaxCurrency(currency="PLN", rate=D("4.2713"))
SAID = content(line("1", "100.00"), line("2", "50.00", "1", S7))


def rejected(**more: Any) -> Document:
    document = finalized(content(line("1", "100"), **more))
    document.note_way(REJECTED)
    document.recorded.clear()
    return document


def summed(case: Case) -> dict[str, tuple[Decimal, Decimal]]:
    """Base and tax in the ledger by reporting period; periods that come to nothing are left out."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for each in case.ledger:
        base, tax = found.get(each.period, (D(0), D(0)))
        found[each.period] = (base + each.base, tax + each.tax)
    return {period: sums for period, sums in found.items() if any(sums)}


def test_what_was_rejected_is_replaced_and_says_by_what() -> None:
    document = rejected()
    ensure_revisable(document)
    record_revision(document, named("second"))
    assert document.recorded == [
        DocumentRevised(legal_entity_id=ENTITY, replacement_id=named("second"))
    ]
    assert (document.status, document.replaced_by) == (Status.REPLACED, named("second"))
    with pytest.raises(DocumentReplacedAlready):
        ensure_revisable(document)
    with pytest.raises(DocumentNotFinalized):
        record_revision(document, named("third"))


def test_only_a_rejected_invoice_that_stands_by_itself_is_revised() -> None:
    with pytest.raises(RevisionNotDue):
        ensure_revisable(finalized(content(line("1", "100"))))
    with pytest.raises(DocumentNotFinalized):
        ensure_revisable(drafted(content(line("1", "100"))))
    with pytest.raises(DocumentNotRevisable):
        ensure_revisable(rejected(type=DocumentType.CREDIT_NOTE))
    document = rejected()
    credit(document, content(line("1", "10"), type=DocumentType.CREDIT_NOTE))
    with pytest.raises(DocumentCredited):
        ensure_revisable(document)


@pytest.mark.parametrize("kind", ["write_off", "take_discount", "withhold"])
def test_what_was_decided_about_the_first_is_not_moved(kind: str) -> None:
    case = Case.of(SAID, entity(ACCRUAL))
    entry = case.post(kind, "1.00")
    with pytest.raises(DocumentSettled):
        ensure_movable(case.settlement)
    case.reverse(entry)
    ensure_movable(case.settlement)


def test_a_claim_is_not_closed_over_what_still_stands() -> None:
    case = Case.of(SAID, entity(ACCRUAL))
    case.post("record_payment", "1.00")
    with pytest.raises(SettlementInUse):
        case.settlement.close_void(moved=True)


DAYS = st.integers(0, 120).map(lambda days: TODAY + timedelta(days=days))
PAYMENTS = st.lists(
    st.tuples(st.decimals("0.01", "200", places=2), DAYS, st.booleans()), max_size=5
)


@given(
    payments=PAYMENTS,
    registration=st.sampled_from([ACCRUAL, CASH]),
    price=st.decimals("0.01", "300", places=2),
    currency=st.sampled_from([None, ZLOTY]),
)
def test_both_ledgers_hold_everything_once(
    payments: Sequence[tuple[Decimal, date, bool]],
    registration: Any,
    price: Decimal,
    currency: Any,
) -> None:
    """As if there had only ever been the second, and had it been paid all along."""
    seller = entity(registration)
    first = Case.of(content(*SAID.lines, tax_currency=currency), seller)
    revised = content(line("1", str(price)), tax_currency=currency)
    second = Case.of(revised, seller, name="second")
    alone = Case.of(revised, seller, name="alone")
    for amount, on, bounces in payments:
        entry = first.post("record_payment", amount, on)
        if bounces:
            first.reverse(entry, on)
        else:
            alone.post("record_payment", amount, on)
    ensure_movable(first.settlement)
    move_payments(first.settlement, second.settlement)

    assert summed(first) == {}
    for name in ("accounted_base", "accounted_tax"):
        assert sum((getattr(each, name) or D(0) for each in first.ledger), D(0)) == 0
    assert summed(second) == summed(alone)
    closed, opened = first.settlement.standing, second.settlement.standing
    assert (closed.voided, closed.open, closed.surplus, closed.settled) == (True, 0, 0, 0)
    assert (opened.open, opened.surplus, opened.paid, opened.status) == (
        alone.settlement.open,
        alone.settlement.surplus,
        alone.settlement.standing.paid,
        alone.settlement.status,
    )


BANK = Entry(
    entry_id=named("entry"),
    kind=EntryKind.PAYMENT,
    amount=D("22.00"),
    source="bank-1",
    on=TODAY,
    book_currency="EUR",
    booked_amount=D("17.00"),
    exchange_rate=D("0.772727272727"),
    rate_day=TODAY,
)
PUBLISHED = ExchangeRate(rate=D("0.772727272727"), source="ecb", day=TODAY)


@pytest.mark.parametrize(
    ("source", "worth"),
    [
        ("received", Worth(amount=D("17.00"))),  # what the bank credited is exact
        ("ecb", Worth(rate=PUBLISHED)),
        (None, Worth()),  # not known yet, and asked for again
    ],
)
def test_a_payment_that_moves_is_worth_what_it_was(source: str | None, worth: Worth) -> None:
    entry = replace(BANK, rate_source=source)
    assert worth_of(entry) == worth
    value = BookValue(currency="EUR", day=TODAY, rate=PUBLISHED, total=D("100.00"))
    again = BookRecord(value, D("129.41")).figured(
        Entry(entry_id=named("again"), kind=entry.kind, amount=entry.amount, source="s", on=TODAY),
        worth_of(entry),
    )
    if source is None:
        assert again.booked_amount is None
    else:
        assert (again.booked_amount, again.rate_source) == (D("17.00"), source)


def test_a_payment_stays_on_the_bank_account_that_it_came_to() -> None:
    seller = entity(ACCRUAL)
    first, second = Case.of(SAID, seller), Case.of(SAID, seller, name="second")
    for source, account in (("a", "1210"), ("b", None)):
        posting = Posting(source=source, on=TODAY, amount=D("5.00"), account=account)
        first.settlement.record_payment(posting)
    move_payments(first.settlement, second.settlement)
    moved = [(each.source, each.account) for each in second.settlement.entries]
    assert moved == [("a", "1210"), ("b", None)]
    backs = [each.account for each in first.settlement.entries if each.reverses]
    assert backs == [None, "1210"], "taken back where they came to, the last one first"
