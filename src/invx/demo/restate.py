"""What the author of an e-invoice decided, as a request to the API; the rest is left to it.

Line nets, totals, tax bases and tax amounts are never copied into the request: the API has to find
them. Where a file states an input twice and the two disagree, the one that EN 16931 makes
mandatory is entered, and a remark says so.
"""

from dataclasses import asdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from invx.demo.parties import party, place_of_delivery, seller
from invx.demo.restate_lines import CENT, Entry, parts, with_parts
from invx.demo.source import Expected, ExpectedGroup, ExpectedLine, Json, Source
from invx.demo.terms import Document, Line
from invx.demo.tidy import filled, plain

# Of UNTDID 1001; the other types that EN 16931 allows refine an invoice or a credit note.
PLAIN_TYPES = ("380", "381")
METADATA_CHARS_MAX = 500
RATE_PLACES_MAX = 10


def restate(document: Document, name: str) -> Source:
    """The request, the seller and the expected figures of one e-invoice."""
    entry = Entry(document)
    request = _request(document, name, entry)
    return Source(
        name=name,
        syntax=document.syntax,
        number=document.number,
        request=request,
        seller=seller(document),
        expected=expected(document),
        remarks=tuple(dict.fromkeys(entry.remarks)),
    )


def expected(document: Document) -> Expected:
    """Every figure that the source states about its lines, its VAT breakdown and its totals."""
    return Expected(
        lines=tuple(
            _expected_line(line, line.net)
            for line in with_parts(document.lines)
            if line.net is not None and not line.informative
        ),
        groups=tuple(
            ExpectedGroup(group.category.code, group.category.rate, group.base, group.amount)
            for group in document.groups
        ),
        totals=asdict(document.totals),
        tax_in_tax_currency=document.tax_in_tax_currency,
    )


def _expected_line(line: Line, net: Decimal) -> ExpectedLine:
    if line.category is None or parts(line):
        return ExpectedLine(net, None, None)
    return ExpectedLine(net, line.category.code, line.category.rate)


def _request(document: Document, name: str, entry: Entry) -> Json:
    references, dates, stated = document.references, document.dates, document.totals
    return filled(
        type="credit_note" if document.credit_note else "invoice",
        type_code=None if document.type_code in PLAIN_TYPES else document.type_code,
        profile="en16931",
        currency=document.currency,
        buyer=party(document.buyer),
        ship_to=place_of_delivery(document),
        payee=party(document.payee),
        tax_representative=party(document.tax_representative),
        buyer_reference=references.buyer_reference,
        purchase_order=references.purchase_order,
        sales_order=references.sales_order,
        contract=references.contract,
        project=references.project,
        buyer_accounting_reference=references.buyer_accounting_reference,
        preceding=[
            filled(number=number, issue_date=_iso(day)) for number, day in references.preceding
        ],
        issue_date=_iso(dates.issue),
        supply_date=_iso(dates.supply),
        service_period=entry.period(dates.period),
        tax_point=_iso(dates.tax_point),
        **_due(document, entry),
        lines=entry.lines(document.lines),
        discounts=entry.adjustments(document.adjustments, charge=False),
        charges=entry.adjustments(document.adjustments, charge=True),
        prepaid=plain(stated.prepaid) if stated.prepaid else None,
        payable_rounding=plain(stated.rounding) if stated.rounding else None,
        tax_currency=_tax_currency(document, entry),
        notes="\n\n".join(document.notes),
        footer=document.seller.legal_information,
        metadata=filled(source=name[-METADATA_CHARS_MAX:], number=document.number),
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _due(document: Document, entry: Entry) -> Json:
    """The due date, once: as a number of days where terms are worded, else as a date."""
    issue, due, text = document.dates.issue, document.dates.due, document.payment_terms
    if due is not None and due < issue:
        entry.remarks.append(f"due {due}, before its issue: entered as due on receipt")
        due = issue
    if text and due:
        return {"payment_terms": {"kind": "net", "days": (due - issue).days, "text": text}}
    if text:
        return {"payment_terms": {"kind": "on_receipt", "text": text}}
    return filled(due_date=_iso(due))


def _tax_currency(document: Document, entry: Entry) -> Json | None:
    """The accounting currency (BT-6) and its rate.

    A file states no rate, only the tax in both currencies; the rate is the shortest that takes one
    (BT-110) to the other (BT-111).
    """
    accounted, tax = document.tax_in_tax_currency, document.totals.tax
    if document.tax_currency in (None, document.currency):
        return None
    if not accounted or not tax:
        entry.remarks.append(f"no rate to {document.tax_currency} follows from it: left out")
        return None
    rate = accounted / tax
    for places in range(RATE_PLACES_MAX + 1):
        rate = (accounted / tax).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if (tax * rate).quantize(CENT, ROUND_HALF_UP) == accounted:
            break
    return {"currency": document.tax_currency, "rate": plain(rate)}
