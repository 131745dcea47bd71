"""What erasing a person needs, beyond the repositories of one tenant."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from invx.contexts.identity.domain.owned import OwnedTenant

if TYPE_CHECKING:
    from invx.contexts.identity.app.end_support import EndSupport


class People(Protocol):
    """Where there is something of a person, and how it goes (D4)."""

    async def ensure_here(self, user_id: UUID) -> None:
        """From any tenant: nobody erases this person before this is written.

        Raises UserNotFound for one who was erased.
        """
        ...

    async def shut_out_writers(self) -> None:
        """Nobody else writes in the tenant of the transaction until this is written."""
        ...

    async def leave_alone(self, user_id: UUID) -> None:
        """No tenant writes anything about this person until this is written."""
        ...

    async def owned_alone(self, user_id: UUID) -> Sequence[OwnedTenant]:
        """Live, open tenants that nobody else owns; who owns them stays so until this is written.

        Whoever owns an organization owns its tenants, seated or not.
        """
        ...

    async def tenants_knowing(self, user_id: UUID) -> Sequence[UUID]:
        """Every tenant where the person is or was a member, or asked to be let in as operator."""
        ...

    async def forget(self, user_id: UUID, now: datetime) -> None:
        """Delete what the installation holds of the person; before it is loaded."""
        ...

    async def forget_here(self, user_id: UUID, invitations: Collection[UUID]) -> None:
        """Delete what the tenant of the transaction holds of them, with these invitations."""
        ...

    async def forget_tenant(self, tenant_id: UUID) -> None:
        """Delete what the installation holds of a tenant: how it was called."""
        ...

    async def forget_operators_here(self, operators: Collection[UUID]) -> None:
        """Delete how the tenant of the transaction knows operators who were this person."""
        ...

    async def operators_that_were(self, user_id: UUID) -> Sequence[UUID]:
        """The ids under which the person ran the installation."""
        ...


class Leaving(Protocol):
    """Takes somebody out of a tenant, in a transaction of that tenant."""

    async def leave(self, user_id: UUID, tenant_id: UUID) -> bool:
        """False while the tenant is suspended: nothing can be written there. Raises Needs."""
        ...

    async def end_support(self, tenant_id: UUID, ending: "EndSupport") -> bool:
        """The same for an operator's access. Raises Needs."""
        ...
