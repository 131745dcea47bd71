"""An installation split into services, in the shape that the stories of one process are told in."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from invx.cli.split import Split
from invx.host import CONTEXTS, INBOX_CHANNEL, subscribers
from invx.infra.postgres import Pools
from invx.infra.system import Uuid7Ids
from invx.place import create_tenant, directories
from invx.settings import read_settings
from tests.e2e.installation import Installation
from tests.waiting import HANG_SECONDS
from tests.world import World

_OF_A_HOP = {"transfer-encoding", "connection"}
_OF_AN_ENCODING = {"content-encoding", "content-length"}  # which the client has undone


class Forwarder:
    """An application that sends every request on to a gateway, as it is."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=60)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = [each for each in scope["headers"] if each[0] not in (b"host", b"connection")]
        path = scope["raw_path"].decode() + (b"?" + scope["query_string"]).decode().rstrip("?")
        answer = await self._client.request(scope["method"], path, headers=headers, content=body)
        said = [(name.lower(), text) for name, text in answer.headers.raw]
        dropped = _OF_A_HOP | (_OF_AN_ENCODING if "content-encoding" in answer.headers else set())
        said = [(name, text) for name, text in said if name.decode() not in dropped]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": said})
        await send({"type": "http.response.body", "body": answer.content})

    async def close(self) -> None:
        await self._client.aclose()


@dataclass(slots=True)
class SplitWorld(World):
    """A `World` whose processes are not ours: the API, the databases, and waiting."""

    pools: Pools = field(kw_only=True)
    began: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=1))

    async def tenant(self, *, mode: str = "live") -> UUID:
        tenant_id = Uuid7Ids().new()
        await create_tenant(self.pools, tenant_id, name="T", mode=mode)
        return tenant_id

    async def advance(self, tenant_id: UUID, by: timedelta) -> None:
        for directory in directories(self.pools):
            await directory.advance_clock(tenant_id, by)

    async def settle(self) -> None:
        """Until what contexts told is done wherever it is heard, and no job is due."""
        end = time.monotonic() + HANG_SECONDS
        while missing := await self._under_way():
            assert time.monotonic() < end, missing
            await asyncio.sleep(0.05)

    async def _under_way(self) -> list[str]:
        told, done, missing = {}, {}, []
        async with AsyncExitStack() as stack:
            looks = {
                name: await stack.enter_async_context(self.admin(context=name)) for name in CONTEXTS
            }
            for name, conn in looks.items():
                done[name] = {row[0] for row in await conn.fetch(_DONE.format(schema=name))}
                jobs = await conn.fetch(_DUE.format(schema=name))
                missing += [f"job {kind} of {name}" for (kind,) in jobs]
                await conn.execute(f"NOTIFY {INBOX_CHANNEL}")  # a clock may have been moved
            # Last, since what was done by then has told what it tells.
            for name, conn in looks.items():
                told[name] = await conn.fetch(_TOLD.format(schema=name), self.began)
        return missing + [
            f"{wire} from {sender} to {receiver}"
            for sender, rows in told.items()
            for message, wire in rows
            for receiver in subscribers().get(wire, ())
            if message not in done[receiver]
        ]

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
        await self.pools.close()


def split_of(installation: Installation) -> Split:
    """The same services, as another process sees them."""
    told = {"INVX_HOME": str(installation.home), **installation.told}
    return Split.of(read_settings(told), 0)


@asynccontextmanager
async def split_world(installation: Installation) -> AsyncIterator[SplitWorld]:
    """Its sellers sign up at the gateway."""
    services, forwarder = split_of(installation), Forwarder(installation.url)
    world = SplitWorld(
        server=services.postgres,
        place=services.place,
        host=None,  # type: ignore[arg-type]  # nobody here can reach into its processes
        app=forwarder,  # type: ignore[arg-type]
        settings=services.settings,
        key=services.settings.place.signing_key,
        signing_up=True,
        url=installation.url,
        pools=Pools(services.place.where),
    )
    try:
        yield world
    finally:
        await world.close()
        await forwarder.close()


_TOLD = "SELECT message_id, contract FROM {schema}.outbox WHERE recorded_at > $1"
_DONE = "SELECT message_id FROM {schema}.inbox WHERE state <> 'pending'"
_DUE = """
SELECT kind FROM {schema}.due_jobs JOIN {schema}.tenants USING (tenant_id)
WHERE state = 'pending' AND status = 'active' AND due_at <= now() + clock_offset
    AND (claim IS NOT NULL OR next_attempt_at IS NULL OR next_attempt_at <= now())
"""
