"""What the API says of a document's content, at each state of its life."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import (
    Content,
    PaymentTerms,
    TaxCurrency,
    TermsKind,
    TermsStep,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.party import BankAccount, Contact, Party, Register
from invx.contexts.invoicing.domain.terms import due_date_of, instalments_of
from invx.contexts.invoicing.read.resource import document_resource, issued_resource
from invx.contexts.invoicing.read.rows import document_row
from invx.rules.totals.model import LineKind
from tests.unit.invoicing.domain.drafts import (
    BUYER,
    NOW,
    S7,
    SELLER,
    TODAY,
    D,
    content,
    drafted,
    finalize,
    line,
    off,
    without_personal_data,
)

HALVES = (TermsStep(percent=D(50), days=30), TermsStep(percent=D(50), days=0))
EARLY = (TermsStep(percent=D(1), days=14), TermsStep(percent=D("2.5"), days=7))


def shown(document: Document) -> dict[str, Any]:
    """The resource as it is stored: what JSON keeps of it."""
    decoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document_resource(document)))
    return decoded


def issued(said: Content, **more: Any) -> Document:
    """The finalized document, with the dates and parts that finalizing works out."""
    draft = drafted(said)
    parts = instalments_of(said, draft.totals.due, TODAY)
    return finalize(draft, due_date=due_date_of(said, TODAY), instalments=parts, **more)


class TestStates:
    def test_a_draft_has_no_seller_and_no_instalments_yet(self):
        terms = PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=HALVES)
        resource = shown(drafted(content(line("1", "100"), payment_terms=terms)))
        assert (resource["seller"], resource["instalments"]) == (None, [])
        assert resource["totals"]["gross"] == "119.00"

    def test_a_finalized_document_names_its_seller_and_the_days_to_pay(self):
        terms = PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=HALVES)
        resource = shown(issued(content(line("1", "100.01"), payment_terms=terms)))
        assert resource["seller"]["name"] == "Kontor Nord"
        assert resource["instalments"] == [
            {"due_date": "2026-03-02", "amount": "59.51"},
            {"due_date": "2026-04-01", "amount": "59.50"},
        ]

    def test_what_comes_after_finalizing_does_not_change_the_resource(self):
        document = issued(content(line("1", "100")))
        before, archived = shown(document), issued_resource(document)
        document.mark_released(NOW, how="email")
        assert (shown(document), issued_resource(document)) == (before, archived)

    def test_the_row_and_the_resource_share_no_field_that_could_differ(self):
        document = issued(content(line("1", "100")))
        twice = document_row(document).keys() & shown(document).keys()
        assert twice == set(), "a summary and a resource are joined into one object"

    def test_after_an_erasure_figures_and_registrations_stay(self):
        said = content(line("1", "100"), notes="for Ada")
        resource = shown(drafted(without_personal_data(said)))
        assert (resource["buyer"], resource["notes"]) == (None, None)
        assert resource["lines"][0]["description"] is None
        assert resource["totals"] == shown(drafted(said))["totals"]


class TestIssued:
    def test_the_archived_document_says_whatever_the_pdf_prints(self):
        said = content(line("1", "100"), external_id="E-1")
        archived = issued_resource(issued(said, title="Tax invoice"))
        assert {name: archived[name] for name in ("number", "title", "mode", "type")} == {
            "number": "2026-0001", "title": "Tax invoice", "mode": "live", "type": "invoice",
        }  # fmt: skip
        assert (archived["issue_date"], archived["due_date"]) == ("2026-03-02", "2026-03-16")
        assert (archived["currency"], archived["external_id"]) == ("EUR", "E-1")

    def test_a_preview_has_the_dates_of_its_author_and_no_number(self):
        dated = content(line("1", "100"), issue_date=date(2026, 4, 1))
        archived = issued_resource(drafted(dated))
        assert (archived["number"], archived["issue_date"]) == (None, "2026-04-01")
        assert archived["due_date"] is None


class TestLines:
    def test_each_line_has_its_figures_beside_its_words(self):
        said = content(
            line("1", "10.005", "2", charges=(off("1"),), discounts=(off(percent="10"),))
        )
        [shown_line] = shown(drafted(said))["lines"]
        assert (shown_line["price"], shown_line["quantity"]) == ("10.005", "2")
        assert (shown_line["subtotal"], shown_line["net"]) == ("20.01", "19.01")
        assert shown_line["gross"] == "22.62"
        [tax] = shown_line["taxes"]
        assert (tax["rate"], tax["base"], tax["amount"]) == ("19", "19.01", "3.61")
        assert [each["amount"] for each in shown_line["discounts"]] == ["2.00"]
        assert [each["amount"] for each in shown_line["charges"]] == ["1.00"]

    def test_discounts_and_charges_keep_their_order_and_their_own_amounts(self):
        said = content(
            line("1", "100"),
            discounts=(off(percent="10"), off("1")),
            charges=(off("2"), off(percent="5", base=D("40.00"))),
        )
        resource = shown(drafted(said))
        assert [each["amount"] for each in resource["discounts"]] == ["10.00", "1.00"]
        assert [each["amount"] for each in resource["charges"]] == ["2.00", "2.00"]
        assert [each["base"] for each in resource["charges"]] == [None, "40.00"]
        assert resource["totals"]["discounts"] == "11.00"
        assert resource["totals"]["charges"] == "4.00"

    def test_children_carry_the_figures_and_their_parent_the_sum(self):
        parent = replace(
            line("p", None), taxes=(), children=(line("a", "1"), line("b", "2", "1", S7))
        )
        [outer] = shown(drafted(content(parent)))["lines"]
        assert (outer["net"], [each["net"] for each in outer["children"]]) == (
            "3.00", ["1.00", "2.00"],
        )  # fmt: skip
        assert [each["taxes"][0]["rate"] for each in outer["children"]] == ["19", "7"]

    def test_a_given_net_is_shown_as_computed_elsewhere(self):
        given_net = replace(line("1", None), net=D("12.34"))
        first, second = shown(drafted(content(given_net, line("2", "1"))))["lines"]
        assert (first["computed"], first["net"]) == (True, "12.34")
        assert second["computed"] is False

    def test_a_subtotal_shows_what_stands_above_it(self):
        heading = replace(line("h", None), kind=LineKind.HEADING, taxes=())
        subtotal = replace(line("s", None), kind=LineKind.SUBTOTAL, taxes=())
        said = content(heading, line("1", "1"), line("2", "2"), subtotal)
        assert [each["net"] for each in shown(drafted(said))["lines"]] == [
            "0.00", "1.00", "2.00", "3.00",
        ]  # fmt: skip


class TestEarlyPayment:
    def test_a_discount_says_its_worth_the_rest_and_the_last_day(self):
        said = content(line("1", "100"), payment_terms=PaymentTerms(days=30, discounts=EARLY))
        later, soon = shown(issued(said))["payment_terms"]["discounts"]
        assert (later["days"], later["amount"], later["payable"]) == (14, "1.19", "117.81")
        assert (soon["days"], soon["amount"], soon["payable"]) == (7, "2.98", "116.02")
        assert (later["due_date"], soon["due_date"]) == ("2026-03-16", "2026-03-09")

    def test_a_draft_promises_no_day_yet(self):
        said = content(line("1", "100"), payment_terms=PaymentTerms(days=30, discounts=EARLY))
        for discount in shown(drafted(said))["payment_terms"]["discounts"]:
            assert "due_date" not in discount

    @given(
        units=st.integers(1, 10**7),
        percents=st.lists(st.decimals("0.01", "100", places=2), min_size=1, max_size=4),
    )
    def test_discount_and_rest_always_make_what_is_due(self, units, percents):
        steps = tuple(TermsStep(percent=each, days=9 - at) for at, each in enumerate(percents))
        said = content(
            line("1", str(Decimal(units).scaleb(-2))),
            payment_terms=PaymentTerms(days=30, discounts=steps),
        )
        resource = shown(issued(said))
        for each in resource["payment_terms"]["discounts"]:
            parts = D(each["amount"]) + D(each["payable"])
            assert parts == D(resource["totals"]["due"])
            assert D(each["payable"]) >= 0


class TestHead:
    @pytest.mark.parametrize(
        "currency,rate,tax",
        [("CZK", "25.005", "475.10"), ("JPY", "163.5", "3107"), ("KWD", "0.3333", "6.333")],
    )
    def test_the_tax_is_stated_in_the_tax_currency_on_its_unit(self, currency, rate, tax):
        accounted = TaxCurrency(currency=currency, rate=D(rate))
        resource = shown(drafted(content(line("1", "100"), tax_currency=accounted)))
        assert resource["totals"]["tax"] == "19.00"
        assert resource["tax_currency"] == {
            "currency": currency,
            "rate": rate,
            "tax": tax,
            "source": None,
            "day": None,
        }

    def test_a_published_rate_is_shown_with_its_source_and_day(self):
        day = date(2026, 11, 1)
        accounted = TaxCurrency(currency="CZK", rate=D("1E-7"), source="bmf", day=day)
        resource = shown(drafted(content(line("1", "100"), tax_currency=accounted)))
        shown_rate = resource["tax_currency"]
        assert (shown_rate["source"], shown_rate["day"]) == ("bmf", "2026-11-01")
        assert (shown_rate["rate"], shown_rate["tax"]) == ("0.0000001", "0.00")

    def test_the_seller_is_a_party_with_all_that_letters_must_show(self):
        seller = replace(
            SELLER,
            party=replace(SELLER.party, contact=Contact(email="office@example.org")),
            register=Register(court="Hamburg", number="HRB 1"),
            directors=("Ada",),
            bank_accounts=(BankAccount(currency="EUR", iban="DE89370400440532013000"),),
        )
        resource = shown(issued(content(line("1", "1")), seller=seller))["seller"]
        assert resource["name"] == "Kontor Nord"
        assert resource["contact"]["email"] == "office@example.org"
        assert resource["register"] == {"court": "Hamburg", "number": "HRB 1"}
        assert resource["registrations"][0]["vat_id"] == "DE342118907"
        assert resource["bank_accounts"][0]["iban"] == "DE89370400440532013000"
        assert "party" not in resource

    def test_amounts_are_text_and_never_numbers(self):
        said = content(line("1", "10"), buyer=replace(BUYER, customer="7"), prepaid=D("1.00"))
        resource = shown(issued(said))
        assert all(isinstance(figure, str) for figure in resource["totals"].values())
        assert [type(each["amount"]) for each in resource["tax_groups"]] == [str]

        def numbers(value: Any, at: str = "") -> list[str]:
            if isinstance(value, dict):
                return [found for name, each in value.items() for found in numbers(each, name)]
            if isinstance(value, list):
                return [found for each in value for found in numbers(each, at)]
            return [at] if isinstance(value, int | float) and not isinstance(value, bool) else []

        assert set(numbers(resource)) <= {"days", "months"}

    def test_a_party_without_an_address_is_shown_without_one(self):
        resource = shown(drafted(content(line("1", "1"), recipient=Party(name="Depot"))))
        assert (resource["recipient"]["name"], resource["recipient"]["address"]) == ("Depot", None)
