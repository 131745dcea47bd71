"""One document's buyer is erased, who has no id as a customer; every erasure leaves an event."""

import json
from typing import Any

import pytest

from invx.contexts.invoicing.app.subjects import customer_subject
from invx.infra.audit import verify
from invx.kernel.ids import parse_typeid
from tests.integration.isolation.case_file import CUSTOMER, CaseFile, fill, open_case
from tests.integration.isolation.markers import in_text
from tests.integration.isolation.test_erasure import RETENTION, erase, leaving, looked_for
from tests.world import BUYER, Desk, World


def of_one(case: CaseFile, about: str) -> dict[str, Any]:
    """A draft that says everything about a buyer without an id."""
    body = case.content(about)
    del body["buyer"]["customer"]
    return body


async def issued_for(case: CaseFile, about: str) -> str:
    """An issued document for a buyer without an id, with all that is said of it afterwards."""
    made = await case.once("/v1/invoices", of_one(case, about))
    path = f"/v1/invoices/{made['id']}"
    await case.once(f"{path}/finalize", {})
    for route, other in (("payments", {"amount": "5.00"}), ("dispute", {"disputed": True})):
        whole = f"/v1/invoices/{{invoice}}/{route}"
        said = case.marking.body("post", whole, f"{about}.{route}", **other)
        await case.once(f"{path}/{route}", said)
    await case.desk.world.settle()
    return str(made["id"])


async def erase_one(desk: Desk, invoice: str) -> dict[str, Any]:
    return await desk.post("/v1/erasures", {"invoice": invoice})


async def erasures_of(desk: Desk, invoice: str) -> list[dict[str, Any]]:
    history = (await desk.get(f"/v1/invoices/{invoice}/history"))["data"]
    return [each for each in history if each["type"] == "PersonalDataErased"]


async def said_of(case: CaseFile) -> set[str]:
    """Of which buyers anything is left, by the first part of the names of fields."""
    return {name.partition(".")[0] for name in leaving(case, await looked_for(case.desk.world))}


async def test_after_its_retention_a_buyer_without_an_id_is_gone_from_everywhere(
    world: World,
) -> None:
    case = await open_case(world)
    one = await issued_for(case, "one")
    await issued_for(case, "other")
    assert await said_of(case) == {"one", "other"}
    await world.advance(case.desk.tenant_id, RETENTION)
    done = await erase_one(case.desk, one)
    assert done == {
        "object": "erasure", "id": done["id"], "customer": None, "invoice": one, "version": 1,
        "erased": [one], "kept": [], "holds": [], "next_on": None,
    }  # fmt: skip
    await world.settle()
    assert await said_of(case) == {"other"}
    left = {"": 200, "/pdf": 410, "/history": 200, "/explain": 200, "/settlement": 200}
    for what, status in left.items():
        response = await case.desk.client.get(f"/v1/invoices/{one}{what}")
        assert response.status_code == status, what
    answers = {response.status_code for response in await case.again()}
    assert answers == {410, 200, 201}  # what was stored about the one, and about the other
    for response in await case.again():
        told = {case.marking.fields[each].partition(".")[0] for each in in_text(response.content)}
        assert "one" not in told
    async with world.admin() as conn:
        audit = await verify(conn, "invoicing", case.desk.tenant_id)
    assert audit.intact, audit.broken
    assert audit.erased > 0


async def test_what_the_law_keeps_of_one_document_is_kept_and_nothing_happens(
    world: World,
) -> None:
    case = await open_case(world)
    one = await issued_for(case, "one")
    shown = await case.desk.get(f"/v1/invoices/{one}")
    before = leaving(case, await looked_for(world))
    done = await erase_one(case.desk, one)
    assert done["erased"] == []
    [kept] = done["kept"]
    assert (kept["invoice"], kept["number"]) == (one, shown["number"])
    assert kept["until"] == f"{int(shown['issue_date'][:4]) + 8}-12-31"  # § 14b UStG
    assert leaving(case, await looked_for(world)) == before
    assert await case.desk.get(f"/v1/invoices/{one}") == shown
    assert await erasures_of(case.desk, one) == []
    assert {response.status_code for response in await case.again()} == {200, 201}


async def test_a_draft_for_one_goes_at_once_also_when_it_was_thrown_away(world: World) -> None:
    case = await open_case(world)
    draft = await case.once("/v1/invoices", of_one(case, "draft"))
    gone = await case.once("/v1/invoices", of_one(case, "gone"))
    assert (await case.desk.client.delete(f"/v1/invoices/{gone['id']}")).status_code == 204
    assert await said_of(case) == {"draft", "gone"}
    for made in (draft, gone):
        assert (await erase_one(case.desk, made["id"]))["erased"] == [made["id"]]
    assert await said_of(case) == set()
    async with world.admin() as conn:
        assert await conn.fetchval("SELECT count(*) FROM invoicing.documents") == 1
    assert [len(await erasures_of(case.desk, each["id"])) for each in (draft, gone)] == [1, 1]


async def test_an_erased_draft_can_be_written_anew_and_issued(world: World) -> None:
    desk = await world.seller()
    draft = await desk.draft(buyer={**BUYER, "customer": None})
    await erase_one(desk, draft["id"])
    shown = await desk.get(f"/v1/invoices/{draft['id']}")
    assert (shown["buyer_name"], shown["version"]) == (None, draft["version"] + 1)
    body = {"buyer": BUYER, "lines": draft_lines(draft)}
    edited = await desk.client.put(f"/v1/invoices/{draft['id']}", json=body)
    assert edited.status_code == 200, edited.text
    issued = await desk.finalize(draft)
    assert issued["number"]
    assert issued["buyer_name"] == BUYER["name"]


def draft_lines(draft: dict[str, Any]) -> list[dict[str, Any]]:
    taxes = [{"category": "S", "rate": "19"}]
    return [
        {"description": "New", "quantity": "1", "price": each["price"], "taxes": taxes}
        for each in draft["lines"]
    ]


async def test_of_a_customers_documents_only_the_named_one_is_erased(world: World) -> None:
    case = await open_case(world)
    named = await case.once("/v1/invoices", case.content("named"))
    await case.once("/v1/invoices", case.content("sibling"))
    assert (await erase_one(case.desk, named["id"]))["erased"] == [named["id"]]
    assert await said_of(case) == {"sibling"}


async def test_whom_an_issued_document_was_for_as_a_draft_goes_though_it_is_kept(
    world: World,
) -> None:
    case = await open_case(world)
    made = await case.once("/v1/invoices", of_one(case, "first"))
    path = f"/v1/invoices/{made['id']}"
    edited = await case.desk.client.put(path, json=case.content("second"))
    assert edited.status_code == 200, edited.text
    await case.desk.post(f"{path}/finalize")
    await world.settle()
    pdf = (await case.desk.client.get(f"{path}/pdf")).content
    done = await erase_one(case.desk, made["id"])
    assert (done["erased"], [each["invoice"] for each in done["kept"]]) == ([], [made["id"]])
    assert await said_of(case) == {"second"}
    assert (await case.desk.client.get(f"{path}/pdf")).content == pdf
    assert len(await erasures_of(case.desk, made["id"])) == 1


async def test_the_seller_on_an_erased_document_keeps_its_words(world: World) -> None:
    case = await open_case(world)
    one = await issued_for(case, "one")
    seller = (await case.desk.get(f"/v1/invoices/{one}"))["seller"]
    await world.advance(case.desk.tenant_id, RETENTION)
    await erase_one(case.desk, one)
    shown = await case.desk.get(f"/v1/invoices/{one}")
    assert shown["seller"] == seller
    assert shown["buyer"] is None
    assert in_text(json.dumps(seller["directors"]))


@pytest.mark.parametrize("by", ["customer", "invoice"])
async def test_an_erasure_is_an_event_that_says_who_and_when_and_names_nobody(
    world: World, by: str
) -> None:
    case = await open_case(world)
    await fill(case)
    await world.advance(case.desk.tenant_id, RETENTION)
    whom = CUSTOMER if by == "customer" else case.issued[0]
    response = await case.desk.client.post("/v1/erasures", json={by: whom})
    for invoice in response.json()["erased"]:
        [told] = await erasures_of(case.desk, invoice)
        assert (told["about"], told["actor"]) == ("invoice", "user:test")
        assert told["request_id"] == response.headers["x-request-id"]
        assert told["at"] > told["recorded_at"]  # business time, years ahead
    subject = customer_subject(case.desk.tenant_id, CUSTOMER)
    async with world.admin() as conn:
        rows = await conn.fetch(
            "SELECT stream_id, body::text FROM invoicing.events WHERE type = 'PersonalDataErased'"
        )
    erased = {parse_typeid("inv", each) for each in response.json()["erased"]}
    assert {row["stream_id"] for row in rows} == erased
    assert len(rows) == len(erased) > 0
    for row in rows:
        assert json.loads(row["body"]) == {"subject_ids": [str(subject)], "purged": False}
    again = await case.desk.post("/v1/erasures", {by: whom})
    assert (again["erased"], again["kept"]) == ([], [])
    for invoice in response.json()["erased"]:
        assert len(await erasures_of(case.desk, invoice)) == 1


async def test_an_erasure_that_finds_nothing_leaves_its_own_record_only(world: World) -> None:
    case = await open_case(world)
    await erase(case, "nobody")
    async with world.admin() as conn:
        kinds = await conn.fetch("SELECT DISTINCT kind FROM invoicing.streams")
    assert {row["kind"] for row in kinds} == {"LegalEntity", "Series", "ErasureRecord"}


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/customer", "required"),
        ({"customer": None}, "/customer", "required"),
        (
            {"customer": "C-1", "invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"},
            "/customer",
            "one_of_two",
        ),
        ({"invoice": "le_01jd0y7ct4f6d9zq8x3s5v2w1k"}, "/invoice", "malformed_id"),
        ({"invoice": "4711"}, "/invoice", "malformed_id"),
        ({"customer": ""}, "/customer", "string_too_short"),
    ],
)
async def test_an_erasure_takes_exactly_one_of_customer_and_invoice(
    world: World, body: Any, pointer: str, code: str
) -> None:
    desk = await world.seller()
    problem = await desk.post("/v1/erasures", body, status=422)
    assert [(each["pointer"], each["code"]) for each in problem["problems"]] == [(pointer, code)]


async def test_a_document_that_is_not_there_cannot_be_erased(world: World) -> None:
    desk = await world.seller()
    body = {"invoice": "inv_01jd0y7ct4f6d9zq8x3s5v2w1k"}
    problem = await desk.post("/v1/erasures", body, status=404)
    assert problem["code"] == "invoice_not_found"
