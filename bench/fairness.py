"""What one tenant notices of another that finalizes very many invoices at once.

One server as `make up` runs it: API, relay and worker in one process. First a quiet tenant alone
creates and finalizes invoices; then again while a busy one finalizes all of its drafts in one
operation. Measured: the answer to a create, and the time from the answer to a finalize until its
event had its effect in analytics.

    python -m bench.fairness [--invoices 100000] [--record docs/measurements/fairness.md]
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from bench import requests
from bench.bulk import drafted, registered
from bench.figures import keep
from bench.installation import (
    bench_settings,
    new_tenant,
    prepared_host,
    running_postgres,
    running_server,
)
from bench.load import Connection, quantile, request_bytes
from invx.infra.embedded import Postgres
from invx.kernel.ids import parse_typeid
from invx.place import place_of

INVOICES, INVOICES_IN_SOAK = 5_000, 100_000
ALONE, ROUNDS_MAX = 60, 2_000
P99_SECONDS_MAX = 2.0
_EFFECT_SECONDS_MAX = 120
_PAUSE_SECONDS = 0.1  # of the quiet tenant, between two invoices


@dataclass(slots=True)
class Noticed:
    """Seconds, one value for each invoice of the quiet tenant."""

    create: list[float] = field(default_factory=list)
    effect: list[float] = field(default_factory=list)

    def milliseconds(self, what: str, share: float) -> float:
        values: list[float] = getattr(self, what)
        return quantile(sorted(values), share) * 1000


class Quiet:
    """The tenant that minds: one invoice after the other."""

    def __init__(self, http: Connection, database: asyncpg.Connection, token: str) -> None:
        self._http = http
        self._database = database
        self._token = token

    async def ask(self, path: str, body: Any, method: str = "POST") -> Any:
        return json.loads(await self._http.ask(request_bytes(method, path, self._token, body)))

    async def close(self) -> None:
        await self._http.close()

    async def once(self, noticed: Noticed) -> None:
        """Create, finalize, and wait until analytics counts it."""
        began = time.perf_counter()
        draft = await self.ask("/v1/invoices", requests.draft())
        noticed.create.append(time.perf_counter() - began)
        await self.ask(f"/v1/invoices/{draft['id']}/finalize", {})
        committed = time.perf_counter()
        document_id = parse_typeid("inv", draft["id"])
        while not await self._database.fetchval(
            "SELECT true FROM analytics.documents WHERE document_id = $1", document_id
        ):
            if time.perf_counter() - committed > _EFFECT_SECONDS_MAX:
                raise SystemExit("an event had no effect")
            await asyncio.sleep(0.005)
        noticed.effect.append(time.perf_counter() - committed)
        await asyncio.sleep(_PAUSE_SECONDS)


async def _tenants(count: int) -> tuple[str, str]:
    """Tokens of the quiet tenant and of the busy one, which has so many drafts."""
    settings = bench_settings()
    host = await prepared_host(settings)
    (quiet, quiet_token), (busy, busy_token) = [await new_tenant(host, settings) for _ in range(2)]
    await registered(host, [quiet, busy])
    await host.stop()
    made: list[UUID] = await drafted(busy, count)
    if len(made) != count:
        raise SystemExit(f"{len(made)} drafts were made")
    return quiet_token, busy_token


async def _noticed(port: int, server: Postgres, tokens: tuple[str, str]) -> tuple[Noticed, Noticed]:
    """Alone, and beside the busy tenant until its operation is done."""
    database = await asyncpg.connect(**place_of(server).admin)

    async def busy(*asked: Any) -> Any:  # so seldom that the server closes a kept connection
        tenant = Quiet(await Connection.open(port), database, tokens[1])
        answer = await tenant.ask(*asked)
        await tenant.close()
        return answer

    quiet = Quiet(await Connection.open(port), database, tokens[0])
    alone, beside = Noticed(), Noticed()
    for _ in range(5):
        await quiet.once(Noticed())
    for _ in range(ALONE):
        await quiet.once(alone)
    begun = await busy("/v1/invoices/finalize", {"filter": {"status": "draft"}})
    while begun["state"] != "done" and len(beside.create) < ROUNDS_MAX:
        await quiet.once(beside)
        begun = await busy(f"/v1/operations/{begun['id']}", None, "GET")
    await database.close()
    return alone, beside


def figures(alone: Noticed, beside: Noticed, invoices: int) -> dict[str, float]:
    """p50 and p99 in milliseconds."""
    found: dict[str, float] = {"fairness_invoices": invoices, "fairness_rounds": len(beside.create)}
    for name, noticed in (("alone", alone), ("beside", beside)):
        for what in ("create", "effect"):
            for said, share in (("p50", 0.5), ("p99", 0.99)):
                found[f"fairness_{what}_{name}_{said}_ms"] = round(
                    noticed.milliseconds(what, share), 1
                )
    return found


def shown(found: dict[str, float]) -> str:
    """The table of `docs/measurements/fairness.md`."""
    lines = ["| | p50 ms alone | p99 | p50 ms beside | p99 |", "| --- | --- | --- | --- | --- |"]
    for what, said in (("create", "create"), ("effect", "commit to effect")):
        cells = [
            f"{found[f'fairness_{what}_{name}_{share}_ms']:.0f}"
            for name in ("alone", "beside")
            for share in ("p50", "p99")
        ]
        lines.append(f"| {said} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench.fairness", description=__doc__)
    many = INVOICES_IN_SOAK if os.environ.get("INVX_SOAK") else INVOICES
    parser.add_argument("--invoices", type=int, default=many)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    target = Path(os.environ.get("INVX_HOME", ".invx")).absolute() / "bench.json"
    with tempfile.TemporaryDirectory(prefix="invx-fairness-") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "home") as postgres:
            tokens = asyncio.run(_tenants(options.invoices))
            with running_server("--background") as server:
                alone, beside = asyncio.run(_noticed(server.port, postgres, tokens))
    found = figures(alone, beside, options.invoices)
    print(shown(found))
    for what in ("create", "effect"):
        p99 = found[f"fairness_{what}_beside_p99_ms"]
        met = p99 <= P99_SECONDS_MAX * 1000
        print(f"{'met   ' if met else 'missed'}  {what}: p99 {p99:.0f} ms beside")
    keep(target, found)
    if options.record:
        options.record.write_text(_page(found))


def _page(found: dict[str, float]) -> str:
    count, rounds = int(found["fairness_invoices"]), int(found["fairness_rounds"])
    return (
        f"# python -m bench.fairness\n\nA quiet tenant, alone ({ALONE} invoices) and while another"
        f" finalizes {count:,} invoices in one operation ({rounds:,} invoices meanwhile), on one"
        f" process with API, relay and worker.\n\n{shown(found)}\n\nLoad of the machine at the end:"
        f" {os.getloadavg()[0]:.1f}. The two p99 beside stay below {P99_SECONDS_MAX:.0f} s.\n"
    )


if __name__ == "__main__":
    main()
