"""The stage of two small contexts; see `tests/integration/delivery/stage.py`."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from invx.infra.embedded import Postgres
from invx.place import Place
from tests.integration.delivery.stage import Stage, build_stage, place_on, set_stage


@pytest.fixture(scope="session")
def stage_place(server: Postgres) -> Place:
    place = place_on(server)
    asyncio.run(build_stage(place))
    return place


@pytest.fixture
async def stage(stage_place: Place) -> AsyncIterator[Stage]:
    async with set_stage(stage_place) as made:
        yield made
