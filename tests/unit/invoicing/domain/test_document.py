"""The life of a document: given events, when something is asked, then events or a refusal."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invx.contexts.invoicing.domain.content import PaymentTerms, TermsKind, TermsStep
from invx.contexts.invoicing.domain.crediting.crediting import cancellation_of, credit_amount
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import (
    DocumentFinalized,
    DraftCreated,
    DraftDeleted,
    DraftEdited,
    Links,
)
from invx.contexts.invoicing.domain.errors import (
    DocumentEmpty,
    DocumentIncomplete,
    DocumentNotDraft,
    DocumentNotFound,
    NotRepresentable,
)
from invx.contexts.invoicing.domain.party import Party
from invx.contexts.invoicing.domain.status import Status
from invx.contexts.invoicing.domain.terms import instalments_of
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event
from invx.rules.totals.model import Profile, Regime, Rounding, Tax
from tests.unit.invoicing.domain.drafts import (
    ENTITY,
    NOW,
    SELLER,
    SERIES,
    SUBJECT,
    TODAY,
    D,
    content,
    credit,
    drafted,
    finalize,
    finalized,
    line,
    named,
    replayed,
    totalled,
    without_personal_data,
)

HAMMER = content(line("1", "138.66"))


def test_a_draft_begins_with_its_whole_content() -> None:
    document = drafted(HAMMER)

    assert [type(event) for event in document.recorded] == [DraftCreated]
    assert (document.status, document.content) == (Status.DRAFT, HAMMER)
    assert (document.legal_entity_id, document.subject_id) == (ENTITY, SUBJECT)
    assert document.number is None


def test_an_edit_is_one_event_with_the_whole_new_draft() -> None:
    document = drafted(HAMMER)
    larger = content(line("1", "138.66"), line("2", "10"))

    document.edit(larger, totalled(larger), subject_id=SUBJECT)

    assert document.recorded[1:] == [
        DraftEdited(subject_id=SUBJECT, content=larger, totals=totalled(larger))
    ]
    assert document.totals.net == D("148.66")


def test_editing_to_the_same_content_records_nothing() -> None:
    document = drafted(HAMMER)
    document.edit(content(line("1", "138.66")), totalled(HAMMER), subject_id=SUBJECT)
    assert document.version == 1


def test_an_edit_to_another_buyer_changes_whose_data_it_is() -> None:
    document = drafted(HAMMER)
    document.edit(HAMMER, totalled(HAMMER), subject_id=named("another buyer"))
    assert document.subject_id == named("another buyer")


def test_a_deleted_draft_is_at_its_end() -> None:
    document = drafted(HAMMER)
    document.delete()

    assert document.recorded[-1] == DraftDeleted()
    with pytest.raises(DocumentNotFound):
        finalize(document)
    with pytest.raises(DocumentNotFound):
        document.delete()


def test_finalizing_states_the_whole_document_in_one_event() -> None:
    document = finalize(drafted(HAMMER))

    assert document.recorded[-1] == DocumentFinalized(
        subject_id=SUBJECT,
        legal_entity_id=ENTITY,
        content=HAMMER,
        totals=totalled(HAMMER),
        mode=document.mode,
        links=Links(),
        seller=SELLER,
        number="2026-0001",
        series_id=SERIES,
        issue_date=TODAY,
        due_date=date(2026, 3, 16),
        instalments=(),
        finalized_at=NOW,
    )
    assert DocumentFinalized.subjects == {"*": "subject_id", "seller": "legal_entity_id"}


def test_r01_a_finalized_document_keeps_the_gross_that_was_rounded_once() -> None:
    assert finalized(HAMMER).totals.gross == D("165.01")


def test_a_finalized_document_cannot_gain_lines() -> None:
    document = finalized(HAMMER)
    larger = content(line("1", "138.66"), line("2", "10"))

    with pytest.raises(DocumentNotDraft):
        document.edit(larger, totalled(larger), subject_id=SUBJECT)
    with pytest.raises(DocumentNotDraft):
        document.delete()
    with pytest.raises(DocumentNotDraft):
        finalize(document, "2026-0002")
    assert document.recorded == []


def test_no_later_event_changes_what_a_finalized_document_says() -> None:
    """D1: links and states come and go; content, totals, seller, number and dates stay."""
    document = finalized(HAMMER)
    before = _said(document)

    document.mark_released(NOW, how="email")
    credit(document, credit_amount(document, D(100), "late"), "first")
    credit(document, cancellation_of(document), "rest")
    document.record_cancellation(named("rest"))
    document.record_replacement(named("new"))

    assert len(document.recorded) == 6
    assert _said(document) == before
    assert _said(replayed(document, [*_history(HAMMER), *document.recorded])) == before


def test_a_draft_that_is_not_ready_draws_no_number() -> None:
    nameless = drafted(content(replace(line("1", "10"), description=" ")))
    with pytest.raises(DocumentIncomplete) as refused:
        nameless.ensure_finalizable(SELLER, TODAY)
    assert [problem.pointer for problem in refused.value.problems] == ["/lines/0/description"]

    with pytest.raises(DocumentEmpty) as empty:
        drafted(content()).ensure_finalizable(SELLER, TODAY)
    assert empty.value.code == "document_empty"

    with pytest.raises(DocumentIncomplete):
        finalize(drafted(content(line("1", "10"), buyer=None)))


def test_finalize_checks_by_itself_when_nobody_checked_before() -> None:
    document = drafted(HAMMER)
    stranger = replace(SELLER, party=Party(name=""), registrations=())

    document.ensure_finalizable(SELLER, TODAY)
    with pytest.raises(DocumentIncomplete) as refused:
        finalize(document, seller=stranger)
    assert {problem.pointer for problem in refused.value.problems} >= {
        "/seller/name",
        "/seller/address/country",
        "/seller/vat_id",
    }


def test_what_the_profile_cannot_carry_is_refused_by_name() -> None:
    sales = Tax(regime=Regime.SALES, category="state", rate=D("8.25"))
    document = drafted(content(line("1", "10", "1", sales), profile=Profile.EN16931))

    with pytest.raises(NotRepresentable) as refused:
        document.ensure_finalizable(SELLER, TODAY)
    assert refused.value.code == "not_representable"
    assert "/lines/0/taxes/0" in {problem.pointer for problem in refused.value.problems}


def test_instalments_that_do_not_make_the_sum_are_our_defect() -> None:
    terms = PaymentTerms(
        kind=TermsKind.INSTALMENTS,
        instalments=(TermsStep(percent=D(50), days=10), TermsStep(percent=D(50), days=40)),
    )
    said = content(line("1", "138.66"), payment_terms=terms)
    parts = instalments_of(said, totalled(said).due, TODAY)

    document = finalized(said)
    assert document.instalments == ()
    document = finalize(drafted(said), instalments=parts)
    assert sorted(part.amount for part in document.instalments) == [D("82.50"), D("82.51")]
    with pytest.raises(InvariantViolation):
        finalize(drafted(said), instalments=parts[:1])


def test_r26_the_rounding_of_the_totals_is_frozen_with_the_document() -> None:
    lines = (line("1", "0.33"), line("2", "0.33"), line("3", "0.33"))
    plain = content(*lines, profile=Profile.PLAIN)

    per_line = replayed(finalize(drafted(plain, rounding=Rounding.PER_LINE)))
    per_group = replayed(finalize(drafted(plain)))

    assert (per_line.rounding, per_line.totals.tax) == (Rounding.PER_LINE, D("0.18"))
    assert (per_group.rounding, per_group.totals.tax) == (Rounding.PER_GROUP, D("0.19"))


def test_n10_a_finalized_document_keeps_the_tax_it_was_issued_with() -> None:
    """The document holds the tax itself, not a link to a rate that somebody may delete."""
    old = Tax(category="S", rate=D(16), reason=None, jurisdiction="DE")
    document = finalized(content(line("1", "100", "1", old)))

    assert document.content.lines[0].taxes == (old,)
    assert [(group.rate, group.amount) for group in document.totals.taxes] == [(D(16), D(16))]


def test_replay_after_an_erasure_still_credits_to_the_cent() -> None:
    """D4: names and descriptions are gone, figures are not."""
    erased = [_erased(event) for event in _history(HAMMER)]
    document = Document.rehydrate(named("document"), erased)

    assert document.seller is None
    assert document.content.buyer is None
    note = credit_amount(document, D("165.01"), "all of it")
    document.record_credit(named("c"), note, totalled(note))
    assert document.remainder.exhausted


def test_an_event_of_another_aggregate_is_our_defect() -> None:
    class Stranger(Event):
        pass

    with pytest.raises(InvariantViolation):
        drafted(HAMMER).apply(Stranger())


def test_totals_of_older_rules_are_made_anew_when_finalizing() -> None:
    old = replace(totalled(HAMMER), rules="2019.1", gross=Decimal("165.02"))
    document = drafted(HAMMER)
    document.edit(HAMMER, old, subject_id=SUBJECT)
    assert finalize(document).totals == totalled(HAMMER)


def _said(document: Document) -> tuple[object, ...]:
    return (
        document.content,
        document.totals,
        document.seller,
        document.number,
        document.issue_date,
        document.due_date,
        document.finalized_at,
        document.links,
    )


def _history(said: object) -> list[Event]:
    return list(finalize(drafted(said)).recorded)


def _erased(event: Event) -> Event:
    event = replace(event, content=without_personal_data(event.content))
    return replace(event, seller=None) if isinstance(event, DocumentFinalized) else event
