"""An organization: who signs in and pays; it has one tenant or more."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.organization_events import (
    OrganizationFounded,
    OrganizationRenamed,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.messages import Event


class Organization(Aggregate):
    """Its owner may seat himself in each of its tenants, so that none is ever without anybody."""

    name: str
    owner_id: UUID
    founded_at: datetime

    @classmethod
    def found(cls, id: UUID, *, name: str, owner_id: UUID, now: datetime) -> Self:
        """A new one."""
        organization = cls(id)
        organization.record(OrganizationFounded(name=name, owner_id=owner_id, founded_at=now))
        return organization

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        organization = cls(id)
        organization.version = version
        organization.name, organization.owner_id = state["name"], state["owner_id"]
        organization.founded_at = state["founded_at"]
        return organization

    def rename(self, name: str) -> None:
        """Another name; the same changes nothing."""
        if name != self.name:
            self.record(OrganizationRenamed(before=self.name, after=name))

    def apply(self, event: Event) -> None:
        match event:
            case OrganizationFounded():
                self.name, self.owner_id = event.name, event.owner_id
                self.founded_at = event.founded_at
            case OrganizationRenamed():
                self.name = event.after
            case _:
                violated(f"an organization knows no {type(event).__name__}")
