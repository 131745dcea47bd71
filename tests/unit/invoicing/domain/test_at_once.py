"""A document that was never stored as a draft, and figures that are checked once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import (
    DocumentFinalized,
    DraftCreated,
    Issue,
    Links,
)
from invx.contexts.invoicing.domain.errors import DocumentIncomplete, NotRepresentable
from invx.contexts.invoicing.domain.status import Status
from invx.kernel.errors import Invalid, InvariantViolation
from invx.kernel.limits import TEXT_CHARS_MAX
from tests.unit.invoicing.domain.drafts import (
    NOW,
    SELLER,
    SERIES,
    TODAY,
    content,
    drafted,
    finalized,
    line,
    named,
    replayed,
    totalled,
)

ISSUE = Issue(number="2026-0001", series_id=SERIES, issue_date=TODAY, due_date=TODAY)


def at_once(document: Document) -> Document:
    document.finalize(SELLER, replace(ISSUE, at_once=True), now=NOW)
    return document


def test_it_begins_with_being_finalized() -> None:
    document = at_once(drafted(content(line("1", "10.00"))))
    [event] = document.recorded
    assert isinstance(event, DocumentFinalized)
    assert event.created_at == NOW
    assert document.version == 1


def test_replayed_it_is_what_it_was_and_what_a_draft_would_have_become() -> None:
    links = Links(replaces=named("other"))
    said = content(line("1", "10.00"))
    document = at_once(drafted(said, links=links))
    again = replayed(document)
    usual = finalized(said, links=links)
    for name in ("status", "content", "totals", "number", "links", "mode", "created_at"):
        assert getattr(again, name) == getattr(document, name), name
        assert getattr(again, name) == getattr(usual, name), name
    for name in ("legal_entity_id", "subject_id", "seller", "finalized_at", "series_id"):
        assert getattr(again, name) == getattr(usual, name), name
    assert again.status is Status.FINALIZED


def test_a_draft_that_is_stored_keeps_its_past() -> None:
    stored = replayed(drafted(content(line("1", "10.00"))))
    with pytest.raises(InvariantViolation):
        at_once(stored)
    assert stored.status is Status.DRAFT
    assert stored.recorded == []


def test_a_usual_draft_says_when_it_was_made_by_its_first_event() -> None:
    document = drafted(content(line("1", "10.00")))
    document.finalize(SELLER, ISSUE, now=NOW)
    first, last = document.recorded
    assert isinstance(first, DraftCreated)
    assert isinstance(last, DocumentFinalized)
    assert last.created_at is None


def test_figures_are_trusted_only_as_long_as_the_content_stays() -> None:
    sound = content(line("1", "10.00"))
    document = drafted(sound)
    document.trust_draft()
    document.ensure_finalizable(SELLER, TODAY)
    wrong = content(line("1", "-10.00"))
    document.edit(wrong, totalled(sound), subject_id=document.subject_id)
    with pytest.raises(NotRepresentable):
        document.ensure_finalizable(SELLER, TODAY)


def test_words_are_trusted_only_as_long_as_the_content_stays() -> None:
    sound = content(line("1", "10.00"))
    document = drafted(sound)
    document.trust_draft()
    document.ensure_finalizable(SELLER, TODAY)
    wordy = replace(sound, notes="x" * (TEXT_CHARS_MAX + 1))
    document.edit(wordy, document.totals, subject_id=document.subject_id)
    with pytest.raises(Invalid) as refused:
        document.ensure_finalizable(SELLER, TODAY)
    assert [each.pointer for each in refused.value.problems] == ["/notes"]


def test_a_trusted_draft_is_still_asked_whether_its_dates_fit_the_day() -> None:
    sound = content(line("1", "10.00"))
    document = drafted(replace(sound, payment_terms=None, due_date=TODAY - timedelta(days=1)))
    document.trust_draft()
    with pytest.raises(Invalid) as refused:
        document.ensure_finalizable(SELLER, TODAY)
    assert [each.code for each in refused.value.problems] == ["due_before_issue"]


def test_trusted_figures_do_not_hide_what_is_missing() -> None:
    document = drafted(replace(content(line("1", "10.00")), buyer=None))
    document.trust_draft()
    with pytest.raises(DocumentIncomplete):
        document.ensure_finalizable(SELLER, TODAY)
