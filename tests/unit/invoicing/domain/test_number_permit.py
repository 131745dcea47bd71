"""What a restored series lacks, by what the outside knows of it (D2)."""

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.number_permit import Loss, OutsideCount, losses
from invx.contexts.invoicing.domain.numbering import Reset
from invx.contexts.invoicing.domain.series import Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.contexts.invoicing.domain.series_events import NextNumberSet

DAY = date(2026, 3, 9)


def _series(drawn: int, *, reset: Reset = Reset.YEARLY, start: int = 1) -> Series:
    pattern = "{YYYY}-{number:04}" if reset is Reset.YEARLY else "R{number}"
    definition = SeriesDefinition(
        name="S", pattern=pattern, types=(DocumentType.INVOICE,), reset=reset, start=start
    )
    series = Series.open(UUID(int=1), legal_entity_id=UUID(int=2), definition=definition)
    for number in range(drawn):
        series.draw(UUID(int=number + 10), DAY)
    return series


def test_what_was_given_for_certain_and_what_perhaps_are_told_apart() -> None:
    found = losses(_series(3), {"2026": OutsideCount(5, 9)}, DAY)
    assert [(each.first, each.last, each.certain) for each in found] == [
        (4, 5, True),
        (6, 9, False),
    ]
    assert [str(each) for each in found] == [
        "2026-0004 to 2026-0005 (2): given, the document is lost",
        "2026-0006 to 2026-0009 (4): reserved, perhaps given",
    ]


def test_a_single_number_is_named_alone() -> None:
    [loss] = losses(_series(0, reset=Reset.NONE), {"all": OutsideCount(1, 1)}, DAY)
    assert str(loss) == "R1 (1): given, the document is lost"


def test_nothing_is_lost_where_the_outside_knows_no_more() -> None:
    assert losses(_series(3), {"2026": OutsideCount(3, 3)}, DAY) == []
    assert losses(_series(3), {"2026": OutsideCount(1, 2)}, DAY) == []
    assert losses(_series(3), {}, DAY) == []


def test_a_period_that_the_series_never_reached_is_lost_whole() -> None:
    [given_, perhaps] = losses(_series(3), {"2027": OutsideCount(2, 4)}, DAY)
    assert (given_.first_text, given_.last_text) == ("2027-0001", "2027-0002")
    assert (perhaps.first_text, perhaps.last_text) == ("2027-0003", "2027-0004")


def test_periods_long_past_are_left_alone_since_they_give_no_number() -> None:
    series = _series(3)
    series.draw(UUID(int=99), date(2030, 1, 1))
    assert losses(series, {"2026": OutsideCount(9, 9)}, DAY) == []


def test_numbers_before_the_start_are_not_lost() -> None:
    [loss] = losses(_series(0, start=100), {"2026": OutsideCount(0, 101)}, DAY)
    assert (loss.first, loss.last) == (100, 101)


def test_left_out_numbers_are_a_gap_with_its_reason_and_dates_stay() -> None:
    series = _series(3)
    series.recorded.clear()
    series.leave_out("2026", 9, reason="restored", by="system:operator")
    [event] = series.recorded
    assert isinstance(event, NextNumberSet)
    assert (event.first_skipped, event.next, event.reason) == (4, 10, "restored")
    assert series.next_number("2026") == 10
    assert series.periods["2026"].on == DAY


def test_two_witnesses_know_together_what_either_knows() -> None:
    assert OutsideCount(5, 9).and_(OutsideCount(7, 8)) == OutsideCount(7, 9)


@given(st.integers(0, 20), st.integers(0, 30), st.integers(0, 30))
def test_losses_cover_each_number_behind_the_last_known_once(
    drawn: int, given_: int, perhaps: int
) -> None:
    found: list[Loss] = losses(_series(drawn), {"2026": OutsideCount(given_, perhaps)}, DAY)
    numbers = [number for each in found for number in range(each.first, each.last + 1)]
    assert numbers == list(range(drawn + 1, max(drawn, given_, perhaps) + 1))
    assert sum(each.count for each in found if each.certain) == max(0, given_ - drawn)
