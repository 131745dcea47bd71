"""What `GET /metrics` says after real work: the right series, by the right amount, nobody's ids."""

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from invx.kernel.ids import parse_typeid
from tests.waiting import HANG_SECONDS
from tests.world import Desk, draft_body

Figures = Mapping[tuple[str, frozenset[tuple[str, str]]], float]
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|[a-z]{2,4}_[0-9a-z]{26}|\d{4}-\d{4}")


async def figures(desk: Desk) -> Figures:
    """Every sample of the page, by name and labels."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(desk.world.app), base_url="http://invx.test"
    ) as machine:
        page = (await machine.get("/metrics")).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def value(found: Figures, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


Rise = Callable[..., float]


async def rise(desk: Desk, before: Figures) -> Rise:
    """How much a sample has risen since."""
    now = await figures(desk)

    def risen(name: str, **labels: str) -> float:
        return value(now, name, **labels) - value(before, name, **labels)

    return risen


async def keyed(desk: Desk, path: str, body: Any, key: str) -> int:
    answer = await desk.client.post(path, json=body, headers={"Idempotency-Key": key})
    return answer.status_code


async def test_requests_and_handlers_are_counted_by_template_and_name(desk: Desk) -> None:
    draft = await desk.draft()
    before = await figures(desk)
    await desk.finalize(draft)
    await desk.client.get("/v1/invoices/inv_nonsense")
    await desk.client.get("/v1/nothing/here")
    rose = await rise(desk, before)
    route = "/v1/invoices/{invoice}/finalize"
    posted = {"method": "POST", "route": route, "tenant_class": "standard"}
    assert rose("invx_http_requests_total", status="200", **posted) == 1
    assert rose("invx_http_request_seconds_count", **posted) == 1
    missing = {"method": "GET", "status": "404"}
    of_tenant = {"route": "/v1/invoices/{invoice}", "tenant_class": "standard"}
    assert rose("invx_http_requests_total", **of_tenant, **missing) == 1
    of_nobody = {"route": "unmatched", "tenant_class": "none"}
    assert rose("invx_http_requests_total", **of_nobody, **missing) == 1
    handled = {"context": "invoicing", "handler": "finalize_document"}
    assert rose("invx_handler_seconds_count", **handled) == 1
    assert 0 < rose("invx_handler_seconds_sum", **handled) < 10
    waited = {"context": "invoicing", "login": "app"}
    assert rose("invx_pool_wait_seconds_count", **waited) >= 1


async def test_a_refused_command_is_no_handled_one(desk: Desk) -> None:
    issued = await desk.invoice()
    before = await figures(desk)
    await desk.post(f"/v1/invoices/{issued['id']}/finalize", {}, status=409)
    rose = await rise(desk, before)
    handled = {"context": "invoicing", "handler": "finalize_document"}
    assert rose("invx_handler_seconds_count", **handled) == 0


async def test_lost_races_and_facts_show_as_retries_of_their_handler(desk: Desk) -> None:
    issued = await desk.invoice()
    before = await figures(desk)
    path = f"/v1/invoices/{issued['id']}/payments"
    await asyncio.gather(
        *(desk.post(path, {"amount": "1.00", "source": f"p{n}"}) for n in range(6))
    )
    await desk.world.settle()  # archives the document, for which it needs the PDF
    rose = await rise(desk, before)
    retried = {"context": "invoicing", "handler": "post_entry"}
    assert rose("invx_handler_retries_total", reason="lost_race", **retried) >= 1
    assert rose("invx_handler_seconds_count", **retried) == 6, "a command counts once"
    archived = {"context": "invoicing", "handler": "_archive"}
    assert rose("invx_handler_retries_total", reason="facts", **archived) == 1
    assert rose("invx_facts_asked_total", port="renderer", outcome="found") == 1
    assert rose("invx_jobs_run_total", context="invoicing", outcome="done") >= 1


async def test_repeated_requests_are_counted_by_what_became_of_them(desk: Desk) -> None:
    before = await figures(desk)
    body = draft_body()
    assert await keyed(desk, "/v1/invoices", body, "k") == 201
    assert await keyed(desk, "/v1/invoices", body, "k") == 201
    assert await keyed(desk, "/v1/invoices", {**body, "notes": "x"}, "k") == 409
    rose = await rise(desk, before)
    for outcome in ("first", "replayed", "reused"):
        counted = {"context": "invoicing", "outcome": outcome}
        assert rose("invx_idempotent_requests_total", **counted) == 1, outcome


async def measured(desk: Desk) -> Figures:
    """The figures after one round of upkeep."""
    stop = asyncio.Event()
    before = await figures(desk)
    stamp = "invx_upkeep_last_success_timestamp_seconds"
    chores = {"measure_outbox": "invoicing", "measure_inbox": "analytics"}
    chores |= {"measure_jobs": "invoicing"}
    running = asyncio.create_task(desk.world.host.upkeep.run(stop))
    try:
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                now = await figures(desk)
                labels = [{"context": c, "chore": chore} for chore, c in chores.items()]
                if all(value(now, stamp, **each) > value(before, stamp, **each) for each in labels):
                    return now
                await asyncio.sleep(0.01)
    finally:
        stop.set()
        await running


async def test_what_waits_between_contexts_is_a_figure_until_it_is_gone(desk: Desk) -> None:
    await desk.invoice()
    sender, receiver = {"context": "invoicing"}, {"context": "analytics"}
    found = await measured(desk)
    pending = value(found, "invx_outbox_pending", **sender)
    assert pending >= 1
    assert 0 < value(found, "invx_outbox_lag_seconds", **sender) < 60
    assert value(found, "invx_inbox_pending", **receiver) == 0
    for relay in desk.world.host.relays.values():
        await relay.round()
    found = await measured(desk)
    assert value(found, "invx_outbox_pending", **sender) == 0
    assert value(found, "invx_outbox_lag_seconds", **sender) == 0
    assert 1 <= value(found, "invx_inbox_pending", **receiver) <= pending
    assert 0 < value(found, "invx_inbox_age_seconds", **receiver) < 60
    assert value(found, "invx_jobs_due", **sender) >= 1
    await desk.world.settle()
    found = await measured(desk)
    for name in ("invx_inbox_pending", "invx_inbox_age_seconds", "invx_parked_keys"):
        assert value(found, name, **receiver) == 0
    assert value(found, "invx_jobs_due", **sender) == 0


async def test_a_parked_key_is_a_figure_until_somebody_helps(desk: Desk) -> None:
    before = await figures(desk)
    await desk.invoice()
    async with desk.world.admin() as conn:
        await conn.execute("ALTER TABLE analytics.documents RENAME COLUMN net TO hidden")
        for relay in desk.world.host.relays.values():
            await relay.round()
        with capture_logs():
            for _ in range(8):
                await desk.world.settle()
                await conn.execute("UPDATE analytics.inbox SET next_attempt_at = '-infinity'")
        await conn.execute("ALTER TABLE analytics.documents RENAME COLUMN hidden TO net")
    found = await measured(desk)
    assert value(found, "invx_parked_keys", context="analytics") == 1
    rose = await rise(desk, before)
    told = {"context": "analytics", "contract": "invoicing.document.finalized.v1"}
    assert rose("invx_inbox_handled_total", outcome="parked", **told) == 1
    assert rose("invx_inbox_handled_total", outcome="retried", **told) == 7
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE analytics.inbox SET state = 'pending', attempts = 0 WHERE state = 'parked'"
        )
    await desk.world.settle()
    assert value(await measured(desk), "invx_parked_keys", context="analytics") == 0
    rose = await rise(desk, before)
    assert rose("invx_inbox_handled_total", outcome="done", **told) == 1


async def test_no_label_ever_holds_an_id_a_number_or_a_name(desk: Desk) -> None:
    issued = await desk.invoice()
    await desk.client.get(f"/v1/invoices/{issued['id']}/pdf")
    await desk.client.get(f"/v1/{issued['id']}")
    await desk.client.request("BREW", "/v1/invoices")
    await desk.world.settle()
    page = await figures(desk)
    told = {label for _, labels in page for label in labels if label[0] not in ("le", "version")}
    assert {"context", "handler", "route", "method"} <= {name for name, _ in told}
    assert [label for label in told if _ID.search(label[1])] == []
    everything = str(page)
    for secret in (
        str(desk.tenant_id),
        str(parse_typeid("inv", issued["id"])),
        issued["id"],
        issued["number"],
        "Elbkontor",
        "user:test",
    ):
        assert secret not in everything
    assert ("method", "BREW") not in told
