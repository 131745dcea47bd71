"""Whether the returns of a month hold all of its ledger: each entry in a box, or said not to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from invx.contexts.invoicing.read.tax_returns import KEY, Registered, Sum, filled_form, form_of
from invx.contexts.invoicing.read.views import Row
from invx.infra.postgres import Connection
from invx.rules.tax.boxes import MAIN
from invx.rules.tax.packs import Packs

# In the currency of the documents, as the reconciliation has it; `currency` is the return's.
_SUMS = f"""
SELECT registration_id, country, t.currency AS stated_in, {KEY},
    coalesce(t.tax_currency, t.currency) AS currency,
    sum(t.base) AS base, sum(t.tax) AS tax, count(*) AS count
FROM invoicing.tax_entries t
WHERE t.tenant_id = $1 AND t.legal_entity_id = $2 AND t.period = $3
GROUP BY registration_id, country, t.currency, {KEY}, coalesce(t.tax_currency, t.currency)
"""


@dataclass(slots=True)
class Returned:
    """What returns hold of a month's ledger in one currency, in three parts."""

    in_boxes: Sum = field(default_factory=Sum)
    unassigned: Sum = field(default_factory=Sum)
    unregistered: Sum = field(default_factory=Sum)

    @property
    def parts(self) -> dict[str, Sum]:
        return {
            "in_boxes": self.in_boxes,
            "unassigned": self.unassigned,
            "unregistered": self.unregistered,
        }

    def view(self) -> dict[str, Any]:
        return {name: part.view() for name, part in self.parts.items()}


async def returned_by_currency(
    conn: Connection,
    of_month: tuple[UUID, UUID, str],
    registered: Mapping[UUID, Registered],
    packs: Packs,
) -> dict[str, Returned]:
    """The ledger of a tenant, legal entity and month as all its returns have it, by currency."""
    found: dict[str, Returned] = {}
    of: dict[tuple[str, UUID], list[Row]] = {}
    for row in await conn.fetch(_SUMS, *of_month):
        returned = found.setdefault(row["stated_in"], Returned())
        if row["registration_id"] is None:
            returned.unregistered.add(row)
        else:
            of.setdefault((row["stated_in"], row["registration_id"]), []).append(row)
    for (currency, registration_id), rows in of.items():
        _fill(found[currency], rows, registered.get(registration_id), packs)
    return found


def _fill(
    returned: Returned, rows: Sequence[Row], registered: Registered | None, packs: Packs
) -> None:
    if registered is None:  # gone from the legal entity: its returns can still be asked for
        for row in rows:
            returned.unassigned.add(row)
        return
    filled = filled_form(form_of(packs, registered.country), rows, registered, packs)
    for (group, _), (_, box) in filled.boxes.items():
        if group == MAIN:
            returned.in_boxes.take(box)
    for _, _, row in filled.unassigned:
        returned.unassigned.add(row)
