"""Provisional entries, once their rates are published: as if the rate had been there at once."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import TaxCurrency
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.exchange.rates_applying import convert_taxes
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import TaxConverted
from invx.contexts.invoicing.domain.tax.tax_conversion import TaxRateWanted, wanted_for
from invx.rules.totals.model import ZERO
from tests.unit.invoicing.domain.drafts import S7, S19, TODAY, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity
from tests.unit.invoicing.domain.test_tax_properties import case, lines, run, steps

APRIL, MAY = date(2026, 4, 3), date(2026, 5, 3)
TWO = (line("1", "100.00", "1", S19), line("2", "33.33", "1", S7))
published = st.sampled_from(["0.9204", "0.0007", "171.913", "1"])


def at(rate, day=date(2026, 3, 1)):
    return ExchangeRate(rate=D(rate), source="bmf", day=day)


def wanted(settlement):
    record = settlement.taxes
    return wanted_for(record.account, tuple(record.entries.values()), "EUR")


def publish(settlement, rate):
    """Every rate that the document waits for is this one."""
    convert_taxes(settlement, dict.fromkeys(wanted(settlement), at(rate)), "EUR")


def standing(settlement):
    return list(settlement.taxes.entries.values())


def figures(entries):
    return [(e.sequence, e.accounted_base, e.accounted_tax, e.exchange_rate) for e in entries]


@given(said=lines, rate=published, before=steps, after=steps)
def test_on_accrual_it_is_as_if_the_document_had_stated_the_rate(said, rate, before, after):
    stated = case(
        said,
        entity(ACCRUAL),
        currency="USD",
        tax_currency=TaxCurrency(currency="EUR", rate=D(rate)),
    )
    late = case(said, entity(ACCRUAL), currency="USD")
    for subject in (stated, late):
        run(subject, before)
    for settlement in late.settlements:
        publish(settlement, rate)
        assert not settlement.taxes.provisional
    for subject in (stated, late):
        run(subject, after)
    for one, other in zip(stated.settlements, late.settlements, strict=True):
        assert figures(standing(one)) == figures(standing(other))
        again = Settlement.rehydrate(other.id, other.recorded)
        assert standing(again) == standing(other)


def test_the_event_states_each_entry_whole_under_its_sequence():
    subject = Case.of(content(*TWO, currency="USD"), entity(ACCRUAL))
    settlement = subject.settlement
    before = standing(settlement)
    assert {each.provisional for each in before} == {True}
    publish(settlement, "0.8")
    event = settlement.recorded[-1]
    assert isinstance(event, TaxConverted)
    assert [each.sequence for each in event.entries] == [1, 2]
    for one, other in zip(before, event.entries, strict=True):
        assert (one.base, one.tax, one.cause) == (other.base, other.tax, other.cause)
    assert [(str(e.accounted_base), str(e.accounted_tax)) for e in event.entries] == [
        ("80.00", "15.20"),
        ("26.66", "1.86"),
    ]
    count = len(settlement.recorded)
    publish(settlement, "0.9")
    assert len(settlement.recorded) == count  # once


def test_a_rate_for_another_day_converts_nothing():
    subject = Case.of(content(*TWO, currency="USD"), entity(ACCRUAL))
    other = TaxRateWanted("DE", "EUR", APRIL)
    convert_taxes(subject.settlement, {other: at("0.8")}, "EUR")
    assert wanted(subject.settlement) == [TaxRateWanted("DE", "EUR", TODAY)]


def test_a_credit_note_waits_for_the_rate_of_its_original():
    subject = Case.of(content(*TWO, currency="USD"), entity(ACCRUAL))
    note = subject.credit("59.50", APRIL)
    assert wanted(note) == [TaxRateWanted("DE", "EUR", TODAY)]
    for each in subject.settlements:
        publish(each, "0.8")
    rest = subject.credit(None, MAY)
    assert not rest.taxes.provisional
    assert sum((each.accounted_tax for each in standing(rest)), ZERO) < 0
    assert {each.rate_source for each in standing(rest)} == {"bmf"}
    left = [each for one in subject.settlements for each in standing(one)]
    assert sum((each.accounted_base for each in left), ZERO) == 0
    cent = D("0.01")  # each document rounds for itself, as with a rate that it states
    assert abs(sum((each.accounted_tax for each in left), ZERO)) <= cent


def test_on_cash_each_payment_waits_for_its_own_rate():
    subject = Case.of(content(line("1", "100.00"), currency="USD"), entity(CASH))
    subject.post("record_payment", "59.50", APRIL)
    second = subject.post("record_payment", "59.50", MAY)
    april, may = (TaxRateWanted("DE", "EUR", day) for day in (APRIL, MAY))
    assert wanted(subject.settlement) == [april, may]
    convert_taxes(subject.settlement, {april: at("0.8")}, "EUR")
    assert wanted(subject.settlement) == [may]
    assert subject.settlement.awaits_rates
    convert_taxes(subject.settlement, {may: at("0.5")}, "EUR")
    found = [(str(e.accounted_base), str(e.accounted_tax)) for e in standing(subject.settlement)]
    assert found == [("40.00", "7.60"), ("25.00", "4.75")]
    subject.reverse(second, date(2026, 6, 1))
    assert wanted(subject.settlement) == [may]  # at the rate at which it had come in
    convert_taxes(subject.settlement, {may: at("0.5")}, "EUR")
    last = standing(subject.settlement)[-1]
    assert (str(last.accounted_base), str(last.accounted_tax)) == ("-25.00", "-4.75")
    assert not subject.settlement.awaits_rates


@pytest.mark.parametrize(("source", "each_its_own"), [(None, False), ("bmf", True)])
def test_on_cash_a_rate_that_the_author_states_is_taken_for_all(source, each_its_own):
    stated = TaxCurrency(currency="EUR", rate=D("0.8"), source=source)
    subject = Case.of(
        content(line("1", "100.00"), currency="USD", tax_currency=stated), entity(CASH)
    )
    subject.post("record_payment", "59.50", APRIL)
    [entry] = standing(subject.settlement)
    assert entry.provisional is each_its_own
    assert (entry.accounted_base is None) is each_its_own


def test_taxes_of_several_days_are_converted_each_at_its_own():
    subject = Case.of(content(*TWO, currency="USD"), entity(ACCRUAL))
    settlement = subject.settlement
    account = settlement.taxes.account
    first, second = account.groups
    moved = replace(account, groups=(first, replace(second, tax_point=APRIL)))
    settlement.taxes.restate(moved, ())
    march, april = (TaxRateWanted("DE", "EUR", day) for day in (TODAY, APRIL))
    convert_taxes(settlement, {march: at("0.8")}, "EUR")
    assert [each.provisional for each in standing(settlement)] == [False, True]
    convert_taxes(settlement, {april: at("0.5")}, "EUR")
    assert [each.exchange_rate for each in standing(settlement)] == [D("0.8"), D("0.5")]
