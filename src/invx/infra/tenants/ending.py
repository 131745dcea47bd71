"""Closes a tenant in every context and erases it, for who may not ask an operator: a sandbox."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from invx.infra.facts import Answered
from invx.infra.postgres import POOLED
from invx.infra.tenancy import Directory, UnknownTenant
from invx.kernel.ports import Fact

PORT = "ending"

# Erases a suspended tenant that lives in this placement; how many rows and files that were.
Eraser = Callable[[UUID, str], Awaitable[int]]


class Ending:
    """Provides that a tenant is erased; without `erase`, which needs the owner's login, closed.

    `directories` are those of every context. Again, it goes on where it was left.
    """

    def __init__(self, directories: Sequence[Directory], erase: Eraser | None) -> None:
        self._directories = directories
        self._erase = erase

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """Whether each is erased. Raises EraseRefused, TookTooLong, and what the database does."""
        return [Answered(fact, await self._ended(fact.question), "invx") for fact in facts]

    async def _ended(self, tenant_id: UUID) -> bool:
        placement = POOLED
        for directory in self._directories:
            with contextlib.suppress(UnknownTenant):  # erased there before
                await directory.suspend(tenant_id)
                found = (await directory.get(tenant_id)).placement
                placement = found if found != POOLED else placement  # not every context moves
        if self._erase is None:
            return False
        await self._erase(tenant_id, placement)
        return True
