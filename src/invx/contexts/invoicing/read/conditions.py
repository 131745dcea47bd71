"""What lists and selections of documents are narrowed to, as conditions of their SQL."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from invx.kernel.context import RequestContext


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """What a list is narrowed to. Absent parts do not appear in the SQL at all."""

    equal: Sequence[tuple[str, Any]] = ()  # column, value
    among: Sequence[tuple[str, Sequence[Any]]] = ()  # column, words or ids
    ranges: Sequence[tuple[str, str, Any]] = ()  # column, operator, value
    overdue: bool | None = None
    imported: bool | None = None
    text: str | None = None
    metadata: str | None = None  # JSON object


class Statement:
    """Conditions with their values; the text depends only on which filters there are."""

    def __init__(self, ctx: RequestContext) -> None:
        self.conditions = ["d.tenant_id = $1"]
        self.values: list[Any] = [ctx.tenant_id]
        self.by_settlement = False
        self._now = ctx.now

    def copy(self) -> "Statement":
        twin = copy(self)
        twin.conditions, twin.values = [*self.conditions], [*self.values]
        return twin

    def add(self, condition: str, value: Any) -> None:
        self.values.append(value)
        self.conditions.append(condition.format(f"${len(self.values)}"))

    def pair(self, condition: str, values: tuple[Any, Any]) -> None:
        self.values += values
        size = len(self.values)
        self.conditions.append(f"{condition} (${size - 1}, ${size})")

    def narrow(self, wanted: DocumentFilter) -> None:
        self.by_settlement = wanted.overdue is True or "s.status" in dict(wanted.among)
        for column, value in wanted.equal:
            self.add(f"{column} = {{}}", value)
        for column, values in wanted.among:
            kind = "uuid" if isinstance(values[0], UUID) else "text"
            self.add(f"{column} = ANY({{}}::{kind}[])", list(values))
        for column, operator, value in wanted.ranges:
            self.add(f"{column} {operator} {{}}", value)
        if wanted.imported is not None:  # said by itself: an index holds the few that are
            self.conditions.append(f"d.origin = '{'imported' if wanted.imported else 'issued'}'")
        if wanted.overdue is True:
            self.conditions.append("s.open > 0")
            self.add("s.overdue_from <= {}", self._now)
        elif wanted.overdue is False:
            self.add(
                "(s.open IS NULL OR s.open = 0 OR s.overdue_from IS NULL OR s.overdue_from > {})",
                self._now,
            )
