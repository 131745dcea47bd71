"""Certificates of withheld tax: only what differs from what was expected moves the balance."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import EntryKind
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_errors import EntryInvalid, SettlementClosed
from invx.contexts.invoicing.domain.settlement_events import WithholdingCertified
from invx.contexts.invoicing.domain.withheld import Certificate, Withheld, beyond
from invx.contexts.invoicing.domain.withholding import NothingToWithhold, certify
from tests.unit.invoicing.domain.settlements import DAY, figures, kinds, opened, post

D = Decimal
CENTS = st.integers(0, 3_000).map(lambda cents: D(cents).scaleb(-2))


def said(amount: str | Decimal, source: str = "c1", *, final: bool = False) -> Certificate:
    return Certificate(source=source, on=DAY, amount=D(amount), final=final)


def keeping_back(expected: str = "15.00", total: str = "85.00") -> Settlement:
    return opened(total, withheld=D(expected))


def come_in(settlement: Settlement, certificate: Certificate) -> None:
    certify(settlement, certificate, expected=settlement.claim.withheld)


@given(
    CENTS,
    st.lists(st.tuples(CENTS, st.sampled_from("abc"), st.booleans()), max_size=6),
)
def test_what_is_open_is_the_claim_with_what_was_not_kept_back(
    expected: Decimal, come: list[tuple[Decimal, str, bool]]
) -> None:
    settlement = keeping_back(str(expected), "85.00")
    whole = D("85.00") + expected
    known: dict[str, Certificate] = {}
    for amount, source, final in come:
        certificate = said(amount, source, final=final)
        anew = {**known, source: certificate}
        if sum(each.amount for each in anew.values()) > whole:
            with pytest.raises(EntryInvalid):
                come_in(settlement, certificate)
            continue
        come_in(settlement, certificate)
        known = anew
        certified = sum((each.amount for each in known.values()), D(0))
        assert settlement.withholding.certified == certified
        final_word = any(each.final for each in known.values())
        kept = certified if final_word else max(certified, expected)
        assert settlement.open == whole - kept
        summed = sum((each.amount for each in settlement.entries), D(0))
        assert settlement.standing.settled == summed == settlement.standing.withheld


def test_as_expected_moves_nothing() -> None:
    settlement = keeping_back()
    come_in(settlement, said("15.00", final=True))
    come_in(settlement, said("15.00", final=True))
    assert kinds(settlement) == [WithholdingCertified]
    assert figures(settlement)[0] == "85.00"


def test_more_settles_and_beyond_that_is_surplus() -> None:
    settlement = keeping_back()
    settlement.record_payment(post("80.00"))
    come_in(settlement, said("20.00"))
    assert figures(settlement) == ("0.00", "0.00", "settled")
    come_in(settlement, said("22.00"))
    assert figures(settlement) == ("0.00", "2.00", "overpaid")
    assert [each.kind for each in settlement.entries[1:]] == [EntryKind.WITHHOLDING] * 2


def test_what_a_credit_note_gives_back_is_not_expected_any_more() -> None:
    settlement = keeping_back()
    certify(settlement, said("7.50", final=True), expected=D("7.50"))
    assert figures(settlement)[0] == "85.00"
    certify(settlement, said("7.50", final=True), expected=D("5.00"))
    assert figures(settlement)[0] == "82.50"


def test_it_is_looked_at_on_the_day_of_the_certificate() -> None:
    settlement = opened()
    later = Certificate(source="c", on=date(2026, 5, 1), amount=D("10.00"))
    certify(settlement, later, expected=D(0))
    [entry] = settlement.entries
    assert (entry.on, entry.source) == (date(2026, 5, 1), "certificate:1:c")


@pytest.mark.parametrize(
    "settlement",
    [
        opened("-10.00"),
        opened(document_type=DocumentType.CREDIT_NOTE),
    ],
)
def test_what_we_owe_has_no_withholding(settlement: Settlement) -> None:
    with pytest.raises(NothingToWithhold):
        come_in(settlement, said("1.00"))


def test_a_void_document_and_more_than_it_asks_for_are_refused() -> None:
    voided = keeping_back()
    voided.close_void()
    with pytest.raises(SettlementClosed):
        come_in(voided, said("1.00"))
    settlement = keeping_back()
    for amount in ("100.01", "0.001"):
        with pytest.raises(EntryInvalid):
            come_in(settlement, said(amount))
    assert settlement.recorded == []


def test_less_counts_only_with_a_last_certificate() -> None:
    assert beyond([said("10.00")], D("15.00")) == 0
    assert beyond([said("10.00"), said("2.00", final=True)], D("15.00")) == D("-3.00")
    withheld = Withheld()
    withheld.remember(said("10.00"))
    withheld.remember(said("12.00"))
    assert (withheld.certified, withheld.count) == (D("12.00"), 2)
