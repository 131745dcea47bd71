"""Documents with determined taxes live on: edited, issued, credited, shown, printed and erased."""

import io
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from pypdf import PdfReader

from tests.integration.invoicing.test_determination import (
    BELIEVING,
    DUTCH,
    GERMAN,
    REGISTERED,
    draft,
    german,
    open_line,
    refused,
    tax_of,
)
from tests.integration.isolation.markers import in_database
from tests.world import SELLER, Desk, World

__all__ = ["german"]  # the fixture

KOPER = {**DUTCH, "vat_id": "NL4495445B01"}
TERMS = {"payment_terms": {"kind": "net", "days": 14}}
MEAL = open_line(
    "restaurant", category="restaurant_food", located={"country": "DE", "postal_code": "10115"}
)
LINES = 10_000


@pytest.fixture
async def inn(world: World) -> Desk:
    """A German inn that may date its papers back over a change of rates."""
    return await world.seller(
        registrations=REGISTERED, tax_id_policy=BELIEVING, backdating_days=3650
    )


async def put(desk: Desk, made: dict[str, Any], *lines: dict[str, Any], **more: Any) -> Any:
    body = {"buyer": GERMAN, **TERMS, **more, "lines": list(lines)}
    return await desk.client.put(f"/v1/invoices/{made['id']}", json=body)


async def text_of(desk: Desk, invoice: dict[str, Any]) -> str:
    """What the PDF says, without line breaks."""
    answer = await desk.client.get(f"/v1/invoices/{invoice['id']}/pdf")
    assert answer.status_code == 200, answer.text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    return " ".join("\n".join(page.extract_text() for page in pages).split())


async def test_an_edited_draft_is_determined_anew(german: Desk) -> None:
    made = await draft(german, open_line())
    moved = (await put(german, made, open_line(), buyer=KOPER)).json()
    assert (tax_of(moved)[0], moved["totals"]["tax"]) == ("AE", "0.00")
    assert moved["determination"]["lines"][0]["scheme"] == "reverse_charge"
    asked = await put(german, made, open_line(category="unheard_of"))
    assert (asked.status_code, asked.json()["code"]) == (422, "tax_undetermined")
    assert await german.get(f"/v1/invoices/{made['id']}") == moved, "refused: nothing changed"
    stated = {**open_line(), "taxes": [{"category": "S", "rate": "7"}]}
    own = (await put(german, made, stated)).json()
    assert (tax_of(own), own["determination"]) == (("S", "7"), None)


async def test_a_long_draft_is_determined_and_issued_in_little_time(german: Desk) -> None:
    kinds: tuple[dict[str, Any], ...] = ({}, {"category": "books"}, {"transported": False})
    lines = [open_line("goods", **kinds[index % 3]) for index in range(LINES)]
    started = monotonic()
    made = await draft(german, *lines)
    took = monotonic() - started
    assert len(made["determination"]["lines"]) == LINES
    assert made["totals"]["net"] == "1000000.00"
    assert made["totals"]["tax"] == "150004.00", "3 333 lines at 7 %, the others at 19 %"
    issued = await german.finalize(made)
    assert issued["totals"] == made["totals"]
    assert took < 60, f"{took:.1f} s"


async def test_a_credit_note_bears_the_taxes_of_its_day_also_when_it_is_checked(
    inn: Desk,
) -> None:
    """German restaurants: 19 % in 2025, 7 % in 2026. What was charged is what is given back."""
    issued = await inn.finalize(await draft(inn, MEAL, issue_date="2025-12-31"))
    note = await inn.post(f"/v1/invoices/{issued['id']}/credit-notes", {"finalize": False})
    assert tax_of(note) == ("S", "19")
    checked = await inn.post(f"/v1/invoices/{note['id']}/check", None, status=200)
    assert checked["totals"]["tax"] == "19.00"
    credited = await inn.finalize(note)
    assert credited["totals"]["gross"] == "119.00"
    assert credited["determination"] == issued["determination"]


async def test_a_cancelled_document_is_taken_back_as_it_was_determined(inn: Desk) -> None:
    issued = await inn.finalize(await draft(inn, MEAL, issue_date="2025-12-31"))
    done = await inn.post(f"/v1/invoices/{issued['id']}/cancel", {"reason": "Wrong table"})
    taken = await inn.get(f"/v1/invoices/{done.get('cancelled_by') or done['id']}")
    assert taken["totals"]["tax"] == "19.00"
    assert taken["determination"]["lines"] == issued["determination"]["lines"]


async def test_a_replacement_is_right_for_its_own_day_or_is_not_issued(inn: Desk) -> None:
    issued = await inn.finalize(await draft(inn, MEAL, issue_date="2025-12-31"))
    again = await inn.post(f"/v1/invoices/{issued['id']}/replace", {"reason": "Wrong name"})
    assert tax_of(again) == ("S", "19")
    answer = await inn.client.post(f"/v1/invoices/{again['id']}/finalize", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "tax_changed")
    kept = (await put(inn, again, MEAL, supply_date="2025-12-31")).json()
    assert tax_of(kept) == ("S", "19")
    finalized = await inn.finalize(kept)
    assert finalized["replaces"] == issued["id"]


async def test_the_same_request_again_gets_the_same_determination(german: Desk) -> None:
    body = {"buyer": KOPER, **TERMS, "lines": [open_line()]}
    first, second = [
        await german.client.post(
            "/v1/invoices", json=body, headers={"Idempotency-Key": "determined-1"}
        )
        for _ in range(2)
    ]
    assert first.status_code == second.status_code == 201
    assert first.json()["determination"]
    assert first.content == second.content
    body["lines"] = [open_line("goods")]
    other = await german.client.post(
        "/v1/invoices", json=body, headers={"Idempotency-Key": "determined-1"}
    )
    assert other.status_code in {409, 422}


async def test_an_answered_question_goes_through_under_its_own_key(german: Desk) -> None:
    """A question is not stored as the answer to its key: what was missing may be there now."""
    body = {"buyer": {**DUTCH, "kind": "consumer"}, **TERMS, "lines": [open_line("digital")]}

    async def ask(key: str) -> Any:
        return await german.client.post("/v1/invoices", json=body, headers={"Idempotency-Key": key})

    refusal = await ask("first")
    assert [each["pointer"] for each in refusal.json()["problems"]] == ["/seller/distance_sales"]
    said = {"last_year": "0", "this_year": "0"}
    seller = {**SELLER, "registrations": REGISTERED, "distance_sales": said}
    amended = await german.client.put(f"/v1/legal-entities/{german.entity}", json=seller)
    assert amended.status_code == 200, amended.text
    answered = await ask("first")
    assert answered.status_code == 201
    assert (await ask("first")).json()["id"] == answered.json()["id"]
    assert tax_of(answered.json()) == ("S", "19")


async def test_history_and_the_state_of_a_moment_show_what_was_determined(german: Desk) -> None:
    made = await draft(german, open_line())
    path = f"/v1/invoices/{made['id']}"
    history = (await german.get(f"{path}/history"))["data"]
    moment = history[0]["recorded_at"]
    await german.world.advance(german.tenant_id, timedelta(days=1))
    await put(german, made, open_line(), buyer=KOPER)
    then = await german.get(f"{path}/state", at=moment)
    assert tax_of(then) == ("S", "19")
    assert then["determination"]["lines"][0]["scheme"] == "domestic"
    now = await german.get(path)
    assert now["determination"]["lines"][0]["scheme"] == "reverse_charge"
    assert len((await german.get(f"{path}/history"))["data"]) == 2


@pytest.mark.parametrize(
    "language,said",
    [("de", "Steuerschuldnerschaft des Leistungsempfängers"), ("en", "Reverse charge")],
)
async def test_the_paper_of_a_reverse_charge_says_who_owes_the_tax(
    german: Desk, language: str, said: str
) -> None:
    made = await draft(german, open_line(), buyer=KOPER, language=language)
    issued = await german.finalize(made)
    await german.world.settle()
    text = await text_of(german, issued)
    assert said in text
    plain = text.replace(" ", "")
    assert "NL4495445B01" in plain
    assert "DE129273398" in plain


async def test_an_erased_buyer_leaves_nothing_in_the_determination(german: Desk) -> None:
    """What was assumed quotes the VAT id; certificates and places of delivery are personal too."""
    marks = iter(f"zq{number:05}k" for number in range(1, 99))
    paper = {"kind": "eu_151", "country": "DE", "number": next(marks)}
    address = {"line1": next(marks), "country": "DE", "postal_code": "10115"}
    buyer = {"name": next(marks), "address": address, "customer": "C-9", "certificates": [paper]}
    line = open_line(
        "goods",
        dispatch={**address, "line1": next(marks)},
        delivery={**address, "line2": next(marks)},
    )
    made = await draft(german, line, buyer=buyer)
    assert made["determination"]["lines"][0]["assumed"]
    async with german.world.admin() as conn:
        assert len(await in_database(conn)) == 5
    await german.post("/v1/erasures", {"customer": "C-9"})
    await german.world.settle()
    async with german.world.admin() as conn:
        assert await in_database(conn) == {}
    erased = await german.get(f"/v1/invoices/{made['id']}")
    [kept] = erased["determination"]["lines"]
    assert not kept["assumed"]
    assert kept["fingerprint"] is None
    assert kept["source"], "the law is nobody's secret"


async def test_an_erased_draft_is_asked_whom_it_is_for(german: Desk) -> None:
    made = await draft(german, open_line(), buyer={**GERMAN, "customer": "C-8"})
    await german.post("/v1/erasures", {"customer": "C-8"})
    answer = await german.client.post(f"/v1/invoices/{made['id']}/finalize", json={})
    assert answer.status_code == 422
    assert "/buyer/address" in {each["pointer"] for each in answer.json()["problems"]}


async def test_a_discount_on_the_whole_shares_the_determined_taxes(german: Desk) -> None:
    lines = (open_line(), open_line("goods", category="books"))
    made = await draft(german, *lines, discounts=[{"percent": "10", "reason": "Regular"}])
    assert made["totals"]["net"] == "180.00"
    assert made["totals"]["tax"] == "23.40", "90 at 19 % and 90 at 7 %"
    await german.finalize(made)


async def test_r14_the_tax_of_many_determined_lines_is_that_of_their_sum(german: Desk) -> None:
    """Rounded once per group, whatever each line would round to (BR-CO-17)."""
    made = await draft(german, *[{**open_line(), "price": "0.13"} for _ in range(50)])
    assert (made["totals"]["net"], made["totals"]["tax"]) == ("6.50", "1.24")  # 50 x 0.02 is 1.00


async def test_r15_the_cent_of_prices_that_include_tax_never_lands_on_what_bears_none(
    german: Desk,
) -> None:
    exempt = {**open_line(category="insurance"), "price": "90.30"}
    odd = [
        {**open_line(), "quantity": q, "price": p} for q, p in (("0.45", "2.54"), ("0.28", "6.87"))
    ]
    made = await draft(german, exempt, *odd, prices_include_tax=True)
    assert tax_of(made) == ("E", "0")
    assert made["lines"][0]["net"] == "90.30"
    assert made["totals"]["gross"] == "93.36"


async def test_r16_a_discount_for_paying_early_changes_no_determined_tax(german: Desk) -> None:
    terms = {"kind": "net", "days": 30, "discounts": [{"percent": "3", "days": 7}]}
    line = {**open_line(), "price": "1850.00"}
    made = await draft(german, line, payment_terms=terms)
    issued = await german.finalize(made)
    assert (issued["totals"]["tax"], issued["totals"]["payable"]) == ("351.50", "2201.50")


async def test_r18_a_price_keeps_its_precision_when_its_tax_is_determined(german: Desk) -> None:
    line = {**open_line("goods"), "quantity": "0.002", "price": "400000"}
    made = await draft(german, line)
    assert made["lines"][0]["price"] == "400000"
    assert (made["totals"]["net"], made["totals"]["tax"]) == ("800.00", "152.00")


async def test_n10_a_rate_that_changes_later_leaves_old_documents_as_they_are(inn: Desk) -> None:
    issued = await inn.finalize(await draft(inn, MEAL, issue_date="2025-12-31"))
    await inn.world.advance(inn.tenant_id, timedelta(days=400))
    assert await inn.get(f"/v1/invoices/{issued['id']}") | {"overdue": False} == issued | {
        "overdue": False
    }
    now = await draft(inn, MEAL)
    assert tax_of(now) == ("S", "7")


async def test_a_domestic_reverse_charge_asks_for_the_id_and_believes_by_policy(
    german: Desk,
) -> None:
    """§ 13b UStG: building work between businesses, where the buyer has a German VAT id."""
    work = open_line(category="construction_subcontract")
    [asked] = await refused(german, work)
    assert asked["pointer"] == "/buyer/vat_id"
    made = await draft(german, work, buyer={**GERMAN, "vat_id": "DE811569869"})
    assert tax_of(made) == ("AE", "0")
