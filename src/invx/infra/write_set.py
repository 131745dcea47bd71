"""The write set: all rows of one unit of work, flushed as one generated statement.

A data-modifying CTE with one `INSERT … SELECT FROM json_to_recordset($n)` per table. One write
and a bulk of a thousand are the same statement with more rows; events are inserted plainly, so
that a lost race stays a unique violation; projected rows are stated whole and replace what was
there. What a column keeps as JSON travels beside the rows, in an array of texts: inside of them the
database would take it apart three times, and it is most of what is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from invx.infra.postgres import Connection
from invx.kernel.errors import violated

Row = Mapping[str, Any]
Key = tuple[Any, ...]


_encode = msgspec.json.Encoder().encode  # bytes become base64; `Catalogue` decodes them


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns in order with their types, and its primary key."""

    columns: dict[str, str]
    key: tuple[str, ...]


class Catalogue:
    """The tables of one schema as the database describes them; read once at start."""

    def __init__(self, schema: str, tables: dict[str, Table]) -> None:
        self.schema = schema
        self.tables = tables
        self._statements: dict[tuple[Any, ...], Statement] = {}

    @classmethod
    async def read(cls, conn: Connection, schema: str) -> "Catalogue":
        """Ask the database."""
        rows = await conn.fetch(_COLUMNS, schema)
        keys = {row["name"]: tuple(row["columns"]) for row in await conn.fetch(_KEYS, schema)}
        columns: dict[str, dict[str, str]] = {}
        for row in rows:
            columns.setdefault(row["table"], {})[row["column"]] = row["type"]
        return cls(schema, {name: Table(columns[name], keys.get(name, ())) for name in columns})

    def statement(self, parts: tuple["Part", ...]) -> "Statement":
        """The statement for these parts; the same parts always give the same text."""
        if (found := self._statements.get(parts)) is None:
            documents = tuple(self._documents(part) for part in parts)
            clauses: list[str] = []
            first = 1  # of the parameters of a part
            for number, part in enumerate(parts, 1):
                clauses.append(f"p{number} AS ({self._clause(part, first)})")
                first += 1 + len(documents[number - 1])
            text = "WITH " + ",\n".join(clauses) + "\nSELECT 1"
            found = self._statements[parts] = Statement(text, documents)
        return found

    def _documents(self, part: "Part") -> tuple[str, ...]:
        columns = self.tables[part.table].columns
        return tuple(name for name in part.columns if columns[name] == "json")

    def _source(self, part: "Part", first: int) -> str:
        """The rows as the parameters give them, JSON and bytes still as text."""
        columns = self.tables[part.table].columns
        documents = self._documents(part)
        typed = ", ".join(
            f'"{name}" {"text" if columns[name] == "bytea" else columns[name]}'
            for name in part.columns
            if name not in documents
        )
        if not documents:
            return f"json_to_recordset(${first}::json) AS x({typed})"
        beside = "".join(f", unnest(${first + n}::text[])" for n in range(1, len(documents) + 1))
        names = [name for name in part.columns if name not in documents] + [*documents]
        listed = ", ".join(f'"{name}"' for name in names)
        return f"ROWS FROM (json_to_recordset(${first}::json) AS ({typed}){beside}) AS x({listed})"

    def _clause(self, part: "Part", first: int) -> str:
        table = self.tables[part.table]
        names = ", ".join(f'"{name}"' for name in part.columns)
        source = self._source(part, first)
        target = f'{self.schema}."{part.table}"'
        if part.verb == "delete":
            match = " AND ".join(f't."{name}" = x."{name}"' for name in part.columns)
            return f"DELETE FROM {target} t USING {source} WHERE {match}"
        values = ", ".join(
            _READ.get(table.columns[name], '"{name}"').format(name=name) for name in part.columns
        )
        insert = f"INSERT INTO {target} ({names}) SELECT {values} FROM {source}"
        if part.verb == "insert":
            return insert
        key = ", ".join(f'"{name}"' for name in table.key)
        rest = [name for name in part.columns if name not in table.key]
        if not rest:
            return f"{insert} ON CONFLICT ({key}) DO NOTHING"
        update = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
        return f"{insert} ON CONFLICT ({key}) DO UPDATE SET {update}"


# How a column is read from what arrives as text.
_READ = {"bytea": """decode("{name}", 'base64')""", "json": '"{name}"::json'}


@dataclass(frozen=True, slots=True)
class Statement:
    """A text, and per part the columns whose values are JSON texts.

    Each of these has a parameter of its own, behind that of the part's rows.
    """

    text: str
    documents: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What one table receives: the verb and the columns that are stated."""

    table: str
    verb: str  # insert | put | delete
    columns: tuple[str, ...]


@dataclass(slots=True)
class WriteSet:
    """Rows to be written together. All rows of a table and verb must state the same columns."""

    catalogue: Catalogue
    _parts: dict[tuple[str, str], tuple[Part, list[Row] | dict[Key, Row]]] = field(
        default_factory=dict
    )

    def insert(self, table: str, row: Row) -> None:
        """Add a row that must be new."""
        rows = self._rows(table, "insert", row)
        if isinstance(rows, list):
            rows.append(row)

    def put(self, table: str, row: Row) -> None:
        """State a whole row, new or not; the last statement for a key counts."""
        key = tuple([row[name] for name in self.catalogue.tables[table].key])
        rows = self._rows(table, "put", row)
        if isinstance(rows, dict):
            rows[key] = row
        if (deleted := self._parts.get((table, "delete"))) and isinstance(deleted[1], dict):
            deleted[1].pop(key, None)

    def delete(self, table: str, key: Row) -> None:
        """Remove the row with this primary key."""
        values = tuple(key[name] for name in self.catalogue.tables[table].key)
        rows = self._rows(table, "delete", key)
        if isinstance(rows, dict):
            rows[values] = key
        if (put := self._parts.get((table, "put"))) and isinstance(put[1], dict):
            put[1].pop(values, None)

    def stated(self, table: str, key: Key) -> Row | None:
        """The row that will be put under this primary key, if any."""
        held = self._parts.get((table, "put"))
        return held[1].get(key) if held and isinstance(held[1], dict) else None

    def _rows(self, table: str, verb: str, row: Row) -> list[Row] | dict[Key, Row]:
        if (held := self._parts.get((table, verb))) is None:
            if unknown := row.keys() - self.catalogue.tables[table].columns.keys():
                violated(f"table {table} has no columns {sorted(unknown)}")
            part = Part(table, verb, tuple(row))
            held = self._parts[table, verb] = (part, [] if verb == "insert" else {})
        elif tuple(row) != held[0].columns and row.keys() != set(held[0].columns):
            violated(f"rows of {table} differ in their columns")
        return held[1]

    def absorb(self, later: "WriteSet") -> None:
        """Write those rows as well, as if they had been stated here after these."""
        add = {"insert": self.insert, "put": self.put, "delete": self.delete}
        for part, rows in later._parts.values():  # noqa: SLF001 - of its own kind
            for row in rows if isinstance(rows, list) else rows.values():
                add[part.verb](part.table, row)

    def clear(self) -> None:
        """Forget all rows."""
        self._parts.clear()

    def __bool__(self) -> bool:
        return any(rows for _, rows in self._parts.values())

    def written(self) -> tuple[str, list[Any]] | None:
        """The statement that writes everything, and its values; None where there is nothing."""
        filled = [(part, rows) for part, rows in self._parts.values() if rows]
        if not filled:
            return None
        filled.sort(key=lambda item: (item[0].table, item[0].verb))
        statement = self.catalogue.statement(tuple(part for part, _ in filled))
        values: list[Any] = []
        for (_, rows), documents in zip(filled, statement.documents, strict=True):
            listed = _listed(rows)
            if not documents:
                values.append(_encode(listed).decode())
                continue
            elsewhere = dict.fromkeys(documents)
            values.append(_encode([{**row, **elsewhere} for row in listed]).decode())
            values += [[_text(row[name]) for row in listed] for name in documents]
        return statement.text, values

    async def flush(self, conn: Connection) -> None:
        """Write everything in one statement and forget it. Raises asyncpg.PostgresError."""
        if (written := self.written()) is not None:
            text, values = written
            await conn.fetchval(text, *values)
            self._parts.clear()


def _listed(rows: list[Row] | dict[Key, Row]) -> list[Row]:
    """Keyed rows in the order of their keys, so that two writers lock them in the same order."""
    if isinstance(rows, list):
        return rows
    return [rows[key] for key in sorted(rows)] if len(rows) > 1 else list(rows.values())


def _text(value: Any) -> str | None:
    """The JSON text of a value; none of what is null."""
    text = bytes(value) if isinstance(value, msgspec.Raw) else _encode(value)
    return None if text == b"null" else text.decode()


_COLUMNS = """
SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
ORDER BY c.relname, a.attnum
"""
_KEYS = """
SELECT c.relname AS name, array_agg(a.attname::text ORDER BY k.position) AS columns
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
WHERE n.nspname = $1 AND i.indisprimary AND NOT c.relispartition
GROUP BY c.relname
"""
