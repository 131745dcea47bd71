"""An e-invoice as requests to our API: what its author decided, and no figure that we compute.

Where a file states an input twice and the two disagree, the one that EN 16931 makes mandatory is
taken, and a remark says so. The figures that it states are compared in `differences.py`.
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.to_lines import Entry, adjustments, lines_to
from invx.contexts.invoicing.adapters.einvoice.to_parties import (
    address,
    identifier,
    party,
    seller_to,
)
from invx.contexts.invoicing.adapters.einvoice.to_values import filled, plain

Json = dict[str, Any]

# Of UNTDID 1001, the types that EN 16931 counts as credit notes.
CREDIT_NOTES = frozenset(
    ("81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532")
)
_PLAIN_TYPES = ("380", "381")  # the others refine an invoice or a credit note
_RATE_DECIMALS_MAX = 10
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Restated:
    """The bodies that restate an e-invoice, and where it contradicted itself.

    `content` is that of POST /v1/invoices, `seller` that of POST /v1/legal-entities.
    """

    content: Json
    seller: Json
    remarks: tuple[str, ...]


def restate(invoice: model.EInvoice) -> Restated:
    """The requests that lead to the same e-invoice."""
    entry = Entry(invoice)
    content = _content(invoice, entry)
    seller = seller_to(invoice, entry.remarks)
    return Restated(content, seller, tuple(dict.fromkeys(entry.remarks)))


def _content(invoice: model.EInvoice, entry: Entry) -> Json:
    credit = invoice.type_code in CREDIT_NOTES
    totals = invoice.totals
    delivery = invoice.delivery
    notes, further = _notes(invoice.notes)
    return filled(
        type="credit_note" if credit else "invoice",
        type_code=None if invoice.type_code in _PLAIN_TYPES else invoice.type_code,
        profile="en16931",
        currency=invoice.currency,
        buyer=party(invoice.buyer),
        ship_to=_ship_to(invoice),
        delivery_location=identifier(delivery.location) if delivery else None,
        payee=_payee(invoice.payee),
        tax_representative=_representative(invoice.tax_representative),
        buyer_reference=invoice.buyer_reference,
        purchase_order=invoice.purchase_order,
        sales_order=invoice.sales_order,
        contract=invoice.contract,
        project=invoice.project,
        receiving_advice=invoice.receiving_advice,
        despatch_advice=invoice.despatch_advice,
        tender=invoice.tender,
        invoiced_object=identifier(invoice.object),
        buyer_accounting_reference=invoice.buyer_accounting_reference,
        preceding=[
            filled(number=each.number, issue_date=_iso(each.issue_date))
            for each in invoice.preceding
        ],
        issue_date=_iso(invoice.issue_date),
        supply_date=_iso(delivery.date) if delivery else None,
        service_period=entry.period(invoice.period),
        tax_point=_iso(invoice.tax_point),
        tax_point_code=invoice.tax_point_code,
        **_due(invoice, entry),
        payment_means=_means(invoice.payments),
        lines=lines_to(invoice.lines, entry),
        discounts=adjustments(invoice.adjustments, entry, charge=False),
        charges=adjustments(invoice.adjustments, entry, charge=True),
        prepaid=plain(totals.prepaid) if totals.prepaid else None,
        payable_rounding=plain(totals.rounding) if totals.rounding else None,
        tax_currency=_tax_currency(invoice, entry),
        notes=notes,
        further_notes=further,
        attachments=[_attachment(each) for each in invoice.attachments],
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _notes(notes: tuple[model.Note, ...]) -> tuple[str | None, list[Json]]:
    """The first note is ours when it is about nothing in particular; the others stand beside it."""
    first = notes[0].text if notes and notes[0].subject is None else None
    rest = notes[1:] if first else notes
    return first, [filled(text=each.text, subject=each.subject) for each in rest]


def _ship_to(invoice: model.EInvoice) -> Json | None:
    """Where it went, under the buyer's name if it has none of its own."""
    delivery = invoice.delivery
    place = address(delivery.address) if delivery else None
    if delivery is None or not (place or delivery.name):
        return None
    own = invoice.buyer.trading_name or invoice.buyer.name
    return filled(name=delivery.name or own, address=place)


def _payee(payee: model.Payee | None) -> Json | None:
    if payee is None:
        return None
    return filled(
        name=payee.name,
        identifiers=[identifier(payee.identifier)] if payee.identifier else [],
        registration=identifier(payee.registration),
    )


def _representative(stated: model.TaxRepresentative | None) -> Json | None:
    if stated is None:
        return None
    return filled(name=stated.name, vat_id=stated.vat_id, address=address(stated.address))


def _due(invoice: model.EInvoice, entry: Entry) -> Json:
    """The due date, once: as a number of days where terms are worded, else as a date."""
    issue, due, text = invoice.issue_date, invoice.due_date, invoice.payment_terms
    if due is not None and due < issue:
        entry.remarks.append(f"It is due {due}, before its issue: entered as due on receipt.")
        due = issue
    if text and due == issue:
        return {"payment_terms": {"kind": "on_receipt", "text": text}}
    if text and due:
        return {"payment_terms": {"kind": "net", "days": (due - issue).days, "text": text}}
    if text:
        return {"payment_terms": {"kind": "net", "days": 0, "text": text}}
    return filled(due_date=_iso(due))


def _means(payments: tuple[model.Payment, ...]) -> Json | None:
    """How to pay; the accounts to pay to are the seller's and stand with it."""
    if not payments:
        return None
    first = payments[0]
    return filled(
        code=first.code,
        text=first.text,
        remittance=first.remittance,
        card=filled(number=first.card.number, holder=first.card.holder) if first.card else None,
        direct_debit=(
            filled(
                mandate=first.debit.mandate,
                creditor=first.debit.creditor,
                account=first.debit.account,
            )
            if first.debit
            else None
        ),
    )


def _tax_currency(invoice: model.EInvoice, entry: Entry) -> Json | None:
    """The accounting currency (BT-6) and its rate.

    A file states no rate, only the tax in both currencies; the rate is the shortest that takes one
    (BT-110) to the other (BT-111).
    """
    accounted, tax = invoice.totals.tax_in_tax_currency, invoice.totals.tax
    if invoice.tax_currency in (None, invoice.currency):
        return None
    if not accounted and not tax:
        entry.remarks.append(f"No rate to {invoice.tax_currency} follows from no tax: set to 1.")
        return {"currency": invoice.tax_currency, "rate": "1"}
    if not accounted or not tax:
        entry.remarks.append(f"No rate to {invoice.tax_currency} follows from it: left out.")
        return None
    rate = accounted / tax
    for places in range(_RATE_DECIMALS_MAX + 1):
        rate = (accounted / tax).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if (tax * rate).quantize(CENT, ROUND_HALF_UP) == accounted:
            break
    return {"currency": invoice.tax_currency, "rate": plain(rate)}


def _attachment(stated: model.Attachment) -> Json:
    return filled(
        id=stated.id,
        description=stated.description,
        location=stated.location,
        content=b64encode(stated.content).decode() if stated.content else None,
        media_type=stated.media_type,
        filename=stated.filename,
    )
