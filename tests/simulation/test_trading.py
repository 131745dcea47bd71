"""Whatever clerks do at once, every invariant holds and the audit is clean; what breaks is seen."""

from typing import Any

import pytest

from tests.integration.infra.test_audit import tampering
from tests.sealing import seal
from tests.simulation.seeds import again, few
from tests.simulation.trading_acts import ACTS
from tests.simulation.trading_invariants import INVARIANTS
from tests.simulation.trading_world import TradingWorld, Wrong
from tests.world import line

HERE = "tests/simulation/test_trading.py"


@pytest.mark.parametrize("seed", few(2))
async def test_invariants_hold_and_the_audit_is_clean(world: Any, seed: int) -> None:
    trading = TradingWorld(world, seed)
    try:
        await trading.run()
    except (Wrong, AssertionError) as wrong:
        tail = ", ".join(trading.trace[-20:])
        raise Wrong(f"{wrong}\n  {again(seed, HERE)}\n  last acts: {tail}") from wrong
    done = {name for name in ACTS if trading.answers[f"{name} done"]}
    assert len(done) > len(ACTS) / 2, trading.answers
    assert sum(trading.answers.values()) >= 150


# What a planted fault changes, and the invariant that must see it.
PLANTED = {
    "numbers of a series and period without a gap": (
        "UPDATE invoicing.numbers SET number = number + 7 WHERE number = 2"
    ),
    "dates never decrease in a series and period": (
        "UPDATE invoicing.numbers SET on_date = on_date + 9 WHERE number = 1"
    ),
    "each document that is no draft has its number, and no other": (
        "UPDATE invoicing.documents SET number = number || '0' WHERE number IS NOT NULL"
    ),
    "a balance is the sum of its entries": (
        "UPDATE invoicing.settlement_entries SET amount = amount + 1"
    ),
    "credits are never more than was invoiced": (
        "UPDATE invoicing.documents SET gross = gross * 900, net = gross * 900 - tax"
        " WHERE credits IS NOT NULL"
    ),
    "what was issued is in the tax ledger once": (
        "UPDATE invoicing.tax_entries SET tax = tax + 1 WHERE cause = 'issued'"
    ),
    "what was issued on accrual is in the tax ledger": "DELETE FROM invoicing.tax_entries",
    "the journal is the settlement": "DELETE FROM invoicing.bookings WHERE kind = 'payment'",
    "each document is in the register, and each that was voided again": (
        "DELETE FROM invoicing.register"
    ),
    "every contract left": "UPDATE invoicing.outbox SET published_at = NULL",
    "every contract was done": "UPDATE analytics.inbox SET state = 'skipped'",
    "no job is parked": "UPDATE invoicing.due_jobs SET state = 'parked'",
    "analytics counts each document once": "DELETE FROM analytics.documents",
    "of a voided document no tax is left": "UPDATE invoicing.documents SET voided = true",
}


async def test_each_invariant_sees_what_breaks_it(world: Any) -> None:
    desk = await world.seller(accounting={"chart": "SKR03"})
    first, _ = [await desk.invoice(line("100.00")) for _ in range(2)]
    await desk.post(f"/v1/invoices/{first['id']}/payments", {"amount": "5.00", "source": "b"})
    await desk.post(
        f"/v1/invoices/{first['id']}/credit-notes", {"amount": "1.19", "finalize": True}
    )
    await world.settle()
    await seal(desk)
    async with tampering(desk) as conn:
        for query in INVARIANTS.values():
            assert await conn.fetch(query) == []
        for name, change in PLANTED.items():
            savepoint = conn.transaction()
            await savepoint.start()
            assert not (await conn.execute(change)).endswith(" 0"), name
            assert await conn.fetch(INVARIANTS[name]), name
            await savepoint.rollback()
