"""Fixtures that every suite may use. Nothing starts before a test asks for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from invx.infra.embedded import Postgres
from tests.world import Desk, World, make_template, open_world, running_server

if TYPE_CHECKING:
    from tests.storages import S3Server

# Two cores that do other things too: a deadline per example would measure the neighbours.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

pytest_plugins = ("tests.budget",)


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


@pytest.fixture
async def world(server: Postgres, tmp_path: Path) -> AsyncIterator[World]:
    """A whole installation with a database of its own."""
    async with open_world(server, tmp_path) as opened:
        yield opened


@pytest.fixture
async def desk(world: World) -> Desk:
    """A tenant with one legal entity, ready to write invoices."""
    return await world.seller()
