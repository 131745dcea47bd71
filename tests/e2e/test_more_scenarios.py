"""More rows of SCENARIOS.md over the API, each with its neighbours: taxes, rounding, currencies."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.e2e.acts import own_rows, pointers, refused, text_of
from tests.world import VAT19, Desk, draft_body, line

GST = {"regime": "sales", "jurisdiction": "CA", "category": "GST", "rate": "5"}
QST = {"regime": "sales", "jurisdiction": "CA-QC", "category": "QST", "rate": "9.975"}
EXEMPT = [{"category": "E", "rate": "0", "reason": "Rent is exempt"}]


def three(resource: dict[str, Any]) -> tuple[str, str, str]:
    """Net, tax and gross."""
    totals = resource["totals"]
    return totals["net"], totals["tax"], totals["gross"]


def vat(rate: str) -> list[dict[str, Any]]:
    return [{"category": "S", "rate": rate}]


def r2(figure: Decimal) -> str:
    return str(figure.quantize(Decimal("0.01"), ROUND_HALF_UP))


@pytest.mark.parametrize("rounding", ["per_group", "per_line"])
async def test_r03_two_taxes_make_one_total_on_list_and_detail(desk: Desk, rounding: str) -> None:
    seller = await desk.world.seller(default_profile="plain", rounding=rounding, currency="CAD")
    for net, gst, qst, gross in (
        ("140.00", "7.00", "13.97", "160.97"),
        ("1140.00", "57.00", "113.72", "1310.72"),
        ("-1140.00", "-57.00", "-113.72", "-1310.72"),
    ):
        issued = await seller.invoice(line(net, taxes=[GST, QST]), payment_terms=None)
        assert [group["amount"] for group in issued["tax_groups"]] == [gst, qst]
        [newest, *_] = (await seller.get("/v1/invoices"))["data"]
        detail = await seller.get(f"/v1/invoices/{issued['id']}")
        for shown in (newest, detail):
            assert shown["totals"]["gross"] == gross
            assert shown["totals"]["due"] == gross
        assert issued["lines"][0]["gross"] == gross
        assert f"{abs(Decimal(gross)):,}" in await text_of(seller, issued)


async def test_r03_neighbour_many_lines_sum_to_their_two_groups(desk: Desk) -> None:
    lines = [line("10.01", taxes=[GST, QST]) for _ in range(7)]
    issued = await desk.invoice(*lines, profile="plain", currency="CAD")
    assert [group["amount"] for group in issued["tax_groups"]] == ["3.50", "6.99"]
    assert sum(Decimal(each["gross"]) for each in issued["lines"]) == Decimal("80.56")
    assert issued["totals"]["gross"] == "80.56"


async def test_r10_tax_in_a_second_currency_is_the_documents_tax_converted_once(desk: Desk) -> None:
    """We state the tax in the second currency (BT-111), from the document's tax, never by line."""
    inr = {"currency": "INR", "rate": "89.70"}
    lines = [line("99.07", quantity, taxes=vat("18")) for quantity in ("15", "155")]
    issued = await desk.invoice(*lines, currency="USD", tax_currency=inr)
    assert [each["net"] for each in issued["lines"]] == ["1486.05", "15355.85"]
    assert three(issued) == ("16841.90", "3031.54", "19873.44")
    assert issued["tax_currency"]["tax"] == "271929.14"  # 3031.54 x 89.70 = 271929.138
    assert issued["totals"]["rounding"] == "0.00"
    text = await text_of(desk, issued)
    assert "271,929.14" in text
    assert "19,873.44" in text


async def test_r10_neighbour_two_groups_are_added_before_they_are_converted(desk: Desk) -> None:
    rate = {"currency": "INR", "rate": "0.5"}
    lines = [line("0.05", taxes=vat("20")), line("0.10", taxes=vat("10"))]
    issued = await desk.invoice(*lines, currency="USD", tax_currency=rate)
    assert [group["amount"] for group in issued["tax_groups"]] == ["0.01", "0.01"]
    assert issued["tax_currency"]["tax"] == "0.01", "each alone would be rounded up to 0.01"


ONE_LINE = [
    (("16", "348.35", "4", "22"), ("5350.66", "1177.15", "6527.81")),
    (("-16", "348.35", "4", "22"), ("-5350.66", "-1177.15", "-6527.81")),
    (("3", "0.335", "50", "50"), ("0.50", "0.25", "0.75")),
]


@pytest.mark.parametrize("rounding", ["per_group", "per_line"])
async def test_r11_a_single_line_is_rounded_first_so_both_modes_agree(
    desk: Desk, rounding: str
) -> None:
    seller = await desk.world.seller(default_profile="plain", rounding=rounding)
    for (quantity, price, percent, rate), expected in ONE_LINE:
        one = line(price, quantity, taxes=vat(rate), discounts=[{"percent": percent}])
        body = draft_body(one)
        assert three(await seller.post("/v1/invoices/check", body)) == expected
        issued = await seller.finalize(await seller.post("/v1/invoices", body))
        assert three(issued) == expected
        assert issued["rounding"] == rounding


async def test_r14_the_tax_of_a_category_is_its_base_times_its_rate(desk: Desk) -> None:
    """BR-CO-17 for the e-invoice, however small the lines, and their shares make it up."""
    lines = [line("0.33", str(number), taxes=vat("21")) for number in range(1, 16)]
    lines += [line("0.99", taxes=vat("9")) for _ in range(7)]
    issued = await desk.invoice(*lines)
    for group in issued["tax_groups"]:
        base, rate = Decimal(group["base"]), Decimal(group["rate"])
        assert group["amount"] == r2(base * rate / 100)
    shares = [Decimal(tax["amount"]) for each in issued["lines"] for tax in each["taxes"]]
    assert sum(shares) == Decimal(issued["totals"]["tax"])


async def test_r14_neighbour_tax_by_line_is_kept_from_becoming_an_e_invoice(desk: Desk) -> None:
    seller = await desk.world.seller(default_profile="plain", rounding="per_line")
    lines = [line("0.33", taxes=vat("21")) for _ in range(7)]
    by_line = await seller.draft(*lines)
    by_group = await desk.draft(*lines)
    assert (by_line["totals"]["tax"], by_group["totals"]["tax"]) == ("0.49", "0.49")
    lines = [line("0.50", taxes=vat("21")) for _ in range(7)]
    assert (await seller.draft(*lines))["totals"]["tax"] == "0.77"  # 7 x 0.11
    assert (await desk.draft(*lines))["totals"]["tax"] == "0.74"  # 0.735, once
    body = draft_body(*lines, profile="en16931")
    problem = await refused(seller, "POST", "/v1/invoices", body, status=422)
    assert pointers(problem) == {"/rounding": "not_representable"}


@pytest.mark.parametrize(
    ("inclusive", "nets", "expected"),
    [
        (False, ["90.30", "1.14", "1.92"], ("93.36", "0.18", "93.54")),
        (True, ["90.30", "1.08", "1.81"], ("93.19", "0.17", "93.36")),
    ],
)
async def test_r15_no_cent_ever_lands_on_the_exempt_line(
    desk: Desk, inclusive: bool, nets: list[str], expected: tuple[str, str, str]
) -> None:
    """The exempt group is exact (BR-E-08): its base is the price, and its tax nothing."""
    issued = await desk.invoice(
        line("90.30", taxes=EXEMPT),
        line("2.54", "0.45", taxes=vat("6")),
        line("6.87", "0.28", taxes=vat("6")),
        prices_include_tax=inclusive,
    )
    assert [each["net"] for each in issued["lines"]] == nets
    assert three(issued) == expected
    exempt = next(group for group in issued["tax_groups"] if group["category"] == "E")
    assert (exempt["base"], exempt["amount"]) == ("90.30", "0.00")
    assert issued["lines"][0]["price"] == "90.30"


async def test_r15_neighbour_a_discount_takes_its_cent_from_the_taxed_lines_too(desk: Desk) -> None:
    issued = await desk.invoice(
        line("90.30", taxes=EXEMPT),
        line("3.06", taxes=vat("6")),
        discounts=[{"amount": "0.01", "reason": "One cent", "taxes": vat("6")}],
    )
    bases = {group["category"]: group["base"] for group in issued["tax_groups"]}
    assert bases == {"E": "90.30", "S": "3.05"}


async def test_r23_binary_noise_is_refused_and_a_full_credit_leaves_nothing(desk: Desk) -> None:
    issued = await desk.invoice(line("102.00", taxes=[]), profile="plain")
    path = f"/v1/invoices/{issued['id']}"
    before = await own_rows(desk)
    for noisy in (102.0000000000000024, 102, "102.0000000000000024", "1.02e2"):
        body = {"amount": noisy, "finalize": True}
        problem = await refused(desk, "POST", f"{path}/credit-notes", body, status=422)
        assert set(pointers(problem)) == {"/amount"}, noisy
    assert await own_rows(desk) == before
    note = await desk.post(f"{path}/credit-notes", {"amount": "102.00", "finalize": True})
    assert note["status"] == "finalized"
    settlement = await desk.get(f"{path}/settlement")
    assert (settlement["open"], settlement["status"]) == ("0.00", "settled")
    body = {"amount": "0.01", "finalize": True}
    problem = await refused(desk, "POST", f"{path}/credit-notes", body, status=409)
    assert problem["code"] in {"nothing_left_to_credit", "credit_exceeds_remainder"}


async def test_r23_neighbour_ten_tenths_leave_nothing_behind(desk: Desk) -> None:
    """Ten payments of a tenth: what is left is exactly nothing, never 2.4e-15."""
    issued = await desk.invoice(line("0.84"))  # 1.00 with 19 %
    path = f"/v1/invoices/{issued['id']}"
    for number in range(10):
        body = {"amount": "0.10", "source": f"p{number}"}
        paid = await desk.post(f"{path}/payments", body)
    assert (paid["open"], paid["paid"], paid["surplus"]) == ("0.00", "1.00", "0.00")
    assert paid["status"] == "settled"


async def test_r30_what_was_ordered_is_what_is_invoiced(desk: Desk) -> None:
    """A proforma stands for the order here: the same content gives the same figures."""
    off: dict[str, Any] = {"discounts": [{"amount": "70.00", "reason": "Agreed"}]}
    for rate in ("19", "21", "7.7"):
        order = await desk.invoice(line("870.00", taxes=vat(rate)), type="proforma", **off)
        invoice = await desk.invoice(line("870.00", taxes=vat(rate)), **off)
        parts = await desk.invoice(line("435.00", "2", taxes=vat(rate)), **off)
        on_line = await desk.invoice(line("870.00", taxes=vat(rate), **off))
        for each in (order, invoice, parts, on_line):
            assert three(each) == three(order)
            assert each["totals"]["net"] == "800.00"
            assert each["totals"]["tax"] == r2(800 * Decimal(rate) / 100)
        for each in (order, invoice):
            assert each["discounts"][0]["amount"] == "70.00"


async def test_f01_each_document_keeps_the_rate_of_its_own_day(desk: Desk) -> None:
    """Rates are stated on each document; a later one with another rate moves nothing."""
    first = await desk.invoice(line("100.00"), tax_currency={"currency": "GBP", "rate": "0.8731"})
    later = await desk.invoice(line("100.00"), tax_currency={"currency": "GBP", "rate": "0.8519"})
    assert first["tax_currency"]["tax"] == "16.59"
    assert later["tax_currency"]["tax"] == "16.19"
    again = await desk.get(f"/v1/invoices/{first['id']}")
    assert again["tax_currency"] == first["tax_currency"]
    assert "16.59" in await text_of(desk, again)


async def test_f04_a_rate_has_one_direction_everywhere(desk: Desk) -> None:
    """Units of the tax currency for one of the document: 0.9204, never 1 / 0.9204."""
    euro = {"currency": "EUR", "rate": "0.9204"}
    issued = await desk.invoice(line("10000.00", taxes=VAT19), currency="USD", tax_currency=euro)
    assert issued["totals"]["tax"] == "1900.00"
    assert issued["tax_currency"] == {**euro, "tax": "1748.76", "source": None, "day": None}
    text = await text_of(desk, issued)
    assert "0.9204" in text
    assert "1,748.76" in text
    assert "1.0865" not in text
    path = f"/v1/invoices/{issued['id']}/payments"
    body = {"amount": "9204.00", "currency": "EUR", "source": "bank"}
    problem = await refused(desk, "POST", path, body, status=422)
    assert pointers(problem) == {"/currency": "currency_differs"}
