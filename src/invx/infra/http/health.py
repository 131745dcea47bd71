"""Routes for machines: is the process alive, may it get traffic, what are its figures."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from invx.infra.http.answers import encode, json_response
from invx.infra.http.permissions import public

_CHECK_SECONDS_MAX = 2.0

Check = Callable[[], Awaitable[bool]]

log = structlog.get_logger(__name__)


def health_router(checks: Mapping[str, Check]) -> APIRouter:
    """`/healthz` (the loop turns), `/readyz` (every check says yes within 2 s), `/metrics`."""
    router = APIRouter(dependencies=[public()], include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> Response:
        return json_response(encode({"status": "ok"}))

    @router.get("/readyz")
    async def readyz() -> Response:
        names = list(checks)
        results = await asyncio.gather(*(_passes(name, checks[name]) for name in names))
        ready = all(results)
        body = {
            "status": "ok" if ready else "unavailable",
            "checks": dict(zip(names, results, strict=True)),
        }
        return json_response(encode(body), 200 if ready else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _passes(name: str, check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), _CHECK_SECONDS_MAX)
    except Exception as error:  # noqa: BLE001 - whatever a check raises means "not ready"
        # The reason is for the log, not for the caller.
        log.warning("not_ready", check=name, reason=type(error).__name__)
        return False
