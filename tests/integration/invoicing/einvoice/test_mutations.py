"""A document of ours is valid, and with one thing wrong it is refused by the rule that says so."""

from collections.abc import Iterator

import pytest

from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from invx.contexts.invoicing.adapters.einvoice.of_document import as_e_invoice
from invx.contexts.invoicing.adapters.einvoice.validation import Validator
from invx.contexts.invoicing.adapters.einvoice.writing import write
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from tests.integration.invoicing.einvoice.acceptable import REACHABLE, TAXES, issued
from tests.integration.invoicing.einvoice.mutations import MUTATIONS, Mutation, noted
from tests.integration.invoicing.routed import GERMAN_SELLER, LEITWEG
from tests.world import SELLER

SYNTAXES = {"ubl": "xrechnung_ubl", "cii": "xrechnung_cii"}
S19, S7 = [TAXES["S"][0]], [TAXES["S"][1]]
BODY = {
    "buyer": REACHABLE,
    "buyer_reference": LEITWEG,
    "supply_date": "2026-11-02",
    "payment_terms": {"kind": "net", "days": 14},
    "lines": [
        {"description": "Design", "quantity": "3", "price": "120.00", "taxes": S19},
        {"description": "Books", "quantity": "2", "price": "30.00", "taxes": S7},
        {"description": "Course", "price": "500.00", "taxes": TAXES["E"]},
    ],
    "discounts": [{"amount": "10.00", "reason": "Regular", "reason_code": "95", "taxes": S19}],
    "charges": [{"amount": "5.00", "reason": "Freight", "reason_code": "FC", "taxes": S19}],
}


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    opened = Validator()
    yield opened
    opened.close()


def sound(format: str) -> EInvoice:
    stated, problems = issued(BODY, {**SELLER, **GERMAN_SELLER}, format)
    assert stated is not None, problems
    return as_e_invoice(stated, FORMATS[format])


async def broken(validator: Validator, format: str, invoice: EInvoice) -> frozenset[str]:
    """The fatal rules that a file of it breaks."""
    findings = await validator.validate(write(invoice, FORMATS[format]), format)
    assert findings.complete or findings.stopped
    return frozenset(each.rule for each in findings.errors)


@pytest.mark.parametrize("format", SYNTAXES.values())
async def test_the_document_itself_breaks_no_rule(validator: Validator, format: str) -> None:
    assert await broken(validator, format, sound(format)) == frozenset()
    assert await broken(validator, format, noted(sound(format))) == frozenset()


@pytest.mark.parametrize(
    "mutation", MUTATIONS, ids=[f"{each.rule}-{at}" for at, each in enumerate(MUTATIONS)]
)
async def test_one_thing_wrong_is_refused_by_its_rule(
    validator: Validator, mutation: Mutation
) -> None:
    for syntax, format in SYNTAXES.items():
        if mutation.only in (None, syntax):
            found = await broken(validator, format, mutation.change(sound(format)))
            assert mutation.rule in found, (format, sorted(found))


def test_there_are_enough_of_them() -> None:
    assert len({each.rule for each in MUTATIONS}) >= 45
