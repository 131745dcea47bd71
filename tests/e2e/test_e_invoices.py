"""E-invoices through the public API: official files in and out again, formats, previews, checks."""

import hashlib
from typing import Any

import pytest

from invx.cli.demo import corpus_folder
from invx.contexts.invoicing.adapters.einvoice.differences import compare
from invx.contexts.invoicing.api.schemas.examples import E_INVOICE
from invx.demo.corpus import Verdict, _verdicts
from tests.e2e.second_reader import second_differences
from tests.e2e.xml_files import READERS, XML, exported, findings_of, read, send
from tests.world import BUYER, SELLER, Desk, World, draft_body, line, post

# What an exact file says that our API cannot say after it, and why.
_PLACEHOLDER = "its BIC is none: BIC, [BIC] or one of the country AB"
KNOWN: dict[str, dict[str, str]] = {
    "cen-ubl/ubl-tc434-example7.xml": {"BT-86": _PLACEHOLDER},
    "cen-cii/CII_example7.xml": {"BT-86": _PLACEHOLDER},
    "cen-cii/CII-BR-CO-10-RoundingIssue.xml": {
        "BT-86": _PLACEHOLDER,
        "BT-126": "its line ids occur twice",
        "BT-148": "its gross price is not the net price, and no discount lies between",
    },
    "cen-cii/CII_business_example_02.xml": {"BT-9": "it is due before it was issued"},
    "cen-cii/CII_example5.xml": {
        "BT-147": "it takes 10 off a gross price of 1.1 and states 1",
        "BT-148": "it takes 10 off a gross price of 1.1 and states 1",
    },
    "xrechnung/02.02a-INVOICE_ubl.xml": {"BT-86": _PLACEHOLDER},
    "xrechnung/02.02a-INVOICE_uncefact.xml": {"BT-86": _PLACEHOLDER},
    "xrechnung/02.05a-INVOICE_ubl.xml": {"BT-86": _PLACEHOLDER},
    "xrechnung/02.05a-INVOICE_uncefact.xml": {"BT-86": _PLACEHOLDER},
}

# What the second implementation reads otherwise, by the beginning of its path.
_BIC = "payment/credit_transfers/0/bic"
KNOWN_TO_SECOND: dict[str, tuple[str, ...]] = {
    "cen-ubl/ubl-tc434-example5.xml": ("lines/0/object_id", "lines/1/object_id"),  # it misses them
    "cen-ubl/ubl-tc434-example7.xml": (_BIC,),
    "cen-cii/CII_example7.xml": (_BIC,),
    "cen-cii/CII-BR-CO-10-RoundingIssue.xml": ("lines/", "payment/credit_transfers/0/"),
    "cen-cii/CII_business_example_02.xml": ("due_date",),
    # Two references without the type that says what they are; an account under IBAN that is none.
    "cen-cii/CII_example5.xml": ("attachments/", "lines/0/", "payment/credit_transfers/1/"),
    "xrechnung/02.02a-INVOICE_ubl.xml": (_BIC,),
    "xrechnung/02.02a-INVOICE_uncefact.xml": (_BIC,),
    "xrechnung/02.05a-INVOICE_ubl.xml": (_BIC,),
    "xrechnung/02.05a-INVOICE_uncefact.xml": (_BIC,),
}


def exact_files() -> dict[str, bytes]:
    """The exact files of the corpus by name; without it the shipped example."""
    folder = corpus_folder(None)
    if folder is None:
        return {"example.xml": E_INVOICE.encode()}
    verdicts = _verdicts(folder / "exact.tsv")
    return {
        name: (folder / name).read_bytes()
        for name, verdict in verdicts.items()
        if verdict is Verdict.EXACT
    }


FILES = exact_files()


async def entered(world: World, data: bytes) -> tuple[Desk, dict[str, Any]]:
    """A file of somebody, entered by hand through the API in a tenant of its own, and issued."""
    tenant_id = await world.tenant()
    client = world.client(tenant_id)
    parsed = await send(client, "/v1/e-invoices/parse", data)
    assert parsed["problems"] == []
    entity = parsed["legal_entity"] | {"backdating_days": 36_500}
    seller = await post(client, "/v1/legal-entities", entity)
    desk = Desk(world, tenant_id, client, seller["id"])
    return desk, await desk.finalize(await post(client, "/v1/invoices", parsed["draft"]))


async def test_every_exact_official_file_goes_in_and_comes_out_equal_in_both_syntaxes(
    world: World,
) -> None:
    """Everything that EN 16931 knows is compared but BT-1, BT-23 and BT-24 (see `differences`).

    Our readers and an implementation that is not ours (`eu-einvoice`) compare source and export.
    One world for all of them, so that the processes with the rules start once.
    """
    wrong: dict[str, Any] = {}
    for name, data in FILES.items():
        source = read(data)
        desk, invoice = await entered(world, data)
        for format, reader in READERS.items():
            xml = await exported(desk, invoice, format)
            ours = reader.read(xml)
            found = {
                "rules": [each["rule"] for each in await findings_of(desk, xml, format)],
                "unread": reader.unread(xml),
                "other": [
                    each for each in compare(source, ours) if each.term not in KNOWN.get(name, {})
                ],
                "second": {
                    at: each
                    for at, each in second_differences(data, xml).items()
                    if not at.startswith(KNOWN_TO_SECOND.get(name, ("-",)))
                },
                "number": [] if ours.number == invoice["number"] else [ours.number],
            }
            if any(found.values()):
                wrong[f"{name} as {format}"] = found
    assert wrong == {}


async def test_what_was_first_issued_in_a_format_stays_byte_for_byte(desk: Desk) -> None:
    invoice = await desk.invoice()
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    first = await desk.client.get(path, params={"format": "ubl"})
    assert first.headers["content-type"] == "application/xml"
    assert first.headers["content-disposition"] == 'attachment; filename="2026-0001-ubl.xml"'
    assert "invx-preview" not in first.headers
    changed = {**SELLER, "name": "Kontor Süd GmbH"}
    current = await desk.client.get(f"/v1/legal-entities/{desk.entity}")
    await desk.client.put(
        f"/v1/legal-entities/{desk.entity}",
        json=changed,
        headers={"If-Match": current.headers["etag"]},
    )
    again = await desk.client.get(path, params={"format": "ubl"})
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert first.headers["etag"] == f'"{hashlib.sha256(first.content).hexdigest()}"'
    known = {"if-none-match": first.headers["etag"]}
    unchanged = await desk.client.get(path, params={"format": "ubl"}, headers=known)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    async with desk.world.admin() as conn:
        kept = await conn.fetch(
            "SELECT a.kind, f.bytes FROM invoicing.archives a"
            " JOIN invoicing.stored_files f USING (tenant_id, sha256)"
            " WHERE a.kind <> 'pdf' AND a.tenant_id = $1",
            desk.tenant_id,
        )
    assert [tuple(row) for row in kept] == [("xml:ubl", first.content)]


async def test_a_draft_has_a_preview_that_is_kept_nowhere(desk: Desk) -> None:
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/e-invoice"
    response = await desk.client.get(path, params={"format": "cii"})
    assert response.headers["invx-preview"] == "true"
    assert "etag" not in response.headers
    assert read(response.content).number == "DRAFT"
    async with desk.world.admin() as conn:
        kept = "SELECT count(*) FROM invoicing.archives WHERE tenant_id = $1"
        assert await conn.fetchval(kept, desk.tenant_id) == 0


async def test_a_voided_document_gets_no_new_e_invoice(desk: Desk) -> None:
    invoice = await desk.invoice()
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "typo"})
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    refused = await desk.client.get(path, params={"format": "ubl"})
    assert (refused.status_code, refused.json()["code"]) == (409, "document_not_finalized")


async def test_a_texas_buyer_has_no_e_invoice_and_is_told_why(world: World) -> None:
    """Issue 3: state and city tax, profile plain."""
    desk = await world.seller(
        default_profile="plain", rounding="per_line", currency="USD", registrations=[]
    )
    texas = {"country": "US", "region": "TX", "city": "Austin"}
    taxes = [
        {"regime": "sales", "jurisdiction": "US-TX", "category": "sales", "rate": "6.25"},
        {"regime": "sales", "jurisdiction": "US-TX-AUS", "category": "sales", "rate": "2"},
    ]
    body = draft_body(line("100.00", taxes=taxes), buyer={"name": "Lone Star", "address": texas})
    invoice = await desk.finalize(await desk.post("/v1/invoices", body))
    assert invoice["totals"]["gross"] == "108.25"
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    for format in ("ubl", "cii", "xrechnung_ubl", "peppol"):
        refused = await desk.client.get(path, params={"format": format})
        assert (refused.status_code, refused.json()["code"]) == (422, "not_representable")
    told = {each["pointer"]: each["detail"] for each in refused.json()["problems"]}
    assert told["/lines/0/taxes/0"] == "An e-invoice has no sales tax."
    assert told["/rounding"] == "An e-invoice rounds tax once per group (BR-CO-17)."
    assert "/profile" in told


async def test_a_proforma_has_no_e_invoice(desk: Desk) -> None:
    proforma = await desk.draft(type="proforma")
    path = f"/v1/invoices/{proforma['id']}/e-invoice"
    refused = await desk.client.get(path, params={"format": "ubl"})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_representable")


XRECHNUNG: dict[str, Any] = {
    "contact": {"name": "Mia", "phone": "+49 40 1234567", "email": "mia@example.org"},
    "endpoint": {"id": "mia@example.org", "scheme": "9930"},
}
GERMAN_BUYER = {**BUYER, "endpoint": {"id": "buyer@example.org", "scheme": "9930"}}


async def test_xrechnung_names_every_field_of_ours_that_it_misses(desk: Desk) -> None:
    invoice = await desk.invoice()
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    refused = await desk.client.get(path, params={"format": "xrechnung_ubl"})
    assert (refused.status_code, refused.json()["code"]) == (422, "e_invoice_incomplete")
    assert [each["pointer"] for each in refused.json()["problems"]] == [
        "/buyer_reference",
        "/seller/contact/name",
        "/seller/contact/phone",
        "/seller/contact/email",
        "/buyer/endpoint",
        "/seller/endpoint",
    ]
    plain = await desk.client.get(path, params={"format": "ubl"})
    assert plain.status_code == 200


@pytest.mark.parametrize("format", ["xrechnung_ubl", "xrechnung_cii"])
async def test_a_complete_xrechnung_is_valid_by_the_official_rules(
    world: World, format: str
) -> None:
    desk = await world.seller(**XRECHNUNG)
    terms = {"kind": "net", "days": 14, "discounts": [{"percent": "3", "days": 7}]}
    invoice = await desk.invoice(
        buyer=GERMAN_BUYER,
        buyer_reference="04011000-12345-34",
        supply_date="2026-11-02",
        payment_terms=terms,
    )
    xml = await exported(desk, invoice, format)
    ruling = await send(desk.client, "/v1/e-invoices/validate", xml)
    assert (ruling["format"], ruling["complete"]) == (format, True)
    assert [each for each in ruling["findings"] if each["severity"] != "information"] == []
    assert (read(xml).payment_terms or "").startswith("#SKONTO#TAGE=7#PROZENT=3.00#")


async def test_a_check_names_the_rules_that_a_format_would_break(desk: Desk) -> None:
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}/check"
    plain = await desk.post(path)
    assert (plain["valid"], plain["e_invoice"]) == (True, None)
    core = await desk.post(f"{path}?format=ubl")
    assert (core["valid"], core["e_invoice"]["findings"]) == (True, [])
    german = await desk.post(f"{path}?format=xrechnung_ubl")
    assert german["valid"] is False
    assert "/buyer_reference" in {each["pointer"] for each in german["problems"]}
    found = {each["rule"]: each["field"] for each in german["e_invoice"]["findings"]}
    assert found["BR-DE-15"] == "/buyer_reference"


async def test_a_file_is_read_under_our_names_with_business_terms(desk: Desk) -> None:
    parsed = await send(desk.client, "/v1/e-invoices/parse", E_INVOICE.encode())
    assert (parsed["syntax"], parsed["format"]) == ("ubl", "ubl")
    assert parsed["invoice"]["lines"][0]["net"] == "100.00"
    assert parsed["terms"]["/lines/*/net"] == "BT-131"
    assert parsed["draft"]["lines"][0]["price"] == "100"
    assert parsed["legal_entity"]["registrations"] == [{"country": "DE", "vat_id": "DE136695976"}]
    assert (parsed["differences"], parsed["unread"], parsed["problems"]) == ([], [], [])
    assert (await desk.get("/v1/invoices"))["data"] == []


async def test_what_is_not_carried_is_named(desk: Desk) -> None:
    more = E_INVOICE.replace(
        "<cbc:DueDate>", "<cbc:IssueTime>12:00:00</cbc:IssueTime><cbc:DueDate>"
    )
    parsed = await send(desk.client, "/v1/e-invoices/parse", more.encode())
    assert parsed["unread"] == ["/Invoice/cbc:IssueTime"]


async def test_an_import_is_done_once_and_makes_a_draft(desk: Desk) -> None:
    headers = {**XML, "Idempotency-Key": "once"}
    answers = [
        await desk.client.post("/v1/invoices/import", content=E_INVOICE, headers=headers)
        for _ in range(2)
    ]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    draft = answers[0].json()
    assert (draft["status"], draft["totals"]["gross"]) == ("draft", "119.00")
    assert answers[0].headers["location"] == f"/v1/invoices/{draft['id']}"
    assert len((await desk.get("/v1/invoices"))["data"]) == 1


async def test_figures_that_differ_are_refused_unless_they_are_accepted(desk: Desk) -> None:
    wrong = E_INVOICE.replace("119.00", "120.00").replace(">19.00", ">20.00").encode()
    refused = await send(desk.client, "/v1/invoices/import", wrong, 422)
    assert refused["code"] == "e_invoice_differs"
    assert {each["pointer"]: each["detail"] for each in refused["problems"]}["/totals/tax"] == (
        "The file states 20.00 (BT-110); it computes to 19.00."
    )
    path = "/v1/invoices/import?accept_differences=true"
    draft = await send(desk.client, path, wrong, 201)
    assert draft["totals"]["tax"] == "19.00"


async def test_what_a_draft_cannot_say_is_named_by_its_field(desk: Desk) -> None:
    wrong = E_INVOICE.replace('unitCode="HUR"', 'unitCode="furlong"').encode()
    refused = await send(desk.client, "/v1/invoices/import", wrong, 422)
    assert refused["code"] == "e_invoice_not_enterable"
    assert [each["pointer"] for each in refused["problems"]] == ["/lines/0/unit"]


@pytest.mark.parametrize("path", ["/v1/e-invoices/parse", "/v1/invoices/import"])
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        b"\x00\x01",
        b"<Invoice>",
        b"<html/>",
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:secret">]><a>&b;</a>',
    ],
)
async def test_what_is_no_e_invoice_is_a_problem_of_the_caller(
    desk: Desk, path: str, data: bytes
) -> None:
    refused = await send(desk.client, path, data, 422)
    assert refused["code"] == "e_invoice_unreadable"


async def test_a_body_that_is_no_xml_by_its_own_word_is_refused(desk: Desk) -> None:
    response = await desk.client.post("/v1/e-invoices/parse", json={})
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


async def test_another_tenant_finds_no_e_invoice(world: World, desk: Desk) -> None:
    invoice = await desk.invoice()
    other = await world.seller()
    path = f"/v1/invoices/{invoice['id']}/e-invoice"
    missing = await other.client.get(path, params={"format": "ubl"})
    assert missing.status_code == 404
