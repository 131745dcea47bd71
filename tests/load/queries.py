"""Counts what really goes to the database: every statement of every connection of a pool."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from asyncpg.connection import LoggedQuery

from tests.world import World

_ONCE = ("typeinfo_tree", "set_config('jit'")


@asynccontextmanager
async def counted(world: World) -> AsyncIterator[list[str]]:
    """The statements that requests send while this is open; each is one round trip.

    What asyncpg asks once per connection, about types that are new to it, is left out.
    """
    sent: list[str] = []

    def note(query: LoggedQuery) -> None:
        if not any(sign in query.query for sign in _ONCE):
            sent.append(query.query)

    held = [await world.host.pools.app.acquire() for _ in range(10)]
    held += [await world.host.pools.system.acquire() for _ in range(4)]
    connections: list[asyncpg.Connection] = list(held)
    for conn in connections:
        conn.add_query_logger(note)
    for conn in held[:10]:
        await world.host.pools.app.release(conn)
    for conn in held[10:]:
        await world.host.pools.system.release(conn)
    for context in world.host.contexts.values():
        # As if read just now: what is older than some seconds is read again by whichever request
        # comes then, and on a slow machine that is the one that is counted.
        for _, tenant in list(context.directory._cache.values()):
            context.directory.remember(tenant)
    yield sent
