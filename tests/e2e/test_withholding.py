"""Tax that the buyer keeps back: shown, expected, certified, and corrected where it differs."""

from typing import Any

from tests.e2e.acts import be_at, berlin, pointers, refused, text_of
from tests.world import BUYER, Desk, World, line

TAXES = [
    {"category": "S", "rate": "21"},
    {"regime": "withholding", "category": "W", "rate": "15"},
]


async def _issued(desk: Desk, **more: Any) -> dict[str, Any]:
    """1,393.50 net, 292.64 of VAT, 209.03 that the buyer keeps back: 1,477.11 to be paid (R06)."""
    told = line("1393.50", taxes=TAXES, ledger_account="8400")
    return await desk.invoice(told, profile="plain", **more)


async def _certify(desk: Desk, invoice: dict[str, Any], amount: str, **more: Any) -> dict[str, Any]:
    body = {"amount": amount, "source": "CU-1", **more}
    return await desk.post(f"/v1/invoices/{invoice['id']}/withholding-certificates", body)


async def _pay(desk: Desk, invoice: dict[str, Any], amount: str) -> dict[str, Any]:
    body = {"amount": amount, "source": f"bank:{amount}"}
    return await desk.post(f"/v1/invoices/{invoice['id']}/payments", body)


async def test_what_was_expected_is_certified_and_moves_nothing(desk: Desk) -> None:
    issued = await _issued(desk)
    assert (issued["totals"]["withheld"], issued["open"]) == ("209.03", "1477.11")
    assert "209" in await text_of(desk, issued)
    paid = await _pay(desk, issued, "1477.11")
    assert paid["withholding"] == {"expected": "209.03", "certified": "0.00", "certificates": []}
    done = await _certify(desk, issued, "209.03", on=issued["issue_date"], final=True)
    assert (done["status"], done["open"], done["withheld"]) == ("settled", "0.00", "0.00")
    assert done["withholding"]["certified"] == "209.03"
    [certificate] = done["withholding"]["certificates"]
    said = {"source": "CU-1", "on": issued["issue_date"], "amount": "209.03", "final": True}
    assert certificate == said
    again = await _certify(desk, issued, "209.03", on=issued["issue_date"], final=True)
    assert again["version"] == done["version"]
    read = await desk.get(f"/v1/invoices/{issued['id']}/settlement")
    assert read["withholding"] == done["withholding"]


async def test_more_kept_back_settles_what_was_paid_too_little(desk: Desk) -> None:
    issued = await _issued(desk)
    await _pay(desk, issued, "1466.14")
    done = await _certify(desk, issued, "220.00")
    assert (done["status"], done["open"], done["withheld"]) == ("settled", "0.00", "10.97")
    assert [each["kind"] for each in done["entries"]] == ["payment", "withholding"]


async def test_less_kept_back_is_owed_once_the_certificate_is_final(desk: Desk) -> None:
    issued = await _issued(desk)
    await _pay(desk, issued, "1477.11")
    first = await _certify(desk, issued, "200.00")
    assert (first["status"], first["open"]) == ("settled", "0.00")  # more may come
    final = await _certify(desk, issued, "200.00", final=True)
    assert (final["status"], final["open"], final["withheld"]) == ("partial", "9.03", "-9.03")
    second = await _certify(desk, issued, "9.03", source="CU-2")
    assert (second["status"], second["open"], second["withheld"]) == ("settled", "0.00", "0.00")


async def test_a_corrected_certificate_takes_the_place_of_the_first(desk: Desk) -> None:
    issued = await _issued(desk)
    await _pay(desk, issued, "1400.00")
    await _certify(desk, issued, "286.14")
    wrong = await desk.get(f"/v1/invoices/{issued['id']}/settlement")
    assert (wrong["open"], wrong["withheld"]) == ("0.00", "77.11")
    right = await _certify(desk, issued, "209.03")
    assert (right["open"], right["withheld"]) == ("77.11", "0.00")
    assert len(right["withholding"]["certificates"]) == 1
    gone = await _certify(desk, issued, "0.00")
    assert (gone["withholding"]["certified"], gone["open"]) == ("0.00", "77.11")


async def test_a_document_that_expected_nothing_is_settled_by_a_certificate(desk: Desk) -> None:
    """A buyer abroad has to keep tax back whatever the document says."""
    issued = await desk.invoice(line("1000.00"))
    await _pay(desk, issued, "1071.00")
    done = await _certify(desk, issued, "119.00")
    assert (done["status"], done["withheld"]) == ("settled", "119.00")
    too_much = {"amount": "1190.01", "source": "CU-9"}
    path = f"/v1/invoices/{issued['id']}/withholding-certificates"
    problem = await refused(desk, "POST", path, too_much, status=422)
    assert pointers(problem) == {"/amount": "withheld_more_than_asked"}


async def test_a_credit_note_lowers_what_is_expected(desk: Desk) -> None:
    issued = await _issued(desk)
    path = f"/v1/invoices/{issued['id']}"
    note = await desk.post(
        f"{path}/credit-notes",
        {"lines": [{"line_id": issued["lines"][0]["id"], "quantity": "0.5"}], "finalize": True},
    )
    left = await desk.get(f"{path}/settlement")
    await _pay(desk, issued, left["open"])
    done = await _certify(desk, issued, "104.52", final=True)
    assert (done["open"], done["withheld"], done["status"]) == ("0.00", "0.00", "settled")
    assert note["totals"]["withheld"] == "104.51"
    problem = await refused(
        desk,
        "POST",
        f"/v1/invoices/{note['id']}/withholding-certificates",
        {"amount": "1.00", "source": "CU-3"},
        status=409,
    )
    assert problem["code"] == "nothing_to_withhold"


async def test_the_journal_has_the_difference_on_the_account_of_tax_kept_back(
    world: World,
) -> None:
    desk = await world.seller(accounting={"chart": "SKR03"})
    issued = await _issued(desk)
    await _pay(desk, issued, "1477.11")
    await _certify(desk, issued, "200.00", final=True)
    rows = (await desk.get("/v1/accounting/bookings", kind="withholding"))["data"]
    told = [(each["debit"], each["credit"], each["amount"]) for each in rows]
    assert told == [("1500", "debtor", "209.03"), ("debtor", "1500", "9.03")]
    found = await desk.get("/v1/accounting/reconciliation", legal_entity=desk.entity)
    assert found["balanced"]


async def test_the_report_says_by_buyer_what_to_claim_and_what_is_missing(desk: Desk) -> None:
    await be_at(desk, berlin("2027-03-02T09:00"))
    first = await _issued(desk)
    await _issued(desk, buyer={**BUYER, "customer": "C-2"})
    await be_at(desk, berlin("2028-02-01T09:00"))
    await _certify(desk, first, "209.03", on="2028-01-15")
    path = "/v1/accounting/withholding"
    rows = (await desk.get(path))["data"]
    names = ("customer", "expected", "certified", "uncertified", "count")
    assert [tuple(each[name] for name in names) for each in rows] == [
        ("C-1", "209.03", "209.03", "0.00", 1),
        ("C-2", "209.03", "0.00", "209.03", 1),
    ]
    year = {"from": "2027-01-01", "to": "2027-12-31"}
    [row] = (await desk.get(path, customer="C-1", **year))["data"]
    assert (row["expected"], row["certified"], row["uncertified"]) == ("209.03", "0.00", "0.00")
    later = {"from": "2028-01-01", "to": "2028-12-31"}
    [row] = (await desk.get(path, **later))["data"]
    assert (row["customer"], row["expected"], row["certified"]) == ("C-1", "0.00", "209.03")
    page = await desk.get(path, limit=1)
    assert page["has_more"]
    [rest] = (await desk.get(path, limit=1, after=page["next"]))["data"]
    assert rest["customer"] == "C-2"
