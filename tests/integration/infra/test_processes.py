"""Worker processes: killable, replaced, bounded, and none of them outlives its pool."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import uvloop

from invx.infra.processes import (
    Processes,
    ProcessLimits,
    WorkerLost,
    WorkersBusy,
    WorkersStopped,
    WorkFailed,
    WorkTimedOut,
    WorkTooLarge,
)
from invx.kernel.errors import Kind
from tests.integration.infra.process_jobs import act
from tests.waiting import HANG_SECONDS


@contextlib.contextmanager
def pool(**limits: Any) -> Iterator[Processes]:
    opened = Processes(act, "test", ProcessLimits(**{"processes": 1, **limits}))
    try:
        yield opened
    finally:
        opened.close()


def double(value: int = 1) -> dict[str, Any]:
    return {"act": "double", "value": value}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + HANG_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.02)


async def test_a_function_answers_from_another_process() -> None:
    with pool() as processes:
        answer = await processes.run(double(21))
    assert answer["twice"] == 42
    assert answer["pid"] != os.getpid()


async def test_nothing_starts_before_it_is_needed() -> None:
    with pool() as processes:
        assert processes.pids == []
        answer = await processes.run(double())
        assert processes.pids == [answer["pid"]]


async def test_a_process_stays_and_keeps_what_it_learnt() -> None:
    with pool() as processes:
        answers = [await processes.run(double()) for _ in range(3)]
    assert [answer["jobs"] for answer in answers] == [1, 2, 3]


async def test_large_questions_and_answers_pass_whole() -> None:
    with pool() as processes:
        answer = await processes.run({"act": "double", "value": b"ab" * 2_000_000})
    assert answer["twice"] == b"ab" * 4_000_000


async def test_several_processes_work_at_the_same_time() -> None:
    with pool(processes=2) as processes:
        await asyncio.gather(processes.run(double()), processes.run(double()))
        pids = await asyncio.gather(
            *(processes.run({"act": "sleep", "seconds": 1}) for _ in range(2))
        )
        assert sorted(pids) == processes.pids


@pytest.mark.parametrize("kind", ["sleep", "spin"])
async def test_a_job_that_hangs_is_killed_and_the_next_one_runs(kind: str) -> None:
    with pool() as processes:
        first = await processes.run(double())
        started = time.monotonic()
        with pytest.raises(WorkTimedOut):
            await processes.run({"act": kind, "seconds": 60}, seconds=0.3)
        assert time.monotonic() - started < 30
        await until(lambda: not is_alive(first["pid"]))
        assert (await processes.run(double()))["jobs"] == 1


async def test_a_process_that_does_not_take_its_job_is_killed_too() -> None:
    with pool() as processes:
        first = await processes.run(double())
        os.kill(first["pid"], signal.SIGSTOP)
        with pytest.raises(WorkTimedOut):
            await processes.run({"act": "double", "value": b"x" * 3_000_000}, seconds=0.5)
        assert (await processes.run(double()))["pid"] != first["pid"]


async def test_an_idle_process_that_was_killed_is_replaced_unnoticed() -> None:
    with pool() as processes:
        first = await processes.run(double())
        os.kill(first["pid"], signal.SIGKILL)
        second = await processes.run(double(4))
    assert second["twice"] == 8
    assert second["pid"] != first["pid"]


async def test_a_job_whose_process_is_killed_is_tried_once_more(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.write_text("1")
    with pool() as processes:
        assert await processes.run({"act": "die", "left": str(left)}) in processes.pids


async def test_a_job_that_kills_two_processes_fails_by_name(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.write_text("9")
    with pool() as processes:
        with pytest.raises(WorkerLost) as caught:
            await processes.run({"act": "die", "left": str(left)})
        assert left.read_text() == "7"
        assert (await processes.run(double(3)))["twice"] == 6
    assert caught.value.kind is Kind.UNAVAILABLE


async def test_a_process_killed_from_outside_under_its_job_costs_nothing(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with pool() as processes:
        job = asyncio.create_task(
            processes.run({"act": "sleep", "seconds": 2, "started": str(started)})
        )
        await until(lambda: started.exists() and started.read_text() != "")
        killed = int(started.read_text())
        os.kill(killed, signal.SIGKILL)
        assert await job != killed


async def test_an_error_in_the_function_is_told_and_the_process_stays() -> None:
    with pool() as processes:
        with pytest.raises(WorkFailed, match="LookupError: 'lost'") as caught:
            await processes.run({"act": "raise", "value": "'lost'"})
        assert "_raise" in caught.value.stack
        with pytest.raises(WorkFailed, match="object"):
            await processes.run({"act": "unsendable"})
        assert (await processes.run(double()))["pid"] in processes.pids
        assert len(processes.pids) == 1


async def test_a_process_is_renewed_after_so_many_jobs() -> None:
    with pool(jobs=3) as processes:
        answers = [await processes.run(double()) for _ in range(7)]
        assert [answer["jobs"] for answer in answers] == [1, 2, 3, 1, 2, 3, 1]
        assert len({answer["pid"] for answer in answers}) == 3
        assert len(processes.pids) == 1


async def test_a_process_that_grew_is_renewed_after_its_job() -> None:
    with pool(rss_bytes_kept=90_000_000) as processes:
        first = await processes.run(double())
        assert await processes.run({"act": "hoarding", "megabytes": 120}) == first["pid"]
        assert (await processes.run(double()))["pid"] != first["pid"]


async def test_a_job_that_takes_too_much_memory_is_killed() -> None:
    with pool(rss_bytes_max=120_000_000) as processes:
        await processes.run(double())
        with pytest.raises(WorkTooLarge):
            await processes.run({"act": "hoarding", "megabytes": 5_000, "pause": 0.005})
        assert (await processes.run(double(5)))["twice"] == 10


async def test_one_job_too_many_is_refused_at_once() -> None:
    with pool(waiting=2) as processes:
        await processes.run(double())
        taken = [
            asyncio.create_task(processes.run({"act": "sleep", "seconds": seconds}))
            for seconds in (2, 0, 0)
        ]
        await asyncio.sleep(0)
        with pytest.raises(WorkersBusy) as caught:
            await processes.run(double())
        await asyncio.gather(*taken)
        assert (await processes.run(double(2)))["twice"] == 4
    assert caught.value.kind is Kind.UNAVAILABLE


async def test_a_caller_who_gives_up_frees_its_place_in_the_queue(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with pool(waiting=1) as processes:
        running = asyncio.create_task(
            processes.run({"act": "sleep", "seconds": 2, "started": str(started)})
        )
        await until(started.exists)
        waiting = asyncio.create_task(processes.run(double()))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await processes.run(double(8)))["twice"] == 16
        assert await running in processes.pids


async def test_a_caller_who_gives_up_leaves_the_process_to_others(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with pool() as processes:
        running = asyncio.create_task(
            processes.run({"act": "sleep", "seconds": 0.3, "started": str(started)})
        )
        await until(lambda: started.exists() and started.read_text() != "")
        running.cancel()
        assert (await processes.run(double()))["pid"] == int(started.read_text())


async def test_closing_leaves_no_process_and_says_so_to_those_who_wait(tmp_path: Path) -> None:
    started = tmp_path / "started"
    with pool(processes=2, waiting=5) as processes:
        await asyncio.gather(processes.run(double()), processes.run(double()))
        pids = processes.pids
        under_way = asyncio.create_task(
            processes.run({"act": "sleep", "seconds": 60, "started": str(started)})
        )
        await until(started.exists)
        more = [
            asyncio.create_task(processes.run({"act": "sleep", "seconds": 60})) for _ in range(3)
        ]
        await asyncio.sleep(0.1)
        before = time.monotonic()
        processes.close()
        assert time.monotonic() - before < 30
        for job in (under_way, *more):
            with pytest.raises(WorkersStopped):
                await job
        assert not any(is_alive(pid) for pid in pids)
        assert processes.pids == []
        with pytest.raises(WorkersStopped):
            await processes.run(double())


async def test_closing_twice_and_closing_unused_do_nothing() -> None:
    with pool() as processes:
        processes.close()
        processes.close()
        assert processes.pids == []


async def test_what_a_worker_prints_stays_out_of_its_answers() -> None:
    with pool() as processes:
        assert await processes.run({"act": "print"}) == ""
        assert (await processes.run(double(2)))["twice"] == 4


async def test_a_worker_sees_neither_settings_nor_open_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVX_DATABASE_APP", "postgresql://secret")
    ours = (tmp_path / "ours").open("wb")
    os.set_inheritable(ours.fileno(), True)
    with ours, pool() as processes:
        seen = await processes.run({"act": "environment"})
    assert not [name for name in seen["environment"] if name.startswith("INVX_")]
    assert str(tmp_path / "ours") not in seen["files"]


async def test_a_function_that_cannot_be_found_fails_by_name() -> None:
    def local(question: Any) -> Any:
        return question

    processes = Processes(local, "test", ProcessLimits(processes=1))
    try:
        with pytest.raises(WorkerLost):
            await processes.run(1)
    finally:
        processes.close()


async def test_the_event_loop_is_not_held_while_processes_start_and_work() -> None:
    longest, stop = 0.0, False

    async def watch() -> None:
        nonlocal longest
        while not stop:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    with pool(processes=2) as processes:
        watching, began = asyncio.create_task(watch()), time.monotonic()
        await asyncio.gather(*(processes.run(double(number)) for number in range(20)))
        await asyncio.gather(*(processes.run({"act": "sleep", "seconds": 1}) for _ in range(2)))
        stop = True
        await watching
        whole = time.monotonic() - began
    assert longest < whole / 2, "most of it is waiting for the two"


def test_two_event_loops_may_share_a_pool() -> None:
    answers: list[Any] = []
    with pool(processes=2) as processes:

        def ask() -> None:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                answers.append(runner.run(processes.run(double(3))))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer["twice"] for answer in answers] == [6] * 4


def test_a_caller_without_an_event_loop_gets_a_future() -> None:
    with pool() as processes:
        future: Future[Any] = processes.submit(double(7))
        assert future.result(HANG_SECONDS)["twice"] == 14


ORPHANS = """
    import asyncio, sys
    from invx.infra.processes import Processes, ProcessLimits
    from tests.integration.infra.process_jobs import act

    async def main():
        processes = Processes(act, "test", ProcessLimits(processes=2))
        await processes.run({"act": "double", "value": 1})
        job = asyncio.create_task(processes.run(
            {"act": "sleep", "seconds": 60, "started": sys.argv[1]}, seconds=float(sys.argv[2])
        ))
        while len(processes.pids) < 2:
            other = await processes.run({"act": "double", "value": 1})
        print(*processes.pids, flush=True)
        await job

    asyncio.run(main())
"""


async def test_workers_end_when_the_server_is_killed_even_those_that_hang(tmp_path: Path) -> None:
    started = tmp_path / "started"
    server = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ORPHANS), str(started), "1"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    try:
        assert server.stdout is not None
        pids = [int(text) for text in server.stdout.readline().split()]
        await until(started.exists)
        assert len(pids) == 2
    finally:
        server.kill()
        server.wait()
        server.communicate()
    await until(lambda: not any(is_alive(pid) for pid in pids))
