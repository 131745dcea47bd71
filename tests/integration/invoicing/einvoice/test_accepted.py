"""What the domain accepts in profile `en16931` is valid in every syntax that it claims."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from invx.contexts.invoicing.adapters.einvoice.of_document import as_e_invoice
from invx.contexts.invoicing.adapters.einvoice.validation import Validator, sheets
from invx.contexts.invoicing.adapters.einvoice.writing import write
from invx.contexts.invoicing.domain.einvoice import code_lists as domain
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from tests.integration.invoicing.einvoice.acceptable import (
    completed,
    documents,
    issued,
    sellers,
)
from tests.integration.invoicing.einvoice.sheet_lists import code_lists

SOAK = bool(os.environ.get("INVX_SOAK"))
EXAMPLES = 2_000 if SOAK else 14
LISTS = {
    "BR-CL-01": domain.INVOICE_TYPES,
    "BR-CL-07": domain.OBJECT_SCHEMES,
    "BR-CL-08": domain.NOTE_SUBJECTS,
    "BR-CL-10": domain.ID_SCHEMES,
    "BR-CL-11": domain.ID_SCHEMES,
    "BR-CL-13": domain.ITEM_SCHEMES,
    "BR-CL-14": domain.COUNTRY_CODES,
    "BR-CL-15": domain.COUNTRY_CODES,
    "BR-CL-16": domain.PAYMENT_MEANS,
    "BR-CL-19": domain.DISCOUNT_REASONS,
    "BR-CL-20": domain.CHARGE_REASONS,
    "BR-CL-21": domain.ID_SCHEMES,
    "BR-CL-22": domain.EXEMPTION_REASONS,
    "BR-CL-25": domain.ENDPOINT_SCHEMES,
    "BR-CL-26": domain.ID_SCHEMES,
}
thorough = settings(
    max_examples=EXAMPLES,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    opened = Validator()
    yield opened
    opened.close()


FORMAT_GROUPS = {
    "plain": ("ubl", "cii"),
    "xrechnung and peppol": ("xrechnung_ubl", "xrechnung_cii", "peppol"),
    "facturx": tuple(code for code in FORMATS if code.startswith("facturx")),
}


@pytest.mark.parametrize("formats", FORMAT_GROUPS.values(), ids=FORMAT_GROUPS)
def test_what_the_domain_accepts_is_valid(validator: Validator, formats: tuple[str, ...]) -> None:
    """Or it is refused before it has a number, with the fields to change."""
    accepted: list[str] = []

    @thorough
    @given(body=documents, seller=sellers)
    def each(body: dict[str, Any], seller: dict[str, Any]) -> None:
        for format in formats:
            stated, problems = issued(completed(body, format), seller, format)
            if stated is None:
                assert problems
                continue
            accepted.append(format)
            xml = write(as_e_invoice(stated, FORMATS[format]), FORMATS[format])
            findings = asyncio.run(validator.validate(xml, format))
            broken = [(found.rule, found.text, found.location) for found in findings.errors]
            assert broken == [], xml.decode()

    each()
    assert set(accepted) == set(formats)
    assert len(accepted) >= EXAMPLES // 6


def test_the_lists_of_codes_are_those_of_the_pinned_sheets() -> None:
    """What the rules of both syntaxes know: a new release of theirs is noticed here."""
    by_syntax = []
    for name in ("en16931-ubl", "en16931-cii"):
        found = sheets.sheet(name)
        assert found is not None
        by_syntax.append(code_lists(found.path))
    ubl, cii = by_syntax
    for rule, ours in LISTS.items():
        assert ours == ubl[rule][0] & cii[rule][0], rule
    assert ubl["BR-CL-01"][1] & cii["BR-CL-01"][0] == domain.CREDIT_NOTE_TYPES
    assert domain.COUNTRY_CODES | {"SS"} == ubl["BR-CL-14"][0]
