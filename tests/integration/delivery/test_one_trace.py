"""One trace from a request to the last effect, by way of either transport, jobs and operations."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from opentelemetry.trace import SpanKind

from invx.infra.embedded import Postgres
from invx.infra.embedded_rabbit import Rabbit
from tests.integration.delivery.stage import until
from tests.traces import Traces, context_of, recorded_spans
from tests.waiting import HANG_SECONDS
from tests.world import Desk, World, draft_body, open_world

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
CONTRACT = "invoicing.document.finalized.v1"
FINALIZE = "POST /v1/invoices/{invoice}/finalize"


@pytest.fixture
def traces() -> Iterator[Traces]:
    with recorded_spans() as found:
        yield found


@pytest.fixture(params=["postgres", "rabbitmq"])
async def desk(
    request: pytest.FixtureRequest, server: Postgres, tmp_path: Path
) -> AsyncIterator[Desk]:
    """A tenant of an installation with this transport."""
    environment: dict[str, str] = {}
    if request.param == "rabbitmq":
        rabbit: Rabbit = request.getfixturevalue("rabbit")
        environment["INVX_RABBITMQ"] = rabbit.url
    async with open_world(server, tmp_path, environment) as world, feeding(world):
        assert bool(world.host.feeds) is (request.param == "rabbitmq")
        yield await world.seller()


@asynccontextmanager
async def feeding(world: World) -> AsyncIterator[None]:
    """The feeds run, where there are any."""
    stop = asyncio.Event()
    running = [asyncio.create_task(feed.run(stop)) for feed in world.host.feeds.values()]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*running), HANG_SECONDS)


async def arrived(desk: Desk, contracts: int) -> None:
    """So many finalized documents were told to analytics, and everything else is done too."""

    async def told() -> bool:
        await desk.world.settle()
        async with desk.world.admin() as conn:
            done = await conn.fetchval(
                "SELECT count(*) FROM analytics.inbox WHERE tenant_id = $1 AND contract = $2"
                " AND state = 'done'",
                desk.tenant_id,
                CONTRACT,
            )
        return bool(done == contracts)

    await until(told)


async def test_a_request_and_all_its_effects_are_one_trace(desk: Desk, traces: Traces) -> None:
    draft = await desk.draft()
    answer = await desk.client.post(f"/v1/invoices/{draft['id']}/finalize", json={}, headers=SENT)
    assert answer.status_code == 200
    await arrived(desk, 1)
    request = traces.one(FINALIZE)
    assert request.parent is not None
    assert f"{request.parent.span_id:016x}" == CALLER
    lines = [traces.line(span) for span in traces.of(TRACE)]
    relayed, reacted = f"relay {CONTRACT}", f"react {CONTRACT}"
    assert [FINALIZE, relayed, reacted] in lines
    assert [FINALIZE, "job archive_document"] in lines
    assert all(line[0] == FINALIZE for line in lines), "nothing begins beside the request"
    of_trace = {span.name: span for span in traces.of(TRACE)}
    assert of_trace[relayed].kind is SpanKind.PRODUCER
    assert of_trace[reacted].kind is SpanKind.CONSUMER
    begun = [of_trace[name].start_time for name in (FINALIZE, relayed, reacted)]
    assert begun == sorted(begun)
    said = of_trace[relayed].attributes
    assert said["messaging.message.id"] == of_trace[reacted].attributes["messaging.message.id"]
    assert (said["invx.context"], of_trace[reacted].attributes["invx.context"]) == (
        "invoicing",
        "analytics",
    )


async def test_an_operation_and_what_it_does_are_one_trace(desk: Desk, traces: Traces) -> None:
    """Chunk after chunk is a job that schedules the next, beside the event loop."""
    made = await desk.post("/v1/invoices/batch", {"items": [draft_body()] * 60})
    ids = [each["invoice"]["id"] for each in made["results"]]
    answer = await desk.client.post("/v1/invoices/finalize", json={"invoices": ids}, headers=SENT)
    assert answer.status_code == 202
    await arrived(desk, 60)
    begun, chunk = "POST /v1/invoices/finalize", "job operation"
    lines = [traces.line(span) for span in traces.of(TRACE)]
    assert [begun, chunk] in lines
    told = [line for line in lines if line[-1] == f"react {CONTRACT}"]
    assert len(told) == 60
    for line in told:
        assert line[0] == begun
        assert line[1:-2] == [chunk] * (len(line) - 3), "request, chunks, relay, reaction"
        assert len(line) >= 4
    assert {line[0] for line in lines} == {begun}


async def test_nothing_is_rewritten_where_nothing_records(desk: Desk) -> None:
    draft = await desk.draft()
    await desk.client.post(f"/v1/invoices/{draft['id']}/finalize", json={}, headers=SENT)
    await arrived(desk, 1)
    async with desk.world.admin() as conn:
        [sent], [received] = [
            await conn.fetch(f"SELECT trace_parent FROM {table} WHERE contract = $1", CONTRACT)
            for table in ("invoicing.outbox", "analytics.inbox")
        ]
    assert sent["trace_parent"] == received["trace_parent"]
    assert sent["trace_parent"].split("-")[1] == TRACE


async def test_a_caller_that_does_not_sample_is_followed_all_the_way(
    desk: Desk, traces: Traces
) -> None:
    draft = await desk.draft()
    unsampled = {"traceparent": f"00-{TRACE}-{CALLER}-00"}
    await desk.client.post(f"/v1/invoices/{draft['id']}/finalize", json={}, headers=unsampled)
    await arrived(desk, 1)
    assert traces.of(TRACE) == []
    assert traces.named(f"react {CONTRACT}") == []
    async with desk.world.admin() as conn:
        parents = await conn.fetch(
            "SELECT trace_parent FROM analytics.inbox WHERE contract = $1", CONTRACT
        )
    assert [row[0].split("-")[1::2] for row in parents] == [[TRACE, "00"]], "logs still tell it"


async def test_requests_of_no_caller_have_traces_of_their_own(desk: Desk, traces: Traces) -> None:
    await desk.invoice()
    await desk.invoice()
    await arrived(desk, 2)
    requests = traces.named(FINALIZE)
    assert len({context_of(span).trace_id for span in requests}) == 2
    for span in traces.named(f"react {CONTRACT}"):
        assert traces.line(span)[0] == FINALIZE
