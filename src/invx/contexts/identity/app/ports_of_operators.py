"""What the handlers of the operator plane hold besides."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from invx.contexts.identity.domain.operator import Operator
from invx.contexts.identity.domain.support import SupportGrant


class Operators(Protocol):
    """Who runs the installation."""

    async def get(self, id: UUID) -> Operator:
        """The operator, also one who was revoked. Raises OperatorNotFound."""
        ...

    def add(self, aggregate: Operator) -> None:
        """Take a new one into the unit of work."""
        ...

    async def of_user(self, user_id: UUID) -> Operator | None:
        """What this user is now, if they are one."""
        ...


class SupportGrants(Protocol):
    """Which operators the tenant of the transaction lets in, or was asked to."""

    async def get(self, id: UUID) -> SupportGrant:
        """The grant. Raises SupportGrantNotFound."""
        ...

    def add(self, aggregate: SupportGrant) -> None:
        """Take a new one into the unit of work."""
        ...

    async def open_of(self, operator_id: UUID) -> Sequence[SupportGrant]:
        """Those of the operator that have not ended by a decision; at most one."""
        ...
