"""Series: gapless numbers in the order of dates, by period; held, raised and restored."""

import json
from datetime import date, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.numbering import NUMBER_MAX, Reset, Skipped, gaps
from invx.contexts.invoicing.domain.series import (
    DateBeforeLast,
    NextNumberNotHigher,
    NumbersExhausted,
    PeriodInvalid,
    PeriodTooOld,
    Series,
    SeriesInvalid,
    SeriesOnHold,
)
from invx.contexts.invoicing.domain.series_definition import SeriesDefinition, default_series
from invx.contexts.invoicing.domain.series_events import (
    NextNumberSet,
    NumberDrawn,
    SeriesHeld,
    SeriesOpened,
    SeriesReleased,
)
from invx.kernel.errors import DomainError, InvariantViolation, Kind
from invx.kernel.messages import Event

ENTITY = UUID(int=2)
DAY = date(2026, 3, 9)
TODAY = {"today": DAY, "reason": "moved from another system", "by": "user:1"}
T = DocumentType


def definition(**changes):
    settings = {"name": "Invoices", "pattern": "{YYYY}/{number:06}", "types": (T.INVOICE,)}
    return SeriesDefinition(**{**settings, **changes})


def opened(**changes):
    series = Series.open(UUID(int=1), legal_entity_id=ENTITY, definition=definition(**changes))
    series.recorded.clear()
    return series


def draw(series, on=DAY, times=1):
    return [series.draw(UUID(int=100 + number), on) for number in range(times)][-1]


def skips(series):
    return [
        Skipped(
            period=event.period,
            first=event.first_skipped,
            last=event.next - 1,
            reason=event.reason,
            by=event.by,
        )
        for event in series.recorded
        if isinstance(event, NextNumberSet)
    ]


class TestOpening:
    def test_a_series_is_opened_with_its_definition(self):
        series = Series.open(UUID(int=1), legal_entity_id=ENTITY, definition=definition())
        assert series.recorded == [SeriesOpened(legal_entity_id=ENTITY, definition=definition())]
        assert series.serves(T.INVOICE)
        assert not series.serves(T.CREDIT_NOTE)

    @pytest.mark.parametrize(
        "changes,pointer",
        [
            ({"pattern": "{number}"}, "/pattern"),
            ({"name": "  "}, "/name"),
            ({"name": "x" * 301}, "/name"),
            ({"types": ()}, "/types"),
            ({"types": (T.INVOICE, T.INVOICE)}, "/types"),
            ({"types": (T.INVOICE, T.PROFORMA)}, "/types"),
            ({"types": (T.PROFORMA,)}, "/legal"),
            ({"legal": False}, "/legal"),
            ({"start": 0}, "/start"),
            ({"start": NUMBER_MAX + 1}, "/start"),
        ],
    )
    def test_a_definition_that_breaks_a_rule_is_refused_by_pointer(self, changes, pointer):
        with pytest.raises(SeriesInvalid) as refused:
            opened(**changes)
        assert [problem.pointer for problem in refused.value.problems] == [pointer]

    def test_a_new_legal_entity_gets_one_series_per_type(self):
        series = default_series()
        assert [(each.types, each.legal) for each in series] == [
            ((T.INVOICE,), True),
            ((T.CREDIT_NOTE,), True),
            ((T.PROFORMA,), False),
        ]
        texts = [
            draw(Series.open(UUID(int=1), legal_entity_id=ENTITY, definition=each))
            for each in series
        ]
        assert texts == ["2026-0001", "CN-2026-0001", "PF-2026-0001"]

    def test_only_the_wanted_defaults_are_made(self):
        assert [each.name for each in default_series([T.CREDIT_NOTE])] == ["Credit note"]


class TestDrawing:
    def test_numbers_follow_each_other(self):
        series = opened()
        assert [draw(series), draw(series), draw(series)] == [
            "2026/000001",
            "2026/000002",
            "2026/000003",
        ]
        assert series.recorded[-1] == NumberDrawn(
            legal_entity_id=ENTITY,
            document_id=UUID(int=100),
            period="2026",
            number=3,
            text="2026/000003",
            on=DAY,
        )

    def test_n02_the_first_invoice_of_a_year_starts_the_count_anew(self):
        series = opened()
        draw(series, date(2025, 12, 31), times=114)
        assert draw(series, date(2026, 1, 1)) == "2026/000001"

    def test_n02_a_backdated_invoice_continues_the_old_year(self):
        series = opened()
        draw(series, date(2025, 12, 30), times=114)
        draw(series, date(2026, 1, 1))
        assert draw(series, date(2025, 12, 31)) == "2025/000115"
        assert draw(series, date(2026, 1, 1)) == "2026/000002"

    def test_a_monthly_series_starts_anew_each_month(self):
        series = opened(pattern="{YY}{MM}-{number:03}", reset=Reset.MONTHLY)
        draw(series, date(2026, 1, 31), times=9)
        assert draw(series, date(2026, 2, 1)) == "2602-001"
        assert draw(series, date(2026, 1, 31)) == "2601-010"

    def test_a_series_without_reset_goes_on_over_the_years(self):
        series = opened(pattern="{number}", reset=Reset.NONE)
        draw(series, date(2025, 12, 31))
        assert draw(series, date(2040, 1, 1)) == "2"

    def test_only_the_first_period_begins_at_the_chosen_start(self):
        series = opened(start=500)
        assert draw(series, date(2026, 5, 1)) == "2026/000500"
        assert draw(series, date(2027, 1, 1)) == "2027/000001"
        assert series.starts == {"2026": 500}

    def test_types_that_share_a_series_share_its_numbers(self):
        series = opened(types=(T.INVOICE, T.CREDIT_NOTE))
        assert series.serves(T.CREDIT_NOTE)
        assert [draw(series), draw(series)] == ["2026/000001", "2026/000002"]

    def test_n12_two_series_may_give_the_same_number(self):
        one, other = (opened(pattern="INV-{number}", reset=Reset.NONE) for _ in range(2))
        assert draw(one) == draw(other) == "INV-1"

    def test_a_date_before_the_last_one_is_refused_and_the_last_one_named(self):
        series = opened()
        draw(series, date(2026, 3, 9))
        with pytest.raises(DateBeforeLast) as refused:
            draw(series, date(2026, 3, 8))
        assert "2026-03-09" in refused.value.detail
        assert refused.value.kind is Kind.CONFLICT
        assert draw(series, date(2026, 3, 9)) == "2026/000002"

    def test_the_last_number_is_the_last(self):
        series = opened(start=NUMBER_MAX, pattern="{YYYY}-{number}")
        assert draw(series) == f"2026-{NUMBER_MAX}"
        with pytest.raises(NumbersExhausted):
            draw(series)


class TestNextNumber:
    def test_n03_a_series_moved_from_another_system_goes_on_where_that_ended(self):
        series = opened()
        series.set_next(15422, **TODAY)
        assert draw(series) == "2026/015422"
        assert draw(series) == "2026/015423"
        assert series.recorded[0] == NextNumberSet(
            legal_entity_id=ENTITY,
            period="2026",
            first_skipped=1,
            next=15422,
            reason="moved from another system",
            by="user:1",
        )

    def test_n03_setting_what_comes_next_anyway_changes_nothing(self):
        series = opened()
        draw(series, times=3)
        series.recorded.clear()
        series.set_next(4, **TODAY)
        assert series.recorded == []

    @pytest.mark.parametrize("number", [3, 1, 0, -5, NUMBER_MAX + 1])
    def test_the_next_number_is_only_ever_raised(self, number):
        series = opened()
        draw(series, times=3)
        with pytest.raises(NextNumberNotHigher) as refused:
            series.set_next(number, **TODAY)
        assert refused.value.problems[0].pointer == "/next"

    def test_n01_the_report_names_what_was_left_out_and_why(self):
        series = opened(pattern="{number}", reset=Reset.NONE, start=10306)
        draw(series)
        series.set_next(10309, **{**TODAY, "reason": "printer jam"})
        draw(series)
        series.set_next(10311, **{**TODAY, "reason": "number of a paper invoice"})
        draw(series)
        drawn = [(e.period, e.number) for e in series.recorded if isinstance(e, NumberDrawn)]
        skipped = [
            Skipped(
                period=e.period, first=e.first_skipped, last=e.next - 1, reason=e.reason, by=e.by
            )
            for e in series.recorded
            if isinstance(e, NextNumberSet)
        ]
        report = gaps(drawn, skipped, starts=series.starts)
        assert [(gap.first, gap.last, gap.reason) for gap in report] == [
            (10307, 10308, "printer jam"),
            (10310, 10310, "number of a paper invoice"),
        ]

    def test_the_coming_year_can_be_prepared(self):
        series = opened()
        draw(series)
        series.set_next(1000, period="2027", **TODAY)
        assert draw(series) == "2026/000002"
        assert draw(series, date(2027, 1, 4)) == "2027/001000"

    @pytest.mark.parametrize("period", ["2262", "2028", "2024", "2026-03", "next", "all"])
    def test_a_period_that_is_not_near_is_refused(self, period):
        with pytest.raises(PeriodInvalid) as refused:
            opened().set_next(10, period=period, **TODAY)
        assert refused.value.problems[0].pointer == "/period"

    def test_a_series_without_reset_has_one_period(self):
        series = opened(pattern="{number}", reset=Reset.NONE)
        with pytest.raises(PeriodInvalid):
            series.set_next(10, period="2026", **TODAY)
        series.set_next(10, **TODAY)
        assert draw(series) == "10"

    def test_the_dates_go_on_from_the_last_document_after_a_jump(self):
        series = opened()
        draw(series, DAY)
        series.set_next(50, **TODAY)
        with pytest.raises(DateBeforeLast):
            draw(series, DAY - timedelta(days=1))


class TestHold:
    def test_a_held_series_gives_no_number(self):
        series = opened()
        series.hold("restored from a backup")
        with pytest.raises(SeriesOnHold):
            draw(series)
        series.release("compared with the journal")
        assert draw(series) == "2026/000001"
        assert [type(event) for event in series.recorded[:2]] == [SeriesHeld, SeriesReleased]

    def test_holding_and_releasing_twice_changes_nothing(self):
        series = opened()
        series.release("was not held")
        series.hold("once")
        series.hold("twice")
        assert [type(event) for event in series.recorded] == [SeriesHeld]

    def test_the_next_number_can_be_raised_while_the_series_is_held(self):
        series = opened()
        series.hold("restored")
        series.set_next(12, **TODAY)
        series.release("compared")
        assert draw(series) == "2026/000012"


class TestBounds:
    def test_periods_of_long_ago_are_forgotten_and_closed(self):
        series = opened()
        for year in range(2020, 2027):
            draw(series, date(year, 5, 1), times=3)
        assert list(series.periods) == ["2024", "2025", "2026"]
        with pytest.raises(PeriodTooOld):
            draw(series, date(2023, 12, 31))
        assert draw(series, date(2024, 12, 31)) == "2024/000004"

    def test_a_monthly_series_keeps_three_years_of_months(self):
        series = opened(pattern="{YYYY}{MM}{number:03}", reset=Reset.MONTHLY)
        for index in range(120):
            draw(series, date(2020 + index // 12, 1 + index % 12, 1))
        assert len(series.periods) == 36
        assert len(json.dumps(series.snapshot())) < 3000

    def test_the_snapshot_holds_no_free_text_of_people(self):
        series = opened()
        series.hold("Ms Doe asked for it")
        series.set_next(9, **{**TODAY, "reason": "Mr Roe said so"})
        text = json.dumps(series.snapshot())
        assert "Doe" not in text
        assert "Roe" not in text


def test_an_event_of_another_aggregate_is_our_defect():
    with pytest.raises(InvariantViolation):
        opened().apply(Event())


days = st.dates(date(2023, 1, 1), date(2029, 12, 31))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("draw"), days),
        st.tuples(st.just("next"), days, st.integers(1, 40)),
        st.tuples(st.sampled_from(["hold", "release"])),
    ),
    max_size=40,
)
definitions = st.sampled_from(
    [
        definition(),
        definition(start=7),
        definition(pattern="{YY}.{MM}.{number}", reset=Reset.MONTHLY),
        definition(pattern="{number:03}", reset=Reset.NONE, start=3),
    ]
)


def perform(series, step):
    try:
        match step:
            case ("draw", on):
                return series.draw(UUID(int=1), on)
            case ("next", on, number):
                return series.set_next(number, today=on, reason="r", by="b")
            case ("hold",):
                return series.hold("r")
            case _:
                return series.release("r")
    except DomainError as error:
        return error.code


@given(definition=definitions, before=steps, after=steps)
def test_a_series_restored_from_its_snapshot_behaves_as_after_replay(definition, before, after):
    original = Series.open(UUID(int=1), legal_entity_id=ENTITY, definition=definition)
    for step in before:
        perform(original, step)
    stored = [(type(event), msgspec.json.encode(event)) for event in original.recorded]
    events = [msgspec.json.decode(body, type=kind) for kind, body in stored]
    replayed = Series.rehydrate(original.id, events)
    kept = json.loads(json.dumps(original.snapshot()))
    restored = Series.restore(original.id, original.version, kept)
    for step in after:
        answers = {perform(series, step) for series in (original, replayed, restored)}
        assert len(answers) == 1
    assert restored.recorded == replayed.recorded
    assert restored.version == replayed.version == original.version
    assert restored.snapshot() == replayed.snapshot() == original.snapshot()


@given(definition=definitions, sequence=steps)
def test_numbers_are_gapless_unique_and_in_the_order_of_dates(definition, sequence):
    series = Series.open(UUID(int=1), legal_entity_id=ENTITY, definition=definition)
    for step in sequence:
        perform(series, step)
    drawn = [event for event in series.recorded if isinstance(event, NumberDrawn)]
    skipped = skips(series)
    assert len({event.text for event in drawn}) == len(drawn)
    report = gaps([(e.period, e.number) for e in drawn], skipped, starts=series.starts)
    assert all(gap.explained for gap in report)
    for period in {event.period for event in drawn}:
        mine = [event for event in drawn if event.period == period]
        assert [event.number for event in mine] == sorted({event.number for event in mine})
        assert [event.on for event in mine] == sorted(event.on for event in mine)
