"""Uploaded files as the API shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.domain.files.file import File, FileNotFound
from invx.contexts.invoicing.read.views import FILE, Row, instant
from invx.infra.event_store import Recorded
from invx.infra.postgres import Connection
from invx.infra.storage.places import DATABASE, Places
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid
from invx.kernel.storage import FileDamaged, FileMissing, StorageNotSetUp, Stored


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Which files of the list; conditions on columns, and where to go on."""

    equal: Sequence[tuple[str, Any]]
    after: UUID | None
    limit: int
    descending: bool


async def get_file(conn: Connection, ctx: RequestContext, file_id: UUID) -> Row:
    """Its row. Raises FileNotFound."""
    row = await conn.fetchrow(
        "SELECT * FROM invoicing.files WHERE tenant_id = $1 AND file_id = $2",
        ctx.tenant_id,
        file_id,
    )
    if row is None:
        raise FileNotFound
    return row


async def list_files(conn: Connection, ctx: RequestContext, asked: FileSlice) -> list[Row]:
    """In the order in which they were added."""
    values: list[Any] = [ctx.tenant_id]
    conditions = ["tenant_id = $1"]
    for column, value in asked.equal:
        values.append(list(value) if isinstance(value, tuple) else value)
        operator = "= ANY(${})" if isinstance(value, tuple) else "= ${}"
        conditions.append(f"{column} {operator.format(len(values))}")
    if asked.after is not None:
        values.append(asked.after)
        conditions.append(f"file_id {'<' if asked.descending else '>'} ${len(values)}")
    values.append(asked.limit)
    return list(
        await conn.fetch(
            f"SELECT * FROM invoicing.files WHERE {' AND '.join(conditions)}"
            f" ORDER BY file_id {'DESC' if asked.descending else ''} LIMIT ${len(values)}",
            *values,
        )
    )


async def stored_contents(
    conn: Connection, ctx: RequestContext, file_ids: Sequence[UUID]
) -> dict[UUID, Stored]:
    """Where the bytes of these files lie."""
    rows = await conn.fetch(
        "SELECT file_id, sha256, size, place FROM invoicing.file_contents"
        " WHERE tenant_id = $1 AND file_id = ANY($2::uuid[])",
        ctx.tenant_id,
        list(file_ids),
    )
    return {row["file_id"]: Stored(row["sha256"], row["size"], row["place"]) for row in rows}


def file_rows(recorded: Recorded, file: File, rows: Rows) -> None:
    """The row of a file, or none once it is deleted."""
    key = {"file_id": file.id}
    if file.deleted:
        rows.delete("files", key)
    elif recorded.version == file.version:
        rows.put("files", key, file_row(file))


def file_row(file: File) -> dict[str, Any]:
    """A file as its aggregate says it."""
    return {
        "version": file.version,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
        "added_at": file.added_at,
    }


def file_view(file_id: UUID, row: Row) -> dict[str, Any]:
    """A file as the API shows it."""
    return {
        "object": "file",
        "id": typeid(FILE, file_id),
        "name": row["name"],
        "media_type": row["media_type"],
        "size": row["size"],
        "sha256": row["sha256"],
        "created_at": instant(row["added_at"]),
    }


async def examine_files(
    conn: Connection, tenant_id: UUID, places: Places
) -> tuple[int, str | None]:
    """How many uploaded files there are, and the first whose bytes are not those of its event."""
    count, at = 0, UUID(int=0)
    while row := await conn.fetchrow(_NEXT, tenant_id, at):
        count, at = count + 1, row["file_id"]
        where = f"file {typeid(FILE, at)}"
        if row["sha256"] is None or row["sha256"] != row["said"]:
            return count, f"{where}: the bytes that it names are not those that were uploaded"
        try:
            held = row["bytes"] if row["place"] == DATABASE else None
            await places.content(tenant_id, Stored(row["sha256"], row["size"], row["place"]), held)
        except (FileDamaged, FileMissing, StorageNotSetUp) as wrong:
            return count, f"{where}: {wrong.detail}"
    if (stray := await conn.fetchval(_STRAY, tenant_id)) is not None:
        return count, f"file {typeid(FILE, stray)}: bytes that no event has uploaded"
    return count, None


_STRAY = """
SELECT c.file_id FROM invoicing.file_contents c WHERE c.tenant_id = $1
AND NOT EXISTS (SELECT FROM invoicing.files f
    WHERE f.tenant_id = c.tenant_id AND f.file_id = c.file_id)
ORDER BY c.file_id LIMIT 1
"""
_NEXT = """
SELECT f.file_id, f.sha256 AS said, c.sha256, c.size, c.place, s.bytes FROM invoicing.files f
LEFT JOIN invoicing.file_contents c ON c.tenant_id = f.tenant_id AND c.file_id = f.file_id
LEFT JOIN invoicing.stored_files s ON s.tenant_id = c.tenant_id AND s.sha256 = c.row_sha256
WHERE f.tenant_id = $1 AND f.file_id > $2 ORDER BY f.file_id LIMIT 1
"""
