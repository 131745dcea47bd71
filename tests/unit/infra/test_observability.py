import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from structlog import get_logger

from invx.infra import metrics, tracing
from invx.infra.logs import PRIVATE_KEYS, configure_logs, scrub
from invx.infra.observability import (
    LoopLagMonitor,
    ObservabilitySettings,
    configure_observability,
)
from invx.infra.tracing import (
    TRAIL,
    Trail,
    configure_tracing,
    current_traceparent,
    parse_traceparent,
    record_with,
    recording_tracer,
    work_span,
)
from tests.unit.infra.http.example import captured_logs, lines_of

ID, OTHER = UUID(int=1), UUID(int=2)
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

Lines = Callable[[], list[dict]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with captured_logs() as out:
        yield lambda: lines_of(out)


def test_a_line_is_one_json_object(lines: Lines) -> None:
    get_logger().info("series_held", series="ser_1", count=3)
    (line,) = lines()
    moment = line.pop("timestamp")
    assert line == {"event": "series_held", "series": "ser_1", "count": 3, "level": "info"}
    assert moment.endswith("Z")


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    get_logger().debug("detail")
    assert lines() == []


@pytest.mark.parametrize("key", sorted(PRIVATE_KEYS))
def test_a_private_key_is_dropped_at_any_depth(lines: Lines, key: str) -> None:
    hyphened = key.replace("_", "-").title()
    deep = {"fine": 1, hyphened: "SECRET", "inner": {key: "SECRET"}, "list": [{key: "SECRET"}]}
    get_logger().info("x", **{key: "SECRET"}, deep=deep)
    (line,) = lines()
    assert "SECRET" not in json.dumps(line)
    assert line["deep"] == {"fine": 1, "inner": {}, "list": [{}]}


@pytest.mark.parametrize("key", ["refresh_token", "buyer_email", "payee_iban", "webhook_secret"])
def test_a_key_that_ends_like_a_private_one_is_dropped(lines: Lines, key: str) -> None:
    get_logger().info("x", **{key: "SECRET"})
    assert "SECRET" not in json.dumps(lines())


def test_what_lies_too_deep_is_not_shown(lines: Lines) -> None:
    deep: dict = {"email": "SECRET"}
    for _ in range(10):
        deep = {"inner": deep}
    get_logger().info("x", deep=deep)
    assert "SECRET" not in json.dumps(lines())
    assert "…" in json.dumps(lines(), ensure_ascii=False)


def test_a_stack_shows_no_rows_no_tokens_and_no_locals(lines: Lines) -> None:
    def fails() -> None:
        buyer = "Ada Lovelace"
        detail = f"DETAIL:  Key (email)=({buyer}) exists."
        message = f"duplicate key\n{detail}\nHINT:  none eyJhbGciOiJFUzI1NiJ9.e30.x"
        raise RuntimeError(message)

    try:
        fails()
    except RuntimeError:
        get_logger().exception("failed")
    (line,) = lines()
    assert "RuntimeError: duplicate key" in line["exception"]
    assert "fails" in line["exception"]
    assert "Lovelace" not in line["exception"]
    assert "eyJ" not in line["exception"]


def test_scrubbing_leaves_the_rest_alone() -> None:
    assert scrub("a\nHINT: b") == "a\nHINT: b"
    assert scrub("Bearer eyJhbGciOiJFUzI1NiJ9.e30.AbC-_ ok") == "Bearer [token] ok"


def test_a_line_says_which_work_it_belongs_to(lines: Lines) -> None:
    token = TRAIL.set(Trail(ID, OTHER, trace_id="ab", tenant_id=ID))
    get_logger().info("x", tenant="given")
    TRAIL.reset(token)
    get_logger().info("y")
    inside, outside = lines()
    assert inside["request_id"] == str(ID)
    assert inside["correlation_id"] == str(OTHER)
    assert inside["trace_id"] == "ab"
    assert inside["tenant"] == "given"
    assert "request_id" not in outside


def test_lines_of_libraries_come_out_alike(lines: Lines) -> None:
    logging.getLogger("uvicorn.error").warning("Listening on %s", "port 8000")
    logging.getLogger("uvicorn.access").info("GET /people/Lovelace")
    logging.getLogger("httpx").info("GET /people/Lovelace")
    (line,) = lines()
    assert line["event"] == "Listening on port 8000"
    assert line["logger"] == "uvicorn.error"
    assert line["level"] == "warning"


def test_a_person_at_a_terminal_gets_text() -> None:
    with captured_logs(json=False) as out:
        get_logger().info("series_held", series="ser_1", email="SECRET")
        text = out.getvalue().decode()
    assert "series_held" in text
    assert "series=ser_1" in text
    assert "SECRET" not in text


def test_an_unknown_level_is_refused_at_start() -> None:
    with pytest.raises(KeyError):
        configure_logs("loud")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        PARENT.upper(),
        PARENT + "-extra",
        PARENT[:-1],
        "ff" + PARENT[2:],
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
    ],
)
def test_an_invalid_traceparent_is_ignored(text: str) -> None:
    assert parse_traceparent(text) is None


def test_a_traceparent_of_a_later_version_is_understood() -> None:
    parent = parse_traceparent("01" + PARENT[2:] + "-more")
    assert parent is not None
    assert parent.is_remote
    assert parent.trace_flags.sampled


def test_work_continues_the_trace_of_its_cause(lines: Lines) -> None:
    trail = Trail(ID, OTHER)
    with work_span("invoicing.on_settled", trail, trace_parent=PARENT):
        get_logger().info("inside")
        onward = current_traceparent()
    assert onward is not None
    assert onward.split("-")[1] == PARENT.split("-")[1]
    assert onward.split("-")[2] != PARENT.split("-")[2]
    assert lines()[0]["trace_id"] == PARENT.split("-")[1]
    assert current_traceparent() is None
    assert TRAIL.get() is None


def test_work_without_a_cause_begins_a_trace_by_its_correlation() -> None:
    with work_span("scheduler", Trail(ID, OTHER)):
        assert current_traceparent().split("-")[1] == OTHER.hex


def test_a_recorded_span_tells_the_class_of_an_error_and_not_its_words() -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_with(provider.get_tracer("test"))
    try:
        with pytest.raises(ValueError), work_span("job", Trail(ID, ID)):
            raise ValueError("Ada Lovelace")
    finally:
        record_with(None)
    (span,) = exporter.get_finished_spans()
    assert span.attributes["error.type"] == "ValueError"
    assert not span.status.is_ok
    assert "Lovelace" not in span.to_json()
    assert TRAIL.get() is None


def test_without_an_endpoint_nothing_records() -> None:
    with captured_logs():
        assert configure_observability(ObservabilitySettings(log_level="warning")) is None
    assert recording_tracer() is None


def test_a_missing_exporter_is_said_and_survived(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "_EXPORTER", "opentelemetry.exporter.absent")
    provider = configure_tracing(
        service="invx", endpoint="http://127.0.0.1:4318/v1/traces", sample_ratio=1.0
    )
    assert provider is None
    assert recording_tracer() is None
    assert [line["event"] for line in lines()] == ["traces_not_exported"]


def test_with_an_exporter_spans_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_EXPORTER", __name__)
    provider = configure_tracing(service="invx-test", endpoint="http://kept", sample_ratio=1.0)
    try:
        with work_span("job", Trail(ID, ID)) as span:
            assert span.is_recording()
        provider.force_flush()
        assert provider.resource.attributes["service.name"] == "invx-test"
        assert [each.name for each in OTLPSpanExporter.made.get_finished_spans()] == ["job"]
    finally:
        record_with(None)
        provider.shutdown()


class OTLPSpanExporter(InMemorySpanExporter):
    """Stands where the optional exporter would: same name, same arguments."""

    made: "OTLPSpanExporter"

    def __init__(self, endpoint: str, timeout: float) -> None:
        super().__init__()
        assert endpoint == "http://kept/v1/traces"
        assert timeout <= 5
        type(self).made = self


async def test_a_held_loop_shows_as_lag() -> None:
    monitor = LoopLagMonitor(interval_seconds=0.005)
    before = REGISTRY.get_sample_value("invx_loop_lag_seconds_count")
    await monitor.start()
    await asyncio.sleep(0.02)
    time.sleep(0.06)
    await asyncio.sleep(0.02)
    await monitor.stop()
    assert monitor.worst_seconds >= 0.04
    assert REGISTRY.get_sample_value("invx_loop_lag_seconds_count") > before
    assert "loop-lag" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_a_monitor_that_never_began_can_be_stopped() -> None:
    monitor = LoopLagMonitor(interval_seconds=0.005)
    await monitor.stop()
    await asyncio.sleep(0.02)
    assert "loop-lag" not in {task.get_name() for task in asyncio.all_tasks()}
    assert monitor.worst_seconds == 0.0
    await monitor.start()
    assert "loop-lag" in {task.get_name() for task in asyncio.all_tasks()}, "it can begin later"
    await monitor.stop()
    await monitor.stop()
    assert "loop-lag" not in {task.get_name() for task in asyncio.all_tasks()}


def test_every_metric_is_named_and_labelled_by_the_house_rules() -> None:
    found = [each for each in vars(metrics).values() if hasattr(each, "_labelnames")]
    assert len(found) >= 20
    for metric in found:
        assert metric._name.startswith("invx_")
        assert metric._documentation.endswith(".")
        assert not {"tenant", "tenant_id", "path", "id"} & set(metric._labelnames)
