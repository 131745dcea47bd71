"""What a country asks of its papers, over HTTP: their titles, and how long they are kept."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.invoicing.test_determination import BELIEVING, REGISTERED, draft, open_line
from tests.integration.invoicing.test_determination_lives import text_of
from tests.integration.invoicing.test_determination_places import OSS, living
from tests.world import BUYER, Desk, World

PARIS = {"line1": "Rue 1", "country": "FR", "postal_code": "75001", "city": "Paris"}
FRENCH = {
    "address": PARIS,
    "registrations": [{"country": "FR", "vat_id": "FR83404833048"}],
    "time_zone": "Europe/Paris",
}
YEAR = timedelta(days=366)


async def credited(desk: Desk, **more: Any) -> tuple[str, str]:
    """The texts of an invoice and of its credit note."""
    invoice = await desk.invoice(**more)
    path = f"/v1/invoices/{invoice['id']}/credit-notes"
    note = await desk.post(path, {"finalize": True})
    return await text_of(desk, invoice), await text_of(desk, note)


async def test_a_german_credit_note_is_no_gutschrift(desk: Desk) -> None:
    """§ 14 Abs. 4 Nr. 10 UStG: a "Gutschrift" is an invoice that the buyer writes."""
    invoice, note = await credited(desk, language="de")
    assert "Rechnung " in invoice
    assert "Rechnungskorrektur" in note
    assert "Gutschrift" not in note
    self_billed = await desk.invoice(language="de", type_code="389")
    assert "Gutschrift" in await text_of(desk, self_billed)


async def test_a_french_paper_is_a_facture_in_french_only(world: World) -> None:
    desk = await world.seller(**FRENCH)
    invoice, note = await credited(desk, language="fr")
    assert "Facture" in invoice
    assert "Avoir" in note
    english, _ = await credited(desk, language="en")
    assert "Facture" not in english
    assert "Invoice" in english


async def erasure(desk: Desk, invoice: dict[str, Any]) -> dict[str, Any]:
    return await desk.post("/v1/erasures", {"invoice": invoice["id"]}, status=200)


@pytest.mark.parametrize(
    "seller,years,source", [({}, 8, "UStG § 14b"), (FRENCH, 10, "C. com. art. L123-22")]
)
async def test_an_erasure_keeps_what_the_country_of_the_seller_wants_kept_and_names_the_law(
    world: World, seller: dict[str, Any], years: int, source: str
) -> None:
    desk = await world.seller(**seller)
    invoice = await desk.invoice(buyer={**BUYER, "customer": None})
    last = int(invoice["issue_date"][:4]) + years
    [kept] = (await erasure(desk, invoice))["kept"]
    assert kept["until"] == f"{last}-12-31"
    assert kept["source"].startswith(source)
    await world.advance(desk.tenant_id, YEAR * (years - 1))
    assert (await erasure(desk, invoice))["erased"] == []
    await world.advance(desk.tenant_id, YEAR * 2)
    assert (await erasure(desk, invoice))["erased"] == [invoice["id"]]


async def test_what_went_through_the_one_stop_shop_is_kept_ten_years(world: World) -> None:
    desk = await world.seller(registrations=[*REGISTERED, OSS], tax_id_policy=BELIEVING)
    made = await draft(desk, open_line("goods"), buyer=living("NL", "1012 AB"))
    issued = await desk.finalize(made)
    [kept] = (await erasure(desk, issued))["kept"]
    assert kept["until"] == f"{int(issued['issue_date'][:4]) + 10}-12-31"
    assert "369k" in kept["source"]
