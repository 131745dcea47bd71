"""Where books are kept, a partner is reported or an engine is told: what an erasure leaves."""

from dataclasses import asdict
from typing import Any

from invx.infra.audit import verify
from tests.integration.invoicing.test_rate_tables import AUSTIN, SUPPLY
from tests.integration.invoicing.test_tax_engines import shop_of
from tests.integration.invoicing.test_tax_returns import _today
from tests.integration.isolation.case_file import (
    CUSTOMER,
    DIMENSIONS,
    CaseFile,
    fill,
    open_case,
)
from tests.integration.isolation.markers import in_database, in_text
from tests.integration.isolation.test_erasure import RETENTION, erase, leaving, looked_for
from tests.tax_engine import TestEngine
from tests.world import World, line

BOOKS = {"chart": "SKR03"} | {
    f"cost_{kind}_dimension": name
    for kind, name in zip(("center", "object"), DIMENSIONS, strict=True)
}
KEPT = {
    *("invoicing.bookings.cost_center", "invoicing.bookings.cost_object"),
    *("invoicing.document_contents.resource", "invoicing.events.body"),
}
WITHIN = {"category": "K", "rate": "0", "reason_code": "VATEX-EU-IC"}


async def _open_books(world: World) -> CaseFile:
    case = await open_case(world, BOOKS)
    await fill(case)
    return case


async def _journal(case: CaseFile) -> list[dict[str, Any]]:
    found = await case.desk.get("/v1/accounting/bookings", limit=100)
    assert not found["has_more"]
    rows: list[dict[str, Any]] = found["data"]
    return rows


async def test_of_a_customer_the_books_keep_codes_alone_and_the_same_figures(world: World) -> None:
    """Whatever happened to documents with books on, the journal is what it was.

    Of words only cost centres are left: in the journal, in the accounts that a document was
    finalized with, and in the events that made both.
    """
    case = await _open_books(world)
    before, journal = leaving(case, await looked_for(world)), await _journal(case)
    assert {row["kind"] for row in journal} >= {"revenue", "payment", "discount", "refund"}
    centres = {name for name in before if ".lines.dimensions." in name}
    assert any("invoicing.bookings.cost_center" in before[name] for name in centres)
    assert any("invoicing.bookings.cost_object" in before[name] for name in centres)
    await world.advance(case.desk.tenant_id, RETENTION)
    assert (await erase(case))["kept"] == []
    await world.settle()
    after = leaving(case, await looked_for(world))
    assert set(after) <= {name for name in centres if ".edited." in name}
    assert {place for places in after.values() for place in places} == KEPT
    assert await _journal(case) == journal
    found = await case.desk.get("/v1/accounting/reconciliation", legal_entity=case.desk.entity)
    assert found["balanced"]
    async with world.admin() as conn:
        audit = await verify(conn, "invoicing", case.desk.tenant_id)
    assert audit.intact, audit.broken


async def test_a_draft_that_was_never_booked_leaves_no_cost_centre(world: World) -> None:
    case = await open_case(world, BOOKS)
    made = await case.once("/v1/invoices", case.content("draft"))
    assert leaving(case, await looked_for(world))
    assert (await erase(case))["erased"] == [made["id"]]
    assert leaving(case, await looked_for(world)) == {}


async def test_a_partner_of_the_sales_list_is_forgotten_and_its_sum_stays(world: World) -> None:
    """The VAT id may be a person's: it goes from the list, whose sums still agree."""
    case = await open_case(world)
    mark = case.marking.mark
    vat_id = "AT" + mark("partner.buyer.vat_id")
    buyer = {
        "name": mark("partner.buyer.name"),
        "customer": CUSTOMER,
        "vat_id": vat_id,
        "address": {"country": "AT", "line1": mark("partner.buyer.address.line1")},
    }
    period = {"legal_entity": case.desk.entity}
    issued = await case.desk.invoice(
        line("100.00", taxes=[WITHIN], supply={"kind": "goods"}),
        buyer=buyer,
        ship_to={"name": "Lager", "address": {"country": "AT"}},
        supply_date=_today(case.desk),
        payment_terms={"kind": "on_receipt"},
    )
    places = leaving(case, await looked_for(world))["partner.buyer.vat_id"]
    assert "invoicing.tax_partners.vat_id" in places
    asked = {"period": issued["issue_date"][:7], **period}
    first = await _sales_list(case, asked)
    assert in_text(str(first)) == in_text(vat_id)
    await world.advance(case.desk.tenant_id, RETENTION)
    await erase(case)
    assert leaving(case, await looked_for(world)) == {}
    after = await _sales_list(case, asked)
    assert in_text(str(after)) == set()
    entries = (await case.desk.get("/v1/tax/entries", invoice=issued["id"]))["data"]
    assert [each["base"] for each in entries] == ["100.00"]
    assert "100" in str(after), after  # the supply is still there, without a name


async def _sales_list(case: CaseFile, asked: dict[str, str]) -> dict[str, Any]:
    [registration] = (
        await case.desk.get(
            "/v1/tax/summary",
            legal_entity=asked["legal_entity"],
            **{"from": asked["period"], "to": asked["period"]},
        )
    )["registrations"]
    return await case.desk.get(
        "/v1/tax/ec-sales-list", registration=registration["id"], period=asked["period"]
    )


async def test_a_tax_engine_is_told_of_figures_and_places_and_of_nobody(world: World) -> None:
    """What left for the engine cannot be erased there: it hears an address, and no name."""
    case = await open_case(world)
    mark = case.marking.mark
    async with shop_of(world, TestEngine()) as shop:
        buyer = {
            "name": mark("b.name"),
            "customer": CUSTOMER,
            "contact": {"name": mark("b.who")},
            "address": {**AUSTIN, "line1": mark("b.line1"), "line2": mark("b.line2")},
        }
        words = {"description": mark("l.description"), "metadata": {"k": mark("l.metadata")}}
        issued = await shop.drafted({**SUPPLY, **words}, buyer=buyer, notes=mark("notes"))
        await shop.desk.finalize(issued)
        await world.settle()
        [quoted], [booked] = shop.engine.quotes, shop.engine.books.values()
        fields = {case.marking.fields[each] for each in in_text(str(asdict(quoted)))}
        assert fields == {"b.line1", "b.line2"}, "where it goes to, and to nobody"
        assert in_text(str(asdict(booked))) == set()
        async with world.admin() as conn:
            found = await in_database(conn)
        held = {place for places in found.values() for place in places}
        assert not any(place.startswith("invoicing.engine_entries.") for place in held)
