"""Structured logs: one JSON object a line, nobody's personal data in it."""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, BinaryIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from invx.infra.tracing import TRAIL

# Keys whose values identify a person or open a door. They are dropped wherever they stand.
PRIVATE_KEYS = frozenset(
    """address authorization bic body buyer contact cookie email endpoint_id first_name iban jwt
    last_name legal_name line1 line2 line3 name params password phone postal_code private_key query
    query_string recipient secret seller session set_cookie tax_number token vat_id""".split()
)
_PRIVATE_ENDINGS = ("_email", "_iban", "_key_pem", "_password", "_phone", "_secret", "_token")
_BEARER = re.compile(r"\beyJ[\w-]{8,}(\.[\w-]*){0,4}")
_SERVER_DETAIL = re.compile(r"\n\s*(DETAIL|CONTEXT|QUERY):[^\n]*")
_DEPTH_MAX = 4

_encode = msgspec.json.Encoder(enc_hook=str).encode


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Drop private keys, also inside nested objects."""
    del logger, method
    return _without_private(event, _DEPTH_MAX)


def _without_private(values: MutableMapping[str, Any], depth: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if _is_private(key):
            continue
        if isinstance(value, dict):
            kept[key] = _without_private(value, depth - 1) if depth else "…"
        elif isinstance(value, list | tuple):
            kept[key] = [
                _without_private(item, depth - 1) if isinstance(item, dict) and depth else item
                for item in value
            ]
        else:
            kept[key] = value
    return kept


@lru_cache(maxsize=1024)
def _is_private(key: str) -> bool:
    lowered = key.lower().replace("-", "_")
    return lowered in PRIVATE_KEYS or lowered.endswith(_PRIVATE_ENDINGS)


def scrub(text: str) -> str:
    """A message or stack without what may be private in it.

    PostgreSQL puts whole rows into DETAIL lines ("Key (email)=(…) already exists").
    """
    return _BEARER.sub("[token]", _SERVER_DETAIL.sub("", text))


def _scrub_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    del logger, method
    if isinstance(stack := event.get("exception"), str):
        event["exception"] = scrub(stack)
    return event


def add_trail(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Say which request, trace and tenant a line belongs to."""
    del logger, method
    trail = TRAIL.get()
    if trail is not None:
        event.setdefault("request_id", str(trail.request_id))
        event.setdefault("trace_id", trail.trace_id)
        if trail.correlation_id != trail.request_id:
            event.setdefault("correlation_id", str(trail.correlation_id))
        if trail.tenant_id is not None:
            event.setdefault("tenant", str(trail.tenant_id))
    return event


def _render_json(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    del logger, method
    return _encode(event)


def _render_text(logger: WrappedLogger, method: str, event: EventDict) -> bytes:
    renderer = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    return renderer(logger, method, event).encode()


def configure_logs(level: str = "info", *, json: bool = True, to: BinaryIO | None = None) -> None:
    """Set up logging for the process; a second call replaces the first, also for loggers in use.

    Lines go to standard error, so that what a command prints stays clean. Loggers of libraries
    (uvicorn, asyncio) come out in the same shape; uvicorn's access log is silent, ours is richer.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        add_trail,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _scrub_exception,
        redact,
    ]
    render = _render_json if json else _render_text
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.BytesLoggerFactory(to or sys.stderr.buffer),
    )
    root = logging.getLogger()
    root.handlers = [_LibraryLogs(structlog.get_logger("library"))]
    root.setLevel(max(threshold, logging.INFO))
    for chatty in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    for named in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(named).handlers = []
        logging.getLogger(named).propagate = True


class _LibraryLogs(logging.Handler):
    """Hands the records of libraries to our own logger."""

    def __init__(self, target: Any) -> None:
        super().__init__()
        self._target = target

    def emit(self, record: logging.LogRecord) -> None:
        self._target.log(
            record.levelno,
            scrub(record.getMessage()),
            logger=record.name,
            exc_info=record.exc_info,
        )
