"""Files that are made when they are asked for, piece by piece, and kept nowhere."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from invx.contexts.invoicing.adapters.accounting import extf_debtors, plain
from invx.contexts.invoicing.adapters.accounting.document_package import (
    DOCUMENTS_PER_PACKAGE,
    Packed,
    document_xml,
)
from invx.contexts.invoicing.adapters.accounting.files import application_of
from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.app.archive_document import ArchiveDocument, archive_document
from invx.contexts.invoicing.app.asked import ExportFile
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.read.accounting_exports import (
    debtors_of,
    documents_of,
    get_export,
)
from invx.contexts.invoicing.read.archives import get_archived_file
from invx.contexts.invoicing.read.views import Row
from invx.infra.zip_stream import ZipStream
from invx.kernel.context import Caller
from invx.kernel.errors import NotFound, violated


class DocumentsNotFound(NotFound):
    """The export books the issue of no document in this part."""


@dataclass(frozen=True, slots=True)
class PackedDocuments:
    """The documents of a package, and when its export was opened, in the entity's zone."""

    documents: tuple[Packed, ...]
    made_at: datetime


async def debtor_file(edge: Edge, caller: Caller, export_id: UUID) -> ExportFile:
    """The debtors of an export in its format. Raises AccountingExportNotFound, NotInDatev."""
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_export(conn, ctx, export_id)
    debtors: list[dict[str, Any]] = []
    while True:
        after = debtors[-1]["debtor"] if debtors else ""
        async with edge.runner.reading(caller) as (conn, ctx):
            page = await debtors_of(conn, ctx, export_id, after)
        if not page:
            break
        debtors += page
    return await asyncio.to_thread(_debtor_file, export_id, row, debtors)


def _debtor_file(export_id: UUID, row: Row, debtors: list[dict[str, Any]]) -> ExportFile:
    settings, until = _settings(row), row["until"].isoformat()
    nobody = dict.fromkeys(plain.DEBTOR_COLUMNS[1:])  # the collective account is many
    collective = str(settings.collective_account)
    debtors = [each | nobody if each["debtor"] == collective else each for each in debtors]
    match row["format"]:
        case "datev":
            content = extf_debtors.file(
                settings,
                _made_at(row, settings),
                row["until"],
                application_of(export_id),
                debtors,
            )
            return ExportFile(f"EXTF_Debitoren_{until}.csv", _ANSI, content)
        case "csv":
            lines = plain.csv_lines(plain.DEBTOR_COLUMNS, debtors)
            content = plain.csv_head(plain.DEBTOR_COLUMNS) + lines
            return ExportFile(f"debtors_{until}.csv", "text/csv; charset=utf-8", content)
        case _:
            content = plain.json_lines(debtors)
            return ExportFile(f"debtors_{until}.jsonl", "application/jsonl", content)


_ANSI = "text/csv; charset=windows-1252"


def _settings(row: Row) -> ExportSettings:
    return msgspec.json.decode(row["settings"], type=ExportSettings)


def _made_at(row: Row, settings: ExportSettings) -> datetime:
    opened: datetime = row["opened_at"]
    return opened.astimezone(ZoneInfo(settings.time_zone))


async def packed_documents(
    edge: Edge, caller: Caller, export_id: UUID, part: int
) -> PackedDocuments:
    """What a package holds. Raises AccountingExportNotFound, DocumentsNotFound."""
    async with edge.runner.reading(caller) as (conn, ctx):
        row = await get_export(conn, ctx, export_id)
        found = await documents_of(conn, ctx, export_id, part=part, size=DOCUMENTS_PER_PACKAGE)
    if not found:
        raise DocumentsNotFound
    documents = [Packed(each["document_id"], each["number"], each["issue_date"]) for each in found]
    return PackedDocuments(tuple(documents), _made_at(row, _settings(row)))


async def streamed_documents(
    edge: Edge, caller: Caller, packed: PackedDocuments
) -> AsyncGenerator[bytes]:
    """The package, a document at a time."""
    archive = ZipStream()
    yield archive.add("document.xml", document_xml(packed.documents, packed.made_at))
    for each in packed.documents:
        content = await _pdf(edge, caller, each.document_id)
        yield archive.add(each.file, content, each.issued_on, squeeze=False)
    yield archive.close()


async def _pdf(edge: Edge, caller: Caller, document_id: UUID) -> bytes:
    """What was first issued; a document whose job has not run yet is archived now."""
    for _ in range(2):
        async with edge.runner.reading(caller) as (conn, ctx):
            archived = await get_archived_file(conn, ctx, document_id, "pdf")
        if archived is not None:
            return await edge.places.content(caller.tenant_id, archived.stored, archived.held)
        await edge.runner.run(archive_document, ArchiveDocument(document_id), caller)
    return violated("an archived document is not there")
