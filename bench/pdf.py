"""What a PDF costs: an ordinary invoice of ten lines, with a warm compiler."""

import asyncio
import json
import time
from statistics import median
from typing import Any

from bench import requests
from bench.installation import Server
from bench.load import Connection, request_bytes
from invx.contexts.invoicing.adapters.pdf import TypstRenderer

LINES, WARM, RUNS = 10, 3, 15


async def _resource(server: Server, token: str) -> dict[str, Any]:
    connection = await Connection.open(server.port)
    body = requests.draft(LINES)
    draft = json.loads(await connection.ask(request_bytes("POST", "/v1/invoices", token, body)))
    path = f"/v1/invoices/{draft['id']}/finalize"
    issued = json.loads(await connection.ask(request_bytes("POST", path, token, {})))
    await connection.close()
    found: dict[str, Any] = issued
    return found


def pdf_cpu_ms(server: Server, token: str) -> float:
    """Milliseconds of CPU, in all threads of this process, per PDF; the middle of fifteen.

    Each is of another document: the same one again would come from the compiler's memory.
    """
    resource = asyncio.run(_resource(server, token))
    renderer = TypstRenderer()
    spent = []
    for number in range(WARM + RUNS):
        resource["number"] = f"2026-{number:04}"
        resource["lines"][0]["description"] = f"Workshop {number}"
        before = time.process_time()
        renderer.render(resource, mark=None)
        spent.append((time.process_time() - before) * 1000)
    return median(spent[WARM:])
