"""Switches logs and traces on, and watches the event loop."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import BinaryIO

from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import start_http_server

from invx.infra.logs import configure_logs
from invx.infra.metrics import LOOP_LAG
from invx.infra.tracing import configure_tracing


@dataclass(frozen=True, slots=True)
class ObservabilitySettings:
    """What a running program tells about itself."""

    service: str = "invx"  # the name in traces
    log_level: str = "info"
    log_json: bool = True  # False: lines for a person at a terminal
    otlp_endpoint: str | None = None  # where traces go, OTLP over HTTP; None: nowhere
    trace_sample_ratio: float = 1.0  # of traces that start here; a caller's decision is kept
    loop_lag_interval_seconds: float = 0.02
    metrics_port: int = 0  # of a process that serves nothing else; 0: none


def configure_observability(
    settings: ObservabilitySettings, *, logs_to: BinaryIO | None = None
) -> TracerProvider | None:
    """Logs (to standard error unless told otherwise), then traces.

    The provider that comes back wants `shutdown()` at the end.
    """
    configure_logs(settings.log_level, json=settings.log_json, to=logs_to)
    return configure_tracing(
        service=settings.service,
        endpoint=settings.otlp_endpoint,
        sample_ratio=settings.trace_sample_ratio,
    )


@contextmanager
def metrics_shown(host: str, port: int) -> Iterator[None]:
    """Figures of a process that serves no HTTP otherwise, at any path; with port 0 nowhere.

    Raises OSError and OverflowError when nobody can listen there.
    """
    if not port:
        yield
        return
    server, thread = start_http_server(port, addr=host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class LoopLagMonitor:
    """Sleeps briefly, over and over, and records how late it wakes (`invx_loop_lag_seconds`).

    `worst_seconds` is the worst since it was last reset, for tests and the doctor.
    """

    def __init__(self, interval_seconds: float = 0.02) -> None:
        self.interval_seconds = interval_seconds
        self.worst_seconds = 0.0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._watch(), name="loop-lag")

    async def stop(self) -> None:
        """Ends the watch; harmless when it never began."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    async def _watch(self) -> None:
        while True:
            before = perf_counter()
            await asyncio.sleep(self.interval_seconds)
            lag = max(0.0, perf_counter() - before - self.interval_seconds)
            LOOP_LAG.observe(lag)
            self.worst_seconds = max(self.worst_seconds, lag)
