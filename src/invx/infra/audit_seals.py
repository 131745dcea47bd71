"""Proves a tenant's seals from what is stored: leaves, trees, chain, and what an anchor holds (D3).

Where `audit` finds what was changed inside a stream, this finds what was cut off its end, and whole
streams that are gone: a leaf names a version and a hash that must be there for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from invx.infra.anchor_file import AnchoredSeal
from invx.infra.merkle import FIRST_ROOT, Leaf, seal_root
from invx.infra.postgres import Connection

_SEALS_AT_ONCE = 20


@dataclass(slots=True)
class SealAudit:
    """What was looked at, and the first thing that is wrong."""

    seals: int = 0
    leaves: int = 0
    broken: str | None = None


async def verify_seals(
    conn: Connection,
    schema: str,
    tenant_id: UUID,
    *anchored: Mapping[int, AnchoredSeal],
) -> SealAudit:
    """Walk over the seals of a tenant in one context, until the first that is wrong.

    `anchored` is what each anchor holds of them, read before. Sealing may go on meanwhile.
    """
    audit = SealAudit()
    last = await conn.fetchval(
        f"SELECT coalesce(max(number), 0) FROM {schema}.seals WHERE tenant_id = $1", tenant_id
    )
    previous = FIRST_ROOT
    while audit.seals < last and audit.broken is None:
        seals = await conn.fetch(
            _READ.format(schema=schema), tenant_id, audit.seals, _SEALS_AT_ONCE
        )
        if not seals:
            audit.broken = f"seal {audit.seals + 1} is missing"
        for seal in seals:
            leaves = await conn.fetch(_LEAVES.format(schema=schema), tenant_id, seal["number"])
            audit.broken = _wrong(tenant_id, audit.seals + 1, previous, (seal, leaves), anchored)
            if audit.broken is not None:
                return audit
            audit.seals += 1
            audit.leaves += len(leaves)
            previous = seal["root"]
    audit.broken = audit.broken or await _wrong_around(conn, schema, tenant_id, anchored)
    newest = max((seal for held in anchored for seal in held), default=0)
    if audit.broken is None and newest > last:
        audit.broken = (
            f"seal {last + 1} is missing: the anchor goes on to seal {newest}, so what was sealed"
            " after the last one here is lost"
        )
    return audit


def _wrong(
    tenant_id: UUID,
    number: int,
    previous: bytes,
    found: tuple[Any, list[Any]],
    anchored: Sequence[Mapping[int, AnchoredSeal]],
) -> str | None:
    seal, rows = found
    if seal["number"] != number:
        return f"seal {number} is missing"
    for row in rows:
        if row["hash"] != row["head_hash"]:
            what = "is missing" if row["hash"] is None else "has another hash"
            where = f"stream {row['stream_id']}, version {row['version']}"
            return f"seal {number}: the event that was sealed {what} ({where})"
    if len(rows) != seal["leaves"]:
        return f"seal {number} has {len(rows)} leaves, and says {seal['leaves']}"
    if seal["previous"] != previous:
        return f"seal {number} does not follow from the root of seal {number - 1}"
    leaves = [Leaf(row["stream_id"], row["version"], row["head_hash"]) for row in rows]
    if seal_root(previous, tenant_id, number, leaves, seal["sealed_at"]) != seal["root"]:
        return f"seal {number}: its leaves and time do not give its root"
    if any(number in held and held[number].root != seal["root"].hex() for held in anchored):
        return f"seal {number} is another than the anchor holds"
    return None


async def _wrong_around(
    conn: Connection, schema: str, tenant_id: UUID, anchored: Sequence[Mapping[int, AnchoredSeal]]
) -> str | None:
    """Leaves and receipts without a seal; streams whose mark is not that of their last leaf."""
    stray = await conn.fetchrow(_STRAY.format(schema=schema), tenant_id)
    if stray is not None:
        return f"leaves of seal {stray['number']} are there, the seal is missing"
    row = await conn.fetchrow(_MARKS.format(schema=schema), tenant_id)
    if row is not None:
        return (
            f"stream {row['stream_id']} says that version {row['sealed_version']} is sealed, its"
            f" last leaf is version {row['sealed']}"
        )
    receipt = await conn.fetchrow(_RECEIPTS.format(schema=schema), tenant_id)
    if receipt is not None:
        return f"there is a receipt of seal {receipt['number']}, which is missing"
    for row in await conn.fetch(_KEPT.format(schema=schema), tenant_id) if anchored else ():
        held = [each[row["number"]] for each in anchored if row["number"] in each]
        known = [(each.name, each.line, each.sha256) for each in held]
        if known and tuple(row)[1:] not in known:
            return f"the receipt of seal {row['number']} is not the anchor's"
    return None


_READ = """
SELECT number, previous, root, leaves, sealed_at FROM {schema}.seals
WHERE tenant_id = $1 AND number > $2 ORDER BY number LIMIT $3
"""
_LEAVES = """
SELECT l.stream_id, l.version, l.head_hash, e.hash FROM {schema}.seal_leaves l
LEFT JOIN {schema}.events e ON e.tenant_id = l.tenant_id AND e.stream_id = l.stream_id
    AND e.version = l.version
WHERE l.tenant_id = $1 AND l.number = $2 ORDER BY l.stream_id
"""
_STRAY = """
SELECT l.number FROM {schema}.seal_leaves l WHERE l.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM {schema}.seals s WHERE s.tenant_id = l.tenant_id AND s.number = l.number)
ORDER BY l.number LIMIT 1
"""
_MARKS = """
SELECT s.stream_id, s.sealed_version, l.sealed FROM {schema}.streams s
LEFT JOIN (SELECT stream_id, max(version) AS sealed FROM {schema}.seal_leaves
    WHERE tenant_id = $1 GROUP BY stream_id) AS l ON l.stream_id = s.stream_id
WHERE s.tenant_id = $1 AND s.sealed_version <> coalesce(l.sealed, 0)
ORDER BY s.stream_id LIMIT 1
"""
_KEPT = """
SELECT number, anchor, (receipt ->> 'line')::bigint, receipt ->> 'sha256'
FROM {schema}.seal_anchors WHERE tenant_id = $1 ORDER BY number
"""
_RECEIPTS = """
SELECT a.number FROM {schema}.seal_anchors a WHERE a.tenant_id = $1 AND NOT EXISTS (
    SELECT FROM {schema}.seals s WHERE s.tenant_id = a.tenant_id AND s.number = a.number)
ORDER BY a.number LIMIT 1
"""
