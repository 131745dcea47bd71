"""Files are uploaded, named by drafts, frozen with the document, and carried by its e-invoice."""

import base64
import hashlib
import io
import zipfile
from datetime import timedelta
from typing import Any

import httpx
import pypdf
import pytest

from invx.contexts.invoicing.adapters.einvoice import cii_read, ubl_read
from invx.contexts.invoicing.adapters.einvoice.attached import xml_in
from invx.contexts.invoicing.adapters.media_types import XLSX
from invx.infra.embedded import Postgres
from tests.storages import make_older
from tests.world import BUYER, Desk, World, open_world

RETENTION = timedelta(days=366 * 11)
CSV = b"day,hours\n2026-11-02,8\n"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
STORED = "SELECT count(*) FROM invoicing.stored_files WHERE tenant_id = $1"


async def uploaded(
    desk: Desk, content: bytes = CSV, name: str = "hours.csv", type: str = "text/csv", **more: Any
) -> dict[str, Any]:
    response = await upload(desk.client, content, name, type, **more)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def upload(
    client: httpx.AsyncClient, content: bytes, name: str, type: str, **headers: str
) -> httpx.Response:
    return await client.post(
        "/v1/files",
        params={"name": name},
        content=content,
        headers={"content-type": type, **headers},
    )


def attachment(file: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "T-1", "description": "Time sheet", "file": file["id"], **more}


async def test_a_file_is_uploaded_read_and_listed(desk: Desk) -> None:
    file = await uploaded(desk)
    sha256 = hashlib.sha256(CSV).hexdigest()
    assert file == {
        "object": "file",
        "id": file["id"],
        "name": "hours.csv",
        "media_type": "text/csv",
        "size": len(CSV),
        "sha256": sha256,
        "created_at": file["created_at"],
    }
    assert await desk.get(f"/v1/files/{file['id']}") == file
    content = await desk.client.get(f"/v1/files/{file['id']}/content")
    assert (content.content, content.headers["etag"]) == (CSV, f'"{sha256}"')
    assert content.headers["content-type"].startswith("text/csv")
    assert content.headers["content-disposition"] == "attachment; filename*=UTF-8''hours.csv"
    known = {"if-none-match": content.headers["etag"]}
    again = await desk.client.get(f"/v1/files/{file['id']}/content", headers=known)
    assert again.status_code == 304
    others = [await uploaded(desk, PDF, f"{n}.pdf", "application/pdf") for n in range(3)]
    page = await desk.get("/v1/files", limit=2)
    assert [each["id"] for each in page["data"]] == [others[2]["id"], others[1]["id"]]
    rest = await desk.get("/v1/files", limit=2, after=page["next"])
    assert [each["id"] for each in rest["data"]] == [others[0]["id"], file["id"]]
    assert rest["has_more"] is False
    found = await desk.get("/v1/files", sha256=sha256)
    assert [each["id"] for each in found["data"]] == [file["id"]]
    pdfs = await desk.get("/v1/files", media_type="application/pdf", sort="created")
    assert [each["id"] for each in pdfs["data"]] == [each["id"] for each in others]


async def test_what_is_no_such_file_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    for content, name, type, code in (
        (b"<html>", "a.csv", "text/csv", "file_type_refused"),
        (b"\x00\x01", "a.bin", "application/octet-stream", "file_type_refused"),
        (b"", "a.pdf", "application/pdf", "file_type_refused"),
        (PDF, "a.png", "image/png", "file_type_refused"),
        (PDF, "", "application/pdf", "invalid_query"),
        (PDF, "a\nb.pdf", "application/pdf", "invalid_query"),
        (PDF, "x" * 301, "application/pdf", "invalid_query"),
    ):
        refused = await upload(desk.client, content, name, type)
        assert (refused.status_code, refused.json()["code"]) == (422, code), (name, refused.text)
    missing = await desk.client.post("/v1/files", content=PDF)
    assert missing.status_code == 422
    async with desk.world.admin() as conn:
        assert await conn.fetchval(STORED, desk.tenant_id) == 0


async def test_a_name_loses_its_folders_and_a_type_is_found_out(desk: Desk) -> None:
    file = await uploaded(desk, PDF, r"C:\Users\ada\a b.pdf", "application/octet-stream")
    assert (file["name"], file["media_type"]) == ("a b.pdf", "application/pdf")


async def test_an_upload_that_is_sent_twice_is_one_file(desk: Desk) -> None:
    key = {"idempotency-key": "k-1"}
    first = await upload(desk.client, CSV, "a.csv", "text/csv", **key)
    again = await upload(desk.client, CSV, "a.csv", "text/csv", **key)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = await upload(desk.client, PDF, "a.csv", "text/csv", **key)
    assert other.status_code == 422
    assert len((await desk.get("/v1/files"))["data"]) == 1
    twin = await uploaded(desk, CSV, "twin.csv")
    assert twin["sha256"] == first.json()["sha256"]
    async with desk.world.admin() as conn:
        assert await conn.fetchval(STORED, desk.tenant_id) == 1


async def test_a_tenant_has_limits(server: Postgres, tmp_path: Any) -> None:
    limits = {
        "INVX_FILE_BYTES_MAX": "100",
        "INVX_FILES_MAX": "3",
        "INVX_FILES_BYTES_MAX": "120",
    }
    async with open_world(server, tmp_path, limits) as world:
        desk = await world.seller()
        refused = await upload(desk.client, PDF * 3, "large.pdf", "application/pdf")
        assert (refused.status_code, refused.json()["code"]) == (422, "file_too_large")
        await uploaded(desk, PDF, "1.pdf", "application/pdf")
        await uploaded(desk, PDF, "2.pdf", "application/pdf")
        refused = await upload(desk.client, PDF, "3.pdf", "application/pdf")
        assert (refused.status_code, refused.json()["code"]) == (409, "file_quota_exceeded")
        assert "bytes are left of 120" in refused.json()["detail"]
        last = await uploaded(desk, b"a,b\n", "4.csv")
        refused = await upload(desk.client, b"a,b\n", "5.csv", "text/csv")
        assert refused.json()["detail"] == "There are 3 files; no more than 3 may be."
        await desk.client.delete(f"/v1/files/{last['id']}")
        await uploaded(desk, b"a,b\n", "5.csv")
        other = await world.seller()
        await uploaded(other, PDF, "1.pdf", "application/pdf")  # limits are each tenant's own


async def test_a_draft_names_a_file_and_says_what_it_is(desk: Desk) -> None:
    file = await uploaded(desk)
    draft = await desk.draft(attachments=[attachment(file)])
    [stated] = draft["attachments"]
    assert stated == {
        "id": "T-1",
        "description": "Time sheet",
        "location": None,
        "content": None,
        "media_type": "text/csv",
        "filename": "hours.csv",
        "file": file["id"],
        "sha256": file["sha256"],
        "size": file["size"],
    }
    assert (await desk.get(f"/v1/invoices/{draft['id']}"))["attachments"] == [stated]


async def test_a_file_that_is_not_there_is_named(desk: Desk) -> None:
    stranger = await desk.world.seller()
    foreign = await uploaded(stranger)
    unknown = "file_01jd0y7ct4f6d9zq8x3s5v2w1k"
    body = {"attachments": [{"id": "1", "file": unknown}, attachment(foreign)]}
    for path in ("/v1/invoices", "/v1/invoices/check"):
        refused = await desk.client.post(
            path, json={"buyer": BUYER, "lines": [], "profile": "en16931", **body}
        )
        assert refused.status_code == 422, refused.text
        pointers = {(each["pointer"], each["code"]) for each in refused.json()["problems"]}
        assert {("/attachments/0/file", "file_not_found")} <= pointers
        assert {("/attachments/1/file", "file_not_found")} <= pointers
    both = {"id": "1", "file": foreign["id"], "content": base64.b64encode(CSV).decode()}
    refused = await desk.client.post("/v1/invoices", json={"lines": [], "attachments": [both]})
    assert refused.status_code == 422
    assert refused.json()["problems"][0]["code"] == "file_or_content"
    for request in (
        desk.client.get(f"/v1/files/{foreign['id']}"),
        desk.client.get(f"/v1/files/{foreign['id']}/content"),
        desk.client.delete(f"/v1/files/{foreign['id']}"),
        desk.client.get("/v1/files/inv_01jd0y7ct4f6d9zq8x3s5v2w1k"),
    ):
        assert (await request).json()["code"] == "file_not_found"
    assert (await desk.get("/v1/files"))["data"] == []


async def test_a_file_in_use_stays(desk: Desk) -> None:
    file = await uploaded(desk)
    draft = await desk.draft(attachments=[attachment(file)])
    refused = await desk.client.delete(f"/v1/files/{file['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "file_in_use")
    body = {"buyer": BUYER, "lines": []}
    edited = await desk.client.put(f"/v1/invoices/{draft['id']}", json=body)
    assert edited.status_code == 200, edited.text
    assert (await desk.client.delete(f"/v1/files/{file['id']}")).status_code == 204
    for what in ("", "/content"):
        gone = await desk.client.get(f"/v1/files/{file['id']}{what}")
        assert gone.status_code == 404
    assert (await desk.client.delete(f"/v1/files/{file['id']}")).status_code == 404
    await desk.world.settle()
    async with desk.world.admin() as conn:
        assert await conn.fetchval(STORED, desk.tenant_id) == 0
        left = await conn.fetchval(
            "SELECT count(*) FROM invoicing.personal WHERE value::text ~ $1 AND tenant_id = $2",
            *("hours", desk.tenant_id),
        )
        assert left == 1  # the draft's own history; not the file's


async def test_a_draft_that_is_thrown_away_lets_its_files_go(desk: Desk) -> None:
    file = await uploaded(desk)
    draft = await desk.draft(attachments=[attachment(file)])
    assert (await desk.client.delete(f"/v1/invoices/{draft['id']}")).status_code == 204
    assert (await desk.client.delete(f"/v1/files/{file['id']}")).status_code == 204


async def test_the_e_invoice_carries_the_bytes(desk: Desk) -> None:
    csv, pdf = await uploaded(desk), await uploaded(desk, PDF, "plan.pdf", "application/pdf")
    attachments = [attachment(csv), attachment(pdf, id="P-1", filename="Plan.pdf")]
    draft = await desk.draft(attachments=attachments, supply_date="2026-11-01")
    preview = await e_invoice(desk, draft, "ubl")
    assert [each.content for each in ubl_read.read(preview).attachments] == [
        CSV,
        PDF,
    ]
    invoice = await desk.finalize(draft)
    assert (await desk.client.delete(f"/v1/files/{csv['id']}")).status_code == 409
    ubl = ubl_read.read(await e_invoice(desk, invoice, "ubl"))
    cii = cii_read.read(await e_invoice(desk, invoice, "cii"))
    hybrid = await e_invoice(desk, invoice, "facturx_en16931")
    inside = cii_read.read(xml_in(hybrid))
    for read in (ubl, cii, inside):
        stated = [
            (each.id, each.filename, each.media_type, each.content) for each in read.attachments
        ]
        assert stated == [
            ("T-1", "hours.csv", "text/csv", CSV),
            ("P-1", "Plan.pdf", "application/pdf", PDF),
        ]
    pages = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(hybrid)).pages)
    assert "hours.csv" in pages
    basic = xml_in(await e_invoice(desk, invoice, "facturx_basic"))
    assert cii_read.read(basic).attachments == ()  # the profile has no BG-24


async def e_invoice(desk: Desk, invoice: dict[str, Any], format: str) -> bytes:
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    response = await desk.client.get(path, params={"format": format})
    assert response.status_code == 200, response.text
    return response.content


async def test_the_official_mapping_of_a_credit_note_and_a_copy(desk: Desk) -> None:
    """A credit note does not repeat the attachments; a replacement names the same files."""
    file = await uploaded(desk)
    invoice = await desk.invoice(attachments=[attachment(file)])
    note = await desk.post(f"/v1/invoices/{invoice['id']}/credit-notes", {})
    assert note["attachments"] == []
    other = await desk.invoice(attachments=[attachment(file, id="again")])
    assert other["attachments"][0]["sha256"] == file["sha256"]


async def test_an_erasure_takes_the_files_of_the_document_with_it(desk: Desk) -> None:
    own, shared = await uploaded(desk), await uploaded(desk, PDF, "both.pdf", "application/pdf")
    invoice = await desk.invoice(attachments=[attachment(own), attachment(shared, id="2")])
    other = await desk.draft(buyer={**BUYER, "customer": "C-2"}, attachments=[attachment(shared)])
    await desk.world.advance(desk.tenant_id, RETENTION)
    erased = await desk.post("/v1/erasures", {"customer": "C-1"})
    assert erased["erased"] == [invoice["id"]]
    await desk.world.settle()
    assert (await desk.client.get(f"/v1/files/{own['id']}")).status_code == 404
    content = await desk.client.get(f"/v1/files/{shared['id']}/content")
    assert content.content == PDF
    assert (await desk.get(f"/v1/invoices/{other['id']}"))["attachments"][0][
        "filename"
    ] == "both.pdf"
    stated = (await desk.get(f"/v1/invoices/{invoice['id']}"))["attachments"]
    assert [each["filename"] for each in stated] == [None, None]
    async with desk.world.admin() as conn:
        kept = await conn.fetch(
            "SELECT sha256 FROM invoicing.stored_files WHERE tenant_id = $1", desk.tenant_id
        )
    assert own["sha256"] not in {row[0] for row in kept}


async def test_macros_are_refused_and_sheets_are_known(desk: Desk) -> None:
    def sheet(*more: str) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            for name in ("[Content_Types].xml", "xl/workbook.xml", *more):
                file.writestr(name, "<x/>")
        return packed.getvalue()

    file = await uploaded(desk, sheet(), "a.xlsx", XLSX)
    assert file["media_type"] == XLSX
    refused = await upload(desk.client, sheet("xl/vbaProject.bin"), "a.xlsm", XLSX)
    assert refused.json()["code"] == "file_type_refused"


async def test_who_may_only_read_uploads_nothing(world: World) -> None:
    tenant_id = (await world.seller()).tenant_id
    reader = world.client(tenant_id, ("files:read",))
    assert (await upload(reader, CSV, "a.csv", "text/csv")).status_code == 403
    assert (await reader.get("/v1/files")).status_code == 200
    assert (await world.client(tenant_id, ("invoices:read",)).get("/v1/files")).status_code == 403


@pytest.mark.parametrize("spoil", ["bytes", "row"])
async def test_wrong_bytes_of_a_file_never_reach_an_e_invoice(
    server: Postgres, tmp_path: Any, spoil: str
) -> None:
    files = tmp_path / "files"
    async with open_world(server, tmp_path, {"INVX_STORAGE": f"folder:{files}"}) as world:
        desk = await world.seller()
        invoice = await desk.invoice(attachments=[attachment(await uploaded(desk))])
        [path] = [each for each in files.rglob("*") if each.is_file()]
        make_older(path, timedelta(hours=2))
        if spoil == "bytes":
            path.write_bytes(CSV.replace(b"8", b"9"))
        else:
            path.unlink()
        code = "file_damaged" if spoil == "bytes" else "file_missing"
        refused = await desk.client.get(
            f"/v1/invoices/{invoice['id']}/e-invoice", params={"format": "ubl"}
        )
        assert (refused.status_code, refused.json()["code"]) == (500, code)
