"""A marker in every text that a request body takes, found again wherever it was copied to.

Bodies are made from the OpenAPI document, so a field that is added is marked without anybody
thinking of it. A marker is the prefix and a number; the number leads back to the field.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

OMIT = object()
_MARKER = r"zq[0-9]{5}k"

# Values that only certain texts may be: they name nobody. What is not here and may hold a marker
# gets one; OMIT leaves the field out.
_SET: dict[str, Any] = {
    "type": "invoice",
    "country": "DE",
    "currency": "EUR",
    "tax_currency": OMIT,
    "language": "de",
    "languages": ["de"],
    "time_zone": "Europe/Berlin",
    "legal_entity": OMIT,
    "unit": "DAY",
    "price": "100.00",
    "regime": OMIT,
    "jurisdiction": OMIT,
    "taxes": [{"category": "S", "rate": "19"}],
    "reason_code": OMIT,
    "type_code": OMIT,
    "origin": "DE",
    "iban": "DE89370400440532013000",
    "qr_iban": OMIT,
    "bic": OMIT,
    "account": OMIT,
    "logo": OMIT,
    "card": {"number": "1234"},
    "routes": [{"format": None}],  # codes with markers in them make no e-invoice
    "scheme": "0088",
    "amount": "1.00",
    "percent": OMIT,
    "instalments": OMIT,
    "children": OMIT,
    "recognition": OMIT,  # codes of milestones
    "cash_rounding": OMIT,
    "period": OMIT,
    "service_period": OMIT,
    "distance_sales": OMIT,
    "exchange_rate_sources": OMIT,
    "received": OMIT,
    "base_rates": OMIT,  # days and numbers
    "period_closing": OMIT,
    "valid_from": OMIT,
    "valid_to": OMIT,
}


@dataclass(slots=True)
class Marking:
    """Makes bodies from the schemas of an OpenAPI document and remembers what stands where."""

    document: dict[str, Any]
    fields: dict[str, str] = field(default_factory=dict)  # marker -> field, without indexes
    used: set[tuple[str, str]] = field(default_factory=set)  # (method, path) of bodies made

    def body(self, method: str, path: str, about: str, **other: Any) -> dict[str, Any]:
        """A body for this route with a marker in every text; `about` begins the fields' names."""
        self.used.add((method, path))
        operation = self.document["paths"][path][method]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        made: dict[str, Any] = self._made(schema, about, required=True)
        return {**made, **other}

    def schema(self, name: str, about: str, **other: Any) -> dict[str, Any]:
        """Likewise for a schema of the document."""
        made: dict[str, Any] = self._made(self.document["components"]["schemas"][name], about, True)
        return {**made, **other}

    def mark(self, about: str) -> str:
        """A new marker for a field."""
        marker = f"zq{len(self.fields):05}k"
        self.fields[marker] = about
        return marker

    def _made(self, schema: dict[str, Any], at: str, required: bool) -> Any:
        name = at.rpartition(".")[2]
        if name in _SET and "." in at:
            return _SET[name]
        if at.endswith(".buyer.customer"):
            return OMIT  # the handle of the erasure itself
        schema = self._resolved(schema)
        if "properties" in schema:
            needed = schema.get("required", ())
            values = {
                key: self._made(below, f"{at}.{key}", key in needed)
                for key, below in schema["properties"].items()
            }
            return {key: value for key, value in values.items() if value is not OMIT}
        if schema.get("type") == "object":
            named = "enum" in schema.get("propertyNames", {})
            return OMIT if named else {self.mark(at): self.mark(at)}
        if schema.get("type") == "array":
            item = self._made(schema["items"], at, True)
            return OMIT if item is OMIT else [item]
        return self._text(schema, at, required)

    def _text(self, schema: dict[str, Any], at: str, required: bool) -> Any:
        name = at.rpartition(".")[2]
        if required and "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") != "string" or "enum" in schema or "const" in schema:
            return OMIT
        pattern, mail = schema.get("pattern", ""), "@example.org"
        if "format" in schema or not re.search(pattern, f"zq00000k{mail}"):
            return OMIT
        ending = "" if re.search(pattern, "zq00000k") else mail
        return ("DE" if name == "vat_id" else "") + self.mark(at) + ending

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while True:
            if "$ref" in schema:
                schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            elif kinds := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
                schema = next(each for each in kinds if each.get("type") != "null")
            else:
                return schema


Found = dict[str, set[str]]  # marker -> where


async def in_database(conn: asyncpg.Connection) -> Found:
    """Every marker in any column of any table of any schema, and where: `schema.table.column`."""
    found: Found = {}
    for table, columns in (await _columns(conn)).items():
        parts = [
            f"SELECT '{table}.{column}' AS place, m[1] AS marker FROM {table} AS t,"
            f" regexp_matches({_as_text(column, kind)}, '({_MARKER})', 'gi') AS m"
            for column, kind in columns
        ]
        for row in await conn.fetch(f"SELECT DISTINCT * FROM ({' UNION ALL '.join(parts)}) x"):
            found.setdefault(row["marker"].lower(), set()).add(row["place"])
    return found


def _as_text(column: str, kind: str) -> str:
    return f"encode(t.\"{column}\", 'escape')" if kind == "bytea" else f't."{column}"::text'


async def _columns(conn: asyncpg.Connection) -> dict[str, list[tuple[str, str]]]:
    rows = await conn.fetch(
        "SELECT n.nspname || '.' || c.relname AS table, a.attname::text AS column,"
        " format_type(a.atttypid, NULL) AS type FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND a.attnum > 0"
        " AND NOT a.attisdropped AND (n.nspname !~ '^(pg_|information_schema)'"
        " OR c.relname IN ('pg_statistic', 'pg_largeobject', 'pg_description'))"
    )
    tables: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        tables.setdefault(row["table"], []).append((row["column"], row["type"]))
    return tables


def in_files(folders: Iterable[Path], *, but: Iterable[str] = ()) -> Found:
    """Every marker in the bytes of any file below these folders; `but` names folders left out."""
    found: Found = {}
    for folder in folders:
        for file in folder.rglob("*"):
            if not file.is_file() or set(but) & set(file.parts):
                continue
            for match in in_text(file.read_bytes()):
                found.setdefault(match, set()).add(str(file.relative_to(folder)))
    return found


def in_text(text: bytes | str) -> set[str]:
    """Every marker in a text, also in UTF-16 and inside other words."""
    held = text.encode() if isinstance(text, str) else text.replace(b"\0", b"")
    return {match.decode().lower() for match in re.findall(_MARKER.encode(), held, re.IGNORECASE)}
