"""The worker: runs reactions and due jobs, a bounded number at once, until it is told to stop.

What it claims it starts at once, so a claim never waits in a queue of ours. Each queue of each
context has its own loop: one that fails, or is slow, holds up no other.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol, TypeVar

import structlog

from invx.kernel import limits

ITEMS_AT_ONCE_PER_QUEUE = 4
ITEMS_AT_ONCE = 8  # in all queues of a worker; each needs a connection
DRAIN_SECONDS = 20.0

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Claimed(Protocol):
    """Something that is ours for a while, by system time."""

    @property
    def claimed_until(self) -> datetime: ...


class Queue(Protocol):
    """Where a worker finds work: the inbox of a context, or its due jobs."""

    @property
    def name(self) -> str: ...

    async def claim(self, room: int) -> list[Any]:
        """At most `room` items, ours for `limits.CLAIM_SECONDS`."""
        ...

    async def work(self, item: Any) -> None:
        """Do it, and record how it went. Raises only when that could not be recorded."""
        ...


class Worker:
    """Works on the queues of the hosted contexts."""

    def __init__(
        self, queues: Iterable[Queue], *, at_once: int = ITEMS_AT_ONCE, drain: float = DRAIN_SECONDS
    ) -> None:
        self._loops = [_Loop(queue) for queue in queues]
        self._slots = asyncio.Semaphore(at_once)
        self._drain_seconds = drain

    def wake(self) -> None:
        """There may be something: do not wait for the next poll."""
        for loop in self._loops:
            loop.woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; what has begun is finished, within the time to drain."""
        await asyncio.gather(*(loop.run(stop, self._slots) for loop in self._loops))
        running = set().union(*(loop.running for loop in self._loops))
        if running:
            _, late = await asyncio.wait(running, timeout=self._drain_seconds)
            for task in late:  # their claims run out; somebody does them again
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def settle(self) -> int:
        """Do everything that can be done now, one item after the other; returns how many.

        For stepping a sandbox's clock, and for tests.
        """
        count = 0
        while True:
            before = count
            for loop in self._loops:
                for item in await loop.queue.claim(ITEMS_AT_ONCE_PER_QUEUE):
                    await loop.queue.work(item)
                    count += 1
            if count == before:
                return count


class _Loop:
    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.woken = asyncio.Event()
        self.running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event, slots: asyncio.Semaphore) -> None:
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self.woken.clear()
                if not await self._start_some(slots):
                    await self._wait(stopping)
        finally:
            stopping.cancel()

    async def _start_some(self, slots: asyncio.Semaphore) -> int:
        """Claim as much as there is room for; a claim for a single item is not worth its query."""
        room = ITEMS_AT_ONCE_PER_QUEUE - len(self.running)
        if room < ITEMS_AT_ONCE_PER_QUEUE // 2:
            return 0
        try:
            items = await self.queue.claim(room)
        except Exception as error:
            log.warning("claim_failed", queue=self.queue.name, exc_info=error)
            return 0
        for item in items:
            task = asyncio.create_task(self._work(item, slots))
            self.running.add(task)
            task.add_done_callback(self.running.discard)
        return len(items)

    async def _work(self, item: Claimed, slots: asyncio.Semaphore) -> None:
        async with slots:
            try:
                async with asyncio.timeout(limits.CLAIM_SECONDS):
                    await self.queue.work(item)
            except Exception as error:
                # Nothing could be recorded: the claim runs out, and the item is tried again.
                log.warning("work_not_recorded", queue=self.queue.name, exc_info=error)

    async def _wait(self, stopping: "asyncio.Task[bool]") -> None:
        """Until something ends, somebody wakes us, or it is time to poll."""
        waking = asyncio.create_task(self.woken.wait())
        await asyncio.wait(
            {stopping, waking, *self.running},
            timeout=limits.POLL_SECONDS,
            return_when=asyncio.FIRST_COMPLETED,
        )
        waking.cancel()
