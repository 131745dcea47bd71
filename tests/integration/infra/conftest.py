"""A small context on a real server; see `tests/integration/infra/notebook.py`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from invx.infra.embedded import Postgres
from invx.infra.postgres import Database, Pools
from invx.infra.system import SystemClock, Uuid7Ids
from invx.infra.tenancy import Directory
from invx.infra.write_set import Catalogue
from invx.place import Place
from tests.integration.infra.notebook import SCHEMA, Notebook, make_notebook


@pytest.fixture(scope="session")
def notebook_place(server: Postgres) -> Place:
    return asyncio.run(make_notebook(server))


@pytest.fixture
async def notebook(notebook_place: Place) -> AsyncIterator[Notebook]:
    """The context with a tenant of its own for this test."""
    root = await asyncpg.connect(**notebook_place.admin)
    where = replace(notebook_place.where, app_connections_max=4, system_connections_max=2)
    pools = Pools(where)
    await pools.open()
    database = Database(SCHEMA, pools)
    directory = Directory(database, SystemClock())
    tenant_id = Uuid7Ids().new()
    await directory.register(tenant_id, name="T")
    try:
        catalogue = await Catalogue.read(root, SCHEMA)
        yield Notebook(root, notebook_place, pools, database, catalogue, directory, tenant_id)
    finally:
        await pools.close()
        await root.close()
