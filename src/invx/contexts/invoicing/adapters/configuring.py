"""Carries the configuration of one tenant into another: read in the one, written in the other.

A transaction is inside one tenant, so this happens between those of the reaction that asks.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from invx.contexts.invoicing.app.take_configuration import (
    EntityLike,
    SeriesLike,
    TakeConfiguration,
    take_configuration,
)
from invx.contexts.invoicing.domain.series import Series
from invx.infra.facts import Answered, KnownFacts
from invx.infra.runner import Runner
from invx.infra.tenancy import TenantClosed, TenantMoving, UnknownTenant
from invx.kernel.context import Caller, RequestContext
from invx.kernel.ports import Fact

if TYPE_CHECKING:
    from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork

PORT = "configuration"
_ENTITIES = "SELECT legal_entity_id FROM invoicing.legal_entities WHERE tenant_id = $1"
_SERIES = """
SELECT s.stream_id, s.state::text FROM invoicing.series r
JOIN invoicing.streams s ON s.tenant_id = r.tenant_id AND s.stream_id = r.series_id
WHERE r.tenant_id = $1 ORDER BY s.stream_id
"""
_DEFAULTS = "SELECT series_id FROM invoicing.default_series WHERE tenant_id = $1"


class ConfigurationFacts:
    """See `app.ports_of_configurations.Configurations`."""

    def __init__(self, facts: KnownFacts, ctx: RequestContext) -> None:
        self._facts = facts
        self._caller = ctx.caller

    async def copied(self, source: UUID, into: UUID) -> None:
        """Once in a run of the reaction; it may be asked again."""
        await self._facts.need(Fact(PORT, str(into), "", (source, into, self._caller)))


class ConfigurationCopies:
    """Provides that it was done."""

    def __init__(self, runner: "Callable[[], Runner[UnitOfWork]]") -> None:
        self._runner = runner

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """Copy each. Raises TenantMoving."""
        return [Answered(fact, await self._copied(*fact.question), "invx") for fact in facts]

    async def _copied(self, source: UUID, into: UUID, caller: Caller) -> bool:
        """False when one of both is there no more: then there is nothing to be set up."""
        runner = self._runner()
        try:
            there = Caller(source, caller.actor, caller.correlation_id)
            async with runner.reading(there) as (conn, ctx):
                found = await _configuration(runner.open_unit(conn, ctx, KnownFacts()))
            here = Caller(into, caller.actor, caller.correlation_id)
            await runner.run(take_configuration, TakeConfiguration(found), here)
        except TenantMoving:
            raise
        except (TenantClosed, UnknownTenant):
            return False
        return True


async def _configuration(unit: "UnitOfWork") -> list[EntityLike]:
    entities = await unit.legal_entities.find_selected(_ENTITIES)
    rows = await unit.conn.fetch(_DEFAULTS, unit.ctx.tenant_id)
    defaults = Counter(row["series_id"] for row in rows)
    series: dict[UUID, list[SeriesLike]] = {}
    for id, state in await unit.conn.fetch(_SERIES, unit.ctx.tenant_id):
        found = Series.restore(id, 0, msgspec.json.decode(state))
        like = SeriesLike(id, found.definition, defaults[id])
        series.setdefault(found.legal_entity_id, []).append(like)
    return [
        EntityLike(each.id, each.details, series.get(each.id, []))
        for each in entities
        if each.details.seller is not None  # the data of an erased one are gone
    ]
