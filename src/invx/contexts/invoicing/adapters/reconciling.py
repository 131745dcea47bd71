"""Compares the series of a tenant with what outside witnesses know, and releases them (D2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.adapters.number_journal import Place, read_journal
from invx.contexts.invoicing.app.reconcile_series import ReconcileSeries, reconcile_series
from invx.contexts.invoicing.domain.number_permit import Loss, OutsideCount, losses
from invx.contexts.invoicing.domain.series import Series
from invx.infra.anchor_file import read_anchor
from invx.infra.anchoring import pseudonym
from invx.infra.runner import Runner
from invx.kernel.context import Caller

if TYPE_CHECKING:
    from pathlib import Path

    from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork


@dataclass(slots=True)
class Witness:
    """What the outside knows of numbers, put together from everybody who was asked."""

    counts: dict[Place, OutsideCount] = field(default_factory=dict)

    def says(self, place: Place, count: OutsideCount) -> None:
        """Take in what one says of a period."""
        self.counts[place] = count.and_(self.counts.get(place, count))

    def read_journal(self, path: "Path") -> None:
        """Take in the journal of numbers. Raises OSError."""
        for place, count in read_journal(path).items():
            self.says(place, count)

    def read_anchor(self, path: "Path") -> None:
        """Take in the numbers that left with the seals. Raises OSError, AnchorMismatch."""
        for seal in read_anchor(path):
            for said in seal.numbers:
                place = (seal.tenant, said["series"], said["period"])
                self.says(place, OutsideCount(said["last"], said["last"]))

    def of(self, tenant_id: UUID, series_id: UUID) -> dict[str, OutsideCount]:
        """What is known of a series, by period."""
        wanted = (pseudonym(tenant_id), str(series_id))
        return {place[2]: count for place, count in self.counts.items() if place[:2] == wanted}

    def series_of(self, tenant_id: UUID) -> dict[UUID, OutsideCount]:
        """All series of a tenant that somebody knows, with the most of any period."""
        name, found = pseudonym(tenant_id), dict[UUID, OutsideCount]()
        for (tenant, series, _), count in self.counts.items():
            if tenant == name:
                found[UUID(series)] = count.and_(found.get(UUID(series), count))
        return found


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A series, where it stood, and what of it is lost. `series_id` alone when it is gone whole."""

    series_id: UUID
    name: str
    stands: Mapping[str, int]
    losses: Sequence[Loss] = ()
    gone: OutsideCount | None = None


async def reconcile_tenant(
    runner: "Runner[UnitOfWork]",
    caller: Caller,
    witness: Witness,
    *,
    reason: str,
    set_back: bool = False,
    dry_run: bool = False,
) -> list[Reconciled]:
    """Each series that is held because the database is not the one it was, and what it lacks.

    They are released, unless it is a `dry_run`. A series of which a witness knows more than was
    ever committed here was set back too, whatever its permit says; `set_back` says so of all.
    Series that the witnesses know and the database does not are reported as gone.
    """
    async with runner.reading(caller) as (conn, ctx):
        rows = await conn.fetch(_SERIES, ctx.tenant_id)
    found = []
    for row in rows:
        series = Series.restore(row["series_id"], 0, msgspec.json.decode(row["state"]))
        outside = witness.of(caller.tenant_id, series.id)
        lost = losses(series, outside, ctx.now.date())
        behind = set_back or any(loss.certain for loss in lost)
        if row["here"] and not behind:
            continue
        if not dry_run:
            command = ReconcileSeries(
                series_id=series.id, outside=outside, reason=reason, set_back=behind
            )
            lost = list(await runner.run(reconcile_series, command, caller))
        stands = {period: count.last for period, count in series.periods.items()}
        found.append(Reconciled(series.id, row["name"], stands, lost))
    known: set[Any] = {row["series_id"] for row in rows}
    gone = witness.series_of(caller.tenant_id)
    found += [Reconciled(id, "", {}, gone=gone[id]) for id in sorted(gone.keys() - known)]
    return found


# Of one tenant ($1): its series give no numbers until they were reconciled, as after a restore; and
# they go on in this database where they did in the one ($2) that the tenant was moved out of.
HOLD_SERIES = "UPDATE invoicing.number_permits SET incarnation = 'held' WHERE tenant_id = $1"
INCARNATION = "SELECT invoicing.incarnation()"
BRING_SERIES = (
    "UPDATE invoicing.number_permits SET incarnation = invoicing.incarnation()"
    " WHERE tenant_id = $1 AND incarnation = $2"
)


async def hold_all(conn: Any) -> int:
    """Let no series of any tenant give numbers until it is reconciled; how many there are."""
    done = await conn.execute("UPDATE invoicing.number_permits SET incarnation = 'held'")
    return int(done.rpartition(" ")[2])


async def numbers_after(conn: Any, moment: datetime) -> list[str]:
    """The numbers that were given after a moment of system time, of all tenants, in that order."""
    rows = await conn.fetch(
        "SELECT body ->> 'text' AS text FROM invoicing.events WHERE type = 'NumberDrawn'"
        " AND recorded_at > $1 ORDER BY recorded_at, tenant_id, stream_id, version",
        moment,
    )
    return [row["text"] for row in rows]


_SERIES = """
SELECT s.series_id, s.name, t.state::text AS state, EXISTS (
    SELECT FROM invoicing.number_permits p WHERE p.tenant_id = s.tenant_id
    AND p.series_id = s.series_id AND p.incarnation = invoicing.incarnation()) AS here
FROM invoicing.series s
JOIN invoicing.streams t ON t.tenant_id = s.tenant_id AND t.stream_id = s.series_id
WHERE s.tenant_id = $1 ORDER BY s.series_id
"""
