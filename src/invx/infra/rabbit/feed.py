"""From a context's queue into its inbox, in batches: committed first, acknowledged then.

A crash in between brings the batch once more, which the inbox recognises. What can never be taken
is refused, which moves it to a queue that people look at; everything else is tried until it works.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import asyncpg
import structlog
from aio_pika.abc import AbstractIncomingMessage

from invx.infra.arrivals import Arrivals
from invx.infra.carrying import trail_of
from invx.infra.inbox import TenantNotHere
from invx.infra.metrics import FED, FEED_REFUSED
from invx.infra.rabbit.link import (
    BROKEN,
    PAUSE_SECONDS_FIRST,
    PAUSE_SECONDS_MAX,
    BrokerAway,
    Link,
    queue_of,
)
from invx.infra.rabbit.wire import MessageMalformed, envelope_in
from invx.infra.tracing import following
from invx.kernel.messages import Envelope

PREFETCH = 1_000  # messages that are ours and not acknowledged
BATCH_MAX = 500
HELD_SECONDS = 0.5  # between two tries for tenants that are on their way to another database

# The inbox refuses it, and would the next time.
_NEVER = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, UnicodeError)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Got:
    message: AbstractIncomingMessage
    envelope: Envelope
    lane: int


class Feed:
    """Feeds one context. Only one of all its feeds is active at a time; the others stand by."""

    def __init__(self, link: Link, context: str, arrivals: Arrivals) -> None:
        self._link = link
        self._context = context
        self._arrivals = arrivals
        self._fed, self._refused = FED.labels(context), FEED_REFUSED.labels(context)
        # Of tenants that are nowhere just now: theirs wait here, unacknowledged and in order,
        # while others go on.
        self._held: dict[UUID, list[_Got]] = {}
        self._again_at = 0.0  # when those are tried again

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; connects again whenever the broker went away."""
        stopping = asyncio.create_task(stop.wait())
        pause = PAUSE_SECONDS_FIRST
        try:
            while not stop.is_set():
                try:
                    await self._feed(stopping)
                    pause = PAUSE_SECONDS_FIRST
                except (BrokerAway, *BROKEN) as error:
                    log.warning("feed_broken", context=self._context, reason=str(error))
                finally:
                    await self._link.drop()
                await asyncio.wait({stopping}, timeout=0 if stop.is_set() else pause)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
        finally:
            stopping.cancel()

    async def _feed(self, stopping: "asyncio.Task[bool]") -> None:
        """Consume until `stopping`, or until the channel is closed."""
        channel, _ = await self._link.channel(confirms=False)
        self._held = {}
        arriving: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        broken = asyncio.Event()
        channel.close_callbacks.add(lambda *_: broken.set())
        await channel.set_qos(prefetch_count=PREFETCH)
        queue = await channel.get_queue(queue_of(self._context))
        await queue.consume(arriving.put)
        log.info("feeding", context=self._context, broker=self._link.where)
        breaking = asyncio.create_task(broken.wait())
        try:
            while not (stopping.done() or breaking.done()):
                batch = await _batch(arriving, stopping, breaking)
                await self._take(batch, stopping, breaking)
        finally:
            breaking.cancel()

    async def _take(
        self,
        messages: Sequence[AbstractIncomingMessage],
        *ends: "asyncio.Task[bool]",
    ) -> None:
        """Bring a batch into the inbox, however long that takes."""
        got = self._ready(
            [each for each in [await self._understood(message) for message in messages] if each]
        )
        pause = PAUSE_SECONDS_FIRST
        while got and not any(end.done() for end in ends):
            try:
                held = await self._received(got)
            except _NEVER:
                held = await self._received_apart(got)
            except Exception as error:
                # The inbox is out of reach. What we hold is ours, and the order stays.
                log.warning("inbox_away", context=self._context, exc_info=error)
                await asyncio.wait(ends, timeout=pause, return_when=asyncio.FIRST_COMPLETED)
                pause = min(pause * 2, PAUSE_SECONDS_MAX)
                continue
            await self._acknowledge(got, held)
            return

    def _ready(self, fresh: Sequence[_Got]) -> list[_Got]:
        """What is to be tried now: who is held back has its turn again, or goes on waiting."""
        if self._held and time.monotonic() >= self._again_at:
            held, self._held = self._held, {}
            return [each for waiting in held.values() for each in waiting] + list(fresh)
        for each in fresh:
            if each.envelope.tenant_id in self._held:
                self._held[each.envelope.tenant_id].append(each)
        return [each for each in fresh if each.envelope.tenant_id not in self._held]

    async def _understood(self, message: AbstractIncomingMessage) -> _Got | None:
        try:
            return _Got(message, *envelope_in(message))
        except MessageMalformed as error:
            await self._refuse(message, error)
            return None

    async def _refuse(self, message: AbstractIncomingMessage, error: Exception) -> None:
        await message.reject(requeue=False)
        self._refused.inc()
        # What it calls itself may be anybody's text: only what we know is repeated.
        known = message.type in self._link.topology.subscribers
        log.error(
            "message_refused",
            context=self._context,
            message_id=_own_id(message.message_id),
            contract=message.type if known else "unknown",
            reason=type(error).__name__,
        )

    async def _received(self, got: Sequence[_Got]) -> set[UUID]:
        """Commit them; returns the tenants whose part has to wait."""
        held: set[UUID] = set()
        for lane, run in groupby(got, key=lambda each: each.lane):
            part = [each.envelope for each in run]
            while part := [each for each in part if each.tenant_id not in held]:
                try:
                    await self._arrivals.take(part, lane)
                except TenantNotHere as error:
                    held |= set(error.tenants)
                else:
                    break
        return held - await self._arrivals.erased(held)

    async def _received_apart(self, got: list[_Got]) -> set[UUID]:
        """One after the other, when one of them spoils the batch; that one is refused."""
        held: set[UUID] = set()
        for each in list(got):
            if each.envelope.tenant_id in held:
                continue
            try:
                held |= await self._received([each])
            except _NEVER as error:
                with following(trail_of(each.envelope)):
                    await self._refuse(each.message, error)
                got.remove(each)
        return held

    async def _acknowledge(self, got: Sequence[_Got], held: set[UUID]) -> None:
        done: list[_Got] = []
        for each in got:
            if each.envelope.tenant_id in held:
                self._held.setdefault(each.envelope.tenant_id, []).append(each)
                self._again_at = time.monotonic() + HELD_SECONDS
            else:
                done.append(each)
        if done and not self._held:  # all before it are done too
            await max(done, key=_tag).message.ack(multiple=True)
        else:
            for each in done:
                await each.message.ack()
        self._fed.inc(len(done))


def _own_id(text: str | None) -> str | None:
    """The id as we write it, or None for anything else."""
    try:
        return str(UUID(text or ""))
    except ValueError:
        return None


def _tag(got: _Got) -> int:
    return got.message.delivery_tag or 0


async def _batch(
    arriving: "asyncio.Queue[AbstractIncomingMessage]", *ends: "asyncio.Task[bool]"
) -> list[AbstractIncomingMessage]:
    """What has arrived, or the next that does; nothing when it is over, or after a while."""
    if arriving.empty():
        first = asyncio.create_task(arriving.get())
        await asyncio.wait(
            {first, *ends}, timeout=HELD_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        if not first.done():
            first.cancel()
            return []
        batch = [first.result()]
    else:
        batch = []
    while len(batch) < BATCH_MAX and not arriving.empty():
        batch.append(arriving.get_nowait())
    return batch
