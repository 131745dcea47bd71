"""What an authority rejected is issued anew under its number: once, and with every cent."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from invx.contexts.invoicing.adapters.transmission.practice_authority import Behaviour
from invx.contexts.invoicing.domain.delivery.transmission import Reason
from invx.infra.embedded import Postgres
from tests.e2e.acts import pointers, refused
from tests.e2e.sending import (
    ITALIAN,
    PRACTICE,
    authority_of,
    happened,
    later,
    path,
    sending_world,
    start_anew,
    states,
    transmissions,
)
from tests.integration.invoicing.taxing import entries, reconciled, total
from tests.world import BUYER, Desk, World, draft_body, line, post

VAT22 = [{"category": "S", "rate": "22"}]
NO = Behaviour(rejects=(Reason(code="00305", text="IdCodice non valido"),))


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(
    server: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    async with sending_world(server, tmp_path_factory.mktemp("sending")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def world(installation: World) -> World:
    return await start_anew(installation)


async def italian(world: World, basis: str = "accrual", **more: Any) -> Desk:
    registration = {**ITALIAN["registrations"][0], "basis": basis}
    given = {**ITALIAN, "registrations": [registration], "transmission_channels": PRACTICE}
    return await world.seller(mode="test", **{**given, **more})


def said(price: str = "100.00", **more: Any) -> dict[str, Any]:
    return draft_body(line(price, taxes=VAT22), **more)


async def rejected(desk: Desk, **more: Any) -> dict[str, Any]:
    """An invoice that the authority rejected."""
    draft = await desk.post("/v1/invoices", said(**more))
    issued = await desk.finalize(draft)
    authority_of(desk.world).script(issued["number"], NO)
    await desk.world.settle()
    assert await states(desk, issued) == ("failed", "rejected")
    authority_of(desk.world).script(issued["number"], Behaviour())
    return issued


async def pay(desk: Desk, document: dict[str, Any], amount: str, source: str) -> None:
    await desk.post(f"{path(document)}/payments", {"amount": amount, "source": source})


async def test_a_revision_has_the_number_and_both_stay(world: World) -> None:
    desk = await italian(world)
    first = await rejected(desk)
    body = said("120.00", buyer={**BUYER, "vat_id": "DE129273398"})
    second = await desk.post(f"{path(first)}/revisions", body, status=201)
    assert (second["number"], second["revision"]) == (first["number"], 2)
    assert (second["revises"], second["issue_date"]) == (first["id"], first["issue_date"])
    assert second["series"] == first["series"]
    assert (second["status"], second["clearance_status"]) == ("finalized", "pending")
    old = await desk.get(path(first))
    assert (old["status"], old["replaced_by"]) == ("replaced", second["id"])
    assert (old["settlement_status"], old["open"]) == (None, "0.00")

    await world.settle()
    assert await states(desk, second) == ("delivered", "cleared")
    assert await states(desk, first) == ("failed", "rejected")
    files = [
        (await desk.client.get(f"{path(each)}/e-invoice", params={"format": "ubl"})).content
        for each in (first, second)
    ]
    assert files[0] != files[1]
    assert all(first["number"].encode() in each for each in files)
    [one, two] = authority_of(world).cases.values()
    assert (one.parcel.revision, two.parcel.revision) == (1, 2)
    assert one.parcel.key != two.parcel.key
    listed = (await desk.get("/v1/invoices", number=first["number"], sort="created"))["data"]
    assert [each["id"] for each in listed] == [first["id"], second["id"]]
    # The next number follows; none is missing and none was drawn twice.
    third = await desk.finalize(await desk.post("/v1/invoices", said()))
    assert third["number"].endswith("0002")
    gaps = await desk.get(f"/v1/series/{first['series']}/gaps")
    assert (gaps["complete"], gaps["gaps"]) == (True, [])
    assert "DocumentRevised" in await happened(desk, first, "invoice")


@pytest.mark.parametrize("basis", ["accrual", "cash"])
async def test_money_and_tax_move_over_exactly_once(world: World, basis: str) -> None:
    desk = await italian(world, basis)
    first = await rejected(desk)
    await pay(desk, first, "61.00", "bank-1")
    await pay(desk, first, "10.00", "bank-2")
    taken = await desk.get(f"{path(first)}/settlement")
    bounced = {"entry": taken["entries"][1]["id"], "source": "bounced"}
    await desk.post(f"{path(first)}/reversals", bounced)
    second = await desk.post(f"{path(first)}/revisions", said("200.00"), status=201)
    assert (second["open"], second["paid"]) == ("183.00", "61.00")
    ledger = await desk.get(f"{path(second)}/settlement")
    assert [each["source"] for each in ledger["entries"]] == ["bank-1"]
    closed = await desk.get(f"{path(first)}/settlement")
    assert (closed["status"], closed["open"], closed["paid"]) == ("void", "0.00", "0.00")

    period = first["issue_date"][:7]
    of_first = await entries(desk, invoice=first["id"])
    of_second = await entries(desk, invoice=second["id"])
    assert total(of_first) == (Decimal(0), Decimal(0))
    expected = ("200.00", "44.00") if basis == "accrual" else ("50.00", "11.00")
    assert total(of_second) == tuple(map(Decimal, expected))
    assert {each["period"] for each in (*of_first, *of_second)} == {period}
    balance = await reconciled(desk, period)
    assert balance["balanced"], balance
    await pay(desk, second, "183.00", "bank-3")
    assert total(await entries(desk)) == (Decimal("200.00"), Decimal("44.00"))
    assert (await reconciled(desk, period))["balanced"]


async def test_other_contexts_count_the_revision_and_not_what_it_replaces(world: World) -> None:
    desk = await italian(world)
    first = await rejected(desk)
    await desk.post(f"{path(first)}/revisions", said("30.00"), status=201)
    await world.settle()
    [month] = (await desk.get("/v1/analytics/revenue"))["data"]
    assert month["net"] == "30.00"


async def test_of_two_revisions_at_once_one_is_issued(world: World) -> None:
    desk = await italian(world)
    first = await rejected(desk)
    answers = await asyncio.gather(
        *(
            desk.client.post(f"{path(first)}/revisions", json=said(price))
            for price in ("1.00", "2.00", "3.00")
        )
    )
    assert sorted(each.status_code for each in answers) == [201, 409, 409]
    codes = {each.json()["code"] for each in answers if each.status_code == 409}
    assert codes == {"document_replaced"}
    async with world.admin() as conn:
        standing = await conn.fetchval(
            "SELECT count(*) FROM invoicing.documents WHERE number = $1 AND status <> 'replaced'"
            " AND tenant_id = $2",
            first["number"],
            desk.tenant_id,
        )
    assert standing == 1


async def test_a_payment_that_races_a_revision_is_in_one_ledger_or_refused(world: World) -> None:
    desk = await italian(world)
    for number in range(3):
        first = await rejected(desk)
        payment = {"amount": "50.00", "source": f"bank-{number}"}
        revised, paid = await asyncio.gather(
            desk.client.post(f"{path(first)}/revisions", json=said()),
            desk.client.post(f"{path(first)}/payments", json=payment),
        )
        assert revised.status_code == 201
        assert paid.status_code in (200, 201, 409), paid.text
        ledger = await desk.get(f"/v1/invoices/{revised.json()['id']}/settlement")
        moved = [each["source"] for each in ledger["entries"]]
        assert moved == ([payment["source"]] if paid.is_success else [])
        if not paid.is_success:
            assert paid.json()["code"] == "settlement_closed"


async def test_only_what_was_rejected_is_issued_anew_and_only_where_the_law_says_so(
    world: World,
) -> None:
    german = await world.seller(
        mode="test", clearance="before_release", transmission_channels=PRACTICE
    )
    first = await german.invoice()
    problem = await refused(german, "POST", f"{path(first)}/revisions", draft_body(), status=409)
    assert problem["code"] == "document_not_rejected"
    authority_of(world).script(first["number"], NO)
    await world.settle()
    problem = await refused(german, "POST", f"{path(first)}/revisions", draft_body(), status=409)
    assert problem["code"] == "revision_not_allowed"

    desk = await italian(world)
    draft = await desk.post("/v1/invoices", said())
    problem = await refused(desk, "POST", f"{path(draft)}/revisions", said(), status=409)
    assert problem["code"] == "document_not_finalized"
    cleared = await desk.finalize(draft)
    authority_of(world).script(cleared["number"], Behaviour())
    await world.settle()
    problem = await refused(desk, "POST", f"{path(cleared)}/revisions", said(), status=409)
    assert problem["code"] == "document_not_rejected"


async def test_what_would_not_be_the_same_document_is_refused(world: World) -> None:
    desk = await italian(world)
    first = await rejected(desk)
    other = said(currency="USD", issue_date="2020-01-01")
    problem = await refused(desk, "POST", f"{path(first)}/revisions", other, status=422)
    assert pointers(problem) == {"/currency": "revision_differs", "/issue_date": "revision_differs"}
    await desk.post(f"{path(first)}/write-offs", {"source": "w", "amount": "1.00"})
    problem = await refused(desk, "POST", f"{path(first)}/revisions", said(), status=409)
    assert problem["code"] == "document_settled"
    assert (await desk.get(path(first)))["status"] == "finalized"


async def test_after_five_days_it_is_too_late(world: World) -> None:
    desk = await italian(world)
    first = await rejected(desk)
    await later(desk, days=6)
    problem = await refused(desk, "POST", f"{path(first)}/revisions", said(), status=409)
    assert problem["code"] == "revision_too_late"
    assert "Circ. AdE 13/E/2018" in problem["detail"]


async def test_a_revision_that_is_rejected_is_revised_again(world: World) -> None:
    desk = await italian(world)
    first = await rejected(desk)
    authority_of(world).script(first["number"], NO)
    second = await desk.post(f"{path(first)}/revisions", said("2.00"), status=201)
    await world.settle()
    authority_of(world).script(first["number"], Behaviour())
    third = await desk.post(f"{path(second)}/revisions", said("3.00"), status=201)
    await world.settle()
    assert (third["number"], third["revision"]) == (first["number"], 3)
    assert await states(desk, third) == ("delivered", "cleared")
    assert list(await transmissions(desk, third)) == ["practice_authority"]
    assert total(await entries(desk)) == (Decimal("3.00"), Decimal("0.66"))


async def test_the_same_key_gives_the_same_revision(world: World) -> None:
    desk = await italian(world)
    first = await rejected(desk)
    headers = {"Idempotency-Key": "revise-1"}
    answers = [
        await desk.client.post(f"{path(first)}/revisions", json=said("5.00"), headers=headers)
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert await post(desk.client, f"{path(first)}/revisions", said(), status=409)
