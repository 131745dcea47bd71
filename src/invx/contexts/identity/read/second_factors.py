"""What is asked of second factors."""

from dataclasses import dataclass
from uuid import UUID

from invx.infra.postgres import Connection
from invx.kernel.context import RequestContext


@dataclass(frozen=True, slots=True)
class SecondFactorView:
    """The second factor of a person: offered, or `active` already."""

    encrypted_secret: str
    active: bool


async def second_factor(
    conn: Connection, ctx: RequestContext, user_id: UUID
) -> SecondFactorView | None:
    """That of a person, or None."""
    row = await conn.fetchrow(
        "SELECT encrypted_secret, confirmed_at IS NOT NULL FROM identity.second_factors"
        " WHERE tenant_id = $1 AND user_id = $2 AND encrypted_secret IS NOT NULL",
        ctx.tenant_id,
        user_id,
    )
    return SecondFactorView(*row) if row else None
