"""Archives at their edges: limits, names, what was erased, and readers who leave."""

import csv
import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest

from invx.kernel import limits
from tests.e2e.test_archive import opened
from tests.integration.invoicing.test_numbering import opened as series_opened
from tests.world import BUYER, Desk, line

FILES = {"files": ["pdf"]}


async def archived(desk: Desk, **selection: Any) -> dict[str, Any]:
    """An operation that made the files, at its end."""
    begun = await desk.post("/v1/invoices/archive", {**selection, **FILES})
    await desk.world.settle()
    return await desk.get(f"/v1/operations/{begun['id']}")


async def test_more_documents_than_an_archive_holds_are_refused_before_any_work(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by way of an operation: one that ends with an archive nobody can read is not begun."""
    ids = [(await desk.invoice())["id"] for _ in range(3)]
    done = await archived(desk, invoices=ids)
    released = await desk.post("/v1/invoices/release", {"invoices": ids})
    await desk.world.settle()
    monkeypatch.setattr(limits, "ARCHIVED_DOCUMENTS_MAX", 2)
    for selection in ({"invoices": ids}, {"filter": {"status": "finalized"}}):
        refused = await desk.post("/v1/invoices/archive", {**selection, **FILES}, status=422)
        assert refused["code"] == "selection_too_large"
    assert len((await desk.get("/v1/operations"))["data"]) == 2
    for query in ({}, {"operation": done["id"]}, {"operation": released["id"]}):
        answer = await desk.client.get("/v1/invoices/archive", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "selection_too_large"), query


async def test_the_files_that_are_asked_for_count_also_of_an_operation(desk: Desk) -> None:
    invoice = await desk.invoice()
    done = await archived(desk, invoices=[invoice["id"]])
    query = {"operation": done["id"]}
    lacking = await desk.client.get("/v1/invoices/archive", params={**query, "files": "cii"})
    assert (lacking.status_code, lacking.json()["code"]) == (409, "archive_incomplete")
    files = opened(await desk.client.get("/v1/invoices/archive", params={**query, "files": "pdf"}))
    assert set(files) == {f"{invoice['number']}.pdf", "files.csv"}


async def test_an_operation_and_a_filter_exclude_each_other(desk: Desk) -> None:
    invoice = await desk.invoice()
    done = await archived(desk, invoices=[invoice["id"]])
    refused = await desk.client.get(
        "/v1/invoices/archive", params={"operation": done["id"], "status": "draft"}
    )
    assert refused.status_code == 422
    [problem] = refused.json()["problems"]
    assert (problem["parameter"], problem["code"]) == ("status", "not_with_operation")


async def test_numbers_that_look_alike_have_a_file_each(desk: Desk) -> None:
    """Two series with one pattern, and one whose numbers would be folders."""
    made = []
    for name, pattern in (("A", "N-{number}"), ("B", "N-{number}"), ("C", "N/{number}")):
        series = await series_opened(desk, name=name, pattern=pattern, reset="none")
        made.append(await desk.finalize(await desk.draft(), series=series["id"]))
    await desk.world.settle()
    files = opened(await desk.client.get("/v1/invoices/archive"))
    listed = list(csv.DictReader(io.StringIO(files.pop("files.csv").decode())))
    assert len(files) == 3
    assert all("/" not in name and "\\" not in name for name in files)
    assert {each["file"]: each["sha256"] for each in listed} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    for each in listed:  # each file is that of its document
        pdf = await desk.client.get(f"/v1/invoices/{each['invoice']}/pdf")
        assert files[each["file"]] == pdf.content
    assert [each["number"] for each in listed] == [each["number"] for each in made]


async def test_what_was_erased_is_not_in_the_archive_and_does_not_make_it_incomplete(
    desk: Desk,
) -> None:
    """What the law wants kept stays in it; ten years later it is erased and the others are read."""
    gone = await desk.invoice(line("5.00"), buyer={**BUYER, "customer": "C-9"})
    kept = await desk.invoice()
    done = await archived(desk, invoices=[gone["id"], kept["id"]])
    erased = await desk.post("/v1/erasures", {"customer": "C-9"})
    assert [each["invoice"] for each in erased["kept"]] == [gone["id"]]
    names = {f"{each['number']}.pdf" for each in (gone, kept)}
    assert set(opened(await desk.client.get(done["result"]["archive"]))) == {*names, "files.csv"}
    await desk.world.advance(desk.tenant_id, timedelta(days=3_660))
    await desk.world.settle()  # the erasure comes back for it by itself
    assert (await desk.get(f"/v1/erasures/{erased['id']}"))["erased"] == [gone["id"]]
    for query in ({}, {"operation": done["id"]}):
        answer = await desk.client.get("/v1/invoices/archive", params=query)
        assert set(opened(answer)) == {f"{kept['number']}.pdf", "files.csv"}, query


async def test_a_reader_who_leaves_leaves_no_transaction_open(desk: Desk) -> None:
    for _ in range(3):
        await desk.invoice()
    await desk.world.settle()
    async with desk.client.stream("GET", "/v1/invoices/archive") as response:
        assert response.status_code == 200
        await anext(response.aiter_raw())
    async with desk.world.admin() as conn:
        open_ones = await conn.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state LIKE 'idle in transaction%'"
        )
    assert open_ones == 0
    assert len(opened(await desk.client.get("/v1/invoices/archive"))) == 4
