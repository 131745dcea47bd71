"""The grace period of a draft: given, held, resumed, failed, over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain.grace import (
    FinalizeAtPassed,
    Grace,
    GraceOver,
    GraceState,
    grace_id,
)
from invx.contexts.invoicing.domain.grace_events import (
    GraceEnded,
    GraceFailed,
    GraceGiven,
    GraceHeld,
    GraceResumed,
)
from invx.kernel.messages import Event

DOCUMENT = UUID(int=7)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
GIVEN = GraceGiven(document_id=DOCUMENT, finalize_at=LATER)


def grace(*past: Event) -> Grace:
    return Grace.rehydrate(grace_id(DOCUMENT), past)


def test_it_is_given_until_a_moment_in_the_future() -> None:
    new = Grace.of(DOCUMENT)
    new.give(DOCUMENT, LATER, NOW)
    assert new.recorded == [GIVEN]
    assert (new.state, new.due) == (GraceState.WAITING, LATER)


@pytest.mark.parametrize("moment", [NOW, NOW - timedelta(seconds=1)])
def test_a_moment_that_has_passed_is_refused(moment: datetime) -> None:
    with pytest.raises(FinalizeAtPassed) as refused:
        Grace.of(DOCUMENT).give(DOCUMENT, moment, NOW)
    assert refused.value.problems[0].pointer == "/finalize_at"


def test_held_it_is_never_due_until_it_is_resumed() -> None:
    waiting = grace(GIVEN)
    waiting.hold()
    waiting.hold()
    assert waiting.due is None
    waiting.resume()
    waiting.resume()
    assert waiting.due == LATER
    assert waiting.recorded == [GraceHeld(), GraceResumed()]


def test_a_failure_keeps_its_code_until_it_is_given_anew() -> None:
    failed = grace(GIVEN, GraceFailed(code="document_incomplete"))
    assert (failed.state, failed.code, failed.due) == (
        GraceState.FAILED,
        "document_incomplete",
        None,
    )
    failed.give(DOCUMENT, LATER, NOW)
    assert (failed.state, failed.code) == (GraceState.WAITING, None)


@pytest.mark.parametrize("last", [GraceEnded(), GraceFailed(code="x")])
def test_what_is_over_is_neither_held_nor_resumed(last: Event) -> None:
    over = grace(GIVEN, last)
    for change in (over.hold, over.resume):
        with pytest.raises(GraceOver):
            change()
    assert over.recorded == []


def test_it_ends_once() -> None:
    waiting = grace(GIVEN)
    waiting.end()
    waiting.end()
    assert waiting.recorded == [GraceEnded()]


def test_its_stream_follows_from_the_document() -> None:
    assert grace_id(DOCUMENT) == grace_id(DOCUMENT) != grace_id(UUID(int=8))
