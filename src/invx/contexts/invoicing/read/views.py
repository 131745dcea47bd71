"""What the API shows of rows: plain values, made the same way for lists, details and answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from invx.contexts.invoicing.read.instalments import dues_view
from invx.kernel.ids import typeid
from invx.kernel.money import quantize

Row: TypeAlias = Mapping[str, Any] | asyncpg.Record

INVOICE, LEGAL_ENTITY, SERIES, ENTRY = "inv", "le", "ser", "sent"
TRANSMISSION, FILE, IMPORT = "trm", "file", "imp"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource as bytes, with the version that its ETag names."""

    version: int
    body: bytes


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def born(id: UUID) -> str:
    """When a time-ordered id (UUIDv7) was made."""
    return str(instant(datetime.fromtimestamp((id.int >> 80) / 1000, UTC)))


def _id(prefix: str, id: UUID | None) -> str | None:
    return typeid(prefix, id) if id is not None else None


def document_summary(
    document_id: UUID, row: Row, settlement: Row | None, now: datetime
) -> dict[str, Any]:
    """A document as lists show it. `settlement` is its settlement's row, if it has one."""
    due, settled = row["due_date"], _settled(settlement, now)
    issued, notes = row["issue_date"], row["credit_notes"]
    if isinstance(notes, str):  # from the write set, still as PostgreSQL's text of an array
        notes = [UUID(text) for text in notes.strip("{}").split(",") if text]
    return {
        "id": typeid(INVOICE, document_id),
        "object": "invoice",
        "version": row["version"],
        "origin": row["origin"],
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "type": row["type"],
        "status": row["status"],
        "voided": row["voided"],
        "number": row["number"],
        "series": _id(SERIES, row["series_id"]),
        "external_id": row["external_id"],
        "customer": row["customer"],
        "buyer_name": row["buyer_name"],
        "currency": row["currency"],
        "issue_date": issued.isoformat() if issued else None,
        "due_date": due.isoformat() if due else None,
        **settled,
        "delivery_status": row["delivery_status"],
        "clearance_status": row["clearance_status"],
        "clearance_id": row["clearance_id"],
        "approval_status": row["approval_status"],
        "mode": "test" if row["test"] else "live",
        "credits": _id(INVOICE, row["credits"]),
        "credit_notes": [typeid(INVOICE, id) for id in notes],
        "replaces": _id(INVOICE, row["replaces"]),
        "replaced_by": _id(INVOICE, row["replaced_by"]),
        "revises": _id(INVOICE, row["revises"]),
        "revision": row["revision"],
        "cancels": _id(INVOICE, row["cancels"]),
        "cancelled_by": _id(INVOICE, row["cancelled_by"]),
        "created_at": instant(row["created_at"]),
        "finalized_at": instant(row["finalized_at"]),
    }


def _settled(row: Row | None, now: datetime) -> dict[str, Any]:
    if row is None:
        figures = ("open", "paid", "credited", "written_off", "surplus")
        nothing = dict.fromkeys(("settlement_status", *figures))
        dues = {"overdue": False, "overdue_amount": None, "next_due_date": None}
        return {**nothing, **dues, "disputed": False}
    dues = dues_view(row, now)
    return {
        "settlement_status": None if row["status"] == "void" else row["status"],
        "open": str(row["open"]),
        "paid": str(row["paid"]),
        "credited": str(row["credited"]),
        "written_off": str(row["written_off"]),
        "surplus": str(row["surplus"]),
        "overdue": is_overdue(row, now),
        "overdue_amount": dues["overdue_amount"],
        "next_due_date": dues["due_date"] if row["open"] > 0 else None,
        "disputed": row["disputed"],
    }


def is_overdue(settlement: Row, now: datetime) -> bool:
    """Whether something is open after the due date, by the day of the legal entity's zone."""
    begins = settlement["overdue_from"]
    return bool(settlement["open"] > 0 and begins is not None and begins <= now)


def summary_json(summary: dict[str, Any], row: Row) -> bytes:
    """A list item: the summary with the totals that lists show."""
    totals = {name: str(row[name]) for name in ("net", "tax", "gross", "due")}
    return _encode({**summary, "totals": totals})


def document_json(summary: dict[str, Any], resource: bytes) -> bytes:
    """The whole resource: the summary, then the stored content, which is not parsed again."""
    return _encode(summary)[:-1] + b"," + resource[1:]


def settlement_head(document_id: UUID, row: Row, now: datetime) -> dict[str, Any]:
    """The balance of a document, without its entries."""
    figures = ["total", "open", "surplus", "paid", "credited", "written_off", "discounted"]
    figures += ["withheld", "refunded"]
    rounded = quantize(row["rounded"], row["currency"])
    return {
        "object": "settlement",
        "invoice": typeid(INVOICE, document_id),
        "version": row["version"],
        "currency": row["currency"],
        **{name: str(row[name]) for name in figures},
        "rounded": str(rounded),
        "status": row["status"],
        "overdue": is_overdue(row, now),
        "disputed": row["disputed"],
        **dues_view(row, now),
        "payment_plan": _plan(row),
        "book": _book(row),
        "awaits_rates": row["awaits_rates"],
    }


def _plan(row: Row) -> dict[str, Any] | None:
    agreed = row["planned_on"]
    return {"agreed_on": agreed.isoformat()} if agreed else None


def _book(row: Row) -> dict[str, Any] | None:
    """A claim in the currency of the books; without figures while its rate is not published."""
    if row["book_currency"] is None:
        return None
    return {
        "currency": row["book_currency"],
        "total": _figure(row["book_total"]),
        "exchange_rate": _figure(row["book_rate"]),
        "rate_source": row["book_rate_source"],
        "rate_day": row["book_rate_day"].isoformat() if row["book_rate_day"] else None,
        "exchange_difference": str(row["exchange_difference"]),
    }


def _figure(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def settlement_view(
    document_id: UUID,
    row: Row,
    entries: Sequence[Row],
    now: datetime,
    withholding: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The ledger of a document."""
    return {
        **settlement_head(document_id, row, now),
        "withholding": withholding,
        "entries": [entry_view(entry) for entry in entries],
    }


def entry_view(entry: Row) -> dict[str, Any]:
    """One entry of a ledger."""
    return {
        "id": typeid(ENTRY, entry["entry_id"]),
        "kind": entry["kind"],
        "amount": str(entry["amount"]),
        "source": entry_source(entry["kind"], entry["source"]),
        "on": entry["on_date"].isoformat(),
        "note": entry["note"],
        "reverses": _id(ENTRY, entry["reverses"]),
        "booked": _booked(entry),
    }


def _booked(entry: Row) -> dict[str, Any] | None:
    """An entry in the currency of the books; None where there is no other, or no rate yet."""
    if entry["booked_amount"] is None:
        return None
    return {
        "currency": entry["book_currency"],
        "amount": str(entry["booked_amount"]),
        "carried": _figure(entry["carried_amount"]),
        "exchange_difference": _figure(entry["exchange_difference"]),
        "exchange_rate": _figure(entry["exchange_rate"]),
        "rate_source": entry["rate_source"],
        "rate_day": entry["rate_day"].isoformat() if entry["rate_day"] else None,
    }


def entry_source(kind: str, source: str) -> str:
    """What caused an entry: of a credit the document that counts here, otherwise the caller's id.

    The domain makes credits' entries itself, with the id of the credit note as their source.
    """
    return typeid(INVOICE, UUID(source)) if kind == "credit" else source


def legal_entity_json(entity_id: UUID, version: int, resource: bytes) -> bytes:
    """A legal entity."""
    head = {
        "id": typeid(LEGAL_ENTITY, entity_id),
        "object": "legal_entity",
        "version": version,
        "created_at": born(entity_id),
    }
    return _encode(head)[:-1] + b"," + resource[1:]


def series_view(series_id: UUID, row: Row, *, here: bool) -> dict[str, Any]:
    """A series; `here` says whether this is the database in which it gives numbers."""
    types = row["types"]
    if isinstance(types, str):
        types = types.strip("{}").split(",")
    return {
        "id": typeid(SERIES, series_id),
        "object": "series",
        "version": row["version"],
        "legal_entity": typeid(LEGAL_ENTITY, row["legal_entity_id"]),
        "name": row["name"],
        "pattern": row["pattern"],
        "types": list(types),
        "reset": row["reset"],
        "legal": row["legal"],
        "held": row["held"] or not here,
        "hold": "restored" if not here else "by_hand" if row["held"] else None,
        "period": row["period"],
        "last_number": row["last_number"],
        "last_date": row["last_date"].isoformat() if row["last_date"] else None,
        "created_at": born(series_id),
    }
