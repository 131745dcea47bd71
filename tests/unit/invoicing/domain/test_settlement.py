"""What is still open of a document: entries, their bounds, and the status that follows."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.balance import SettlementStatus
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.settlement import Settlement, settlement_id
from invx.contexts.invoicing.domain.settlement_events import (
    EntryRecorded,
    SettlementOpened,
    SettlementStatusChanged,
)
from invx.kernel.errors import InvariantViolation, Kind
from invx.kernel.messages import Event
from invx.kernel.money import UnknownCurrency
from tests.unit.invoicing.domain.settlements import (
    DAY,
    SUBJECT,
    claim,
    figures,
    kinds,
    opened,
    post,
)

S = SettlementStatus


class TestOpening:
    def test_a_finalized_document_opens_its_whole_total(self):
        settlement = Settlement.open_for(claim("29315.91"), subject_id=SUBJECT)
        assert kinds(settlement) == [SettlementOpened]
        assert settlement.id == settlement_id(UUID(int=1))
        assert figures(settlement) == ("29315.91", "0.00", S.OPEN)

    def test_a_document_over_nothing_is_settled_at_once_and_says_so(self):
        settlement = Settlement.open_for(claim("0"), subject_id=SUBJECT)
        assert kinds(settlement) == [SettlementOpened, SettlementStatusChanged]
        assert figures(settlement) == ("0.00", "0.00", S.SETTLED)

    def test_a_credit_note_starts_with_its_gross_as_surplus(self):
        settlement = opened("-119.00", document_type=DocumentType.CREDIT_NOTE)
        assert figures(settlement) == ("0.00", "119.00", S.OPEN)

    def test_amounts_carry_the_decimals_of_the_currency(self):
        assert figures(opened("5000", "JPY")) == ("5000", "0", S.OPEN)
        assert figures(opened("5000", "KWD")) == ("5000.000", "0.000", S.OPEN)

    def test_a_claim_off_the_smallest_unit_is_our_defect(self):
        with pytest.raises(InvariantViolation):
            opened("100.005")

    def test_a_currency_that_does_not_exist_is_refused(self):
        with pytest.raises(UnknownCurrency):
            opened("100.00", "EUX")


class TestPayments:
    def test_a_payment_in_full_settles(self):
        settlement = opened()
        entry = settlement.record_payment(post("100"))
        assert figures(settlement) == ("0.00", "0.00", S.SETTLED)
        recorded, changed = settlement.recorded
        assert isinstance(recorded, EntryRecorded)
        assert recorded.entry == entry
        assert (recorded.sequence, recorded.after.settled) == (1, Decimal("100.00"))
        assert (changed.before, changed.status) == (S.OPEN, S.SETTLED)

    def test_r01_paying_what_all_views_show_leaves_exactly_nothing(self):
        settlement = opened("165.01")
        settlement.record_payment(post("165.01"))
        assert str(settlement.open) == "0.00"
        assert str(settlement.surplus) == "0.00"
        assert settlement.status is S.SETTLED

    def test_a_part_leaves_the_rest_open(self):
        settlement = opened()
        settlement.record_payment(post("30.50"))
        assert figures(settlement) == ("69.50", "0.00", S.PARTIAL)

    def test_a_payment_without_an_amount_is_all_that_is_open(self):
        settlement = opened()
        settlement.record_payment(post("30.50", source="a"))
        assert settlement.record_payment(post(source="b")).amount == Decimal("69.50")
        assert settlement.status is S.SETTLED

    def test_more_than_is_open_is_taken_and_becomes_surplus(self):
        settlement = opened()
        settlement.record_payment(post("130"))
        assert figures(settlement) == ("0.00", "30.00", S.OVERPAID)

    def test_a_payment_on_a_document_over_nothing_is_all_surplus(self):
        settlement = opened("0")
        settlement.record_payment(post("5"))
        assert figures(settlement) == ("0.00", "5.00", S.OVERPAID)

    def test_w10_a_paid_invoice_changes_its_status_once(self):
        settlement = opened()
        for number in range(4):
            settlement.record_payment(post("25", source=f"bank:{number}"))
            settlement.record_payment(post("25", source=f"bank:{number}"))
        changes = [
            (event.before, event.status)
            for event in settlement.recorded
            if isinstance(event, SettlementStatusChanged)
        ]
        assert changes == [(S.OPEN, S.PARTIAL), (S.PARTIAL, S.SETTLED)]

    def test_the_note_travels_with_the_entry_and_names_its_subject(self):
        settlement = opened()
        settlement.record_payment(post("1", note="cash from Ms Doe"))
        assert settlement.recorded[0].note == "cash from Ms Doe"
        assert settlement.recorded[0].subject_id == SUBJECT
        assert EntryRecorded.subjects["*"] == "subject_id"


class TestRepeats:
    def test_d13_the_same_posting_twice_is_one_entry(self):
        settlement = opened()
        first = settlement.record_payment(post("40"))
        recorded = list(settlement.recorded)
        assert settlement.record_payment(post("40.00")) == first
        assert settlement.recorded == recorded
        assert str(settlement.open) == "60.00"

    @pytest.mark.parametrize(
        "other",
        [post("41"), post("40", on=DAY + timedelta(days=1)), post("NaN"), post("sNaN")],
        ids=["amount", "date", "nan", "signalling nan"],
    )
    def test_the_same_source_with_other_figures_is_refused(self, other):
        settlement = opened()
        settlement.record_payment(post("40"))
        with pytest.raises(errors.SourceReused):
            settlement.record_payment(other)

    def test_the_same_source_for_another_kind_is_refused(self):
        settlement = opened()
        settlement.record_payment(post("40"))
        with pytest.raises(errors.SourceReused):
            settlement.write_off(post("40"))

    def test_a_repeat_is_answered_even_when_nothing_is_open_any_more(self):
        settlement = opened()
        first = settlement.write_off(post(source="w"))
        assert settlement.write_off(post(source="w")) == first

    def test_two_settlements_give_one_source_different_entry_ids(self):
        one = opened().record_payment(post("1"))
        other = opened(document_id=UUID(int=99)).record_payment(post("1"))
        assert one.entry_id != other.entry_id


class TestRefusedAmounts:
    @pytest.mark.parametrize(
        "posting,pointer,code",
        [
            (post("0"), "/amount", "amount_not_positive"),
            (post("-1"), "/amount", "amount_not_positive"),
            (post("NaN"), "/amount", "amount_not_positive"),
            (post("Infinity"), "/amount", "amount_not_positive"),
            (post("1E+15"), "/amount", "amount_too_large"),
            (post("1E+40"), "/amount", "amount_too_large"),
            (post("10.005"), "/amount", "amount_not_on_smallest_unit"),
            (post("10", currency="USD"), "/currency", "currency_differs"),
            (post("10", source=""), "/source", "source_malformed"),
            (post("10", source="x" * 201), "/source", "source_malformed"),
        ],
    )
    def test_an_amount_that_cannot_be_entered_is_named_by_pointer(self, posting, pointer, code):
        settlement = opened()
        with pytest.raises(errors.EntryInvalid) as refused:
            settlement.record_payment(posting)
        assert [(each.pointer, each.code) for each in refused.value.problems] == [(pointer, code)]
        assert refused.value.kind is Kind.INVALID
        assert settlement.recorded == []

    def test_all_faults_are_named_at_once(self):
        with pytest.raises(errors.EntryInvalid) as refused:
            opened().write_off(post("-3", currency="USD", source=""))
        assert len(refused.value.problems) == 3

    def test_a_currency_without_decimals_takes_whole_amounts_only(self):
        with pytest.raises(errors.EntryInvalid):
            opened("500", "JPY").record_payment(post("0.5"))


LOWERING = ["write_off", "withhold", "take_discount", "credit"]


class TestEntriesThatLowerOnly:
    @pytest.mark.parametrize("name", LOWERING)
    def test_they_never_take_more_than_is_open(self, name):
        settlement = opened()
        with pytest.raises(errors.ExceedsOpen) as refused:
            getattr(settlement, name)(post("100.01"))
        assert "100.00" in refused.value.detail
        assert settlement.recorded == []

    @pytest.mark.parametrize("name", LOWERING)
    def test_they_take_the_whole_rest_when_no_amount_is_named(self, name):
        settlement = opened()
        settlement.record_payment(post("60"))
        assert getattr(settlement, name)(post(source="rest")).amount == Decimal("40.00")
        assert str(settlement.open) == "0.00"

    @pytest.mark.parametrize("name", LOWERING)
    def test_they_need_something_open(self, name):
        settlement = opened()
        settlement.record_payment(post("100"))
        with pytest.raises(errors.NothingOpen):
            getattr(settlement, name)(post("1", source="late"))

    @pytest.mark.parametrize(
        "name,figure",
        [
            ("write_off", "written_off"),
            ("withhold", "withheld"),
            ("take_discount", "discounted"),
            ("credit", "credited"),
            ("record_payment", "paid"),
        ],
    )
    def test_each_kind_has_its_own_figure(self, name, figure):
        settlement = opened()
        getattr(settlement, name)(post("12.34"))
        assert getattr(settlement.standing, figure) == Decimal("12.34")
        assert str(settlement.open) == "87.66"

    def test_an_early_payment_with_its_discount_settles(self):
        settlement = opened("119.00")
        settlement.record_payment(post("115.43", source="bank:1"))
        settlement.take_discount(post("3.57", source="bank:1:discount"))
        assert figures(settlement) == ("0.00", "0.00", S.SETTLED)

    def test_a_write_off_that_takes_the_rest_is_shown_as_such(self):
        settlement = opened()
        settlement.record_payment(post("99.98", source="bank:1"))
        settlement.write_off(post(source="w"))
        assert settlement.status is S.WRITTEN_OFF

    def test_a_payment_that_takes_the_rest_after_a_small_write_off_settles(self):
        settlement = opened()
        settlement.write_off(post("0.02", source="w"))
        settlement.record_payment(post(source="bank:1"))
        assert settlement.status is S.SETTLED

    def test_money_for_what_was_written_off_becomes_surplus(self):
        settlement = opened()
        settlement.write_off(post(source="w"))
        settlement.record_payment(post("5", source="late"))
        assert figures(settlement) == ("0.00", "5.00", S.OVERPAID)


class TestRefunds:
    def test_d19_two_refunds_of_ten_lower_the_surplus_by_twenty(self):
        settlement = opened("-50.00", document_type=DocumentType.CREDIT_NOTE)
        settlement.refund(post("10", source="refund:1"))
        settlement.refund(post("10", source="refund:2"))
        assert str(settlement.surplus) == "30.00"
        assert str(settlement.standing.refunded) == "20.00"
        assert settlement.status is S.PARTIAL

    def test_d20_a_refund_is_at_most_what_is_still_unreimbursed(self):
        settlement = opened()
        settlement.record_payment(post("130", source="bank"))
        settlement.refund(post("20", source="refund:1"))
        with pytest.raises(errors.RefundExceedsSurplus) as refused:
            settlement.refund(post("10.01", source="refund:2"))
        assert "10.00" in refused.value.detail
        assert settlement.refund(post(source="refund:3")).amount == Decimal("-10.00")
        with pytest.raises(errors.NothingToRefund):
            settlement.refund(post("0.01", source="refund:4"))

    def test_what_was_paid_and_not_more_than_due_cannot_be_refunded(self):
        settlement = opened()
        settlement.record_payment(post("100"))
        with pytest.raises(errors.NothingToRefund):
            settlement.refund(post("10", source="refund"))

    def test_a_refunded_credit_note_is_settled(self):
        settlement = opened("-50.00", document_type=DocumentType.CREDIT_NOTE)
        settlement.refund(post(source="refund"))
        assert figures(settlement) == ("0.00", "0.00", S.SETTLED)

    def test_a_refund_that_repeats_after_the_surplus_is_gone_changes_nothing(self):
        settlement = opened("-50.00")
        first = settlement.refund(post("50", source="refund"))
        assert settlement.refund(post("50", source="refund")) == first
        assert str(settlement.standing.refunded) == "50.00"


def test_an_event_of_another_aggregate_is_our_defect():
    with pytest.raises(InvariantViolation):
        opened().apply(Event())


def test_entries_stand_in_the_order_in_which_they_were_made():
    settlement = opened()
    made = [settlement.record_payment(post("1", source=f"{n}")) for n in range(5)]
    assert list(settlement.entries) == made
    assert settlement.entry_from("3") == made[3]
    assert settlement.entry_from("9") is None
