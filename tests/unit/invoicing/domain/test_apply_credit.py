"""The surplus of one document lowers what is open of another: the same amount on both sides."""

from decimal import Decimal
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.balance import EntryKind, SettlementStatus
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.crediting.apply_credit import apply_credit
from tests.unit.invoicing.domain.settlements import figures, opened, post

S = SettlementStatus


def credit_note(gross, **changes):
    more = {"document_id": UUID(int=50), "document_type": DocumentType.CREDIT_NOTE, **changes}
    return opened(f"-{gross}", **more)


def test_a_credit_note_over_the_whole_settles_both():
    original, note = opened("119.00"), credit_note("119.00")
    assert apply_credit(original, note, post(source="cn")) == Decimal("119.00")
    assert figures(original) == ("0.00", "0.00", S.SETTLED)
    assert figures(note) == ("0.00", "0.00", S.SETTLED)
    assert original.standing.credited == Decimal("119.00")
    assert note.standing.credited == Decimal("-119.00")


def test_both_entries_name_the_same_source_and_are_credits():
    original, note = opened("119.00"), credit_note("19.00")
    apply_credit(original, note, post(source="cn"))
    ours, theirs = original.entry_from("cn"), note.entry_from("cn")
    assert (ours.kind, theirs.kind) == (EntryKind.CREDIT, EntryKind.CREDIT)
    assert ours.amount == -theirs.amount
    assert figures(original) == ("100.00", "0.00", S.PARTIAL)


def test_what_exceeds_the_open_amount_stays_on_the_credit_note():
    original, note = opened("100.00"), credit_note("100.00")
    original.record_payment(post("70", source="bank"))
    assert apply_credit(original, note, post(source="cn")) == Decimal("30.00")
    assert figures(original) == ("0.00", "0.00", S.SETTLED)
    assert figures(note) == ("0.00", "70.00", S.PARTIAL)
    assert note.refund(post(source="refund")).amount == Decimal("-70.00")
    assert note.status is S.SETTLED


def test_a_credit_on_a_paid_invoice_records_nothing():
    original, note = opened("100.00"), credit_note("40.00")
    original.record_payment(post("100", source="bank"))
    original.recorded.clear()
    assert apply_credit(original, note, post(source="cn")) == 0
    assert original.recorded == note.recorded == []
    assert figures(note) == ("0.00", "40.00", S.OPEN)


def test_a_part_can_be_applied_and_the_rest_to_another_invoice():
    one, other, note = opened(), opened(document_id=UUID(int=3)), credit_note("60.00")
    apply_credit(one, note, post("25", source="cn:1"))
    apply_credit(other, note, post(source="cn:2"))
    assert (str(one.open), str(other.open), str(note.surplus)) == ("75.00", "65.00", "0.00")


def test_an_overpaid_invoice_can_pay_for_another():
    overpaid, other = opened(document_id=UUID(int=3)), opened()
    overpaid.record_payment(post("130", source="bank"))
    assert apply_credit(other, overpaid, post(source="move")) == Decimal("30.00")
    assert overpaid.status is S.SETTLED
    assert str(other.open) == "70.00"


def test_a_repeat_gives_the_first_answer_and_records_nothing():
    original, note = opened("100.00"), credit_note("40.00")
    first = apply_credit(original, note, post(source="cn"))
    original.recorded.clear()
    note.recorded.clear()
    assert apply_credit(original, note, post(source="cn")) == first
    assert original.recorded == note.recorded == []


def test_more_than_the_credit_note_has_is_refused_and_nothing_is_recorded():
    original, note = opened("100.00"), credit_note("40.00")
    with pytest.raises(errors.CreditExceedsSurplus):
        apply_credit(original, note, post("40.01", source="cn"))
    assert original.recorded == note.recorded == []


def test_more_than_the_original_has_open_is_refused_and_nothing_is_recorded():
    original, note = opened("30.00"), credit_note("40.00")
    with pytest.raises(errors.ExceedsOpen):
        apply_credit(original, note, post("30.01", source="cn"))
    assert original.recorded == note.recorded == []


@pytest.mark.parametrize("amount", ["0", "-5", "NaN", "0.001"])
def test_an_amount_that_is_none_is_refused(amount):
    original, note = opened("30.00"), credit_note("40.00")
    with pytest.raises(errors.EntryInvalid):
        apply_credit(original, note, post(amount, source="cn"))
    assert original.recorded == note.recorded == []


@pytest.mark.parametrize(
    "changes",
    [{"customer": "other"}, {"customer": None}, {"legal_entity_id": UUID(int=9)}],
    ids=["customer", "no customer", "legal entity"],
)
def test_a_credit_counts_for_its_own_customer_and_entity_only(changes):
    with pytest.raises(errors.CreditOfAnother):
        apply_credit(opened(), credit_note("40.00", **changes), post(source="cn"))


def test_a_credit_counts_in_its_own_currency_only():
    with pytest.raises(errors.CreditOfAnother):
        apply_credit(opened(), opened("-40.00", "USD"), post(source="cn"))


def test_a_document_cannot_feed_on_itself():
    note = credit_note("40.00")
    assert apply_credit(note, note, post(source="cn")) == 0
    with pytest.raises(errors.NothingOpen):
        apply_credit(note, note, post("1", source="cn"))
    assert note.recorded == []


def test_a_voided_credit_note_gives_nothing():
    original, note = opened(), credit_note("40.00")
    note.close_void()
    assert apply_credit(original, note, post(source="cn")) == 0
    with pytest.raises(errors.CreditExceedsSurplus):
        apply_credit(original, note, post("1", source="cn"))


def test_credit_that_is_used_up_cannot_be_used_or_refunded_again():
    original, note = opened(), credit_note("40.00")
    apply_credit(original, note, post(source="cn"))
    with pytest.raises(errors.NoCreditLeft):
        note.use_credit(post("1", source="again"))
    with pytest.raises(errors.NothingToRefund):
        note.refund(post("1", source="refund"))
