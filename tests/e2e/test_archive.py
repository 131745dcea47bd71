"""The files of many documents in one ZIP: made as an operation, streamed, and always the same."""

import csv
import hashlib
import io
import zipfile

import httpx

from tests.world import Desk


def opened(response: httpx.Response) -> dict[str, bytes]:
    """The files of a ZIP by name; the ZIP is sound."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


async def test_an_operation_makes_the_files_and_says_where_they_are(desk: Desk) -> None:
    made = [await desk.invoice() for _ in range(3)]
    draft = await desk.draft()
    ids = [*(each["id"] for each in made), draft["id"]]
    begun = await desk.post(
        "/v1/invoices/archive", {"invoices": ids, "files": ["pdf", "ubl", "facturx_en16931"]}
    )
    assert begun["result"] is None
    await desk.world.settle()
    done = await desk.get(f"/v1/operations/{begun['id']}")
    assert (done["state"], done["done"], done["failed"]) == ("done", 3, 1)
    files = opened(await desk.client.get(done["result"]["archive"]))
    ends = (".pdf", ".ubl.xml", ".facturx_en16931.pdf")
    assert set(files) == {f"{each['number']}{end}" for each in made for end in ends} | {"files.csv"}
    first = made[0]
    pdf = await desk.client.get(f"/v1/invoices/{first['id']}/pdf")
    assert files[f"{first['number']}.pdf"] == pdf.content
    xml = await desk.client.get(f"/v1/invoices/{first['id']}/e-invoice", params={"format": "ubl"})
    assert files[f"{first['number']}.ubl.xml"] == xml.content


async def test_a_zip_lists_its_files_with_their_hashes_and_is_always_the_same(desk: Desk) -> None:
    for _ in range(2):
        await desk.invoice()
    await desk.world.settle()  # every PDF is archived
    query = {"type": "invoice"}
    first = await desk.client.get("/v1/invoices/archive", params=query)
    files = opened(first)
    listed = list(csv.DictReader(io.StringIO(files.pop("files.csv").decode())))
    assert {each["file"]: each["sha256"] for each in listed} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert len(files) == 2
    assert (await desk.client.get("/v1/invoices/archive", params=query)).content == first.content


async def test_what_is_not_made_yet_is_not_left_out_silently(desk: Desk) -> None:
    await desk.invoice()
    refused = await desk.client.get("/v1/invoices/archive")
    assert (refused.status_code, refused.json()["code"]) == (409, "archive_incomplete")
    await desk.world.settle()
    assert len(opened(await desk.client.get("/v1/invoices/archive"))) == 2
    refused = await desk.client.get("/v1/invoices/archive", params={"files": "pdf,cii"})
    assert refused.status_code == 409


async def test_an_archive_of_nothing_is_refused(desk: Desk) -> None:
    await desk.draft()
    refused = await desk.client.get("/v1/invoices/archive")
    assert (refused.status_code, refused.json()["code"]) == (422, "selection_empty")
