"""What happens to a role of a tenant's own."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleContent:
    """What a role is called and may do. Amounts are up to which it approves; None is any."""

    name: str
    permissions: tuple[str, ...]
    approval_limit: dict[str, Decimal] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCreated(Event):
    """There is a new role."""

    content: RoleContent
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(Event):
    """Whoever has it may do other things from now on."""

    before: RoleContent
    after: RoleContent
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRemoved(Event):
    """Nobody had it, and nobody gets it any more."""

    before: RoleContent
    removed_at: datetime
