"""Walks over the tenants of the hosted contexts and seals what has moved, once a minute.

A tenant with much to seal gets a bounded number of seals per walk, so that it delays no other. One
that fails is reported and tried again in the next walk.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog

from invx.infra.anchoring import Anchoring
from invx.infra.context import Context
from invx.infra.metrics import SEALING_FAILURES, SEALING_SUCCESS
from invx.infra.seals import Seal, Sealer
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel import limits
from invx.kernel.ports import Clock

log = structlog.get_logger(__name__)


async def _nothing(_: UUID) -> int:
    return 0


class Sealing:
    """Seals the tenants of these contexts, and lets the seals leave the house."""

    def __init__(
        self,
        contexts: Iterable[Context],
        clock: Clock,
        *anchorings: Anchoring | None,
        pause_seconds: float = limits.SEAL_SECONDS,
    ) -> None:
        self._contexts = tuple(contexts)
        self._clock = clock
        self._anchorings = [each for each in anchorings if each is not None]
        self._pause_seconds = pause_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Walk until `stop` is set; a tenant under way is finished first."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                for context in self._contexts:
                    await self._walk(context, stop)
                await asyncio.wait({stopping}, timeout=self._pause_seconds)
        finally:
            stopping.cancel()

    async def seal(self, context: Context, tenant_id: UUID) -> list[Seal]:
        """Seal one tenant now, and anchor what it has. Raises UnknownTenant, TenantClosed.

        And what an anchor raises, after the others had their turn.
        """
        sealer = Sealer(context.database, context.directory, self._clock)
        made: list[Seal] = []
        if await sealer.moved(tenant_id):
            derive = context.before_seal or _nothing
            await derive(tenant_id)
            for _ in range(limits.SEAL_ROUNDS_PER_TURN):
                made += await sealer.seal(tenant_id)
                # What was written in between is sealed without what is derived from it, and would
                # not move again by itself. What is derived now moves, and so comes into a seal.
                if not await derive(tenant_id):
                    break
        failed: list[Exception] = []
        for anchoring in self._anchorings:
            try:
                await anchoring.anchor(context, tenant_id)
            except Exception as error:  # noqa: BLE001 - the other anchors get it all the same
                failed.append(error)
        for other in failed[1:]:
            self._report(context, tenant_id, other)
        if failed:
            raise failed[0]
        return made

    async def _walk(self, context: Context, stop: asyncio.Event) -> None:
        try:
            tenants = await context.directory.tenant_ids()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next walk asks again
            self._report(context, None, error)
            return
        for tenant_id in tenants:
            if stop.is_set():
                return
            try:
                await self.seal(context, tenant_id)
            except (TenantClosed, UnknownTenant):
                continue  # it takes no writes, so nothing of it moves either
            except Exception as error:  # noqa: BLE001 - whatever it is, the other tenants come next
                self._report(context, tenant_id, error)
        SEALING_SUCCESS.labels(context.name).set(self._clock.now().timestamp())

    def _report(self, context: Context, tenant_id: UUID | None, error: Exception) -> None:
        SEALING_FAILURES.labels(context.name).inc()
        log.warning("sealing_failed", context=context.name, tenant=str(tenant_id), exc_info=error)
