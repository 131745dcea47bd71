"""A long draft is edited by patches, and replay finds the same draft again."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.document_events import DraftEdited, DraftPatched
from invx.contexts.invoicing.domain.draft_patch import patch_of, patched
from invx.kernel.limits import DRAFT_LINES_WHOLE_MAX
from tests.unit.invoicing.domain.drafts import (
    S7,
    SUBJECT,
    content,
    drafted,
    line,
    replayed,
    totalled,
)

LONG = content(*[line(str(number), "1.5") for number in range(DRAFT_LINES_WHOLE_MAX + 1)])


def edited(new: Content) -> DraftPatched | DraftEdited:
    """The event of editing the long draft; replay must lead to the very content and totals."""
    document = drafted(LONG)
    document.edit(new, totalled(new), subject_id=SUBJECT)
    again = replayed(document)
    assert (again.content, again.totals) == (new, totalled(new))
    event = document.recorded[-1]
    assert isinstance(event, DraftPatched | DraftEdited)
    return event


def test_a_changed_line_is_all_that_a_patch_holds() -> None:
    lines = [*LONG.lines]
    lines[7] = replace(lines[7], price=lines[7].price * 2)
    event = edited(replace(LONG, lines=tuple(lines), notes="thank you"))

    assert isinstance(event, DraftPatched)
    assert [each.id for each in event.changed] == ["7"]
    assert "7" in [each.id for each in event.changed_totals]
    assert (event.removed, event.order) == ((), None)
    assert event.head.notes == "thank you"
    assert event.head.lines == ()


def test_new_lines_at_the_end_need_no_order() -> None:
    event = edited(replace(LONG, lines=(*LONG.lines[1:], line("new", "3"))))
    assert isinstance(event, DraftPatched)
    assert (event.removed, event.order) == (("0",), None)


def test_a_new_order_is_stated_in_full() -> None:
    event = edited(replace(LONG, lines=LONG.lines[::-1]))
    assert isinstance(event, DraftPatched)
    assert event.changed == ()
    assert event.order == tuple(each.id for each in LONG.lines[::-1])


def test_a_draft_at_the_limit_is_edited_as_a_whole() -> None:
    event = edited(replace(LONG, lines=LONG.lines[:-1]))
    assert isinstance(event, DraftEdited)


def test_lines_that_share_an_id_are_stated_as_a_whole() -> None:
    twice = replace(LONG, lines=(*LONG.lines, line("7", "1")))
    assert patch_of((LONG, totalled(LONG)), (twice, totalled(twice)), SUBJECT) is None
    assert isinstance(edited(twice), DraftEdited)


ids = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)
prices = st.sampled_from(["1", "2.50", "10"])


@st.composite
def versions(draw: st.DrawFn) -> tuple[Line, ...]:
    return tuple(line(each, draw(prices), "1", S7) for each in draw(ids))


@settings(max_examples=200)
@given(versions(), versions())
def test_a_patch_leads_from_any_version_to_any_other(
    old: tuple[Line, ...], new: tuple[Line, ...]
) -> None:
    before, after = content(*old), content(*new, footer="changed")
    patch = patch_of((before, totalled(before)), (after, totalled(after)), SUBJECT)

    assert patch is not None
    assert patched(before, totalled(before), patch) == (after, totalled(after))
