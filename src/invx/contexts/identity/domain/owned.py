"""A tenant by who owns it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class OwnedTenant:
    """A tenant and what it is called."""

    tenant_id: UUID
    name: str
