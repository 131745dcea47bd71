"""What is asked of OAuth clients."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from invx.contexts.identity.domain.errors import ClientNotFound
from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext

_COLUMNS = "client_id, name, kind, redirect_uris, scopes, registered_at"


@dataclass(frozen=True, slots=True)
class ClientView:
    """A program that gets tokens."""

    client_id: UUID
    name: str
    kind: str
    redirect_uris: list[str]
    scopes: list[str]
    registered_at: datetime


async def list_clients(conn: Connection, ctx: RequestContext) -> list[ClientView]:
    """Those of the tenant, the oldest first."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM identity.oauth_clients"
        " WHERE tenant_id = $1 AND removed_at IS NULL ORDER BY client_id",
        ctx.tenant_id,
    )
    return [ClientView(*row) for row in rows]


async def get_client(conn: Connection, ctx: RequestContext, client_id: UUID) -> ClientView:
    """One of the tenant. Raises ClientNotFound, also for one that was removed."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM identity.oauth_clients"
        " WHERE tenant_id = $1 AND client_id = $2 AND removed_at IS NULL",
        ctx.tenant_id,
        client_id,
    )
    if row is None:
        raise ClientNotFound
    return ClientView(*row)


async def secret_hash_of(conn: Connection, ctx: RequestContext, client_id: UUID) -> str | None:
    """What a confidential client's secret is compared with."""
    found: str | None = await conn.fetchval(
        "SELECT secret_hash FROM identity.oauth_clients WHERE tenant_id = $1 AND client_id = $2",
        ctx.tenant_id,
        client_id,
    )
    return found


async def tenant_name(conn: Connection, ctx: RequestContext, tenant_id: UUID) -> str | None:
    """What an opened tenant is called, asked inside the installation; None if there is none."""
    found: str | None = await conn.fetchval(
        "SELECT name FROM identity.opened_tenants WHERE tenant_id = $1 AND opened_tenant_id = $2"
        " AND status = 'active'",
        ctx.tenant_id,
        tenant_id,
    )
    return found
