"""What a tenant knows of taxes, with the code's own conditions gone: PostgreSQL keeps it apart."""

from datetime import date
from inspect import iscoroutinefunction
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.read import rate_tables
from invx.contexts.invoicing.read.engine_entries import list_engine_entries
from invx.contexts.invoicing.wiring import CODEC
from invx.infra.event_store import EventStore
from invx.infra.facts import KnownFacts
from invx.kernel.errors import NotFound
from invx.kernel.ids import parse_typeid
from invx.rules.tax.model import SupplyKind
from tests.integration.isolation.second_net import Careless
from tests.integration.isolation.test_row_security import careless, inside
from tests.integration.isolation.victims import furnish
from tests.world import World

RATES, OVERRIDES = rate_tables.RATES, rate_tables.OVERRIDES


def test_every_query_is_tried() -> None:
    public = {
        name
        for name, value in vars(rate_tables).items()
        if iscoroutinefunction(value) and value.__module__ == rate_tables.__name__
    }
    assert public == {"get_knowledge", "get_stated", "list_knowledge"}


async def test_careless_queries_find_the_rows_of_one_tenant_only(world: World) -> None:
    victim, other = await furnish(world), await world.seller()
    for desk, expected in ((victim.desk, 1), (other, 0)):
        async with inside(world, desk) as (conn, ctx):
            blind: Any = Careless(conn)
            for kind in (RATES, OVERRIDES):
                for descending in (False, True):
                    found = await rate_tables.list_knowledge(
                        blind, ctx, kind, None, 10, descending=descending
                    )
                    assert len(found) == expected
            assert not any("tenant_id = $" in each for each in blind.sent)
    async with inside(world, other) as (conn, ctx):
        for kind, country in ((RATES, "US"), (OVERRIDES, "DE")):
            with pytest.raises(NotFound):
                await rate_tables.get_knowledge(careless(conn), ctx, kind, country)
            # The stream's id is made from the tenant's; here it is that of the victim.
            theirs = EventStore(careless(conn), "invoicing", CODEC, victim.desk.tenant_id)
            with pytest.raises(NotFound):
                await rate_tables.get_stated(theirs, kind, country, 1)


async def test_a_careless_determination_draws_on_its_own_tenant_only(world: World) -> None:
    victim, other = await furnish(world), await world.seller()
    context = world.host.contexts["invoicing"]
    known = []
    for desk in (victim.desk, other):
        async with inside(world, desk) as (conn, ctx):
            unit: UnitOfWork = context.runner.open_unit(careless(conn), ctx, KnownFacts())
            known.append(await unit.rate_tables.known())
    theirs, own = known
    assert theirs.table is not None
    assert own.table is None
    day = date(2026, 1, 1)
    german = [each.packs.get("DE") for each in known]
    assert [
        pack is not None and pack.category("workshop", SupplyKind.SERVICES, None, day) is not None
        for pack in german
    ] == [True, False]


async def test_a_careless_list_of_engine_entries_holds_those_of_one_tenant(world: World) -> None:
    victim, other = await furnish(world), await world.seller()
    document = parse_typeid("inv", victim.engine_document)
    asked: list[list[tuple[str, list[Any]]]] = [
        [],
        [("status", ["committed"])],
        [("document_id", [document, document])],
    ]
    for desk, expected in ((victim.desk, 1), (other, 0)):
        async with inside(world, desk) as (conn, ctx):
            blind: Any = Careless(conn)
            for conditions in asked:
                for descending in (False, True):
                    found = await list_engine_entries(
                        blind, ctx, conditions, None, 10, descending=descending
                    )
                    assert len(found) == expected
            assert not any("tenant_id = $" in each for each in blind.sent)
