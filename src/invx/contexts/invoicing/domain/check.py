"""Everything that is wrong with a document, in one pass, with the pointer of each field.

What figures can be and what the profile can carry is decided by `rules.totals`; here stands what
concerns dates, parties and words (BR numbers: EN 16931). A draft may lack what only a finalized
document must have.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.check_parties import buyer_problems, taxes_of
from invx.contexts.invoicing.domain.content import (
    Content,
    DocumentType,
    Line,
    PaymentTerms,
    Period,
)
from invx.contexts.invoicing.domain.einvoice.routes import route_problems
from invx.contexts.invoicing.domain.recognition.terms import recognition_problems
from invx.contexts.invoicing.domain.terms import agreed, defines_due_date
from invx.kernel import limits
from invx.kernel.errors import Problem
from invx.kernel.money import UnknownCurrency, exponent
from invx.rules.calendar.terms import terms_problems
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Bill, LineKind, Profile, Rounding
from invx.rules.totals.representable import problems as problems_of_bill


def problems_of(
    content: Content,
    rounding: Rounding,
    *,
    finalizing: bool,
    issue_date: date | None = None,
    sound: bool = False,
    bill: Bill | None = None,
) -> tuple[Problem, ...]:
    """All problems, those of the figures first. Empty means: `compute` gives the totals.

    `finalizing` adds what a document needs to be issued; `issue_date` is then the day of issue.
    `sound` says that the figures are known to be right; when finalizing, that the whole draft is.
    `bill` is that of the content, where the caller has it already.
    """
    found = [] if sound else list(problems_of_bill(bill or bill_of(content, rounding)))
    drafted, sound = sound and finalizing, not found
    found += _dates(content, issue_date or content.issue_date)
    if not drafted:
        found += _said(content)
    if finalizing:
        found += _to_issue(content)
        if content.profile is Profile.EN16931:
            found += buyer_problems(content)
            found += _delivery(content)
        if sound and content.profile is Profile.EN16931:
            found += _payment(content, rounding)
    return tuple(found)


def _said(content: Content) -> Iterator[Problem]:
    """What is wrong on whatever day the document is issued, but for its figures."""
    yield from _words(content)
    if content.payment_terms is not None:
        yield from _terms(content.payment_terms, content.due_date)
    if content.tax_currency is not None:
        yield from _tax_currency(content.tax_currency.currency, content.tax_currency.rate)
    if content.buyer is not None and content.buyer.e_invoicing is not None:
        yield from route_problems(content.buyer.e_invoicing, "/buyer/e_invoicing")


def _dates(content: Content, issue_date: date | None) -> Iterator[Problem]:
    yield from _period("/service_period", content.service_period)
    for pointer, line in lines_of(content.lines):
        yield from _period(f"{pointer}/service_period", line.service_period)
        if line.source is not None:
            yield from _period(f"{pointer}/source/period", line.source.period)
        if line.recognition is not None:
            if line.kind is not LineKind.ITEM or line.children:
                detail = "Only an item without lines below it is earned."
                yield Problem(f"{pointer}/recognition", "not_an_item", detail)
            period = line.service_period or content.service_period or Period()
            days = (period.start, period.end)
            yield from recognition_problems(line.recognition, f"{pointer}/recognition", days)
    if content.due_date and issue_date and content.due_date < issue_date:
        detail = f"The due date lies before the issue date, {issue_date}."
        yield Problem("/due_date", "due_before_issue", detail)


def _period(pointer: str, period: Period | None) -> Iterator[Problem]:
    if period is None:
        return
    if period.start is None and period.end is None:
        yield Problem(pointer, "period_empty", "A period needs a start, an end or both.")
    elif period.start and period.end and period.end < period.start:
        yield Problem(f"{pointer}/end", "period_reversed", "The end lies before the start.")


def _terms(terms: PaymentTerms, due_date: date | None) -> Iterator[Problem]:
    if due_date is not None and defines_due_date(terms):
        detail = "The payment terms give a due date too; state one of both."
        yield Problem("/due_date", "due_date_twice", detail)
    yield from terms_problems(agreed(terms))


def _tax_currency(currency: str, rate: Decimal) -> Iterator[Problem]:
    try:
        exponent(currency)
    except UnknownCurrency as unknown:
        yield Problem("/tax_currency/currency", unknown.code, unknown.detail)
    if not (rate.is_finite() and rate > 0):
        yield Problem("/tax_currency/rate", "not_positive", "A rate is above zero.")


def _words(content: Content) -> Iterator[Problem]:
    yield from _metadata("/metadata", content.metadata)
    yield from _text("/notes", content.notes)
    yield from _text("/footer", content.footer)
    for pointer, line in lines_of(content.lines):
        yield from _metadata(f"{pointer}/metadata", line.metadata)
        yield from _metadata(f"{pointer}/dimensions", line.dimensions)
        yield from _text(f"{pointer}/description", line.description)
        yield from _text(f"{pointer}/details", line.details)


def _metadata(pointer: str, metadata: dict[str, str] | None) -> Iterator[Problem]:
    if not metadata:
        return
    if len(metadata) > limits.METADATA_KEYS_MAX:
        detail = f"At most {limits.METADATA_KEYS_MAX} keys."
        yield Problem(pointer, "too_many_keys", detail)
    for key, value in metadata.items():
        if len(key) > limits.NAME_CHARS_MAX:
            detail = f"A key has at most {limits.NAME_CHARS_MAX} characters."
            yield Problem(pointer, "key_too_long", detail)
        elif len(value) > limits.METADATA_VALUE_CHARS_MAX:
            name = key.replace("~", "~0").replace("/", "~1")
            detail = f"A value has at most {limits.METADATA_VALUE_CHARS_MAX} characters."
            yield Problem(f"{pointer}/{name}", "text_too_long", detail)


def _text(pointer: str, text: str | None) -> Iterator[Problem]:
    if text is not None and len(text) > limits.TEXT_CHARS_MAX:
        detail = f"At most {limits.TEXT_CHARS_MAX} characters."
        yield Problem(pointer, "text_too_long", detail)


def _to_issue(content: Content) -> Iterator[Problem]:
    """BR-16 (a line) and BR-25 (its name)."""
    lines = list(lines_of(content.lines))
    if not any(line.kind is LineKind.ITEM for _, line in lines):
        yield Problem("/lines", "document_empty", "There is no item line.")
    for pointer, line in lines:
        nameless = not (line.description or "").strip()
        if nameless and line.kind in {LineKind.ITEM, LineKind.TEXT, LineKind.HEADING}:
            detail = "What the line is for is not said (BR-25)."
            yield Problem(f"{pointer}/description", "description_missing", detail)


def _delivery(content: Content) -> Iterator[Problem]:
    """Goods to another member state: when (BR-IC-11) and where to (BR-IC-12)."""
    if not any(tax.category == "K" for tax in taxes_of(content)):
        return
    if content.supply_date is None and content.service_period is None:
        detail = "A supply within the community states its date or period (BR-IC-11)."
        yield Problem("/supply_date", "delivery_date_missing", detail)
    address = content.ship_to.address if content.ship_to else None
    if address is None:
        detail = "A supply within the community states where it went (BR-IC-12)."
        yield Problem("/ship_to/address/country", "delivery_country_missing", detail)


def _payment(content: Content, rounding: Rounding) -> Iterator[Problem]:
    """BR-CO-25. A credit note is not paid by the buyer; it states no due date of its own."""
    if content.type is DocumentType.CREDIT_NOTE:
        return
    if content.due_date is not None or content.payment_terms is not None:
        return
    if compute(bill_of(content, rounding)).payable > 0:
        detail = "What is to be paid needs a due date or payment terms (BR-CO-25)."
        yield Problem("/payment_terms", "payment_terms_missing", detail)


def lines_of(lines: Sequence[Line], at: str = "/lines") -> Iterator[tuple[str, Line]]:
    """Every line with its pointer, parents before their children."""
    for index, line in enumerate(lines):
        pointer = f"{at}/{index}"
        yield pointer, line
        if line.children:
            yield from lines_of(line.children, f"{pointer}/children")
