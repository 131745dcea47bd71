"""Logs and traces of a whole story hold no secret and nothing about a person."""

import logging
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from invx.infra.embedded import Postgres
from invx.infra.tracing import record_with
from tests.integration.identity.test_second_factor import code_of, set_up
from tests.people import PASSWORD, anybody, sign_in, sign_up
from tests.programs import Browser, registered
from tests.unit.infra.http.example import captured_logs
from tests.world import BUYER, SELLER, World, draft_body, line, open_world


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Every span of the process, recorded."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    record_with(provider.get_tracer("test"))
    yield exporter
    record_with(None)


@pytest.fixture
async def world(
    server: Postgres, tmp_path: Path, spans: InMemorySpanExporter
) -> AsyncIterator[World]:
    """An installation whose requests are traced: it asks for the tracer at its start."""
    async with open_world(server, tmp_path) as opened:
        yield opened


async def story(world: World) -> list[str]:
    """Both factors, a program, an invoice, failures on the way: all of it that is private."""
    address = {"User-Agent": "Geheimnis-Browser/1.0"}
    ada = await sign_up(world, name="Ada Geheimnis", organization="Geheimnis KG")
    ada.client.headers.update(address)
    await world.settle()
    secret, codes = await set_up(ada)
    tried = code_of(secret)
    await sign_in(world, ada.email, "a wrong password of theirs")
    ada.take((await sign_in(world, ada.email, code=tried)).json())
    await ada.refresh()
    program = await registered(ada, scopes=("invoices:read",))
    browser = Browser(world)
    await browser.open(program)
    await browser.sign_in(ada.email)
    await browser.send(code=codes[0])
    kept = browser.kept
    await browser.send(tenant=ada.tenant, decision="allow")
    code = browser.answer()["code"]
    tokens: dict[str, Any] = (await program.exchange(code)).json()
    await program.exchange(code)
    own = (await program.token("client_credentials")).json()
    await program.token("refresh_token", refresh_token="invx_rt_guessed")
    await ada.post("/v1/legal-entities", SELLER)
    draft = await ada.post("/v1/invoices", draft_body(line("100.00"), buyer=BUYER))
    await ada.post(f"/v1/invoices/{draft['id']}/finalize", {})
    await anybody(world, Authorization=f"Bearer {tokens['access_token']}").get("/v1/invoices")
    await anybody(world).get("/oauth/authorize", params={"client_id": "x", "state": "s3cret-state"})
    await anybody(world).post("/v1/sessions", content=b'{"email": "broken@kontor-nord.example"')
    await world.settle()
    return [
        *(
            "Geheimnis",
            ada.email,
            "a wrong password of theirs",
            PASSWORD,
            secret,
            tried,
            code,
            kept,
        ),
        *(codes[0], codes[0].replace("-", ""), program.said["client_secret"], program.verifier),
        *(tokens["access_token"], tokens["refresh_token"], own["access_token"], "invx_rt_guessed"),
        *(ada.tokens["access_token"], ada.tokens["refresh_token"], "s3cret-state", "broken@"),
        *(BUYER["name"], BUYER["vat_id"], SELLER["bank_accounts"][0]["iban"], SELLER["name"]),
        *(BUYER["address"]["line1"], "127.0.0.1"),
    ]


def told(out: BytesIO, exporter: InMemorySpanExporter) -> str:
    """All that left the process."""
    shown = [span.to_json() for span in exporter.get_finished_spans()]
    return "\n".join([out.getvalue().decode(), *shown])


async def test_logs_and_traces_hold_no_secret_and_no_personal_data(
    world: World, spans: InMemorySpanExporter
) -> None:
    with captured_logs() as out:
        logging.getLogger().setLevel(logging.DEBUG)
        private = await story(world)
    everything = told(out, spans)
    assert "/oauth/token" in everything
    assert "/v1/invoices/{invoice}/finalize" in everything
    assert len(spans.get_finished_spans()) > 20
    assert [each for each in private if each in everything] == []


async def test_a_planted_leak_is_found(world: World, spans: InMemorySpanExporter) -> None:
    """The same comparison sees a name in a line and in a span."""
    import structlog

    with captured_logs() as out:
        ada = await sign_up(world)
        structlog.get_logger().info("signed_up", who=ada.email)
        with spans_tracer(spans) as span:
            span.set_attribute("who", ada.tokens["refresh_token"])
    everything = told(out, spans)
    assert ada.email in everything
    assert ada.tokens["refresh_token"] in everything


def spans_tracer(exporter: InMemorySpanExporter) -> Any:
    from invx.infra.tracing import recording_tracer

    tracer = recording_tracer()
    assert tracer is not None
    return tracer.start_as_current_span("planted")
