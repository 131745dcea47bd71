"""The list of tax entries: what its filters find, and that its pages lose nothing."""

from decimal import Decimal

import pytest

from tests.integration.invoicing.taxing import (
    VAT7,
    Shown,
    credit,
    entries,
    move,
    pages,
    seller_on,
    two_rates,
)
from tests.world import Desk, World, line

EUROS = {"currency": "EUR", "rate": "0.9137"}


@pytest.fixture
async def mixed(world: World) -> Desk:
    """Entries of four months, two bases, two currencies and several causes."""
    desk = await seller_on(world, "accrual")
    first = await two_rates(desk, tax_point="2026-01-31")
    await move(desk, first, "early-payment-discounts", amount="34.50", on=first["issue_date"])
    await credit(desk, first, amount="100.00")
    await two_rates(desk, tax_point="2026-02-28")
    paid = await desk.invoice(line("100.00"), tax_point_code="432")
    await move(desk, paid, "payments", amount="59.50")
    await desk.invoice(line("9.00"), currency="USD", tax_currency=EUROS, tax_point="2026-02-01")
    await desk.invoice(line("8.00", taxes=VAT7), currency="USD", tax_point="2026-03-01")
    return desk


def ids(rows: list[Shown]) -> list[str]:
    return [each["id"] for each in rows]


async def test_each_filter_finds_just_the_entries_that_say_so(mixed: Desk) -> None:
    every = await entries(mixed)
    for name in ("legal_entity", "period", "registration", "cause", "category", "rate", "regime",
                 "country", "jurisdiction", "currency", "invoice", "tax_point"):  # fmt: skip
        for value in {each[name] for each in every}:
            right = [each for each in every if each[name] == value]
            assert await entries(mixed, **{name: value}) == right, (name, value)
    for flag in (True, False):
        said = str(flag).lower()
        for name in ("registered", "provisional"):
            right = [each for each in every if each[name] is flag]
            assert await entries(mixed, **{name: said}) == right, name
        right = [each for each in every if (each["accounted"] is not None) is flag]
        assert right
        assert await entries(mixed, accounted=said) == right
    euros = [each for each in every if each["accounted"]]
    assert await entries(mixed, tax_currency="EUR") == euros


async def test_filters_together_find_what_meets_all_of_them(mixed: Desk) -> None:
    every = await entries(mixed)
    wanted = {"cause": "issued,credited", "rate": "7", "currency": "EUR"}
    right = [
        each
        for each in every
        if each["cause"] in {"issued", "credited"}
        and (each["rate"], each["currency"]) == ("7", "EUR")
    ]
    assert len(right) == 3
    assert await entries(mixed, **wanted) == right


async def test_ranges_of_days_and_rates_have_their_bounds_where_they_say(mixed: Desk) -> None:
    async def days(**bounds: str) -> set[str]:
        said = {f"tax_point[{name}]": value for name, value in bounds.items()}
        return {each["tax_point"] for each in await entries(mixed, **said)}

    assert await days(gte="2026-01-31", lte="2026-02-28") == {
        "2026-01-31",
        "2026-02-01",
        "2026-02-28",
    }
    assert await days(gt="2026-01-31", lt="2026-02-28") == {"2026-02-01"}
    high = await entries(mixed, **{"rate[gt]": "7"})
    assert {each["rate"] for each in high} == {"19"}
    assert ids(await entries(mixed, rate="19.00")) == ids(high), "19.00 is 19"


@pytest.mark.parametrize("sort", ["tax_point", "-tax_point"])
@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_of_any_size_show_every_entry_once_in_order(
    mixed: Desk, sort: str, limit: int
) -> None:
    every = ids(await entries(mixed))
    found = await pages(mixed, limit, sort=sort)
    assert all(len(page) == limit for page in found[:-1])
    seen = [each for page in found for each in ids(page)]
    assert seen == (every if sort == "tax_point" else every[::-1])


async def test_an_entry_that_comes_between_two_pages_shifts_none(mixed: Desk) -> None:
    every = ids(await entries(mixed))
    first = await mixed.get("/v1/tax/entries", limit=3)
    await mixed.invoice(line("1.00"), tax_point="2025-12-01")  # before what was read
    rest = await mixed.get("/v1/tax/entries", limit=100, after=first["next"])
    assert ids(first["data"]) + ids(rest["data"]) == every
    assert (rest["has_more"], rest.get("next")) == (False, None)


async def test_a_cursor_serves_its_own_question_only(mixed: Desk) -> None:
    cursor = (await mixed.get("/v1/tax/entries", limit=1, rate="19"))["next"]
    for other in ({"rate": "7"}, {}, {"rate": "19", "sort": "-tax_point"}):
        answer = await mixed.client.get("/v1/tax/entries", params={"after": cursor, **other})
        assert answer.status_code == 422, other
    invoices = await mixed.get("/v1/invoices", limit=1)
    answer = await mixed.client.get("/v1/tax/entries", params={"after": invoices["next"]})
    assert answer.status_code == 422


async def test_another_tenant_finds_nothing_by_whatever_id(mixed: Desk) -> None:
    [one, *_] = await entries(mixed)
    other = await mixed.world.seller()
    for name in ("legal_entity", "registration", "invoice"):
        assert await entries(other, **{name: one[name]}) == []
    assert await entries(other) == []


async def test_entries_name_the_movement_that_they_come_from(mixed: Desk) -> None:
    for cause, kind in (("discount_taken", "discount"), ("cash_received", "payment")):
        own = await entries(mixed, cause=cause)
        assert own
        for each in own:
            ledger = await mixed.get(f"/v1/invoices/{each['invoice']}/settlement")
            [entry] = [one for one in ledger["entries"] if one["id"] == each["settlement_entry"]]
            assert entry["kind"] == kind
            assert Decimal(entry["amount"]) > 0
