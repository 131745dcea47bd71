"""A document as an e-invoice: its words and its stored figures under the terms of EN 16931.

Nothing is computed again (M1): every amount is one that the document stores. The exceptions state
nothing new: prices that include tax, whose net price only has to lead to the stored net, and the
tax in the accounting currency (BT-111), worked out as the resource shows it.
"""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from invx.contexts.invoicing.adapters.einvoice import model
from invx.contexts.invoicing.adapters.einvoice.of_lines import adjustment, lines_of, vat_rate
from invx.contexts.invoicing.adapters.einvoice.of_parties import (
    buyer_of,
    delivery_of,
    identifier,
    payee_of,
    payments_of,
    representative_of,
    seller_of,
)
from invx.contexts.invoicing.adapters.einvoice.of_terms import due_date_of, payment_terms_of
from invx.contexts.invoicing.adapters.wording import Wording, wording
from invx.contexts.invoicing.domain.content import Attachment, Content, DocumentType
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import Mode
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import Format, Needs
from invx.contexts.invoicing.domain.einvoice.e_invoice_needs import ensure_complete
from invx.contexts.invoicing.domain.einvoice.issued import Issued, ensure_representable
from invx.kernel.errors import violated
from invx.rules.totals.model import AdjustmentAmount, Regime, Totals

Files: TypeAlias = Mapping[str, bytes]  # uploaded files by their SHA-256

_STAND_IN = b"-"  # for each file, where an e-invoice is only checked: no rule looks into one
_TEST = "TEST"  # EN 16931 has no field for it; as the PDF says across its pages
_TYPE_CODES = {DocumentType.INVOICE: "380", DocumentType.CREDIT_NOTE: "381"}


def issued(document: Document) -> Issued:
    """A finalized document as it was issued."""
    seller, issue_date = document.seller, document.issue_date
    if seller is None or issue_date is None or document.number is None:
        violated("only a finalized document was issued")
    return Issued(
        content=document.content,
        totals=document.totals,
        seller=seller,
        number=document.number,
        issue_date=issue_date,
        due_date=document.due_date or issue_date,
        instalments=document.instalments,
        test=document.mode is Mode.TEST,
    )


def e_invoice_of(document: Document, format: Format, files: Files | None) -> model.EInvoice:
    """A finalized document as an e-invoice; `files` are those that it names, by hash.

    Raises NotRepresentable for what no e-invoice can carry, EInvoiceIncomplete for what the format
    asks for and the document lacks; the problems name our fields.
    """
    return e_invoice_from(issued(document), format, files)


def e_invoice_from(stated: Issued, format: Format, files: Files | None = None) -> model.EInvoice:
    """The same of something issued, or about to be. Raises what `e_invoice_of` raises."""
    content = stated.content
    ensure_representable(content, stated.totals)
    ensure_complete(content, stated.totals, stated.seller, format)
    return as_e_invoice(stated, format, files)


def as_e_invoice(stated: Issued, format: Format, files: Files | None = None) -> model.EInvoice:
    """The mapping itself, of what is known to be representable and complete."""
    content, totals = stated.content, stated.totals
    exempt = all(group.category == "O" for group in totals.taxes if group.regime is Regime.VAT)
    words = wording(content.language)
    lines, leftover = lines_of(content, totals, words)
    if content.buyer is None:
        violated("an e-invoice has a buyer")
    adjustments = tuple(_adjustments(content, totals, words))
    if format.needs is not None:
        lines = tuple(replace(each, adjustments=_whole(each.adjustments)) for each in lines)
        adjustments = _whole(adjustments)
    accounted = content.tax_currency
    return model.EInvoice(
        number=stated.number,
        issue_date=stated.issue_date,
        type_code=content.type_code or _TYPE_CODES[content.type],
        currency=content.currency,
        tax_currency=accounted.currency if accounted else None,
        tax_point=content.tax_point,
        tax_point_code=content.tax_point_code,
        due_date=due_date_of(content, totals, stated.due_date),
        buyer_reference=content.buyer_reference,
        project=content.project,
        contract=content.contract,
        purchase_order=content.purchase_order,
        sales_order=content.sales_order,
        receiving_advice=content.receiving_advice,
        despatch_advice=content.despatch_advice,
        tender=content.tender,
        object=identifier(content.invoiced_object),
        buyer_accounting_reference=content.buyer_accounting_reference,
        payment_terms=payment_terms_of(
            content,
            totals,
            stated.issue_date,
            stated.instalments,
            coded=format.needs is Needs.XRECHNUNG,
        ),
        notes=_notes(stated, leftover, one=format.needs is Needs.PEPPOL),
        process=format.process,
        specification=format.specification,
        preceding=tuple(
            model.Preceding(number=each.number, issue_date=each.issue_date)
            for each in content.preceding
        ),
        seller=seller_of(stated.seller, content, stated.issue_date, exempt=exempt),
        buyer=buyer_of(content.buyer, exempt=exempt),
        payee=payee_of(content),
        tax_representative=representative_of(content, exempt=exempt),
        delivery=delivery_of(content),
        period=period(content),
        payments=payments_of(content, stated.seller),
        adjustments=adjustments,
        totals=_totals(content, totals),
        taxes=tuple(_groups(totals, rated=format.needs is not None)),
        attachments=tuple(_attachments(content, files)),
        lines=lines,
    )


def period(content: Content) -> model.Period | None:
    """BG-14."""
    stated = content.service_period
    return model.Period(start=stated.start, end=stated.end) if stated else None


def _notes(stated: Issued, leftover: str | None, *, one: bool) -> tuple[model.Note, ...]:
    """BG-1, a sandbox's TEST first; Peppol takes one note only (R002), so there they are joined."""
    content = stated.content
    notes = [model.Note(text=_TEST)] if stated.test else []
    notes += [model.Note(text=content.notes)] if content.notes else []
    notes += [
        model.Note(text=each.text, subject=each.subject)
        for each in content.further_notes
        if each.text
    ]
    if leftover:
        notes.append(model.Note(text=leftover))
    if one and len(notes) > 1:
        return (model.Note(text="\n".join(note.text for note in notes)),)
    return tuple(notes)


def _adjustments(content: Content, totals: Totals, words: Wording) -> list[model.Adjustment]:
    """BG-20 and BG-21: one for each set of taxes that a discount or charge falls on."""
    written = [*content.discounts, *content.charges]
    found: list[model.Adjustment] = []
    for said, amount in zip(written, totals.adjustments, strict=True):
        for share in amount.shares:
            whole = len(amount.shares) == 1
            stated = said if whole else replace(said, base=None)
            part = AdjustmentAmount(
                charge=amount.charge,
                base=amount.base if whole else None,
                percent=amount.percent if whole else None,
                amount=share.amount,
            )
            group = next(
                totals.taxes[index]
                for index in share.groups
                if totals.taxes[index].regime is Regime.VAT
            )
            found.append(
                replace(
                    adjustment(stated, part, words),
                    category=group.category,
                    rate=vat_rate(group.category, group.rate),
                )
            )
    return found


def _whole(adjustments: tuple[model.Adjustment, ...]) -> tuple[model.Adjustment, ...]:
    """Peppol and XRechnung refuse a base without its percent (PEPPOL-EN16931-R042)."""
    return tuple(
        each if each.percent is not None else replace(each, base=None) for each in adjustments
    )


def _totals(content: Content, totals: Totals) -> model.Totals:
    accounted = content.tax_currency
    return model.Totals(
        line_net=totals.line_net,
        discounts=totals.discounts if content.discounts else None,
        charges=totals.charges if content.charges else None,
        net=totals.net,
        tax=totals.tax,
        tax_in_tax_currency=accounted.of(totals.tax) if accounted else None,
        gross=totals.gross,
        prepaid=totals.prepaid or None,
        rounding=totals.rounding_amount or None,
        payable=totals.payable,
    )


def _groups(totals: Totals, *, rated: bool) -> list[model.TaxGroup]:
    """BG-23. `rated` states the rate of each group, even of category O (BR-DE-14, DE-R-014)."""
    return [
        model.TaxGroup(
            base=group.base,
            amount=group.amount,
            category=group.category,
            rate=group.rate if rated else vat_rate(group.category, group.rate),
            reason=group.reason,
            reason_code=group.reason_code,
        )
        for group in totals.taxes
        if group.regime is Regime.VAT
    ]


def _attachments(content: Content, files: Files | None) -> list[model.Attachment]:
    return [
        model.Attachment(
            id=each.id or "",
            description=each.description,
            location=each.location,
            content=_bytes_of(each, files),
            media_type=each.media_type,
            filename=each.filename,
        )
        for each in content.attachments
    ]


def _bytes_of(attached: Attachment, files: Files | None) -> bytes | None:
    if attached.sha256 is None:
        return b64decode(attached.content) if attached.content else None
    if files is None:
        return _STAND_IN
    if attached.sha256 not in files:
        violated("the bytes of an attached file were not obtained")
    return files[attached.sha256]
