"""Files of others: what they say under our names, and what of it our API restates."""

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from invx.contexts.invoicing.adapters.einvoice import cii_read, ubl_read
from invx.contexts.invoicing.adapters.einvoice.differences import Difference, compare
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from invx.contexts.invoicing.adapters.einvoice.of_document import (
    as_e_invoice,
    e_invoice_from,
)
from invx.contexts.invoicing.adapters.einvoice.terms import TERMS
from invx.contexts.invoicing.adapters.einvoice.to_content import Restated, restate
from invx.contexts.invoicing.adapters.einvoice.validation import Findings, Validator
from invx.contexts.invoicing.adapters.einvoice.writing import write
from invx.contexts.invoicing.adapters.einvoice.xml import root_tag
from invx.contexts.invoicing.api.content import content_of, details_of
from invx.contexts.invoicing.api.schemas.documents import DraftIn
from invx.contexts.invoicing.api.schemas.legal_entities import LegalEntityIn
from invx.contexts.invoicing.app.check_content import Checked
from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.check import lines_of, problems_of
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import (
    FORMATS,
    Format,
    Syntax,
    format_of,
    judged_as,
)
from invx.contexts.invoicing.domain.einvoice.e_invoice_needs import missing
from invx.contexts.invoicing.domain.einvoice.issued import Issued, unrepresentable, would_be_issued
from invx.contexts.invoicing.domain.legal_entity_details import details_problems
from invx.contexts.invoicing.domain.party import Seller
from invx.infra.http.answers import encode
from invx.kernel.errors import DomainError, Invalid, Problem, violated
from invx.rules.totals.compute import compute
from invx.rules.totals.model import Rounding

_CII = "CrossIndustryInvoice"
_READERS = {Syntax.UBL: ubl_read, Syntax.CII: cii_read}
_PLAIN = {Syntax.UBL: FORMATS["ubl"], Syntax.CII: FORMATS["cii"]}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file that was read. `problems` say why our API would not take the restated draft."""

    syntax: Syntax
    format: Format | None  # None for a specification that we do not write
    invoice: EInvoice
    unread: tuple[str, ...]
    restated: Restated
    problems: tuple[Problem, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What stands between a draft and an e-invoice; without findings the rules were not asked."""

    problems: tuple[Problem, ...]
    findings: Findings | None


class EInvoiceDiffers(Invalid):
    """The file's figures do not follow from its lines as EN 16931 computes; `problems` names each.

    A draft computes its own figures, so it would come to something else than the file says.
    """

    code = "e_invoice_differs"


class EInvoiceNotEnterable(Invalid):
    """The file says what a draft cannot say; `problems` names the fields of the draft."""

    code = "e_invoice_not_enterable"


def syntax_of(data: bytes) -> Syntax:
    """CII by its root, else UBL, whose reader says what is wrong with any other."""
    return Syntax.CII if root_tag(data).endswith("}" + _CII) else Syntax.UBL


def claimed(data: bytes, *, hybrid: bool = False) -> str:
    """The format by which a file is judged, else the plain one. Raises EInvoiceUnreadable."""
    syntax = syntax_of(data)
    said = _READERS[syntax].read(data).specification
    return (judged_as(said, syntax, hybrid=hybrid) or _PLAIN[syntax]).code


def parse(data: bytes, *, hybrid: bool = False) -> Parsed:
    """What a UBL or CII file says; `hybrid` for one out of a PDF. Raises EInvoiceUnreadable."""
    syntax = syntax_of(data)
    reader = _READERS[syntax]
    invoice = reader.read(data)
    restated = restate(invoice)
    content, seller, problems = _entered(restated)
    differences: list[Difference] = []
    if content is not None and seller is not None and not problems:
        differences = compare(invoice, _ours(content, seller, invoice, _PLAIN[syntax]))
    return Parsed(
        syntax,
        format_of(invoice.specification, syntax, hybrid=hybrid),
        invoice,
        tuple(reader.unread(data)),
        restated,
        tuple(problems),
        tuple(differences),
    )


def importable(parsed: Parsed, *, accept_differences: bool) -> DraftIn:
    """The draft to enter. Raises EInvoiceNotEnterable and EInvoiceDiffers."""
    wrong = [each for each in parsed.problems if not each.pointer.startswith("/seller")]
    if wrong:
        raise EInvoiceNotEnterable(problems=wrong)
    figures = [each for each in parsed.differences if each.is_figure]
    if figures and not accept_differences:
        raise EInvoiceDiffers(
            problems=[
                Problem(
                    each.pointer,
                    "figure_differs",
                    f"The file states {each.source} ({each.term}); it computes to {each.ours}.",
                )
                for each in figures
            ]
        )
    return draft_of(parsed.restated)


def draft_of(restated: Restated, **more: Any) -> DraftIn:
    """The body of POST /v1/invoices. Raises ValidationError for what the API does not take."""
    return DraftIn.model_validate({**restated.content, **more})


def _entered(restated: Restated) -> tuple[Content | None, Seller | None, list[Problem]]:
    """The content as POST would take it, the seller likewise, and what would be refused."""
    problems: list[Problem] = []
    content = seller = None
    try:
        content, _ = content_of(draft_of(restated))
        problems += problems_of(content, Rounding.PER_GROUP, finalizing=False)
    except ValidationError as error:
        problems += _refused(error, "")
    except DomainError as error:
        problems += error.problems
    try:
        details = details_of(LegalEntityIn.model_validate(restated.seller))
        problems += [
            Problem(f"/seller{each.pointer}", each.code, each.detail)
            for each in details_problems(details)
        ]
        seller = details.seller
    except ValidationError as error:
        problems += _refused(error, "/seller")
    return content, seller, problems


def _refused(error: ValidationError, at: str) -> list[Problem]:
    return [
        Problem(f"{at}/" + "/".join(str(part) for part in each["loc"]), each["type"], each["msg"])
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _ours(content: Content, seller: Seller, source: EInvoice, format: Format) -> EInvoice:
    """The e-invoice that the restated draft would become, issued on the day of the source."""
    totals = compute(bill_of(content, Rounding.PER_GROUP))
    issued = would_be_issued(content, totals, seller, source.issue_date)
    return as_e_invoice(replace(issued, number=source.number), format)


async def ruling_of(checked: Checked, format: str | None, validator: Validator) -> Ruling | None:
    """What a format asks of a checked draft: its fields, and the official rules of the XML.

    Without a format it is that of the route, if finalizing would ask its rules.
    """
    if format is None and checked.judged and checked.route is not None:
        format = checked.route.format
    if format is None:
        return None
    wanted, content, totals = FORMATS[format], checked.content, checked.totals
    if totals is None:
        return Ruling((), None)
    known = {each.pointer for each in checked.problems}
    if stands_against := unrepresentable(content, totals):
        return Ruling(tuple(each for each in stands_against if each.pointer not in known), None)
    found = [
        each
        for each in missing(content, totals, checked.seller, wanted)
        if each.pointer not in known
    ]
    if content.buyer is None or not totals.lines:
        return Ruling(tuple(found), None)
    try:
        xml = await written(about_to_be_issued(checked), wanted, checking=True)
    except EInvoiceUnwritable:
        if not found:
            raise
        return Ruling(tuple(found), None)  # the fields that were named stand in the way
    findings = await validator.validate(xml, format)
    pointers = {line.id: pointer for pointer, line in lines_of(content.lines)}
    return Ruling(tuple(found), findings.at_lines(pointers))


async def written(
    issued: Issued,
    format: Format,
    *,
    checking: bool = False,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """The XML, made beside the event loop.

    Raises what `e_invoice_from` raises, unless it is made for `checking` only.
    """
    made = as_e_invoice if checking else e_invoice_from
    return await asyncio.to_thread(lambda: write(made(issued, format, files), format))


def about_to_be_issued(checked: Checked) -> Issued:
    """A checked draft as if it were issued now. It must have totals."""
    if checked.totals is None:
        violated("a draft without totals cannot be issued")
    return would_be_issued(checked.content, checked.totals, checked.seller, checked.issue_date)


def show_parsed(parsed: Parsed) -> bytes:
    """The answer to a file that was read."""
    body = {
        "object": "e_invoice",
        "syntax": str(parsed.syntax),
        "format": parsed.format.code if parsed.format else None,
        "invoice": shown(parsed.invoice),
        "terms": TERMS,
        "draft": parsed.restated.content,
        "legal_entity": parsed.restated.seller,
        "remarks": parsed.restated.remarks,
        "problems": [
            {"pointer": each.pointer, "code": each.code, "detail": each.detail}
            for each in parsed.problems
        ],
        "differences": [
            {
                "pointer": each.pointer,
                "term": each.term,
                "source": each.source,
                "ours": each.ours,
                "figure": each.is_figure,
            }
            for each in parsed.differences
        ],
        "unread": parsed.unread,
    }
    return encode(body)


def shown(value: Any) -> Any:
    """A value of an e-invoice as JSON: decimals with the digits they have, bytes in base64."""
    if is_dataclass(value):
        return {each.name: shown(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [shown(each) for each in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return b64encode(value).decode() if isinstance(value, bytes) else value
