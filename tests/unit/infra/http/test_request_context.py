import asyncio
import json
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from prometheus_client import REGISTRY

from invx.infra.http.request_context import HttpSettings, RequestContextMiddleware
from invx.infra.http.request_info import KEY
from invx.infra.tracing import TRAIL, current_traceparent
from invx.kernel.ids import typeid
from tests.unit.infra.http.example import (
    NOTE,
    TENANT,
    Keys,
    SetClock,
    captured_logs,
    client_of,
    example_app,
    lines_of,
)

NOTE_PATH = f"/v1/notes/{typeid('note', NOTE)}"
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def lines():
    """What was logged so far, one object per line."""
    with captured_logs() as out:
        yield lambda: lines_of(out)


def counted(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status), "tenant_class": "none"}
    return REGISTRY.get_sample_value("invx_http_requests_total", labels) or 0.0


async def answer(app, **scope) -> list[dict]:
    """Speak ASGI to `app` directly and return what it sent."""
    sent: list[dict] = []
    parts = scope.pop("parts", [b""])
    messages = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
        for index, part in enumerate(parts)
    ]

    async def receive() -> dict:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    base = {"type": "http", "method": "POST", "path": "/echo", "headers": [], "query_string": b""}
    await app(base | scope, receive, send)
    return sent


async def test_a_request_id_of_the_caller_comes_back(client: httpx.AsyncClient) -> None:
    mine = str(uuid4())
    answered = await client.get(NOTE_PATH, headers={"X-Request-Id": mine})
    assert answered.headers["x-request-id"] == mine


@pytest.mark.parametrize("given", ["", "abc", "x" * 36, "é" * 18, "0" * 200])
async def test_a_request_id_that_is_no_uuid_is_replaced(
    client: httpx.AsyncClient, given: str
) -> None:
    answered = await client.get(NOTE_PATH, headers={"X-Request-Id": given.encode("latin-1")})
    made = answered.headers["x-request-id"]
    assert UUID(made).version == 7
    assert made != given


async def test_the_correlation_id_is_the_callers_or_the_request_id(
    client: httpx.AsyncClient,
) -> None:
    mine = str(uuid4())
    given = await client.post("/v1/notes", json={"title": "a"}, headers={"X-Correlation-Id": mine})
    made = await client.post("/v1/notes", json={"title": "a"})
    assert given.headers["x-correlation"] == mine
    assert made.headers["x-correlation"] == made.headers["x-request-id"]


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in (NOTE_PATH, "/nowhere", "/fail/bug", "/openapi.json"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "private, no-cache"
        assert "strict-transport-security" not in headers


async def test_behind_tls_browsers_are_told_to_stay_there(keys: Keys, clock: SetClock) -> None:
    app = example_app(keys, clock, settings=HttpSettings(https_only=True))
    async with client_of(app) as client:
        headers = (await client.get("/healthz")).headers
    assert headers["strict-transport-security"].startswith("max-age=")


async def test_an_announced_body_over_the_limit_is_refused_unread(
    keys: Keys, clock: SetClock
) -> None:
    app = example_app(keys, clock, settings=HttpSettings(body_bytes_max=10))
    async with client_of(app) as client:
        refused = await client.post("/echo", content=b"x" * 11)
        taken = await client.post("/echo", content=b"x" * 10)
    assert refused.status_code == 413
    assert refused.json()["code"] == "body_too_large"
    assert refused.headers["content-type"] == "application/problem+json"
    assert taken.content == b"x" * 10


async def test_a_chunked_body_over_the_limit_is_refused_too(keys: Keys, clock: SetClock) -> None:
    app = example_app(keys, clock, settings=HttpSettings(body_bytes_max=10))
    chunked = {"headers": [(b"transfer-encoding", b"chunked")]}
    start, body = await answer(app, parts=[b"x" * 6, b"x" * 6], **chunked)
    assert start["status"] == 413
    assert json.loads(body["body"])["code"] == "body_too_large"


async def test_an_understated_length_does_not_help(keys: Keys, clock: SetClock) -> None:
    app = example_app(keys, clock, settings=HttpSettings(body_bytes_max=10))
    start, _ = await answer(app, parts=[b"x" * 50], headers=[(b"content-length", b"5")])
    assert start["status"] == 413


async def test_an_oversized_json_body_is_413_and_not_malformed(keys: Keys, clock: SetClock) -> None:
    app = example_app(keys, clock, settings=HttpSettings(body_bytes_max=10))
    headers = [
        (b"content-type", b"application/json"),
        (b"authorization", f"Bearer {keys.token('notes:write')}".encode()),
    ]
    start, _ = await answer(
        app, path="/v1/notes", parts=[b'{"title":', b'"abcdef"}'], headers=headers
    )
    assert start["status"] == 413


async def test_requests_are_counted_by_route_template(client: httpx.AsyncClient) -> None:
    before = counted("GET", "/v1/notes/{id}", 200)
    await client.get(NOTE_PATH)
    await client.get(NOTE_PATH)
    assert counted("GET", "/v1/notes/{id}", 200) == before + 2
    seconds = REGISTRY.get_sample_value(
        "invx_http_request_seconds_count",
        {"method": "GET", "route": "/v1/notes/{id}", "tenant_class": "none"},
    )
    assert seconds >= 2


async def test_invented_paths_and_methods_add_no_series(client: httpx.AsyncClient) -> None:
    before = counted("GET", "unmatched", 404)
    other = counted("OTHER", "unmatched", 404)
    for number in range(20):
        await client.get(f"/secret-{number}")
        await client.request(f"BREW{number}", f"/secret-{number}")
    assert counted("GET", "unmatched", 404) == before + 20
    assert counted("OTHER", "unmatched", 404) == other + 20
    assert not any(
        "secret" in str(sample.labels) for metric in REGISTRY.collect() for sample in metric.samples
    )


async def test_one_line_is_logged_per_request(client: httpx.AsyncClient, lines) -> None:
    answered = await client.get(NOTE_PATH, headers={"traceparent": PARENT})
    (line,) = [each for each in lines() if each["event"] == "request"]
    assert line["method"] == "GET"
    assert line["route"] == "/v1/notes/{id}"
    assert line["status"] == 200
    assert line["ms"] > 0
    assert line["tenant"] == str(TENANT)
    assert line["request_id"] == answered.headers["x-request-id"]
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


async def test_the_log_holds_no_body_no_query_no_path_and_no_token(
    client: httpx.AsyncClient, lines
) -> None:
    await client.post("/v1/notes", json={"title": "Ada Lovelace", "email": "ada@example.org"})
    await client.get("/v1/notes", params={"q": "Lovelace"})
    await client.get("/people/Lovelace")
    await client.get("/fail/bug", params={"who": "Lovelace"})
    text = json.dumps(lines())
    assert len(lines()) >= 4
    for secret in ("ada@example.org", "/people", "who=", client.headers["authorization"][7:]):
        assert secret not in text
    # The example's own exception names her; that is the programmer's doing, not the request's.
    assert "Lovelace" not in json.dumps([each for each in lines() if "exception" not in each])


async def test_probes_are_counted_but_not_logged(client: httpx.AsyncClient, lines) -> None:
    before = counted("GET", "/healthz", 200)
    await client.get("/healthz")
    assert counted("GET", "/healthz", 200) == before + 1
    assert lines() == []


async def test_an_unforeseen_exception_is_a_500_without_details(
    client: httpx.AsyncClient, lines
) -> None:
    answered = await client.get("/fail/bug")
    assert answered.status_code == 500
    assert answered.json()["code"] == "internal_error"
    assert answered.json()["request_id"] == answered.headers["x-request-id"]
    assert "Ada" not in answered.text
    assert "RuntimeError" not in answered.text
    (line,) = [each for each in lines() if each["event"] == "unhandled_exception"]
    assert "RuntimeError: secret" in line["exception"]
    assert line["request_id"] == answered.headers["x-request-id"]


async def test_a_broken_invariant_raises_the_alarm(client: httpx.AsyncClient, lines) -> None:
    before = REGISTRY.get_sample_value("invx_invariants_violated_total")
    answered = await client.get("/fail/invariant")
    assert answered.status_code == 500
    assert "Ada" not in answered.text
    assert REGISTRY.get_sample_value("invx_invariants_violated_total") == before + 1
    assert [each["level"] for each in lines() if each["event"] == "invariant_violated"] == [
        "critical"
    ]


async def test_half_an_answer_is_cut_off_and_not_completed(app: FastAPI, lines) -> None:
    with pytest.raises(RuntimeError, match="half way"):
        await answer(app, method="GET", path="/stream")
    assert "unhandled_exception" in [each["event"] for each in lines()]


async def test_a_client_that_hangs_up_is_counted_and_logged(lines) -> None:
    async def never(scope, receive, send) -> None:
        await asyncio.sleep(60)

    task = asyncio.create_task(answer(RequestContextMiddleware(never), method="GET", path="/x"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert lines()[-1]["status"] == 499
    assert REGISTRY.get_sample_value("invx_http_requests_in_flight") == 0


async def test_nothing_of_a_request_is_left_behind(client: httpx.AsyncClient) -> None:
    await client.get(NOTE_PATH)
    assert TRAIL.get() is None
    assert current_traceparent() is None


async def test_a_span_is_named_by_the_route_template(keys: Keys, clock: SetClock) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = example_app(keys, clock, tracer=provider.get_tracer("test"))
    async with client_of(app, keys.token("notes:read")) as client:
        await client.get(NOTE_PATH, headers={"traceparent": PARENT})
        await client.get("/fail/bug")
    fine, failed = exporter.get_finished_spans()
    assert fine.name == "GET /v1/notes/{id}"
    assert fine.kind is SpanKind.SERVER
    assert fine.attributes["http.response.status_code"] == 200
    assert f"{fine.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{fine.parent.span_id:016x}" == "b7ad6b7169203331"
    assert failed.name == "GET /fail/{how}"
    assert not failed.status.is_ok
    assert failed.attributes["error.type"] == "RuntimeError"
    assert "Ada" not in failed.to_json()


async def test_without_an_exporter_the_trace_still_travels() -> None:
    seen: list[str] = []

    async def inner(scope, receive, send) -> None:
        seen.append(current_traceparent())
        assert TRAIL.get() is scope[KEY]
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = RequestContextMiddleware(inner)
    await answer(app, headers=[(b"traceparent", PARENT.encode())])
    start, _ = await answer(app, headers=[(b"traceparent", b"rubbish")])
    continued, begun = seen
    assert continued.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert continued.split("-")[2] != "b7ad6b7169203331"
    assert continued.endswith("-01")
    request_id = UUID(dict(start["headers"])[b"x-request-id"].decode())
    assert begun.split("-")[1] == request_id.hex


async def test_what_is_not_http_passes_through() -> None:
    seen = []

    async def inner(scope, receive, send) -> None:
        seen.append(scope["type"])

    await RequestContextMiddleware(inner)({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]
