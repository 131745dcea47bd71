"""Documents as they would be issued, from the fields that a test is about."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec

from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from invx.contexts.invoicing.adapters.einvoice.of_document import e_invoice_from
from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.contexts.invoicing.domain.einvoice.issued import Issued
from invx.contexts.invoicing.domain.party import Seller
from invx.contexts.invoicing.domain.terms import due_date_of, instalments_of
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Rounding

DAY = date(2026, 11, 2)
S19 = [{"category": "S", "rate": "19"}]
BUYER = {"name": "Elbkontor", "address": {"country": "DE"}}
SELLER = {
    "party": {"name": "Kontor Nord", "address": {"country": "DE"}},
    "registrations": [{"country": "DE", "vat_id": "DE136695976", "tax_number": "22/815"}],
    "bank_accounts": [{"currency": "EUR", "iban": "DE89370400440532013000"}],
}


def item(price: str | None = "100.00", **more: Any) -> dict[str, Any]:
    """An item line at 19 %."""
    return {"id": "1", "description": "Design", "price": price, "taxes": S19, **more}


def issued(*lines: dict[str, Any], seller: dict[str, Any] | None = None, **more: Any) -> Issued:
    """What these lines come to, issued on DAY."""
    fields = {"currency": "EUR", "buyer": BUYER, "lines": list(lines or [item()]), **more}
    content = msgspec.convert(fields, Content)
    totals = compute(bill_of(content, Rounding.PER_GROUP))
    return Issued(
        content=content,
        totals=totals,
        seller=msgspec.convert({**SELLER, **(seller or {})}, Seller),
        number="2026-1",
        issue_date=DAY,
        due_date=due_date_of(content, DAY),
        instalments=instalments_of(content, totals.due, DAY),
    )


def e_invoice(*lines: dict[str, Any], format: str = "ubl", **more: Any) -> EInvoice:
    """The same as an e-invoice."""
    return e_invoice_from(issued(*lines, **more), FORMATS[format])


def changed(stated: Issued, **more: Any) -> Issued:
    """The same with other content; its figures stay."""
    return replace(stated, content=replace(stated.content, **more))
