"""What an operator does to a tenant as a whole. No personal value stands in it."""

from dataclasses import dataclass
from uuid import UUID

from invx.kernel.messages import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorActBegun(Event):
    """An operator has set about it; `detail` is what the command was told."""

    act: str  # suspend | resume | quota | export | import | move | erase
    of_tenant: UUID
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorActEnded(Event):
    """It has come to an end; an act without one was broken off."""

    outcome: str  # done | refused
    detail: str = ""
