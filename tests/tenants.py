"""Commands on the database of a world: the program as an operator calls it, in this process."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from urllib.parse import quote
from uuid import UUID

from typer.testing import CliRunner

from invx.cli.ground import TENANT
from invx.cli.program import app
from invx.kernel.errors import DomainError
from invx.kernel.ids import typeid
from tests.world import PLACEMENTS, World


def dsn(where: Mapping[str, Any]) -> str:
    """The URI of connection arguments."""
    login = f"{where['user']}:{quote(where['password'], safe='')}"
    at = f"host={quote(where['host'], safe='')}&port={where['port']}"
    return f"postgresql://{login}@/{where['database']}?{at}"


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended: 0, or 1 with the refusal as the last line."""

    code: int
    text: str


def environment(world: World, **more: str) -> dict[str, str]:
    """The settings under which a command finds the world's database, and no others."""
    place = world.place
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith("INVX_")},
        "INVX_HOME": str(world.key.parent),
        "INVX_DATABASE_ADMIN": dsn(place.admin),
        "INVX_DATABASE_APP": dsn(place.where.app),
        "INVX_DATABASE_SYSTEM": dsn(place.where.system),
        **({"INVX_PLACEMENTS": str(world.key.parent / PLACEMENTS)} if place.others else {}),
        **more,
    }


async def invx(world: World, *words: str, **more: str) -> Said:
    """Run a command to its end, beside this loop. A defect is raised, a refusal is said."""

    def run() -> Said:
        with patch.dict(os.environ, environment(world, **more), clear=True):
            done = CliRunner().invoke(app, list(words))
        if done.exception is None or isinstance(done.exception, SystemExit):
            return Said(done.exit_code, done.output)
        if isinstance(done.exception, DomainError):
            return Said(1, done.output + done.exception.detail)
        raise done.exception

    return await asyncio.to_thread(run)


def tnt(tenant_id: UUID) -> str:
    """The id as commands take it."""
    return typeid(TENANT, tenant_id)


async def rows_of(world: World, tenant_id: Any) -> dict[str, int]:
    """How many rows of the tenant there are anywhere, but for the directory."""
    found = {}
    async with world.admin() as conn:
        tables = await conn.fetch(
            "SELECT table_schema AS s, table_name AS t FROM information_schema.columns"
            " WHERE column_name = 'tenant_id' AND table_schema = ANY($1) AND table_name <>"
            " 'tenants'",
            list(world.host.contexts),
        )
        for row in tables:
            count = await conn.fetchval(
                f'SELECT count(*) FROM {row["s"]}."{row["t"]}" WHERE tenant_id = $1', tenant_id
            )
            if count:
                found[f"{row['s']}.{row['t']}"] = count
    return found
