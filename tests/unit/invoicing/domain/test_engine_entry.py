"""What a tax engine is told: owed, committed, tried again within bounds, resumed by a person."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from invx.contexts.invoicing.domain.tax.engine_entry import (
    ATTEMPTS_MAX,
    EngineEntry,
    EngineEntryNotFailed,
    engine_entry_id,
)
from invx.contexts.invoicing.domain.tax.engine_entry_events import EngineEntryKind, EngineEntryOwed
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DOCUMENT = UUID(int=7)


def owed() -> EngineEntry:
    return EngineEntry.owe(
        EngineEntryOwed(
            document_id=DOCUMENT,
            legal_entity_id=UUID(int=1),
            kind=EngineEntryKind.SALE,
            engine="acme",
            quote="q-1",
            reverses=None,
            owed_at=NOW,
        )
    )


def test_a_document_owes_each_kind_once() -> None:
    ids = {engine_entry_id(DOCUMENT, kind) for kind in EngineEntryKind}
    assert len(ids) == 3
    assert owed().id == engine_entry_id(DOCUMENT, EngineEntryKind.SALE)


def test_what_is_committed_has_the_number_of_the_engine() -> None:
    entry = owed()
    entry.fail("503 down", NOW)
    entry.accept("t-1", NOW + timedelta(minutes=1))
    assert (entry.status, entry.reference, entry.reason) == ("committed", "t-1", None)
    with pytest.raises(InvariantViolation):
        entry.accept("t-2", NOW)
    with pytest.raises(InvariantViolation):
        entry.fail("late", NOW)


def test_pauses_grow_up_to_a_day_and_end() -> None:
    entry, now, pauses = owed(), NOW, []
    while (at := entry.fail("503 down", now)) is not None:
        pauses.append(at - now)
        now = at
    minutes = [1, 4, 16, 64, 256, 1024, 1440, 1440, 1440]
    assert pauses == [timedelta(minutes=each) for each in minutes]
    assert (entry.status, entry.attempts, entry.retry_at) == ("failed", ATTEMPTS_MAX, None)


def test_a_refusal_for_good_fails_at_once() -> None:
    entry = owed()
    assert entry.fail("422 no", NOW, lasting=True) is None
    assert (entry.status, entry.attempts) == ("failed", 1)


def test_only_what_failed_is_resumed_and_begins_anew() -> None:
    entry = owed()
    with pytest.raises(EngineEntryNotFailed):
        entry.resume(NOW)
    entry.fail("422 no", NOW, lasting=True)
    entry.resume(NOW)
    assert (entry.status, entry.attempts, entry.reason) == ("pending", 0, "422 no")
    assert entry.fail("503 down", NOW) == NOW + timedelta(minutes=1)


def test_a_history_read_again_leads_to_the_same_entry() -> None:
    entry = owed()
    entry.fail("422 no", NOW, lasting=True)
    entry.resume(NOW)
    entry.accept("t-1", NOW)
    again = EngineEntry.rehydrate(entry.id, entry.recorded)
    again.recorded = entry.recorded
    assert vars(again) == vars(entry)


def test_an_event_of_another_aggregate_is_our_defect() -> None:
    with pytest.raises(InvariantViolation):
        owed().apply(Event())
