"""Exchange rates with the code's own conditions gone: PostgreSQL keeps tenants apart."""

from datetime import UTC, datetime
from typing import Any

from invx.contexts.invoicing.adapters.exchange_rates import PostgresExchangeRates
from invx.contexts.invoicing.domain.exchange.exchange import RateQuestion
from invx.contexts.invoicing.read.exchange_rates import RateSlice, list_exchange_rates
from tests.integration.isolation.second_net import Careless
from tests.integration.isolation.test_row_security import inside
from tests.integration.isolation.victims import furnish
from tests.world import World, line


async def test_careless_questions_are_answered_from_the_own_rows_only(world: World) -> None:
    victim, other = await furnish(world), await world.seller()
    await victim.desk.invoice(
        line("1.00"), currency="CHF", legal_entity=victim.entity
    )  # waits for its rates
    today = datetime.now(UTC).date()
    asked = RateQuestion(source="ecb", base="USD", quote="EUR", on=today)
    seen = []
    for desk in (victim.desk, other):
        async with inside(world, desk) as (conn, ctx):
            blind: Any = Careless(conn)
            rates, _ = await list_exchange_rates(blind, ctx, RateSlice())
            port = PostgresExchangeRates(blind, ctx.tenant_id)
            answered = await port.of([asked], today)
            seen.append((len(rates), answered != [None], len(await port.waiting(None, 10))))
            assert not any("tenant_id = $" in each for each in blind.sent)
    assert seen == [(2, True, 2), (0, False, 0)]  # one waits for its tax, one for all
