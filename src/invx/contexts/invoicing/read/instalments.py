"""Instalments as rows keep them and as the API shows them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from invx.contexts.invoicing.domain.schedule import OpenPart
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.kernel.money import quantize
from invx.rules.totals.model import ZERO

Row = dict[str, Any]


def instalments_row(settlement: Settlement) -> Row:
    """What is due next; where there are several parts, all of them."""
    schedule, settled = settlement.dues.schedule, settlement.standing.settled
    due = schedule.next_part(settled)
    several = len(schedule.parts) > 1
    return {
        "due_date": due.due_date,
        "overdue_from": due.overdue_from,
        "instalments": _stored(schedule.open_parts(settled)) if several else None,
        "planned_on": settlement.dues.planned_on,
    }


def _stored(parts: Sequence[OpenPart]) -> msgspec.Raw:
    """Without what is open: that follows from `until` and what is settled by now."""
    names = ("due_date", "overdue_from", "amount", "until")
    rows = [{name: getattr(part, name) for name in names} for part in parts]
    return msgspec.Raw(msgspec.json.encode(rows))


def dues_view(settlement: Any, now: datetime) -> dict[str, Any]:
    """What is overdue, what is due next, and each instalment, of a settlement's row."""
    parts = [] if settlement["status"] == "void" else open_parts_of(settlement)
    late = sum((part.open for part in parts if part.is_overdue(now)), ZERO)
    due = settlement["due_date"]
    return {
        "overdue_amount": str(quantize(late, settlement["currency"])),
        "due_date": due.isoformat() if due else None,
        "instalments": [_view(part, now) for part in parts] if len(parts) > 1 else [],
    }


def open_parts_of(settlement: Any) -> list[OpenPart]:
    """The parts of a settlement's row with what of each is open."""
    stored, open, settled = (settlement[name] for name in ("instalments", "open", "settled"))
    if stored is None:
        due, moment = settlement["due_date"], settlement["overdue_from"]
        return [OpenPart(due, moment, settlement["total"], settlement["total"], open)]
    found: list[OpenPart] = []
    for row in msgspec.json.decode(stored):
        amount, until = Decimal(row["amount"]), Decimal(row["until"])
        left = max(until - settled, open - open)
        found.append(
            OpenPart(
                date.fromisoformat(row["due_date"]),
                datetime.fromisoformat(row["overdue_from"]),
                amount,
                until,
                min(left, amount) if found else left,
            )
        )
    return found


def _view(part: OpenPart, now: datetime) -> dict[str, Any]:
    return {
        "due_date": part.due_date.isoformat() if part.due_date else None,
        "amount": str(part.amount),
        "open": str(part.open),
        "overdue": part.is_overdue(now),
    }
