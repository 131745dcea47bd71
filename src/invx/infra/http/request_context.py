"""The outermost layer of every request: ids in and out, trace, metrics, one log line, limits.

It is plain ASGI and stands on the hot path of everything; what it does per request is counted in
microseconds (`tests/unit/infra/http/test_overhead.py`). It also has the last word: an exception
that nobody answered becomes a 500 here, and an oversized body a 413.
"""

from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

import structlog
from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.trace import Span, SpanContext, SpanKind, StatusCode, Tracer
from prometheus_client import Counter, Histogram
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from invx.infra.http.problems import (
    failure,
    http_problem,
    parameter_problem,
    problem_response,
)
from invx.infra.http.request_info import KEY, RequestInfo, route_template
from invx.infra.http.versions import LIVE, OlderAnswer, Versions
from invx.infra.metrics import HTTP_IN_FLIGHT, HTTP_REQUESTS, HTTP_SECONDS
from invx.infra.tracing import TRAIL, parse_traceparent, recording_tracer, start_span
from invx.kernel import limits

_METHODS = frozenset("GET HEAD POST PUT PATCH DELETE OPTIONS".split())
_CLIENT_GONE = 499  # no answer was sent because nobody listens any more; for logs and metrics
_UNMATCHED = "unmatched"
_UUID_CHARS = 36

RawHeaders = list[tuple[bytes, bytes]]

# Every answer says these, unless it says otherwise itself.
_ALWAYS: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_BY_DEFAULT = {
    b"content-security-policy": b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    b"cache-control": b"private, no-cache",
}
_HSTS = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")

log = structlog.get_logger("invx.http")


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The bounds and manners of the HTTP edge."""

    body_bytes_max: int = limits.BODY_BYTES_MAX
    https_only: bool = False  # tell browsers so (HSTS); set it when TLS stands in front
    # Asked every few seconds by machines: counted, but not logged.
    quiet_routes: frozenset[str] = frozenset({"/healthz", "/readyz", "/metrics"})


class BodyTooLarge(Exception):
    """The body is longer than the limit. It only unwinds the route; the answer is made here."""


class _Exchange:
    """One request and its answer on their way through."""

    __slots__ = (
        "_headers",
        "_receive",
        "_send",
        "bytes_left",
        "info",
        "span",
        "started",
        "status",
        "too_large",
    )

    def __init__(
        self,
        info: RequestInfo,
        receive: Receive,
        send: Send,
        *,
        bytes_left: int,
        headers: RawHeaders,
    ) -> None:
        self.info = info
        self.span: Span = trace.INVALID_SPAN
        self.status = 0  # 0: no answer has begun
        self.too_large = False
        self.started = perf_counter()
        self.bytes_left = bytes_left
        self._receive = receive
        self._send = send
        self._headers = headers

    async def receive(self) -> Message:
        """The next part of the body. Raises BodyTooLarge."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.bytes_left -= len(message.get("body", b""))
            if self.bytes_left < 0:
                self.too_large = True
                raise BodyTooLarge
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on with our headers; what is said to an oversized body is dropped."""
        if self.too_large and not self.status:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": self._complete(message.get("headers", []))}
        await self._send(message)

    def _complete(self, given: RawHeaders) -> RawHeaders:
        info = self.info
        headers = [
            *given,
            *self._headers,
            (b"x-request-id", str(info.request_id).encode()),
        ]
        names = {name for name, _ in given}
        if b"invx-version" not in names:  # a stored answer names the version that it is in
            headers.append((b"invx-version", info.api_version.encode()))
        headers.extend(pair for pair in _BY_DEFAULT.items() if pair[0] not in names)
        return headers


class RequestContextMiddleware:
    """Gives every request its `RequestInfo`, and every answer its headers, figures and log line."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: HttpSettings | None = None,
        versions: Versions | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.app = app
        self.settings = settings or HttpSettings()
        self.versions = versions or Versions(LIVE)
        self.tracer = tracer
        self._headers = [*_ALWAYS, _HSTS] if self.settings.https_only else _ALWAYS
        # Bounded: methods and route templates come from the code, statuses from the standard,
        # classes of tenants from the settings.
        self._series: dict[tuple[str, str, int, str], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        info, parent, refused = self._arrive(scope)
        exchange = _Exchange(
            info,
            receive,
            send,
            bytes_left=self.settings.body_bytes_max,
            headers=self._headers,
        )
        scope[KEY] = info
        span = exchange.span = start_span(
            scope["method"],
            kind=SpanKind.SERVER,
            parent=parent,
            trace_id=info.request_id.int,
            tracer=self.tracer or recording_tracer(),
        )
        info.trace_id = f"{span.get_span_context().trace_id:032x}"
        trail = TRAIL.set(info)
        token = otel.attach(trace.set_span_in_context(span))
        HTTP_IN_FLIGHT.inc()
        try:
            if refused is not None:
                await refused(scope, exchange.receive, exchange.send)
            else:
                await self._answer(scope, exchange)
        finally:
            # In `finally`, because a client that hangs up cancels us.
            HTTP_IN_FLIGHT.dec()
            self._account(scope, exchange)
            otel.detach(token)
            TRAIL.reset(trail)

    async def _answer(self, scope: Scope, exchange: _Exchange) -> None:
        send: Send = exchange.send
        if exchange.info.api_version != self.versions.current:
            send = OlderAnswer(send, self.versions, exchange.info.api_version).send
        try:
            await self.app(scope, exchange.receive, send)
        except Exception as error:
            if not exchange.too_large:
                exchange.span.set_attribute("error.type", type(error).__qualname__)
                response = failure(error, exchange.info)
                if exchange.status:
                    # Half an answer is out: cut the connection rather than pretend it is whole.
                    raise
                await response(scope, exchange.receive, exchange.send)
        if exchange.too_large and not exchange.status:
            exchange.too_large = False
            await self._too_large(exchange.info)(scope, exchange.receive, exchange.send)

    def _arrive(self, scope: Scope) -> tuple[RequestInfo, SpanContext | None, Response | None]:
        """Read the headers that concern us, once. The response is a refusal, if there is one."""
        request_id: UUID | None = None
        correlation_id: UUID | None = None
        parent: SpanContext | None = None
        version = self.versions.current
        authorization = ""
        length = 0
        for name, value in scope["headers"]:
            match name:
                case b"x-request-id":
                    request_id = _uuid(value)
                case b"x-correlation-id":
                    correlation_id = _uuid(value)
                case b"authorization":
                    authorization = value.decode("latin-1")
                case b"traceparent":
                    parent = parse_traceparent(value.decode("latin-1"))
                case b"invx-version":
                    version = value.decode("latin-1")
                case b"content-length":
                    length = int(value) if value.isdigit() else 0
                case _:
                    pass
        request_id = request_id or uuid7()
        info = RequestInfo(
            request_id,
            correlation_id or request_id,
            api_version=version,
            authorization=authorization,
        )
        if info.api_version not in self.versions.live:
            info.api_version = self.versions.current
            return info, parent, self._unknown_version(info)
        if length > self.settings.body_bytes_max:
            return info, parent, self._too_large(info)
        return info, parent, None

    def _unknown_version(self, info: RequestInfo) -> Response:
        live = ", ".join(self.versions.live)
        detail = f"There is no such version of the API. Live versions: {live}."
        wrong = parameter_problem("header", "Invx-Version", "unknown_version", detail)
        return problem_response(400, "unknown_version", detail, problems=[wrong], info=info)

    def _too_large(self, info: RequestInfo) -> Response:
        detail = f"A body may have at most {self.settings.body_bytes_max} bytes."
        return http_problem(413, info, detail=detail, headers={"Connection": "close"})

    def _account(self, scope: Scope, exchange: _Exchange) -> None:
        seconds = perf_counter() - exchange.started
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = route_template(scope) or _UNMATCHED
        status = exchange.status or _CLIENT_GONE
        of = exchange.info.tenant_class
        series = self._series.get((method, route, status, of))
        if series is None:
            series = (
                HTTP_REQUESTS.labels(method, route, str(status), of),
                HTTP_SECONDS.labels(method, route, of),
            )
            self._series[method, route, status, of] = series
        series[0].inc()
        series[1].observe(seconds)
        span = exchange.span
        if span.is_recording():
            span.update_name(f"{method} {route}")
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", route)
            span.set_attribute("http.response.status_code", status)
            span.set_attribute("invx.request_id", str(exchange.info.request_id))
            if status >= 500:  # noqa: PLR2004 - a server error, as in every span
                span.set_status(StatusCode.ERROR)
            span.end()
        if route not in self.settings.quiet_routes:
            log.info(
                "request", method=method, route=route, status=status, ms=round(seconds * 1000, 2)
            )


def _uuid(value: bytes) -> UUID | None:
    """A UUID in its usual form, or None: anything else is somebody's text in our logs."""
    if len(value) != _UUID_CHARS:
        return None
    try:
        return UUID(value.decode("latin-1"))
    except ValueError:
        return None
