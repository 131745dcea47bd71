"""The profiles of Factur-X: what the small ones leave out, and that every one is valid."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.einvoice import cii_read
from invx.contexts.invoicing.adapters.einvoice.hybrid import Profile, hybrid_pdf
from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from invx.contexts.invoicing.adapters.einvoice.profiles import REDUCED
from invx.contexts.invoicing.adapters.einvoice.writing import write
from invx.contexts.invoicing.adapters.pdf import TypstRenderer
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS, Syntax, format_of
from invx.kernel.errors import InvariantViolation
from tests.unit.invoicing.einvoice.cii import official
from tests.unit.invoicing.einvoice.cii.invoices import variants
from tests.unit.invoicing.einvoice.hybrid.files import GUIDELINES, invented

HYBRIDS = {code: each for code, each in FORMATS.items() if each.hybrid}


def claiming(invoice: EInvoice, code: str) -> EInvoice:
    """As `of_document` gives it; a rounding is what BASIC has no place for (see `needs`)."""
    totals = replace(invoice.totals, rounding=None, payable=invoice.totals.gross)
    exact = replace(totals, prepaid=None)
    return replace(invoice, specification=FORMATS[code].specification, totals=exact)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """What an invoice says, by place."""
    if is_dataclass(value):
        for each in fields(value):
            yield from leaves(getattr(value, each.name), f"{path}/{each.name}")
    elif isinstance(value, tuple):
        for place, each in enumerate(value):
            yield from leaves(each, f"{path}/{place}")
    elif value not in (None, False):
        yield path, value


def test_every_profile_has_the_claim_that_its_pdf_declares() -> None:
    for each in HYBRIDS.values():
        assert each.profile is not None
        assert GUIDELINES[Profile(each.profile)] == each.specification


def test_a_claim_is_found_again_by_itself_and_in_a_pdf() -> None:
    for each in HYBRIDS.values():
        assert format_of(each.specification, Syntax.CII, hybrid=True) is each
    core = FORMATS["cii"].specification
    assert format_of(core, Syntax.CII) is FORMATS["cii"]
    extended = FORMATS["facturx_extended"]
    assert format_of(extended.specification, Syntax.CII) is extended
    german = FORMATS["xrechnung_cii"]
    assert format_of(german.specification, Syntax.CII, hybrid=True) is german


@pytest.mark.parametrize("code", HYBRIDS)
def test_every_variant_is_valid_by_the_schema_of_the_profile(code: str) -> None:
    for invoice in variants().values():
        xml = write(claiming(invoice, code), FORMATS[code])
        assert official.faults(xml, code) == []


@pytest.mark.parametrize("code", REDUCED)
def test_what_is_left_out_changes_nothing_of_what_is_said(code: str) -> None:
    for invoice in variants().values():
        whole = claiming(invoice, code)
        said, small = dict(leaves(whole)), dict(leaves(cii_read.read(write(whole, FORMATS[code]))))
        if code == "facturx_minimum":
            assert small.pop("/totals/line_net") == whole.totals.net  # its reader's stand-in
        assert small.items() <= said.items()


@pytest.mark.parametrize("code", REDUCED)
def test_who_when_and_how_much_is_always_said(code: str) -> None:
    said = cii_read.read(write(claiming(variants()["every term"], code), FORMATS[code]))
    whole = variants()["every term"]
    assert (said.number, said.issue_date, said.currency) == (
        whole.number,
        whole.issue_date,
        whole.currency,
    )
    assert (said.seller.name, said.seller.vat_id) == (whole.seller.name, whole.seller.vat_id)
    assert (said.totals.net, said.totals.tax) == (whole.totals.net, whole.totals.tax)
    assert bool(said.lines) is (code == "facturx_basic")


def test_a_pdf_never_declares_another_profile_than_its_xml() -> None:
    with pytest.raises(InvariantViolation, match="extended"):
        hybrid_pdf(TypstRenderer(), {}, None, invented(), Profile.EXTENDED)
    with pytest.raises(InvariantViolation, match="en16931"):
        hybrid_pdf(TypstRenderer(), {}, None, b"<a/>", Profile.EN16931)
