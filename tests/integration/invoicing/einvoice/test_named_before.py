"""What the rules of XRechnung refuse is named before, and what we mend ourselves they accept."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.einvoice.of_document import as_e_invoice
from invx.contexts.invoicing.adapters.einvoice.validation import Findings, Validator
from invx.contexts.invoicing.adapters.einvoice.writing import write
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.e_invoice_needs import missing
from invx.contexts.invoicing.domain.einvoice.issued import Issued
from tests.unit.invoicing.einvoice.mapping.issuing import issued as issued_from
from tests.unit.invoicing.einvoice.mapping.issuing import item
from tests.unit.invoicing.einvoice.mapping.test_peppol_needs import DEBIT, party

SYNTAXES = ["xrechnung_ubl", "xrechnung_cii"]
FILE = {"content": "aGVsbG8=", "media_type": "text/csv", "filename": "a.csv"}
PERIOD = {"start": "2026-10-01", "end": "2026-10-31"}


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    opened = Validator()
    yield opened
    opened.close()


def issued(*lines: dict[str, Any], **more: Any) -> Issued:
    """A document that lacks nothing of XRechnung."""
    stated = {"buyer": party("DE"), "buyer_reference": "REF", "supply_date": "2026-11-01"}
    return issued_from(*lines, seller={"party": party("DE")}, **{**stated, **more})


def judged(validator: Validator, stated: Issued, format: str) -> Findings:
    xml = write(as_e_invoice(stated, FORMATS[format]), FORMATS[format])
    return asyncio.run(validator.validate(xml, format))


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    (
        "PEPPOL-EN16931-R061",
        "/payment_means/direct_debit/mandate",
        {"payment_means": {"code": "59", "direct_debit": DEBIT}},
    ),
    (
        "BR-DE-22",
        "/attachments/1/filename",
        {"attachments": [{"id": "1", **FILE}, {"id": "2", **FILE}]},
    ),
    (
        "BR-DE-23-b",
        "/payment_means/card",
        {"payment_means": {"code": "58", "card": {"number": "1234"}}},
    ),
    (
        "BR-DE-24-b",
        "/payment_means/direct_debit",
        {
            "payment_means": {
                "card": {"number": "1234"},
                "direct_debit": {"mandate": "M", **DEBIT},
            }
        },
    ),
    (
        "BR-DE-18",
        "/payment_terms/text",
        {"payment_terms": {"kind": "net", "days": 9, "text": "Thanks.\n#1 of our terms"}},
    ),
    (
        "BR-DE-18",
        "/payment_terms/text",
        {"payment_terms": {"kind": "net", "days": 9, "text": "#SKONTO#TAGE=7#PROZENT=2#"}},
    ),
]


@pytest.mark.parametrize("format", SYNTAXES)
@pytest.mark.parametrize("rule,pointer,more", REFUSED)
def test_what_the_rules_refuse_is_named_before(
    validator: Validator, format: str, rule: str, pointer: str, more: dict[str, Any]
) -> None:
    stated = issued(**more)
    named = missing(stated.content, stated.totals, stated.seller, FORMATS[format])
    assert [(each.pointer, rule in each.detail) for each in named] == [(pointer, True)]
    assert rule in {each.rule for each in judged(validator, stated, format).errors}


@pytest.mark.parametrize("format", SYNTAXES)
def test_a_period_outside_that_of_the_document(validator: Validator, format: str) -> None:
    line = item(service_period={"start": "2026-09-30", "end": "2026-10-31"})
    stated = issued(line, service_period=PERIOD)
    named = missing(stated.content, stated.totals, stated.seller, FORMATS[format])
    assert [each.pointer for each in named] == ["/lines/0/service_period/start"]
    found = judged(validator, stated, format).errors
    assert {each.rule for each in found} == {"PEPPOL-EN16931-R110"}


S7 = [{"category": "S", "rate": "7"}]
OUTSIDE = [{"category": "O", "reason": "Not subject to VAT"}]
ACCEPTED: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "a base beside an amount": (
        [item(discounts=[{"amount": "5.00", "base": "50.00", "reason": "Late"}])],
        {"charges": [{"amount": "5.00", "base": "50.00", "reason": "Freight"}]},
    ),
    "a percent of a base that is shared out": (
        [item(), item(id="2", taxes=S7)],
        {"discounts": [{"percent": "10", "base": "50.00", "reason": "Loyal"}]},
    ),
    "outside the scope of VAT": ([item(taxes=OUTSIDE)], {}),
    "a discount that is not in XRechnung's notation": (
        [item()],
        {
            "payment_terms": {
                "kind": "net",
                "days": 9,
                "discounts": [{"percent": "2.345", "days": 3}],
            }
        },
    ),
}


@pytest.mark.parametrize("format", [*SYNTAXES, "peppol"])
@pytest.mark.parametrize("lines,more", ACCEPTED.values(), ids=ACCEPTED)
def test_what_a_format_words_otherwise_is_accepted(
    validator: Validator, format: str, lines: list[dict[str, Any]], more: dict[str, Any]
) -> None:
    stated = issued(*lines, **more)
    assert not missing(stated.content, stated.totals, stated.seller, FORMATS[format])
    assert not judged(validator, stated, format).errors


def test_the_core_keeps_a_base_without_percent_but_not_that_of_a_share() -> None:
    (lines, more), (shared, whole) = list(ACCEPTED.values())[:2]
    kept = as_e_invoice(issued(*lines, **more), FORMATS["ubl"])
    assert [str(each.base) for each in (*kept.adjustments, *kept.lines[0].adjustments)] == [
        "50.00",
        "50.00",
    ]
    parts = as_e_invoice(issued(*shared, **whole), FORMATS["ubl"]).adjustments
    assert [(each.base, each.percent, str(each.amount)) for each in parts] == [
        (None, None, "2.50"),
        (None, None, "2.50"),
    ]
