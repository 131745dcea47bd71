"""The list of documents: every filter, every sort, pages that hold still."""

from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin, refused
from tests.world import BUYER, Desk, line

SORTS = ("created", "issue_date", "due_date", "number", "gross", "buyer")


def _marks(page: dict[str, Any]) -> list[str]:
    return [each["external_id"] for each in page["data"]]


async def _shelf(desk: Desk) -> dict[str, dict[str, Any]]:
    """Seven documents that differ in all that a list can be asked; by external id."""
    await be_at(desk, berlin("2026-11-02T10:00"))
    made = {
        "A": await desk.invoice(line("100.00"), external_id="A", metadata={"deal": "D-1"}),
        "B": await desk.invoice(
            line("50.00"),
            external_id="B",
            buyer={**BUYER, "name": "Äther AG", "customer": "C-2"},
            metadata={"deal": "D-1", "team": "red"},
        ),
    }
    await be_at(desk, berlin("2026-11-10T10:00"))
    made["C"] = await desk.invoice(
        line("70.00"), external_id="C", currency="USD", buyer={**BUYER, "name": "zebra Ltd"}
    )
    made["D"] = await desk.draft(line("7.00", description="Wombat feed"), external_id="D")
    made["P"] = await desk.invoice(line("5.00"), external_id="P", type="proforma")
    path = f"/v1/invoices/{made['A']['id']}"
    note = {"amount": "20.00", "finalize": True, "external_id": "N"}
    made["N"] = await desk.post(f"{path}/credit-notes", note)
    await desk.post(f"{path}/payments", {"amount": "99.00", "source": "p"})
    made["V"] = await desk.invoice(line("1.00"), external_id="V")
    await desk.post(f"/v1/invoices/{made['V']['id']}/void", {})
    await be_at(desk, berlin("2026-11-20T10:00"))
    return made


async def test_every_filter_finds_what_it_names_and_nothing_else(desk: Desk) -> None:
    made = await _shelf(desk)
    other = await desk.world.seller()
    await other.invoice(external_id="foreign", metadata={"deal": "D-1"})
    asked: list[tuple[dict[str, str], str]] = [
        ({}, "VNPDCBA"),
        ({"type": "proforma"}, "P"),
        ({"type": "credit_note,proforma"}, "NP"),
        ({"status": "draft"}, "D"),
        ({"status": "draft,cancelled"}, "VD"),
        ({"settlement_status": "settled"}, "NA"),
        ({"settlement_status": "open"}, "CB"),
        ({"customer": "C-2"}, "B"),
        ({"external_id": "C"}, "C"),
        ({"number": made["B"]["number"]}, "B"),
        ({"currency": "USD"}, "C"),
        ({"legal_entity": desk.entity}, "VNPDCBA"),
        ({"legal_entity": "le_01jd0y7ct4f6d9zq8x3s5v2w1k"}, ""),
        ({"credits": made["A"]["id"]}, "N"),
        ({"created[gte]": "2026-11-09"}, "VNPDC"),
        ({"created[lt]": "2026-11-09T00:00:00Z"}, "BA"),
        ({"issue_date": "2026-11-02"}, "BA"),
        ({"issue_date[gt]": "2026-11-02"}, "VNPC"),
        ({"due_date[lte]": "2026-11-16"}, "NBA"),
        ({"gross[gte]": "59.50", "gross[lt]": "100", "currency": "EUR"}, "B"),
        ({"gross[gt]": "59.50", "currency": "EUR"}, "A"),
        ({"overdue": "true"}, "B"),
        ({"overdue": "false"}, "VNPDCA"),
        ({"q": "wombat"}, "D"),
        ({"q": "ather ag"}, "B"),
        ({"q": "ÄTHER"}, "B"),
        ({"q": "100%"}, ""),
        ({"metadata[deal]": "D-1"}, "BA"),
        ({"metadata[deal]": "D-1", "metadata[team]": "red"}, "B"),
        ({"metadata[deal]": "D-1", "q": "elbkontor"}, "A"),
        ({"status": "finalized", "customer": "C-1", "currency": "EUR"}, "NPA"),
    ]
    for query, expected in asked:
        found = "".join(_marks(await desk.get("/v1/invoices", **query)))
        assert (query, found) == (query, expected)


async def test_list_and_detail_say_the_same_of_every_document(desk: Desk) -> None:
    await _shelf(desk)
    for listed in (await desk.get("/v1/invoices"))["data"]:
        detail = await desk.get(f"/v1/invoices/{listed['id']}")
        totals = listed.pop("totals")
        assert listed == {name: detail[name] for name in listed}
        assert totals == {name: detail["totals"][name] for name in totals}


@pytest.mark.parametrize("sort", SORTS)
async def test_every_sort_goes_both_ways_in_pages_of_any_size(desk: Desk, sort: str) -> None:
    await _shelf(desk)
    for form in (sort, f"-{sort}"):
        whole = _marks(await desk.get("/v1/invoices", sort=form, limit=100))
        assert sorted(whole) == sorted("ABCDNPV")
        for limit in (1, 2, 5):
            paged: list[str] = []
            after: dict[str, str] = {}
            while True:
                page = await desk.get("/v1/invoices", sort=form, limit=limit, **after)
                paged += _marks(page)
                if not page["has_more"]:
                    break
                after = {"after": page["next"]}
            assert paged == whole, (form, limit)
    forward = _marks(await desk.get("/v1/invoices", sort=sort))
    assert forward == _marks(await desk.get("/v1/invoices", sort=f"-{sort}"))[::-1]


async def test_sorts_follow_their_values(desk: Desk) -> None:
    await _shelf(desk)
    by_gross = (await desk.get("/v1/invoices", sort="gross", currency="EUR"))["data"]
    amounts = [float(each["totals"]["gross"]) for each in by_gross]
    assert amounts == sorted(amounts)
    by_buyer = _marks(await desk.get("/v1/invoices", sort="buyer"))
    assert (by_buyer[0], by_buyer[-1]) == ("B", "C"), "Äther sorts with a, zebra with z"
    by_number = (await desk.get("/v1/invoices", sort="number"))["data"]
    numbers = [each["number"] for each in by_number]
    assert numbers == [*sorted(number for number in numbers if number), None], "drafts are last"


async def test_pages_hold_still_while_documents_come_and_go(desk: Desk) -> None:
    made = [await desk.draft(external_id=f"E{number}") for number in range(9)]
    first = await desk.get("/v1/invoices", limit=4)
    await desk.draft(external_id="late")
    await desk.client.delete(f"/v1/invoices/{made[8]['id']}")
    second = await desk.get("/v1/invoices", limit=4, after=first["next"])
    third = await desk.get("/v1/invoices", limit=4, after=second["next"])
    seen = _marks(first) + _marks(second) + _marks(third)
    assert seen == [f"E{number}" for number in range(8, -1, -1)]


async def test_a_cursor_belongs_to_its_query(desk: Desk) -> None:
    for _ in range(3):
        await desk.draft()
    after = (await desk.get("/v1/invoices", limit=1))["next"]
    for query in (f"after={after}&sort=gross", f"after={after}&status=draft", "after=nonsense"):
        problem = await refused(desk, "GET", f"/v1/invoices?{query}", status=422)
        assert problem["problems"][0]["parameter"] == "after"


async def test_expand_gives_the_documents_whole(desk: Desk) -> None:
    made = await _shelf(desk)
    page = await desk.get("/v1/invoices", expand="content", status="draft")
    assert page["data"] == [await desk.get(f"/v1/invoices/{made['D']['id']}")]
    [plain] = (await desk.get("/v1/invoices", status="draft"))["data"]
    assert "lines" not in plain


async def test_what_the_list_does_not_know_is_refused_by_name(desk: Desk) -> None:
    for query, name in (
        ("colour=red", "colour"),
        ("status=paid", "status"),
        ("sort=colour", "sort"),
        ("limit=1000", "limit"),
        ("gross[gte]=5", "currency"),
        ("overdue=yes", "overdue"),
        ("metadata=x", "metadata"),
        ("expand=moon", "expand"),
    ):
        problem = await refused(desk, "GET", f"/v1/invoices?{query}", status=422)
        assert [each["parameter"] for each in problem["problems"]] == [name], query
