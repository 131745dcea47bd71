"""The load: raw HTTP/1.1 over kept connections, so that the generator costs little itself."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

# The bytes of a request, or None when there is nothing left to ask.
NextRequest = Callable[[], bytes | None]


@dataclass(slots=True)
class Measured:
    """What one run of one kind of request showed."""

    clients: int
    seconds: float
    latencies: list[float]  # seconds, sorted
    bodies: list[bytes] = field(default_factory=list)
    client_cpu: float = 0.0  # seconds of this process

    @property
    def count(self) -> int:
        return len(self.latencies)

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    def milliseconds(self, share: float) -> float:
        """The latency below which this share of the requests stayed."""
        return quantile(self.latencies, share) * 1000


def quantile(ordered: list[float], share: float) -> float:
    """Of sorted values, the nearest rank."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def request_bytes(method: str, path: str, token: str, body: Any = None) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        f"content-length: {len(content)}\r\n"
    )
    head += "content-type: application/json\r\n" if content else ""
    return head.encode() + b"\r\n" + content


class RequestFailed(Exception):
    """An answer that is no success: a benchmark of errors means nothing."""


class Connection:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**26))

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer. Raises RequestFailed."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15 : head.index(b"\r", at)]) if at >= 0 else 0
        body = await self._reader.readexactly(length)
        if head[9:10] != b"2":
            raise RequestFailed(f"{head[:15].decode()} {body[:400].decode(errors='replace')}")
        return body

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def run(port: int, following: NextRequest, *, clients: int, seconds: float) -> Measured:
    """Ask with so many clients at once for so long, or until `following` has nothing left."""
    connections = [await Connection.open(port) for _ in range(clients)]
    latencies: list[float] = []
    bodies: list[bytes] = []
    began, cpu = time.perf_counter(), time.process_time()

    async def client(connection: Connection) -> None:
        while time.perf_counter() - began < seconds and (request := following()) is not None:
            sent = time.perf_counter()
            bodies.append(await connection.ask(request))
            latencies.append(time.perf_counter() - sent)

    try:
        await asyncio.gather(*map(client, connections))
    finally:
        for connection in connections:
            await connection.close()
    spent = time.perf_counter() - began
    return Measured(clients, spent, sorted(latencies), bodies, client_cpu=time.process_time() - cpu)


def drawn_from(requests: Iterator[bytes]) -> NextRequest:
    """Each request once."""
    return lambda: next(requests, None)
