"""The house in which tenants move, and the file of classes of quotas."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from invx.infra.embedded import Postgres
from tests.world import World, open_world


@pytest.fixture
async def house(server: Postgres, tmp_path: Path) -> AsyncIterator[World]:
    """An installation with two databases for tenants that want one of their own."""
    async with open_world(server, tmp_path, placements=("acme", "berlin")) as world:
        yield world


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The CLASSES of a module, as INVX_QUOTAS wants them."""
    path = tmp_path / "quotas.json"
    path.write_text(json.dumps(request.module.CLASSES))
    return path
