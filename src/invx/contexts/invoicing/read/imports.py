"""Imports and what they brought: their rows, and what the API shows of them."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.importing.errors import ImportNotFound
from invx.contexts.invoicing.domain.importing.foreign_import import ForeignImport
from invx.contexts.invoicing.domain.importing.imported_document import ImportedDocument
from invx.contexts.invoicing.domain.importing.imported_events import DocumentImported
from invx.contexts.invoicing.domain.importing.mapping import ImportMapping
from invx.contexts.invoicing.read.resource import document_resource
from invx.contexts.invoicing.read.rows import document_row, search_row
from invx.contexts.invoicing.read.views import IMPORT, LEGAL_ENTITY, Row, instant
from invx.infra.event_store import Recorded
from invx.infra.piecewise import encode, is_long
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid


def import_rows(
    recorded: Recorded, aggregate: ImportedDocument | ForeignImport, rows: Rows
) -> None:
    """The row of an import; of a document those that a document of our own has, and one more."""
    if isinstance(aggregate, ForeignImport):
        rows.put("imports", {"import_id": aggregate.id}, import_row(aggregate))
        return
    key = {"document_id": aggregate.id}
    rows.put("documents", key, document_row(aggregate))
    rows.put(
        "imported_documents",
        key,
        {
            "import_id": aggregate.import_id,
            "legal_entity_id": aggregate.legal_entity_id,
            "source": aggregate.source,
            "number": aggregate.number,
            "digest": aggregate.digest,
            "file": aggregate.file,
            "voided": aggregate.voided,
        },
    )
    if aggregate.purged:
        for table in ("document_search", "document_contents"):
            rows.delete(table, key)
    elif isinstance(recorded.event, DocumentImported):
        long = is_long(aggregate.content)
        resource = encode(document_resource(aggregate, long=long), long=long)
        rows.put("document_contents", key, {"resource": msgspec.Raw(resource)})
        rows.put("document_search", key, search_row(aggregate))


def import_row(found: ForeignImport) -> dict[str, Any]:
    """An import as a row."""
    opened, committed, back = found.opened, found.committed, found.reversed
    return {
        "version": found.version,
        "legal_entity_id": opened.legal_entity_id,
        "source": opened.source,
        "status": str(found.status),
        "as_of": opened.as_of,
        "file_name": opened.file_name,
        "sha256": opened.sha256,
        "size": opened.size,
        "columns": msgspec.Raw(msgspec.json.encode(opened.columns)),
        "columns_sha256": columns_digest(opened.columns),
        "row_count": opened.rows,
        "mapping": msgspec.Raw(msgspec.json.encode(found.mapping)),
        "operation_id": committed.operation_id if committed else None,
        "opened_at": opened.opened_at,
        "opened_by": opened.by,
        "committed_at": committed.committed_at if committed else None,
        "reversed_at": back.reversed_at if back else None,
    }


def columns_digest(columns: tuple[str, ...]) -> str:
    """By which files of the same columns are found."""
    return sha256(msgspec.json.encode(sorted(columns))).hexdigest()


def import_view(import_id: UUID, row: Row) -> dict[str, Any]:
    """The resource."""
    operation = row["operation_id"]
    return {
        "id": typeid(IMPORT, import_id),
        "object": "import",
        "version": row["version"],
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "source": row["source"],
        "status": row["status"],
        "as_of": row["as_of"].isoformat(),
        "file_name": row["file_name"],
        "sha256": row["sha256"],
        "size": row["size"],
        "columns": _plain(row["columns"]),
        "rows": row["row_count"],
        "mapping": _mapping(row["mapping"]),
        "operation": typeid("op", operation) if operation else None,
        "created_at": instant(row["opened_at"]),
        "created_by": row["opened_by"],
        "committed_at": instant(row["committed_at"]),
        "reversed_at": instant(row["reversed_at"]),
    }


def _plain(said: Any) -> Any:
    return msgspec.json.decode(said if isinstance(said, str) else bytes(said))


def _mapping(said: Any) -> dict[str, Any]:
    found = msgspec.json.decode(said if isinstance(said, str) else bytes(said), type=ImportMapping)
    return {
        "fields": {
            name: {"column": source.column, "constant": source.constant}
            for name, source in found.fields.items()
        },
        "date": found.date,
        "decimal": found.decimal,
        "tolerance": format(found.tolerance, "f"),
    }


_COLUMNS = """import_id, version, legal_entity_id, source, status, as_of, file_name, sha256, size,
    columns::text AS columns, row_count, mapping::text AS mapping, operation_id, opened_at,
    opened_by, committed_at, reversed_at"""


async def get_import(conn: Connection, ctx: RequestContext, import_id: UUID) -> Row:
    """The row of an import. Raises ImportNotFound."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM invoicing.imports WHERE tenant_id = $1 AND import_id = $2",
        ctx.tenant_id,
        import_id,
    )
    if row is None:
        raise ImportNotFound
    return row


async def list_imports(
    conn: Connection, ctx: RequestContext, after: UUID | None, limit: int, *, descending: bool
) -> list[Row]:
    """Imports in the order of their making, or the newest first."""
    beyond, order = ("<", "DESC") if descending else (">", "ASC")
    return list(
        await conn.fetch(
            f"SELECT {_COLUMNS} FROM invoicing.imports WHERE tenant_id = $1"
            f" AND import_id {beyond} $2 ORDER BY import_id {order} LIMIT $3",
            ctx.tenant_id,
            after or UUID(int=2**128 - 1 if descending else 0),
            limit,
        )
    )


async def get_import_file(conn: Connection, ctx: RequestContext, import_id: UUID) -> bytes | None:
    """The uploaded file, while it is needed."""
    content: bytes | None = await conn.fetchval(
        "SELECT bytes FROM invoicing.import_files WHERE tenant_id = $1 AND import_id = $2",
        ctx.tenant_id,
        import_id,
    )
    return content


async def last_mapping(
    conn: Connection, ctx: RequestContext, columns: tuple[str, ...]
) -> ImportMapping | None:
    """That of the last import that was committed with a file of the same columns."""
    said = await conn.fetchval(
        "SELECT mapping::text FROM invoicing.imports WHERE tenant_id = $1 AND columns_sha256 = $2"
        " AND status <> 'open' ORDER BY import_id DESC LIMIT 1",
        ctx.tenant_id,
        columns_digest(columns),
    )
    return None if said is None else msgspec.json.decode(said, type=ImportMapping)


async def document_of_file(
    conn: Connection, ctx: RequestContext, import_id: UUID, name: str
) -> UUID | None:
    """The document of an import that names a file like this."""
    found: UUID | None = await conn.fetchval(
        "SELECT document_id FROM invoicing.imported_documents WHERE tenant_id = $1"
        " AND import_id = $2 AND file = $3 AND NOT voided ORDER BY document_id LIMIT 1",
        ctx.tenant_id,
        import_id,
        name,
    )
    return found
