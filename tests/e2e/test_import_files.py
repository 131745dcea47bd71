"""Files as they come: any encoding and sign, nothing guessed; and there and back again."""

import io
from datetime import date
from typing import Any

import openpyxl
import pytest

from tests.e2e.test_exports import exported
from tests.e2e.test_imports import by_number, checked, committed, imported, mapped, opened
from tests.world import BUYER, Desk, line

HEAD = "Nummer;Datum;Kunde;Steuer;Betrag\n"


def csv_of(*rows: str, head: str = HEAD) -> str:
    return head + "".join(row + "\n" for row in rows)


GOOD = "R-1;01.10.2026;Müller GmbH;0;1.234,56"


@pytest.mark.parametrize(
    "content",
    [
        csv_of(GOOD).encode(),
        csv_of(GOOD).encode("utf-8-sig"),
        csv_of(GOOD).encode("cp1252"),
        csv_of(GOOD).encode("utf-16"),
        ("\n\n;;;\n" + csv_of(GOOD, "", ";;;;", "")).encode(),
        csv_of(GOOD).replace("\n", "\r\n").encode(),
        csv_of(GOOD + ";;").replace("Betrag", "Betrag;;").encode(),
        csv_of(GOOD.replace("Müller GmbH", '"Müller\nGmbH"'))
        .replace("Müller\n", "Müller ")
        .encode(),
        csv_of(GOOD.replace(";", "\t"), head=HEAD.replace(";", "\t")).encode(),
        csv_of(GOOD.replace("1.234,56", '"1.234,56 €"')).encode(),
        csv_of(GOOD.replace("01.10.2026", "46296")).encode(),
        csv_of(GOOD.replace("01.10.2026", "2026-10-01T08:00:00")).encode(),
        csv_of(GOOD.replace("Müller", "'=Müller").replace("'=", "")).encode(),
    ],
)
async def test_a_file_is_read_as_it_is_meant(desk: Desk, content: bytes) -> None:
    found = await opened(desk, content)
    report = await checked(desk, found)
    assert report["problems"] == []
    await committed(desk, found)
    document = await by_number(desk, "R-1")
    assert document["totals"]["gross"] == "1234.56"
    assert document["issue_date"] == "2026-10-01"
    assert document["buyer_name"] == "Müller GmbH"


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ("R-1;01.10.2026;A;0;1.234", "gross", "number_ambiguous"),
        ("R-1;01.10.2026;A;0;1e3", "gross", "number_shortened"),
        ("R-1;01.10.2026;A;0;zwölf", "gross", "number_malformed"),
        ("R-1;01/10/2026;A;0;1", "issue_date", "date_ambiguous"),
        ("R-1;soon;A;0;1", "issue_date", "date_malformed"),
    ],
)
async def test_nothing_is_guessed(desk: Desk, row: str, field: str, code: str) -> None:
    found = await opened(desk, csv_of(row))
    report = await checked(desk, found)
    assert [(each["field"], each["code"]) for each in report["problems"]] == [(field, code)]


async def test_what_the_mapping_says_settles_it(desk: Desk) -> None:
    found = await opened(desk, csv_of("R-1;01/10/2026;A;0;1.234"))
    await mapped(desk, found, decimal=",", date="DD/MM/YYYY")
    await committed(desk, found)
    document = await by_number(desk, "R-1")
    assert (document["totals"]["gross"], document["issue_date"]) == ("1234.00", "2026-10-01")


async def test_columns_of_one_name_are_told_apart(desk: Desk) -> None:
    found = await opened(desk, csv_of(GOOD + ";7", head=HEAD.replace("Betrag", "Betrag;Betrag")))
    assert found["columns"][-2:] == ["Betrag", "Betrag (6)"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_unreadable"),
        (b"PK\x03\x04nonsense", "file_unreadable"),
        (b'{"number": ', "file_unreadable"),
        (b"a,b\n\x00,1\n", "file_unreadable"),
        (b'number\n"' + b"x" * 1_100_000 + b'"\n', "file_unreadable"),
    ],
)
async def test_what_cannot_be_read_says_so(desk: Desk, content: bytes, code: str) -> None:
    response = await desk.client.post("/v1/imports?source=old", content=content)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert (await desk.get("/v1/imports"))["data"] == []


async def test_a_line_of_twenty_megabytes_is_too_large(desk: Desk) -> None:
    response = await desk.client.post("/v1/imports?source=old", content=b"x" * 20_000_000)
    assert response.status_code == 413


async def test_a_workbook_is_read_like_a_csv(desk: Desk) -> None:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Nummer", "Datum", "Kunde", "Steuer", "Betrag"])
    sheet.append([4711, date(2026, 10, 1), "Müller GmbH", 0, 1234.56])
    out = io.BytesIO()
    book.save(out)
    await imported(desk, out.getvalue())
    document = await by_number(desk, "4711")
    assert (document["totals"]["gross"], document["issue_date"]) == ("1234.56", "2026-10-01")


@pytest.mark.parametrize("format", ["csv", "jsonl", "xlsx"])
async def test_what_was_exported_is_imported_elsewhere(desk: Desk, format: str) -> None:
    """Receivables are the same there, to the cent and by the day they are due."""
    for price, paid in (("100.00", "50.00"), ("33.33", None), ("7.00", "8.33"), ("9.99", "20.00")):
        invoice = await desk.invoice(line(price), buyer={**BUYER, "name": "=Grüße; GmbH"})
        if paid:
            body = {"amount": paid, "source": f"b:{price}"}
            await desk.post(f"/v1/invoices/{invoice['id']}/payments", body)
    content = await exported(desk, format=format, status="finalized")
    other = await desk.world.seller()
    found = await opened(other, content, source="invx")
    await mapped(other, found, fields={"gross": {"column": "gross"}, "paid": {"column": "paid"}})
    fields = (await other.get(f"/v1/imports/{found['id']}"))["mapping"]["fields"]
    assert fields["open"]["column"] == "open"
    stated = {name: {"column": each["column"]} for name, each in fields.items() if name != "open"}
    await other.client.put(f"/v1/imports/{found['id']}/mapping", json={"fields": stated})
    assert (await checked(other, found))["problems"] == []
    await committed(other, found)
    here, there = [(await each.get("/v1/accounting/open-items"))["data"] for each in (desk, other)]
    figures = ("customer", "buyer", "currency", "total", "not_due", "surplus", "count")
    assert [{key: row[key] for key in figures} for row in there] == [
        {key: row[key] for key in figures} for row in here
    ]


async def test_ten_thousand_rows_are_imported_once_each(desk: Desk) -> None:
    rows = [f"M-{n};01.10.2026;Kunde {n % 500};0;{n},00" for n in range(1, 10_001)]
    found = await opened(desk, csv_of(*rows))
    operation = await committed(desk, found)
    assert (operation["done"], operation["failed"]) == (10_000, 0)
    async with desk.world.admin() as conn:
        count, total = await conn.fetchrow(
            "SELECT count(DISTINCT d.number), sum(s.open) FROM invoicing.documents d"
            " JOIN invoicing.settlements s USING (tenant_id, document_id) WHERE d.tenant_id = $1",
            desk.tenant_id,
        )
        left = await conn.fetchval(
            "SELECT count(*) FROM invoicing.import_items WHERE tenant_id = $1", desk.tenant_id
        )
    assert (count, total, left) == (10_000, 50_005_000, 0)
