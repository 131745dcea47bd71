"""Where a legal entity demands it, the official rules judge a document before it has a number."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.einvoice.validation.facts import PORT
from invx.infra.facts import Answered, FactProvider
from invx.kernel.ports import Fact
from tests.integration.invoicing.einvoice.operators import install, peppol
from tests.integration.invoicing.routed import (
    AUTHORITY,
    GERMAN_SELLER,
    LEITWEG,
    amend,
    buyer,
    check,
    german,
    refused,
)
from tests.load.queries import counted
from tests.world import BUYER, Desk, World, draft_body, post

RULES = {"official_rules": "before_finalize"}
# A rule that nobody knows but the sheet of this operator.
NOT_HERE = "not(ubl:Invoice/cbc:BuyerReference) and not(ubl:Invoice/cac:OrderReference)"
OWN_RULE = peppol().replace(NOT_HERE, "not(ubl:Invoice/cac:ContractDocumentReference)")


class Between:
    """Stands before the real provider: does something else in between, and counts."""

    def __init__(self, behind: FactProvider, act: Callable[[], Awaitable[Any]]) -> None:
        self.behind, self.act = behind, act
        self.asked: list[Fact] = []

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        self.asked += facts
        answers = await self.behind.obtain(facts)
        if len(self.asked) == 1:
            await self.act()
        return answers


def between(world: World, act: Callable[[], Awaitable[Any]]) -> Between:
    """`act` is done after the first verdict, before it can be used."""
    providers: Any = world.host.contexts["invoicing"].runner.providers
    providers[PORT] = Between(providers[PORT], act)
    found: Between = providers[PORT]
    return found


async def nothing() -> None:
    """What mostly happens between two rounds."""


@pytest.fixture
async def judged(world: World) -> Desk:
    """A seller who has every e-invoice judged."""
    return await german(world, **RULES)


def routed(format: str = "ubl", **more: Any) -> dict[str, Any]:
    """The body of a draft that is sound in that format."""
    german_buyer = buyer({"format": format}, of=AUTHORITY)
    sound = {"buyer": german_buyer, "buyer_reference": LEITWEG, "supply_date": "2026-11-02"}
    return draft_body(**{**sound, **more})


async def drafted(desk: Desk, **more: Any) -> dict[str, Any]:
    return await desk.post("/v1/invoices", routed(**more))


async def edit(desk: Desk, draft: dict[str, Any], body: dict[str, Any]) -> None:
    answer = await desk.client.put(f"/v1/invoices/{draft['id']}", json=body)
    assert answer.status_code == 200, answer.text


async def test_the_rules_judge_the_very_bytes_outside_any_transaction(
    world: World, judged: Desk
) -> None:
    """But for the number, which is drawn after it."""
    waiting: list[int] = []

    async def look() -> None:
        async with world.admin() as conn:
            found = await conn.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            )
            waiting.append(found)

    seen = between(world, look)
    invoice = await judged.finalize(await drafted(judged, format="xrechnung_ubl"))
    route = {"format": "xrechnung_ubl", "source": "buyer", "verdict": seen.asked[0].fingerprint}
    assert invoice["route"] == route
    assert (len(seen.asked), waiting) == (1, [0])
    file = await judged.client.get(f"/v1/invoices/{invoice['id']}/e-invoice")
    number = f"<cbc:ID>{invoice['number']}</cbc:ID>".encode()
    assert file.content.count(number) == 1
    made = file.content.replace(number, b"<cbc:ID>DRAFT</cbc:ID>")
    async with world.admin() as conn:
        [row] = await conn.fetch(
            "SELECT fingerprint, value->>'xml_sha256' AS xml, value->'versions' AS versions"
            " FROM invoicing.facts WHERE port = $1",
            PORT,
        )
    assert row["fingerprint"] == seen.asked[0].fingerprint
    assert row["xml"] == hashlib.sha256(made).hexdigest()
    assert "xrechnung-ubl" in row["versions"]


async def test_what_the_rules_refuse_is_told_by_rule_term_field_and_words(
    judged: Desk, tmp_path: Path
) -> None:
    install(tmp_path / "rules", OWN_RULE)
    draft = await drafted(judged, format="peppol")
    answer = await refused(judged, draft)
    assert (answer["code"], answer["status"]) == ("e_invoice_invalid", 422)
    [problem] = answer["problems"]
    assert problem == {
        "pointer": "/buyer_reference",
        "code": "e_invoice_rule",
        "rule": "PEPPOL-EN16931-R003",
        "terms": ["BT-10", "BT-13"],
        "detail": problem["detail"],
    }
    assert problem["detail"].startswith("Peppol needs the buyer's reference")
    checked = await check(judged, draft)
    assert checked["valid"] is False
    assert checked["e_invoice"]["findings"][0]["rule"] == "PEPPOL-EN16931-R003"
    await edit(judged, draft, routed("peppol", contract="C-7"))
    assert (await judged.finalize(draft))["route"]["verdict"]


async def test_warnings_of_the_rules_refuse_nothing(world: World) -> None:
    contact = {**GERMAN_SELLER["contact"], "phone": "on request"}
    desk = await world.seller(**{**GERMAN_SELLER, "contact": contact}, e_invoicing=RULES)
    draft = await drafted(desk, format="xrechnung_ubl")
    checked = await check(desk, draft)
    assert checked["valid"] is True
    assert [(each["rule"], each["severity"]) for each in checked["e_invoice"]["findings"]] == [
        ("BR-DE-27", "warning")
    ]
    assert (await desk.finalize(draft))["route"]["verdict"]


async def test_a_missing_sheet_is_never_a_pass(judged: Desk, tmp_path: Path) -> None:
    draft = await drafted(judged, format="peppol")
    headers = {"Idempotency-Key": "finalize-1"}
    path = f"/v1/invoices/{draft['id']}/finalize"
    answer = await judged.client.post(path, json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "e_invoice_rules_missing")
    assert "peppol-ubl" in answer.json()["detail"]
    checked = await check(judged, draft)
    assert (checked["valid"], checked["problems"]) == (False, [])
    assert checked["e_invoice"]["missing"] == ["peppol-ubl"]
    assert answer.headers["retry-after"]
    install(tmp_path / "rules", peppol())
    again = await judged.client.post(path, json={}, headers=headers)
    assert (again.status_code, bool(again.json()["route"]["verdict"])) == (200, True)


async def test_a_sheet_that_was_changed_is_never_a_pass(judged: Desk, tmp_path: Path) -> None:
    install(tmp_path / "rules", peppol())
    (tmp_path / "rules" / "peppol-ubl.xslt").write_text(peppol(version="9"))
    answer = await refused(judged, await drafted(judged, format="peppol"), 503)
    assert answer["code"] == "sheets_unusable"


async def test_a_worker_that_does_not_answer_is_never_a_pass(world: World, judged: Desk) -> None:
    draft = await drafted(judged)
    world.app.state.invoicing.validator.close()
    answer = await refused(judged, draft, 503)
    assert answer["code"] == "workers_stopped"


async def test_a_draft_that_is_edited_meanwhile_is_judged_anew(
    world: World, judged: Desk, tmp_path: Path
) -> None:
    """The verdict on what it said before is of no use, though it was a good one."""
    install(tmp_path / "rules", OWN_RULE)
    draft = await drafted(judged, format="peppol", contract="C-7")
    seen = between(world, lambda: edit(judged, draft, routed("peppol")))
    answer = await refused(judged, draft)
    assert answer["problems"][0]["rule"] == "PEPPOL-EN16931-R003"
    assert len({fact.fingerprint for fact in seen.asked}) == 2


async def test_a_seller_who_is_amended_meanwhile_is_judged_anew(world: World, judged: Desk) -> None:
    draft = await drafted(judged)
    seen = between(world, lambda: amend(judged, legal_form="AG", e_invoicing=RULES))
    assert (await judged.finalize(draft))["seller"]["legal_form"] == "AG"
    assert len({fact.fingerprint for fact in seen.asked}) == 2


async def test_rules_that_are_installed_meanwhile_judge_anew(
    world: World, judged: Desk, tmp_path: Path
) -> None:
    install(tmp_path / "rules", peppol())

    async def newer() -> None:
        install(tmp_path / "rules", OWN_RULE)

    seen = between(world, newer)
    answer = await refused(judged, await drafted(judged, format="peppol"))
    assert answer["problems"][0]["rule"] == "PEPPOL-EN16931-R003"
    assert len({fact.fingerprint for fact in seen.asked}) == 2


async def test_midnight_in_between_is_judged_as_of_the_new_day(world: World, judged: Desk) -> None:
    """Another document took the next day's date; this one may not be dated before it (D2)."""
    draft = await drafted(judged)

    async def tomorrow() -> None:
        await world.advance(judged.tenant_id, timedelta(days=1))
        await judged.invoice(buyer={**BUYER, "kind": "consumer"})

    seen = between(world, tomorrow)
    invoice = await judged.finalize(draft)
    assert len({fact.fingerprint for fact in seen.asked}) == 2
    dates = [fact.question.stated.issue_date.isoformat() for fact in seen.asked]
    assert dates[0] < dates[1] == invoice["issue_date"]
    assert invoice["route"]["verdict"]


async def test_nobody_asks_the_rules_where_nobody_demands_it(world: World) -> None:
    desk = await german(world)
    seen = between(world, nothing)
    assert (await desk.finalize(await drafted(desk)))["route"]["verdict"] is None
    demanding = await german(world, **RULES)
    assert (await demanding.invoice())["route"] is None
    assert seen.asked == []


async def test_being_judged_costs_four_round_trips_more(world: World, judged: Desk) -> None:
    """Those of the round that found out what is needed; the verdict itself costs none."""
    trips = []
    for _ in range(3):  # in one of them the tenant's directory entry may be read again
        draft = await drafted(judged)
        async with counted(world) as sent:
            await judged.finalize(draft)
        trips.append(len(sent))
    assert min(trips) == 10, trips


async def test_a_cancellation_is_judged_too(world: World, judged: Desk) -> None:
    invoice = await judged.finalize(await drafted(judged))
    path = f"/v1/invoices/{invoice['id']}"
    await post(judged.client, f"{path}/release", {})
    seen = between(world, nothing)
    note = await judged.post(f"{path}/cancel", {"reason": "Wrong buyer"})
    assert [fact.fingerprint for fact in seen.asked] == [note["route"]["verdict"]]
