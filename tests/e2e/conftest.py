"""End to end nobody has a token that they did not sign up for.

Each story is told to one process and to a process per context (`shapes.py`).
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from invx.infra.embedded import Postgres
from tests.e2e.installation import Installation, installed
from tests.e2e.shapes import ONE, SERVICES, shapes_of
from tests.e2e.split import split_world
from tests.world import World, open_world


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whoever asks for a `shape`, as the `world` below does, gets each of them."""
    if "shape" in metafunc.fixturenames:
        module = Path(str(metafunc.module.__file__)).name
        shapes = shapes_of(module, metafunc.function.__name__)
        metafunc.parametrize("shape", shapes, scope="session")


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that is split, with the channels that worlds in one process have."""
    told = {
        "INVX_TRANSMISSION_FOLDER": str(tmp_path_factory.mktemp("sent")),
        "INVX_PRACTICE_AUTHORITY": "1",
        "INVX_NUMBERS_FILE": "off",
        "INVX_PASSWORD_MEMORY_KIB": "19456",
    }
    with installed() as installation:
        yield installation.up(services=True, **told)


@pytest.fixture
def ground(shape: str, request: pytest.FixtureRequest) -> Installation | Postgres:
    """What a world stands on; started when the first test asks for it."""
    found: Installation | Postgres
    found = request.getfixturevalue("server" if shape == ONE else SERVICES)
    return found


@pytest.fixture
async def world(ground: Installation | Postgres, tmp_path: Path) -> AsyncIterator[World]:
    """An installation whose sellers sign up through the API: a fresh one, or the services."""
    if isinstance(ground, Installation):
        async with split_world(ground) as split:
            yield split
    else:
        async with open_world(ground, tmp_path) as opened:
            opened.signing_up = True
            yield opened
