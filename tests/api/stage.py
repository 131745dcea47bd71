"""An installation on a thread of its own, for tools that send requests from outside an event loop.

Ids in paths are exchanged for those of things that exist, most of the time: an operation that only
ever answers 404 proves little. Everything that answers add to is remembered, so drafts, invoices,
credit notes, proformas, series and entries of the ledger keep coming.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import httpx

from invx.infra.embedded import Postgres
from invx.infra.tokens import issue
from invx.place import ALL_PERMISSIONS
from tests.waiting import HANG_SECONDS
from tests.world import SELLER, Desk, World, line, open_world

T = TypeVar("T")
_KEPT = 40


class Thread:
    """An event loop that runs beside the test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T], seconds: float = HANG_SECONDS) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(slots=True)
class Stage:
    """One tenant with something of everything."""

    world: World
    tenant_id: UUID
    thread: Thread
    client: httpx.AsyncClient
    ids: dict[str, deque[str]] = field(default_factory=dict)

    def token(self, permissions: tuple[str, ...] = ALL_PERMISSIONS) -> str:
        """A fresh one: a long run outlives the five minutes of a token."""
        return issue(
            self.world.key,
            self.tenant_id,
            subject="user:fuzz",
            permissions=permissions,
            lifetime=timedelta(minutes=5),
        )

    def send(self, request: httpx.Request) -> httpx.Response:
        """What the application answers; everything new in it is remembered."""
        response = self.thread.wait(self.client.send(request))
        plain = response.headers.get("content-type", "").partition(";")[0] == "application/json"
        if response.status_code in (200, 201) and plain:
            self.remember(response.json())
        return response

    def get(self, url: str) -> httpx.Response:
        """GET with everything permitted."""
        self.client.headers["authorization"] = f"Bearer {self.token()}"
        return self.send(self.client.build_request("GET", url))

    def post(self, url: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
        """POST of these very bytes, with everything permitted."""
        self.client.headers["authorization"] = f"Bearer {self.token()}"
        return self.send(self.client.build_request("POST", url, content=content, headers=headers))

    def remember(self, answer: Any) -> None:
        """Keep the ids of what an answer shows, the latest of each kind."""
        if isinstance(answer, list):
            for each in answer:
                self.remember(each)
        elif isinstance(answer, dict):
            id = answer.get("id")
            if isinstance(id, str) and "_" in id:
                kept = self.ids.setdefault(id.partition("_")[0], deque(maxlen=_KEPT))
                if id not in kept:
                    kept.append(id)
            for name in ("data", "entries"):
                self.remember(answer.get(name))

    def real(self, prefix: str, choice: int) -> str:
        """Some id of this kind that exists, or did."""
        known = self.ids[prefix]
        return known[choice % len(known)]

    def refresh(self) -> None:
        """A new seller with documents: the calls before may have spoilt what there was."""
        self.thread.wait(_fill(self))


async def _fill(stage: Stage) -> None:
    desk = Desk(stage.world, stage.tenant_id, stage.client, "")
    stage.client.headers["authorization"] = f"Bearer {stage.token()}"
    channels = [{"channel": "folder", "format": "ubl"}]
    settings = {"transmission_channels": channels, "accounting": {"chart": "SKR03"}}
    seller = await desk.post("/v1/legal-entities", {**SELLER, **settings})
    stage.remember(seller)
    entity = {"legal_entity": seller["id"]}
    stage.remember(await desk.draft(**entity))
    stage.remember(await desk.draft(line("5.00"), line("7.00"), type="credit_note", **entity))
    stage.remember(await desk.invoice(type="proforma", **entity))
    invoice = await desk.invoice(line("138.66"), line("1.50", "3"), **entity)
    paid = await desk.invoice(line("20.00"), **entity)
    stage.remember([invoice, paid])
    sending = f"/v1/invoices/{invoice['id']}/transmissions"
    stage.remember(await desk.post(sending, {"channel": "folder"}))
    body = {"amount": "10.00", "source": "p-1"}
    stage.remember(await desk.post(f"/v1/invoices/{paid['id']}/payments", body))
    credit = {"amount": "11.90", "finalize": True}
    stage.remember(await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", credit))
    stage.remember(await desk.get("/v1/series", sort="-created", limit=5))
    export = {"until": "2099-12-31", "format": "csv", **entity}
    stage.remember(await desk.post("/v1/accounting/exports", export))


@contextmanager
def open_stage(server: Postgres, folder: Path) -> Iterator[Stage]:
    """A stage on an installation of its own."""
    thread = Thread()
    opening = open_world(server, folder)
    world = thread.wait(opening.__aenter__())
    try:
        desk = thread.wait(world.seller())
        client = world.client(desk.tenant_id)
        stage = Stage(world, desk.tenant_id, thread, client)
        stage.refresh()
        yield stage
    finally:
        thread.wait(opening.__aexit__(None, None, None))
        thread.close()
