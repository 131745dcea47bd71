"""Rows from events: pure, whole rows, no increments. A stream's rows can always be made again."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from invx.contexts.invoicing.app.with_files import named_files
from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.contexts.invoicing.domain.approval.approval_rules import ApprovalRules
from invx.contexts.invoicing.domain.balance import Entry
from invx.contexts.invoicing.domain.bookkeeping.accounting_export import AccountingExport
from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import (
    DocumentFinalized,
    DraftCreated,
    DraftEdited,
    DraftPatched,
    PersonalDataErased,
)
from invx.contexts.invoicing.domain.exchange.rate_sheet import RateSheet
from invx.contexts.invoicing.domain.files.file import File
from invx.contexts.invoicing.domain.grace import Grace
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.interest.late_claims import LateClaims
from invx.contexts.invoicing.domain.keeping.erasure import ErasureRecord
from invx.contexts.invoicing.domain.keeping.legal_hold import LegalHold
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.recognition.recognition import Recognition
from invx.contexts.invoicing.domain.register import Register
from invx.contexts.invoicing.domain.register_events import DocumentEntered
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_events import NextNumberSet, NumberDrawn
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import (
    BookRateStated,
    EntriesBooked,
    EntryRecorded,
    SettlementOpened,
    SettlementVoided,
    TaxConverted,
    WithholdingCertified,
)
from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry
from invx.contexts.invoicing.domain.tax.rate_table import RateTable
from invx.contexts.invoicing.domain.tax.tax_entries import TaxEntry
from invx.contexts.invoicing.domain.tax.tax_treatment import vat_id_of
from invx.contexts.invoicing.read.accounting_exports import export_rows
from invx.contexts.invoicing.read.approvals import approval_rows, rules_rows
from invx.contexts.invoicing.read.booking_rows import booking_row
from invx.contexts.invoicing.read.engine_entries import engine_entry_row
from invx.contexts.invoicing.read.erasures import erasure_row
from invx.contexts.invoicing.read.exchange_rates import exchange_rates
from invx.contexts.invoicing.read.files import file_rows
from invx.contexts.invoicing.read.graces import grace_row
from invx.contexts.invoicing.read.imports import import_rows
from invx.contexts.invoicing.read.legal_holds import hold_row
from invx.contexts.invoicing.read.periods import period_rows
from invx.contexts.invoicing.read.rate_tables import tax_knowledge
from invx.contexts.invoicing.read.recognition import recognition_rows
from invx.contexts.invoicing.read.register import register_row
from invx.contexts.invoicing.read.resource import document_resource
from invx.contexts.invoicing.read.rows import (
    document_row,
    entry_row,
    is_gone,
    legal_entity_row,
    search_row,
    series_row,
    settlement_row,
    tax_entry_row,
    transmission_row,
    worth_row,
)
from invx.contexts.invoicing.read.withholding import certificate_row
from invx.infra.event_store import Recorded
from invx.infra.piecewise import encode, is_long
from invx.infra.unit_of_work import Rows
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated

_BOOKING = SettlementOpened | EntryRecorded | SettlementVoided | BookRateStated | EntriesBooked


def project(recorded: Recorded, rows: Rows) -> None:
    """State the rows of the stream that this event belongs to, as after the whole command."""
    state = _ROWS_OF.get(type(recorded.aggregate))
    if state is None:
        violated(f"nothing is known of {type(recorded.aggregate).__name__}")
    state(recorded, recorded.aggregate, rows)


def _is_last(recorded: Recorded) -> bool:
    """Whether this is the command's last event of the stream: a row is stated once, with it."""
    version: int = recorded.aggregate.version
    return recorded.version == version


def _document(recorded: Recorded, document: Document, rows: Rows) -> None:
    key = {"document_id": document.id}
    if is_gone(document):
        for table in ("document_search", "document_contents", "documents"):
            rows.delete(table, key)
        return
    if _is_last(recorded):
        rows.put("documents", key, document_row(document))
    if document.purged:
        for table in ("document_search", "document_contents"):
            rows.delete(table, key)
    elif isinstance(recorded.event, DraftCreated | DraftEdited | DraftPatched | DocumentFinalized):
        long = is_long(document.content)
        resource = encode(document_resource(document, long=long), long=long)
        rows.put("document_contents", key, {"resource": msgspec.Raw(resource)})
        rows.put("document_search", key, search_row(document))
        for file_id in named_files(document.content):
            rows.put("document_files", {**key, "file_id": file_id}, {})
    if isinstance(recorded.event, PersonalDataErased) and document.erased:
        for file_id in named_files(document.content):
            rows.delete("document_files", {**key, "file_id": file_id})
    if isinstance(recorded.event, DocumentFinalized) and _is_listed(document):
        rows.put("tax_partners", key, {"vat_id": vat_id_of(document.content.buyer)})


def _is_listed(document: Document) -> bool:
    """Whether the EC sales list may ask for the buyer: K and AE are supplies to other states."""
    return any(group.category in ("K", "AE") for group in document.totals.taxes)


def _settlement(recorded: Recorded, settlement: Settlement, rows: Rows) -> None:
    key = {"document_id": settlement.claim.document_id}
    if _is_last(recorded):
        rows.put("settlements", key, settlement_row(settlement))
    event = recorded.event
    if isinstance(event, SettlementOpened | EntryRecorded | SettlementVoided):
        _taxes(recorded, settlement, event.taxes.entries if event.taxes else (), rows)
    elif isinstance(event, TaxConverted):
        _taxes(recorded, settlement, event.entries, rows)
    elif isinstance(event, EntriesBooked):
        _bookings(settlement, event.entries, rows)
    if isinstance(event, _BOOKING):
        for booking in event.bookings:
            rows.put(
                "bookings",
                {"booking_id": booking.booking_id},
                {**booking_row(booking), "recorded_at": recorded.recorded_at},
            )
    if isinstance(event, WithholdingCertified):
        row = certificate_row(settlement, event.certificate)
        certificate = {**key, "source": event.certificate.source}
        rows.put(
            "withholding_certificates",
            certificate,
            {**row, "recorded_at": recorded.recorded_at},
        )
    if isinstance(event, EntryRecorded):
        rows.put(
            "settlement_entries",
            {**key, "sequence": event.sequence},
            {
                **entry_row(event.entry, event.note),
                "settled_after": event.after.settled,
                "recorded_at": recorded.recorded_at,
            },
        )
        _bookings(settlement, (event.entry,), rows)


def _bookings(settlement: Settlement, entries: Iterable[Entry], rows: Rows) -> None:
    for entry in entries:
        if entry.booked_amount is not None:
            key = {"document_id": settlement.claim.document_id, "entry_id": entry.entry_id}
            rows.put("settlement_bookings", key, worth_row(entry))


def _delivery(recorded: Recorded, delivery: Delivery, rows: Rows) -> None:
    transmission_id = getattr(recorded.event, "transmission_id", None)
    if transmission_id is not None:
        transmission = delivery.transmission(transmission_id)
        row = transmission_row(delivery.document_id, transmission)
        rows.put("transmissions", {"transmission_id": transmission_id}, row)


def _register(recorded: Recorded, rows: Rows) -> None:
    event = recorded.event
    if isinstance(event, DocumentEntered):
        key = {"legal_entity_id": event.legal_entity_id, "position": event.position}
        rows.put("register", key, {**register_row(event), "entered_at": recorded.recorded_at})


def _taxes(
    recorded: Recorded, settlement: Settlement, entries: Iterable[TaxEntry], rows: Rows
) -> None:
    claim = settlement.claim
    for entry in entries:
        rows.put(
            "tax_entries",
            {"document_id": claim.document_id, "sequence": entry.sequence},
            {
                **tax_entry_row(claim.document_id, claim.legal_entity_id, entry),
                "recorded_at": recorded.recorded_at,
            },
        )


def _series(recorded: Recorded, series: Series, rows: Rows) -> None:
    key = {"series_id": series.id}
    if _is_last(recorded):
        rows.put("series", key, series_row(series))
    event = recorded.event
    if isinstance(event, NumberDrawn):
        rows.put(
            "numbers",
            {**key, "period": event.period, "number": event.number},
            {"text": event.text, "document_id": event.document_id, "on_date": event.on},
        )
    elif isinstance(event, NextNumberSet):
        rows.put(
            "skipped_numbers",
            {**key, "period": event.period, "first_skipped": event.first_skipped},
            {"next": event.next, "reason": event.reason, "actor": event.by},
        )


def _legal_entity(recorded: Recorded, entity: LegalEntity, rows: Rows) -> None:
    rows.put("legal_entities", {"legal_entity_id": entity.id}, legal_entity_row(entity))
    period_rows(recorded, entity, rows)


def _grace(recorded: Recorded, grace: Grace, rows: Rows) -> None:
    if _is_last(recorded):
        rows.put("graces", {"document_id": grace.document_id}, grace_row(grace))


def _engine_entry(_: Recorded, entry: EngineEntry, rows: Rows) -> None:
    rows.put("engine_entries", {"engine_entry_id": entry.id}, engine_entry_row(entry))


def _erasure(_: Recorded, erasure: ErasureRecord, rows: Rows) -> None:
    rows.put("erasures", {"erasure_id": erasure.id}, erasure_row(erasure))


def _legal_hold(_: Recorded, hold: LegalHold, rows: Rows) -> None:
    rows.put("legal_holds", {"hold_id": hold.id}, hold_row(hold))


def _late_claims(*_: object) -> None:
    """They are read from the stream, with the interest that they belong to."""


# The aggregates whose streams have rows, and how these are stated.
_ROWS_OF: dict[type[Aggregate], Callable[[Recorded, Any, Rows], None]] = {
    Document: _document,
    ImportedDocument: import_rows,
    ForeignImport: import_rows,
    Settlement: _settlement,
    Delivery: _delivery,
    Series: _series,
    LegalEntity: _legal_entity,
    RateTable: lambda recorded, _, rows: tax_knowledge(recorded, rows),
    RateSheet: lambda recorded, _, rows: exchange_rates(recorded, rows),
    EngineEntry: _engine_entry,
    AccountingExport: export_rows,
    Grace: _grace,
    Approval: approval_rows,
    ApprovalRules: rules_rows,
    Register: lambda recorded, _, rows: _register(recorded, rows),
    File: file_rows,
    LateClaims: _late_claims,
    ErasureRecord: _erasure,
    LegalHold: _legal_hold,
    Recognition: recognition_rows,
}
KINDS = tuple(_ROWS_OF)
# Their rows: stated here and nowhere else, so an audit makes them again and compares.
TABLES = (
    "accounting_exports",
    "approval_assignees",
    "approval_rules",
    "approvals",
    "bookings",
    "closed_periods",
    "debtor_numbers",
    "document_contents",
    "document_search",
    "documents",
    "engine_entries",
    "erasures",
    "exchange_rates",
    "files",
    "graces",
    "imported_documents",
    "imports",
    "legal_entities",
    "legal_holds",
    "numbers",
    "period_changes",
    "recognition_entries",
    "recognition_lines",
    "register",
    "series",
    "settlement_bookings",
    "settlement_entries",
    "settlements",
    "skipped_numbers",
    "tax_entries",
    "tax_knowledge",
    "tax_partners",
    "transmissions",
    "withholding_certificates",
)
