"""What is wrong with a document, all at once, with the pointer of each field."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from invx.contexts.invoicing.domain.check import problems_of
from invx.contexts.invoicing.domain.check_parties import seller_problems
from invx.contexts.invoicing.domain.content import (
    Content,
    DocumentType,
    PaymentTerms,
    Period,
    Source,
    TaxCurrency,
    TermsKind,
    TermsStep,
)
from invx.contexts.invoicing.domain.party import (
    Address,
    Identifier,
    Party,
    Registration,
    Seller,
)
from invx.kernel import limits
from invx.rules.totals.model import LineKind, Profile, Rounding, Tax
from tests.unit.invoicing.domain.drafts import (
    BUYER,
    S19,
    SELLER,
    TODAY,
    D,
    content,
    line,
    off,
    totalled,
)

AE = Tax(category="AE", reason="Reverse charge")
K = Tax(category="K", reason="Intra-community supply")
G = Tax(category="G", reason="Export")


def found(said: Content, *, finalizing: bool = True, on: date | None = TODAY) -> dict[str, str]:
    """Code by pointer."""
    problems = problems_of(said, Rounding.PER_GROUP, finalizing=finalizing, issue_date=on)
    return {problem.pointer: problem.code for problem in problems}


def test_a_sound_invoice_has_no_problem() -> None:
    assert found(content(line("1", "10"))) == {}


def test_a_draft_may_lack_what_only_a_finalized_document_needs() -> None:
    bare = content(buyer=None, payment_terms=None)
    assert found(bare, finalizing=False) == {}
    assert found(bare) == {
        "/lines": "document_empty",
        "/buyer/name": "name_missing",
        "/buyer/address/country": "country_missing",
    }


def test_figures_and_words_are_reported_together() -> None:
    said = content(
        line("1", "10", discounts=(off("1"), off("-2")), charges=(off(),)),
        line("1", None),
        notes="x" * (limits.TEXT_CHARS_MAX + 1),
        due_date=date(2026, 3, 1),
        payment_terms=None,
    )
    assert found(said) == {
        "/lines/0/discounts/1/amount": "negative",
        "/lines/0/charges/0": "percent_or_amount_missing",
        "/lines/1/id": "duplicate_line_id",
        "/lines/1/price": "price_missing",
        "/notes": "text_too_long",
        "/due_date": "due_before_issue",
    }


def test_an_unknown_currency_is_named_by_its_field() -> None:
    assert found(content(line("1", "10"), currency="EURO"))["/currency"] == "unknown_currency"
    money = TaxCurrency(currency="XXX", rate=D(0))
    assert found(content(line("1", "10"), tax_currency=money)) == {
        "/tax_currency/currency": "unknown_currency",
        "/tax_currency/rate": "not_positive",
    }


def test_periods_run_forward_and_say_something() -> None:
    backwards = Period(start=date(2026, 2, 1), end=date(2026, 1, 1))
    source = Source(kind="usage", id="u1", period=backwards)
    inner = replace(line("a", "1", service_period=Period()), source=source)
    said = content(replace(line("1", None), taxes=(), children=(inner,)), service_period=backwards)
    assert found(said) == {
        "/service_period/end": "period_reversed",
        "/lines/0/children/0/service_period": "period_empty",
        "/lines/0/children/0/source/period/end": "period_reversed",
    }
    half = content(line("1", "10"), service_period=Period(start=date(2026, 2, 1)))
    assert found(half) == {}


def test_a_due_date_is_stated_once() -> None:
    due = date(2026, 4, 1)
    twice = content(line("1", "10"), due_date=due, payment_terms=PaymentTerms(days=30))
    assert found(twice, finalizing=False) == {"/due_date": "due_date_twice"}
    text = PaymentTerms(text="2 % within 10 days", discounts=(TermsStep(percent=D(2), days=10),))
    assert found(content(line("1", "10"), due_date=due, payment_terms=text)) == {}


def test_instalments_sum_to_the_whole() -> None:
    steps = (TermsStep(percent=D(50), days=0), TermsStep(percent=D(40), days=30))
    terms = PaymentTerms(kind=TermsKind.INSTALMENTS, instalments=steps)
    assert found(content(line("1", "10"), payment_terms=terms)) == {
        "/payment_terms/instalments": "not_100_percent"
    }


def test_metadata_has_bounds_by_key() -> None:
    many = {str(number): "x" for number in range(limits.METADATA_KEYS_MAX + 1)}
    long = {"a/b~c": "x" * (limits.METADATA_VALUE_CHARS_MAX + 1)}
    endless = {"k" * (limits.NAME_CHARS_MAX + 1): "x"}
    said = content(line("1", "10", metadata=long), line("2", "1", metadata=endless), metadata=many)
    assert found(said, finalizing=False) == {
        "/metadata": "too_many_keys",
        "/lines/0/metadata/a~1b~0c": "text_too_long",
        "/lines/1/metadata": "key_too_long",
    }


def test_each_line_that_speaks_says_what_it_is_for() -> None:
    said = content(
        replace(line("1", "10"), description=None),
        replace(line("2", None), kind=LineKind.TEXT, taxes=(), description=""),
        replace(line("3", None), kind=LineKind.SUBTOTAL, taxes=(), description=None),
    )
    assert found(said) == {
        "/lines/0/description": "description_missing",
        "/lines/1/description": "description_missing",
    }


def test_what_is_to_be_paid_says_when() -> None:
    """BR-CO-25; nothing to pay needs no date, nor does a credit note."""
    said = content(line("1", "10"), payment_terms=None)
    assert found(said) == {"/payment_terms": "payment_terms_missing"}
    assert found(replace(said, prepaid=totalled(said).gross)) == {}
    assert found(replace(said, type=DocumentType.CREDIT_NOTE)) == {}
    assert found(replace(said, profile=Profile.PLAIN)) == {}


def test_a_plain_document_needs_no_buyer_details() -> None:
    assert found(content(line("1", "10"), profile=Profile.PLAIN, buyer=None)) == {}


@pytest.mark.parametrize(
    "field, party, pointer, code",
    [
        ("buyer", replace(BUYER, name=" "), "/buyer/name", "name_missing"),
        ("buyer", replace(BUYER, address=None), "/buyer/address/country", "country_missing"),
        ("payee", Party(name=""), "/payee/name", "name_missing"),
        ("ship_to", Party(name="Depot"), "/ship_to/address/country", "country_missing"),
        (
            "recipient",
            replace(BUYER, endpoint=Identifier(id="4012345678901")),
            "/recipient/endpoint/scheme",
            "scheme_missing",
        ),
        (
            "tax_representative",
            replace(BUYER, vat_id=None),
            "/tax_representative/vat_id",
            "vat_id_missing",
        ),
    ],
)
def test_parties_are_complete(field: str, party: Party, pointer: str, code: str) -> None:
    assert found(content(line("1", "10"), **{field: party})) == {pointer: code}


def test_reverse_charge_names_the_buyer_by_a_tax_or_register_id() -> None:
    nobody = replace(BUYER, vat_id=None)
    said = content(line("1", "10", "1", AE), buyer=nobody)
    assert found(said) == {"/buyer/vat_id": "vat_id_missing"}
    known = replace(nobody, registration=Identifier(id="HRB 1"))
    assert found(replace(said, buyer=known)) == {}


def test_x04_a_supply_within_the_community_states_when_and_where_to() -> None:
    """BR-IC-02, BR-IC-11 and BR-IC-12."""
    said = content(line("1", "10", "1", K), buyer=replace(BUYER, vat_id=None))
    assert found(said) == {
        "/buyer/vat_id": "vat_id_missing",
        "/supply_date": "delivery_date_missing",
        "/ship_to/address/country": "delivery_country_missing",
    }
    depot = Party(name="Depot", address=Address(country="FR"))
    month = Period(start=date(2026, 2, 1), end=date(2026, 2, 28))
    assert found(replace(said, buyer=BUYER, ship_to=depot, service_period=month)) == {}
    assert found(replace(said, buyer=BUYER, ship_to=depot, supply_date=TODAY)) == {}


def sellers(said: Content, **party: Any) -> dict[str, str]:
    base: dict[str, Any] = {"name": "Kontor", "address": Address(country="DE")}
    registrations = party.pop("registrations", ())
    seller = Seller(party=Party(**(base | party)), registrations=registrations)
    return {problem.pointer: problem.code for problem in seller_problems(said, seller)}


def test_the_seller_is_known_by_some_id() -> None:
    said = content(line("1", "10", "1", Tax(category="O", reason="Not taxable")))
    assert sellers(said) == {"/seller/vat_id": "seller_id_missing"}
    assert sellers(said, registration=Identifier(id="HRB 1")) == {}
    assert sellers(said, identifiers=(Identifier(id="4000001"),)) == {}
    assert sellers(replace(said, profile=Profile.PLAIN)) == {}
    assert sellers(said, name="", address=None, vat_id="DE1") == {
        "/seller/name": "name_missing",
        "/seller/address/country": "country_missing",
    }


@pytest.mark.parametrize(
    "payee",
    [
        Party(name="Kontor"),
        Party(name="Kontor GmbH"),
        Party(name="Bank", identifiers=(Identifier(id="4000001", scheme="0088"),)),
        Party(name="Bank", registration=Identifier(id="HRB 1")),
    ],
)
def test_a_payee_is_somebody_else_than_the_seller(payee: Party) -> None:
    """BR-17: the official rules compare names, identifiers and registrations."""
    said = content(line("1", "10", "1", S19))
    known: dict[str, Any] = {
        "legal_name": "Kontor GmbH",
        "vat_id": "DE342118907",
        "registration": Identifier(id="HRB 1"),
        "identifiers": (Identifier(id="4000001", scheme="0088"),),
    }
    assert sellers(replace(said, payee=payee), **known) == {"/payee": "payee_is_seller"}
    other = Party(name="Bank", registration=Identifier(id="HRB 2"))
    assert sellers(replace(said, payee=other), **known) == {}
    assert sellers(replace(said, payee=other), vat_id="DE342118907") == {}


@pytest.mark.parametrize("tax, number_is_enough", [(S19, True), (AE, True), (K, False), (G, False)])
def test_each_category_asks_for_a_tax_id_of_the_seller(tax: Tax, number_is_enough: bool) -> None:
    """BR-S-02, BR-AE-02: VAT id or tax number; BR-IC-02, BR-G-02: the VAT id."""
    said = content(line("1", "10", "1", tax))
    id = Identifier(id="HRB 1")
    missing = {"/seller/vat_id": "vat_id_missing"}

    assert sellers(said, registration=id) == missing
    numbered = sellers(said, registration=id, tax_number="27/1")
    assert numbered == ({} if number_is_enough else missing)
    assert sellers(said, vat_id="DE342118907") == {}
    abroad = (Registration(country="AT", vat_id="ATU1"),)
    assert sellers(said, registration=id, registrations=abroad) == {}
    representative = replace(BUYER, vat_id="FR1")
    assert sellers(replace(said, tax_representative=representative), registration=id) == {}


def test_taxes_of_discounts_and_of_children_count_too() -> None:
    kit = replace(line("kit", None), taxes=(), children=(line("a", "1", "1", K),))
    said = content(kit, discounts=(off("1", taxes=(G,)),))
    number_only = replace(
        SELLER, registrations=(), party=replace(SELLER.party, tax_number="27/1", vat_id=None)
    )
    details = [problem.detail for problem in seller_problems(said, number_only)]
    assert any("BR-IC-02" in detail for detail in details)
    assert any("BR-G-02" in detail for detail in details)
