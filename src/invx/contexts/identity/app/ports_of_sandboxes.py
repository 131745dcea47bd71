"""What sandboxes need from outside: their work done, and all of them erased."""

from typing import Protocol

from invx.contexts.identity.domain.tenant import Tenant
from invx.kernel.clocks import Standing
from invx.kernel.operations import MeasuredOperations as ClockAdvances

__all__ = ["ClockAdvances", "Clockwork", "Erasing"]


class Clockwork(Protocol):
    """Does the work of a sandbox that is due, in every context."""

    async def settle(self, sandbox: Tenant) -> Standing:
        """How its work stands, after some time of doing it by its clock as loaded. Raises Needs."""
        ...


class Erasing(Protocol):
    """Erases tenants, where this process may."""

    async def erase(self, sandbox: Tenant) -> bool:
        """Close it in every context and erase it; False where only the operator can erase.

        Raises Needs, and what an erasure raises.
        """
        ...
