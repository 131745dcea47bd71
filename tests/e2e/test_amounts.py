"""Rows of SCENARIOS.md about amounts, seen from outside: every place shows the same figure (M1)."""

import re
from typing import Any

import pytest

from tests.e2e.acts import pointers, refused, text_of
from tests.world import VAT19, Desk, draft_body, line


def _digits(text: str) -> str:
    return re.sub(r"[.,\s]", "", text)


async def test_r01_all_places_show_one_amount_and_paying_it_leaves_nothing(desk: Desk) -> None:
    body = draft_body(line("138.66"))
    checked = await desk.post("/v1/invoices/check", body)
    draft = await desk.post("/v1/invoices", body)
    preview = await text_of(desk, draft, "preview")
    issued = await desk.finalize(draft)
    path = f"/v1/invoices/{issued['id']}"
    detail = await desk.get(path)
    [listed] = (await desk.get("/v1/invoices"))["data"]
    settlement = await desk.get(f"{path}/settlement")
    shown = [
        *(checked["totals"]["gross"], draft["totals"]["gross"], issued["totals"]["gross"]),
        *(detail["totals"]["due"], listed["totals"]["gross"], listed["open"]),
        *(settlement["total"], settlement["open"]),
    ]
    assert set(shown) == {"165.01"}
    for text in (preview, await text_of(desk, issued)):
        assert re.search(r"165[.,]01", text)
        assert not re.search(r"165[.,]0(?!1)", text)
    steps = {step["pointer"]: step for step in (await desk.get(f"{path}/explain"))["steps"]}
    assert steps["/totals/gross"]["result"] == "165.01"
    paid = await desk.post(f"{path}/payments", {"amount": "165.01", "source": "bank:1"})
    assert (paid["open"], paid["surplus"], paid["status"]) == ("0.00", "0.00", "settled")
    [listed] = (await desk.get("/v1/invoices"))["data"]
    assert (listed["open"], listed["settlement_status"]) == ("0.00", "settled")


async def test_r04_inclusive_lines_keep_their_gross(desk: Desk) -> None:
    issued = await desk.invoice(line("340.00"), line("13.90"), prices_include_tax=True)
    assert issued["totals"]["gross"] == "353.90"
    assert issued["totals"]["net"] == "297.39"
    assert issued["totals"]["tax"] == "56.51"
    assert issued["totals"]["rounding"] == "0.00"


async def test_r05_a_discount_line_and_a_document_discount_come_to_the_same(desk: Desk) -> None:
    lines = await desk.invoice(line("8500.00"), line("7500.00", "-1"))
    whole = await desk.invoice(line("8500.00"), discounts=[{"amount": "7500.00", "reason": "x"}])
    for issued in (lines, whole):
        totals = issued["totals"]
        assert (totals["net"], totals["tax"], totals["gross"]) == ("1000.00", "190.00", "1190.00")


async def test_r06_withholding_rounds_by_magnitude_everywhere(desk: Desk) -> None:
    """M3 keeps 1477.11: 292.64 of VAT (half-up), 209.03 withheld (half away from zero)."""
    taxes = [
        {"category": "S", "rate": "21"},
        {"regime": "withholding", "category": "W", "rate": "15"},
    ]
    issued = await desk.invoice(line("1393.50", taxes=taxes), profile="plain")
    totals = issued["totals"]
    assert (totals["tax"], totals["withheld"], totals["due"]) == ("292.64", "209.03", "1477.11")
    assert "147711" in _digits(await text_of(desk, issued))
    assert (await desk.get(f"/v1/invoices/{issued['id']}/settlement"))["open"] == "1477.11"


async def test_r07_the_rounding_policy_that_made_the_figures_is_on_the_document(
    desk: Desk,
) -> None:
    hours = ["0.3333333333", "0.6666666667", "1.3166666667"]
    issued = await desk.invoice(*(line("25.00", hour, unit="HUR") for hour in hours))
    assert issued["rounding"] == "per_group"
    assert [each["net"] for each in issued["lines"]] == ["8.33", "16.67", "32.92"]
    assert issued["totals"]["line_net"] == "57.92"
    assert re.search(r"57[.,]92", await text_of(desk, issued))


async def test_r09_inclusive_prices_leave_nothing_for_a_rounding_account(desk: Desk) -> None:
    vat5 = [{"category": "S", "rate": "5"}]
    issued = await desk.invoice(
        line("90.00", taxes=vat5), line("55.00", taxes=vat5), prices_include_tax=True
    )
    assert issued["totals"]["gross"] == "145.00"
    assert issued["totals"]["rounding"] == "0.00"


@pytest.mark.parametrize(
    ("currency", "price", "rate", "expected"),
    [
        ("JPY", "12345", "10", ("12345", "1235", "13580")),
        ("CLP", "12345", "19", ("12345", "2346", "14691")),
        ("UGX", "99999", "18", ("99999", "18000", "117999")),
        ("ISK", "1001", "24", ("1001", "240", "1241")),
        ("KWD", "1.2345", "5", ("1.235", "0.062", "1.297")),
        ("BHD", "10.0005", "10", ("10.001", "1.000", "11.001")),
        ("CLF", "1.00005", "19", ("1.0001", "0.1900", "1.1901")),
        ("USD", "10.005", "8.875", ("10.01", "0.89", "10.90")),
    ],
)
async def test_r12_r27_r28_amounts_have_the_decimals_of_their_currency(
    desk: Desk, currency: str, price: str, rate: str, expected: tuple[str, str, str]
) -> None:
    taxes = [{"regime": "sales", "category": "S", "rate": rate}]
    issued = await desk.invoice(line(price, taxes=taxes), currency=currency, profile="plain")
    totals = issued["totals"]
    assert (totals["net"], totals["tax"], totals["gross"]) == expected
    path = f"/v1/invoices/{issued['id']}"
    assert _digits(expected[2]) in _digits(await text_of(desk, issued))
    too_fine = {"amount": "0.00001", "source": "p0"}
    problem = await refused(desk, "POST", f"{path}/payments", too_fine, status=422)
    assert pointers(problem) == {"/amount": "amount_not_on_smallest_unit"}
    paid = await desk.post(f"{path}/payments", {"amount": expected[2], "source": "p"})
    assert paid["status"] == "settled"
    assert paid["currency"] == currency


async def test_r18_prices_keep_their_decimals(desk: Desk) -> None:
    issued = await desk.invoice(line("400000", "0.002"), line("0.000123", "100000"))
    assert [each["price"] for each in issued["lines"]] == ["400000", "0.000123"]
    assert [each["net"] for each in issued["lines"]] == ["800.00", "12.30"]
    assert re.search(r"0[.,]000123", await text_of(desk, issued))


async def test_r26_the_rounding_policy_is_the_legal_entitys_and_frozen(desk: Desk) -> None:
    lined = await desk.world.seller(default_profile="plain", rounding="per_line", currency="USD")
    taxes = [{"regime": "sales", "category": "S", "rate": "8.875"}]
    lines = [line("10.00", taxes=taxes) for _ in range(3)]
    issued = await lined.invoice(*lines, payment_terms=None)
    grouped = await desk.invoice(*lines, profile="plain", currency="USD")
    assert (issued["rounding"], issued["totals"]["tax"]) == ("per_line", "2.67")
    assert (grouped["rounding"], grouped["totals"]["tax"]) == ("per_group", "2.66")
    draft = await lined.draft(*lines)
    refusal = draft_body(line("1.00"), profile="en16931")
    problem = await refused(lined, "POST", "/v1/invoices", refusal, status=422)
    assert problem["code"] == "not_representable"
    assert draft["rounding"] == "per_line"


async def test_r29_cash_rounding_is_added_once(desk: Desk) -> None:
    vat = [{"category": "S", "rate": "7.7"}]
    issued = await desk.invoice(line("90.00", taxes=vat), currency="CHF", cash_unit="0.05")
    totals = issued["totals"]
    assert (totals["net"], totals["tax"], totals["gross"]) == ("90.00", "6.93", "96.93")
    assert (totals["rounding"], totals["due"]) == ("0.02", "96.95")
    assert (await desk.get(f"/v1/invoices/{issued['id']}/settlement"))["open"] == "96.95"


async def test_f02_the_figure_that_the_bank_credited_is_kept_to_the_cent(desk: Desk) -> None:
    issued = await desk.invoice(line("1000.00"))
    path = f"/v1/invoices/{issued['id']}"
    paid = await desk.post(f"{path}/payments", {"amount": "902.09", "source": "bank:1"})
    assert (paid["paid"], paid["open"]) == ("902.09", "287.91")
    assert (await desk.get(f"{path}/settlement"))["entries"][0]["amount"] == "902.09"


async def test_f03_a_payment_in_another_currency_is_not_taken_for_the_documents(
    desk: Desk,
) -> None:
    issued = await desk.invoice(line("2500.00"), currency="INR", profile="plain")
    path = f"/v1/invoices/{issued['id']}/payments"
    body = {"amount": "25.00", "currency": "GBP", "source": "p"}
    assert pointers(await refused(desk, "POST", path, body, status=422)) == {
        "/currency": "currency_differs"
    }


async def test_bt_111_the_tax_is_stated_in_the_tax_currency_too(desk: Desk) -> None:
    rate = {"currency": "SEK", "rate": "11.4321"}
    issued = await desk.invoice(line("138.66"), tax_currency=rate)
    assert issued["tax_currency"] == {
        **rate,
        "tax": "301.24",
        "source": None,
        "day": None,
    }  # 26.35 * 11.4321 = 301.235…
    assert re.search(r"301[.,]24", await text_of(desk, issued))
    yen = await desk.draft(line("138.66"), tax_currency={"currency": "JPY", "rate": "163.55"})
    assert yen["tax_currency"]["tax"] == "4310"


async def test_explain_names_every_figure_of_the_document(desk: Desk) -> None:
    issued = await desk.invoice(
        line("100.00", "3", discounts=[{"percent": "10"}]),
        line("50.00", taxes=[{"category": "S", "rate": "7"}]),
        discounts=[{"percent": "5", "taxes": VAT19}],
        charges=[{"amount": "9.90", "taxes": VAT19}],
        prepaid="20.00",
    )
    found = await desk.get(f"/v1/invoices/{issued['id']}/explain")
    steps = {step["pointer"]: step for step in found["steps"]}
    figures: dict[str, Any] = {f"/totals/{name}": each for name, each in issued["totals"].items()}
    for index, each in enumerate(issued["lines"]):
        figures[f"/lines/{index}/net"] = each["net"]
        figures[f"/lines/{index}/subtotal"] = each["subtotal"]
    for index, group in enumerate(issued["tax_groups"]):
        figures[f"/tax_groups/{index}/base"] = group["base"]
        figures[f"/tax_groups/{index}/amount"] = group["amount"]
    missing = [pointer for pointer in figures if pointer not in steps]
    assert missing == []
    assert {pointer: steps[pointer]["result"] for pointer in figures} == figures
    for step in found["steps"]:
        assert step["rule"], step
        assert step["formula"], step
        for source in step["inputs"]:
            assert source in steps or source.split("/")[1] in issued, source
