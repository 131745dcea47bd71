"""The example bodies of the OpenAPI document work as they stand, in the order of a business day."""

from typing import Any

import pytest

from invx.contexts.invoicing.api.schemas import examples
from tests.api.test_openapi_document import examples_of, operations
from tests.world import World, post

# Each operation with a body, after what it needs; `{…}` names an id of an answer before.
DAY: list[tuple[str, str]] = [
    ("POST /v1/legal-entities", ""),
    ("PUT /v1/legal-entities/{legal_entity}", "entity"),
    ("POST /v1/series", ""),
    ("POST /v1/invoices/check", ""),
    ("POST /v1/invoices", ""),
    ("POST /v1/invoices/import", ""),
    ("POST /v1/e-invoices/parse", ""),
    ("POST /v1/tax-ids/check", ""),
    ("PUT /v1/tax/rate-tables/{country}", "american"),
    ("PUT /v1/tax/overrides/{country}", "german"),
    ("POST /v1/e-invoices/validate", ""),
    ("PUT /v1/invoices/{invoice}", "draft"),
    ("POST /v1/invoices/{invoice}/finalize", "draft"),
    ("POST /v1/invoices/{invoice}/release", "invoice"),
    ("POST /v1/invoices/{invoice}/payments", "invoice"),
    ("POST /v1/invoices/{invoice}/early-payment-discounts", "invoice"),
    ("POST /v1/invoices/{invoice}/write-offs", "invoice"),
    ("POST /v1/invoices/{invoice}/dispute", "invoice"),
    ("POST /v1/invoices/{invoice}/reversals", "paid"),
    ("POST /v1/invoices/{invoice}/refunds", "overpaid"),
    ("POST /v1/invoices/{invoice}/credit-notes", "invoice"),
    ("POST /v1/invoices/{invoice}/void", "invoice"),
    ("POST /v1/invoices/{invoice}/cancel", "sent"),
    ("POST /v1/invoices/{invoice}/replace", "invoice"),
    ("POST /v1/series/{series}/next-number", "series"),
    # From now on books have the rate that a document above had to wait for.
    ("POST /v1/exchange-rates", ""),
    ("POST /v1/exchange-rates/import?source=ecb", ""),
    ("POST /v1/erasures", "invoice"),
    ("POST /v1/accounting/book-rates/{invoice}", "foreign"),  # the second seller comes last
]


XML = {"content-type": "application/xml"}


async def test_every_example_works_as_it_stands(world: World) -> None:
    client = world.client(await world.tenant())
    document = world.app.openapi()
    described = dict(operations(document))
    assert {label for label, each in described.items() if "requestBody" in each} == {
        label.partition("?")[0] for label, _ in DAY
    }
    for label, needed in DAY:
        method, _, path = label.partition(" ")
        for body in examples_of(document, described[label.partition("?")[0]]):
            given = await _make(client, needed)
            url = path.format(**given)
            if isinstance(body, str):
                response = await client.request(method, url, content=body, headers=XML)
            else:
                sent = dict(body)
                sent |= {name: given[name] for name in ("entry", "invoice") if name in sent}
                response = await client.request(method, url, json=sent)
            assert response.is_success, f"{label} {body}: {response.text}"


async def _make(client: Any, needed: str) -> dict[str, str]:
    """What an example acts on: new each time, so that examples do not depend on one another."""
    if not needed:
        return {}
    if needed in {"american", "german"}:
        return {"country": {"american": "US", "german": "DE"}[needed]}
    if needed == "foreign":
        return {"invoice": await _waiting_for_a_rate(client)}
    if needed in {"entity", "series"}:
        kind = {"entity": "legal-entities", "series": "series"}[needed]
        found = (await client.get(f"/v1/{kind}")).json()["data"][0]["id"]
        return {"legal_entity": found, "series": found}
    draft = await post(client, "/v1/invoices", examples.CONTENT)
    at = f"/v1/invoices/{draft['id']}"
    made = {"invoice": draft["id"]}
    if needed == "draft":
        return made
    invoice = await post(client, f"{at}/finalize", examples.FINALIZE)
    if needed == "sent":
        await post(client, f"{at}/release", examples.RELEASE)
    if needed in {"paid", "overpaid"}:
        amount = {"paid": "1.00", "overpaid": str(float(invoice["open"]) + 50)}[needed]
        paid = await post(client, f"{at}/payments", {"amount": amount, "source": "p"})
        made["entry"] = paid["entries"][0]["id"]
    return made


async def _waiting_for_a_rate(client: Any) -> str:
    """A document in dollars of a seller who keeps books."""
    books = {**examples.LEGAL_ENTITY, "accounting": {"chart": "SKR04"}}
    entity = await post(client, "/v1/legal-entities", books)
    body = {**examples.CONTENT, "legal_entity": entity["id"], "currency": "USD"}
    draft = await post(client, "/v1/invoices", body)
    return str((await post(client, f"/v1/invoices/{draft['id']}/finalize", {}))["id"])


@pytest.mark.parametrize("body", [examples.DRAFT, examples.DRAFT_IN_PARTS])
async def test_the_examples_of_drafts_can_be_finalized(world: World, body: Any) -> None:
    client = world.client(await world.tenant())
    await post(client, "/v1/legal-entities", examples.LEGAL_ENTITY)
    draft = await post(client, "/v1/invoices", body)
    issued = await post(client, f"/v1/invoices/{draft['id']}/finalize", {})
    assert issued["number"]
    assert issued["totals"]["gross"] == draft["totals"]["gross"]
