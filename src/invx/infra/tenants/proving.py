"""Proves that a tenant's rows in a database are whole, before anybody reads them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from invx.infra.audit import verify
from invx.infra.audit_seals import verify_seals
from invx.infra.holdings import Holdings
from invx.infra.tenants.heads import heads_of
from invx.infra.tenants.tables import Progress, broken_reference, take_statistics


async def first_fault(
    conn: Any,
    contexts: Mapping[str, Holdings],
    heads: Mapping[str, Mapping[str, Any]],
    tenant_id: UUID,
    progress: Progress = lambda _, __: None,
) -> str | None:
    """What is wrong, or None: heads as stated, every chain, seal, key, register, file and row.

    `conn` is in no transaction.
    """
    for schema, holdings in contexts.items():
        await take_statistics(conn, schema)
        async with conn.transaction(isolation="repeatable_read"):
            found = await _fault_of(
                conn, schema, holdings, heads[schema], tenant_id, progress=progress
            )
        if found is not None:
            return f"{schema}: {found}"
    return None


async def _fault_of(
    conn: Any,
    schema: str,
    holdings: Holdings,
    heads: Mapping[str, Any],
    tenant_id: UUID,
    *,
    progress: Progress,
) -> str | None:
    if (here := (await heads_of(conn, schema, tenant_id)).said()) != dict(heads):
        return f"streams, events or seals are {here}, not {dict(heads)}"
    if (broken := await broken_reference(conn, schema, tenant_id)) is not None:
        return broken
    events = await verify(
        conn, schema, tenant_id, progress=lambda done, _: progress(f"{schema} events", done)
    )
    if events.broken is not None:
        return str(events.broken)
    seals = await verify_seals(conn, schema, tenant_id)
    if seals.broken is not None:
        return seals.broken
    for name, examination in holdings.examinations.items():
        count, wrong = await examination(conn, tenant_id)
        progress(f"{schema} {name}", count)
        if wrong is not None:
            return f"{name}: {wrong}"
    return None
