"""One trace and one correlation from a request to its effect in another context."""

from collections.abc import Iterator
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from invx.infra.tracing import record_with
from tests.unit.infra.http.example import captured_logs, lines_of
from tests.world import BUYER, Desk, draft_body

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@pytest.fixture
def logs() -> Iterator[BytesIO]:
    with captured_logs() as out:
        yield out


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_with(provider.get_tracer("test"))
    yield exporter
    record_with(None)


async def finalized(desk: Desk, **headers: str) -> tuple[UUID, UUID]:
    """Finalize a draft with these headers; request id and correlation id of the request."""
    draft = await desk.draft()
    request_id, correlation_id = uuid4(), uuid4()
    answer = await desk.client.post(
        f"/v1/invoices/{draft['id']}/finalize",
        json={},
        headers={
            "X-Request-Id": str(request_id),
            "X-Correlation-Id": str(correlation_id),
            **headers,
        },
    )
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == str(request_id)
    return request_id, correlation_id


async def test_event_outbox_inbox_and_job_carry_the_ids_of_the_request(desk: Desk) -> None:
    _, correlation_id = await finalized(desk, **SENT)
    await desk.world.settle()
    async with desk.world.admin() as conn:
        events = await conn.fetch(
            "SELECT event_id FROM invoicing.events WHERE correlation_id = $1"
            " AND type = 'DocumentFinalized'",
            correlation_id,
        )
        carried = [
            await conn.fetch(
                f"SELECT message_id, causation_id, trace_parent, actor FROM {table}"
                " WHERE correlation_id = $1 AND contract LIKE '%document.finalized%'",
                correlation_id,
            )
            for table in ("invoicing.outbox", "analytics.inbox")
        ]
        jobs = await conn.fetch(
            "SELECT kind FROM invoicing.due_jobs WHERE correlation_id = $1", correlation_id
        )
    [[event_id]] = events
    [[sent], [received]] = carried
    assert dict(sent) == dict(received)
    assert sent["causation_id"] == event_id
    assert sent["actor"] == "user:test"
    assert sent["trace_parent"].split("-")[1] == TRACE
    assert "archive_document" in {job["kind"] for job in jobs}


async def test_what_a_job_records_belongs_to_the_request_that_caused_it(desk: Desk) -> None:
    """The archived PDF is found by the correlation id that the caller sent."""
    _, correlation_id = await finalized(desk)
    await desk.world.settle()
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT type, actor FROM invoicing.events WHERE correlation_id = $1", correlation_id
        )
    by_actor = {row["actor"] for row in rows}
    assert "user:test" in by_actor
    assert by_actor <= {"user:test", "system:archive_document"}


async def test_spans_of_request_and_reaction_are_of_one_trace(
    desk: Desk, spans: InMemorySpanExporter
) -> None:
    await finalized(desk, **SENT)
    await desk.world.settle()
    of_trace = {
        span.name: span
        for span in spans.get_finished_spans()
        if span.context and f"{span.context.trace_id:032x}" == TRACE
    }
    request = of_trace["POST /v1/invoices/{invoice}/finalize"]
    relayed = of_trace["relay invoicing.document.finalized.v1"]
    reaction = of_trace["react invoicing.document.finalized.v1"]
    for below, above in ((reaction, relayed), (relayed, request)):
        assert below.parent is not None
        assert above.context is not None
        assert below.parent.span_id == above.context.span_id


async def test_a_reaction_that_fails_is_logged_with_the_ids_of_the_request(
    desk: Desk, logs: BytesIO
) -> None:
    request_id, correlation_id = await finalized(desk, **SENT)
    async with desk.world.admin() as conn:
        await conn.execute("ALTER TABLE analytics.documents RENAME COLUMN net TO hidden")
        await desk.world.settle()
    said = [line for line in lines_of(logs) if line.get("trace_id") == TRACE]
    [request] = [line for line in said if line["event"] == "request"]
    assert request["request_id"] == str(request_id)
    assert request["correlation_id"] == str(correlation_id)
    assert request["tenant"] == str(desk.tenant_id)
    failed = [line for line in lines_of(logs) if line["event"] == "reaction_failed"]
    assert [line["contract"] for line in failed] == ["invoicing.document.finalized.v1"]
    assert [line.get("correlation_id") for line in failed] == [str(correlation_id)]
    assert [line.get("trace_id") for line in failed] == [TRACE]
    assert [line.get("tenant") for line in failed] == [str(desk.tenant_id)]


async def test_the_log_of_a_day_at_work_names_nobody_and_opens_no_door(
    desk: Desk, logs: BytesIO
) -> None:
    """Also not where something breaks, and PostgreSQL quotes the row that it could not store."""
    name, street, mail = "Zephyrine Quassel", "Marzipanallee 17", "zq@quassel.test"
    buyer = {
        **BUYER,
        "name": name,
        "contact": {"name": name, "email": mail},
        "address": {**BUYER["address"], "line1": street},
    }
    issued = await desk.invoice(buyer=buyer, notes="Quasselstrippe", external_id="Q-17")
    keyed = {"Idempotency-Key": "quassel-key"}
    body = draft_body(buyer=buyer)
    refused = await desk.client.post("/v1/invoices", json={**body, "x": name}, headers=keyed)
    await desk.client.get("/v1/invoices", params={"q": "Quassel"})
    await desk.client.get(f"/v1/invoices/{issued['id']}/Quassel")
    async with desk.world.admin() as conn:
        never = "ADD CONSTRAINT never CHECK (currency <> 'EUR') NOT VALID"
        await conn.execute(f"ALTER TABLE invoicing.documents {never}")
    broken = await desk.client.post("/v1/invoices", json=body, headers=keyed)
    await desk.world.settle()
    said = logs.getvalue().decode()
    assert (refused.status_code, broken.status_code) == (422, 500)
    [failure] = [line for line in lines_of(logs) if line["event"] == "unhandled_exception"]
    assert "CheckViolationError" in failure["exception"]
    assert len([line for line in lines_of(logs) if line["event"] == "request"]) == 6
    doors = (desk.client.headers["authorization"].split()[1], "eyJ", "quassel-key")
    logins = (desk.world.place.where.app["password"], desk.world.place.where.system["password"])
    for secret in (name, "Quassel", street, mail, "DE811569869", *doors, *logins):
        assert secret not in said, secret
