"""The trail of one piece of work: its ids in every log line, its trace from context to context.

Trace ids follow W3C Trace Context. They exist and travel (`Envelope.trace_parent`, outgoing calls)
even when no exporter is configured; then nothing is recorded and a span costs next to nothing.
"""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
)

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_UNSAMPLED = TraceFlags(0)
# A collector that is away must not hold up the end of the program.
_EXPORT_SECONDS_MAX = 3
_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Trail:
    """What every log line of one piece of work says. For logs only: code is handed a `Caller`."""

    request_id: UUID
    correlation_id: UUID
    trace_id: str = ""
    tenant_id: UUID | None = None


TRAIL: ContextVar[Trail | None] = ContextVar("invx_trail", default=None)


class _Recorder:
    """Holds the tracer that records, once one is configured."""

    tracer: Tracer | None = None


def recording_tracer() -> Tracer | None:
    """The tracer to record with, or None when no exporter is configured."""
    return _Recorder.tracer


def parse_traceparent(text: str) -> SpanContext | None:
    """The caller's span, or None for anything that W3C Trace Context calls invalid."""
    match = _PARENT.fullmatch(text)
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    if version == "ff" or (version == "00" and rest):
        return None
    parent = SpanContext(int(trace_id, 16), int(span_id, 16), True, TraceFlags(int(flags, 16)))
    return parent if parent.is_valid else None


def current_traceparent() -> str | None:
    """The `traceparent` to send along with a call or a contract, or None outside any work."""
    return traceparent_of(trace.get_current_span())


def traceparent_of(span: Span) -> str | None:
    """What names this span to others, or None for one that has no valid ids."""
    here = span.get_span_context()
    if not here.is_valid:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def start_span(
    name: str,
    *,
    kind: SpanKind,
    parent: SpanContext | None,
    trace_id: int,
    tracer: Tracer | None,
    cause: SpanContext | None = None,
) -> Span:
    """A span under `parent`; without a tracer one that records nothing but carries the ids on.

    `trace_id` is used when there is no parent and nothing records. `cause` is linked to: work of
    another trace that this follows from.
    """
    if tracer is not None:
        # An empty context: without a parent this is a root, whatever span is current here.
        context = trace.set_span_in_context(NonRecordingSpan(parent)) if parent else Context()
        links = [Link(cause)] if cause else None
        return tracer.start_span(name, context=context, kind=kind, links=links)
    flags = parent.trace_flags if parent else _UNSAMPLED
    number = parent.trace_id if parent else trace_id
    own_id = random.getrandbits(64) or 1  # an identifier, not a secret
    return NonRecordingSpan(SpanContext(number, own_id, False, flags))


@contextmanager
def following(trail: Trail) -> Iterator[None]:
    """Log lines belong to this trail, also those about a span of it that has ended."""
    mine = TRAIL.set(trail)
    try:
        yield
    finally:
        TRAIL.reset(mine)


@contextmanager
def work_span(
    name: str, trail: Trail, *, trace_parent: str | None = None, trace_cause: str | None = None
) -> Iterator[Span]:
    """Work that no request waits for (a reaction, a job): continues the trace of its cause.

    With `trace_cause` instead it begins a trace of its own and links to that span.
    """
    parent = parse_traceparent(trace_parent) if trace_parent else None
    span = start_span(
        name,
        kind=SpanKind.CONSUMER,
        parent=parent,
        trace_id=trail.correlation_id.int,
        tracer=_Recorder.tracer,
        cause=parse_traceparent(trace_cause) if trace_cause else None,
    )
    trail.trace_id = f"{span.get_span_context().trace_id:032x}"
    mine = TRAIL.set(trail)
    # What an exception says may be personal: only its class goes into the span.
    try:
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield span
    except Exception as error:
        span.set_attribute("error.type", type(error).__qualname__)
        span.set_status(StatusCode.ERROR)
        raise
    finally:
        span.end()
        TRAIL.reset(mine)


def configure_tracing(
    *, service: str, endpoint: str | None, sample_ratio: float
) -> TracerProvider | None:
    """Record spans and send them to `endpoint` (OTLP over HTTP). Nothing happens without one.

    The exporter is imported only here, since it brings along what nobody else needs; when it is
    missing that is said once, in the log, and the program runs without traces. Returns the
    provider, to be shut down at the end.
    """
    if endpoint is None:
        return None
    try:
        exporter = import_module(_EXPORTER).OTLPSpanExporter(
            endpoint=traces_at(endpoint), timeout=_EXPORT_SECONDS_MAX
        )
    except ImportError as error:
        log.warning("traces_not_exported", missing=str(error), to=urlsplit(endpoint).hostname)
        return None
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}),
        sampler=ParentBasedTraceIdRatio(sample_ratio),
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    record_with(provider.get_tracer("invx"))
    return provider


def traces_at(endpoint: str) -> str:
    """Where the collector takes traces: at the path of OTLP, unless the address has one."""
    parts = urlsplit(endpoint)
    return parts._replace(path="/v1/traces").geturl() if parts.path in ("", "/") else endpoint


def record_with(tracer: Tracer | None) -> None:
    """Let spans of this process be recorded by `tracer`; None stops it."""
    _Recorder.tracer = tracer
