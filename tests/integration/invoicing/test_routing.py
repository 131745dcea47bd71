"""Which e-invoice a document becomes, and what is asked of it before it has a number."""

from datetime import timedelta
from typing import Any

from lxml import etree

from tests.integration.invoicing.routed import (
    AUTHORITY,
    LEITWEG,
    SIREN,
    SIRET,
    amend,
    buyer,
    check,
    german,
    refused,
    said,
)
from tests.world import BUYER, SELLER, Desk, World, line

XRECHNUNG = {"format": "xrechnung_ubl"}
_WRONG, _NO_SIRET = "04011000-12345-04", "73282932000075"  # the last digit is wrong


async def test_finalizing_names_every_field_that_the_buyers_format_asks_for(desk: Desk) -> None:
    draft = await desk.draft(buyer=buyer(XRECHNUNG))
    answer = await refused(desk, draft)
    assert answer["code"] == "e_invoice_incomplete"
    assert said(answer) == {
        (at, "field_missing")
        for at in (
            "/buyer_reference",
            "/buyer/endpoint",
            "/seller/endpoint",
            "/seller/contact/name",
            "/seller/contact/phone",
            "/seller/contact/email",
        )
    }
    checked = await check(desk, draft)
    assert checked["valid"] is False
    assert checked["problems"] == answer["problems"]
    assert checked["route"] == {"format": "xrechnung_ubl", "source": "buyer"}


async def test_what_the_document_and_its_route_lack_is_said_at_once(desk: Desk) -> None:
    draft = await desk.draft(buyer=buyer(XRECHNUNG), lines=[])
    answer = await refused(desk, draft)
    assert answer["code"] == "document_empty"
    assert ("/lines", "document_empty") in said(answer)
    assert ("/buyer_reference", "field_missing") in said(answer)


async def test_the_document_keeps_its_route_and_is_read_in_that_format(world: World) -> None:
    desk = await german(world)
    sent = buyer(XRECHNUNG, of=AUTHORITY, emails=["rechnung@senat.example"])
    draft = await desk.draft(buyer=sent, buyer_reference=LEITWEG)
    assert draft["route"] is None
    assert draft["buyer"]["e_invoicing"] == {
        "routes": [{**XRECHNUNG, "valid_from": None, "valid_to": None}],
        "requires": [],
        "emails": ["rechnung@senat.example"],
    }
    preview = await desk.client.get(f"/v1/invoices/{draft['id']}/e-invoice")
    assert preview.headers["invx-preview"] == "true"
    invoice = await desk.finalize(draft)
    assert invoice["route"] == {"format": "xrechnung_ubl", "source": "buyer", "verdict": None}
    path = f"/v1/invoices/{invoice['id']}"
    assert (await desk.get(path))["route"] == invoice["route"]
    routed = await desk.client.get(f"{path}/e-invoice")
    assert b"xrechnung_3.0" in routed.content
    assert b"xrechnung_3.0" in preview.content
    named = await desk.client.get(f"{path}/e-invoice", params={"format": "xrechnung_ubl"})
    assert named.content == routed.content
    other = await desk.client.get(f"{path}/e-invoice", params={"format": "cii"})
    assert b"CrossIndustryInvoice" in other.content


async def test_what_has_no_route_is_read_as_ubl(desk: Desk) -> None:
    invoice = await desk.invoice()
    assert invoice["route"] is None
    answer = await desk.client.get(f"/v1/invoices/{invoice['id']}/e-invoice")
    assert etree.fromstring(answer.content).tag.endswith("}Invoice")


async def test_the_route_of_the_issue_date_is_taken(desk: Desk, world: World) -> None:
    """One format until the end of a year, another one from then on."""
    year = int((await desk.invoice())["issue_date"][:4])
    stated = buyer(
        {"format": "facturx_en16931", "valid_to": f"{year}-12-31"},
        {"format": "ubl", "valid_from": f"{year + 1}-01-01"},
    )
    assert (await desk.invoice(buyer=stated))["route"]["format"] == "facturx_en16931"
    await world.advance(desk.tenant_id, timedelta(days=366))
    assert (await desk.invoice(buyer=stated))["route"]["format"] == "ubl"
    past = buyer({"format": "ubl", "valid_to": "2020-01-01"})
    draft = await desk.draft(buyer=past)
    assert ("/buyer/e_invoicing/routes", "no_route_holds") in {
        (each["pointer"], each["code"]) for each in (await check(desk, draft))["warnings"]
    }
    assert (await desk.finalize(draft))["route"] is None


async def test_the_legal_entity_decides_for_businesses_without_a_route(world: World) -> None:
    desk = await world.seller(e_invoicing={"default_format": "facturx_en16931"})
    mine = (await desk.invoice())["route"]
    assert mine == {"format": "facturx_en16931", "source": "legal_entity", "verdict": None}
    assert (await desk.invoice(buyer={**BUYER, "kind": "consumer"}))["route"] is None
    assert (await desk.invoice(profile="plain"))["route"] is None
    assert (await desk.invoice(type="proforma"))["route"] is None
    assert (await desk.invoice(buyer=buyer({"format": None})))["route"] is None
    own = (await desk.invoice(buyer=buyer({"format": "ubl"})))["route"]
    assert (own["format"], own["source"]) == ("ubl", "buyer")


async def test_a_document_that_is_no_e_invoice_cannot_take_a_route(desk: Desk) -> None:
    taxes = [{"regime": "sales", "jurisdiction": "US-TX", "category": "S", "rate": "6.25"}]
    draft = await desk.draft(
        line("10.00", taxes=taxes), profile="plain", buyer=buyer({"format": "ubl"})
    )
    answer = await refused(desk, draft)
    assert answer["code"] == "not_representable"
    assert ("/profile", "not_representable") in said(answer)


ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("buyer_reference", "/buyer_reference", {"buyer_reference": "R-1"}),
    ("leitweg_id", "/buyer_reference", {"buyer_reference": LEITWEG}),
    ("purchase_order", "/purchase_order", {"purchase_order": "PO-1"}),
    ("contract", "/contract", {"contract": "C-1"}),
    ("project", "/project", {"project": "P-1"}),
    ("endpoint", "/buyer/endpoint", {"endpoint": {"id": "a@b.example", "scheme": "EM"}}),
    ("siren", "/buyer/registration", {"registration": {"id": SIREN, "scheme": "0002"}}),
    ("siret", "/buyer/identifiers", {"identifiers": [{"id": SIRET, "scheme": "0009"}]}),
]


async def test_what_the_buyer_asks_for_is_there_or_nothing_is_finalized(desk: Desk) -> None:
    """Whatever its format is, and if it has none."""
    for asked, pointer, filled in ASKED:
        wanting = buyer(requires=[asked])
        answer = await refused(desk, await desk.draft(buyer=wanting))
        assert said(answer) == {(pointer, "field_missing")}
        of_buyer = pointer.startswith("/buyer/")
        whole = {**wanting, **filled} if of_buyer else wanting
        assert (await desk.invoice(buyer=whole, **({} if of_buyer else filled)))["route"] is None


async def test_a_siret_that_is_asked_for_is_what_the_e_invoice_shows(desk: Desk) -> None:
    numbers = [{"id": "4012345000009", "scheme": "0088"}, {"id": SIRET, "scheme": "0009"}]
    french = buyer({"format": "ubl"}, requires=["siret"]) | {"identifiers": numbers}
    invoice = await desk.invoice(buyer=french)
    xml = (await desk.client.get(f"/v1/invoices/{invoice['id']}/e-invoice")).content
    assert f'schemeID="0009">{SIRET}<'.encode() in xml
    assert b"4012345000009" not in xml


MISTYPED: list[tuple[dict[str, Any], str | None, str]] = [
    ({"endpoint": {"id": _WRONG, "scheme": "0204"}}, None, "/buyer/endpoint/id"),
    ({"endpoint": {"id": LEITWEG, "scheme": "0204"}}, "order 7", "/buyer_reference"),
    ({"identifiers": [{"id": _NO_SIRET, "scheme": "0009"}]}, None, "/buyer/identifiers/0/id"),
    ({"registration": {"id": "732829321", "scheme": "0002"}}, None, "/buyer/registration/id"),
]


async def test_numbers_with_wrong_check_digits_go_no_route(desk: Desk) -> None:
    for more, reference, pointer in MISTYPED:
        numbered = buyer({"format": "ubl"}, of={**BUYER, **more})
        draft = await desk.draft(buyer=numbered, buyer_reference=reference)
        assert said(await refused(desk, draft)) == {(pointer, "check_digits_wrong")}


async def test_what_looks_like_a_wrong_leitweg_id_is_warned_of(world: World) -> None:
    desk = await german(world)
    private = {**BUYER, "endpoint": {"id": "a@b.example", "scheme": "EM"}}
    draft = await desk.draft(buyer=buyer(XRECHNUNG, of=private), buyer_reference=_WRONG)
    checked = await check(desk, draft)
    assert ("/buyer_reference", "leitweg_id_doubtful") in {
        (each["pointer"], each["code"]) for each in checked["warnings"]
    }
    assert checked["valid"] is True
    await desk.finalize(draft)


async def test_from_2027_the_check_warns_of_the_duty_with_its_source(world: World) -> None:
    """UStG § 27 Abs. 38: nobody is refused for it, since turnover does not stand on an invoice."""
    desk = await world.seller()
    draft = await desk.draft(issue_date="2026-12-31")
    assert (await check(desk, draft))["warnings"] == []
    draft = await desk.draft(issue_date="2027-01-01")
    [warning] = (await check(desk, draft))["warnings"]
    assert (warning["pointer"], warning["code"]) == (
        "/buyer/e_invoicing/routes",
        "structured_invoice_due",
    )
    assert "UStG § 14" in warning["detail"]
    assert "800,000 euro" in warning["detail"]
    quiet: list[dict[str, Any]] = [
        {"buyer": {**BUYER, "kind": "consumer"}},
        {"buyer": {**BUYER, "address": {"country": "FR"}}},
        {"buyer": buyer({"format": "facturx_en16931"})},
    ]
    for more in quiet:
        draft = await desk.draft(issue_date="2027-01-01", **more)
        assert (await check(desk, draft))["warnings"] == []
    draft = await desk.draft(issue_date="2028-01-01", buyer=buyer({"format": "facturx_minimum"}))
    [warning] = (await check(desk, draft))["warnings"]
    assert "800,000" not in warning["detail"]


async def test_italy_asks_for_a_format_that_is_none_of_ours(world: World) -> None:
    address = {**SELLER["address"], "country": "IT"}
    desk = await world.seller(address=address)
    draft = await desk.draft(buyer={**BUYER, "address": {"country": "IT"}})
    [warning] = (await check(desk, draft))["warnings"]
    assert "D.Lgs. 127/2015" in warning["detail"]
    assert "None of the formats here" in warning["detail"]


async def test_a_credit_note_goes_the_way_of_its_invoice(world: World) -> None:
    desk = await german(world)
    invoice = await desk.invoice(buyer=buyer(XRECHNUNG, of=AUTHORITY), buyer_reference=LEITWEG)
    path = f"/v1/invoices/{invoice['id']}"
    note = await desk.post(f"{path}/credit-notes", {"finalize": True, "amount": "11.90"})
    assert note["route"]["format"] == "xrechnung_ubl"
    xml = (await desk.client.get(f"/v1/invoices/{note['id']}/e-invoice")).content
    assert b"CreditNote" in xml
    assert LEITWEG.encode() in xml


async def test_an_older_seller_without_a_policy_routes_nothing(desk: Desk) -> None:
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert entity["e_invoicing"] == {"default_format": None, "official_rules": "on_request"}
    await amend(desk, e_invoicing={"default_format": "peppol", "official_rules": "before_finalize"})
    entity = await desk.get(f"/v1/legal-entities/{desk.entity}")
    assert entity["e_invoicing"]["default_format"] == "peppol"
