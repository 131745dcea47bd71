from datetime import date

import pytest

from invx.contexts.invoicing.domain.document import Document, Status
from invx.contexts.invoicing.domain.document_events import PersonalDataErased
from invx.contexts.invoicing.domain.retention import retained_until
from tests.unit.invoicing.domain.drafts import (
    NOW,
    SUBJECT,
    content,
    drafted,
    finalize,
    finalized,
    line,
    named,
    replayed,
)


def one() -> Document:
    return drafted(content(line("1", "10")))


def test_a_draft_is_kept_by_no_law_not_even_with_a_date_in_mind() -> None:
    assert retained_until(drafted(content(line("1", "10"), issue_date=date(2026, 3, 2)))) is None


def test_a_draft_that_was_thrown_away_is_kept_by_no_law() -> None:
    document = one()
    document.delete()
    assert retained_until(document) is None


@pytest.mark.parametrize("issued", [date(2026, 1, 1), date(2026, 12, 31)])
def test_an_issued_document_is_kept_to_the_end_of_the_tenth_year_after_its_own(
    issued: date,
) -> None:
    assert retained_until(finalize(one(), issue_date=issued)) == date(2036, 12, 31)


def test_a_voided_document_is_kept_as_long_as_any_other() -> None:
    document = finalized(content(line("1", "10")))
    document.void("typo", settled=False, now=NOW)
    assert document.status is Status.CANCELLED
    assert retained_until(document) == date(2036, 12, 31)


@pytest.mark.parametrize("state", ["draft", "deleted", "finalized"])
def test_an_erasure_is_noted_in_any_state_and_changes_nothing_but_the_version(state: str) -> None:
    document = one()
    if state == "deleted":
        document.delete()
    if state == "finalized":
        finalize(document)
    document = replayed(document)
    before = (document.status, document.content, document.totals, document.number)
    version = document.version
    document.note_erasure([named("b"), SUBJECT])
    [event] = document.recorded
    assert event == PersonalDataErased(subject_ids=tuple(sorted([SUBJECT, named("b")])))
    assert (document.status, document.content, document.totals, document.number) == before
    assert document.version == version + 1


def test_the_event_of_an_erasure_is_the_same_whatever_the_order_of_the_subjects() -> None:
    documents = [one(), one()]
    for document, names in zip(documents, ("ab", "ba"), strict=True):
        document.note_erasure([named(name) for name in names])
    assert documents[0].recorded[-1] == documents[1].recorded[-1]
