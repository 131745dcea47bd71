"""What a restored series lacks, row by row: numbers as text, in each kind of series (ADR 0020).

The table comes from an oracle that counts with sets of numbers per period and writes the texts by
replacing the fields of a pattern; the properties here count so too, number by number.
"""

import csv
from datetime import date
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.number_permit import OutsideCount, losses
from invx.contexts.invoicing.domain.numbering import Reset, Skipped, gaps
from invx.contexts.invoicing.domain.series import PeriodInvalid, PeriodTooOld, Series
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition
from invx.contexts.invoicing.domain.series_events import NextNumberSet, NumberDrawn

TODAY = date(2026, 11, 30)
PATTERNS = {Reset.YEARLY: "RE-{YYYY}-{number:05}", Reset.MONTHLY: "{YY}{MM}/{number:03}"}
with Path(__file__).with_name("losses.tsv").open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def opened(reset: Reset, *, pattern: str = "", start: int = 1) -> Series:
    definition = SeriesDefinition(
        name="S",
        pattern=pattern or PATTERNS.get(reset, "R{number}"),
        types=(DocumentType.INVOICE,),
        reset=reset,
        start=start,
    )
    return Series.open(UUID(int=1), legal_entity_id=UUID(int=2), definition=definition)


def day_of(period: str) -> date:
    return TODAY if period == "all" else date.fromisoformat(f"{period}-01-01"[:10])


def drawn(series: Series, period: str, count: int) -> None:
    for _ in range(count):
        series.draw(UUID(int=5), day_of(period))


def spelled(text: str) -> list[tuple[str, str]]:
    """`2026:3 2027:1` as pairs."""
    pairs = [] if text == "-" else [each.rpartition(":") for each in text.split(" ")]
    return [(period, count) for period, _, count in pairs]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_what_is_lost_is_what_the_table_says(row: dict[str, str]) -> None:
    series = opened(Reset(row["reset"]), pattern=row["pattern"], start=int(row["start"]))
    for period, count in spelled(row["drawn"]):
        drawn(series, period, int(count))
    outside = {}
    for period, count in spelled(row["outside"]):
        certain, _, perhaps = count.partition("/")
        outside[period] = OutsideCount(int(certain), int(perhaps))
    found = losses(series, outside, date.fromisoformat(row["today"]))
    said = [
        f"{'lost' if each.certain else 'left out'} {each.first_text}..{each.last_text}"
        for each in found
    ]
    assert "; ".join(said) == (row["lost"] if row["lost"] != "-" else "")


FOREIGN = {
    Reset.NONE: ["2026", "2026-11", "", "ALL", "none"],
    Reset.YEARLY: ["all", "2026-11", "26", "20266", "", "2026 ", "year", "0000", "+026"],
    Reset.MONTHLY: ["all", "2026", "2026-13", "2026-00", "2026-1", "2026/11", "2026-11-30", "11"],
}


@pytest.mark.parametrize(
    ("reset", "period"), [(reset, each) for reset in FOREIGN for each in FOREIGN[reset]]
)
def test_a_count_of_a_period_that_the_series_never_has_is_refused(
    reset: Reset, period: str
) -> None:
    """Left out there, the numbers would be given again in the periods that it does have."""
    series = opened(reset)
    before = list(series.recorded)
    with pytest.raises(PeriodInvalid, match="has no period") as caught:
        losses(series, {period: OutsideCount(1234, 1234)}, TODAY)
    assert [each.pointer for each in caught.value.problems] == ["/period"]
    assert series.recorded == before


seen = st.lists(
    st.tuples(
        st.sampled_from(["2024", "2025", "2026", "2027"]), st.integers(0, 12), st.integers(0, 12)
    ),
    max_size=4,
    unique_by=lambda each: each[0],
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=4, max_size=4), st.integers(1, 9), seen)
def test_after_leaving_out_nothing_that_left_the_house_is_given_again(
    counts: list[int], start: int, told: list[tuple[str, int, int]]
) -> None:
    """Number by number, and again nothing is lost: reconciling twice changes nothing."""
    series = opened(Reset.YEARLY, start=start)
    for period, count in zip(["2024", "2025", "2026", "2027"], counts, strict=True):
        drawn(series, period, count)
    given_here = {(e.period, e.number) for e in series.recorded if isinstance(e, NumberDrawn)}
    outside = {period: OutsideCount(certain, perhaps) for period, certain, perhaps in told}
    left = {(p, n) for p, c in outside.items() for n in range(1, max(c.given, c.perhaps) + 1)}
    for loss in losses(series, outside, TODAY):
        series.leave_out(loss.period, loss.last, reason="restored", by="user:operator")
    assert losses(series, outside, TODAY) == []
    for period in ("2024", "2025", "2026", "2027"):
        if series.is_past(period):
            with pytest.raises(PeriodTooOld):
                series.draw(UUID(int=6), date(int(period), 12, 31))
            continue
        assert all(n < series.next_number(period) for p, n in left | given_here if p == period)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5), st.integers(0, 12), st.integers(0, 12))
def test_the_gap_report_explains_every_lost_number(here: int, certain: int, perhaps: int) -> None:
    series = opened(Reset.YEARLY)
    drawn(series, "2026", here)
    found = losses(series, {"2026": OutsideCount(certain, perhaps)}, TODAY)
    numbers = {n for each in found for n in range(each.first, each.last + 1)}
    for loss in found:
        series.leave_out(loss.period, loss.last, reason=f"lost: {loss.certain}", by="operator")
    drawn(series, "2026", 1)
    events = series.recorded
    taken = [(e.period, e.number) for e in events if isinstance(e, NumberDrawn)]
    skipped = [
        Skipped(period=e.period, first=e.first_skipped, last=e.next - 1, reason=e.reason, by=e.by)
        for e in events
        if isinstance(e, NextNumberSet)
    ]
    report = gaps(taken, skipped, starts=series.starts)
    assert {n for each in report for n in range(each.first, each.last + 1)} == numbers
    assert all(each.explained for each in report)
    last = max([here, certain, perhaps])
    assert taken[-1] == ("2026", last + 1)


@pytest.mark.parametrize(("certain", "perhaps"), list(product(range(4), repeat=2)))
def test_a_series_that_was_copied_before_its_first_number_goes_on_behind(
    certain: int, perhaps: int
) -> None:
    series = opened(Reset.NONE)
    for loss in losses(series, {"all": OutsideCount(certain, perhaps)}, TODAY):
        series.leave_out(loss.period, loss.last, reason="copied", by="operator")
    assert series.draw(UUID(int=5), TODAY) == f"R{max(certain, perhaps) + 1}"


@pytest.mark.parametrize(
    ("outside", "expected"),
    [
        ({"2025": (101, 101), "2026": (3, 5)}, {"2025": 102, "2026": 6}),
        ({"2025": (101, 104), "2026": (0, 5)}, {"2025": 105, "2026": 6}),
        ({"2025": (2, 2), "2026": (100, 104)}, {"2025": 3, "2026": 105}),
        ({"2025": (0, 104), "2026": (0, 0)}, {"2025": 105, "2026": 1}),
    ],
)
def test_a_series_set_back_behind_its_first_number_begins_once_at_its_start(
    outside: dict[str, tuple[int, int]], expected: dict[str, int]
) -> None:
    """Opened in December at 100, restored in January: January's numbers began at 1 and were given.

    Which period began at the start is told by the numbers: no other reaches it so early.
    """
    series = opened(Reset.YEARLY, start=100)
    found = losses(series, {p: OutsideCount(*count) for p, count in outside.items()}, TODAY)
    for loss in found:
        assert loss.first == series.next_number(loss.period)
        series.leave_out(loss.period, loss.last, reason="restored", by="operator")
    assert {period: series.next_number(period) for period in outside} == expected
