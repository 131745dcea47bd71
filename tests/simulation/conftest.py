"""The stage of two contexts on a real server; see `tests/integration/delivery/stage.py`."""

from collections.abc import AsyncIterator, Iterator

import pytest

from invx.infra.embedded import Postgres
from tests.integration.delivery.stage import Stage, served, set_stage


@pytest.fixture(scope="session")
def stage_server() -> Iterator[Postgres]:
    with served() as postgres:
        yield postgres


@pytest.fixture
async def stage(stage_server: Postgres) -> AsyncIterator[Stage]:
    async with set_stage(stage_server) as made:
        yield made
