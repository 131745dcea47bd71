"""The stage of two small contexts; see `tests/integration/delivery/stage.py`."""

import asyncio

import pytest

from invx.infra.embedded import Postgres
from invx.place import Place
from tests.integration.delivery.stage import build_stage, place_on


@pytest.fixture(scope="session")
def stage_place(server: Postgres) -> Place:
    place = place_on(server)
    asyncio.run(build_stage(place))
    return place
