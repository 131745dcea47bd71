"""What a process does by the clock beside its work: gauges are measured, old rows forgotten.

Every process that serves, relays or works does it; doing it twice does no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from invx.infra.metrics import UPKEEP_FAILURES, UPKEEP_SUCCESS
from invx.infra.postgres import Database
from invx.kernel import limits
from invx.kernel.ports import Clock

_FORGET_ROWS = 5_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to be done for a context, over and over."""

    name: str
    context: str
    do: Callable[[], Awaitable[object]]


class Upkeep:
    """Does its chores one after the other. One that fails or hangs does not stop the others."""

    def __init__(
        self,
        *,
        measures: Sequence[Chore],
        forgets: Sequence[Chore],
        clock: Clock,
        measure_seconds: float = limits.MEASURE_SECONDS,
        forget_seconds: float = limits.FORGET_SECONDS,
        forget_first_seconds: float = limits.FORGET_SECONDS_FIRST,
        chore_seconds_max: float = limits.CHORE_SECONDS_MAX,
    ) -> None:
        self._measures = measures
        self._forgets = forgets
        self._clock = clock
        self._measure_seconds = measure_seconds
        self._forget_seconds = forget_seconds
        self._forget_first_seconds = forget_first_seconds
        self._chore_seconds_max = chore_seconds_max

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; a chore under way is given up then, its transaction rolled back."""
        working = [
            asyncio.create_task(self._repeat(self._measures, 0, self._measure_seconds)),
            asyncio.create_task(
                self._repeat(self._forgets, self._forget_first_seconds, self._forget_seconds)
            ),
        ]
        try:
            await stop.wait()
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def _repeat(self, chores: Sequence[Chore], first: float, pause: float) -> None:
        await asyncio.sleep(first)
        while True:
            for chore in chores:
                await self._do(chore)
            await asyncio.sleep(pause)

    async def _do(self, chore: Chore) -> None:
        try:
            async with asyncio.timeout(self._chore_seconds_max):
                await chore.do()
        except Exception as error:  # whatever it is, the other chores come next
            UPKEEP_FAILURES.labels(chore.context, chore.name).inc()
            log.warning("upkeep_failed", context=chore.context, chore=chore.name, exc_info=error)
        else:
            moment = self._clock.now().timestamp()
            UPKEEP_SUCCESS.labels(chore.context, chore.name).set(moment)


async def forget_in_batches(database: Database, statement: str, before: datetime) -> int:
    """Run a statement over old rows until none is left; returns how many there were.

    `statement` takes the moment and the most rows that one transaction may touch.
    """
    count = 0
    while True:
        async with database.system_transaction() as conn:
            done: str = await conn.execute(statement, before, _FORGET_ROWS)
        rows = int(done.rpartition(" ")[2])
        count += rows
        if rows < _FORGET_ROWS:
            return count
