"""Terms, instalments, the account, and when there is a code."""

from copy import deepcopy

import pytest

from invx.contexts.invoicing.adapters.sheet.view import view
from invx.contexts.invoicing.adapters.wording import Mark
from tests.unit.invoicing.pdf import samples
from tests.unit.invoicing.pdf.samples import hosted


@pytest.mark.parametrize(
    "terms, due, said",
    [
        ({"kind": "on_receipt"}, "2026-11-22", ["Payable on receipt."]),
        (
            {"kind": "net", "days": 14},
            "2026-12-06",
            ["Payable within 14 days, by 6 December 2026."],
        ),
        (
            {"kind": "net", "days": 1},
            "2026-11-23",
            ["Payable within one day, by 23 November 2026."],
        ),
        ({"kind": "net", "days": 14, "months": 1}, "2027-01-05", ["Payable by 5 January 2027."]),
        ({"kind": "end_of_month", "days": 0}, "2026-11-30", ["Payable by 30 November 2026."]),
        ({"kind": "net", "days": 14}, None, ["Payable within 14 days."]),
        ({"kind": "net", "text": "As agreed."}, "2026-12-06", ["As agreed."]),
        (None, "2026-12-06", ["Payable by 6 December 2026."]),
        (None, None, []),
    ],
)
def test_terms_are_said_in_words(terms, due, said):
    resource = hosted() | {"payment_terms": terms, "due_date": due}
    assert view(resource, mark=None)["payment"]["terms"] == said


def test_instalments_and_early_payment_have_days_and_the_amounts_of_the_resource():
    pay = view(samples.german(), mark=None)["payment"]
    assert pay["terms"] == ["Zahlbar in 2 Raten:"]
    assert pay["instalments"] == [
        {"label": "1. bis 6. Dezember 2026", "amount": "995,71\u00a0EUR"},
        {"label": "2. bis 5. Januar 2027", "amount": "995,70\u00a0EUR"},
    ]
    assert pay["early"] == [
        (
            "2\u00a0% Skonto bei Zahlung bis 29. November 2026, abzüglich 39,83\u00a0EUR,"
            " dann zahlbar 1.951,58\u00a0EUR."
        )
    ]
    assert pay["code"]["caption"] == "995,71\u00a0EUR per Scan zahlen"


def test_an_early_payment_discount_without_amounts_computes_none():
    terms = {"kind": "net", "days": 30, "discounts": [{"percent": "3", "days": 10}]}
    pay = view(hosted() | {"payment_terms": terms}, mark=None)["payment"]
    assert pay["early"] == ["3\u00a0% discount if paid by 2 December 2026."]
    undated = hosted() | {"payment_terms": terms, "issue_date": None}
    assert view(undated, mark=None)["payment"]["early"] == [
        "3\u00a0% discount if paid within 10 days."
    ]


def test_the_account_is_the_one_in_the_currency_of_the_document():
    seller = deepcopy(samples.SELLER)
    seller["bank_accounts"].append({"currency": "USD", "iban": "GB82WEST12345698765432"})
    dollars = hosted() | {"seller": seller, "currency": "USD"}
    shown = {row["label"]: row["value"] for row in view(dollars, mark=None)["payment"]["account"]}
    assert shown["IBAN"] == "GB82 WEST 1234 5698 7654 32"
    assert view(dollars, mark=None)["payment"]["code"] is None


def test_an_account_is_shown_with_all_that_a_transfer_needs():
    shown = {row["label"]: row["value"] for row in view(hosted(), mark=None)["payment"]["account"]}
    assert shown == {
        "Account holder": "Kontor Nord GmbH",
        "IBAN": "DE89 3704 0044 0532 0130 00",
        "BIC": "COBADEFFXXX",
        "Bank": "Commerzbank",
        "Write in the reference": "2026-1413",
    }


@pytest.mark.parametrize("mark", list(Mark))
def test_only_a_live_invoice_carries_a_code(mark):
    assert (
        view(hosted(), mark=None)["payment"]["code"]["caption"] == "Scan to pay EUR\u00a029,315.91"
    )
    assert view(hosted(), mark=mark)["payment"]["code"] is None
    assert view(samples.proforma(), mark=None)["payment"]["code"] is None
    assert view(hosted() | {"number": None}, mark=None)["payment"]["code"] is None


def test_a_paid_invoice_asks_for_nothing():
    paid = hosted()
    paid["totals"] |= {"prepaid": "29315.91", "payable": "0.00", "due": "0.00"}
    pay = view(paid, mark=None)["payment"]
    assert pay["terms"] == ["Nothing is left to pay."]
    assert pay["account"] == []
    assert pay["code"] is None


DEBIT = {"mandate": "M-1", "creditor": "DE98ZZZ09999999999", "account": "DE02120300000000202051"}


@pytest.mark.parametrize(
    "means",
    [
        {"code": "59", "direct_debit": DEBIT},
        {"direct_debit": DEBIT},
        {"code": "48"},
        {"card": {"number": "1234", "holder": "M. Muster"}},
    ],
)
def test_a_sum_that_is_collected_names_no_account_and_has_no_code(means):
    """Who transferred it too would have paid twice."""
    pay = view(hosted() | {"payment_means": means}, mark=None)["payment"]
    assert (pay["account"], pay["code"]) == ([], None)


def test_a_collection_is_said_with_its_details():
    means = {"text": "SEPA direct debit", "remittance": "PAY-1", "direct_debit": DEBIT}
    assert view(hosted() | {"payment_means": means}, mark=None)["payment"]["means"] == [
        "SEPA direct debit",
        "Mandate reference: M-1",
        "Creditor id: DE98ZZZ09999999999",
        "Collected from: DE02120300000000202051",
        "Reference: PAY-1",
    ]
    card = {"card": {"number": "1234", "holder": "M. Muster"}}
    said = view(hosted() | {"payment_means": card, "language": "de"}, mark=None)["payment"]
    assert said["means"] == ["Karte: 1234, M. Muster"]


def test_a_transfer_says_the_reference_of_its_author_on_paper_and_in_the_code(monkeypatch):
    coded = []
    monkeypatch.setattr(
        "invx.contexts.invoicing.adapters.payment_code.payload",
        lambda **said: coded.append(said["remittance"]),
    )
    means = {"text": "By transfer", "remittance": "KDNR 7"}
    pay = view(hosted() | {"payment_means": means}, mark=None)["payment"]
    assert pay["means"] == ["By transfer"]
    assert {"label": "Write in the reference", "value": "KDNR 7"} in pay["account"]
    assert coded == ["KDNR 7"]


def test_a_credit_note_does_not_say_how_to_pay():
    credit = samples.credit_note() | {"payment_means": {"text": "By transfer", "remittance": "X"}}
    assert view(credit, mark=None)["payment"]["means"] == []
