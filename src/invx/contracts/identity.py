"""What identity tells the others: which tenants there are, and whose access ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from invx.kernel.messages import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantStatedV1(Contract):
    """The whole entry of a tenant, as it is now. It comes from the installation's own stream."""

    wire: ClassVar[str] = "identity.tenant.stated.v1"

    stated_tenant_id: UUID
    version: int  # of the entry; an older one changes nothing
    name: str
    mode: str  # live | test
    status: str  # active | suspended
    clock_offset_seconds: int  # business time minus system time


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantConfiguredLikeV1(Contract):
    """A new sandbox is to be set up as another tenant is. From the installation's own stream."""

    wire: ClassVar[str] = "identity.tenant.configured_like.v1"

    configured_tenant_id: UUID
    like: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReducedV1(Contract):
    """Somebody may do less in this tenant: older access tokens say too much."""

    wire: ClassVar[str] = "identity.access.reduced.v1"

    not_before: datetime  # system time


def clock_offset(stated: TenantStatedV1) -> timedelta:
    """By how much the tenant's business time is ahead of system time."""
    return timedelta(seconds=stated.clock_offset_seconds)
