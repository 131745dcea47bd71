"""The proof of what accounting exports took, and of the files that were made of it."""

import hashlib
import zlib
from uuid import UUID

from invx.contexts.invoicing.read.views import Row
from invx.infra.postgres import Connection


async def examine_exports(conn: Connection, tenant_id: UUID) -> tuple[int, str | None]:
    """How many exports there are, and the first whose bookings or file are not those it names.

    The event of an export holds the hash over its bookings, and that of the file the file's.
    """
    count = await conn.fetchval(
        "SELECT count(*) FROM invoicing.accounting_exports WHERE tenant_id = $1", tenant_id
    )
    stray = await conn.fetchval(_STRAY, tenant_id)
    if stray is not None:
        return count, f"export {stray}: bookings or a file are there, the export is not"
    place = UUID(int=0)
    while row := await conn.fetchrow(_NEXT, tenant_id, place):
        place = row["export_id"]
        wrong = _wrong_bookings(row) or _wrong_file(row)
        if wrong is not None:
            return count, f"export {place}: {wrong}"
    return count, None


def _wrong_bookings(row: Row) -> str | None:
    if hashlib.sha256((row["ids"] or "").encode()).hexdigest() != row["digest"]:
        return "the bookings it took are not those that it names"
    if not row["in_order"] or row["taken"] != row["bookings"]:
        return "the positions of its bookings are not one after the other"
    if not row["agree"]:
        return "a booking of it says another destination, or that it is free when it is not"
    return None


def _wrong_file(row: Row) -> str | None:
    if row["compressed"] is None:
        return None if row["file_sha256"] is None else "its file is missing"
    try:
        content = zlib.decompress(row["compressed"])
    except zlib.error:
        return "its file cannot be read"
    if {row["sha256"], hashlib.sha256(content).hexdigest()} != {row["file_sha256"]}:
        return "the bytes of its file do not give the hash that it names"
    return None


_NEXT = """
SELECT a.export_id, a.digest, a.bookings, a.file_sha256, f.sha256, f.compressed, t.*
FROM invoicing.accounting_exports a
LEFT JOIN invoicing.accounting_files f
    ON f.tenant_id = a.tenant_id AND f.export_id = a.export_id
CROSS JOIN LATERAL (
    SELECT count(*) AS taken, string_agg(x.booking_id::text, ',' ORDER BY x.position) AS ids,
        min(x.position) = 1 AND max(x.position) = count(*) AS in_order,
        bool_and(x.destination = a.destination AND x.released = (a.status = 'cancelled')) AS agree
    FROM invoicing.exported_bookings x
    WHERE x.tenant_id = a.tenant_id AND x.export_id = a.export_id) AS t
WHERE a.tenant_id = $1 AND a.export_id > $2 ORDER BY a.export_id LIMIT 1
"""
_STRAY = """
SELECT x.export_id FROM (
    SELECT tenant_id, export_id FROM invoicing.exported_bookings WHERE tenant_id = $1
    UNION SELECT tenant_id, export_id FROM invoicing.accounting_files WHERE tenant_id = $1) AS x
WHERE NOT EXISTS (SELECT FROM invoicing.accounting_exports a
    WHERE a.tenant_id = x.tenant_id AND a.export_id = x.export_id) ORDER BY 1 LIMIT 1
"""
