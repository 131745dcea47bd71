"""Every category of VAT and every kind of document, entered through the API and judged.

Issue 3, acceptance 2 and 3: what the API issues is valid under schema and official rules in both
syntaxes, says the figures of the document, and is read alike by an implementation that is not ours.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.einvoice.model import EInvoice
from invx.contexts.invoicing.adapters.einvoice.validation import Validator
from invx.demo.corpus import shipped
from tests.e2e.second_reader import second_reading
from tests.e2e.xml_files import READERS, exported, read
from tests.world import Desk, World, line, post

DUTCH = {
    "name": "Koper BV",
    "vat_id": "NL4495445B01",
    "address": {"line1": "Dam 1", "country": "NL", "postal_code": "1012 AB", "city": "Amsterdam"},
}
ZURICH = {"country": "CH", "postal_code": "8001", "city": "Zürich"}
SWISS = {"name": "Käufer AG", "address": ZURICH}
# Outside the scope no VAT id of seller or buyer is shown (BR-O-02), so a register number names it.
REGISTERED = {"registration": {"id": "HRB 1234"}}

# By category: taxes of the line, and what its rules ask for beside.
CATEGORIES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "S": ({"rate": "19"}, {}),
    "Z": ({"rate": "0"}, {}),
    "E": ({"rate": "0", "reason_code": "VATEX-EU-132-1I"}, {}),
    "AE": ({"rate": "0", "reason": "Reverse charge", "reason_code": "VATEX-EU-AE"}, {}),
    "K": (
        {"rate": "0", "reason": "Intra-community supply", "reason_code": "VATEX-EU-IC"},
        {"buyer": DUTCH, "ship_to": DUTCH, "supply_date": "2026-11-02"},
    ),
    "G": (
        {"rate": "0", "reason": "Export", "reason_code": "VATEX-EU-G"},
        {"buyer": SWISS, "ship_to": SWISS},
    ),
    "O": ({"reason": "Not subject to VAT", "reason_code": "VATEX-EU-O"}, {"buyer": SWISS}),
    "L": ({"rate": "7"}, {}),  # IGIC, Canary Islands
    "M": ({"rate": "4"}, {}),  # IPSI, Ceuta and Melilla
}


@pytest.fixture(scope="module")
def rules() -> Iterator[Validator]:
    """The official rules, compiled once for all these tests; the route has tests of its own."""
    opened = Validator()
    yield opened
    opened.close()


async def broken_rules(rules: Validator, xml: bytes, format: str) -> list[str]:
    found = await rules.validate(xml, format)
    assert found.complete
    return [each.rule for each in found.errors]


async def judged(rules: Validator, desk: Desk, document: dict[str, Any]) -> list[EInvoice]:
    """The document as read back from both syntaxes; each valid, each alike for both readers."""
    found, theirs = [], []
    for format in READERS:
        xml = await exported(desk, document, format)
        assert await broken_rules(rules, xml, format) == []
        found.append(read(xml))
        theirs.append(second_reading(xml))
    one, other = theirs
    assert {at for at in one.keys() & other.keys() if one[at] != other[at]} == set()
    totals = document["totals"]
    for xml in found:
        assert str(xml.totals.net) == totals["net"]
        assert str(xml.totals.tax) == totals["tax"]
        assert str(xml.totals.gross) == totals["gross"]
    said = {value for at, value in one.items() if at.startswith("totals/")}
    assert said >= {Decimal(totals["net"]), Decimal(totals["gross"])}
    return found


@pytest.mark.parametrize("category", CATEGORIES)
async def test_every_category_is_valid_in_both_syntaxes_and_credited_too(
    rules: Validator, world: World, category: str
) -> None:
    tax, more = CATEGORIES[category]
    desk = await world.seller(**REGISTERED)
    taxes = [{"category": category, **tax}]
    lines = (line("100.00", "2.5", taxes=taxes), line("33.33", taxes=taxes))
    invoice = await desk.invoice(*lines, **more)
    for xml in await judged(rules, desk, invoice):
        [group] = xml.taxes
        assert (group.category, group.base) == (category, Decimal("283.33"))
        assert group.amount == Decimal(invoice["totals"]["tax"])
        if "reason_code" in tax:
            assert group.reason_code == tax["reason_code"]
            assert group.reason == tax.get("reason")
    path = f"/v1/invoices/{invoice['id']}/credit-notes"
    note = await desk.post(path, {"lines": [{"line_id": "2"}], "finalize": True})
    for xml in await judged(rules, desk, note):
        assert (xml.type_code, xml.totals.net) == ("381", Decimal("33.33"))
        assert [each.number for each in xml.preceding] == [invoice["number"]]
    rest = await desk.post(path, {"finalize": True})
    await judged(rules, desk, rest)
    assert Decimal(note["totals"]["gross"]) + Decimal(rest["totals"]["gross"]) == Decimal(
        invoice["totals"]["gross"]
    )


async def test_several_categories_stand_on_one_invoice(rules: Validator, desk: Desk) -> None:
    kinds = [
        line("100.00", taxes=[{"category": name, **CATEGORIES[name][0]}])
        for name in ("S", "Z", "E", "AE", "L", "M")
    ]
    reduced = line("50.00", taxes=[{"category": "S", "rate": "7"}])
    for xml in await judged(rules, desk, await desk.invoice(*kinds, reduced)):
        assert sorted(each.category for each in xml.taxes) == ["AE", "E", "L", "M", "S", "S", "Z"]


async def test_a_corrective_invoice_names_what_it_corrects(rules: Validator, desk: Desk) -> None:
    wrong = await desk.invoice(line("100.00"))
    corrective = await desk.invoice(
        line("20.00", "-1"),
        type_code="384",
        preceding=[{"number": wrong["number"], "issue_date": wrong["issue_date"]}],
    )
    assert corrective["totals"]["gross"] == "-23.80"
    for xml in await judged(rules, desk, corrective):
        assert xml.type_code == "384"
        assert [each.number for each in xml.preceding] == [wrong["number"]]


async def test_a_cancellation_is_an_e_invoice_of_its_own(rules: Validator, desk: Desk) -> None:
    invoice = await desk.invoice(line("100.00"), line("10.00", taxes=[{"category": "Z"}]))
    done = await desk.post(f"/v1/invoices/{invoice['id']}/cancel", {"reason": "Wrong buyer"})
    taken = await desk.get(f"/v1/invoices/{done['id']}")
    for xml in await judged(rules, desk, taken):
        assert xml.type_code == "381"
        assert xml.totals.gross == Decimal(invoice["totals"]["gross"])


async def test_a_computed_line_goes_out_as_one_times_its_amount_with_the_real_quantity(
    rules: Validator,
    desk: Desk,
) -> None:
    tiers = {
        "description": "API calls",
        "quantity": "1500",
        "net": "123.45",
        "taxes": [{"category": "S", "rate": "19"}],
        "breakdown": [
            {"description": "First 1000", "quantity": "1000", "price": "0.10", "amount": "100.00"},
            {"description": "Next 500", "quantity": "500", "price": "0.0469", "amount": "23.45"},
        ],
    }
    for xml in await judged(rules, desk, await desk.invoice(tiers)):
        assert sum(each.net for each in xml.lines) == Decimal("123.45")
        for each in xml.lines:
            assert each.quantity * each.price.net == each.net, "never a rounded pseudo price"


prices = st.decimals("0.01", "9999.99", places=2)
quantities = st.sampled_from(["1", "2", "3", "0.5", "7.25"])
rates = st.sampled_from(["19", "7", "5.5", "21", "8.1"])


@st.composite
def baskets(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines of one to five items, each with one of a few rates and perhaps a discount."""
    made = []
    for _ in range(draw(st.integers(1, 5))):
        off = [{"percent": str(draw(st.integers(1, 50)))}] if draw(st.booleans()) else []
        taxes = [{"category": "S", "rate": draw(rates)}]
        price = str(draw(prices))
        made.append(line(price, draw(quantities), taxes=taxes, discounts=off))
    return made


async def test_what_the_domain_accepts_is_valid_in_both_syntaxes(
    rules: Validator, desk: Desk
) -> None:
    """Acceptance 4 through the API: any basket, prices with and without tax, discounts of all."""
    drawn: list[tuple[list[dict[str, Any]], bool, bool]] = []

    @settings(
        max_examples=8, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(baskets(), st.booleans(), st.booleans())
    def draw(lines: list[dict[str, Any]], inclusive: bool, off: bool) -> None:
        drawn.append((lines, inclusive, off))

    draw()
    assert {inclusive for _, inclusive, _ in drawn} == {True, False}
    for lines, inclusive, off in drawn:
        more: dict[str, Any] = {"prices_include_tax": inclusive}
        if off:
            more["discounts"] = [{"percent": "10", "reason": "Friends"}]
        invoice = await desk.invoice(*lines, **more)
        if inclusive and not off:
            gross = sum(Decimal(each["gross"]) for each in invoice["lines"])
            assert Decimal(invoice["totals"]["gross"]) == gross, "what was on the shelf is asked"
        await judged(rules, desk, invoice)


async def test_the_requests_that_the_demo_ships_are_valid_in_both_syntaxes(
    rules: Validator, world: World
) -> None:
    """Acceptance 1 for a clone without the corpus: the repository's own requests."""
    wrong = {}
    cases = shipped().cases
    assert len(cases) >= 15
    for case in cases:
        assert case.source is not None
        client = world.client(await world.tenant())
        seller = await post(client, "/v1/legal-entities", case.source.seller)
        desk = Desk(world, UUID(int=0), client, seller["id"])
        request = case.source.request
        made = await post(client, "/v1/invoices", {**request, "legal_entity": seller["id"]})
        invoice = await desk.finalize(made, issue_date=request["issue_date"])
        for format in READERS:
            xml = await exported(desk, invoice, format)
            if found := await broken_rules(rules, xml, format):
                wrong[f"{case.name} as {format}"] = found
    assert wrong == {}
