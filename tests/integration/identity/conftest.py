"""What the tests about people and their access share."""

from datetime import UTC, datetime

import pytest

from invx.infra.system import SystemClock
from tests.world import World


@pytest.fixture
def stopped_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is a world time stands still: no wait of a second ends by a machine's slowness."""
    moment = datetime.now(UTC)
    monkeypatch.setattr(SystemClock, "now", lambda _: moment)
