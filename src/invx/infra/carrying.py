"""What carries a contract, in its trace: a span from the outbox to the transport's answer.

The reaction then hangs below it, so a trace shows how long a contract lay in the outbox, how long
the transport took, and how long it waited in the inbox.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from opentelemetry.trace import Span, SpanKind, Tracer

from invx.infra.tracing import (
    Trail,
    parse_traceparent,
    recording_tracer,
    start_span,
    traceparent_of,
)
from invx.kernel.messages import Envelope


def trail_of(envelope: Envelope) -> Trail:
    """To whom log lines about an envelope belong: the tenant and the trace that it comes from."""
    cause = parse_traceparent(envelope.trace_parent or "")
    return Trail(
        envelope.message_id,
        envelope.correlation_id,
        trace_id=f"{cause.trace_id:032x}" if cause else "",
        tenant_id=envelope.tenant_id,
    )


@contextmanager
def carried(envelopes: Sequence[Envelope], context: str) -> Iterator[Sequence[Envelope]]:
    """The envelopes as they go out, each named by the span that carries it.

    Where nothing records they go out as they are. What is not delivered leaves no span: a broker
    that is away for an hour would otherwise fill the traces with tries; the log tells of those.
    """
    tracer = recording_tracer()
    if tracer is None:
        yield envelopes
        return
    spans = [_span(each, context, tracer) for each in envelopes]
    yield [
        replace(each, trace_parent=traceparent_of(span)) if span else each
        for each, span in zip(envelopes, spans, strict=True)
    ]
    for span in spans:
        if span is not None:
            span.end()


def _span(envelope: Envelope, context: str, tracer: Tracer) -> Span | None:
    """None for what no trace caused, such as contracts that are made again from old events."""
    parent = parse_traceparent(envelope.trace_parent) if envelope.trace_parent else None
    if parent is None:
        return None
    span = start_span(
        f"relay {envelope.contract}",
        kind=SpanKind.PRODUCER,
        parent=parent,
        trace_id=parent.trace_id,
        tracer=tracer,
    )
    span.set_attribute("invx.context", context)
    span.set_attribute("messaging.message.id", str(envelope.message_id))
    return span
