"""Long work beside the event loop: the loop goes on, and the work misses nothing that it left."""

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from functools import partial

import pytest

from invx.infra.apart import Distant, apart, at_home, call_at_home, is_apart
from invx.kernel.errors import NotFound
from tests.integration.delivery.stage import until
from tests.waiting import HANG_SECONDS

WHOSE: ContextVar[str] = ContextVar("WHOSE", default="nobody's")


class Connection:
    """Belongs to the loop that made it, as every connection to a database does."""

    def __init__(self) -> None:
        self._home = asyncio.get_running_loop()
        self.asked: list[tuple[object, ...]] = []

    async def fetchval(self, *query: object, **options: object) -> str:
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is self._home
        self.asked.append((*query, options))
        return "found"

    async def execute(self, *query: object) -> str:
        assert asyncio.get_running_loop() is self._home
        raise NotFound(str(query[0]))

    def is_closed(self) -> bool:
        return False


@pytest.fixture(autouse=True)
async def _collector_as_before() -> AsyncIterator[None]:
    enabled = gc.isenabled()
    yield

    async def as_before() -> bool:
        return gc.isenabled() is enabled

    await until(as_before)  # what is paused goes on; work whose caller left it ends later


async def test_the_result_comes_back_from_another_thread() -> None:
    async def work() -> tuple[str, bool, str]:
        await asyncio.sleep(0)
        return threading.current_thread().name, is_apart(), WHOSE.get()

    WHOSE.set("ada's")
    name, beside, whose = await apart(work)
    assert name.startswith("apart")
    assert beside
    assert whose == "ada's", "logs and traces name the same request there"
    assert not is_apart()


async def test_a_refusal_is_raised_as_it_is() -> None:
    async def work() -> None:
        raise NotFound("no such document")

    with pytest.raises(NotFound, match="no such document"):
        await apart(work)


async def test_the_loop_turns_while_the_work_computes() -> None:
    async def work() -> None:
        end = time.perf_counter() + HANG_SECONDS
        while turns < 5 and time.perf_counter() < end:
            sum(range(1_000))

    turns = 0
    computing = asyncio.ensure_future(apart(work))
    while not computing.done():
        await asyncio.sleep(0.005)
        turns += 1
    assert turns >= 5


async def test_what_is_apart_already_stays_where_it_is() -> None:
    async def inner() -> str:
        return threading.current_thread().name

    async def outer() -> tuple[str, str]:
        return threading.current_thread().name, await apart(inner)

    here, there = await apart(outer)
    assert here == there


async def test_no_more_than_two_are_apart_at_once_and_the_others_wait() -> None:
    lock, at_once, most, pair = threading.Lock(), 0, 0, threading.Barrier(2)

    async def work() -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        pair.wait(HANG_SECONDS)
        time.sleep(0.02)
        with lock:
            at_once -= 1

    await asyncio.gather(*(apart(work) for _ in range(8)))
    assert (most, at_once) == (2, 0)


async def test_a_caller_that_is_cancelled_goes_while_the_work_ends() -> None:
    """A client that hangs up must not leave a transaction half rolled back."""
    begun, go_on, ended = (threading.Event() for _ in range(3))

    async def work() -> None:
        begun.set()
        await asyncio.to_thread(go_on.wait, HANG_SECONDS)
        ended.set()

    waiting = asyncio.create_task(apart(work))
    assert await asyncio.to_thread(begun.wait, HANG_SECONDS)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not ended.is_set()
    go_on.set()
    assert await asyncio.to_thread(ended.wait, HANG_SECONDS)


async def test_a_connection_is_asked_on_the_loop_that_it_belongs_to() -> None:
    conn = Connection()

    async def work() -> str:
        distant = Distant(conn)
        assert not distant.is_closed()
        found: str = await distant.fetchval("SELECT $1", 7, timeout=3)
        return found

    assert await apart(work) == "found"
    assert conn.asked == [("SELECT $1", 7, {"timeout": 3})]


async def test_an_error_at_home_is_raised_apart() -> None:
    conn = Connection()

    async def work() -> None:
        await Distant(conn).execute("SELECT 1")

    with pytest.raises(NotFound, match="SELECT 1"):
        await apart(work)


async def test_what_is_called_at_home_runs_in_the_thread_of_the_loop() -> None:
    names: list[str] = []

    def note() -> None:
        names.append(threading.current_thread().name)

    async def where() -> str:
        return threading.current_thread().name

    async def work() -> str:
        call_at_home(note)
        return await at_home(where)

    here = threading.current_thread().name
    assert await apart(work) == here
    assert names == [here]
    assert await at_home(where) == here
    call_at_home(note)
    assert names == [here, here], "at home it is called at once"


async def test_the_collector_rests_until_the_last_is_back() -> None:
    gc.enable()
    both, first, last = threading.Barrier(3), threading.Event(), threading.Event()

    async def work(told: threading.Event) -> bool:
        both.wait(HANG_SECONDS)
        await asyncio.to_thread(told.wait, HANG_SECONDS)
        return gc.isenabled()

    waiting = [asyncio.create_task(apart(partial(work, told))) for told in (first, last)]
    await asyncio.to_thread(both.wait, HANG_SECONDS)
    first.set()
    assert await waiting[0] is False
    assert not gc.isenabled()
    last.set()
    assert await waiting[1] is False
    assert gc.isenabled()
