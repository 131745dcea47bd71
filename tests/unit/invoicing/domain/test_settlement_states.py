"""What happens to a settlement besides new entries: reversals, overdue, disputes, voiding."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain import settlement_errors as errors
from invx.contexts.invoicing.domain.balance import EntryKind, SettlementStatus
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.dispute import clear_dispute, raise_dispute
from invx.contexts.invoicing.domain.settlement_events import (
    BecameOverdue,
    DisputeCleared,
    DisputeRaised,
    SettlementVoided,
)
from tests.unit.invoicing.domain.settlements import (
    OVERDUE,
    figures,
    kinds,
    opened,
    post,
)

S = SettlementStatus


class TestReversals:
    def test_a_bounced_payment_opens_the_document_again(self):
        settlement = opened()
        paid = settlement.record_payment(post("100"))
        back = settlement.reverse(paid.entry_id, post(source="bounce:1"))
        assert (back.kind, back.amount, back.reverses) == (
            EntryKind.PAYMENT,
            Decimal("-100.00"),
            paid.entry_id,
        )
        assert figures(settlement) == ("100.00", "0.00", S.OPEN)
        assert str(settlement.standing.paid) == "0.00"

    def test_an_entry_is_taken_back_once(self):
        settlement = opened()
        paid = settlement.record_payment(post("100"))
        back = settlement.reverse(paid.entry_id, post(source="bounce"))
        assert settlement.reverse(paid.entry_id, post(source="bounce")) == back
        with pytest.raises(errors.EntryReversed):
            settlement.reverse(paid.entry_id, post(source="bounce again"))

    def test_a_source_in_use_cannot_take_another_entry_back(self):
        settlement = opened()
        paid = settlement.record_payment(post("50", source="a"))
        settlement.record_payment(post("50", source="b"))
        with pytest.raises(errors.SourceReused):
            settlement.reverse(paid.entry_id, post(source="b"))

    def test_an_unknown_entry_is_not_found(self):
        with pytest.raises(errors.EntryNotFound):
            opened().reverse(UUID(int=5), post(source="bounce"))

    def test_a_reversal_cannot_be_taken_back(self):
        settlement = opened()
        paid = settlement.record_payment(post("100"))
        back = settlement.reverse(paid.entry_id, post(source="bounce"))
        with pytest.raises(errors.EntryNotReversible):
            settlement.reverse(back.entry_id, post(source="bounce of the bounce"))

    def test_a_credit_cannot_be_taken_back_on_one_side(self):
        settlement = opened()
        credit = settlement.credit(post("10"))
        with pytest.raises(errors.EntryNotReversible):
            settlement.reverse(credit.entry_id, post(source="undo"))

    def test_a_reversed_write_off_is_not_written_off_any_more(self):
        settlement = opened()
        gone = settlement.write_off(post(source="w"))
        settlement.record_payment(post("100", source="late"))
        settlement.reverse(gone.entry_id, post(source="undo"))
        assert figures(settlement) == ("0.00", "0.00", S.SETTLED)
        assert str(settlement.standing.written_off) == "0.00"

    def test_a_bounce_after_the_surplus_was_refunded_asks_for_all_of_it(self):
        settlement = opened()
        paid = settlement.record_payment(post("150"))
        settlement.refund(post("50", source="refund"))
        settlement.reverse(paid.entry_id, post(source="bounce"))
        assert figures(settlement) == ("150.00", "0.00", S.OPEN)

    def test_a_bounce_on_a_refunded_credit_note_leaves_us_a_claim(self):
        settlement = opened("-40.00", document_type=DocumentType.CREDIT_NOTE)
        paid = settlement.record_payment(post("10"))
        assert settlement.status is S.OVERPAID
        settlement.refund(post("50", source="refund"))
        settlement.reverse(paid.entry_id, post(source="bounce"))
        assert figures(settlement) == ("10.00", "0.00", S.OPEN)


class TestOverdue:
    def test_it_is_noted_once_and_not_before_its_time(self):
        settlement = opened()
        assert not settlement.become_overdue(OVERDUE - timedelta(microseconds=1))
        assert settlement.become_overdue(OVERDUE)
        assert not settlement.become_overdue(OVERDUE + timedelta(days=9))
        assert kinds(settlement) == [BecameOverdue]
        assert settlement.standing.overdue_since == OVERDUE

    def test_a_settled_document_does_not_become_overdue(self):
        settlement = opened()
        settlement.record_payment(post("100"))
        assert not settlement.become_overdue(OVERDUE)

    def test_a_document_without_a_due_date_does_not_become_overdue(self):
        assert not opened(overdue_from=None).become_overdue(OVERDUE)

    def test_what_we_owe_is_not_overdue_for_the_buyer(self):
        assert not opened("-10.00").become_overdue(OVERDUE)

    def test_the_flag_falls_with_the_payment_and_rises_with_its_bounce(self):
        settlement = opened()
        settlement.become_overdue(OVERDUE)
        paid = settlement.record_payment(post("100"))
        assert not settlement.standing.overdue
        settlement.reverse(paid.entry_id, post(source="bounce"))
        assert settlement.standing.overdue


class TestDisputes:
    def test_a_dispute_is_raised_and_cleared(self):
        settlement = opened()
        raise_dispute(settlement, "two hours too many")
        assert settlement.standing.disputed
        clear_dispute(settlement, "agreed")
        assert not settlement.standing.disputed
        assert kinds(settlement) == [DisputeRaised, DisputeCleared]
        assert [event.reason for event in settlement.recorded] == ["two hours too many", "agreed"]

    def test_a_dispute_is_raised_once(self):
        settlement = opened()
        raise_dispute(settlement)
        with pytest.raises(errors.AlreadyDisputed):
            raise_dispute(settlement, "again")

    def test_only_a_dispute_can_be_cleared(self):
        with pytest.raises(errors.NotDisputed):
            clear_dispute(opened())

    def test_a_payment_leaves_the_dispute_as_it_is(self):
        settlement = opened()
        raise_dispute(settlement)
        settlement.record_payment(post("100"))
        assert settlement.standing.disputed


class TestVoid:
    def test_a_voided_document_owes_nothing(self):
        settlement = opened()
        settlement.close_void()
        assert kinds(settlement) == [SettlementVoided]
        assert figures(settlement) == ("0.00", "0.00", None)
        assert settlement.standing.voided

    def test_voiding_twice_changes_nothing(self):
        settlement = opened()
        settlement.close_void()
        settlement.close_void()
        assert kinds(settlement) == [SettlementVoided]

    @pytest.mark.parametrize("bounced", [False, True])
    def test_a_document_with_entries_cannot_be_voided(self, bounced):
        settlement = opened()
        paid = settlement.record_payment(post("1"))
        if bounced:
            settlement.reverse(paid.entry_id, post(source="bounce"))
        with pytest.raises(errors.SettlementInUse):
            settlement.close_void()

    def test_nothing_is_entered_against_a_voided_document(self):
        settlement = opened()
        settlement.close_void()
        with pytest.raises(errors.SettlementClosed):
            settlement.record_payment(post("1"))
        with pytest.raises(errors.SettlementClosed):
            settlement.write_off(post("1"))
        with pytest.raises(errors.SettlementClosed):
            raise_dispute(settlement)
        assert not settlement.become_overdue(OVERDUE)
