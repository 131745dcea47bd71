"""Refresh tokens that are good for nothing are deleted by the upkeep.

One that was used is kept until it would have ended: shown again before, it ends its session.
"""

from dataclasses import dataclass
from datetime import timedelta

from invx.infra.postgres import Database
from invx.infra.tenancy import INSTALLATION, Directory, inside
from invx.kernel.ports import Clock

_BATCH = 5_000
_KEPT = timedelta(days=1)  # beyond their end: clocks differ, and nobody is in a hurry
_FORGET = """
DELETE FROM identity.refresh_tokens WHERE tenant_id = $1 AND token_hash IN (
    SELECT token_hash FROM identity.refresh_tokens
    WHERE tenant_id = $1 AND expires_at < $2 ORDER BY expires_at LIMIT $3)
"""


@dataclass(frozen=True, slots=True)
class RefreshTokensForgotten:
    """The chore. Of two who do it at once each deletes what the other left."""

    database: Database
    directory: Directory
    clock: Clock

    async def turn(self) -> int:
        """Delete what is over, a batch per transaction; returns how many there were."""
        before, count, rows = self.clock.now() - _KEPT, 0, _BATCH
        while rows == _BATCH:
            async with inside(self.database, self.directory, INSTALLATION, write=True) as conn:
                done: str = await conn.execute(_FORGET, INSTALLATION, before, _BATCH)
            rows = int(done.rpartition(" ")[2])
            count += rows
        return count
