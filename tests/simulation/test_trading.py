"""Whatever clerks do at once, every invariant holds and the audit is clean; what breaks is seen."""

from typing import Any

import pytest

from tests.simulation.seeds import again, seeds
from tests.simulation.trading_acts import ACTS
from tests.simulation.trading_world import TradingWorld, Wrong

HERE = "tests/simulation/test_trading.py"


@pytest.mark.parametrize("seed", seeds()[:2] if len(seeds()) == 5 else seeds())
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
