"""Waiting for what another process, or another task, does in its own time."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

Found = TypeVar("Found")

HANG_SECONDS = 120
"""So long that only what hangs takes it; how fast something is, is measured elsewhere."""

REFUSED_SECONDS_MAX = 30
"""The promise is five, on a machine with nothing else to do; what only forgets takes a minute."""


def until(look: Callable[[], Found], *, pause: float = 0.05) -> Found:
    """What `look` finds at last, which it is asked for again and again.

    Raises:
        AssertionError: it still finds nothing when everything that works is long done.
    """
    end = time.monotonic() + HANG_SECONDS
    while not (found := look()):
        assert time.monotonic() < end, f"waited for {HANG_SECONDS} seconds in vain"
        time.sleep(pause)
    return found


async def refused(client: httpx.AsyncClient, path: str = "/v1/invoices") -> httpx.Response:
    """The first answer that refuses a token which was taken back a moment ago."""
    end = time.monotonic() + REFUSED_SECONDS_MAX
    while (answer := await client.get(path)).status_code == 200:
        assert time.monotonic() < end, "the token lives on"
        await asyncio.sleep(0.05)
    return answer
