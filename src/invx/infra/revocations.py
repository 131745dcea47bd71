"""Which access tokens of a tenant count, as all directories of a process know it, asked at once.

Whoever was not heard of for some seconds is asked for in every directory. One after the other that
was three round trips for each context: most of what a short request costs.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from invx.infra.tenancy import INSTALLATION, STANDARD, Directory, Tenant

_ENTRY = """
SELECT row_to_json(e)::text FROM (
    SELECT status, mode, epoch, extract(epoch FROM clock_offset) AS offset_seconds,
        tokens_not_before, CASE quota_class
            WHEN '{standard}' THEN (SELECT quota_class FROM {{schema}}.tenants
                WHERE tenant_id = '{installation}') ELSE quota_class END AS quota_class
    FROM {{schema}}.tenants WHERE tenant_id = '{tenant_id}' AND status <> 'moved') AS e
"""


class _Entry(msgspec.Struct):
    status: str
    mode: str
    epoch: int
    offset_seconds: float
    quota_class: str
    tokens_not_before: datetime | None


_entry = msgspec.json.Decoder(_Entry)


async def tokens_not_before(directories: Sequence[Directory], tenant_id: UUID) -> datetime | None:
    """The latest revocation that any of them knows of: each learns of it by itself.

    At most 4 s old (see `Directory.tokens_not_before`).
    """
    unknown = [each for each in directories if not each.knows_revocations(tenant_id)]
    while unknown:
        first, *others = unknown
        beside = [each for each in others if each.database.is_beside(first.database)]
        if beside:
            await _read_together(first, beside, tenant_id)
        unknown = [each for each in others if each not in beside]
    known = [await each.tokens_not_before(tenant_id) for each in directories]
    return max((moment for moment in known if moment), default=None)


async def _read_together(first: Directory, beside: Sequence[Directory], tenant_id: UUID) -> None:
    """Let them remember the tenant; one that is unknown there, or has moved, is asked for alone."""
    database = first.database
    asked = _ENTRY.format(
        tenant_id=UUID(str(tenant_id)), installation=INSTALLATION, standard=STANDARD
    )
    said = await database.say_together([each.database for each in beside], asked)
    for directory, text in zip((first, *beside), said, strict=True):
        if not text:
            continue
        entry = _entry.decode(text)
        tenant = Tenant(
            tenant_id,
            entry.status,
            entry.mode,
            entry.epoch,
            timedelta(seconds=entry.offset_seconds),
            entry.tokens_not_before,
            entry.quota_class,
            database.placement,
        )
        directory.remember(tenant)
