"""Each use case writes its events, the rows that follow, what others are told, and nothing else."""

from typing import Any

import pytest

from tests.integration.invoicing.ledger import PERSONAL, Written, written
from tests.world import Desk, draft_body, line

FINALIZED = "invoicing.document.finalized.v1"
VOIDED = "invoicing.document.voided.v1"
CHANGED = "invoicing.settlement.changed.v1"
NEW_DOCUMENT = {"documents": 1, "document_contents": 1, "document_search": 1}


def path(document: dict[str, Any], what: str = "") -> str:
    return f"/v1/invoices/{document['id']}{what}"


async def test_a_draft_is_one_event_and_its_rows(desk: Desk) -> None:
    async with written(desk) as new:
        await desk.draft(line("10.00"), notes="for Ada")
    assert new.events == ["DraftCreated"]
    assert new.projected == NEW_DOCUMENT
    assert (new.rows["streams"], new.rows["events"]) == (1, 1)
    assert new.rows[PERSONAL] > 0
    assert (new.contracts, new.jobs) == ([], [])


async def test_an_edit_adds_an_event_and_no_row(desk: Desk) -> None:
    draft = await desk.draft(line("10.00"))
    async with written(desk) as new:
        await desk.client.put(path(draft), json=draft_body(line("11.00")))
    assert (new.events, new.projected) == (["DraftEdited"], {})
    async with written(desk) as again:
        await desk.client.put(path(draft), json=draft_body(line("11.00")))
    assert again == Written(), "an edit that changes nothing writes nothing"


async def test_a_deleted_draft_takes_its_rows_along_and_leaves_its_past(desk: Desk) -> None:
    draft = await desk.draft()
    async with written(desk) as new:
        await desk.client.delete(path(draft))
    assert new.events == ["DraftDeleted"]
    assert new.projected == dict.fromkeys(NEW_DOCUMENT, -1)


async def test_finalizing_draws_a_number_opens_a_settlement_and_tells_the_others(
    desk: Desk,
) -> None:
    draft = await desk.draft(line("10.00"))
    async with written(desk) as new:
        await desk.finalize(draft)
    assert sorted(new.events) == ["DocumentFinalized", "NumberDrawn", "SettlementOpened"]
    assert new.projected == {"numbers": 1, "settlements": 1, "tax_entries": 1}
    assert new.contracts == [FINALIZED]
    assert new.jobs == ["archive_document", "mark_overdue"]


async def test_a_free_document_is_never_to_become_overdue(desk: Desk) -> None:
    draft = await desk.draft(line("0.00"))
    async with written(desk) as new:
        await desk.finalize(draft)
    assert new.jobs == ["archive_document"]


async def test_a_proforma_settles_nothing(desk: Desk) -> None:
    draft = await desk.draft(type="proforma")
    async with written(desk) as new:
        await desk.finalize(draft)
    assert sorted(new.events) == ["DocumentFinalized", "NumberDrawn"]
    assert new.projected == {"numbers": 1}
    assert new.jobs == ["archive_document"]


@pytest.mark.parametrize(
    "what,body,taxes",
    [
        ("payments", {"amount": "1.00", "source": "p"}, {}),  # on accrual all is entered by now
        ("write-offs", {}, {"tax_entries": 1}),
        ("early-payment-discounts", {"amount": "1.00", "source": "d"}, {"tax_entries": 1}),
    ],
)
async def test_an_entry_is_one_row_and_one_contract(
    desk: Desk, what: str, body: dict[str, Any], taxes: dict[str, int]
) -> None:
    issued = await desk.invoice()
    async with written(desk) as new:
        await desk.post(path(issued, f"/{what}"), body)
    assert new.events == ["EntryRecorded", "SettlementStatusChanged"]
    assert new.projected == {"settlement_entries": 1} | taxes
    assert (new.contracts, new.jobs) == ([CHANGED], [])
    async with written(desk) as again:
        await desk.post(path(issued, f"/{what}"), body)
    assert again == Written(), "the same source counts once"


async def test_a_reversal_adds_an_entry_and_changes_none(desk: Desk) -> None:
    issued = await desk.invoice()
    await desk.post(path(issued, "/payments"), {"amount": "119.00", "source": "p"})
    ledger = await desk.get(path(issued, "/settlement"))
    async with written(desk) as new:
        body = {"entry": ledger["entries"][0]["id"], "source": "bounce"}
        await desk.post(path(issued, "/reversals"), body)
    assert new.events == ["EntryRecorded", "SettlementStatusChanged"]
    assert new.projected == {"settlement_entries": 1}
    after = await desk.get(path(issued, "/settlement"))
    assert after["entries"][0] == ledger["entries"][0]


async def test_flags_are_events_without_rows_of_their_own(desk: Desk) -> None:
    issued = await desk.invoice()
    async with written(desk) as new:
        await desk.post(path(issued, "/dispute"), {"disputed": True, "reason": "late"})
        await desk.post(path(issued, "/release"), {"how": "by hand"})
        await desk.post(path(issued, "/release"), {"how": "again"})
    assert new.events == ["DisputeRaised", "DeliveryChanged", "DocumentReleased"]
    assert new.projected == {}
    assert new.contracts == ["invoicing.delivery.changed.v1"]


async def test_a_void_closes_the_settlement_and_keeps_the_number(desk: Desk) -> None:
    issued = await desk.invoice()
    async with written(desk) as new:
        await desk.post(path(issued, "/void"), {})
    assert sorted(new.events) == ["DocumentVoided", "SettlementVoided"]
    assert (new.projected, new.contracts) == ({"tax_entries": 1}, [VOIDED])


async def test_a_credit_note_counts_on_both_ledgers_in_one_transaction(desk: Desk) -> None:
    issued = await desk.invoice()
    async with written(desk) as new:
        await desk.post(path(issued, "/credit-notes"), {"amount": "19.00", "finalize": True})
    assert sorted(set(new.events)) == [
        "CreditRecorded", "DocumentFinalized", "DraftCreated", "EntryRecorded", "NumberDrawn",
        "SettlementOpened", "SettlementStatusChanged",
    ]  # fmt: skip
    assert new.events.count("EntryRecorded") == 2
    entries = {"numbers": 1, "settlements": 1, "settlement_entries": 2, "tax_entries": 1}
    assert new.projected == NEW_DOCUMENT | entries
    assert sorted(new.contracts) == [FINALIZED, CHANGED, CHANGED]


async def test_a_draft_credit_note_touches_nothing_of_the_original(desk: Desk) -> None:
    issued = await desk.invoice()
    before = await desk.get(path(issued))
    async with written(desk) as new:
        await desk.post(path(issued, "/credit-notes"), {"amount": "19.00"})
    assert (new.events, new.projected) == (["DraftCreated"], NEW_DOCUMENT)
    assert await desk.get(path(issued)) == before


async def test_replacing_cancels_and_drafts_in_one_transaction(desk: Desk) -> None:
    issued = await desk.invoice()
    async with written(desk) as new:
        await desk.post(path(issued, "/replace"), {})
    assert new.events.count("DraftCreated") == 2
    assert new.events.count("DocumentCancelled") == 1
    assert new.projected["documents"] == 2
    assert (new.projected["numbers"], new.projected["settlements"]) == (1, 1)


async def test_a_new_legal_entity_brings_its_series(desk: Desk) -> None:
    entity = {"name": "Second", "address": {"country": "DE"}, "time_zone": "Europe/Berlin"}
    async with written(desk) as new:
        await desk.post("/v1/legal-entities", {**entity, "currency": "EUR"})
    assert new.events == ["LegalEntityRegistered", *["SeriesOpened"] * 3]
    written_rows = {"legal_entities": 1, "series": 3, "default_series": 3, "number_permits": 3}
    assert new.projected == written_rows
    assert new.contracts == []


async def test_what_is_refused_leaves_nothing_behind(desk: Desk) -> None:
    issued, empty = await desk.invoice(), await desk.draft(buyer=None)
    refusals: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v1/invoices", draft_body(line("10.00", taxes=[]), currency="XXX")),
        ("POST", path(empty, "/finalize"), {}),
        ("POST", path(issued, "/finalize"), {}),
        ("PUT", path(issued), draft_body()),
        ("POST", path(issued, "/refunds"), {"source": "r"}),
        ("POST", path(issued, "/write-offs"), {"amount": "500.00"}),
        ("POST", path(issued, "/credit-notes"), {"amount": "500.00", "finalize": True}),
        ("POST", path(issued, "/reversals"), {"entry": "sent_" + "0" * 26, "source": "x"}),
    ]
    for method, where, body in refusals:
        async with written(desk) as new:
            response = await desk.client.request(method, where, json=body)
        assert response.is_client_error, f"{method} {where} {response.text}"
        assert new == Written(), f"{method} {where}"
    assert (await desk.invoice())["number"].endswith("0002"), "no number was lost"


async def test_reads_checks_and_previews_write_nothing(desk: Desk) -> None:
    issued, draft = await desk.invoice(), await desk.draft()
    async with written(desk) as new:
        await desk.post("/v1/invoices/check", draft_body())
        await desk.post(path(draft, "/check"))
        for what in ("", "/history", "/explain", "/settlement"):
            await desk.get(path(issued, what))
        assert (await desk.client.get(path(draft, "/preview"))).is_success
        await desk.get("/v1/invoices", q="elbkontor")
    assert new == Written()


async def test_the_worker_archives_once_and_notes_overdue_once(desk: Desk) -> None:
    issued = await desk.invoice()
    await desk.world.settle()
    async with desk.world.admin() as conn:
        kept = await conn.fetch(
            "SELECT a.kind, a.sha256, f.bytes FROM invoicing.archives a"
            " JOIN invoicing.stored_files f USING (tenant_id, sha256)"
        )
    assert [row["kind"] for row in kept] == ["pdf"]
    async with written(desk) as new:
        await desk.world.settle()
    assert new.events == []
    response = await desk.client.get(path(issued, "/pdf"))
    assert response.content == kept[0]["bytes"]
    assert response.headers["etag"] == f'"{kept[0]["sha256"]}"'
