"""A very long invoice beside ordinary requests: how long the event loop is held."""

import asyncio
import json
from dataclasses import dataclass

from bench import requests
from bench.installation import Server
from bench.load import Connection, request_bytes

LINES = 10_000


@dataclass(frozen=True, slots=True)
class Held:
    """The lag of the server's event loop in milliseconds, and how long the two requests took."""

    p99: float
    worst: float
    create_seconds: float
    finalize_seconds: float
    beside: int  # other requests answered meanwhile


async def hold(server: Server, token: str) -> Held:
    """Create and finalize the long invoice while four clients create and list short ones."""
    short = [
        request_bytes("POST", "/v1/invoices", token, requests.draft()),
        request_bytes("GET", "/v1/invoices?limit=50", token),
    ]
    long = request_bytes("POST", "/v1/invoices", token, requests.draft(LINES))
    done = asyncio.Event()
    answered = 0

    async def others(request: bytes) -> None:
        nonlocal answered
        connection = await Connection.open(server.port)
        while not done.is_set():
            await connection.ask(request)
            answered += 1
            await asyncio.sleep(0.02)
        await connection.close()

    loop = asyncio.get_running_loop()
    beside = [asyncio.create_task(others(request)) for request in short * 2]
    await asyncio.sleep(0.5)
    await asyncio.to_thread(server.loop_lag)
    connection = await Connection.open(server.port)
    began = loop.time()
    draft = json.loads(await connection.ask(long))
    created = loop.time()
    path = f"/v1/invoices/{draft['id']}/finalize"
    await connection.ask(request_bytes("POST", path, token, {}))
    finalized = loop.time()
    lag = await asyncio.to_thread(server.loop_lag)
    done.set()
    await asyncio.gather(*beside)
    await connection.close()
    return Held(lag["p99"], lag["worst"], created - began, finalized - created, answered)
