"""Hybrid invoices through the public API: out as a PDF with its XML, and in again."""

import io
import zlib
from typing import Any

import facturx
import httpx
import pikepdf
import pytest

from invx.contexts.invoicing.adapters.einvoice import cii_read
from invx.contexts.invoicing.adapters.einvoice.attached import xml_in
from invx.contexts.invoicing.api.schemas.examples import E_INVOICE
from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from tests.unit.invoicing.einvoice.hybrid.files import blank, carrying, made, specification
from tests.world import Desk, World, line

PDF = {"content-type": "application/pdf"}
HYBRIDS = [code for code, each in FORMATS.items() if each.hybrid]
LEVELS = {
    "facturx_en16931": "en16931",
    "facturx_extended": "extended",
    "facturx_basic": "basic",
    "facturx_basic_wl": "basicwl",
    "facturx_minimum": "minimum",
}
TAXES = line("1")["taxes"]
RICH: dict[str, Any] = {
    "buyer_reference": "PO 4711",
    "purchase_order": "4711",
    "project": "P-8",
    "supply_date": "2026-11-02",
    "discounts": [{"percent": "5", "reason": "Early bird", "taxes": TAXES}],
    "notes": "Thank you.",
    "further_notes": [{"text": "Export licence 7", "subject": "ABC"}],
    "attachments": [{"id": "A-1", "description": "Timesheet", "location": "https://example.org/t"}],
}


async def hybrid(desk: Desk, invoice: dict[str, Any], format: str) -> httpx.Response:
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    response = await desk.client.get(path, params={"format": format})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    return response


async def send(desk: Desk, path: str, pdf: bytes, status: int = 200) -> Any:
    response = await desk.client.post(path, content=pdf, headers=PDF)
    assert response.status_code == status, f"{response.status_code} {response.text[:2000]}"
    return response.json()


async def test_every_profile_is_valid_and_is_found_by_the_official_reader(world: World) -> None:
    desk = await world.seller(
        contact={"name": "Mia", "phone": "+49 40 1234567", "email": "mia@example.org"}
    )
    workshop = line("138.66", item={"seller_id": "W-1"}, discounts=[{"percent": "10"}])
    invoice = await desk.invoice(workshop, **RICH)
    for format in HYBRIDS:
        pdf = (await hybrid(desk, invoice, format)).content
        name, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
        assert (name, xml) == ("factur-x.xml", xml_in(pdf))
        assert facturx.get_level(facturx.facturx.etree.fromstring(xml)) == LEVELS[format]
        assert cii_read.read(xml).specification == FORMATS[format].specification
        ruling = await send(desk, "/v1/e-invoices/validate", pdf)
        assert (ruling["format"], ruling["complete"], ruling["findings"]) == (format, True, [])


async def test_a_hybrid_is_archived_at_first_issue_byte_for_byte(desk: Desk) -> None:
    invoice = await desk.invoice()
    first = await hybrid(desk, invoice, "facturx_en16931")
    assert first.headers["content-disposition"] == (
        'attachment; filename="2026-0001-facturx_en16931.pdf"'
    )
    again = await hybrid(desk, invoice, "facturx_en16931")
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    async with desk.world.admin() as conn:
        kept = await conn.fetch(
            "SELECT a.kind, a.media_type, f.bytes FROM invoicing.archives a"
            " JOIN invoicing.stored_files f USING (tenant_id, sha256)"
            " WHERE a.kind <> 'pdf' AND a.tenant_id = $1",
            desk.tenant_id,
        )
    assert [tuple(row) for row in kept] == [
        ("hybrid:facturx_en16931", "application/pdf", first.content)
    ]


async def test_its_xml_says_what_the_plain_cii_says(desk: Desk) -> None:
    invoice = await desk.invoice(line("138.66", quantity="3"), **RICH)
    plain = await desk.client.get(
        f"/v1/invoices/{invoice['id']}/e-invoice", params={"format": "cii"}
    )
    assert xml_in((await hybrid(desk, invoice, "facturx_en16931")).content) == plain.content


async def test_a_draft_has_a_marked_preview_that_is_kept_nowhere(desk: Desk) -> None:
    draft = await desk.draft()
    response = await hybrid(desk, draft, "facturx_en16931")
    assert response.headers["invx-preview"] == "true"
    assert "etag" not in response.headers
    assert cii_read.read(xml_in(response.content)).number == "DRAFT"
    plain = await desk.client.get(f"/v1/invoices/{draft['id']}/preview")
    with pikepdf.open(io.BytesIO(plain.content)) as marked:
        drawn = marked.pages[0].Contents.read_bytes()
    with pikepdf.open(io.BytesIO(response.content)) as opened:
        assert opened.pages[0].Contents.read_bytes() == drawn
    async with desk.world.admin() as conn:
        kept = "SELECT count(*) FROM invoicing.archives WHERE tenant_id = $1"
        assert await conn.fetchval(kept, desk.tenant_id) == 0


async def test_a_small_profile_refuses_a_rounding_that_it_cannot_say(desk: Desk) -> None:
    invoice = await desk.invoice(payable_rounding="0.01")
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    for format in ("facturx_basic", "facturx_basic_wl"):
        refused = await desk.client.get(path, params={"format": format})
        assert (refused.status_code, refused.json()["code"]) == (422, "e_invoice_incomplete")
        assert [each["pointer"] for each in refused.json()["problems"]] == ["/payable_rounding"]
    await hybrid(desk, invoice, "facturx_en16931")


async def test_a_hybrid_of_somebody_is_read_judged_and_imported(desk: Desk) -> None:
    invoice = await desk.invoice(line("138.66", quantity="3"), **RICH)
    pdf = (await hybrid(desk, invoice, "facturx_extended")).content
    parsed = await send(desk, "/v1/e-invoices/parse", pdf)
    assert (parsed["format"], parsed["differences"]) == ("facturx_extended", [])
    assert parsed["invoice"]["number"] == invoice["number"]
    draft = await send(desk, "/v1/invoices/import", pdf, 201)
    assert (draft["status"], draft["totals"]) == ("draft", invoice["totals"])


async def test_a_file_without_lines_is_not_imported_as_an_invoice_of_nothing(desk: Desk) -> None:
    invoice = await desk.invoice()
    for format in ("facturx_basic_wl", "facturx_minimum"):
        pdf = (await hybrid(desk, invoice, format)).content
        refused = await send(desk, "/v1/invoices/import", pdf, 422)
        assert refused["code"] in ("e_invoice_differs", "e_invoice_not_enterable")


async def test_a_pdf_may_carry_ubl_too(desk: Desk) -> None:
    parsed = await send(desk, "/v1/e-invoices/parse", carrying(("xrechnung.xml", UBL)))
    assert (parsed["syntax"], parsed["format"]) == ("ubl", "ubl")


UBL = E_INVOICE.encode()


def bomb(of: bytes = b" ", size: int = 200_000_000) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(of * 1_000_000) for _ in range(size // 1_000_000))
    pdf = blank()
    file = specification(pdf, "factur-x.xml", b"")
    file.EF.F.write(packed + packer.flush(), filter=pikepdf.Name.FlateDecode)
    pdf.Root.AF = pikepdf.Array([file])
    return made(pdf)


def locked() -> bytes:
    with pikepdf.open(io.BytesIO(carrying(("factur-x.xml", UBL)))) as pdf:
        return made(pdf, encryption=pikepdf.Encryption(owner="o", user="u"))


HOSTILE = {
    "nothing": b"",
    "only its beginning": b"%PDF-1.7",
    "no PDF": b"\x00\x01" * 500,
    "XML": UBL,
    "no file in it": made(blank()),
    "another file": carrying(("invoice.csv", b"1;2")),
    "two of one name": carrying(("factur-x.xml", UBL), ("factur-x.xml", UBL + b" ")),
    "encrypted": locked(),
    "cut off": carrying(("factur-x.xml", UBL))[:400],
    "a bomb": bomb(),
    "more than a body may hold": bomb(size=20_000_000),
    "no XML in it": carrying(("factur-x.xml", b"\x00")),
    "an entity in it": carrying(
        ("factur-x.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:secret">]><a>&b;</a>')
    ),
    "another root in it": carrying(("factur-x.xml", b"<html/>")),
}


@pytest.mark.parametrize(
    "path", ["/v1/e-invoices/parse", "/v1/e-invoices/validate", "/v1/invoices/import"]
)
async def test_a_hostile_pdf_is_a_clear_problem_of_the_caller(desk: Desk, path: str) -> None:
    for name, pdf in HOSTILE.items():
        refused = await send(desk, path, pdf, 422)
        assert refused["code"] == "e_invoice_unreadable", name
        assert len(refused["detail"]) > 10, name
    assert (await desk.get("/v1/invoices"))["data"] == []
