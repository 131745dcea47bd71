"""The server process of the benchmark: the program's own host behind uvicorn, watched from inside.

Relay and worker do not run in it (`--background` lets them): archiving a PDF after each finalize
would be measured as part of other requests. A line on standard input asks for the lag of the event
loop since the last line.
"""

import asyncio
import json
import sys
import threading
import time

import uvicorn
import uvloop

from bench.installation import bench_settings, prepared_host
from invx.host import create_app
from invx.infra.observability import configure_observability

INTERVAL_SECONDS = 0.005


class LagSamples:
    """How late this loop wakes, sample by sample.

    While the loop is held nobody samples, so one hold of 100 ms stands for the twenty samples that
    are missing, as long as what was left of the hold at each of their times.
    """

    def __init__(self) -> None:
        self._lags: list[float] = []

    async def watch(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(INTERVAL_SECONDS)
            lag = max(0.0, time.perf_counter() - before - INTERVAL_SECONDS)
            self._lags.append(lag)
            while lag > INTERVAL_SECONDS:
                lag -= INTERVAL_SECONDS
                self._lags.append(lag)

    def taken(self) -> dict[str, float]:
        """Percentiles in milliseconds; begins anew."""
        ordered, self._lags = sorted(self._lags) or [0.0], []
        last = len(ordered) - 1
        return {
            "p50": ordered[last // 2] * 1000,
            "p99": ordered[int(last * 0.99)] * 1000,
            "worst": ordered[-1] * 1000,
        }


async def serve(port: int, *, background: bool) -> None:
    """Until standard input ends."""
    settings = bench_settings()
    configure_observability(settings.observability)
    host = await prepared_host(settings)
    application = await create_app(host, settings, background=background)
    config = uvicorn.Config(
        application, port=port, log_config=None, access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    lags = LagSamples()
    loop = asyncio.get_running_loop()
    questions: asyncio.Queue[str] = asyncio.Queue()

    def listen() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(questions.put_nowait, line)
        loop.call_soon_threadsafe(questions.put_nowait, "")

    async def answer() -> None:
        while not server.started:  # noqa: ASYNC110  # uvicorn only sets a flag
            await asyncio.sleep(0.01)
        print("ready", flush=True)
        while await questions.get():
            print(json.dumps(lags.taken()), flush=True)
        server.should_exit = True

    threading.Thread(target=listen, daemon=True).start()
    watching = [asyncio.create_task(lags.watch()), asyncio.create_task(answer())]
    try:
        await server.serve()
    finally:
        for task in watching:
            task.cancel()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), background="--background" in sys.argv))
