"""Exports over the API: what they hold, that nothing is twice, and that bytes never change."""

import hashlib
import io
import zipfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from tests.integration.invoicing.books import (
    EXPORTS,
    Month,
    bookkeeper,
    export,
    file_of,
    masked,
    scripted_month,
)
from tests.unit.invoicing.accounting.extf_reader import read_batch
from tests.world import Desk, World, line, post

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
async def desk(world: World) -> Desk:
    return await bookkeeper(world)


@pytest.fixture
async def month(desk: Desk) -> Month:
    return await scripted_month(desk)


async def journal(desk: Desk) -> dict[str, Decimal]:
    """The balances of the journal, the buyers' side as one account."""
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT debit, credit, booked_amount FROM invoicing.bookings WHERE tenant_id = $1",
            desk.tenant_id,
        )
    found: dict[str, Decimal] = defaultdict(Decimal)
    for debit, credit, amount in rows:
        found[debit] += amount
        found[credit] -= amount
    return {account: amount for account, amount in found.items() if amount}


async def test_a_month_as_datev_gets_it(desk: Desk, month: Month) -> None:
    """The golden file was read line by line by a person; ids stand in it as numbers."""
    made = await export(desk)
    first, *rest = (await file_of(desk, made)).decode("cp1252").split("\r\n")
    header = first.split(";")
    header[5], header[30] = "<made>", '"<export>"'
    shown = masked("\n".join([";".join(header), *rest]))
    assert shown == (GOLDEN / "march.csv").read_text()


async def test_an_export_of_everything_has_the_balances_of_the_journal(
    desk: Desk, month: Month
) -> None:
    made = await export(desk, "2099-12-31", settings={"consultant": 29098, "client": 55003})
    found: dict[str, Decimal] = defaultdict(Decimal)
    with zipfile.ZipFile(io.BytesIO(await file_of(desk, made))) as archive:
        batches = [read_batch(archive.read(name)) for name in archive.namelist()]
    for batch in batches:
        for account, amount in batch.balances.items():
            found["debtor" if len(account) == 5 else account] += amount
    assert {account: amount for account, amount in found.items() if amount} == await journal(desk)
    assert sum(len(batch.lines) for batch in batches) == made["bookings"]
    async with desk.world.admin() as conn:
        owed = await conn.fetchval(
            "SELECT sum(open - surplus) FROM invoicing.settlements WHERE tenant_id = $1",
            desk.tenant_id,
        )
    assert found["debtor"] == owed == Decimal("476.00")


async def test_every_format_says_the_same_bookings(desk: Desk, month: Month) -> None:
    said = []
    for format in ("csv", "jsonl"):
        made = await desk.post(EXPORTS, {"until": "2025-03-31", "format": format})
        said.append((await file_of(desk, made)).decode().count("\n"))
        assert (made["destination"], made["bookings"]) == (format, 13)
    assert said == [14, 13]  # with and without headings


async def test_a_file_is_the_same_bytes_for_ever(desk: Desk, month: Month) -> None:
    made = await export(desk)
    assert made["file"] is None
    url = f"{EXPORTS}/{made['id']}"
    first = await desk.client.get(f"{url}/file")
    await desk.finalize(await desk.draft(line("7.00")), issue_date="2025-03-14")
    second = await desk.client.get(f"{url}/file")
    assert second.content == first.content
    digest = hashlib.sha256(first.content).hexdigest()
    assert first.headers["etag"] == f'"{digest}"'
    assert "EXTF_Buchungsstapel_2025-03.csv" in first.headers["content-disposition"]
    told = (await desk.get(url))["file"]
    assert (told["sha256"], told["size"]) == (digest, len(first.content))
    headers = {"If-None-Match": first.headers["etag"]}
    assert (await desk.client.get(f"{url}/file", headers=headers)).status_code == 304
    async with desk.world.admin() as conn:  # even if the archive is lost
        await conn.execute("DELETE FROM invoicing.accounting_files")
    assert (await desk.client.get(f"{url}/file")).content == first.content


async def test_a_destination_gets_each_booking_once(desk: Desk, month: Month) -> None:
    first = await export(desk)
    again = await desk.post(EXPORTS, {"until": "2025-03-31"}, status=409)
    assert again["code"] == "nothing_to_export"
    late = await desk.finalize(await desk.draft(line("7.00")), issue_date="2025-03-14")
    second = await export(desk)
    batch = read_batch(await file_of(desk, second))
    assert [each.field(11) for each in batch.lines] == [late["number"]]
    other = await desk.post(EXPORTS, {"until": "2025-03-31", "format": "csv"})
    assert other["bookings"] == first["bookings"] + second["bookings"]


async def test_what_is_cancelled_is_taken_by_the_next(desk: Desk, month: Month) -> None:
    first = await export(desk)
    content = await file_of(desk, first)
    url = f"{EXPORTS}/{first['id']}"
    gone = await desk.post(f"{url}/cancel", {"reason": "wrong client"})
    assert (gone["status"], gone["reason"], gone["cancelled_by"]) == (
        "cancelled",
        "wrong client",
        "user:test",
    )
    second = await export(desk)
    assert second["bookings"] == first["bookings"]
    assert await file_of(desk, first) == content  # the record stays
    again = await desk.post(f"{url}/cancel", {}, status=409)
    assert again["code"] == "accounting_export_was_cancelled"
    assert (await desk.post(f"{url}/handover", status=409))["code"] == again["code"]


async def test_what_was_handed_over_stays(desk: Desk, month: Month) -> None:
    made = await export(desk)
    url = f"{EXPORTS}/{made['id']}"
    for _ in range(2):
        handed = await desk.post(f"{url}/handover")
        assert (handed["status"], handed["handed_over_by"]) == ("handed_over", "user:test")
    refused = await desk.post(f"{url}/cancel", {}, status=409)
    assert refused["code"] == "accounting_export_was_handed_over"
    listed = await desk.get(EXPORTS, status="handed_over", destination="datev")
    assert [each["id"] for each in listed["data"]] == [made["id"]]
    assert (await desk.get(EXPORTS, status="ready"))["data"] == []


async def test_the_same_request_opens_one_export(desk: Desk, month: Month) -> None:
    body = {"until": "2025-03-31", "settings": {"consultant": 29098, "client": 55003}}
    headers = {"Idempotency-Key": "march"}
    first = await desk.client.post(EXPORTS, json=body, headers=headers)
    second = await desk.client.post(EXPORTS, json=body, headers=headers)
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["location"] == f"{EXPORTS}/{first.json()['id']}"


async def test_settings_are_remembered_per_destination(desk: Desk, month: Month) -> None:
    refused = await desk.post(EXPORTS, {"until": "2025-03-03"}, status=422)
    assert {each["pointer"] for each in refused["problems"]} == {
        "/settings/consultant",
        "/settings/client",
    }
    await export(desk, "2025-03-03", destination="Kanzlei")
    body = {"until": "2025-03-05", "destination": "Kanzlei", "settings": {"label": "Rest"}}
    later = await desk.post(EXPORTS, body)
    assert later["settings"]["consultant"] == 29098
    assert (later["settings"]["label"], later["settings"]["chart"]) == ("Rest", "03")
    other = await desk.post(EXPORTS, {**body, "destination": "other"}, status=422)
    assert other["code"] == "export_settings_invalid"


async def test_buyers_keep_their_accounts(desk: Desk, month: Month) -> None:
    made = await export(desk)
    text = (await file_of(desk, made, "debtors")).decode("cp1252")
    lines = [each.split(";") for each in text.split("\r\n")[2:-1]]
    assert [(each[0], each[1], each[5], each[98]) for each in lines] == [
        ("10000", '"Elbkontor Reederei GmbH"', '""', '"C-1"'),
        ("12345", '"Alsterdruck KG"', '""', '"C-2"'),
        ("69999", '""', '"Diverse Debitoren"', '""'),
    ]
    assert "Lecka" not in text  # a one-off buyer is nobody's debtor
    await desk.finalize(await desk.draft(line("9.00")), issue_date="2025-03-14")
    batch = read_batch(await file_of(desk, await export(desk)))
    assert [each.debit for each in batch.lines] == ["10000"]
    csv = await desk.post(EXPORTS, {"until": "2025-03-31", "format": "csv"})
    assert (await file_of(desk, csv, "debtors")).count(b"\r\n") == 4


async def test_a_stated_number_must_fit_the_books(desk: Desk, month: Month) -> None:
    body = {"until": "2025-03-31", "format": "csv", "settings": {"account_length": 5}}
    refused = await desk.post(EXPORTS, body, status=409)
    assert refused["code"] == "debtor_number_does_not_fit"
    assert "12345 on 2025-0002" in refused["detail"]


async def test_documents_come_with_the_guid_that_bookings_name(desk: Desk, month: Month) -> None:
    made = await export(desk)
    batch = read_batch(await file_of(desk, made))
    named = {each.field(20)[6:-1] for each in batch.lines if each.field(20)}
    content = await file_of(desk, made, "documents")
    assert await file_of(desk, made, "documents") == content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        root = etree.fromstring(archive.read("document.xml"))
        guids = {each.get("guid") for each in root.iter("{*}document")}
        names = [each.get("name") for each in root.iter("{*}extension")]
        assert guids == named
        assert sorted(names) == sorted(archive.namelist()[1:])
        first = archive.read(str(names[0]))
    pdf = await desk.client.get(f"/v1/invoices/{month.paid['id']}/pdf")
    assert first == pdf.content
    missing = await desk.client.get(f"{EXPORTS}/{made['id']}/documents?part=2")
    assert missing.status_code == 404


async def test_what_datev_cannot_say_names_the_document(desk: Desk) -> None:
    long = await desk.draft(line("5.00", ledger_account="84000000"))
    document = await desk.finalize(long, issue_date="2025-03-14")
    made = await export(desk)
    refused = await desk.client.get(f"{EXPORTS}/{made['id']}/file")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_datev")
    assert document["number"] in refused.json()["detail"]
    await desk.post(f"{EXPORTS}/{made['id']}/cancel", {"reason": "account of eight digits"})
    longer = await export(desk, settings={"account_length": 8})
    assert read_batch(await file_of(desk, longer)).lines[0].credit == "84000000"


async def test_exports_are_paged(desk: Desk, month: Month) -> None:
    opened = [await export(desk, f"2025-03-{day}") for day in ("03", "05", "31")]
    first = await desk.get(EXPORTS, limit=2)
    assert [each["id"] for each in first["data"]] == [opened[2]["id"], opened[1]["id"]]
    rest = await desk.get(EXPORTS, limit=2, after=first["next"])
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == ([opened[0]["id"]], False)
    oldest = await desk.get(EXPORTS, sort="created", legal_entity=desk.entity, format="datev")
    assert oldest["data"][0]["id"] == opened[0]["id"]


async def test_reading_and_exporting_are_two_permissions(desk: Desk, month: Month) -> None:
    made = await export(desk)
    reader = desk.world.client(desk.tenant_id, ("accounting:read",))
    assert (await reader.get(f"{EXPORTS}/{made['id']}")).status_code == 200
    assert (await reader.get(f"{EXPORTS}/{made['id']}/file")).status_code == 403
    refused = await post(reader, EXPORTS, {"until": "2025-03-31"}, status=403)
    assert refused["code"] == "forbidden"
