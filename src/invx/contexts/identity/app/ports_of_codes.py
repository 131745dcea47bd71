"""What is spent: codes that are good once. No event tells of them, rows know them by hash."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID


class OneTimeCodes(Protocol):
    """Codes of second factors."""

    async def spend_step(self, user_id: UUID, step: int) -> bool:
        """Whether no code of this step or a later one was used before (RFC 6238, 5.2)."""
        ...

    async def replace_recovery(self, user_id: UUID, hashes: Sequence[str]) -> None:
        """These recovery codes are good now, and no others."""
        ...

    async def spend_recovery(self, user_id: UUID, code_hash: str, now: datetime) -> int | None:
        """How many recovery codes are left after this one; None if it is not good."""
        ...
