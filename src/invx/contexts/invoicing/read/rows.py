"""The rows of invoicing as its aggregates determine them."""

import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.balance import Entry
from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.delivery.transmission import Transmission
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.retention import basis_of
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.status import Status
from invx.contexts.invoicing.domain.tax.tax_entering import entered_of
from invx.contexts.invoicing.domain.tax.tax_entries import TaxEntry
from invx.contexts.invoicing.read.instalments import instalments_row
from invx.kernel.ids import named_id
from invx.kernel.money import exponent, quantize
from invx.rules.totals.model import ZERO

Row = dict[str, Any]

_DESCRIPTIONS_MAX = 200  # that a search looks through


def sort_key(name: str | None) -> str | None:
    """A name as it sorts for people, comparable byte by byte: no case, no accents."""
    if name is None:
        return None
    if name.isascii():
        return name.lower()[:200]
    # Decomposed first: a single sign such as ™ or № holds capitals of its own.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))[:200]


def document_row(document: Document | ImportedDocument) -> Row:
    """A document without its content."""
    content, totals, links = document.content, document.totals, document.links
    buyer, basis = content.buyer, basis_of(document)
    return {
        "version": document.version,
        "origin": str(document.origin),
        "legal_entity_id": document.legal_entity_id,
        "type": str(content.type),
        "status": str(document.status),
        "voided": document.voided,
        "series_id": document.series_id,
        "number": document.number,
        "external_id": content.external_id,
        "customer": buyer.customer if buyer else None,
        "buyer_name": buyer.name if buyer else None,
        "buyer_sort": sort_key(buyer.name) if buyer else None,
        "currency": content.currency,
        "issue_date": document.issue_date or content.issue_date,
        "due_date": document.due_date or content.due_date,
        "net": totals.net,
        "tax": totals.tax,
        "gross": totals.gross,
        "due": totals.due,
        "gross_units": int(totals.gross.scaleb(exponent(content.currency))),
        "test": document.mode == "test",
        "released_at": document.released_at,
        "delivery_status": str(document.way.delivery),
        "clearance_status": str(document.way.clearance),
        "clearance_id": document.way.authority_id,
        "approval_status": str(document.approval),
        "revision": document.revision,
        "revises": links.revises,
        "credits": links.credits,
        "credit_notes": "{" + ",".join(str(id) for id in document.credits) + "}",
        "replaces": links.replaces,
        "replaced_by": document.replaced_by,
        "cancels": links.cancels,
        "cancelled_by": document.cancelled_by,
        "created_at": document.created_at,
        "finalized_at": document.finalized_at,
        "retention": None if basis is None else str(basis),
        "purged": document.purged,
    }


def search_row(document: Document | ImportedDocument) -> Row:
    """The words by which a document is found, and its metadata."""
    content = document.content
    words = [document.number, content.external_id, content.purchase_order, content.buyer_reference]
    if content.buyer:
        words += [content.buyer.name, content.buyer.legal_name, content.buyer.customer]
        words += [content.buyer.contact.email] if content.buyer.contact else []
    words += _descriptions(content)
    text = "\n".join(sort_key(word) or "" for word in words if word)
    return {"words": text[:20_000], "metadata": dict(content.metadata or {})}


def _descriptions(content: Content) -> list[str]:
    found: list[str] = []
    waiting: list[Line] = list(content.lines)
    while waiting and len(found) < _DESCRIPTIONS_MAX:
        line = waiting.pop(0)
        if line.description:
            found.append(line.description)
        waiting.extend(line.children)
    return found


def settlement_row(settlement: Settlement) -> Row:
    """The balance of a document (M4), and what the tax ledger holds of it (M5)."""
    claim, standing = settlement.claim, settlement.standing
    base = tax = unentered = ZERO
    if settlement.taxes is not None and not standing.voided:
        account = settlement.taxes.account
        base, tax = entered_of(account, settlement.taxes.held)
        unentered = sum(account.cells[1::2], ZERO) - tax
    return {
        "version": settlement.version,
        "legal_entity_id": claim.legal_entity_id,
        "customer": claim.customer,
        "currency": claim.currency,
        "total": claim.total,
        "settled": standing.settled,
        "open": standing.open,
        "surplus": standing.surplus,
        "open_units": int(standing.open.scaleb(exponent(claim.currency))),
        "paid": standing.paid,
        "credited": standing.credited,
        "written_off": standing.written_off,
        "discounted": standing.discounted,
        "withheld": standing.withheld,
        "refunded": standing.refunded,
        "rounded": standing.rounded,
        "status": "void" if standing.status is None else str(standing.status),
        "disputed": standing.disputed,
        **instalments_row(settlement),
        "expected_withholding": claim.withheld,
        "entered_base": base,
        "entered_tax": tax,
        "unentered_tax": unentered,
        **book_row(settlement),
        "booked": settlement.journal is not None,
        "booked_tax": journal_tax(settlement),
    }


def book_row(settlement: Settlement) -> Row:
    """What a settlement is in the currency of the books; nothing where that is its own."""
    book = settlement.books
    value = book.value if book else None
    rate = value.rate if value else None
    realised = [each.exchange_difference or ZERO for each in book.entries.values()] if book else []
    return {
        "book_currency": value.currency if value else None,
        "book_total": value.total if value else None,
        "book_rate": rate.rate if rate else None,
        "book_rate_source": rate.source if rate else None,
        "book_rate_day": rate.day if rate else None,
        "exchange_difference": (
            quantize(sum(realised, ZERO), value.currency) if value is not None else None
        ),
        "awaits_rates": settlement.awaits_rates,
    }


def worth_row(entry: Entry) -> Row:
    """What an entry is in the currency of the books."""
    return {
        "book_currency": entry.book_currency,
        "booked_amount": entry.booked_amount,
        "carried_amount": entry.carried_amount,
        "exchange_difference": entry.exchange_difference,
        "exchange_rate": entry.exchange_rate,
        "rate_source": entry.rate_source,
        "rate_day": entry.rate_day,
    }


def journal_tax(settlement: Settlement) -> Decimal:
    """The tax that the journal must hold of the document."""
    if settlement.journal is None:
        return ZERO
    return settlement.journal.tax_of(settlement.taxes, voided=settlement.standing.voided)


def entry_row(entry: Entry, note: str | None) -> Row:
    """One entry of a settlement's ledger."""
    return {
        "entry_id": entry.entry_id,
        "kind": str(entry.kind),
        "amount": entry.amount,
        "source": entry.source,
        "on_date": entry.on,
        "note": note,
        "reverses": entry.reverses,
    }


def tax_entry_id(document_id: UUID, sequence: int) -> UUID:
    """The id of an entry of the tax ledger: made from its place, the same at every rebuild."""
    return named_id(document_id, f"tax-entry:{sequence}")


def tax_entry_row(document_id: UUID, legal_entity_id: UUID, entry: TaxEntry) -> Row:
    """One entry of the tax ledger (M5)."""
    return {
        "tax_entry_id": tax_entry_id(document_id, entry.sequence),
        "legal_entity_id": legal_entity_id,
        "cause": str(entry.cause),
        "settlement_entry": entry.settlement_entry,
        "reverses": entry.reverses,
        "tax_point": entry.tax_point,
        "period": entry.period,
        "country": entry.country,
        "registration_id": entry.registration,
        "basis": str(entry.basis),
        "scheme": entry.scheme,
        "regime": str(entry.regime),
        "jurisdiction": entry.jurisdiction,
        "category": entry.category,
        "rate": entry.rate,
        "currency": entry.currency,
        "base": entry.base,
        "tax": entry.tax,
        "tax_currency": entry.tax_currency,
        "exchange_rate": entry.exchange_rate,
        "rate_source": entry.rate_source,
        "accounted_base": entry.accounted_base,
        "accounted_tax": entry.accounted_tax,
        "rate_day": entry.rate_day,
        "provisional": entry.provisional,
        "derived": entry.derived,
        "supply": entry.supply,
        "partner": entry.partner,
        "origin_period": entry.origin,
        "closed_period": entry.closed_period,
    }


def transmission_row(document_id: UUID, transmission: Transmission) -> Row:
    """A document on its way through a channel."""
    return {
        "document_id": document_id,
        "channel": transmission.channel,
        "format": transmission.format,
        "status": str(transmission.status),
        "clears": transmission.clears,
        "delivers": transmission.delivers,
        "revision": transmission.revision,
        "recipient": transmission.recipient,
        "attempts": transmission.attempts,
        "sha256": transmission.sha256,
        "receipt": transmission.receipt,
        "authority_id": transmission.authority_id,
        "reasons": msgspec.Raw(msgspec.json.encode(transmission.reasons)),
        "queued_at": transmission.queued_at,
        "sent_at": transmission.sent_at,
        "answered_at": transmission.answered_at,
        "next_attempt_at": transmission.next_attempt_at,
    }


def series_row(series: Series) -> Row:
    """A series and where it stands."""
    definition = series.definition
    period, count = max(series.periods.items(), default=("", None))
    return {
        "version": series.version,
        "legal_entity_id": series.legal_entity_id,
        "name": definition.name,
        "pattern": definition.pattern,
        "types": "{" + ",".join(str(served) for served in definition.types) + "}",
        "reset": str(definition.reset),
        "legal": definition.legal,
        "held": series.held,
        "period": period,
        "last_number": count.last if count else 0,
        "last_date": count.on if count else None,
    }


def legal_entity_row(entity: LegalEntity) -> Row:
    """A legal entity with its resource."""
    details = entity.details
    seller = details.seller
    return {
        "version": entity.version,
        "external_id": details.external_id,
        "name": seller.party.name if seller else "",
        "resource": msgspec.Raw(msgspec.json.encode(legal_entity_resource(entity))),
    }


def legal_entity_resource(entity: LegalEntity) -> Mapping[str, Any]:
    """What the API says of a legal entity, but id, version and times."""
    details: dict[str, Any] = msgspec.to_builtins(entity.details)
    seller = details.pop("seller", None) or {}
    party = seller.pop("party", None) or {"name": None}
    party.pop("e_invoicing", None)
    return {**party, **seller, **details}


def is_gone(document: Document) -> bool:
    """Whether the document has no row any more."""
    return document.status is Status.DELETED
