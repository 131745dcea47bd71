import asyncio

import httpx
import pytest
from fastapi import FastAPI

from invx.infra.http import health
from invx.infra.http.edge import add_router
from invx.infra.http.health import health_router
from tests.unit.infra.http.example import Keys, SetClock, client_of, example_app


async def asked(app: FastAPI, path: str) -> httpx.Response:
    async with client_of(app) as client:
        return await client.get(path)


async def test_a_living_process_says_so(app: FastAPI) -> None:
    assert (await asked(app, "/healthz")).json() == {"status": "ok"}


async def test_a_ready_process_names_its_checks(app: FastAPI) -> None:
    answered = await asked(app, "/readyz")
    assert answered.status_code == 200
    assert answered.json() == {"status": "ok", "checks": {"keys": True, "always": True}}


async def test_without_keys_the_process_lives_but_is_not_ready(keys: Keys, clock: SetClock) -> None:
    keys.jwks.write_text("{}")
    app = example_app(keys, clock)
    assert (await asked(app, "/healthz")).status_code == 200
    answered = await asked(app, "/readyz")
    assert answered.status_code == 503
    assert answered.json()["checks"] == {"keys": False, "always": True}


async def test_a_check_that_fails_or_hangs_means_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "_CHECK_SECONDS_MAX", 0.01)

    async def breaks() -> bool:
        raise ConnectionError("host=db password=secret")

    async def hangs() -> bool:
        await asyncio.sleep(60)
        return True

    app = FastAPI(routes=health_router({"breaks": breaks, "hangs": hangs}).routes)
    answered = await asked(app, "/readyz")
    assert answered.status_code == 503
    assert answered.json() == {
        "status": "unavailable",
        "checks": {"breaks": False, "hangs": False},
    }


async def test_the_figures_are_in_prometheus_text(app: FastAPI) -> None:
    await asked(app, "/fail/conflict")
    answered = await asked(app, "/metrics")
    assert answered.headers["content-type"].startswith("text/plain")
    line = 'invx_http_requests_total{method="GET",route="/fail/{how}",status="409",tenant_class='
    assert line in answered.text
    for name in ("invx_loop_lag_seconds_bucket", "invx_invariants_violated_total"):
        assert name in answered.text


async def test_a_second_health_router_does_not_shadow_the_first(app: FastAPI) -> None:
    add_router(app, health_router({}))
    assert "keys" in (await asked(app, "/readyz")).json()["checks"]
