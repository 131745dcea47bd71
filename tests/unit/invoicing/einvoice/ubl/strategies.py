"""Any e-invoice that UBL can state, in the one form in which a reader gives it.

Left out is only what UBL cannot tell apart: a group with nothing in it and no group, white space
around text, a note that looks like one with a subject, a discount of zero and a gross price alone.
"""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.einvoice.model import (
    Address,
    Adjustment,
    Attachment,
    Attribute,
    Card,
    Contact,
    CreditTransfer,
    Delivery,
    DirectDebit,
    EInvoice,
    Identifier,
    Item,
    Line,
    Note,
    Party,
    Payee,
    Payment,
    Period,
    Preceding,
    Price,
    TaxGroup,
    TaxRepresentative,
    Totals,
)

_LETTERS = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=" \ufffe\uffff")
_POOL = (
    "A|7|0|NA|#|#AAI|#AAI#x|#SKONTO#TAGE=7#|&|<|>|]]>|\"|'|&amp;|<!-- -->|two words|Ä|日本語|عربى"
    "|𝄞|e\u0301|\u00a0|\u200b|\u2028|\u0085x|\ufeff|-1|1e5|true"
)
_DEBITS = ("49", "59")

# One draw each: an invoice has hundreds of texts, and letter by letter they would take seconds.
_SIMPLE = st.sampled_from(_POOL.split("|"))
texts = _SIMPLE | st.text(_LETTERS, min_size=1, max_size=4)
proses = texts | st.tuples(texts, texts).map("\n".join)
some_text = st.none() | texts
some_prose = st.none() | proses
days = st.dates()
some_day = st.none() | days
amounts = st.integers(-(10**14), 10**14).map(lambda cents: Decimal(cents).scaleb(-2))
some_amount = st.none() | amounts
numbers = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(-(10**14), 10**14),
    st.integers(-3, 12),
)
some_number = st.none() | numbers
codes = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)


def _tuples(of: Any, most: int = 2) -> Any:
    return st.lists(of, max_size=most).map(tuple)


def _filled(kind: Any, **fields: Any) -> Any:
    """One that says something, or None."""
    return st.builds(kind, **fields).map(lambda one: None if one == kind() else one)


identifiers = st.builds(Identifier, id=texts, scheme=some_text.filter(lambda one: one != "SEPA"))
some_identifier = st.none() | identifiers
addresses = _filled(
    Address,
    **dict.fromkeys("line1 line2 line3 city postal_code region country".split(), some_text),
)
periods = _filled(Period, start=some_day, end=some_day)
parties = st.builds(
    Party,
    name=texts,
    trading_name=some_text,
    identifiers=_tuples(identifiers),
    registration=some_identifier,
    vat_id=some_text,
    tax_number=some_text,
    legal_information=some_prose,
    endpoint=some_identifier,
    address=addresses,
    contact=_filled(Contact, name=some_text, phone=some_text, email=some_text),
)
categories = st.sampled_from(["S", "Z", "E", "AE", "K", "G", "O", "L", "M"])
adjustments = st.builds(
    Adjustment,
    charge=st.booleans(),
    amount=amounts,
    base=some_amount,
    percent=some_number,
    reason=some_prose,
    reason_code=some_text,
)


@st.composite
def _taxed_adjustments(draw: st.DrawFn) -> Adjustment:
    return replace(draw(adjustments), category=draw(categories), rate=draw(some_number))


@st.composite
def _prices(draw: st.DrawFn) -> Price:
    gross = draw(some_number)
    discount = draw(some_number)
    base = draw(some_number)
    return Price(
        net=draw(numbers),
        discount=None if gross is not None and not discount else discount,
        gross=gross,
        base_quantity=base,
        base_unit=None if base is None else draw(some_text),
    )


items = st.builds(
    Item,
    name=texts,
    description=some_prose,
    seller_id=some_text,
    buyer_id=some_text,
    standard_id=some_identifier,
    classifications=_tuples(
        st.builds(Identifier, id=texts, scheme=some_text, scheme_version=some_text)
    ),
    origin=some_text,
    attributes=_tuples(st.builds(Attribute, name=texts, value=texts)),
)


def _lines(children: Any) -> Any:
    return st.builds(
        lambda taxed, **rest: Line(category=taxed[0], rate=taxed[1], **rest),
        taxed=st.tuples(categories, some_number) | st.just((None, None)),
        id=texts,
        note=some_prose,
        object=some_identifier,
        quantity=numbers,
        unit=texts,
        net=amounts,
        order_line=some_text,
        buyer_accounting_reference=some_text,
        period=periods,
        adjustments=_tuples(adjustments),
        price=_prices(),
        item=items,
        children=children,
    )


lines = _lines(st.just(()) | _tuples(_lines(st.just(()))))


@st.composite
def _payments(draw: st.DrawFn) -> tuple[Payment, ...]:
    """Codes differ, since equal means are one; a direct debit has a code of direct debits."""
    transfers = _tuples(st.builds(CreditTransfer, account=texts, name=some_text, bic=some_text))
    means = st.builds(
        Payment,
        code=st.integers(2, 48).map(str),
        text=some_text,
        remittance=some_text,
        transfers=transfers,
        card=st.none() | st.builds(Card, number=texts, holder=some_text),
    )
    found = draw(st.lists(means, max_size=3, unique_by=lambda one: one.code))
    debit = draw(_filled(DirectDebit, mandate=some_text, creditor=some_text, account=some_text))
    if debit:
        place = draw(st.integers(0, len(found)))
        found.insert(place, Payment(code=draw(st.sampled_from(_DEBITS)), debit=debit))
    return tuple(found)


@st.composite
def _notes(draw: st.DrawFn) -> Note:
    subject = draw(st.none() | codes)
    text = draw(proses)
    if subject is None and re.match(r"#[A-Z]{3}#", text):
        text = f"- {text}"
    return Note(text=text, subject=subject)


@st.composite
def _attachments(draw: st.DrawFn) -> Attachment:
    content = draw(st.none() | st.binary(min_size=1, max_size=40))
    return Attachment(
        id=draw(texts),
        description=draw(some_prose),
        location=draw(some_text),
        content=content,
        media_type=draw(texts) if content else None,
        filename=draw(some_text) if content else None,
    )


taxes = st.builds(
    TaxGroup,
    base=amounts,
    amount=amounts,
    category=categories,
    rate=some_number,
    reason=some_prose,
    reason_code=some_text,
)


@st.composite
def _totals(draw: st.DrawFn) -> Totals:
    tax = draw(some_amount)
    return Totals(
        line_net=draw(amounts),
        discounts=draw(some_amount),
        charges=draw(some_amount),
        net=draw(amounts),
        tax=tax,
        tax_in_tax_currency=None if tax is None else draw(some_amount),
        gross=draw(amounts),
        prepaid=draw(some_amount),
        rounding=draw(some_amount),
        payable=draw(amounts),
    )


_REFERENCES = """buyer_reference
    project contract sales_order receiving_advice despatch_advice tender
    buyer_accounting_reference process tax_point_code""".split()


@st.composite
def e_invoices(draw: st.DrawFn) -> EInvoice:
    """An invoice or credit note."""
    totals = draw(_totals())
    in_books = totals.tax_in_tax_currency is not None
    return EInvoice(
        number=draw(texts),
        issue_date=draw(days),
        type_code=draw(st.sampled_from(["380", "384", "389", "326", "381", "396", "261"])),
        currency=draw(codes),
        tax_currency=draw(codes if in_books else st.none() | codes),
        tax_point=draw(some_day),
        due_date=draw(some_day),
        purchase_order=draw(some_text.filter(lambda one: one != "NA")),
        **{name: draw(some_text) for name in _REFERENCES},
        object=draw(some_identifier),
        payment_terms=draw(some_prose),
        notes=draw(_tuples(_notes())),
        specification=draw(texts),
        preceding=draw(_tuples(st.builds(Preceding, number=texts, issue_date=some_day))),
        seller=draw(parties),
        buyer=draw(parties),
        payee=draw(
            st.none()
            | st.builds(Payee, name=texts, identifier=some_identifier, registration=some_identifier)
        ),
        tax_representative=draw(
            st.none()
            | st.builds(TaxRepresentative, name=texts, vat_id=some_text, address=addresses)
        ),
        delivery=draw(
            _filled(
                Delivery, name=some_text, location=some_identifier, date=some_day, address=addresses
            )
        ),
        period=draw(periods),
        payments=draw(_payments()),
        adjustments=draw(_tuples(_taxed_adjustments())),
        totals=totals,
        taxes=() if totals.tax is None else draw(_tuples(taxes)),
        attachments=draw(_tuples(_attachments())),
        lines=draw(st.lists(lines, min_size=1, max_size=2).map(tuple)),
    )
