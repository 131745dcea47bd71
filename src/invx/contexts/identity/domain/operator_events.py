"""What happens to operators, and what they do to tenants. All of it stands in the installation.

Each act is recorded before it is done: one without a trace must not be.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias
from uuid import UUID

from invx.kernel.messages import Event, Personal


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAppointed(Event):
    """A user may run the installation."""

    subjects: ClassVar[dict[str, str]] = {"*": "user_id"}

    user_id: UUID
    name: Personal[str]  # by which tenants know who asks
    appointed_at: datetime  # these are system time: the installation has no other


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRevoked(Event):
    """And no more."""

    revoked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSignedIn(Event):
    """With a password and a code, from somewhere."""

    subjects: ClassVar[dict[str, str]] = {"*": "user_id"}

    user_id: UUID
    method: str
    address: Personal[str]
    signed_in_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionOrdered(Event):
    """Nothing of the tenant is to be written."""

    tenant_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumptionOrdered(Event):
    """It is to be written again."""

    tenant_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaClassGiven(Event):
    """The tenant is to be in this class."""

    tenant_id: UUID
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultQuotaClassGiven(Event):
    """Tenants that nobody gave a class are to be in this one."""

    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantAccessAsked(Event):
    """The tenant is asked to let the operator in; the reason stands there."""

    tenant_id: UUID
    support_grant_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantEntered(Event):
    """A token of the tenant was given to the operator."""

    tenant_id: UUID
    support_grant_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantAccessLeft(Event):
    """The operator needs to be in the tenant no more: what was asked for or granted ends."""

    tenant_id: UUID


ActOfOperator: TypeAlias = (
    SuspensionOrdered
    | ResumptionOrdered
    | QuotaClassGiven
    | DefaultQuotaClassGiven
    | TenantAccessAsked
    | TenantEntered
    | TenantAccessLeft
)
