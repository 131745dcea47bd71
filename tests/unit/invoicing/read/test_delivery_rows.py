"""Rows, history and contracts of the way out, from its events."""

from typing import Any

import pytest

from invx.contexts.invoicing.app.publish import contract_of
from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.delivery.delivery_events import TransmissionDelayed
from invx.contexts.invoicing.domain.delivery.transmission import (
    Answer,
    Channel,
    ClearanceStatus,
    DeliveryStatus,
    Reason,
    Verdict,
    Way,
)
from invx.contexts.invoicing.domain.document_events import DeliveryChanged, DocumentRevised
from invx.contexts.invoicing.read.history import document_history
from invx.contexts.invoicing.read.rows import document_row, transmission_row
from invx.contexts.invoicing.read.transmissions import transmission_view
from invx.contracts.invoicing import DeliveryChangedV1, DocumentVoidedV1
from invx.rules.tax.packs import ClearanceRule
from tests.unit.invoicing.domain.drafts import (
    DOCUMENT,
    ENTITY,
    NOW,
    content,
    drafted,
    finalize,
    line,
    named,
)
from tests.unit.invoicing.read.past import Past

PORTAL = Channel(name="portal", clears=True)
WHY = (Reason(code="305", text="Mia Kern is unknown"),)
DOWN = Answer(verdict=Verdict.UNREACHABLE, reasons=WHY)
SENT = Answer(verdict=Verdict.SENT, receipt="r-1")
VIEWED = Answer(verdict=Verdict.VIEWED, receipt="r-1", authority_id="A-1")
REJECTED = Answer(verdict=Verdict.REJECTED, reasons=WHY)


def on_its_way(*answers: Answer) -> tuple[Any, Delivery]:
    document = finalize(drafted(content(line("1", "100"))))
    delivery = Delivery.of(document)
    delivery.require_clearance(document, ClearanceRule.BEFORE_RELEASE)
    queued = delivery.queue(document, PORTAL, "ubl", now=NOW)
    for answer in answers:
        delivery.note(queued.id, answer, now=NOW, sha256="abc")
    document.note_way(delivery.way)
    return document, delivery


def test_a_row_says_what_the_transmission_says() -> None:
    _, delivery = on_its_way(DOWN, SENT)
    [transmission] = delivery.transmissions.values()
    row = transmission_row(DOCUMENT, transmission)
    assert (row["status"], row["attempts"], row["receipt"]) == ("sent", 2, "r-1")
    view = transmission_view(DOCUMENT, transmission.id, row)
    assert view["id"].startswith("trm_")
    assert (view["reasons"], view["sent_at"]) == ([], "2026-03-02T09:30:00Z")
    assert (view["clears"], view["delivers"]) == (True, True)


def test_reasons_read_the_same_from_table_and_write_set() -> None:
    _, delivery = on_its_way(REJECTED)
    [transmission] = delivery.transmissions.values()
    row = transmission_row(DOCUMENT, transmission)
    stored = {**row, "reasons": bytes(row["reasons"]).decode()}
    expected = [{"code": "305", "text": "Mia Kern is unknown"}]
    for each in (row, stored):
        assert transmission_view(DOCUMENT, transmission.id, each)["reasons"] == expected


def test_a_documents_row_has_its_way() -> None:
    document, _ = on_its_way(VIEWED)
    row = document_row(document)
    assert (row["delivery_status"], row["clearance_status"], row["clearance_id"]) == (
        "viewed",
        "cleared",
        "A-1",
    )
    assert (row["revision"], row["revises"]) == (1, None)


@pytest.mark.parametrize(
    ("answers", "last", "details"),
    [
        ((), "TransmissionQueued", {"channel": "portal", "format": "ubl"}),
        (
            (SENT,),
            "TransmissionSent",
            {"attempt": 1, "receipt": "r-1", "sha256": "abc"},
        ),
        ((VIEWED,), "Viewed", {}),
        (
            (REJECTED,),
            "ClearanceRejected",
            {"reasons": [{"code": "305", "text": "Mia Kern is unknown"}]},
        ),
        (
            (DOWN,),
            "TransmissionDelayed",
            {
                "attempt": 1,
                "next_attempt_at": "2026-03-02T09:31:00Z",
                "reasons": [{"code": "305", "text": "Mia Kern is unknown"}],
            },
        ),
    ],
)
async def test_history_tells_of_the_way(
    answers: tuple[Answer, ...], last: str, details: dict[str, Any]
) -> None:
    document, delivery = on_its_way(*answers)
    past = Past()
    past.keep(document, delivery)
    told = await document_history(past.store, DOCUMENT)
    of_delivery = [each for each in told if each["about"] == "delivery"]
    assert of_delivery[0]["type"] == "ClearancePending"
    assert of_delivery[0]["details"] == {"rule": "before_release"}
    assert (of_delivery[-1]["type"], of_delivery[-1]["details"]) == (last, details)


def test_what_was_erased_is_missing_and_nothing_else() -> None:
    """An erased value reads as None; the aggregate and its rows bear that."""
    _, delivery = on_its_way(DOWN)
    events = [
        TransmissionDelayed(
            subject_id=each.subject_id,
            transmission_id=each.transmission_id,
            attempt=each.attempt,
            sha256=each.sha256,
            reasons=None,
            next_attempt_at=each.next_attempt_at,
        )
        if isinstance(each, TransmissionDelayed)
        else each
        for each in delivery.recorded
    ]
    erased = Delivery.rehydrate(delivery.id, events)
    [transmission] = erased.transmissions.values()
    assert transmission.reasons == ()
    assert transmission.attempts == 1
    assert bytes(transmission_row(DOCUMENT, transmission)["reasons"]) == b"[]"


def test_contracts_follow_from_the_event_alone() -> None:
    way = Way(
        delivery=DeliveryStatus.DELIVERED,
        clearance=ClearanceStatus.CLEARED,
        rule=ClearanceRule.BEFORE_RELEASE,
        authority_id="A-1",
    )
    changed = DeliveryChanged(legal_entity_id=ENTITY, way=way)
    assert contract_of(DOCUMENT, changed) == DeliveryChangedV1(
        document_id=DOCUMENT,
        legal_entity_id=ENTITY,
        delivery="delivered",
        clearance="cleared",
        authority_id="A-1",
    )
    revised = DocumentRevised(legal_entity_id=ENTITY, replacement_id=named("second"))
    assert contract_of(DOCUMENT, revised) == DocumentVoidedV1(
        document_id=DOCUMENT, legal_entity_id=ENTITY
    )
