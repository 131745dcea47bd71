"""Fixtures that every suite may use. Nothing starts before a test asks for it."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from invx.infra.embedded import Postgres
from invx.infra.embedded_rabbit import Rabbit
from tests.world import Desk, World, make_template, open_world, running_server

if TYPE_CHECKING:
    from invx.testing.client import Business
    from invx.testing.instance import Instance
    from tests.storages import S3Server

# Two cores that do other things too: a deadline per example would measure the neighbours.
# The same examples each time; a soak looks for new ones.
settings.register_profile(
    "house",
    deadline=None,
    print_blob=True,
    derandomize=not os.environ.get("INVX_SOAK"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
if not os.environ.get("INVX_SOAK"):
    # Hypothesis also tries numbers and texts that it finds in the modules that are loaded by then.
    assert callable(providers._get_local_constants)
    providers._get_local_constants = providers.Constants

pytest_plugins = (
    "tests.distribution",
    "tests.recap",
    "tests.budget",
    "invx.testing.plugin",
)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A real PostgreSQL with a migrated template, for the whole run."""
    with running_server() as running:
        asyncio.run(make_template(running))
        yield running


@pytest.fixture(scope="session")
def s3() -> "Iterator[S3Server]":
    """An S3-compatible server, for the whole run."""
    from tests.storages import s3_server  # botocore and its server take a second to import

    with s3_server() as running:
        yield running


@pytest.fixture(scope="session")
def rabbit() -> Iterator[Rabbit]:
    """A real RabbitMQ, for the whole run; a machine without one fails the test, saying so."""
    with tempfile.TemporaryDirectory(prefix="invx-rabbit-") as folder, Rabbit(Path(folder)) as made:
        made.watch(print)
        yield made


@pytest.fixture(scope="module")
def invx(request: pytest.FixtureRequest) -> "Iterator[Instance]":
    """Ends with the file: it runs in this process, and its upkeep writes the same figures."""
    from invx.testing import plugin  # pytest wants to import it itself, first

    with plugin.running(request.config) as instance:
        yield instance


@pytest.fixture(scope="module")
def business(invx: "Instance") -> "Iterator[Business]":
    """Likewise."""
    from invx.testing import plugin

    with plugin.signed_up(invx.url) as owner:
        yield owner


@pytest.fixture
async def world(server: Postgres, tmp_path: Path) -> AsyncIterator[World]:
    """A whole installation with a database of its own."""
    async with open_world(server, tmp_path) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> Desk:
    """A tenant with one legal entity, ready to write invoices."""
    return await world.seller()
