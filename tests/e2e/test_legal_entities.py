"""Legal entities over the API: in and out whole, and what a change of theirs leaves alone."""

import base64

from tests.e2e.acts import contained, pointers, refused, text_of
from tests.e2e.fullest import ENTITY
from tests.world import SELLER, Desk, World, draft_body

LOGO = (
    "data:image/svg+xml;base64,"
    + base64.b64encode(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8z"/></svg>'
    ).decode()
)


async def test_every_field_of_a_legal_entity_comes_back(world: World) -> None:
    desk = await world.seller(**ENTITY, logo=LOGO)
    found = await desk.get(f"/v1/legal-entities/{desk.entity}")
    contained({**ENTITY, "logo": LOGO}, found)
    assert found["object"] == "legal_entity"
    listed = await desk.get("/v1/legal-entities")
    assert listed["data"] == [found]
    assert listed["has_more"] is False


async def test_a_finalized_document_keeps_the_seller_of_its_day(desk: Desk) -> None:
    before = await desk.invoice()
    draft = await desk.draft()
    new = {**SELLER, "name": "Kontor Nordost GmbH", "directors": ["Ada Neu"]}
    changed = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=new)
    assert changed.status_code == 200, changed.text
    assert changed.json()["version"] == 2
    assert (await desk.get(f"/v1/invoices/{before['id']}"))["seller"] == before["seller"]
    assert "Nordost" not in await text_of(desk, before)
    after = await desk.finalize(draft)
    assert after["seller"]["name"] == "Kontor Nordost GmbH"
    assert after["seller"]["directors"] == ["Ada Neu"]
    assert "Kontor Nordost GmbH" in await text_of(desk, after)


async def test_a_stale_amendment_is_refused_and_changes_nothing(desk: Desk) -> None:
    path = f"/v1/legal-entities/{desk.entity}"
    await refused(desk, "PUT", path, SELLER, status=412, headers={"If-Match": '"7"'})
    assert (await desk.get(path))["version"] == 1
    fresh = await desk.client.put(path, json={**SELLER, "name": "New"}, headers={"If-Match": '"1"'})
    assert fresh.status_code == 200
    assert fresh.headers["etag"] == '"2"'


async def test_a_legal_entity_must_be_named_when_there_are_two(desk: Desk) -> None:
    other = await desk.post("/v1/legal-entities", {**SELLER, "name": "Second"})
    problem = await refused(desk, "POST", "/v1/invoices", draft_body(), status=422)
    assert problem["code"] == "legal_entity_required"
    assert pointers(problem) == {"/legal_entity": "required"}
    draft = await desk.draft(legal_entity=other["id"])
    assert draft["legal_entity"] == other["id"]
    assert (await desk.finalize(draft))["seller"]["name"] == "Second"


async def test_what_is_wrong_with_a_legal_entity_is_said_field_by_field(desk: Desk) -> None:
    wrong = {
        **SELLER,
        "time_zone": "Europe/Atlantis",
        "currency": "EUR",
        "rounding": "per_line",
        "bank_accounts": [{"currency": "EUR", "iban": "DE00370400440532013000"}],
        "registrations": [{"country": "DE", "vat_id": "FR123"}],
    }
    problem = await refused(desk, "POST", "/v1/legal-entities", wrong, status=422)
    found = pointers(problem)
    assert found["/time_zone"] == "unknown_zone"
    assert found["/rounding"] == "not_representable"
    assert found["/registrations/0/vat_id"] == "vat_id_without_country"
    assert "/bank_accounts/0/iban" in found


async def test_the_external_id_of_a_legal_entity_is_taken_once(desk: Desk) -> None:
    body = {**SELLER, "external_id": "E-1"}
    await desk.post("/v1/legal-entities", body)
    problem = await refused(desk, "POST", "/v1/legal-entities", body, status=409)
    assert problem["code"] == "external_id_taken"
    assert len((await desk.get("/v1/legal-entities"))["data"]) == 2


async def test_n11_each_legal_entity_gives_its_documents_titles_of_its_own(world: World) -> None:
    desk = await world.seller(titles={"invoice": "Tax invoice"}, languages=["en"])
    other = await desk.post("/v1/legal-entities", {**SELLER, "name": "Plain", "languages": ["en"]})
    titled = await desk.invoice(legal_entity=desk.entity)
    plain = await desk.invoice(legal_entity=other["id"])
    assert "Tax invoice" in await text_of(desk, titled)
    assert "Tax invoice" not in await text_of(desk, plain)


async def test_the_terms_language_and_currency_of_the_legal_entity_fill_what_is_left_open(
    world: World,
) -> None:
    desk = await world.seller(**{**ENTITY, "external_id": None})
    draft = await desk.draft()
    assert draft["currency"] == "EUR"
    assert draft["language"] == "de"
    assert draft["payment_terms"]["kind"] == "end_of_month"
    stated = await desk.draft(due_date="2099-01-01", language="en")
    assert stated["payment_terms"] is None
    assert stated["due_date"] == "2099-01-01"
    assert stated["language"] == "en"
