"""The stage of two contexts on a real server; see `tests/integration/delivery/stage.py`."""

from collections.abc import Iterator

import pytest

from invx.infra.embedded import Postgres
from tests.integration.delivery.stage import served


@pytest.fixture(scope="session")
def stage_server() -> Iterator[Postgres]:
    with served() as postgres:
        yield postgres
