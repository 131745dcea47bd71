"""What setting up a sandbox like another tenant needs from outside."""

from typing import Protocol
from uuid import UUID


class Configurations(Protocol):
    """Takes what one tenant is set up like into another one."""

    async def copied(self, source: UUID, into: UUID) -> None:
        """Nothing when either is gone or closed. Raises Needs."""
        ...


class ConfiguringUnitOfWork(Protocol):
    """What the reaction holds, inside the installation."""

    @property
    def configurations(self) -> Configurations: ...
