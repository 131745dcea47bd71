"""The difference between two versions of a long draft, line by line, and how to apply it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar
from uuid import UUID

from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.document_events import DraftEdited, DraftPatched
from invx.rules.totals.model import Totals


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


L = TypeVar("L", bound=_Identified)


def patch_of(
    before: tuple[Content, Totals], after: tuple[Content, Totals], subject_id: UUID
) -> DraftPatched | None:
    """What turns one version into the other; None when a line id is not unique in either."""
    (old, old_totals), (new, new_totals) = before, after
    old_ids, new_ids = [line.id for line in old.lines], [line.id for line in new.lines]
    if len({*old_ids}) < len(old_ids) or len({*new_ids}) < len(new_ids):
        return None
    stays = {*new_ids}
    appended = [each for each in old_ids if each in stays]
    known = {*appended}
    appended += [each for each in new_ids if each not in known]
    return DraftPatched(
        subject_id=subject_id,
        head=replace(new, lines=()),
        totals=replace(new_totals, lines=()),
        changed=_changed(old.lines, new.lines),
        changed_totals=_changed(old_totals.lines, new_totals.lines),
        removed=tuple(each for each in old_ids if each not in stays),
        order=None if appended == new_ids else tuple(new_ids),
    )


def patched(
    content: Content, totals: Totals, patch: DraftPatched | DraftEdited
) -> tuple[Content, Totals]:
    """The version that an edit leads to: as it states it, or from the one it was made for."""
    if isinstance(patch, DraftEdited):
        return patch.content, patch.totals
    lines = _merged(content.lines, patch.changed, patch)
    figures = _merged(totals.lines, patch.changed_totals, patch)
    return replace(patch.head, lines=lines), replace(patch.totals, lines=figures)


def _changed(old: Sequence[L], new: Sequence[L]) -> tuple[L, ...]:
    before = {each.id: each for each in old}
    return tuple(each for each in new if before.get(each.id) != each)


def _merged(old: Sequence[L], changed: Sequence[L], patch: DraftPatched) -> tuple[L, ...]:
    merged = {each.id: each for each in old}
    for line_id in patch.removed:
        del merged[line_id]
    merged.update({each.id: each for each in changed})
    if patch.order is None:
        return tuple(merged.values())
    return tuple(merged[line_id] for line_id in patch.order)
