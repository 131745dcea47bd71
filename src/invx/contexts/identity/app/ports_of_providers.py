"""Accounts at providers that vouch for people."""

from typing import Protocol
from uuid import UUID

from invx.contexts.identity.domain.linked_identity import LinkedIdentity


class LinkedIdentities(Protocol):
    """Of the people of the installation."""

    async def by_subject(self, issuer: str, subject: str) -> LinkedIdentity | None:
        """Whose account that is at this provider."""
        ...

    async def find(self, id: UUID) -> LinkedIdentity | None:
        """By `domain.linked_identity.linked_identity_id`, or None."""
        ...

    def add(self, aggregate: LinkedIdentity) -> None:
        """Take a new one into the unit of work."""
        ...
