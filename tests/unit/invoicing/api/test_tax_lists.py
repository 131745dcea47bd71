"""What the list of tax entries can be asked: periods, treatments, one buyer; and its cursors."""

from datetime import date
from uuid import UUID

import pytest

from invx.contexts.invoicing.api.tax_lists import ENTRIES, months_of, place_of, tax_slice
from invx.infra.http.pagination import InvalidQuery, parse_list_query
from invx.kernel.ids import typeid

DOCUMENT = UUID("01900000-0000-7000-8000-000000000001")
INVOICE = typeid("inv", DOCUMENT)


def asked(**said):
    return tax_slice(parse_list_query(ENTRIES, list(said.items())))


@pytest.mark.parametrize(
    "period,ranges,by_period",
    [
        ("2026-11", [("period", "=", "2026-11")], False),
        ("2026-Q4", [("period", ">=", "2026-10"), ("period", "<=", "2026-12")], True),
        ("2026", [("period", ">=", "2026-01"), ("period", "<=", "2026-12")], True),
    ],
)
def test_a_period_is_one_month_or_the_months_in_it(period, ranges, by_period):
    wanted = asked(period=period)
    assert (wanted.ranges, wanted.by_period) == (ranges, by_period)


def test_the_period_of_the_supply_does_not_decide_the_order():
    wanted = asked(origin_period="2026-Q1", period="2026-05")
    assert not wanted.by_period
    supplied = "coalesce(origin_period, period)"
    assert (supplied, "<=", "2026-03") in wanted.ranges
    assert asked(**{"origin_period[gte]": "2026-Q2"}).ranges == [(supplied, ">=", "2026-04")]


@pytest.mark.parametrize("period", ["2026-13", "2026-Q0", "2026-1", "26", "2026-11-01", "1899"])
def test_what_is_no_period_is_refused_by_name(period):
    for name in ("period", "origin_period"):
        with pytest.raises(InvalidQuery) as refused:
            asked(**{name: period})
        assert refused.value.problems[0].pointer.endswith(name)


def test_treatments_are_listed_once_each():
    one, other = "vat/domestic/-/S/19/DE", "vat/reverse_charge/services/AE/0/FR"
    wanted = asked(treatment=f"{one},{other},{one}")
    assert wanted.among == [("treatment", (one, other))]


@pytest.mark.parametrize(
    "treatment", [",", "a\x00b", "x" * 301, ",".join(f"x{n}" for n in range(201))]
)
def test_what_cannot_be_a_treatment_is_refused(treatment):
    with pytest.raises(InvalidQuery):
        asked(treatment=treatment)


def test_a_buyer_is_named_by_one_of_its_documents():
    assert asked(same_buyer_as=INVOICE).buyer_of == DOCUMENT
    for wrong in (f"{INVOICE},{INVOICE}", "x", "le_01jd0y7ct4f6d9zq8x3s5v2w1k"):
        with pytest.raises(InvalidQuery):
            asked(same_buyer_as=wrong)


def test_the_currency_of_a_return_is_that_of_its_amounts():
    wanted = asked(reporting_currency="EUR", scheme="oss", supply="goods,services")
    assert ("coalesce(tax_currency, currency)", "EUR") in wanted.equal
    assert ("scheme", "oss") in wanted.equal
    assert wanted.among == [("supply", ("goods", "services"))]


def test_a_page_goes_on_where_the_last_one_ended():
    row = {"period": "2026-11", "tax_point": date(2026, 11, 3), "sequence": 4}
    row |= {"document_id": DOCUMENT}
    query = parse_list_query(ENTRIES, [("period", "2026-Q4")])
    following = query.cursor(*place_of(row))
    after = asked(period="2026-Q4", after=following).after
    assert after == ("2026-11", date(2026, 11, 3), DOCUMENT, 4)


def test_months_are_counted_and_in_order():
    assert months_of("2026-01", "2026-12") == ("2026-01", "2026-12")
    for first, last in (("2026-02", "2026-01"), ("2000-01", "2026-01")):
        with pytest.raises(InvalidQuery):
            months_of(first, last)
