"""What an imported document still asks for after the takeover, and what taking it back leaves."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import EntryKind, SettlementStatus
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.importing.carried import (
    is_untouched,
    settle_imported,
    take_back,
)
from invx.contexts.invoicing.domain.importing.errors import TaxSplitMissing
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.importing.imported_events import DocumentImported
from invx.contexts.invoicing.domain.importing.item import (
    ImportGroup,
    ImportItem,
    content_of,
    totals_of,
)
from invx.contexts.invoicing.domain.party import Basis, Registration
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_errors import RefundExceedsSurplus, SettlementInUse
from tests.unit.invoicing.domain.settlements import post
from tests.unit.invoicing.domain.taxed import entity
from tests.unit.invoicing.importing.test_imported_documents import IMPORT, ITEM, imported

D = Decimal
AS_OF, PAID_ON = date(2026, 11, 1), date(2026, 10, 20)
SOURCE = f"import:{IMPORT}"
ACCRUAL = Registration(country="DE", vat_id="DE342118907")
CASH = replace(ACCRUAL, basis=Basis.CASH)
DIGITS = {"EUR": 2, "JPY": 0, "KWD": 3}


def settled(
    item: ImportItem = ITEM, *registrations: Registration, books: str = "EUR"
) -> Settlement:
    """As an import makes it, without accounts."""
    document = ImportedDocument.take_in(
        imported().id, replace_in(imported(item).recorded[0], item, books)
    )
    seller = entity(*(registrations or (ACCRUAL,)), currency=books)
    return settle_imported(document, seller, None, (item.paid, item.paid_on or AS_OF), AS_OF)


def replace_in(event: Any, item: ImportItem, books: str) -> DocumentImported:
    content, totals = content_of(item, books), totals_of(item)
    said: DocumentImported = replace(event, content=content, totals=totals)
    return said


@st.composite
def items(draw: st.DrawFn) -> ImportItem:
    """Of any currency, with no payment, a part, all of it, or too much."""
    currency = draw(st.sampled_from(sorted(DIGITS)))
    unit = D(1).scaleb(-DIGITS[currency])
    gross = draw(st.integers(1, 10**9))
    type = draw(st.sampled_from([DocumentType.INVOICE, DocumentType.CREDIT_NOTE]))
    most = 2 * 10**9 if type is DocumentType.INVOICE else gross
    part = st.integers(1, most) | st.just(gross)
    return replace(
        ITEM,
        type=type,
        currency=currency,
        net=gross * unit,
        tax=D(0) * unit,
        gross=gross * unit,
        paid=draw(st.just(0) | part) * unit,
        paid_on=draw(st.none() | st.just(PAID_ON)),
        groups=(),
        lines=(),
    )


@given(items())
def test_open_is_what_was_not_paid_and_surplus_what_was_paid_too_much(item: ImportItem) -> None:
    found = settled(item, books=item.currency)
    left = item.sign * item.open  # what the buyer owes us; below zero what we owe
    assert (found.open, found.surplus) == (max(left, D(0)), max(-left, D(0)))
    assert found.claim.total == item.sign * item.gross
    assert [(each.source, each.amount, each.on) for each in found.entries] == (
        [(SOURCE, item.sign * item.paid, item.paid_on or AS_OF)] if item.paid else []
    )
    if item.paid:
        kind = EntryKind.PAYMENT if item.sign > 0 else EntryKind.REFUND
        assert found.entries[0].kind is kind
    again = Settlement.rehydrate(found.id, list(found.recorded))
    assert (again.standing, again.claim) == (found.standing, found.claim)


@pytest.mark.parametrize(
    ("type", "paid", "status", "open", "surplus"),
    [
        ("invoice", "0.00", SettlementStatus.OPEN, "119.00", "0.00"),
        ("invoice", "0.01", SettlementStatus.PARTIAL, "118.99", "0.00"),
        ("invoice", "118.99", SettlementStatus.PARTIAL, "0.01", "0.00"),
        ("invoice", "119.00", SettlementStatus.SETTLED, "0.00", "0.00"),
        ("invoice", "119.01", SettlementStatus.OVERPAID, "0.00", "0.01"),
        ("credit_note", "0.00", SettlementStatus.OPEN, "0.00", "119.00"),
        ("credit_note", "19.00", SettlementStatus.PARTIAL, "0.00", "100.00"),
        ("credit_note", "119.00", SettlementStatus.SETTLED, "0.00", "0.00"),
    ],
)
def test_its_status_is_that_of_what_is_left(
    type: str, paid: str, status: SettlementStatus, open: str, surplus: str
) -> None:
    found = settled(replace(ITEM, type=DocumentType(type), paid=D(paid)))
    assert (found.status, found.open, found.surplus) == (status, D(open), D(surplus))


def test_more_than_a_credit_note_is_worth_was_never_given_back() -> None:
    """The check of an import shows it, before anything is written."""
    item = replace(ITEM, type=DocumentType.CREDIT_NOTE, paid=D("119.01"))
    with pytest.raises(RefundExceedsSurplus, match=r"119\.00"):
        settled(item)


@given(items())
def test_taken_back_it_comes_to_nothing_and_a_second_time_changes_nothing(item: ImportItem) -> None:
    found = settled(item, books=item.currency)
    assert is_untouched(found, SOURCE)
    take_back(found, AS_OF)
    assert (found.open, found.surplus, found.standing.voided) == (0, 0, True)
    assert sum(each.amount for each in found.entries) == 0
    count = len(found.recorded)
    take_back(found, AS_OF)
    assert len(found.recorded) == count
    assert len({each.source for each in found.entries}) == len(found.entries)


@pytest.mark.parametrize("paid", ["0.00", "50.00"])
def test_what_somebody_worked_with_is_not_untouched(paid: str) -> None:
    found = settled(replace(ITEM, paid=D(paid)))
    assert is_untouched(found, SOURCE)
    assert is_untouched(found, "import:another") is (paid == "0.00")
    found.record_payment(post("10.00"))
    assert not is_untouched(found, SOURCE)


def test_a_payment_that_bounced_after_the_takeover_is_open_again() -> None:
    found = settled()
    [carried] = found.entries
    assert found.open == D("69.00")
    found.reverse(carried.entry_id, post(source="bank:bounced", on=AS_OF))
    assert found.open == D("119.00")
    assert not is_untouched(found, SOURCE)


def test_the_settlement_is_not_voided_while_anything_of_it_counts() -> None:
    found = settled()
    with pytest.raises(SettlementInUse):
        found.close_void()
    found.record_payment(post("10.00"))
    take_back(found, AS_OF)
    assert found.standing.voided, "whoever takes back a touched one takes everything back"
    assert sum(each.amount for each in found.entries) == 0


@pytest.mark.parametrize(
    ("paid", "base", "tax"),
    [("0.00", "100.00", "19.00"), ("59.50", "50.00", "9.50"), ("118.81", "0.16", "0.03")],
)
def test_by_cash_the_tax_of_the_open_part_is_due_with_its_money(
    paid: str, base: str, tax: str
) -> None:
    found = settled(replace(ITEM, paid=D(paid)), CASH)
    account = found.taxes
    assert account is not None
    assert found.open == D(base) + D(tax)
    found.record_payment(post(str(found.open), on=date(2026, 11, 20)))
    cells = [(each.base, each.tax) for event in found.recorded for each in entries_of(event)]
    assert (sum(b for b, _ in cells), sum(t for _, t in cells)) == (D(base), D(tax))


def entries_of(event: Any) -> tuple[Any, ...]:
    """The tax entries of an event of a settlement."""
    moved = getattr(event, "taxes", None)
    return moved.entries if moved else ()


def test_by_accrual_or_when_nothing_is_open_no_tax_is_left() -> None:
    assert settled().taxes is None
    assert settled(replace(ITEM, paid=D("119.00")), CASH).taxes is None
    assert settled(replace(ITEM, paid=D("120.00")), CASH).taxes is None


def test_by_cash_a_document_says_how_its_tax_is_made_up() -> None:
    unsaid = replace(ITEM, groups=(), lines=())
    with pytest.raises(TaxSplitMissing) as refused:
        settled(unsaid, CASH)
    assert [each.pointer for each in refused.value.problems] == ["/tax_rate"]
    half = ImportGroup(category="S", rate=D(19), base=D("50.00"), tax=D("9.50"))
    with pytest.raises(TaxSplitMissing):
        settled(replace(ITEM, groups=(half,)), CASH)
    assert settled(replace(unsaid, paid=D("119.00")), CASH).open == 0, "all of it was declared"


@given(st.integers(1, 10**8), st.integers(0, 10**8), st.decimals("0.0001", "1000", places=4))
def test_a_foreign_claim_is_worth_what_the_rate_of_its_day_says(
    gross: int, paid: int, rate: Decimal
) -> None:
    """All of it is booked at one rate, so a payment at that rate differs by rounding only."""
    item = replace(
        ITEM,
        currency="USD",
        net=D(gross).scaleb(-2),
        tax=D("0.00"),
        gross=D(gross).scaleb(-2),
        paid=D(min(gross, paid)).scaleb(-2),
        exchange_rate=rate,
        groups=(),
        lines=(),
    )
    found = settled(item)
    assert found.books is not None
    value = found.books.value
    assert (value.currency, value.day, value.factor) == ("EUR", item.issue_date, rate)
    assert value.total == (item.gross * rate).quantize(D("0.01"), "ROUND_HALF_UP")
    assert found.open == item.open
    carried = found.books.entries.values()
    assert all(abs(each.exchange_difference or 0) <= D("0.01") for each in carried)
    if item.paid == item.gross:
        assert [each.carried_amount for each in carried] == [value.total]
        assert [each.exchange_difference for each in carried] == [D("0.00")]
