"""Each supply of the matrix has the taxes, the scheme, the reason and the source that it states."""

from decimal import Decimal

import pytest

from invx.rules.tax.determine import determine
from invx.rules.tax.outcome import Determination, Undetermined
from tests.unit.rules.tax.rows import MATRIX, Row, matrix
from tests.unit.rules.tax.shipped import packs_with

ROWS = matrix(MATRIX.read_text())
SUPPLIES_MIN = 300


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_a_supply_is_taxed_as_the_law_says(row: Row) -> None:
    answer = determine(row.facts, packs_with())
    if row.scheme == "?":
        assert isinstance(answer, Undetermined), answer
        (question,) = answer.questions
        assert question.pointer == row.place
        assert row.source in question.asks
        return
    assert isinstance(answer, Determination), answer
    (tax,) = answer.taxes
    assert (answer.scheme, tax.category, tax.rate) == (row.scheme, row.category, Decimal(row.rate))
    assert answer.place == row.place
    assert (tax.reason_code or "") == row.reason_code
    assert row.source in answer.source


def test_the_matrix_is_large_and_names_each_supply_once() -> None:
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names)) >= SUPPLIES_MIN
    assert [row.name for row in ROWS if not row.source] == [], (
        "each says which law, or what it asks"
    )
