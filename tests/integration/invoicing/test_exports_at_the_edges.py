"""Exports of hostile names, old days and other currencies; of files that somebody changed."""

import asyncio
import csv
import io
import json
import zipfile
import zlib
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from lxml import etree

from invx.infra.embedded import Postgres
from invx.kernel.ids import parse_typeid
from tests.e2e.acts import pointers, refused
from tests.e2e.sending import sending_world
from tests.integration.invoicing.books import DATEV, EXPORTS, bookkeeper, export, file_of
from tests.integration.invoicing.taxing import entries
from tests.unit.invoicing.accounting.extf_reader import lines_of, read_batch, split
from tests.world import BUYER, Desk, World, line

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALWAYS = "2199-12-31"
HOSTILE = '=cmd|"x"!A1;\u202eHbmG אבג 東京 👩‍🚀 Łódź'
ARABIC = "شركة الاختبار المحدودة"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sending_world(server, tmp_path_factory.mktemp("edges")) as opened:
        yield opened


async def issued(desk: Desk, on: str, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    draft = await desk.draft(*lines, supply_date=on, **more)
    return await desk.finalize(draft, issue_date=on)


async def access(desk: Desk, first: str, last: str) -> zipfile.ZipFile:
    asked = {"legal_entity": desk.entity, "from": first, "to": last}
    answer = await desk.client.get("/v1/accounting/data-access", params=asked)
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.content))


async def test_a_file_that_was_changed_is_given_to_nobody(world: World) -> None:
    """Neither other bytes under the old hash nor bytes that are none; what is right comes back."""
    desk = await bookkeeper(world)
    await issued(desk, "2025-03-03")
    made = await export(desk)
    content = await file_of(desk, made)
    export_id, url = parse_typeid("axp", made["id"]), f"{EXPORTS}/{made['id']}/file"
    forged = content.replace(b"119,00", b"119,01")
    assert forged != content
    for bytes_ in (zlib.compress(forged), b"no zlib", zlib.compress(content)[:-9], b""):
        await _keep(desk, export_id, bytes_)
        problem = await refused(desk, "GET", url, None, status=409)
        assert problem["code"] == "accounting_file_changed"
    await _keep(desk, export_id, zlib.compress(content))
    assert await file_of(desk, made) == content


async def _keep(desk: Desk, export_id: object, compressed: bytes) -> None:
    async with desk.world.admin() as conn:
        await conn.execute(
            "UPDATE invoicing.accounting_files SET compressed = $2 WHERE export_id = $1",
            export_id,
            compressed,
        )


async def test_a_file_is_archived_once_though_many_ask_for_it_at_once(world: World) -> None:
    desk = await bookkeeper(world)
    await issued(desk, "2025-03-03")
    made = await export(desk)
    found = await asyncio.gather(*(file_of(desk, made) for _ in range(4)))
    assert len(set(found)) == 1
    async with world.admin() as conn:
        kept = await conn.fetchval(
            "SELECT count(*) FROM invoicing.events WHERE tenant_id = $1"
            " AND type = 'AccountingFileKept'",
            desk.tenant_id,
        )
    assert kept == 1


async def test_names_of_any_kind_leave_every_file_readable(world: World) -> None:
    desk = await bookkeeper(world, name=f"{ARABIC} {HOSTILE}")
    buyer = {**BUYER, "name": HOSTILE, "customer": "=C-1", "contact": {"name": ARABIC * 5}}
    long = line("10.00", description="Ω" * 4000 + "\r\n\t;")
    document = await issued(desk, "2025-03-03", long, buyer=buyer)
    datev = await export(desk)
    [told] = read_batch(await file_of(desk, datev)).lines
    assert told.field(11) == document["number"]
    [debtor] = lines_of(await file_of(desk, datev, "debtors"))[2:]
    assert split(debtor)[1] == ('=cmd|"x"!A1; HbmG ??? ?? ? ? Lódz', True)
    table = await desk.post(EXPORTS, {"until": ALWAYS, "format": "csv"})
    text = (await file_of(desk, table, "debtors")).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["name"], row["customer"]) == (f"'{HOSTILE}", "'=C-1")
    rows = await desk.post(EXPORTS, {"until": ALWAYS, "format": "jsonl"})
    assert json.loads(await file_of(desk, rows, "debtors"))["name"] == HOSTILE
    archive = await access(desk, "2025-01-01", "2025-12-31")
    index = etree.fromstring(archive.read("index.xml"))
    assert index.findtext("DataSupplier/Name") == f"{ARABIC} {HOSTILE}"
    [_, position] = csv.reader(archive.read("positionen.csv").decode().splitlines(), delimiter=";")
    assert position[3] == "Ω" * 4000 + " ;"


@pytest.mark.parametrize("char", ["\x00", "\x0b", "\x1b", "\ufffe", "\uffff"])
async def test_what_xml_cannot_say_is_refused_where_it_is_typed(world: World, char: str) -> None:
    """A name with it would break the e-invoice and the auditor's index, when it is too late."""
    desk = await bookkeeper(world)
    wrong = {"name": f"A{char}B", "address": BUYER["address"]}
    problem = await refused(desk, "POST", "/v1/legal-entities", wrong, status=422)
    assert list(pointers(problem)) == ["/name"]
    body = {"buyer": {**BUYER, "name": f"A{char}B"}, "lines": [line("1.00", description=char)]}
    problem = await refused(desk, "POST", "/v1/invoices", body, status=422)
    assert sorted(pointers(problem)) == ["/buyer/name", "/lines/0/description"]


async def test_a_document_older_than_zip_archives_is_packed(world: World) -> None:
    desk = await bookkeeper(world)
    old = await issued(desk, "1979-12-31", line("10.00"))
    made = await export(desk)
    assert (made["first_day"], made["last_day"]) == ("1979-12-31", "1979-12-31")
    batch = read_batch(await file_of(desk, made))
    assert (batch.header[12], batch.header[15]) == ("19790101", "19791231")
    with zipfile.ZipFile(io.BytesIO(await file_of(desk, made, "documents"))) as archive:
        assert archive.testzip() is None
        [_, pdf] = archive.infolist()
        assert pdf.date_time[:3] == (1980, 1, 1)
        shown = await desk.client.get(f"/v1/invoices/{old['id']}/pdf")
        assert archive.read(pdf) == shown.content


async def test_books_in_yen_are_exported_to_the_yen(world: World) -> None:
    desk = await bookkeeper(world, currency="JPY", default_profile="plain", bank_accounts=[])
    document = await issued(desk, "2025-03-03", line("1000"), currency="JPY")
    assert document["totals"]["gross"] == "1190"
    at = f"/v1/invoices/{document['id']}"
    await desk.post(f"{at}/payments", {"amount": "1190", "source": "b", "on": "2025-03-04"})
    made = await export(desk)
    batch = read_batch(await file_of(desk, made))
    assert batch.header[21] == "JPY"
    assert [(each.amount, each.field(3)) for each in batch.lines] == [(Decimal(1190), "JPY")] * 2
    rows = await desk.post(EXPORTS, {"until": ALWAYS, "format": "jsonl"})
    told = [json.loads(each) for each in (await file_of(desk, rows)).splitlines()]
    assert [(each["amount"], each["booked_amount"]) for each in told] == [("1190", "1190")] * 2
    assert all("." not in each["amount"] for each in told)
    archive = await access(desk, "2025-03-01", "2025-03-31")
    [_, row] = csv.reader(archive.read("belege.csv").decode().splitlines(), delimiter=";")
    assert {"1000", "190", "1190"} <= set(row)


async def test_a_leap_day_and_the_last_of_a_year_fall_into_their_years(world: World) -> None:
    """Fiscal years from March to February: the leap day is the last of one."""
    desk = await bookkeeper(world)
    for on in ("2024-02-29", "2024-03-01", "2024-12-31", "2025-01-01"):
        await issued(desk, on)
    made = await export(desk, ALWAYS, settings={**DATEV, "year_begins": 3})
    with zipfile.ZipFile(io.BytesIO(await file_of(desk, made))) as archive:
        told = {
            name[-11:-4]: (batch.header[12], batch.header[15], batch.lines[0].field(10))
            for name in archive.namelist()
            for batch in [read_batch(archive.read(name))]
        }
    assert told == {
        "2024-02": ("20230301", "20240229", "2902"),
        "2024-03": ("20240301", "20240331", "0103"),
        "2024-12": ("20240301", "20241231", "3112"),
        "2025-01": ("20240301", "20250131", "0101"),
    }


async def test_a_sale_of_nothing_and_its_reversal_leave_nothing_to_book(world: World) -> None:
    desk = await bookkeeper(world)
    free = await issued(desk, "2025-03-03", line("0.00"))
    both = await issued(desk, "2025-03-03", line("50.00"), line("50.00", "-1"))
    assert (free["totals"]["gross"], both["totals"]["gross"]) == ("0.00", "0.00")
    assert await entries(desk, invoice=free["id"]) == []
    nothing = await desk.post(EXPORTS, {"until": ALWAYS, "settings": DATEV}, status=409)
    assert nothing["code"] == "nothing_to_export"
    archive = await access(desk, "2025-03-01", "2025-03-31")
    assert len(archive.read("belege.csv").splitlines()) == 3, "they are documents all the same"
