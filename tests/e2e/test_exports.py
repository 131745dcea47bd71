"""Exports say what the API says, as CSV, JSON Lines and XLSX."""

import csv
import io
import json
from typing import Any

import openpyxl

from tests.world import BUYER, Desk, line


async def exported(desk: Desk, **query: str) -> bytes:
    response = await desk.client.get("/v1/invoices/export", params=query)
    assert response.status_code == 200, response.text
    return response.content


def rows_of(content: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, delimiter=delimiter))


def objects_of(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(each) for each in content.splitlines()]


async def some(desk: Desk) -> list[dict[str, Any]]:
    """A draft, an invoice paid in part, a credit note, and one in yen: the oldest first."""
    await desk.draft(line("10.00"), external_id="D-1")
    paid = await desk.invoice(line("100.00"), line("3.333", "3", description='=1+1; "ü"\n2'))
    await desk.post(
        f"/v1/invoices/{paid['id']}/payments",
        {"amount": "50.00", "source": "bank:1", "note": "+49 40", "on": paid["issue_date"]},
    )
    await desk.post(
        f"/v1/invoices/{paid['id']}/credit-notes",
        {"lines": [{"line_id": paid["lines"][0]["id"], "net": "10.00"}]},
    )
    await desk.draft(line("1000"), currency="JPY", profile="plain")
    listed = await desk.get("/v1/invoices", sort="created", expand="content")
    found: list[dict[str, Any]] = listed["data"]
    return found


async def test_every_figure_of_an_export_is_that_of_the_api(desk: Desk) -> None:
    documents = await some(desk)
    found = objects_of(await exported(desk, format="jsonl"))
    assert [each["id"] for each in found] == [each["id"] for each in documents]
    for row, document in zip(found, documents, strict=True):
        shown = {
            **document,
            **{name: document["totals"][name] for name in ("net", "tax", "gross", "due")},
        }
        ledger = {}
        if document["settlement_status"]:
            ledger = await desk.get(f"/v1/invoices/{document['id']}/settlement")
        for name in ("discounted", "withheld", "refunded"):
            shown[name] = ledger.get(name)
        assert {name: shown[name] for name in row} == row
    figures = {row["number"]: row["gross"] for row in rows_of(await exported(desk))}
    assert figures == {each["number"] or "": each["totals"]["gross"] for each in documents}


async def test_lines_and_payments_are_exported_by_themselves(desk: Desk) -> None:
    documents = await some(desk)
    lines = objects_of(await exported(desk, of="lines", format="jsonl"))
    said = [
        (d["id"], each["net"], each["gross"], each["description"])
        for d in documents
        for each in d["lines"]
    ]
    shown = [(each["invoice"], each["net"], each["gross"], each["description"]) for each in lines]
    assert shown == said
    assert {each["tax_rate"] for each in lines} == {"19"}
    [text] = [
        row["description"]
        for row in rows_of(await exported(desk, of="lines"))
        if "ü" in row["description"]
    ]
    assert text == '\'=1+1; "ü"\n2'
    paid = documents[1]
    ledger = await desk.get(f"/v1/invoices/{paid['id']}/settlement")
    payments = objects_of(
        await exported(desk, of="payments", format="jsonl", number=paid["number"])
    )
    keys = ("id", "kind", "amount", "source", "on", "note", "reverses")
    assert [{key: each[key] for key in keys} for each in payments] == [
        {key: each[key] for key in keys} for each in ledger["entries"]
    ]
    assert payments[0]["invoice"] == paid["id"]
    none = await exported(desk, of="payments", format="jsonl", **{"on[lt]": paid["issue_date"]})
    assert none == b""


async def test_a_german_excel_opens_the_csv(desk: Desk) -> None:
    await desk.invoice(line("1234.50"), buyer={**BUYER, "name": "@Grüße; GmbH"})
    content = await exported(desk, locale="de")
    assert content.startswith("\ufeffid;origin;".encode())
    [row] = rows_of(content, ";")
    assert (row["net"], row["buyer_name"]) == ("1234,50", "'@Grüße; GmbH")
    day, month, year = row["issue_date"].split(".")
    assert (len(day), len(month), len(year)) == (2, 2, 4)


async def test_a_workbook_has_numbers_and_days(desk: Desk) -> None:
    invoice = await desk.invoice(line("1234.50"))
    book = openpyxl.load_workbook(io.BytesIO(await exported(desk, format="xlsx")))
    head, row = book.worksheets[0].iter_rows(values_only=True)
    found = dict(zip(head, row, strict=True))
    assert found["net"] == 1234.5
    assert found["issue_date"].date().isoformat() == invoice["issue_date"]
    assert found["number"] == invoice["number"]
    assert found["overdue"] is False


async def test_filters_are_those_of_the_list(desk: Desk) -> None:
    documents = await some(desk)
    assert len(rows_of(await exported(desk, status="draft"))) == 3
    assert len(rows_of(await exported(desk, settlement_status="partial,open"))) == 1
    assert len(rows_of(await exported(desk, overdue="false"))) == len(documents)
    assert rows_of(await exported(desk, origin="imported")) == []
    assert len(rows_of(await exported(desk, origin="issued,imported"))) == len(documents)
    listed = await desk.get("/v1/invoices", origin="issued", type="credit_note")
    assert [each["origin"] for each in listed["data"]] == ["issued"]


async def test_what_cannot_be_exported_is_named(desk: Desk) -> None:
    for query, pointer, code in (
        ({"format": "csv,xlsx"}, "format", "one_only"),
        ({"format": "pdf"}, "format", "invalid_value"),
        ({"of": "customers"}, "of", "invalid_value"),
        ({"on": "2026-01-01"}, "on", "not_of_this"),
        ({"wrong": "1"}, "wrong", "unknown_parameter"),
    ):
        response = await desk.client.get("/v1/invoices/export", params=query)
        assert response.status_code == 422, query
        [problem] = response.json()["problems"]
        assert (problem["parameter"], problem["code"]) == (pointer, code)


async def test_an_export_needs_its_permission_and_shows_only_the_tenants_own(desk: Desk) -> None:
    await desk.invoice()
    other = await desk.world.seller()
    assert rows_of(await exported(other)) == []
    reader = desk.world.client(desk.tenant_id, ("invoices:read",))
    assert (await reader.get("/v1/invoices/export")).status_code == 403
