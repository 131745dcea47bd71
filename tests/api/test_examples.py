"""The example bodies of the OpenAPI document work as they stand, in the order of a business day."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from invx.contexts.invoicing.api.schemas import examples
from tests.api.test_access_examples import ABOUT_ACCESS, OF_A_MOMENT
from tests.api.test_openapi_document import examples_of, operations
from tests.api.test_operator_examples import ABOUT_OPERATORS
from tests.e2e.sending import ITALIAN
from tests.world import SELLER, World, post

# Each operation with a body, after what it needs; `{…}` names an id of an answer before.
DAY: list[tuple[str, str]] = [
    ("POST /v1/legal-entities", ""),
    ("PUT /v1/legal-entities/{legal_entity}", "entity"),
    ("POST /v1/tax/returns/close", "registration"),
    ("PUT /v1/legal-entities/{legal_entity}/periods/{kind}", "entity"),
    ("POST /v1/legal-entities/{legal_entity}/periods/{kind}/reopen", "entity"),
    ("POST /v1/series", ""),
    ("POST /v1/invoices/check", ""),
    ("POST /v1/invoices", ""),
    ("POST /v1/invoices/import", ""),
    ("POST /v1/e-invoices/parse", ""),
    ("POST /v1/imports?source=old", ""),
    ("PUT /v1/imports/{import_id}/mapping", "upload"),
    ("POST /v1/imports/{import_id}/commit", "upload"),
    ("POST /v1/imports/{import_id}/reverse", "brought"),
    ("PUT /v1/imports/{import_id}/files/{name}", "upload"),
    ("PUT /v1/invoices/{invoice}/pdf", "upload"),
    ("POST /v1/tax-ids/check", ""),
    ("PUT /v1/tax/rate-tables/{country}", "american"),
    ("PUT /v1/tax/overrides/{country}", "german"),
    ("POST /v1/e-invoices/validate", ""),
    ("POST /v1/invoices/batch", ""),
    ("POST /v1/invoices/finalize", "draft"),
    ("POST /v1/invoices/void", "draft"),
    ("POST /v1/invoices/release", "draft"),
    ("POST /v1/invoices/archive", "draft"),
    ("POST /v1/invoices/{invoice}/grace", "draft"),
    ("POST /v1/invoices/{invoice}/hold", "waiting"),
    ("PUT /v1/invoices/{invoice}", "draft"),
    ("POST /v1/invoices/{invoice}/finalize", "draft"),
    ("POST /v1/invoices/{invoice}/release", "invoice"),
    ("POST /v1/invoices/{invoice}/payments", "invoice"),
    ("POST /v1/invoices/{invoice}/early-payment-discounts", "invoice"),
    ("POST /v1/invoices/{invoice}/write-offs", "invoice"),
    ("POST /v1/invoices/{invoice}/withholding-certificates", "invoice"),
    ("POST /v1/invoices/{invoice}/dispute", "invoice"),
    ("POST /v1/invoices/{invoice}/reversals", "paid"),
    ("POST /v1/invoices/{invoice}/milestones", "in_steps"),
    ("POST /v1/invoices/{invoice}/payment-plan", "invoice"),
    ("POST /v1/invoices/{invoice}/payment-plan/end", "planned"),
    ("POST /v1/invoices/{invoice}/refunds", "overpaid"),
    ("POST /v1/invoices/{invoice}/credit-notes", "invoice"),
    ("POST /v1/invoices/{invoice}/late-fees", "late"),
    ("POST /v1/invoices/{invoice}/late-fees/waiver", "invoice"),
    ("POST /v1/invoices/{invoice}/void", "invoice"),
    ("POST /v1/invoices/{invoice}/cancel", "sent"),
    ("POST /v1/invoices/{invoice}/replace", "invoice"),
    ("POST /v1/series/{series}/next-number", "series"),
    ("POST /v1/series/{series}/hold", "series"),
    ("POST /v1/series/{series}/release", "series"),
    ("POST /v1/erasures", "invoice"),
    ("POST /v1/legal-holds", "invoice"),
    ("POST /v1/legal-holds/{legal_hold}/release", "kept"),
    ("POST /v1/accounting/exports", "books"),
    ("POST /v1/accounting/exports/{accounting_export}/cancel", "export"),
    ("POST /v1/invoices/{invoice}/transmissions", "sendable"),
    ("POST /v1/invoices/{invoice}/revisions", "rejected"),
    ("PUT /v1/legal-entities/{legal_entity}/approval-rules", "seller"),
    ("POST /v1/invoices/{invoice}/approval", "ruled"),
    ("POST /v1/invoices/{invoice}/approval/approve", "submitted"),
    ("POST /v1/invoices/{invoice}/approval/reject", "submitted"),
    ("POST /v1/invoices/{invoice}/approval/delegate", "submitted"),
    ("POST /v1/invoices/{invoice}/approval/withdraw", "submitted"),
    ("POST /v1/accounting/book-rates/{invoice}", "foreign"),  # the second seller comes last
    # From now on books have the rate that a document above had to wait for.
    ("POST /v1/exchange-rates", ""),
    ("POST /v1/exchange-rates/import?source=ecb", ""),
    ("POST /v1/files?name=hours.csv", ""),
    ("POST /v1/retention/purges", "outlived"),  # years later
]


_LATER = {"late": timedelta(days=60), "outlived": timedelta(days=366 * 12)}
XML = {"content-type": "application/xml"}
CSV = {"content-type": "text/csv"}
_sources = itertools.count()


async def test_every_example_works_as_it_stands(world: World) -> None:
    tenant_id = await world.tenant(mode="test")
    client = world.client(tenant_id)
    document = world.app.openapi()
    described = dict(operations(document))
    assert {label for label, each in described.items() if "requestBody" in each} == {
        label.partition("?")[0] for label, _ in DAY
    } | ABOUT_ACCESS | OF_A_MOMENT | ABOUT_OPERATORS
    for label, needed in DAY:
        method, _, path = label.partition(" ")
        for body in examples_of(document, described[label.partition("?")[0]]):
            given = await _make(client, needed)
            if needed in _LATER:
                await world.advance(tenant_id, _LATER[needed])
            await world.settle()  # an authority that has to answer first does
            url = path.format(**given)
            if isinstance(body, str):
                kind = CSV if url.startswith("/v1/files") else XML
                response = await client.request(method, url, content=body, headers=kind)
            else:
                sent = dict(body)
                sent |= {
                    name: given[name]
                    for name in ("entry", "invoice", "until", "registration")
                    if name in sent
                }
                response = await client.request(method, url, json=sent)
            assert response.is_success, f"{label} {body}: {response.text}"


_AT_HAND = {
    "": {},
    "outlived": {},
    "american": {"country": "US"},
    "german": {"country": "DE"},
}


async def _make(client: Any, needed: str) -> dict[str, str]:
    """What an example acts on: new each time, so that examples do not depend on one another."""
    if needed in _AT_HAND:
        return _AT_HAND[needed]
    if needed in {"books", "export"}:
        return await _booked(client, needed)
    if needed in {"foreign", "kept"}:
        name, make = {
            "foreign": ("invoice", _waiting_for_a_rate),
            "kept": ("legal_hold", _held),
        }[needed]
        return {name: await make(client)}
    if needed == "registration":
        entity = (await client.get("/v1/legal-entities")).json()["data"][0]["id"]
        query = {"legal_entity": entity, "from": "2020-12", "to": "2020-12"}
        summary = (await client.get("/v1/tax/summary", params=query)).json()
        return {"registration": summary["registrations"][0]["id"]}
    if needed in {"entity", "series"}:
        kind = {"entity": "legal-entities", "series": "series"}[needed]
        found = (await client.get(f"/v1/{kind}")).json()["data"][0]["id"]
        return {"legal_entity": found, "series": found, "kind": "documents"}
    if needed in {"seller", "ruled", "submitted"}:
        return await _to_approve(client, needed)
    if needed in {"upload", "brought"}:
        return await _uploaded(client, needed)
    if needed in {"sendable", "rejected"}:
        return await _on_its_way(client, needed)
    content = examples.CONTENT
    if needed == "in_steps":
        steps = {"method": "milestone", "milestones": [{"name": "Go-live", "percent": "100"}]}
        content = {**content, "lines": [{**content["lines"][0], "id": "1", "recognition": steps}]}
    draft = await post(client, "/v1/invoices", content)
    at = f"/v1/invoices/{draft['id']}"
    made = {"invoice": draft["id"]}
    if needed == "waiting":
        await post(client, f"{at}/grace", examples.GRACE)
    if needed in {"draft", "waiting"}:
        return made
    invoice = await post(client, f"{at}/finalize", examples.FINALIZE)
    if needed == "sent":
        await post(client, f"{at}/release", examples.RELEASE)
    if needed == "planned":
        await post(client, f"{at}/payment-plan", examples.PAYMENT_PLAN)
    if needed in {"paid", "overpaid"}:
        amount = {"paid": "1.00", "overpaid": str(float(invoice["open"]) + 50)}[needed]
        paid = await post(client, f"{at}/payments", {"amount": amount, "source": "p"})
        made["entry"] = paid["entries"][0]["id"]
    return made


async def _to_approve(client: Any, needed: str) -> dict[str, str]:
    """A draft of a seller of its own, whose only rule lets the one person here decide."""
    entity = await post(client, "/v1/legal-entities", SELLER)
    made = {"legal_entity": entity["id"]}
    if needed == "seller":
        return made
    step = {"name": "S", "assignees": ["user:test"]}
    rules = {"rules": [{"name": "R", "own": True, "steps": [step]}]}
    path = f"/v1/legal-entities/{entity['id']}/approval-rules"
    assert (await client.put(path, json=rules)).is_success
    draft = await post(client, "/v1/invoices", {**examples.CONTENT, "legal_entity": entity["id"]})
    if needed == "submitted":
        await post(client, f"/v1/invoices/{draft['id']}/approval", examples.SUBMISSION)
    return {**made, "invoice": draft["id"]}


async def _uploaded(client: Any, needed: str) -> dict[str, str]:
    """A file of another system, each of another one; of a reversible import the documents too."""
    source = f"{needed}-{next(_sources)}"
    path = f"/v1/imports?source={source}"
    opened = (await client.post(path, content=examples.IMPORT_FILE)).json()
    at = f"/v1/imports/{opened['id']}"
    if needed == "brought":
        await post(client, f"{at}/commit", examples.COMMIT_IMPORT)
    return {"import_id": opened["id"], "name": "a.pdf", "invoice": "inv_0"}


async def _booked(client: Any, needed: str) -> dict[str, str]:
    """A document of a seller who keeps books, and an export of it."""
    entity = (await client.get("/v1/legal-entities")).json()["data"][-1]["id"]
    books = {**examples.LEGAL_ENTITY, "accounting": {"chart": "SKR03"}}
    assert (await client.put(f"/v1/legal-entities/{entity}", json=books)).is_success
    draft = await post(client, "/v1/invoices", examples.CONTENT)
    await post(client, f"/v1/invoices/{draft['id']}/finalize", examples.FINALIZE)
    given = {"until": "2099-12-31"}
    if needed == "export":
        body = {**examples.ACCOUNTING_EXPORT, **given}
        given["accounting_export"] = (await post(client, "/v1/accounting/exports", body))["id"]
    return given


async def _on_its_way(client: Any, needed: str) -> dict[str, str]:
    """An invoice of a seller who sends through channels; in Italy, where an authority decides."""
    name = {"sendable": "folder", "rejected": "practice_authority"}[needed]
    use = {"channel": name, "format": "ubl", "automatic": needed == "rejected"}
    seller = {**SELLER, "transmission_channels": [use]}
    if needed == "rejected":
        seller |= ITALIAN
    entity = await post(client, "/v1/legal-entities", seller)
    buyer = {**examples.CONTENT["buyer"], "endpoint": {"id": "reject", "scheme": "EM"}}
    said = {**examples.CONTENT, "buyer": buyer, "legal_entity": entity["id"]}
    draft = await post(client, "/v1/invoices", said)
    await post(client, f"/v1/invoices/{draft['id']}/finalize", {})
    return {"invoice": draft["id"]}


async def _waiting_for_a_rate(client: Any) -> str:
    """A document in dollars of a seller who keeps books."""
    books = {**examples.LEGAL_ENTITY, "accounting": {"chart": "SKR04"}}
    entity = await post(client, "/v1/legal-entities", books)
    body = {**examples.CONTENT, "legal_entity": entity["id"], "currency": "USD"}
    draft = await post(client, "/v1/invoices", body)
    return str((await post(client, f"/v1/invoices/{draft['id']}/finalize", {}))["id"])


async def _held(client: Any) -> str:
    """A legal hold that stands."""
    return str((await post(client, "/v1/legal-holds", examples.LEGAL_HOLD))["id"])


@pytest.mark.parametrize("body", [examples.DRAFT, examples.DRAFT_IN_PARTS])
async def test_the_examples_of_drafts_can_be_finalized(world: World, body: Any) -> None:
    client = world.client(await world.tenant())
    await post(client, "/v1/legal-entities", examples.LEGAL_ENTITY)
    draft = await post(client, "/v1/invoices", body)
    issued = await post(client, f"/v1/invoices/{draft['id']}/finalize", {})
    assert issued["number"]
    assert issued["totals"]["gross"] == draft["totals"]["gross"]
