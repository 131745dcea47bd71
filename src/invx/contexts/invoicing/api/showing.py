"""Answers of commands: the same views as the reads, made of what is about to be written."""

from uuid import UUID

import msgspec

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.app.finalize_document import Finalized
from invx.contexts.invoicing.app.transmit_document import Transmitted
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.read.resource import document_resource
from invx.contexts.invoicing.read.rows import (
    document_row,
    entry_row,
    legal_entity_resource,
    series_row,
    settlement_row,
    transmission_row,
    worth_row,
)
from invx.contexts.invoicing.read.transmissions import transmission_view
from invx.contexts.invoicing.read.views import (
    INVOICE,
    LEGAL_ENTITY,
    SERIES,
    document_json,
    document_summary,
    entry_view,
    legal_entity_json,
    series_view,
    settlement_head,
)
from invx.contexts.invoicing.read.withholding import certificate_row, withholding_view
from invx.infra import piecewise
from invx.infra.http.answers import encode
from invx.infra.http.etag import etag
from invx.infra.idempotency import Answer
from invx.kernel.ids import typeid

JSON = "application/json"


def _answer(
    body: bytes, version: int, *, location: str | None = None, stream_id: UUID | None = None
) -> Answer:
    headers = {"content-type": JSON, "etag": etag(version)}
    if location is not None:
        headers["location"] = location
    return Answer(201 if location else 200, body, headers, stream_id)


def show_finalized(done: Finalized, unit: UnitOfWork) -> Answer:
    """A document with what is open of it."""
    return _document(done.document, done.settlement, unit)


def show_created(done: Finalized, unit: UnitOfWork) -> Answer:
    """A new document with what is open of it."""
    return _document(done.document, done.settlement, unit, created=True)


def show_draft(document: Document, unit: UnitOfWork) -> Answer:
    """A draft that was changed."""
    return _document(document, None, unit)


def show_new_draft(document: Document, unit: UnitOfWork) -> Answer:
    """A new draft."""
    return _document(document, None, unit, created=True)


def _document(
    document: Document, settlement: Settlement | None, unit: UnitOfWork, *, created: bool = False
) -> Answer:
    key = (unit.ctx.tenant_id, document.id)
    row = unit.write_set.stated("documents", key) or document_row(document)
    settled = None
    if settlement is not None:
        settled = unit.write_set.stated("settlements", key) or settlement_row(settlement)
    summary = document_summary(document.id, row, settled, unit.ctx.now)
    stated = unit.write_set.stated("document_contents", key)
    resource = (
        bytes(stated["resource"])
        if stated is not None
        else piecewise.encode(document_resource(document))
    )
    return _answer(
        document_json(summary, resource),
        document.version,
        location=f"/v1/invoices/{typeid(INVOICE, document.id)}" if created else None,
        stream_id=document.id,
    )


def show_nothing(document: Document, unit: UnitOfWork) -> Answer:
    """A draft that is gone."""
    del unit
    return Answer(204, b"", {}, document.id)


def show_transmission(done: Transmitted, unit: UnitOfWork) -> Answer:
    """A transmission that is queued, queued again, or about to be asked about."""
    del unit
    document_id, transmission = done.document.id, done.transmission
    row = transmission_row(document_id, transmission)
    body = encode(transmission_view(document_id, transmission.id, row))
    return Answer(202, body, {"content-type": JSON}, document_id)


def show_settlement(settlement: Settlement, unit: UnitOfWork) -> Answer:
    """The ledger of a document after an entry."""
    row = settlement_row(settlement)
    document_id = settlement.claim.document_id
    head = settlement_head(document_id, row, unit.ctx.now)
    # The answer states the ledger whole; notes are read back with GET.
    entries = [
        entry_view({**entry_row(entry, None), **worth_row(entry)}) for entry in settlement.entries
    ]
    withholding = withholding_view(
        row,
        [
            {**certificate_row(settlement, each), "source": each.source}
            for each in settlement.withholding.certificates.values()
        ],
    )
    body = encode({**head, "withholding": withholding, "entries": entries})
    return _answer(body, settlement.version, stream_id=document_id)


def show_legal_entity(entity: LegalEntity, unit: UnitOfWork) -> Answer:
    """A legal entity that was amended."""
    del unit
    return _answer(_legal_entity(entity), entity.version, stream_id=entity.id)


def show_new_legal_entity(entity: LegalEntity, unit: UnitOfWork) -> Answer:
    """A new legal entity."""
    del unit
    place = f"/v1/legal-entities/{typeid(LEGAL_ENTITY, entity.id)}"
    return _answer(_legal_entity(entity), entity.version, location=place, stream_id=entity.id)


def _legal_entity(entity: LegalEntity) -> bytes:
    resource = msgspec.json.encode(legal_entity_resource(entity))
    return legal_entity_json(entity.id, entity.version, resource)


def show_series(series: Series, unit: UnitOfWork) -> Answer:
    """A series."""
    return _answer(_series(series, unit), series.version)


def show_new_series(series: Series, unit: UnitOfWork) -> Answer:
    """A new series."""
    place = f"/v1/series/{typeid(SERIES, series.id)}"
    return _answer(_series(series, unit), series.version, location=place)


def _series(series: Series, unit: UnitOfWork) -> bytes:
    here = unit.series.permit(series).here
    return encode(series_view(series.id, series_row(series), here=here))
