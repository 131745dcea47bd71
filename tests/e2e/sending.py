"""Documents on their way: worlds with channels, and short ways to send and to look."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg

from invx.contexts.invoicing.adapters.transmission.channels import PORT, ChannelUser
from invx.contexts.invoicing.adapters.transmission.folder import Folder
from invx.contexts.invoicing.adapters.transmission.practice_authority import PracticeAuthority
from invx.contexts.invoicing.app.ports import Transmission
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Parcel
from invx.infra.embedded import Postgres
from tests.world import Desk, World, open_world

PRACTICE = [{"channel": "practice_authority", "format": "ubl", "automatic": True}]
ROME = {"line1": "Via del Corso 12", "postal_code": "00186", "city": "Roma", "country": "IT"}
ITALIAN: dict[str, Any] = {
    "name": "Bottega Verde Srl",
    "address": ROME,
    "registrations": [{"country": "IT", "vat_id": "IT12345670017"}],
    "time_zone": "Europe/Rome",
}


class Crash(Exception):
    """The process ended here."""


class Dying:
    """A channel that has what it was given, whose caller dies before it can remember that."""

    def __init__(self, means: Transmission, times: int = 1) -> None:
        self._means, self._left = means, times

    async def send(self, parcel: Parcel) -> Answer:
        answer = await self._means.send(parcel)
        if self._left:
            self._left -= 1
            raise Crash
        return answer

    async def ask(self, receipt: str) -> Answer:
        return await self._means.ask(receipt)


@asynccontextmanager
async def sending_world(server: Postgres, folder: Path, **environment: str) -> AsyncIterator[World]:
    """An installation with more channels than the authority to practise with and a folder."""
    async with open_world(server, folder, environment) as world:
        yield world


async def start_anew(world: World) -> World:
    """The same installation with an authority that has seen nothing, and channels that live."""
    await world.settle()  # what another test left
    channels: Any = user_of(world).channels
    fresh = {
        "practice_authority": PracticeAuthority(),
        "folder": Folder(files_of(world)),
    }
    for name, means in fresh.items():
        channels[name] = replace(channels[name], means=means)
    return world


def files_of(world: World) -> Path:
    """The folder of the channel `folder`."""
    folder = world.settings.transmission.folder
    assert folder is not None
    return folder


def files_sent(desk: Desk) -> list[Path]:
    """What lies in the folder of a tenant's documents."""
    return sorted((files_of(desk.world) / "outgoing" / str(desk.tenant_id)).glob("*"))


def user_of(world: World) -> ChannelUser:
    found = world.host.contexts["invoicing"].runner.providers[PORT]
    assert isinstance(found, ChannelUser)
    return found


def authority_of(world: World) -> PracticeAuthority:
    means = user_of(world).channels["practice_authority"].means
    assert isinstance(means, PracticeAuthority)
    return means


def let_die(world: World, channel: str, times: int = 1) -> None:
    """The next uses of a channel end the process after the far side has the document."""
    channels: Any = user_of(world).channels
    channels[channel] = replace(channels[channel], means=Dying(channels[channel].means, times))


async def again(desk: Desk) -> None:
    """What failed is tried at once instead of a little later, and everything is done."""
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.due_jobs SET next_attempt_at = '-infinity' WHERE tenant_id = $1",
            desk.tenant_id,
        )
    await desk.world.settle()


async def later(desk: Desk, **by: float) -> None:
    """Business time passes, and what falls due in it is done."""
    await desk.world.advance(desk.tenant_id, timedelta(**by))
    await desk.world.settle()


def path(document: dict[str, Any]) -> str:
    return f"/v1/invoices/{document['id']}"


async def sent(desk: Desk, document: dict[str, Any], channel: str, **more: Any) -> dict[str, Any]:
    """Queue it; what comes back is not sent yet."""
    body = {"channel": channel, **more}
    return await desk.post(f"{path(document)}/transmissions", body, status=202)


async def transmissions(desk: Desk, document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Those of a document by channel."""
    found = await desk.get(f"{path(document)}/transmissions")
    return {each["channel"]: each for each in found["data"]}


async def states(desk: Desk, document: dict[str, Any]) -> tuple[str, str]:
    """Delivery and clearance, the same in detail and list."""
    shown = await desk.get(path(document))
    [listed] = [
        each
        for each in (await desk.get("/v1/invoices", limit=100))["data"]
        if each["id"] == document["id"]
    ]
    found = shown["delivery_status"], shown["clearance_status"]
    assert found == (listed["delivery_status"], listed["clearance_status"])
    return found


async def happened(desk: Desk, document: dict[str, Any], about: str = "delivery") -> list[str]:
    """The events of a document's delivery."""
    history = await desk.get(f"{path(document)}/history")
    return [each["type"] for each in history["data"] if each["about"] == about]


async def in_tables(conn: asyncpg.Connection, word: str) -> list[str]:
    """The tables of invoicing in which a word stands anywhere."""
    found = []
    for row in await conn.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'invoicing'"):
        table = f'invoicing."{row[0]}"'
        if await conn.fetchval(
            f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text LIKE $1)", f"%{word}%"
        ):
            found.append(table)
    return found
