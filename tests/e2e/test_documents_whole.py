"""An invoice with every feature at once shows the figures worked out by hand, in every place (M1).

Children, headings, subtotals, prices with and without tax, discounts and charges by percent and by
amount on lines and document, several taxes, withholding (`plain`), prepaid, cash rounding,
instalments, early payment and a tax currency.
"""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.e2e.acts import text_of
from tests.e2e.by_hand import RATES, TERMS, Sheet, body, by_hand
from tests.world import BUYER, Desk

PROFILES = ["en16931", "plain"]
NAMES = {
    "S": {"19": "S19", "7": "S7"},
    "E": {"0": "E"},
    "CO2": {"2.5": "levy"},
    "W": {"15": "held"},
}


async def issue(desk: Desk, profile: str) -> dict[str, Any]:
    draft = await desk.post("/v1/invoices", {"buyer": BUYER, **body(profile)})
    return await desk.finalize(draft)


def at(resource: dict[str, Any], pointer: str) -> Any:
    here: Any = resource
    for part in pointer.split("/")[1:]:
        here = here[int(part)] if isinstance(here, list) else here[part]
    return here


def name_of(tax: dict[str, Any]) -> str:
    return NAMES[tax["category"]][tax["rate"]]


def pointers_of(sheet: Sheet) -> dict[str, Decimal]:
    """Where each figure stands in the resource."""
    return {
        **{f"{line}/subtotal": figure for line, figure in sheet.subtotals.items()},
        **{f"{line}/net": net for line, net in sheet.nets.items() if line.startswith("/")},
        **{f"{where}/amount": figure for where, figure in sheet.adjustments.items()},
        **{f"/totals/{name}": figure for name, figure in sheet.totals.items()},
    }


def assert_figures(found: dict[str, Any], sheet: Sheet, *, without: tuple[str, ...] = ()) -> None:
    """Every figure by hand is the one found, and no tax group is missing or too many."""
    wanted = {
        pointer: str(figure)
        for pointer, figure in pointers_of(sheet).items()
        if not pointer.startswith(without)
    }
    assert {pointer: at(found, pointer) for pointer in wanted} == wanted
    groups = {name_of(each): (each["base"], each["amount"]) for each in found["tax_groups"]}
    assert groups == {name: (str(base), str(tax)) for name, (base, tax) in sheet.groups.items()}


def items(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every item that has no children, at any depth."""
    found = []
    for line in lines:
        if line["children"]:
            found += items(line["children"])
        elif line["kind"] == "item":
            found.append(line)
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_the_figures_by_hand_hold_together(profile: str) -> None:
    """The sums of EN 16931 over the sheet itself: a slip in it must not pass for a defect."""
    sheet = by_hand(profile)
    totals = sheet.totals
    assert totals["line_net"] == sheet.nets["/lines/5"] + sheet.nets["/lines/10"]
    assert totals["net"] == totals["line_net"] - totals["discounts"] + totals["charges"]
    vat = {name: group for name, group in sheet.groups.items() if name in ("S19", "S7", "E")}
    assert sum(base for base, _ in vat.values()) == totals["net"]
    for name, (base, tax) in sheet.groups.items():
        assert abs(tax - base * RATES[name] / 100) <= Decimal("0.01"), name
    assert totals["payable"] % Decimal("0.05") == 0
    assert abs(totals["rounding"]) <= Decimal("0.025")
    assert sum(sheet.instalments) == totals["due"]
    assert bool(totals["withheld"]) is (profile == "plain")


@pytest.mark.parametrize("profile", PROFILES)
async def test_draft_check_and_document_have_the_figures_by_hand(desk: Desk, profile: str) -> None:
    sheet = by_hand(profile)
    whole = {"buyer": BUYER, **body(profile)}
    checked = await desk.post("/v1/invoices/check", whole)
    assert checked["problems"] == []
    assert_figures(checked, sheet, without=("/discounts", "/charges"))
    draft = await desk.post("/v1/invoices", whole)
    issued = await desk.finalize(draft)
    got = await desk.get(f"/v1/invoices/{issued['id']}")
    assert got == issued
    for found in (draft, issued):
        assert_figures(found, sheet)
        assert found["tax_currency"]["tax"] == str(sheet.tax_in_sek)
    again = await desk.post(f"/v1/invoices/{issued['id']}/check")
    assert_figures(again, sheet, without=("/discounts", "/charges"))
    expanded = await desk.get("/v1/invoices", expand="content")
    assert_figures(expanded["data"][0], sheet)


@pytest.mark.parametrize("profile", PROFILES)
async def test_lines_bear_shares_that_sum_to_their_groups(desk: Desk, profile: str) -> None:
    """A line's tax is its share of the group; with the shares of the adjustments they are all."""
    issued = await issue(desk, profile)
    sheet = by_hand(profile)
    explained = await desk.get(f"/v1/invoices/{issued['id']}/explain")
    steps = {step["pointer"]: step["result"] for step in explained["steps"]}
    left = {name: tax for name, (_, tax) in sheet.groups.items()}
    for line in items(issued["lines"]):
        gross = Decimal(line["net"])
        for tax in line["taxes"]:
            amount, name = Decimal(tax["amount"]), name_of(tax)
            assert tax["base"] == line["net"]
            assert abs(amount - Decimal(line["net"]) * RATES[name] / 100) <= Decimal("0.01")
            left[name] -= amount
            gross += amount if name != "held" else 0
        assert line["gross"] == str(gross)
    for pointer, figure in steps.items():
        if "/shares/" not in pointer or "/taxes/" not in pointer:
            continue
        sign = 1 if pointer.startswith("/charges") else -1
        place = await group_of(explained, pointer)
        left[name_of(issued["tax_groups"][place])] -= sign * Decimal(figure)
    assert left == dict.fromkeys(left, Decimal("0.00"))
    assert issued["lines"][2]["gross"] == "342.80", "a price with tax keeps its gross"
    assert issued["lines"][3]["gross"] == "41.70"


async def group_of(explained: dict[str, Any], pointer: str) -> int:
    """The tax group that a share of an adjustment names among what it was made from."""
    [step] = [each for each in explained["steps"] if each["pointer"] == pointer]
    [group] = {each.split("/")[2] for each in step["inputs"] if each.startswith("/tax_groups/")}
    return int(group)


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_explanation_ends_in_the_figures_by_hand(desk: Desk, profile: str) -> None:
    issued = await issue(desk, profile)
    sheet = by_hand(profile)
    explained = await desk.get(f"/v1/invoices/{issued['id']}/explain")
    steps = {step["pointer"]: step for step in explained["steps"]}
    wanted = {pointer: str(figure) for pointer, figure in pointers_of(sheet).items()}
    for index, group in enumerate(issued["tax_groups"]):
        base, tax = sheet.groups[name_of(group)]
        wanted |= {f"/tax_groups/{index}/base": str(base), f"/tax_groups/{index}/amount": str(tax)}
    assert {pointer: steps[pointer]["result"] for pointer in wanted} == wanted
    for pointer, step in steps.items():
        for source in step["inputs"]:
            assert source in steps or at(issued, source) is not None, (pointer, source)


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_plan_of_payment_is_the_one_by_hand(desk: Desk, profile: str) -> None:
    issued = await issue(desk, profile)
    sheet = by_hand(profile)
    day = date.fromisoformat(issued["issue_date"])
    assert issued["instalments"] == [
        {"due_date": (day + timedelta(days=term["days"])).isoformat(), "amount": str(amount)}
        for term, amount in zip(TERMS["instalments"], sheet.instalments, strict=True)
    ]
    assert issued["due_date"] == issued["instalments"][-1]["due_date"]
    offers = [
        (each["amount"], each["payable"], each["due_date"])
        for each in issued["payment_terms"]["discounts"]
    ]
    assert offers == [
        (str(saved), str(payable), (day + timedelta(days=term["days"])).isoformat())
        for term, (saved, payable) in zip(TERMS["discounts"], sheet.early, strict=True)
    ]


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_pdf_and_its_preview_show_the_figures_by_hand(desk: Desk, profile: str) -> None:
    sheet = by_hand(profile)
    draft = await desk.post("/v1/invoices", {"buyer": BUYER, **body(profile)})
    preview = await text_of(desk, draft, "preview")
    text = await text_of(desk, await desk.finalize(draft))
    shown = [figure for name, figure in sheet.totals.items() if name != "payable"]
    shown = [figure for figure in shown if figure]  # what is nothing is not shown
    shown += [net for line, net in sheet.nets.items() if line.startswith("/")]
    shown += [*sheet.adjustments.values(), sheet.tax_in_sek]
    shown += [figure for group in sheet.groups.values() for figure in group if figure]
    shown.remove(sheet.totals["discounts"])  # each of them stands there alone
    shown.remove(sheet.totals["charges"])
    shown.remove(sheet.totals["tax"])
    for page in (preview, text):
        missing = [f"{figure:,}" for figure in shown if f"{abs(figure):,}" not in page]
        assert missing == []
    for saved, payable in sheet.early:
        assert f"EUR {saved:,}" in text
        assert f"EUR {payable:,}" in text
    for amount in sheet.instalments:
        assert f"EUR {amount:,}" in text
    assert f"EUR {sheet.totals['due']:,}" in text


async def test_settlement_list_and_contract_ask_for_what_is_due_by_hand(desk: Desk) -> None:
    sheets = {profile: by_hand(profile) for profile in PROFILES}
    issued = {profile: await issue(desk, profile) for profile in PROFILES}
    listed = {each["id"]: each for each in (await desk.get("/v1/invoices"))["data"]}
    contracts = await finalized(desk)
    for profile, sheet in sheets.items():
        document, due = issued[profile], str(sheet.totals["due"])
        four = {name: str(sheet.totals[name]) for name in ("net", "tax", "gross", "due")}
        assert listed[document["id"]]["totals"] == four
        assert listed[document["id"]]["open"] == document["open"] == due
        path = f"/v1/invoices/{document['id']}"
        settlement = await desk.get(f"{path}/settlement")
        assert (settlement["total"], settlement["open"], settlement["paid"]) == (due, due, "0.00")
        told = contracts[document["number"]]
        assert {name: told[name] for name in four} == four
        paid = await desk.post(f"{path}/payments", {"amount": due, "source": profile})
        assert (paid["status"], paid["open"], paid["surplus"]) == ("settled", "0.00", "0.00")


async def finalized(desk: Desk) -> dict[str, dict[str, Any]]:
    """What the other contexts are told of each document, by number."""
    async with desk.world.admin() as conn:
        rows = await conn.fetch(
            "SELECT body::text FROM invoicing.outbox"
            " WHERE contract = 'invoicing.document.finalized.v1' AND tenant_id = $1",
            desk.tenant_id,
        )
    bodies = [json.loads(row["body"]) for row in rows]
    return {each["number"]: each for each in bodies}
