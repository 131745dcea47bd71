"""Imports: documents of another system, from its file to its receivables, and back."""

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest

from tests.world import Desk

HEAD = "Rechnungsnummer;Rechnungsdatum;Faelligkeit;Kundennummer;Kunde;Netto;MwSt;Brutto;Offen\n"
FILE = HEAD + (
    "RE-15419;01.10.2026;15.10.2026;K-7;Elbkontor;100,00;19,00;119,00;69,00\n"
    "RE-15420;05.11.2026;19.11.2026;K-7;Elbkontor;1.000,00;190,00;1.190,00;1.190,00\n"
    "RE-15418;01.09.2026;15.09.2026;K-8;Alster GmbH;50,00;9,50;59,50;0,00\n"
)


async def opened(desk: Desk, content: str | bytes, **query: str) -> dict[str, Any]:
    sent = content.encode() if isinstance(content, str) else content
    response = await desk.client.post(
        "/v1/imports", content=sent, params={"source": "old", **query}
    )
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def mapped(desk: Desk, found: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The suggestion, with this instead."""
    fields = {
        name: {key: value for key, value in source.items() if value is not None}
        for name, source in found["mapping"]["fields"].items()
    }
    said = {key: found["mapping"][key] for key in ("date", "decimal")}
    body = {**said, **more, "fields": {**fields, **more.get("fields", {})}}
    response = await desk.client.put(f"/v1/imports/{found['id']}/mapping", json=body)
    assert response.status_code == 200, response.text
    stated: dict[str, Any] = response.json()
    return stated


async def checked(desk: Desk, found: dict[str, Any]) -> dict[str, Any]:
    return await desk.post(f"/v1/imports/{found['id']}/check")


async def committed(desk: Desk, found: dict[str, Any], **body: Any) -> dict[str, Any]:
    """The operation when it is over."""
    begun = await desk.post(f"/v1/imports/{found['id']}/commit", body)
    await desk.world.settle()
    return await desk.get(f"/v1/operations/{begun['id']}")


async def imported(desk: Desk, content: str | bytes, **query: str) -> dict[str, Any]:
    """An import of which all documents were taken in."""
    found = await opened(desk, content, **query)
    operation = await committed(desk, found)
    assert (operation["state"], operation["failed"]) == ("done", 0), operation
    return await desk.get(f"/v1/imports/{found['id']}")


async def by_number(desk: Desk, number: str) -> dict[str, Any]:
    [found] = (await desk.get("/v1/invoices", number=number))["data"]
    return await desk.get(f"/v1/invoices/{found['id']}")


async def test_documents_of_another_system_count_in_receivables(desk: Desk) -> None:
    found = await opened(desk, FILE, name="export.csv")
    assert found["rows"] == 3
    assert found["mapping"]["decimal"] == ","
    assert found["mapping"]["fields"]["number"]["column"] == "Rechnungsnummer"
    report = await checked(desk, found)
    assert (report["documents"], report["ready"], report["rejected"]) == (3, 3, 0)
    assert report["sums"] == [
        {"currency": "EUR", "documents": 3, "gross": "1368.50", "open": "1259.00"}
    ]
    assert (await desk.get("/v1/invoices"))["data"] == []  # nothing was written
    operation = await committed(desk, found)
    assert (operation["kind"], operation["state"], operation["done"]) == ("import", "done", 3)

    document = await by_number(desk, "RE-15419")
    assert (document["origin"], document["status"], document["series"]) == (
        "imported",
        "finalized",
        None,
    )
    assert (document["issue_date"], document["due_date"]) == ("2026-10-01", "2026-10-15")
    assert (document["totals"]["net"], document["totals"]["gross"]) == ("100.00", "119.00")
    assert (document["open"], document["paid"], document["settlement_status"]) == (
        "69.00",
        "50.00",
        "partial",
    )
    assert document["overdue"] is True
    assert (await by_number(desk, "RE-15418"))["settlement_status"] == "settled"
    [items] = [
        x for x in (await desk.get("/v1/accounting/open-items"))["data"] if x["customer"] == "K-7"
    ]
    assert (items["total"], items["count"]) == ("1259.00", 2)
    paid = await desk.post(
        f"/v1/invoices/{document['id']}/payments", {"amount": "69.00", "source": "bank:1"}
    )
    assert paid["status"] == "settled"


async def test_an_import_leaves_series_register_taxes_and_revenue_alone(desk: Desk) -> None:
    await imported(desk, FILE)
    [series, *_] = (await desk.get("/v1/series"))["data"]
    assert series["last_number"] == 0
    first = await desk.invoice()
    assert first["number"].endswith("0001")
    entries = (await desk.get("/v1/tax/entries"))["data"]
    assert {each["invoice"] for each in entries} == {first["id"]}
    document = await by_number(desk, "RE-15420")
    await desk.post(f"/v1/invoices/{document['id']}/payments", {"amount": "5.00", "source": "b"})
    assert len((await desk.get("/v1/tax/entries"))["data"]) == len(entries)
    await desk.world.settle()
    revenue = await desk.get("/v1/analytics/revenue")
    assert [each["net"] for each in revenue["data"]] == ["100.00"]


async def test_n03_the_series_goes_on_where_the_old_system_stopped(desk: Desk) -> None:
    """Moving with 15420 invoices behind us: the next one is 15421."""
    await imported(desk, FILE)
    [series] = [
        each for each in (await desk.get("/v1/series"))["data"] if "invoice" in each["types"]
    ]
    await desk.post(
        f"/v1/series/{series['id']}/next-number", {"next": 15421, "reason": "moved here"}
    )
    assert (await desk.invoice())["number"].endswith("15421")
    gaps = await desk.get(f"/v1/series/{series['id']}/gaps")
    assert gaps["complete"] is True


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("PUT", "", {"lines": []}),
        ("DELETE", "", None),
        ("POST", "/finalize", {}),
        ("POST", "/void", {}),
        ("POST", "/cancel", {}),
        ("POST", "/release", {}),
        ("POST", "/credit-notes", {"amount": "1.00"}),
        ("POST", "/transmissions", {"channel": "folder"}),
        ("GET", "/explain", None),
        ("GET", "/e-invoice?format=ubl", None),
    ],
)
async def test_an_imported_document_is_read_only(
    desk: Desk, verb: str, path: str, body: Any
) -> None:
    await imported(desk, FILE)
    document = await by_number(desk, "RE-15419")
    response = await desk.client.request(verb, f"/v1/invoices/{document['id']}{path}", json=body)
    assert response.status_code == 409, response.text
    assert response.json()["code"] == "document_imported"
    again = await by_number(desk, "RE-15419")
    assert again == document


async def test_only_its_settlement_moves(desk: Desk) -> None:
    await imported(desk, FILE)
    document = await by_number(desk, "RE-15420")
    at = f"/v1/invoices/{document['id']}"
    await desk.post(f"{at}/dispute", {"disputed": True, "reason": "never came"})
    await desk.post(f"{at}/dispute", {"disputed": False})
    over = await desk.post(f"{at}/payments", {"amount": "1200.00", "source": "b:1"})
    assert over["surplus"] == "10.00"
    await desk.post(f"{at}/refunds", {"amount": "10.00", "source": "b:2"})
    entry = over["entries"][0]["id"]
    back = await desk.post(f"{at}/reversals", {"entry": entry, "source": "b:3"})
    assert back["open"] == "1200.00"
    gone = await desk.post(f"{at}/write-offs", {"source": "w:1"})
    assert (gone["status"], gone["open"]) == ("written_off", "0.00")
    history = await desk.get(f"{at}/history")
    assert history["data"][0]["type"] == "DocumentImported"


async def test_a_payment_of_before_may_bounce_afterwards(desk: Desk) -> None:
    await imported(desk, FILE)
    document = await by_number(desk, "RE-15418")
    at = f"/v1/invoices/{document['id']}"
    [entry] = (await desk.get(f"{at}/settlement"))["entries"]
    assert (entry["kind"], entry["amount"]) == ("payment", "59.50")
    back = await desk.post(f"{at}/reversals", {"entry": entry["id"], "source": "bounced"})
    assert (back["open"], back["status"]) == ("59.50", "open")


async def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    first = await imported(desk, FILE)
    again = await opened(desk, FILE + "RE-1;01.10.2026;;K-7;Elbkontor;1,00;0,19;1,19;1,19\n")
    report = await checked(desk, again)
    assert (report["ready"], report["duplicates"], report["rejected"]) == (1, 3, 0)
    assert again["mapping"] == first["mapping"]
    await committed(desk, again)
    assert len((await desk.get("/v1/invoices"))["data"]) == 4
    third = await opened(desk, FILE)
    refused = await desk.post(f"/v1/imports/{third['id']}/commit", {}, status=422)
    assert refused["code"] == "nothing_to_import"


async def test_a_number_that_says_something_else_is_named(desk: Desk) -> None:
    await imported(desk, FILE)
    other = await opened(desk, FILE.replace("69,00", "70,00"))
    report = await checked(desk, other)
    assert [(each["row"], each["code"]) for each in report["problems"]] == [
        (2, "foreign_number_taken")
    ]
    elsewhere = await opened(desk, FILE, source="another")
    assert (await checked(desk, elsewhere))["ready"] == 3


async def test_what_is_wrong_is_said_row_by_row_and_nothing_is_written(desk: Desk) -> None:
    tomorrow = (date.today() + timedelta(days=3)).strftime("%d.%m.%Y")
    rows = (
        ";01.10.2026;;;Elbkontor;1,00;0,19;1,19;\n"
        "A-2;31.02.2026;;;Elbkontor;1,00;0,19;1,19;\n"
        "A-3;01.10.2026;;;;1,00;0,19;1,19;\n"
        "A-4;01.10.2026;;;Elbkontor;1,00;0,19;1,20;\n"
        "A-5;01.10.2026;;;Elbkontor;;;12,3456;\n"
        "A-6;01.10.2026;;;Elbkontor;1,00;0,19;1,19;2,00\n"
        "1,23E+11;01.10.2026;;;Elbkontor;1,00;0,19;1,19;\n"
        f"A-8;{tomorrow};;;Elbkontor;1,00;0,19;1,19;\n"
        "A-9;01.10.2026;;;Elbkontor;;;1,19;\n"
        "A-10;01.10.2026;;;Elbkontor;1,00;0,19;1,19;0;;;x\n"
        "A-11;01.10.2026;;;Elbkontor;1,00;0,19;1,19;1,19\n"
    )
    found = await opened(desk, HEAD + rows)
    report = await checked(desk, found)
    problems = [(each["row"], each["field"], each["code"]) for each in report["problems"]]
    assert problems == [
        (2, "number", "required"),
        (3, "issue_date", "date_malformed"),
        (4, "buyer_name", "required"),
        (5, "gross", "totals_inconsistent"),
        (6, "gross", "amount_not_on_unit"),
        (7, "open", "open_exceeds_gross"),
        (8, "number", "number_shortened"),
        (9, "issue_date", "date_in_future"),
        (10, "tax", "tax_missing"),
        (11, "number", "extra_cells"),
    ]
    third = report["problems"][1]
    assert (third["column"], third["value"], third["pointer"]) == (
        "Rechnungsdatum",
        "31.02.2026",
        "/rows/3/issue_date",
    )
    assert (report["ready"], report["rejected"]) == (1, 10)
    refused = await desk.post(f"/v1/imports/{found['id']}/commit", {}, status=422)
    assert refused["code"] == "rows_rejected"
    assert refused["problems"][0]["pointer"] == "/rows/2/number"
    assert (await desk.get("/v1/invoices"))["data"] == []
    operation = await committed(desk, found, skip_rejected=True)
    assert (operation["total"], operation["done"]) == (1, 1)


async def test_rows_of_one_number_are_the_lines_of_one_document(desk: Desk) -> None:
    head = "number,type,issue_date,currency,buyer_name,net,tax,gross,line_description,"
    head += "line_quantity,line_price,line_net,line_tax_rate\n"
    rows = (
        "G-1,credit_note,2026-10-01,EUR,Elbkontor,,29.00,229.00,Design,2,50.00,100.00,19\n"
        "G-1,,,,,,,,Book,1,100.00,100.00,10\n"
    )
    found = await opened(desk, head + rows)
    await mapped(desk, found, fields={"tax": {"column": "tax"}})
    operation = await committed(desk, found)
    assert operation["done"] == 1
    document = await by_number(desk, "G-1")
    assert (document["type"], document["settlement_status"]) == ("credit_note", "open")
    assert document["surplus"] == "229.00"
    assert [(each["description"], each["net"], each["gross"]) for each in document["lines"]] == [
        ("Design", "100.00", "119.00"),
        ("Book", "100.00", "110.00"),
    ]
    assert [(each["rate"], each["amount"]) for each in document["tax_groups"]] == [
        ("19", "19.00"),
        ("10", "10.00"),
    ]


async def test_an_import_that_nobody_touched_is_taken_back_as_a_whole(desk: Desk) -> None:
    found = await imported(desk, FILE)
    begun = await desk.post(f"/v1/imports/{found['id']}/reverse", {"reason": "wrong file"})
    refused = await desk.post(f"/v1/imports/{found['id']}/reverse", {}, status=409)
    assert refused["code"] == "import_not_committed"
    await desk.world.settle()
    operation = await desk.get(f"/v1/operations/{begun['id']}")
    assert (operation["kind"], operation["done"], operation["failed"]) == ("reverse_import", 3, 0)
    assert (await desk.get("/v1/accounting/open-items"))["data"] == []
    document = await by_number(desk, "RE-15419")
    assert (document["status"], document["voided"]) == ("cancelled", True)
    await imported(desk, FILE)  # the numbers are free again
    assert len((await desk.get("/v1/accounting/open-items"))["data"]) == 1


async def test_an_import_in_use_is_not_taken_back(desk: Desk) -> None:
    found = await imported(desk, FILE)
    document = await by_number(desk, "RE-15420")
    await desk.post(f"/v1/invoices/{document['id']}/payments", {"amount": "1.00", "source": "b"})
    refused = await desk.post(f"/v1/imports/{found['id']}/reverse", {}, status=409)
    assert refused["code"] == "import_in_use"


async def test_the_pdf_of_the_other_system_is_kept(desk: Desk) -> None:
    pdf = b"%PDF-1.4\n%foreign\n%%EOF\n"
    content = FILE.replace("Offen\n", "Offen;Datei\n").replace("69,00\n", "69,00;RE-15419.pdf\n")
    found = await imported(desk, content)
    document = await by_number(desk, "RE-15419")
    at = f"/v1/invoices/{document['id']}/pdf"
    missing = await desk.client.get(at)
    assert (missing.status_code, missing.json()["code"]) == (404, "foreign_file_missing")
    files = f"/v1/imports/{found['id']}/files"
    for _ in range(2):  # again does no harm
        kept = await desk.client.put(f"{files}/RE-15419.pdf", content=pdf)
        assert kept.json()["sha256"] == hashlib.sha256(pdf).hexdigest()
    other = await desk.client.put(at, content=pdf + b"more")
    assert other.json()["code"] == "foreign_file_is_kept"
    assert (await desk.client.put(at, content=b"PK")).json()["code"] == "file_not_pdf"
    nobody = await desk.client.put(f"{files}/other.pdf", content=pdf)
    assert nobody.json()["code"] == "file_names_no_document"
    own = await desk.invoice()
    refused = await desk.client.put(f"/v1/invoices/{own['id']}/pdf", content=pdf)
    assert refused.json()["code"] == "document_not_imported"
    shown = await desk.client.get(at)
    assert (shown.content, shown.headers["etag"]) == (
        pdf,
        f'"{hashlib.sha256(pdf).hexdigest()}"',
    )
    archive = await desk.client.get("/v1/invoices/archive", params={"origin": "imported"})
    assert archive.status_code == 200
