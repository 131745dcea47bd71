"""The table of treatments: revenue, what is discounted and what is written off, in both charts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting
from invx.contexts.invoicing.domain.content import LineSupply
from invx.contexts.invoicing.domain.party import Address
from invx.rules.tax.model import SupplyKind
from invx.rules.totals.model import Profile, Tax
from tests.unit.invoicing.domain.drafts import BUYER, D, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, Case, entity

HEAD, *ROWS = [
    text.split("\t")
    for text in (Path(__file__).parent / "accounts.tsv").read_text("utf-8").splitlines()
]
CASES = [dict(zip(HEAD, row, strict=True)) for row in ROWS]


def booked(case: dict[str, Any]) -> str:
    """The account on which the purpose of this row is booked."""
    supply = None if case["supply"] == "-" else LineSupply(kind=SupplyKind(case["supply"]))
    bears = Tax(
        category=case["category"],
        rate=D(case["rate"]),
        jurisdiction=None if case["tax of"] == "-" else case["tax of"],
        reason_code=None if case["reason"] == "-" else case["reason"],
    )
    said = content(
        line("1", "100", "1", bears, supply=supply),
        buyer=replace(BUYER, address=Address(country=case["buyer in"])),
        profile=Profile.PLAIN,  # what an e-invoice must say beside is no matter here
    )
    subject = Case.of(said, entity(ACCRUAL, accounting=Accounting(chart=case["chart"])))
    if case["purpose"] == "revenue":
        return subject.settlement.journal.bookings[0].credit
    subject.post({"discount": "take_discount", "write_off": "write_off"}[case["purpose"]])
    made = subject.settlement.journal.bookings[-1]
    assert made.kind == case["purpose"]
    return made.debit


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
def test_each_row_of_the_table_is_booked_there(chart: str) -> None:
    wrong = {
        (case["treatment"], case["purpose"]): (found, case["account"])
        for case in CASES
        if case["chart"] == chart and (found := booked(case)) != case["account"]
    }
    assert wrong == {}


def test_the_table_has_every_treatment_in_both_charts_for_every_purpose() -> None:
    told = {(case["treatment"], case["chart"], case["purpose"]) for case in CASES}
    assert len(told) == len(CASES) == len({case["treatment"] for case in CASES}) * 2 * 3
