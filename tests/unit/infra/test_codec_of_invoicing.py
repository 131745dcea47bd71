"""Every event that invoicing stores, with random values: it comes back as it was, and says nothing."""

import dataclasses
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain import (
    document_events,
    legal_entity_events,
    series_events,
    settlement_events,
)
from invx.infra.codec import Codec, events_in
from invx.kernel.messages import PERSONAL, Event

EVENTS = events_in(document_events, settlement_events, series_events, legal_entity_events)
CODEC = Codec(EVENTS)
DEPTH_MAX = 2  # of lines within lines
MARK = "¤personal¤"

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    UUID: st.uuids(),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=4),
}


def values(hint: Any, depth: int = 0, *, personal: bool = False) -> st.SearchStrategy[Any]:
    """Values of a type; with `personal` every text is marked as somebody's."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return values(parts[0], depth, personal=personal or PERSONAL in hint.__metadata__)
    if origin in (Union, UnionType):
        return st.one_of(values(part, depth, personal=personal) for part in parts)
    if origin is tuple:
        return st.lists(values(parts[0], depth, personal=personal), max_size=2).map(tuple)
    if origin is dict:
        texts = values(str, personal=personal)
        return st.dictionaries(_TEXT, texts, min_size=1, max_size=2)
    if hint is type(None):
        return st.none()
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if dataclasses.is_dataclass(hint):
        return _dataclass(hint, depth, personal=personal)
    plain = _PLAIN[hint]
    return plain.map(lambda text: f"{MARK}{text}") if personal and hint is str else plain


def _dataclass(kind: Any, depth: int, *, personal: bool) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind, include_extras=True)
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for each in dataclasses.fields(kind):
        if kind in get_args(hints[each.name]):  # a tuple of itself
            deeper = st.deferred(lambda: values(kind, depth + 1, personal=personal))
            below = st.lists(deeper, max_size=1) if depth < DEPTH_MAX else st.just([])
            fields[each.name] = below.map(tuple)
        else:
            fields[each.name] = values(hints[each.name], depth, personal=personal)
    return st.builds(kind, **fields)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_event_comes_back_as_it_was_and_says_nothing(
    kind: type[Event], data: st.DataObject
) -> None:
    event = data.draw(values(kind))
    encoded = CODEC.encode(event)
    body = encoded.body.decode()
    assert MARK not in json.dumps(json.loads(body), ensure_ascii=False)
    personal = [item.value.decode() for item in encoded.personal]
    assert CODEC.decode(encoded.type, encoded.schema_version, body, personal) == event
    erased = CODEC.decode(encoded.type, encoded.schema_version, body)
    assert MARK not in repr(erased)


def test_every_event_has_been_thought_of() -> None:
    """An event that is not registered could not be stored; one that is renamed, not be read."""
    assert sorted(kind.__name__ for kind in EVENTS) == [
        "BecameOverdue", "CreditRecorded", "CreditWithdrawn", "DisputeCleared", "DisputeRaised",
        "DocumentCancelled", "DocumentFinalized", "DocumentReleased", "DocumentReplaced",
        "DocumentVoided", "DraftCreated", "DraftDeleted", "DraftEdited", "DraftPatched",
        "EntryRecorded", "LegalEntityAmended", "LegalEntityRegistered", "NextNumberSet",
        "NumberDrawn", "SeriesHeld", "SeriesOpened", "SeriesReleased", "SettlementOpened",
        "SettlementStatusChanged", "SettlementVoided",
    ]  # fmt: skip
