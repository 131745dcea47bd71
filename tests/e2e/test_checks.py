"""Checks and previews: the same engine as finalizing, all problems at once, and nothing written."""

from tests.e2e.acts import own_rows, pointers, refused, text_of
from tests.world import BUYER, VAT19, Desk, draft_body, line


async def test_a_check_answers_with_totals_and_writes_nothing(desk: Desk) -> None:
    await desk.get("/v1/invoices")
    before = await own_rows(desk)
    checked = await desk.post("/v1/invoices/check", draft_body(line("138.66")), status=200)
    assert checked["valid"] is True
    assert checked["problems"] == []
    assert checked["totals"]["gross"] == "165.01"
    assert checked["lines"][0]["net"] == "138.66"
    assert checked["tax_groups"][0]["amount"] == "26.35"
    assert await own_rows(desk) == before


async def test_a_check_names_every_problem_by_its_pointer(desk: Desk) -> None:
    buyer = {"name": "Nobody", "address": {"country": "DE"}}
    reverse = [{"category": "AE", "rate": "0", "reason_code": "VATEX-EU-AE"}]
    body = draft_body(
        {**line("10.00"), "description": None},
        line("5.00", taxes=reverse),
        buyer=buyer,
        due_date="2001-01-01",
        service_period={"start": "2026-02-01", "end": "2026-01-01"},
    )
    checked = await desk.post("/v1/invoices/check", body)
    assert checked["valid"] is False
    found = pointers(checked)
    assert found["/lines/0/description"] == "description_missing"
    assert found["/buyer/vat_id"] == "vat_id_missing"
    assert found["/due_date"] == "due_before_issue"
    assert found["/service_period/end"] == "period_reversed"
    assert checked["totals"]["net"] == "15.00", "figures are given as far as they can be"


async def test_a_check_without_figures_still_names_what_stands_in_the_way(desk: Desk) -> None:
    body = draft_body({**line("1.00"), "price": None}, {**line("1.00"), "description": None})
    checked = await desk.post("/v1/invoices/check", body)
    assert checked["totals"] is None
    assert checked["lines"] == []
    assert {pointer.split("/")[2] for pointer in pointers(checked)} == {"0", "1"}


async def test_finalizing_refuses_exactly_what_the_check_of_the_draft_named(desk: Desk) -> None:
    draft = await desk.draft({**line("10.00"), "description": None}, buyer={"name": "N"})
    path = f"/v1/invoices/{draft['id']}"
    before = await own_rows(desk)
    checked = await desk.post(f"{path}/check")
    assert await own_rows(desk) == before
    assert checked["valid"] is False
    problem = await refused(desk, "POST", f"{path}/finalize", {}, status=422)
    assert problem["code"] == "document_incomplete"
    assert problem["problems"] == checked["problems"]
    assert (await desk.get(path))["status"] == "draft"
    assert await own_rows(desk) == before


async def test_an_empty_document_is_drafted_but_not_finalized(desk: Desk) -> None:
    draft = await desk.post("/v1/invoices", {"buyer": BUYER, "lines": []})
    path = f"/v1/invoices/{draft['id']}"
    checked = await desk.post(f"{path}/check")
    assert pointers(checked)["/lines"] == "document_empty"
    problem = await refused(desk, "POST", f"{path}/finalize", {}, status=422)
    assert problem["code"] == "document_empty"


async def test_what_the_profile_cannot_represent_is_refused_with_the_line(desk: Desk) -> None:
    sales = [{"regime": "sales", "jurisdiction": "US-NY", "category": "S", "rate": "8.875"}]
    body = draft_body(line("10.00"), line("10.00", taxes=sales))
    problem = await refused(desk, "POST", "/v1/invoices", body, status=422)
    assert problem["code"] == "not_representable"
    assert all(pointer.startswith("/lines/1") for pointer in pointers(problem))
    checked = await desk.post("/v1/invoices/check", body)
    assert checked["problems"] == problem["problems"]
    plain = await desk.post("/v1/invoices/check", {**body, "profile": "plain"})
    assert plain["valid"] is True, plain["problems"]


async def test_the_check_of_a_finalized_document_still_answers(desk: Desk) -> None:
    issued = await desk.invoice()
    checked = await desk.post(f"/v1/invoices/{issued['id']}/check")
    assert checked["totals"] == issued["totals"]


async def test_a_preview_is_marked_draft_and_kept_nowhere(desk: Desk) -> None:
    draft = await desk.draft(line("138.66"))
    before = await own_rows(desk)
    text = await text_of(desk, draft, "preview")
    assert "DRAFT" in text or "ENTWURF" in text
    assert "165.01" in text or "165,01" in text
    assert await own_rows(desk) == before
    await desk.finalize(draft)
    path = f"/v1/invoices/{draft['id']}"
    problem = await refused(desk, "GET", f"{path}/preview", status=409)
    assert problem["code"] == "document_not_draft"
    assert "DRAFT" not in await text_of(desk, draft)


async def test_a_draft_has_no_pdf_and_a_finalized_document_has_one_for_ever(desk: Desk) -> None:
    draft = await desk.draft()
    path = f"/v1/invoices/{draft['id']}"
    problem = await refused(desk, "GET", f"{path}/pdf", status=409)
    assert problem["code"] == "document_not_finalized"
    await desk.finalize(draft)
    first = await desk.client.get(f"{path}/pdf")
    await desk.world.settle()
    await desk.post(f"{path}/payments", {"amount": "119.00", "source": "p"})
    second = await desk.client.get(f"{path}/pdf")
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


async def test_a_document_in_test_mode_says_so(desk: Desk) -> None:
    sandbox = await desk.world.seller(mode="test")
    issued = await sandbox.invoice()
    assert issued["mode"] == "test"
    assert "TEST" in await text_of(sandbox, issued)
    live = await desk.invoice()
    assert live["mode"] == "live"
    assert "TEST" not in await text_of(desk, live)


async def test_r24_preview_and_invoice_agree_on_a_negative_tax_breakdown(desk: Desk) -> None:
    """-1125 net at 17.8 %: the thread's -1325 gross, with a tax line below zero that sums up."""
    vat = [{"category": "S", "rate": "17.8"}]
    body = draft_body(line("-1125.00", taxes=vat), profile="plain", payment_terms=None)
    checked = await desk.post("/v1/invoices/check", body)
    draft = await desk.post("/v1/invoices", body)
    issued = await desk.finalize(draft)
    for figures in (checked, draft, issued):
        assert figures["totals"]["net"] == "-1125.00"
        assert figures["totals"]["tax"] == "-200.25"
        assert figures["totals"]["gross"] == "-1325.25"
        assert [group["amount"] for group in figures["tax_groups"]] == ["-200.25"]
    assert "1,325.25" in await text_of(desk, issued) or "1.325,25" in await text_of(desk, issued)


async def test_n10_a_document_keeps_the_rate_and_reason_of_its_day(desk: Desk) -> None:
    """Rates are written on the document; nothing that is deleted elsewhere can reach them."""
    exempt = [{"category": "E", "rate": "0", "reason": "Old rule 4 (repealed)"}]
    issued = await desk.invoice(line("10.00", taxes=exempt), line("10.00", taxes=VAT19))
    new = {"name": "Renamed", "address": {"country": "AT", "city": "Wien"}}
    new["registrations"] = [{"country": "AT", "vat_id": "ATU12345675"}]
    changed = await desk.client.put(f"/v1/legal-entities/{desk.entity}", json=new)
    assert changed.status_code == 200, changed.text
    found = await desk.get(f"/v1/invoices/{issued['id']}")
    assert found["tax_groups"] == issued["tax_groups"]
    by_category = {group["category"]: group for group in found["tax_groups"]}
    assert by_category["E"]["reason"] == "Old rule 4 (repealed)"
    assert by_category["S"]["rate"] == "19"
