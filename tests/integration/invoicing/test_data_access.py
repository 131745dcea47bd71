"""Data access for an auditor, over the API: the whole of a span of days, and nothing else."""

import csv
import io
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from tests.integration.invoicing.books import EXPORTS, bookkeeper, export, file_of, scripted_month
from tests.world import Desk, World, line

URL = "/v1/accounting/data-access"


@pytest.fixture
async def desk(world: World) -> Desk:
    desk = await bookkeeper(world)
    await scripted_month(desk)
    return desk


async def archive_of(desk: Desk, **query: str) -> zipfile.ZipFile:
    asked = {"legal_entity": desk.entity, "from": "2025-03-01", "to": "2025-03-31", **query}
    response = await desk.client.get(URL, params=asked)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    return archive


def table(archive: zipfile.ZipFile, name: str) -> list[dict[str, str]]:
    """A table as a program reads it: by what the index says of it."""
    index = etree.fromstring(archive.read("index.xml"))
    [told] = index.xpath("//Table[Name=$name]", name=name)
    shape = told.find("VariableLength")
    columns = shape.xpath("VariablePrimaryKey/Name/text() | VariableColumn/Name/text()")
    text = archive.read(told.findtext("URL")).decode()
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert rows[0] == columns
    return [dict(zip(columns, row, strict=True)) for row in rows[1:]]


def total(rows: list[dict[str, str]], name: str, **only: str) -> Decimal:
    chosen = [row for row in rows if only.items() <= row.items()]
    return sum((Decimal(row[name].replace(",", ".")) for row in chosen), Decimal(0))


async def sums(desk: Desk, select: str) -> Any:
    async with desk.world.admin() as conn:
        return await conn.fetchval(select, desk.tenant_id)


async def test_the_tables_hold_the_figures_of_the_month(desk: Desk) -> None:
    archive = await archive_of(desk)
    assert archive.namelist() == [
        "index.xml",
        "gdpdu-01-09-2004.dtd",
        "belege.csv",
        "positionen.csv",
        "ausgleich.csv",
        "steuer.csv",
        "buchungen.csv",
    ]
    documents = table(archive, "Belege")
    assert [row["Belegart"] for row in documents].count("credit_note") == 1
    assert total(documents, "Brutto", Belegart="invoice") == Decimal("2177.50")
    assert documents[0]["Kundenname"] == "Elbkontor Reederei GmbH"
    assert documents[0]["Belegdatum"] == documents[0]["Leistungsdatum"] == "03.03.2025"
    lines = table(archive, "Positionen")
    assert {row["Beleg_ID"] for row in lines} <= {row["Beleg_ID"] for row in documents}
    assert total(lines, "Netto") == total(documents, "Netto")
    entries = table(archive, "Ausgleich")
    assert total(entries, "Betrag", Art="payment") == Decimal("1526.20")
    in_march = "WHERE tenant_id = $1 AND {} BETWEEN '2025-03-01' AND '2025-03-31'"
    taxes = await sums(
        desk, "SELECT sum(tax) FROM invoicing.tax_entries " + in_march.format("tax_point")
    )
    assert total(table(archive, "Steuer"), "Steuer") == taxes
    booked = await sums(
        desk, "SELECT sum(booked_amount) FROM invoicing.bookings " + in_march.format("booked_on")
    )
    bookings = table(archive, "Buchungen")
    assert total(bookings, "Betrag_Buchwaehrung") == booked
    assert len({row["Buchung_ID"] for row in bookings}) == len(bookings) == 13


async def test_days_outside_are_not_handed_over(desk: Desk) -> None:
    archive = await archive_of(desk, **{"from": "2025-03-04", "to": "2025-03-05"})
    assert [row["Belegdatum"] for row in table(archive, "Belege")] == ["05.03.2025"]
    assert table(archive, "Ausgleich") == []
    empty = await archive_of(desk, **{"from": "2024-01-01", "to": "2024-12-31"})
    assert table(empty, "Buchungen") == []


async def test_pages_follow_one_another_without_gap_or_repetition(desk: Desk) -> None:
    for number in range(60):  # more than a page of documents
        draft = await desk.draft(line("1.00"), line("2.00"), external_id=f"E-{number}")
        await desk.finalize(draft, issue_date="2025-03-14")
    archive = await archive_of(desk)
    documents = table(archive, "Belege")
    assert len({row["Beleg_ID"] for row in documents}) == len(documents) == 65
    keys = [(row["Beleg_ID"], row["Position"]) for row in table(archive, "Positionen")]
    assert len(set(keys)) == len(keys)
    assert sum(1 for key in keys if key[1] == "2") == 61


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"from": "2025-04-01", "to": "2025-03-01"}, 422, "invalid_query"),
        ({"from": "March"}, 422, "invalid"),
        ({"legal_entity": "le_01jd0y7ct4f6d9zq8x3s5v2w1k"}, 404, "legal_entity_not_found"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    desk: Desk, query: dict[str, str], status: int, code: str
) -> None:
    asked = {"legal_entity": desk.entity, "from": "2025-03-01", "to": "2025-03-31", **query}
    response = await desk.client.get(URL, params=asked)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_an_erasure_leaves_books_and_takes_names(desk: Desk) -> None:
    """Retention ends with 2035; then the customer may be erased, and the books stay the same."""
    made = await export(desk)
    booked = await file_of(desk, made)
    kept = await desk.post("/v1/erasures", {"customer": "C-2"})
    assert (kept["erased"], len(kept["kept"])) == ([], 1)
    assert b"Alsterdruck" in await file_of(desk, made, "debtors")
    await desk.world.advance(desk.tenant_id, timedelta(days=366 * 12))
    erased = await desk.post("/v1/erasures", {"customer": "C-2"})
    assert len(erased["erased"]) == 1
    debtors = await file_of(desk, made, "debtors")
    assert b"Alsterdruck" not in debtors
    assert b"\r\n12345;" in debtors
    assert await file_of(desk, made) == booked
    async with desk.world.admin() as conn:
        await conn.execute("DELETE FROM invoicing.accounting_files")
    assert await file_of(desk, made) == booked  # made again, of what the law keeps
    archive = await archive_of(desk)
    assert "Alsterdruck" not in archive.read("belege.csv").decode()
    assert (await desk.get(f"{EXPORTS}/{made['id']}"))["bookings"] == 13
