"""What else is booked: returned payments, voids, cancellations, currencies, several sellers."""

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.invoicing.books import DATEV, EXPORTS, bookkeeper, export, file_of
from tests.unit.invoicing.accounting.extf_reader import Line, read_batch
from tests.world import BUYER, SELLER, Desk, World, line

ALWAYS = "2099-12-31"


@pytest.fixture
async def desk(world: World) -> Desk:
    return await bookkeeper(world)


async def issued(desk: Desk, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    draft = await desk.draft(*lines, supply_date="2025-03-03", **more)
    return await desk.finalize(draft, issue_date="2025-03-03")


async def exported(desk: Desk, **more: Any) -> list[Line]:
    """The lines of March."""
    return list(read_batch(await file_of(desk, await export(desk, **more))).lines)


def shown(lines: list[Line]) -> list[tuple[str, str, str, str]]:
    return [(each.debit, each.credit, str(each.amount), each.field(14)) for each in lines]


async def test_a_payment_that_bounced_is_booked_back(desk: Desk) -> None:
    invoice = await issued(desk)
    path = f"/v1/invoices/{invoice['id']}"
    body = {"amount": "119.00", "source": "p", "on": "2025-03-10"}
    paid = await desk.post(f"{path}/payments", body)
    entry = paid["entries"][0]["id"]
    await desk.post(f"{path}/reversals", {"entry": entry, "source": "back", "on": "2025-03-12"})
    assert shown(await exported(desk)) == [
        ("10000", "8400", "119.00", "Rechnung 2025-0001"),
        ("1200", "10000", "119.00", "Zahlung 2025-0001"),
        ("10000", "1200", "119.00", "Storno Zahlung 2025-0001"),
    ]


async def test_what_is_voided_is_taken_back_on_its_day(desk: Desk) -> None:
    invoice = await issued(desk)
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "typing error"})
    lines = await exported(desk)
    assert shown(lines) == [
        ("10000", "8400", "119.00", "Rechnung 2025-0001"),
        ("8400", "10000", "119.00", "Storno Rechnung 2025-0001"),
    ]
    assert {each.field(10) for each in lines} == {"0303"}


async def test_a_void_after_the_export_is_in_the_next(desk: Desk) -> None:
    invoice = await issued(desk)
    await export(desk)
    await desk.post(f"/v1/invoices/{invoice['id']}/void", {"reason": "typing error"})
    assert [each[3] for each in shown(await exported(desk))] == ["Storno Rechnung 2025-0001"]


async def test_a_cancellation_is_a_document_of_its_own(desk: Desk) -> None:
    invoice = await issued(desk)
    path = f"/v1/invoices/{invoice['id']}"
    await desk.post(f"{path}/release", {"how": "post"})
    await desk.post(f"{path}/cancel", {"reason": "wrong buyer", "issue_date": "2025-03-05"})
    lines = await exported(desk)
    assert [(each.debit, each.credit, each.field(10)) for each in lines] == [
        ("10000", "8400", "0303"),
        ("8400", "10000", "0503"),
    ]
    assert lines[0].field(11) != lines[1].field(11)


async def test_a_surplus_is_set_off_over_clearing(desk: Desk) -> None:
    invoice = await issued(desk)
    path = f"/v1/invoices/{invoice['id']}/credit-notes"
    await desk.post(path, {"amount": "19.00", "finalize": True, "issue_date": "2025-03-05"})
    made = await export(desk, ALWAYS, format="csv")
    text = (await file_of(desk, made)).decode()
    offs = [each.split(",") for each in text.split("\r\n") if ",allocation," in each]
    assert len(offs) == 2
    assert {each[9] for each in offs} == {each[10] for each in offs} == {"10000"}
    assert sorted(each[17] for each in offs) == ["-19.00", "19.00"]


async def test_rates_of_tax_are_lines_of_their_own(desk: Desk) -> None:
    await issued(
        desk,
        line("100.00"),
        line("100.00", taxes=[{"category": "S", "rate": "7"}]),
        line("50.00", ledger_account="8910"),
    )
    balances = read_batch(await file_of(desk, await export(desk))).balances
    assert balances == {
        "10000": Decimal("285.50"),
        "8400": Decimal("-119.00"),
        "8300": Decimal("-107.00"),
        "8910": Decimal("-59.50"),
    }


async def test_a_currency_waits_for_its_rate_and_is_then_in_the_next_export(desk: Desk) -> None:
    foreign = await issued(desk, line("100.00"), currency="USD")
    await issued(desk, line("10.00"))
    first = await export(desk)
    assert first["bookings"] == 1
    await desk.post(f"/v1/accounting/book-rates/{foreign['id']}", {"rate": "0.9"})
    [waited] = await exported(desk)
    assert (waited.amount, waited.field(3)) == (Decimal("107.10"), "EUR")
    assert waited.field(24) == "119.00 USD zum Kurs 0.9"


async def test_each_legal_entity_has_books_and_debtors_of_its_own(desk: Desk) -> None:
    await issued(desk)
    other = {**SELLER, "name": "Zweite GmbH", "backdating_days": 36_500}
    second = await desk.post("/v1/legal-entities", {**other, "accounting": {"chart": "SKR04"}})
    buyer = {**BUYER, "customer": "C-9"}
    await issued(desk, legal_entity=second["id"], buyer=buyer)
    refused = await desk.post(EXPORTS, {"until": ALWAYS, "settings": DATEV}, status=422)
    assert refused["code"] == "legal_entity_required"
    lines = await exported(desk, legal_entity=second["id"])
    assert [(each.debit, each.credit) for each in lines] == [("10000", "4400")]
    first = await export(desk, legal_entity=desk.entity)
    assert (first["bookings"], first["settings"]["chart"]) == (1, "03")


async def test_an_entity_without_books_has_nothing_to_export(world: World) -> None:
    desk = await world.seller()
    await desk.invoice()
    refused = await desk.post(EXPORTS, {"until": ALWAYS, "format": "csv"}, status=409)
    assert refused["code"] == "nothing_to_export"


async def test_proformas_are_not_booked(desk: Desk) -> None:
    await issued(desk, type="proforma")
    refused = await desk.post(EXPORTS, {"until": ALWAYS, "format": "csv"}, status=409)
    assert refused["code"] == "nothing_to_export"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"until": "tomorrow"}, "/until"),
        ({"until": ALWAYS, "format": "xlsx"}, "/format"),
        ({"until": ALWAYS, "settings": {"year_begins": 13}}, "/settings/year_begins"),
        ({"until": ALWAYS, "settings": {"account_length": 3}}, "/settings/account_length"),
        ({"until": ALWAYS, "settings": {"dictation_code": "ab"}}, "/settings/dictation_code"),
        ({"until": ALWAYS, "settings": {"collective": 7}}, "/settings/collective"),
        ({"until": ALWAYS, "settings": {**DATEV, "collective": 123456}}, "/settings/collective"),
        ({"until": ALWAYS, "settings": {**DATEV, "client": 0}}, "/settings/client"),
    ],
)
async def test_bad_input_names_its_field(desk: Desk, body: dict[str, Any], pointer: str) -> None:
    refused = await desk.post(EXPORTS, body, status=422)
    assert pointer in {each["pointer"] for each in refused["problems"]}


async def test_a_debtor_number_is_five_to_nine_digits(desk: Desk) -> None:
    for number in ("1234", "01234", "12345x", "1234567890"):
        buyer = {**BUYER, "debtor_number": number}
        refused = await desk.client.post("/v1/invoices", json={"buyer": buyer, "lines": []})
        assert refused.status_code == 422
        assert refused.json()["problems"][0]["pointer"] == "/buyer/debtor_number"
    draft = await desk.draft(buyer={**BUYER, "debtor_number": "12345"})
    assert draft["buyer"]["debtor_number"] == "12345"
