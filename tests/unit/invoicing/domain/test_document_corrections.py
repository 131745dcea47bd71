"""How a finalized document is sent, voided, cancelled, replaced and credited."""

from datetime import timedelta
from decimal import Decimal

import pytest

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.crediting.crediting import (
    cancellation_of,
    credit_amount,
    replacement_of,
)
from invx.contexts.invoicing.domain.delivery.transmission import DeliveryStatus, Way
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import (
    CreditRecorded,
    DeliveryChanged,
    DocumentCancelled,
    DocumentReleased,
    DocumentReplaced,
    DocumentVoided,
    Links,
)
from invx.contexts.invoicing.domain.errors import (
    CreditNotFound,
    DocumentCredited,
    DocumentNotCreditable,
    DocumentNotDraft,
    DocumentNotFinalized,
    DocumentReleasedAlready,
    DocumentReplacedAlready,
    DocumentSettled,
)
from invx.contexts.invoicing.domain.status import Status
from invx.kernel.errors import InvariantViolation
from tests.unit.invoicing.domain.drafts import (
    ENTITY,
    NOW,
    SUBJECT,
    D,
    content,
    credit,
    drafted,
    finalize,
    finalized,
    line,
    named,
    off,
    totalled,
)

HAMMER = content(line("1", "138.66"))


def test_releasing_twice_is_remembered_once() -> None:
    document = finalized(HAMMER)
    document.mark_released(NOW, how="email")
    document.mark_released(NOW + timedelta(days=1), how="post")
    released = DocumentReleased(subject_id=SUBJECT, how="email", released_at=NOW)
    sent = DeliveryChanged(
        legal_entity_id=document.legal_entity_id, way=Way(delivery=DeliveryStatus.SENT)
    )
    assert document.recorded == [sent, released]


def test_a_document_that_nobody_saw_can_be_voided() -> None:
    document = finalized(HAMMER)
    document.void("typing error", settled=False, now=NOW)

    assert document.recorded == [
        DocumentVoided(
            legal_entity_id=ENTITY, subject_id=SUBJECT, reason="typing error", voided_at=NOW
        )
    ]
    assert (document.status, document.voided, document.number) == (
        Status.CANCELLED,
        True,
        "2026-0001",
    )


def test_what_left_the_house_is_cancelled_rather_than_voided() -> None:
    document = finalized(HAMMER)
    document.mark_released(NOW, how="email")
    with pytest.raises(DocumentReleasedAlready) as refused:
        document.void("too late", settled=False, now=NOW)
    assert refused.value.code == "document_released"


def test_d20_a_partly_settled_or_credited_document_cannot_be_voided() -> None:
    document = finalized(HAMMER)
    with pytest.raises(DocumentSettled):
        document.void("paid in part", settled=True, now=NOW)

    credit(document, credit_amount(document, D("65.01"), "refund"))
    with pytest.raises(DocumentCredited):
        document.void("credited in part", settled=False, now=NOW)
    assert cancelled_gross(document) == D("100.00")


def test_n08_a_voided_document_is_replaced_by_a_new_one_and_takes_no_updates() -> None:
    voided = finalized(HAMMER)
    voided.void("wrong buyer", settled=False, now=NOW)

    again = drafted(replacement_of(voided), name="regenerated", links=Links(replaces=voided.id))
    finalize(again, "2026-0002")
    voided.record_replacement(again.id)

    assert again.content.lines == voided.content.lines
    assert (again.links.replaces, voided.replaced_by) == (voided.id, again.id)
    assert (voided.status, voided.voided) == (Status.CANCELLED, True)
    for update in (
        lambda: voided.edit(HAMMER, totalled(HAMMER), subject_id=SUBJECT),
        lambda: voided.void("again", settled=False, now=NOW),
        lambda: voided.mark_released(NOW, how="email"),
        lambda: voided.record_credit(named("x"), HAMMER, totalled(HAMMER)),
        lambda: voided.record_replacement(named("a third")),
    ):
        with pytest.raises((DocumentNotDraft, DocumentNotFinalized, DocumentReplacedAlready)):
            update()


def test_a_cancellation_takes_back_the_whole_and_links_both_ways() -> None:
    document = finalized(content(line("1", "100", "3"), discounts=(off(percent="10"),)))
    note = cancellation_of(document)
    totals = credit(document, note, "cancellation")
    document.record_cancellation(named("cancellation"))

    assert note.lines == document.content.lines
    assert totals.gross == document.totals.gross == D("321.30")
    assert (document.status, document.voided) == (Status.CANCELLED, False)
    assert document.cancelled_by == named("cancellation")
    assert document.recorded[-1] == DocumentCancelled(cancellation_id=named("cancellation"))


def test_a_cancellation_that_leaves_something_is_our_defect() -> None:
    document = finalized(HAMMER)
    credit(document, credit_amount(document, D(100), "part"), "part")
    with pytest.raises(InvariantViolation):
        document.record_cancellation(named("part"))
    with pytest.raises(InvariantViolation):
        document.record_cancellation(named("never finalized"))


def test_a_replacement_is_recorded_once() -> None:
    document = finalized(HAMMER)
    document.record_replacement(named("new"))
    document.record_replacement(named("new"))

    assert document.recorded == [DocumentReplaced(replacement_id=named("new"))]
    assert document.status is Status.REPLACED
    with pytest.raises(DocumentReplacedAlready):
        document.record_replacement(named("another"))


@pytest.mark.parametrize("kind", [DocumentType.PROFORMA, DocumentType.CREDIT_NOTE])
def test_only_an_invoice_can_be_credited(kind: DocumentType) -> None:
    document = finalized(content(line("1", "10"), type=kind))
    with pytest.raises(DocumentNotCreditable):
        document.ensure_creditable()
    with pytest.raises(DocumentNotCreditable):
        document.record_credit(named("c"), document.content, document.totals)


def test_a_draft_cannot_be_credited_sent_or_voided() -> None:
    draft = drafted(HAMMER)
    for ask in (
        draft.ensure_creditable,
        lambda: draft.mark_released(NOW, how="email"),
        lambda: draft.void("no", settled=False, now=NOW),
        lambda: draft.record_replacement(named("x")),
    ):
        with pytest.raises(DocumentNotFinalized):
            ask()


def test_the_same_credit_note_counts_once() -> None:
    document = finalized(HAMMER)
    note = credit_amount(document, D(65), "part")
    document.record_credit(named("c"), note, totalled(note))
    document.record_credit(named("c"), note, totalled(note))

    assert [type(event) for event in document.recorded] == [CreditRecorded]
    assert document.remainder.gross == D("100.01")


def test_a_voided_credit_note_gives_back_what_it_took() -> None:
    document = finalized(HAMMER)
    credit(document, credit_amount(document, D(65), "part"), "c")
    document.withdraw_credit(named("c"))

    assert document.remainder == document.invoiced
    with pytest.raises(CreditNotFound):
        document.withdraw_credit(named("c"))


def cancelled_gross(document: Document) -> Decimal:
    return totalled(cancellation_of(document)).gross
