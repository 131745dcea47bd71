"""Exports: the columns of each table and its rows, made of the rows that lists are made of (M1).

An export is one statement behind a cursor: it sees one moment, however long it takes to send.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from invx.contexts.invoicing.read.conditions import DocumentFilter, Statement, settlement_of
from invx.contexts.invoicing.read.views import (
    ENTRY,
    INVOICE,
    LEGAL_ENTITY,
    SERIES,
    Row,
    entry_source,
    is_overdue,
)
from invx.infra.postgres import Connection
from invx.infra.tables.columns import Cell, Cells, Column, Form
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

_Read: TypeAlias = Callable[[Row, datetime], Cell]
PERIOD = "e.on_date"  # of a movement; the other filters are about its document


def _as_is(name: str) -> _Read:
    return lambda row, _: row[name]


def _id(prefix: str, name: str) -> _Read:
    return lambda row, _: None if row[name] is None else typeid(prefix, row[name])


@dataclass(frozen=True, slots=True)
class Table:
    """What is exported: the columns, and how their cells are read from a document's row."""

    name: str
    select: str
    order: str
    columns: tuple[Column, ...]
    cells: Callable[[Row, datetime], Iterator[Cells]]


def _simple(columns: Sequence[tuple[Column, _Read]]) -> Callable[[Row, datetime], Iterator[Cells]]:
    readers = [read for _, read in columns]

    def cells(row: Row, now: datetime) -> Iterator[Cells]:
        yield [read(row, now) for read in readers]

    return cells


def _text(name: str) -> tuple[Column, _Read]:
    return Column(name), _as_is(name)


def _amount(name: str, of: str | None = None) -> tuple[Column, _Read]:
    return Column(name, Form.AMOUNT), _as_is(of or name)


def _number(name: str) -> tuple[Column, _Read]:
    return Column(name, Form.NUMBER), _as_is(name)


def _day(name: str, of: str | None = None) -> tuple[Column, _Read]:
    return Column(name, Form.DAY), _as_is(of or name)


def _moment(name: str) -> tuple[Column, _Read]:
    return Column(name, Form.MOMENT), _as_is(name)


def _flag(name: str, read: _Read) -> tuple[Column, _Read]:
    return Column(name, Form.FLAG), read


def _ref(name: str, prefix: str, of: str | None = None) -> tuple[Column, _Read]:
    return Column(name), _id(prefix, of or name)


def _is_late(row: Row, now: datetime) -> bool:
    return row["settlement_status"] is not None and is_overdue(row, now)


def _status(row: Row, now: datetime) -> str | None:
    del now
    status: str | None = row["settlement_status"]
    return None if status == "void" else status


_DOCUMENT: tuple[tuple[Column, _Read], ...] = (
    _ref("id", INVOICE, "document_id"),
    _text("origin"),
    _text("type"),
    _text("status"),
    _flag("voided", _as_is("voided")),
    _text("number"),
    _ref("series", SERIES, "series_id"),
    _ref("legal_entity", LEGAL_ENTITY, "legal_entity_id"),
    _text("external_id"),
    _text("customer"),
    _text("buyer_name"),
    _text("currency"),
    _day("issue_date"),
    _day("due_date"),
    _amount("net"),
    _amount("tax"),
    _amount("gross"),
    _amount("due"),
    (Column("settlement_status"), _status),
    *(_amount(name) for name in ("open", "paid", "credited", "written_off", "surplus")),
    *(_amount(name) for name in ("discounted", "withheld", "refunded")),
    _flag("overdue", _is_late),
    _flag("disputed", lambda row, _: bool(row["disputed"])),
    _text("delivery_status"),
    _text("clearance_status"),
    _text("clearance_id"),
    (Column("mode"), lambda row, _: "test" if row["test"] else "live"),
    *(_ref(name, INVOICE) for name in ("credits", "replaces", "replaced_by")),
    *(_ref(name, INVOICE) for name in ("revises", "cancels", "cancelled_by")),
    _moment("created_at"),
    _moment("finalized_at"),
)
_OF_DOCUMENT = """d.document_id, d.origin, d.type, d.status, d.voided, d.number, d.series_id,
    d.legal_entity_id, d.external_id, d.customer, d.buyer_name, d.currency, d.issue_date,
    d.due_date, d.net, d.tax, d.gross, d.due, d.delivery_status, d.clearance_status,
    d.clearance_id, d.test, d.credits, d.replaces, d.replaced_by, d.revises, d.cancels,
    d.cancelled_by, d.created_at, d.finalized_at"""
_OF_SETTLEMENT = """s.status AS settlement_status, s.open, s.paid, s.credited, s.written_off,
    s.surplus, s.discounted, s.withheld, s.refunded, s.overdue_from, s.disputed"""

DOCUMENTS = Table(
    "documents",
    f"SELECT {_OF_DOCUMENT}, {_OF_SETTLEMENT} FROM invoicing.documents d {{settlement}}",
    "d.document_id",
    tuple(column for column, _ in _DOCUMENT),
    _simple(_DOCUMENT),
)

_HEAD: tuple[tuple[Column, _Read], ...] = (
    _ref("invoice", INVOICE, "document_id"),
    _text("origin"),
    _text("type"),
    _text("status"),
    _text("number"),
    _ref("legal_entity", LEGAL_ENTITY, "legal_entity_id"),
    _text("customer"),
    _text("buyer_name"),
    _text("currency"),
    _day("issue_date"),
)
_OF_HEAD = """d.document_id, d.origin, d.type, d.status, d.number, d.legal_entity_id, d.customer,
    d.buyer_name, d.currency, d.issue_date"""

_LINE = (
    *(Column(name) for name in ("line", "position", "kind", "description")),
    Column("quantity", Form.NUMBER),
    Column("unit"),
    Column("price", Form.NUMBER),
    Column("base_quantity", Form.NUMBER),
    *(Column(name, Form.AMOUNT) for name in ("subtotal", "net", "tax", "gross")),
    Column("tax_category"),
    Column("tax_rate", Form.NUMBER),
    Column("ledger_account"),
)
_HEAD_CELLS = _simple(_HEAD)


def _lines(row: Row, now: datetime) -> Iterator[Cells]:
    [head] = _HEAD_CELLS(row, now)
    content = msgspec.json.decode(row["resource"])
    waiting = [(str(number), line) for number, line in enumerate(content["lines"], 1)]
    while waiting:
        position, line = waiting.pop(0)
        below = enumerate(line["children"], 1)
        waiting[:0] = [(f"{position}.{number}", child) for number, child in below]
        yield [*head, *_line(position, line)]


def _line(position: str, line: dict[str, Any]) -> list[Cell]:
    """`tax` is every tax of the line but what is withheld; category and rate are of the first."""
    first: dict[str, Any] = next(iter(line["taxes"]), {})
    owed = [Decimal(each["amount"]) for each in line["taxes"] if each["regime"] != "withholding"]
    return [
        line["id"],
        position,
        line["kind"],
        line["description"],
        _decimal(line["quantity"]),
        line["unit"],
        _decimal(line["price"]),
        _decimal(line["base_quantity"]),
        _decimal(line["subtotal"]),
        _decimal(line["net"]),
        sum(owed, Decimal(line["net"]) * 0),
        _decimal(line["gross"]),
        first.get("category"),
        _decimal(first.get("rate")),
        line["ledger_account"],
    ]


def _decimal(said: str | None) -> Decimal | None:
    return None if said is None else Decimal(said)


LINES = Table(
    "lines",
    f"""SELECT {_OF_HEAD}, c.resource::text AS resource FROM invoicing.documents d {{settlement}}
    JOIN invoicing.document_contents c ON c.tenant_id = d.tenant_id
        AND c.document_id = d.document_id""",
    "d.document_id",
    (*(column for column, _ in _HEAD), *_LINE),
    _lines,
)

_PAYMENT: tuple[tuple[Column, _Read], ...] = (
    _ref("id", ENTRY, "entry_id"),
    *_HEAD,
    _text("kind"),
    _day("on", "on_date"),
    _amount("amount"),
    (Column("source"), lambda row, _: entry_source(row["kind"], row["source"])),
    _text("note"),
    _ref("reverses", ENTRY),
    _text("book_currency"),
    _amount("booked_amount"),
    _amount("exchange_difference"),
    _number("exchange_rate"),
    _moment("recorded_at"),
)
PAYMENTS = Table(
    "payments",
    f"""SELECT {_OF_HEAD}, e.entry_id, e.kind, e.on_date, e.amount, e.source, e.note, e.reverses,
        b.book_currency, b.booked_amount, b.exchange_difference, b.exchange_rate, e.recorded_at
    FROM invoicing.documents d {{settlement}}
    JOIN invoicing.settlement_entries e ON e.tenant_id = d.tenant_id
        AND e.document_id = d.document_id
    LEFT JOIN invoicing.settlement_bookings b ON b.tenant_id = e.tenant_id
        AND b.document_id = e.document_id AND b.entry_id = e.entry_id""",
    "d.document_id, e.sequence",
    tuple(column for column, _ in _PAYMENT),
    _simple(_PAYMENT),
)
TABLES = {table.name: table for table in (DOCUMENTS, LINES, PAYMENTS)}

_AT_ONCE = {"documents": 500, "lines": 20, "payments": 500}  # rows that a fetch brings


class Export:
    """Rows behind a cursor, in the order of the documents' making."""

    def __init__(self, conn: Connection, ctx: RequestContext, table: Table) -> None:
        self._conn = conn
        self._ctx = ctx
        self._table = table
        self._cursor = f"export_{table.name}"

    async def open(self, wanted: DocumentFilter, days: Sequence[tuple[str, date]] = ()) -> None:
        """From now on the rows are those of this moment. `days` bound those of movements."""
        statement, values = export_statement(self._ctx, self._table, wanted, days)
        await self._conn.execute(
            f"DECLARE {self._cursor} NO SCROLL CURSOR FOR {statement}", *values
        )

    async def fetch(self) -> Sequence[Row]:
        """The next rows; none at the end."""
        some = _AT_ONCE[self._table.name]
        rows: Sequence[Row] = await self._conn.fetch(f"FETCH {some} FROM {self._cursor}")
        return rows

    def cells(self, rows: Sequence[Row]) -> list[Cells]:
        """What a file says of them."""
        now = self._ctx.now
        return [cells for row in rows for cells in self._table.cells(row, now)]


def export_statement(
    ctx: RequestContext,
    table: Table,
    wanted: DocumentFilter,
    days: Sequence[tuple[str, date]] = (),
) -> tuple[str, Sequence[Any]]:
    """The statement of an export, and its values."""
    statement = Statement(ctx)
    statement.narrow(wanted)
    for operator, day in days:
        statement.add(f"{PERIOD} {operator} {{}}", day)
    # The settlement is looked at where a filter or a column asks for it.
    joined = statement.by_settlement or wanted.overdue is False or table is DOCUMENTS
    select = table.select.format(settlement=settlement_of(statement) if joined else "")
    text = f"{select} WHERE {' AND '.join(statement.conditions)} ORDER BY {table.order}"
    return text, statement.values
