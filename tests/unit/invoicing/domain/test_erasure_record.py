"""The record of an erasure: what went, what stays, when to come back."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.keeping.erasure import Erasure, ErasureRecord
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept

SUBJECT, ONE, TWO = UUID(int=1), UUID(int=2), UUID(int=3)
LATER = Kept(TWO, "2026-2", date(2035, 12, 31), "the law")
SOONER = Kept(ONE, "2026-1", date(2034, 12, 31), "the law")


def begun(erased=(), kept=()):
    return ErasureRecord.begin(UUID(int=9), {SUBJECT}, None, Erasure(tuple(erased), tuple(kept)))


def test_it_comes_back_the_day_after_the_first_of_its_documents_may_go():
    assert begun(kept=[LATER, SOONER]).next_on == date(2035, 1, 1)
    assert begun(erased=[ONE]).next_on is None


def test_what_went_adds_up_and_what_stays_is_as_it_was_found_last():
    record = begun(kept=[SOONER, LATER])
    record.go_on(Erasure((ONE,), (LATER,)))
    assert (record.erased, record.kept, record.version) == ((ONE,), (LATER,), 2)


def test_an_attempt_that_changes_nothing_leaves_no_trace():
    record = begun(kept=[SOONER])
    record.go_on(Erasure((), (SOONER,)))
    assert record.version == 1
    record.go_on(Erasure((), (Kept(ONE, "2026-1", date(2036, 12, 31), "a longer one"),)))
    assert (record.version, record.next_on) == (2, date(2037, 1, 1))


@given(st.lists(st.tuples(st.lists(st.uuids(), max_size=3), st.booleans()), max_size=5))
def test_its_events_say_all_that_it_knows(attempts):
    record = begun(kept=[SOONER])
    for erased, stays in attempts:
        record.go_on(Erasure(tuple(erased), (SOONER,) if stays else ()))
    again = ErasureRecord.rehydrate(record.id, record.recorded)
    assert (again.erased, again.kept) == (record.erased, record.kept)
    assert set(again.erased) == {id for erased, _ in attempts for id in erased}


def test_a_hold_has_no_day_and_its_release_is_a_change():
    held = Kept(ONE, "2026-1", None, None, UUID(int=7))
    record = ErasureRecord.begin(
        UUID(int=9), {SUBJECT}, None, Erasure((), (held, LATER), (UUID(int=7),))
    )
    assert (record.next_on, record.holds) == (date(2036, 1, 1), (UUID(int=7),))
    record.go_on(Erasure((), (held, LATER), (UUID(int=7),)))
    assert record.version == 1
    record.go_on(Erasure((ONE,), (LATER,)))
    assert (record.version, record.holds, record.erased) == (2, (), (ONE,))


def test_what_only_a_hold_keeps_has_no_next_day():
    held = Kept(ONE, None, None, None, UUID(int=7))
    record = ErasureRecord.begin(UUID(int=9), {SUBJECT}, None, Erasure((), (held,), ()))
    assert record.next_on is None
