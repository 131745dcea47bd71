"""The events of a document can be stored and read again without any change."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import get_type_hints

import msgspec
import pytest

from invx.contexts.invoicing.domain import document_events
from invx.contexts.invoicing.domain.approval.state import ApprovalState
from invx.contexts.invoicing.domain.content import Period, Source
from invx.contexts.invoicing.domain.crediting.crediting import (
    LineCredit,
    credit_lines,
    credit_whole,
)
from invx.contexts.invoicing.domain.delivery.revising import record_revision
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import ApprovalChanged, Links
from invx.kernel.limits import DRAFT_LINES_WHOLE_MAX
from invx.kernel.messages import Event, PersonalMark
from tests.unit.invoicing.domain.drafts import (
    NOW,
    SUBJECT,
    TODAY,
    D,
    content,
    credit,
    drafted,
    finalize,
    line,
    named,
    off,
    totalled,
)

KINDS = {
    kind
    for kind in vars(document_events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}


def history() -> Iterator[Event]:
    """A life in which every kind of event happens."""
    source = Source(kind="usage", id="u1", period=Period(start=TODAY))
    said = content(
        line("1", "10.005", "3", discounts=(off(percent="3"),), source=source),
        metadata={"order": "7"},
        discounts=(off("1"),),
    )
    document = drafted(said, links=Links(replaces=named("old")))
    longer = content(*[line(str(number), "1") for number in range(DRAFT_LINES_WHOLE_MAX + 1)])
    for each in (longer, content(*longer.lines, footer="thanks"), said):
        document.edit(each, totalled(each), subject_id=SUBJECT)
    document.record(ApprovalChanged(state=ApprovalState.APPROVED))
    finalize(document)
    credit(document, credit_lines(document, [LineCredit(line_id="1", quantity=D(1))]), "a")
    credit(document, credit_whole(document), "b")
    document.mark_released(NOW, how="email")
    document.withdraw_credit(named("a"))
    credit(document, credit_whole(document), "c")
    document.record_cancellation(named("c"))
    document.record_replacement(named("new"))
    document.note_erasure([SUBJECT])
    yield from document.recorded
    unseen = finalize(drafted(said))
    unseen.void("typing error", settled=False, now=NOW)
    yield unseen.recorded[-1]
    rejected = finalize(drafted(said))
    record_revision(rejected, named("revision"))
    yield rejected.recorded[-1]
    given_up = drafted(said)
    given_up.delete()
    yield given_up.recorded[-1]


HISTORY = list(history())


def test_the_history_above_holds_every_kind_of_event() -> None:
    assert {type(event) for event in HISTORY} == KINDS
    assert len(KINDS) <= 15  # edits share a case, and so do replacement and revision


@pytest.mark.parametrize("event", HISTORY, ids=lambda event: type(event).__name__)
def test_an_event_read_again_is_the_event_that_was_stored(event: Event) -> None:
    stored = msgspec.json.encode(event)
    assert msgspec.json.decode(stored, type=type(event)) == event


def test_a_history_read_again_leads_to_the_same_document() -> None:
    again = [msgspec.json.decode(msgspec.json.encode(each), type=type(each)) for each in HISTORY]
    life = again[:-3]
    document = Document.rehydrate(named("document"), life)
    assert document.version == len(life)
    assert document.remainder.exhausted
    assert document.cancelled_by == named("c")


@pytest.mark.parametrize("kind", sorted(KINDS, key=lambda kind: kind.__name__))
def test_whoever_holds_personal_data_says_whose_it_is(kind: type[Event]) -> None:
    """`subjects` names attributes that exist, for each field that can hold personal data."""
    names = {field.name for field in fields(kind)}
    assert set(kind.subjects.values()) <= names
    assert set(kind.subjects) - {"*"} <= names
    hints = get_type_hints(kind, include_extras=True)
    if any(_personal(hint) for hint in hints.values()):
        assert "*" in kind.subjects


def _personal(hint: object) -> bool:
    if any(isinstance(mark, PersonalMark) for mark in getattr(hint, "__metadata__", ())):
        return True
    if is_dataclass(hint):
        inner = get_type_hints(hint, include_extras=True).values()
        return any(_personal(each) for each in inner)
    return any(_personal(each) for each in getattr(hint, "__args__", ()) if each is not hint)
