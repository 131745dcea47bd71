"""One byte of one value of one row, changed as whoever can write to the database would.

Constraints stand in the way of some changes; a superuser drops them, so they are dropped here too,
inside a transaction that is rolled back.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

# What an audit proves nothing of, and why. `docs/operations/seals.md` says the same.
UNPROVED_TABLES = {
    "migrations": "which files were applied; each start compares their checksums",
    "tenants": "the directory: who may work, not what was done",
    "leases": "who is the relay just now",
    "inbox": "a queue; what came is compared with nothing in its own context",
    "due_jobs": "a queue; jobs are made again by what they are about",
    "idempotency": "stored answers, forgotten after days",
    "facts": "what others said, used only while its fingerprint matches",
    "operations": "progress of long work",
    "operation_items": "progress of long work",
    "default_series": "a choice for drafts to come",
    "number_permits": "what this installation may give; the outside journal holds it as well",
    "document_files": "which documents name a file; their events say it until they are erased",
    "import_files": "what was uploaded and is not imported yet",
    "import_items": "what was uploaded and is not imported yet",
}
UNPROVED_COLUMNS = {
    ("archives", "archived_at"),
    ("stored_files", "put_at"),
    ("archives", "media_type"),
    ("archives", "kind"),
    ("accounting_files", "archived_at"),
    ("exported_bookings", "debtor"),
    ("seal_anchors", "anchored_at"),
    ("outbox", "position"),
    ("outbox", "lane"),
    ("outbox", "trace_parent"),
    ("outbox", "published_at"),
}
# Nothing says that these rows were ever there: some are deleted one day. The end of the seals is
# what only the anchor knows.
MAY_BE_GONE = ("outbox", "archives", "personal", "seal_anchors")
MAY_BE_MORE = ("archives", "stored_files")  # a sweep takes away what nobody names

_NEW = {
    "uuid": str(UUID(int=7)),
    "text": "x",
    "bigint": "7",
    "integer": "7",
    "smallint": "1",
    "numeric": "7",
    "date": "2001-02-03",
    "timestamp with time zone": "2001-02-03 04:05:06+00",
    "boolean": "true",
    "json": '{"x": 1}',
    "bytea": "\\x07",
    "uuid[]": "{}",
    "text[]": "{}",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, with its type as PostgreSQL writes it."""

    table: str
    name: str
    type: str


async def columns_of(conn: Any, schema: str = "invoicing") -> dict[str, list[Column]]:
    """The tables of tenant data with all columns that a statement can change."""
    found: dict[str, list[Column]] = {}
    for row in await conn.fetch(_COLUMNS, schema):
        found.setdefault(row["table"], []).append(Column(*row))
    return found


async def drop_constraints(conn: Any, table: str, schema: str = "invoicing") -> None:
    """Nothing refuses a change any more."""
    for name in await conn.fetch(_CONSTRAINTS, f"{schema}.{table}"):
        await conn.execute(f'ALTER TABLE {schema}.{table} DROP CONSTRAINT "{name[0]}" CASCADE')
    for name in await conn.fetch(_UNIQUE, f"{schema}.{table}"):
        await conn.execute(f"DROP INDEX {schema}.{name[0]}")


async def flip(conn: Any, column: Column, place: str, chance: random.Random) -> tuple[str, str]:
    """Change one byte of a column in the row at a place; what it was, and what it is now."""
    where = f"invoicing.{column.table} WHERE ctid = $1::text::tid"
    was = await conn.fetchval(f'SELECT "{column.name}"::text FROM {where}', place)
    now = changed(column.type, was, chance)
    done = await conn.execute(
        f'UPDATE invoicing.{column.table} SET "{column.name}" = $2::text::{column.type}'
        " WHERE ctid = $1::text::tid",
        place,
        now,
    )
    assert done == "UPDATE 1", (column, done)
    return str(was), now


def changed(type: str, was: str | None, chance: random.Random) -> str:
    """Another value of the same type, a byte away where the type has bytes."""
    if was is None:
        return _NEW[type]
    if type == "boolean":
        return "false" if was == "true" else "true"
    if type in ("uuid[]", "text[]"):
        return "{}" if was != "{}" else f"{{{_NEW['uuid']}}}"
    if type in ("json", "jsonb"):
        return _json(was, chance)
    if type == "timestamp with time zone":
        return f"{was[:18]}{(int(was[18]) + 1) % 10}{was[19:]}" if was[0].isdigit() else _NEW[type]
    if type == "date":
        return (date.fromisoformat(was) + timedelta(days=1)).isoformat()
    if type == "text":
        return _text(was, chance) if was else "x"
    return _digit(was, chance, hexadecimal=type in ("uuid", "bytea"))


def _digit(was: str, chance: random.Random, *, hexadecimal: bool) -> str:
    """One digit is another."""
    start = 2 if was.startswith("\\x") else 0
    digits = "0123456789abcdef" if hexadecimal else "0123456789"
    places = [at for at in range(start, len(was)) if was[at] in digits]
    at = chance.choice(places)
    return was[:at] + digits[(digits.index(was[at]) + 1) % len(digits)] + was[at + 1 :]


def _text(was: str, chance: random.Random) -> str:
    at = chance.randrange(len(was))
    return was[:at] + chr(ord(was[at]) ^ 1 if was[at] != "\x01" else 2) + was[at + 1 :]


def _json(was: str, chance: random.Random) -> str:
    """One letter or digit of it is another, so that it stays JSON."""
    places = [at for at, sign in enumerate(was) if sign.isalnum()]
    for at in chance.sample(places, len(places)):
        now = was[:at] + chr(ord(was[at]) ^ 1) + was[at + 1 :]
        try:
            json.loads(now)
        except ValueError:
            continue
        return now
    return '{"x": 1}'


def rows_sample(rows: Sequence[Any], most: int, chance: random.Random) -> list[Any]:
    """At most so many of them, by chance."""
    return chance.sample(list(rows), min(most, len(rows)))


_COLUMNS = """
SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0
AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> 'tenant_id'
ORDER BY c.relname, a.attnum
"""
_CONSTRAINTS = """
SELECT conname FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('c', 'u')
ORDER BY conname
"""
_UNIQUE = """
SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = $1::regclass AND x.indisunique AND NOT x.indisprimary
"""
