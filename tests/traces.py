"""What tests see of traces: every span that ended, and who descends from whom."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext

from invx.infra.tracing import record_with


def context_of(span: ReadableSpan) -> SpanContext:
    found = span.get_span_context()
    assert found is not None
    return found


@dataclass(slots=True)
class Traces:
    """The spans of this process since recording began."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        [span] = self.named(name)
        return span

    def of(self, trace_id: str) -> list[ReadableSpan]:
        """All of one trace, in the order in which they ended."""
        ended = self.exporter.get_finished_spans()
        return [span for span in ended if f"{context_of(span).trace_id:032x}" == trace_id]

    def line(self, span: ReadableSpan) -> list[str]:
        """The names from the first ancestor that was recorded here down to this span."""
        by_id = {context_of(each).span_id: each for each in self.exporter.get_finished_spans()}
        names = [span.name]
        while span.parent is not None and span.parent.span_id in by_id:
            assert span.parent.trace_id == context_of(span).trace_id
            span = by_id[span.parent.span_id]
            names.insert(0, span.name)
        return names


@contextmanager
def recorded_spans() -> Iterator[Traces]:
    """Record all spans of this process, for as long as the block lasts."""
    traces, provider = Traces(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(traces.exporter))
    record_with(provider.get_tracer("test"))
    try:
        yield traces
    finally:
        record_with(None)
