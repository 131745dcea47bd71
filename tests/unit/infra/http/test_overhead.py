"""What the edge costs a request, measured in process. `docs/measurements` has the figures."""

import asyncio
from time import process_time

import pytest

from invx.infra.http.request_context import RequestContextMiddleware
from invx.kernel.ids import typeid
from tests.pace import slower
from tests.unit.infra.http.example import NOTE, Keys, SetClock, captured_logs, example_app

# About five times what an idle machine shows, so that it fails for a reason; more in proportion
# on slower ones.
MIDDLEWARE_MICROSECONDS_MAX = 150
REQUEST_MICROSECONDS_MAX = 600


async def bare(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def microseconds(app, headers: list, path: str, rounds: int = 5, count: int = 200) -> float:
    """CPU time of one request: the best of some rounds, the first of which warms up."""

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == 200

    best = float("inf")
    for _ in range(rounds):
        began = process_time()
        for _ in range(count):
            scope = {"type": "http", "method": "GET", "path": path, "query_string": b""}
            await app(scope | {"headers": headers}, receive, send)
        best = min(best, (process_time() - began) / count * 1e6)
        await asyncio.sleep(0)
    return best


@pytest.fixture
def quiet():
    with captured_logs():
        yield


async def test_the_request_context_costs_microseconds(quiet) -> None:
    headers = [(b"host", b"test"), (b"accept", b"*/*"), (b"user-agent", b"test")]
    with_it = await microseconds(RequestContextMiddleware(bare), headers, "/x")
    without = await microseconds(bare, headers, "/x")
    assert with_it - without < MIDDLEWARE_MICROSECONDS_MAX * slower()


async def test_a_remembered_token_a_route_and_an_answer_cost_microseconds(
    quiet, keys: Keys, clock: SetClock
) -> None:
    app = example_app(keys, clock)
    headers = [(b"authorization", f"Bearer {keys.token('notes:read')}".encode())]
    cost = await microseconds(app, headers, f"/v1/notes/{typeid('note', NOTE)}")
    assert cost < REQUEST_MICROSECONDS_MAX * slower()
