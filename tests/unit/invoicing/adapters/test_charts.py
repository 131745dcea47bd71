"""The shipped charts, and texts that are none."""

import pytest

from invx.contexts.invoicing.adapters.charts import ChartInvalid, chart_of, shipped_charts
from invx.contexts.invoicing.domain.bookkeeping.chart import (
    CONDITIONS,
    AccountRow,
    Purpose,
    doubled,
)

HEAD = 'code = "X"\nname = "X"\nversion = "1"\nsource = "s"\n'
WRONG = {
    "code = ": "/",
    HEAD + "colour = 1": "/colour",
    HEAD + '[[row]]\npurpose = "profit"\naccount = "1000"': "/",
    HEAD + '[[row]]\npurpose = "bank"': "/row/0",
    HEAD + '[[row]]\npurpose = "bank"\naccount = "1000"\nasks = "?"': "/row/0",
    HEAD + '[[row]]\npurpose = "bank"\naccount = "10"': "/row/0/account",
    HEAD + '[[row]]\npurpose = "bank"\naccount = "1000"\nplace = "home"': "/row/0/place",
    HEAD + 2 * '[[row]]\npurpose = "bank"\naccount = "1000"\n': "/row/1",
}


def test_the_charts_are_those_two_and_have_everything() -> None:
    charts = shipped_charts()
    assert list(charts) == ["SKR03", "SKR04"]
    for chart in charts.values():
        assert chart.source.startswith("DATEV-Kontenrahmen")
        general = {row.purpose for row in chart.rows if not any(row.weight[0])}
        assert general == {*Purpose} - {Purpose.REVENUE, Purpose.TAX}
        assert not doubled(chart.rows)
        # Automatic or without German tax; what is put aside and taken back is taxed only once.
        keyed = {row.purpose for row in chart.rows if row.tax_key is not None}
        assert keyed == {Purpose.DEFERRAL}


def test_both_charts_know_the_same_things() -> None:
    one, other = (
        [(row.conditions, row.automatic, row.asks) for row in chart.rows]
        for chart in shipped_charts().values()
    )
    assert one == other


def test_a_chart_has_no_condition_that_a_row_lacks() -> None:
    assert set(CONDITIONS) <= set(AccountRow.__slots__)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_chart_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(ChartInvalid) as refusal:
        chart_of(text)
    assert [each.pointer for each in refusal.value.problems] == [WRONG[text]]
