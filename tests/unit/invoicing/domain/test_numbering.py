"""Patterns of document numbers, the periods they count in, and the report of missing numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.numbering import (
    NUMBER_MAX,
    TEXT_CHARS_MAX,
    Gap,
    Reset,
    Skipped,
    gaps,
    pattern_problems,
    period_of,
    period_start,
    render,
)

DAY = date(2026, 3, 9)


class TestRendering:
    @pytest.mark.parametrize(
        "pattern,number,text",
        [
            ("{YYYY}-{number:04}", 1, "2026-0001"),
            ("{YYYY}-{number:04}", 12345, "2026-12345"),
            ("{number}", 7, "7"),
            ("R{YY}{MM}/{number:05}", 42, "R2603/00042"),
            ("{number:06}.{YYYY}", 15422, "015422.2026"),
            ("RÉ {number:010}", 3, "RÉ 0000000003"),
        ],
    )
    def test_fields_are_filled_and_the_rest_stands(self, pattern, number, text):
        assert pattern_problems(pattern, Reset.NONE) == []
        assert render(pattern, number, DAY) == text

    def test_a_year_ends_in_two_digits_even_when_they_are_zeros(self):
        assert render("{YY}-{number}", 1, date(2100, 1, 1)) == "00-1"


class TestBadPatterns:
    @pytest.mark.parametrize(
        "pattern,reset,word",
        [
            ("", Reset.NONE, "exactly one"),
            ("INV", Reset.NONE, "exactly one"),
            ("{number}-{number:04}", Reset.NONE, "exactly one"),
            ("{YYYY}-{No}", Reset.NONE, "{No}"),
            ("{number:4}", Reset.NONE, "{number:4}"),
            ("{number:00}", Reset.NONE, "{number:00}"),
            ("{number:011}", Reset.NONE, "{number:011}"),
            ("{yyyy}-{number}", Reset.YEARLY, "{yyyy}"),
            ("{number", Reset.NONE, "Only letters"),
            ("{{number}}", Reset.NONE, "Only letters"),
            ("A\n{number}", Reset.NONE, "Only letters"),
            ("<b>{number}", Reset.NONE, "Only letters"),
            (" {number}", Reset.NONE, "blank"),
            ("{number} ", Reset.NONE, "blank"),
            ("{MM}-{number}", Reset.YEARLY, "{YYYY}"),
            ("{number}", Reset.MONTHLY, "{MM}"),
            ("{YYYY}-{number}", Reset.MONTHLY, "{MM}"),
            ("INVOICE-OF-OUR-HOUSE-{number}", Reset.NONE, "30"),
        ],
    )
    def test_a_pattern_that_breaks_a_rule_is_named_by_pointer(self, pattern, reset, word):
        problems = pattern_problems(pattern, reset)
        assert problems
        assert {problem.pointer for problem in problems} == {"/pattern"}
        assert any(word in problem.detail for problem in problems)

    def test_thirty_characters_are_enough_and_thirty_one_too_many(self):
        assert pattern_problems("X" * 20 + "{number}", Reset.NONE) == []
        assert pattern_problems("X" * 21 + "{number}", Reset.NONE)


class TestPeriods:
    @pytest.mark.parametrize(
        "reset,period",
        [(Reset.NONE, "all"), (Reset.YEARLY, "2026"), (Reset.MONTHLY, "2026-03")],
    )
    def test_a_date_counts_in_one_period(self, reset, period):
        assert period_of(DAY, reset) == period

    @pytest.mark.parametrize(
        "period,reset,start",
        [
            ("2026", Reset.YEARLY, date(2026, 1, 1)),
            ("2026-03", Reset.MONTHLY, date(2026, 3, 1)),
            ("all", Reset.NONE, None),
            ("2026-03", Reset.YEARLY, None),
            ("2026", Reset.MONTHLY, None),
            ("2026-13", Reset.MONTHLY, None),
            ("26", Reset.YEARLY, None),
            ("", Reset.YEARLY, None),
        ],
    )
    def test_only_what_we_write_ourselves_is_a_period(self, period, reset, start):
        assert period_start(period, reset) == start


parts = st.sampled_from(["A", "7", "-", "/", "{YY}", "{YYYY}", "{MM}", "0"])
patterns = st.tuples(
    st.lists(parts, max_size=4), st.sampled_from(["{number}", "{number:03}"]), st.lists(parts)
).map(lambda pieces: "".join([*pieces[0], pieces[1], *pieces[2]]))
days = st.dates(date(2020, 1, 1), date(2060, 12, 31))


@given(
    pattern=patterns,
    reset=st.sampled_from(Reset),
    draws=st.lists(st.tuples(days, st.integers(1, 1200)), min_size=2, max_size=2),
)
def test_two_documents_of_a_series_never_show_the_same_text(pattern, reset, draws):
    if pattern_problems(pattern, reset):
        return
    (one_day, one), (other_day, other) = draws
    same = (period_of(one_day, reset), one) == (period_of(other_day, reset), other)
    if not same and (one != other or reset is not Reset.NONE):
        assert render(pattern, one, one_day) != render(pattern, other, other_day)


@given(pattern=patterns, reset=st.sampled_from(Reset), number=st.integers(1, NUMBER_MAX), on=days)
def test_an_accepted_pattern_never_grows_too_long(pattern, reset, number, on):
    if not pattern_problems(pattern, reset):
        assert len(render(pattern, number, on)) <= TEXT_CHARS_MAX


def skipped(first, last, reason="moved", period="all"):
    return Skipped(period=period, first=first, last=last, reason=reason, by="user:1")


def missing(report):
    return [(gap.period, gap.first, gap.last, gap.reason) for gap in report]


class TestGaps:
    def test_n01_each_missing_number_is_named_with_its_reason(self):
        drawn = [("all", 10306), ("all", 10309), ("all", 10311)]
        known = [skipped(10307, 10308, "two forms were spoilt"), skipped(10310, 10310, "test")]
        report = gaps(drawn, known, starts={"all": 10306})
        assert missing(report) == [
            ("all", 10307, 10308, "two forms were spoilt"),
            ("all", 10310, 10310, "test"),
        ]
        assert all(gap.explained for gap in report)

    def test_n01_a_number_that_nobody_left_out_is_a_defect(self):
        report = gaps([("all", 1), ("all", 3)], [], starts={})
        assert report == [Gap(period="all", first=2, last=2)]
        assert not report[0].explained

    def test_n01_an_issued_series_has_no_gaps(self):
        assert gaps([("2026", number) for number in range(1, 2000)], [], starts={}) == []

    def test_the_order_in_which_numbers_come_does_not_matter(self):
        assert gaps([("all", 3), ("all", 1), ("all", 2)], [], starts={}) == []

    def test_each_period_begins_at_one_unless_it_is_the_first(self):
        drawn = [("2025", 500), ("2025", 501), ("2026", 2)]
        report = gaps(drawn, [], starts={"2025": 500})
        assert missing(report) == [("2026", 1, 1, None)]

    def test_a_missing_start_is_found(self):
        assert missing(gaps([("2026", 4)], [], starts={"2026": 2})) == [("2026", 2, 3, None)]

    def test_numbers_left_out_before_anything_was_drawn_are_named_too(self):
        assert missing(gaps([], [skipped(1, 15421)], starts={})) == [("all", 1, 15421, "moved")]

    def test_a_gap_that_is_explained_in_part_is_cut_there(self):
        drawn = [("all", 1), ("all", 10)]
        report = gaps(drawn, [skipped(4, 5, "b"), skipped(6, 6, "c")], starts={})
        assert missing(report) == [
            ("all", 2, 3, None),
            ("all", 4, 5, "b"),
            ("all", 6, 6, "c"),
            ("all", 7, 9, None),
        ]

    def test_a_reason_that_was_erased_still_counts_as_an_explanation(self):
        report = gaps([], [skipped(1, 2, None)], starts={})
        assert report[0].explained

    def test_periods_are_kept_apart(self):
        report = gaps([("2026", 1), ("2027", 2)], [skipped(1, 1, "new", "2027")], starts={})
        assert missing(report) == [("2027", 1, 1, "new")]


@given(
    drawn=st.sets(st.integers(1, 60)),
    cuts=st.sets(st.integers(1, 60), max_size=8).map(sorted),
    start=st.integers(1, 3),
)
def test_drawn_and_reported_numbers_together_are_all_numbers(drawn, cuts, start):
    drawn = {number for number in drawn if number >= start}
    known = [skipped(cut, cut) for cut in cuts if cut >= start and cut not in drawn]
    report = gaps([("all", number) for number in drawn], known, starts={"all": start})
    reported = [number for gap in report for number in range(gap.first, gap.last + 1)]
    end = max([start - 1, *drawn, *(skip.last for skip in known)])
    assert sorted([*drawn, *reported]) == list(range(start, end + 1))
    explained = {gap.first for gap in report if gap.explained}
    assert explained == {skip.first for skip in known}
