"""Presets: files as common systems export them become documents without a mapping by hand."""

import csv
import io
from typing import Any

import pytest

from invx.contexts.invoicing.domain.importing.presets import PRESETS, PresetKey
from tests.e2e.acts import refused
from tests.e2e.test_imports import checked, committed, mapped, opened
from tests.world import BUYER, Desk, World, line

STRIPE = (
    "id,Customer Name,Customer,Amount Due,Amount Paid,Paid,Billing,Charge,Closed,Currency,"
    "Date (UTC),Due Date (UTC),Description,Number,Finalized At (UTC),Subtotal,"
    "Total Discount Amount,Applied Coupons,Tax,Total,Status\n"
    "in_1,Elbkontor Reederei GmbH,cus_1,119.00,119.00,true,charge_automatically,ch_1,true,eur,"
    "2026-10-01 09:30,,,F00D-0001,2026-10-01 10:30,100.00,0.00,,19.00,119.00,paid\n"
    'in_2,"Alster, Werft & Co.",cus_2,1190.00,0.00,false,send_invoice,,false,eur,'
    "2026-11-02 23:59,2026-11-16 23:59,Consulting,F00D-0002,2026-11-03 00:01,1000.00,0.00,,"
    "190.00,1190.00,open\n"
)
ODOO = (
    "Number,Type,Invoice Partner Display Name,Invoice/Bill Date,Due Date,Currency,"
    "Untaxed Amount,Tax,Total,Amount Due,Untaxed Amount Signed,Total Signed,Payment Status\n"
    "INV/2026/00041,Customer Invoice,Elbkontor,2026-10-05,2026-10-19,EUR,"
    "100.0,19.0,119.0,69.0,100.0,119.0,Partially Paid\n"
    "RINV/2026/00003,Customer Credit Note,Elbkontor,2026-10-20,2026-10-20,EUR,"
    "10.0,1.9,11.9,0.0,-10.0,-11.9,Paid\n"
)
GERMAN = (
    "Rechnungsnummer;Rechnungsdatum;Kunde;Betreff;Netto;MwSt;Brutto;Status;Fälligkeitsdatum\n"
    "RE-2026-007;10.10.2026;Müller Werbung GmbH;Website;2.000,00;19;2.380,00;Bezahlt;"
    "24.10.2026\n"
    "RE-2026-008;01.11.2026;Café Lotte;Social Media;1000,00;7;1070,00;Offen;15.11.2026\n"
)


def open_of(listed: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    """By number: buyer, gross and what is open."""
    return {
        each["number"]: (
            each["buyer_name"],
            each["totals"]["gross"],
            each["open"],
        )
        for each in listed["data"]
    }


async def taken_in(desk: Desk, content: str, preset: str) -> dict[str, Any]:
    """All documents of a file, by a preset alone."""
    found = await opened(desk, content, preset=preset, as_of="2026-11-30")
    report = await checked(desk, found)
    assert (report["rejected"], report["problems"]) == (0, []), report
    operation = await committed(desk, found)
    assert (operation["state"], operation["failed"]) == ("done", 0)
    return await desk.get("/v1/invoices", origin="imported")


async def test_the_presets_are_listed_with_their_columns_and_where_they_stand(
    world: World,
) -> None:
    desk = await world.seller()
    listed = (await desk.get("/v1/import-presets"))["data"]
    assert [each["key"] for each in listed] == ["invx", "stripe", "odoo", "german_list"]
    for each in listed:
        assert each["source"]
        assert {"number", "issue_date", "gross", "buyer_name"} <= set(each["fields"])
        assert all(each["fields"].values())
    [stripe] = [each for each in listed if each["key"] == "stripe"]
    assert stripe["fields"]["issue_date"] == ["Finalized At (UTC)", "Date (UTC)"]


async def test_invoices_of_stripe(world: World) -> None:
    desk = await world.seller()
    listed = await taken_in(desk, STRIPE, "stripe")
    assert open_of(listed) == {
        "F00D-0001": ("Elbkontor Reederei GmbH", "119.00", "0.00"),
        "F00D-0002": ("Alster, Werft & Co.", "1190.00", "1190.00"),
    }
    second = next(each for each in listed["data"] if each["number"] == "F00D-0002")
    assert (second["issue_date"], second["due_date"]) == ("2026-11-03", "2026-11-16")
    assert (second["totals"]["tax"], second["customer"]) == ("190.00", "cus_2")


async def test_invoices_of_odoo_with_a_credit_note(world: World) -> None:
    desk = await world.seller()
    listed = await taken_in(desk, ODOO, "odoo")
    assert open_of(listed) == {
        "INV/2026/00041": ("Elbkontor", "119.00", "69.00"),
        "RINV/2026/00003": ("Elbkontor", "11.90", "0.00"),
    }
    types = {each["number"]: each["type"] for each in listed["data"]}
    assert types == {"INV/2026/00041": "invoice", "RINV/2026/00003": "credit_note"}


async def test_a_german_list_with_rates_and_decimal_commas(world: World) -> None:
    desk = await world.seller()
    listed = await taken_in(desk, GERMAN, "german_list")
    assert {number: found[:2] for number, found in open_of(listed).items()} == {
        "RE-2026-007": ("Müller Werbung GmbH", "2380.00"),
        "RE-2026-008": ("Café Lotte", "1070.00"),
    }
    assert {each["totals"]["tax"] for each in listed["data"]} == {"380.00", "70.00"}


@pytest.mark.parametrize("locale", ["en", "de"])
async def test_what_one_installation_exports_another_takes_in(world: World, locale: str) -> None:
    here, there = await world.seller(), await world.seller()
    first = await here.invoice(line("100.00"))
    await here.post(f"/v1/invoices/{first['id']}/payments", {"amount": "50.00", "source": "bank"})
    second = await here.invoice(line("1234.56"))
    await here.post(
        f"/v1/invoices/{second['id']}/credit-notes", {"amount": "11.90", "finalize": True}
    )
    asked = {"of": "documents", "format": "csv", "locale": locale, "status": "finalized"}
    exported = await here.client.get("/v1/invoices/export", params=asked)
    assert exported.status_code == 200, exported.text
    found = await opened(there, exported.content, preset="invx")
    assert (await checked(there, found))["rejected"] == 0
    assert (await committed(there, found))["done"] == 3
    before = open_of(await here.get("/v1/invoices"))
    assert open_of(await there.get("/v1/invoices", origin="imported")) == before
    kinds = (await there.get("/v1/invoices", type="credit_note"))["data"]
    assert len(kinds) == 1


async def test_a_preset_goes_before_what_was_mapped_the_last_time(world: World) -> None:
    desk = await world.seller()
    first = await mapped(
        desk,
        await opened(desk, ODOO, preset="odoo"),
        fields={"buyer_name": {"constant": "Somebody"}},
    )
    await committed(desk, first)
    other = ODOO.replace("INV/", "JNV/")
    remembered = await opened(desk, other)
    assert remembered["mapping"]["fields"]["buyer_name"]["constant"] == "Somebody"
    fresh = await opened(desk, other, preset="odoo")
    column = fresh["mapping"]["fields"]["buyer_name"]["column"]
    assert column == "Invoice Partner Display Name"


async def test_a_file_of_another_system_is_refused_with_the_columns_that_it_lacks(
    world: World,
) -> None:
    desk = await world.seller()
    path = "/v1/imports?source=old&preset=stripe"
    response = await desk.client.post(path, content=GERMAN.encode())
    assert response.status_code == 422, response.text
    problem = response.json()
    assert problem["code"] == "preset_unfit"
    assert {each["parameter"] for each in problem["problems"]} == {"preset"}
    said = " ".join(each["detail"] for each in problem["problems"])
    for column in ("Number", "Finalized At (UTC) or Date (UTC)", "Total", "Customer Name"):
        assert f"no column {column}." in said, column
    assert (await desk.get("/v1/imports"))["data"] == []


async def test_a_preset_that_is_not_there_is_refused(world: World) -> None:
    desk = await world.seller()
    path = "/v1/imports?source=old&preset=sap"
    problem = await refused(desk, "POST", path, {}, status=422)
    assert [each["parameter"] for each in problem["problems"]] == ["preset"]


async def test_figures_that_do_not_fit_a_preset_are_named_before_anything_counts(
    world: World,
) -> None:
    """A list whose column MwSt is an amount and no rate."""
    desk = await world.seller()
    amounts = GERMAN.replace(";19;2.380,00", ";380,00;2.380,00")
    found = await opened(desk, amounts, preset="german_list")
    report = await checked(desk, found)
    assert (report["ready"], report["rejected"]) == (1, 1)
    assert {each["row"] for each in report["problems"]} == {2}
    assert all(each["field"].startswith("tax") for each in report["problems"])


@pytest.mark.parametrize("key", list(PresetKey))
async def test_a_column_that_a_file_lacks_is_left_to_its_owner(
    world: World, key: PresetKey
) -> None:
    """Whatever is not needed may be missing: the mapping has the rest."""
    desk = await world.seller()
    needed = {"number", "issue_date", "gross", "buyer_name"}
    needed |= {"currency"} if key is PresetKey.INVX else set()
    columns = [PRESETS[key].columns[name][-1] for name in sorted(needed)]
    out = io.StringIO()
    csv.writer(out).writerows([columns, ["1"] * len(columns)])
    found = await opened(desk, out.getvalue(), preset=str(key))
    said = found["mapping"]["fields"]
    assert set(said) == needed | {"currency"}
    if key is not PresetKey.INVX:
        assert said["currency"] == {"column": None, "constant": "EUR"}
    assert BUYER["name"] not in str(said)
