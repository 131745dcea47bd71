"""Traces as a collector gets them: OTLP over HTTP, sent by the exporter that is installed."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from invx.infra.tracing import (
    Trail,
    configure_tracing,
    record_with,
    recording_tracer,
    traces_at,
    work_span,
)
from invx.settings import SettingInvalid, read_settings
from tests.unit.infra.http.example import captured_logs, lines_of

ID, TRACE = UUID(int=1), "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@dataclass(slots=True)
class Collector:
    """What came, by path."""

    url: str
    came: list[tuple[str, ExportTraceServiceRequest]] = field(default_factory=list)

    def spans(self) -> list[Any]:
        return [
            span
            for _, request in self.came
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            made.came.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Collector(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@contextmanager
def tracing(endpoint: str, ratio: float = 1.0) -> Iterator[Any]:
    provider = configure_tracing(service="invx-test", endpoint=endpoint, sample_ratio=ratio)
    assert provider is not None
    try:
        yield provider
    finally:
        record_with(None)
        provider.shutdown()


def test_a_collector_gets_the_spans_with_their_trace_and_parent(collector: Collector) -> None:
    with (
        tracing(collector.url) as provider,
        work_span("react x", Trail(ID, ID), trace_parent=PARENT) as span,
    ):
        span.set_attribute("invx.context", "analytics")
        span.end()
        provider.force_flush()
    [(path, request)] = collector.came
    assert path == "/v1/traces"
    [span] = collector.spans()
    assert span.name == "react x"
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, "b7ad6b7169203331")
    said = {each.key: each.value.string_value for each in span.attributes}
    assert said["invx.context"] == "analytics"
    resource = request.resource_spans[0].resource.attributes
    assert {each.key: each.value.string_value for each in resource}["service.name"] == "invx-test"


def test_what_is_not_sent_yet_is_sent_at_the_end(collector: Collector) -> None:
    with tracing(collector.url), work_span("job ring", Trail(ID, ID)):
        pass
    assert [span.name for span in collector.spans()] == ["job ring"]
    assert recording_tracer() is None


def test_the_cause_of_a_later_job_arrives_as_a_link(collector: Collector) -> None:
    with tracing(collector.url), work_span("job ring", Trail(ID, ID), trace_cause=PARENT):
        pass
    [span] = collector.spans()
    assert span.parent_span_id == b""
    assert [each.trace_id.hex() for each in span.links] == [TRACE]


def test_without_a_share_only_what_a_caller_samples_is_sent(collector: Collector) -> None:
    with tracing(collector.url, ratio=0.0):
        with work_span("job own", Trail(ID, ID)):
            pass
        with work_span("job asked", Trail(ID, ID), trace_parent=PARENT):
            pass
    assert [span.name for span in collector.spans()] == ["job asked"]


def test_a_collector_that_is_away_costs_traces_and_nothing_else(collector: Collector) -> None:
    with captured_logs() as out:
        provider = configure_tracing(
            service="x", endpoint="http://u:hunter2@127.0.0.1:9", sample_ratio=1.0
        )
        assert provider is not None
        with work_span("job ring", Trail(ID, ID)) as span:
            assert span.is_recording()
        record_with(None)
        began = monotonic()
        provider.shutdown()
        took = monotonic() - began
    assert [line["level"] for line in lines_of(out)] != []
    assert "hunter2" not in out.getvalue().decode()
    assert took < 6, "the end of the program does not wait for it"
    assert collector.came == []


@pytest.mark.parametrize(
    ("given", "sent_to"),
    [
        ("http://c:4318", "http://c:4318/v1/traces"),
        ("http://c:4318/", "http://c:4318/v1/traces"),
        ("https://c/otlp/v1/traces", "https://c/otlp/v1/traces"),
        ("http://c/v1/traces?k=v", "http://c/v1/traces?k=v"),
    ],
)
def test_an_address_without_a_path_is_that_of_a_collector(given: str, sent_to: str) -> None:
    assert traces_at(given) == sent_to


def test_the_settings_name_the_collector_and_the_share() -> None:
    said = {"INVX_OTLP_ENDPOINT": "http://c:4318", "INVX_TRACE_PERCENT": "5"}
    found = read_settings(said).observability
    assert (found.otlp_endpoint, found.trace_sample_ratio) == ("http://c:4318", 0.05)
    plain = read_settings({}).observability
    assert (plain.otlp_endpoint, plain.trace_sample_ratio) == (None, 1.0)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("INVX_OTLP_ENDPOINT", "collector:4317"),
        ("INVX_OTLP_ENDPOINT", "grpc://collector"),
        ("INVX_TRACE_PERCENT", "101"),
        ("INVX_TRACE_PERCENT", "0.5"),
        ("INVX_TRACE_PERCENT", "-1"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, given: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({name: given})
