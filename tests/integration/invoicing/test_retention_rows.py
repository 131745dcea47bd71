"""What rows say of retention: the migration says the same, shops count longer, imports too."""

from importlib.resources import files
from typing import Any

import pytest

from tests.e2e.acts import be_at, berlin
from tests.e2e.test_imports import committed, opened
from tests.e2e.test_retention import carried_out, outcomes, paid, retention, tried
from tests.integration.invoicing.test_determination import (
    BELIEVING,
    DUTCH,
    REGISTERED,
    draft,
    open_line,
)
from tests.sealing import faults, seal
from tests.world import BUYER, Desk, World, line

OSS = {"country": "DE", "vat_id": "DE129273398", "special": "oss"}
OLD = (
    "Rechnungsnummer;Rechnungsdatum;Kundennummer;Kunde;Netto;MwSt;Brutto;Offen\n"
    "RE-1;01.03.2026;K-7;Elbkontor;100,00;19,00;119,00;0,00\n"
    "RE-2;02.03.2026;K-8;Alster GmbH;100,00;19,00;119,00;119,00\n"
)


async def shop(world: World) -> Desk:
    """A German seller with a one-stop shop."""
    desk = await world.seller(registrations=[*REGISTERED, OSS], tax_id_policy=BELIEVING)
    await be_at(desk, berlin("2026-03-20 12:00"))
    return desk


async def bases(world: World) -> dict[str, str | None]:
    """By number what a row says that the law goes by."""
    async with world.admin() as conn:
        rows = await conn.fetch("SELECT number, retention FROM invoicing.documents ORDER BY number")
    return {row["number"]: row["retention"] for row in rows}


async def test_the_migration_states_what_projections_state(world: World) -> None:
    """Rows of before get what the events would give them, so an audit finds no difference."""
    desk = await shop(world)
    await desk.finalize(await draft(desk, open_line()))
    far = {**DUTCH, "kind": "consumer"}
    await desk.finalize(await draft(desk, open_line("digital"), buyer=far))
    await draft(desk, open_line())
    before = await bases(world)
    assert sorted(str(each) for each in before.values()) == ["DE", "DE+oss", "None"]
    text = (files("invx.contexts.invoicing") / "migrations" / "0207_pre_retention.sql").read_text()
    update = text.partition("UPDATE")[2].partition(";")[0].replace("{schema}", "invoicing")
    async with world.admin() as conn:
        await conn.execute("UPDATE invoicing.documents SET retention = NULL")
        assert set((await bases(world)).values()) == {None}
        await conn.execute(f"UPDATE{update}")
        assert await bases(world) == before
        await desk.world.settle()
        await seal(desk)
        assert await faults(conn, desk.tenant_id) == {}


async def test_what_went_through_a_one_stop_shop_is_kept_two_years_longer(world: World) -> None:
    desk = await shop(world)
    far = {**DUTCH, "kind": "consumer"}
    for buyer, kind in ((far, "digital"), (BUYER, "services")):
        issued = await desk.finalize(await draft(desk, open_line(kind), buyer=buyer))
        body = {"amount": issued["totals"]["gross"], "source": issued["number"]}
        await desk.post(f"/v1/invoices/{issued['id']}/payments", body)
    found = await retention(desk)
    rules = {
        (each["country"], each["one_stop_shop"]): (each["years"], each["source"])
        for each in found["rules"]
    }
    assert rules["DE", False][0] == 8
    assert rules["DE", True] == (10, "Directive 2006/112/EC, Art. 369k")
    assert [each["until"] for each in found["due"]] == ["2034-12-31", "2036-12-31"]
    await be_at(desk, berlin("2035-01-02 12:00"))
    assert (await carried_out(desk, await tried(desk)))["done"] == 1
    counts = (await retention(desk))["counts"]
    assert (counts["kept"], counts["purged"]) == (1, 1)
    await be_at(desk, berlin("2037-01-02 12:00"))
    assert (await carried_out(desk, await tried(desk)))["done"] == 1


async def test_documents_of_another_system_are_kept_and_purged_alike(world: World) -> None:
    desk = await world.seller()
    await be_at(desk, berlin("2026-03-20 12:00"))
    operation = await committed(desk, await opened(desk, OLD, as_of="2026-03-20"))
    assert operation["done"] == 2
    listed = {each["number"]: each for each in (await desk.get("/v1/invoices"))["data"]}
    assert (await retention(desk))["counts"]["kept"] == 2
    # Nobody knows the seller's country on a foreign document: the longest term counts.
    [due] = (await retention(desk))["due"]
    assert due == {"until": "2036-12-31", "documents": 2, "held": 0}
    await be_at(desk, berlin("2037-01-02 12:00"))
    trial = await tried(desk)
    assert await outcomes(desk, trial) == {
        listed["RE-1"]["id"]: None,
        listed["RE-2"]["id"]: "document_unsettled",
    }
    await carried_out(desk, trial)
    gone = await desk.client.get(f"/v1/invoices/{listed['RE-1']['id']}")
    assert (gone.status_code, gone.json()["code"]) == (410, "document_purged")
    await seal(desk)
    async with world.admin() as conn:
        await conn.execute("DELETE FROM invoicing.outbox")  # forgotten long before
        assert await faults(conn, desk.tenant_id) == {}


@pytest.mark.parametrize("how", ["void", "cancel"])
async def test_what_was_taken_back_is_kept_as_long_and_then_goes(world: World, how: str) -> None:
    desk = await world.seller()
    await be_at(desk, berlin("2026-03-20 12:00"))
    invoice = await desk.invoice(line("100.00"))
    path = f"/v1/invoices/{invoice['id']}"
    if how == "cancel":
        await desk.post(f"{path}/release", {"how": "by post"})
    await desk.post(f"{path}/{how}", {"reason": "typo"})
    await world.settle()
    documents = {"void": 1, "cancel": 2}[how]
    assert (await retention(desk))["counts"]["kept"] == documents
    await be_at(desk, berlin("2035-01-02 12:00"))
    purge = await carried_out(desk, await tried(desk))
    assert (purge["done"], purge["failed"]) == (documents, 0)
    assert (await retention(desk))["counts"] == {
        "kept": 0, "ended": 0, "held": 0, "unsettled": 0, "purged": documents,
    }  # fmt: skip


async def test_a_stored_answer_says_nothing_of_a_purged_document_again(world: World) -> None:
    desk = await world.seller()
    await be_at(desk, berlin("2026-03-20 12:00"))
    key = {"Idempotency-Key": "once"}
    body = {"buyer": BUYER, "lines": [line("100.00")]}
    made = (await desk.client.post("/v1/invoices", json=body, headers=key)).json()
    issued = await desk.finalize(made)
    paid_up = {"amount": issued["totals"]["gross"], "source": "bank"}
    await desk.post(f"/v1/invoices/{made['id']}/payments", paid_up)
    await be_at(desk, berlin("2035-01-02 12:00"))
    await carried_out(desk, await tried(desk))
    again = await desk.client.post("/v1/invoices", json=body, headers=key)
    assert again.status_code == 410
    assert BUYER["name"] not in again.text


async def test_an_attachment_that_another_document_names_stays(world: World) -> None:
    desk = await world.seller()
    await be_at(desk, berlin("2026-03-20 12:00"))
    named: dict[str, Any] = {
        "params": {"name": "hours.csv"},
        "headers": {"content-type": "text/csv"},
    }
    file = (await desk.client.post("/v1/files", content="Ada;8\n", **named)).json()
    attached = [{"id": "1", "file": file["id"]}]
    await paid(desk, attachments=attached)
    await be_at(desk, berlin("2027-03-20 12:00"))
    younger = await paid(desk, "7.00", attachments=attached)
    for day, status in (("2035-01-02", 200), ("2036-01-02", 404)):
        await be_at(desk, berlin(f"{day} 12:00"))
        assert (await carried_out(desk, await tried(desk)))["done"] == 1
        assert (await desk.client.get(f"/v1/files/{file['id']}")).status_code == status
    assert (await desk.client.get(f"/v1/invoices/{younger['id']}")).status_code == 410


async def test_a_hold_on_the_legal_entity_keeps_what_waits_to_be_imported(world: World) -> None:
    desk = await world.seller()
    waiting = await opened(desk, OLD)
    body = {"legal_entity": desk.entity, "reason": "audit"}
    held = await desk.post("/v1/legal-holds", body)
    done = await desk.post("/v1/erasures", {"customer": "K-7"})
    assert done["holds"] == [held["id"]]
    report = await desk.post(f"/v1/imports/{waiting['id']}/check")
    assert report["ready"] == 2, "the file is there still"
    await desk.post(f"/v1/legal-holds/{held['id']}/release", {"reason": "over"})
    await world.settle()
    gone = await desk.client.post(f"/v1/imports/{waiting['id']}/check")
    assert (gone.status_code, gone.json()["code"]) == (409, "import_file_gone")
