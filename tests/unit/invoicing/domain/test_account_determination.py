"""Account determination: a table of treatments and charts, and how rows win over one another."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from invx.contexts.invoicing.domain.bookkeeping.accounting import Accounting, accounting_problems
from invx.contexts.invoicing.domain.bookkeeping.accounts import Accounts, accounts_of, rows_of
from invx.contexts.invoicing.domain.bookkeeping.chart import (
    AccountRow,
    Purpose,
    Treatment,
    Whereabouts,
    find,
)
from invx.contexts.invoicing.domain.content import Content, LineSupply
from invx.contexts.invoicing.domain.document_events import Links
from invx.contexts.invoicing.domain.party import Address, Registration
from invx.kernel.errors import Problem
from invx.rules.tax.model import Special, SupplyKind
from invx.rules.totals.model import Regime, Tax
from tests.unit.invoicing.domain.drafts import (
    BUYER,
    S7,
    S19,
    TODAY,
    D,
    Z,
    content,
    drafted,
    finalize,
    line,
    off,
    totalled,
)
from tests.unit.invoicing.domain.taxed import ACCRUAL, CHARTS, entity

SMALL = replace(ACCRUAL, special=Special.SMALL_BUSINESS)


def tax(category: str, rate: str = "0", **more: Any) -> Tax:
    return Tax(category=category, rate=D(rate), **more)


AUSTRIAN = tax("S", "20", jurisdiction="AT")
DUTCH = tax("S", "21", jurisdiction="NL")
# What a line bears, where the buyer is, what is supplied; then the accounts of SKR03 and SKR04.
TABLE: list[tuple[str, Tax, str, SupplyKind | None, str, str, bool]] = [
    ("19 %", S19, "DE", None, "8400", "4400", True),
    ("19 % to Poland, below the limit", S19, "PL", SupplyKind.GOODS, "8400", "4400", True),
    ("7 %", S7, "DE", None, "8300", "4300", True),
    ("16 % of 2020", tax("S", "16"), "DE", None, "8340", "4340", True),
    ("0 % § 12 (3)", Z, "DE", None, "8290", "4290", True),
    ("intra-community", tax("K"), "FR", SupplyKind.GOODS, "8125", "4125", True),
    ("export", tax("G"), "CH", SupplyKind.GOODS, "8120", "4120", True),
    ("§ 13b at home", tax("AE"), "DE", None, "8337", "4337", True),
    ("§ 3a (2), union", tax("AE"), "AT", SupplyKind.SERVICES, "8336", "4336", True),
    ("reverse charge abroad", tax("AE"), "CH", SupplyKind.SERVICES, "8338", "4338", True),
    ("not taxable, abroad", tax("O"), "US", SupplyKind.SERVICES, "8338", "4338", True),
    ("not taxable, union", tax("O"), "NL", SupplyKind.SERVICES, "8339", "4339", True),
    ("OSS, goods", AUSTRIAN, "AT", SupplyKind.GOODS, "8320", "4320", False),
    ("OSS, digital", DUTCH, "NL", SupplyKind.DIGITAL, "8331", "4331", False),
    ("§ 4 Nr. 21", tax("E", reason_code="VATEX-EU-132-1I"), "DE", None, "8100", "4100", True),
    ("§ 4 Nr. 8", tax("E", reason_code="VATEX-EU-135-1"), "DE", None, "8100", "4100", True),
    ("§ 4 Nr. 7", tax("E", reason_code="VATEX-EU-151"), "BE", None, "8150", "4150", True),
]
ASKED = [
    ("5 %, no account", tax("S", "5"), "DE"),
    ("exempt, nobody says why", tax("E"), "DE"),
    ("margin scheme", tax("E", reason_code="VATEX-EU-F"), "DE"),
    ("not taxable at home", tax("O"), "DE"),
    ("tax of another member state, supply unknown", tax("S", "20", jurisdiction="AT"), "AT"),
    ("Swiss tax", tax("S", "8.1", jurisdiction="CH"), "CH"),
    ("IGIC", tax("L", "7", jurisdiction="ES"), "ES"),
    ("sales tax", tax("X", "8.25", regime=Regime.SALES, jurisdiction="US-TX"), "US"),
]


def found(said: Content, chart: str | None = "SKR03", *own: AccountRow, **more: Any) -> Accounts:
    seller = entity(
        more.pop("registration", ACCRUAL), accounting=Accounting(chart=chart, overrides=own, **more)
    )
    rows = rows_of(said, seller, CHARTS, TODAY)
    assert rows is not None
    return accounts_of((said, totalled(said)), seller, rows)


def said_of(bears: Tax, country: str, kind: SupplyKind | None = None, **more: Any) -> Content:
    supply = LineSupply(kind=kind) if kind else None
    buyer = replace(BUYER, address=Address(country=country))
    return content(line("1", "100", "1", bears, supply=supply), buyer=buyer, **more)


def accounts(result: Accounts) -> list[str]:
    assert not result.problems, result.problems
    return [each.account.account for each in result.lines]


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_each_treatment_has_its_account(row: Any, chart: str) -> None:
    _, bears, country, kind, skr03, skr04, automatic = row
    [told] = found(said_of(bears, country, kind), chart).lines
    assert told.account.account == {"SKR03": skr03, "SKR04": skr04}[chart]
    assert told.account.automatic is automatic
    assert told.account.tax_key is None
    assert told.why.startswith(f"{chart}: ")


@pytest.mark.parametrize("chart", ["SKR03", "SKR04"])
@pytest.mark.parametrize("row", ASKED, ids=[row[0] for row in ASKED])
def test_what_no_row_decides_is_asked_and_names_the_line(row: Any, chart: str) -> None:
    _, bears, country = row
    result = found(said_of(bears, country), chart)
    assert result.problems[0].pointer == "/lines/0/ledger_account"
    assert {each.code for each in result.problems} == {"account_missing"}


@pytest.mark.parametrize("category", ["E", "O"])
def test_a_small_business_has_one_account_for_all_that_it_sells(category: str) -> None:
    said = said_of(tax(category, reason_code="VATEX-EU-132-1I"), "DE")
    result = found(said, registration=SMALL)
    if category == "E":
        assert accounts(result) == ["8192"]
        assert result.lines[0].scheme == "small_business"
    else:
        assert result.problems


def row(**more: Any) -> AccountRow:
    return AccountRow(**{"purpose": Purpose.REVENUE, **more})


def test_one_fitting_row_of_ones_own_wins_over_the_whole_chart() -> None:
    assert accounts(found(said_of(S19, "DE"), "SKR03", row(account="8401"))) == ["8401"]
    narrow = row(account="8402", country="AT")
    assert accounts(found(said_of(S19, "DE"), "SKR03", narrow)) == ["8400"]


def test_the_more_telling_condition_wins_whatever_the_order() -> None:
    rows = [
        row(account="1000"),
        row(account="1001", currency="EUR"),
        row(account="1002", category="S"),
        row(account="1003", rate=D(19)),
        row(account="1004", where=Whereabouts.HOME),
        row(account="1005", country="DE"),
        row(account="1006", kind=SupplyKind.GOODS),
        row(account="1007", scheme="domestic"),
        row(account="1008", reason="VATEX-*"),
        row(account="1009", reason="VATEX-EU-1*"),
        row(account="1010", product="books"),
    ]
    wanted = Treatment(
        category="S",
        rate=D(19),
        where=Whereabouts.HOME,
        country="DE",
        scheme="domestic",
        reason="VATEX-EU-132",
        kind=SupplyKind.GOODS,
        product="books",
        currency="EUR",
    )
    for count in range(1, len(rows) + 1):
        for order in (rows[:count], rows[:count][::-1]):
            decided = find(order, None, Purpose.REVENUE, wanted, TODAY)
            assert decided is not None
            assert decided.row is rows[count - 1]


def test_rows_hold_on_their_days() -> None:
    old = row(account="8401", valid_until=date(2026, 2, 28))
    new = row(account="8402", valid_from=date(2026, 3, 1))
    result = found(said_of(S19, "DE", supply_date=date(2026, 2, 28)), "SKR03", old, new)
    assert accounts(result) == ["8401"]
    assert accounts(found(said_of(S19, "DE"), "SKR03", old, new)) == ["8402"]


def test_a_line_keeps_the_account_and_the_key_that_it_states() -> None:
    said = content(
        line("1", "10", ledger_account="8590", tax_key="3"),
        line("2", "10", ledger_account="8591"),
        line("3", "10", tax_key="101"),
    )
    told = [each.account for each in found(said).lines]
    assert [(each.account, each.tax_key, each.automatic) for each in told] == [
        ("8590", "3", False),
        ("8591", None, True),
        ("8400", "101", False),
    ]


def test_what_is_no_account_and_no_cost_centre_is_refused_where_it_stands() -> None:
    said = content(
        line("1", "10", ledger_account="Sales", tax_key="x"),
        line("2", "10", dimensions={"dept/a": "§§"}),
    )
    result = found(said, cost_center_dimension="dept/a")
    assert {(each.pointer, each.code) for each in result.problems} == {
        ("/lines/0/ledger_account", "ledger_account_malformed"),
        ("/lines/0/tax_key", "tax_key_malformed"),
        ("/lines/1/dimensions/dept~1a", "cost_malformed"),
    }


def test_without_a_chart_everything_that_may_happen_needs_a_row() -> None:
    result = found(said_of(S19, "DE"), None, row(account="8400"))
    missing = {each.detail for each in result.problems}
    assert "There is no account for bank." in missing
    assert len(missing) == 9
    general = [row(purpose=each, account="1000") for each in Purpose]
    assert accounts(found(said_of(S19, "DE"), None, *general)) == ["1000"]


def test_a_tax_beside_vat_is_owed_on_an_account_of_its_own() -> None:
    texan = tax("state", "6.25", regime=Regime.SALES, jurisdiction="US-TX")
    own = [
        row(account="8338", regime=Regime.SALES),
        row(purpose=Purpose.TAX, account="1768", regime=Regime.SALES, country="US"),
    ]
    result = found(said_of(texan, "US", profile="plain"), "SKR03", *own)
    assert accounts(result) == ["8338", "1768"]
    assert result.lines[1].tax_beside


def test_discounts_of_the_document_go_where_the_largest_line_of_their_taxes_is() -> None:
    said = content(
        line("1", "10", ledger_account="8401"),
        line("2", "30", ledger_account="8402"),
        line("3", "99", "1", S7),
        discounts=(off("8"),),
    )
    result = found(said)
    assert accounts(result) == ["8401", "8402", "8300", "8402", "8300"]
    assert [each.line_id for each in result.lines] == ["1", "2", "3", None, None]


def test_a_credit_note_is_booked_where_the_original_was() -> None:
    original = content(line("1", "10", ledger_account="8401"))
    told = found(original).lines
    document = finalize(drafted(original))
    note = drafted(original, name="note", links=Links(credits=document.id))
    seller = entity(ACCRUAL, accounting=Accounting(chart="SKR04"))
    plain = replace(note.content, lines=(line("1", "10"), line("x", "1")))
    rows = rows_of(plain, seller, CHARTS, TODAY)
    assert rows is not None
    result = accounts_of((plain, totalled(plain)), seller, rows, told)
    assert accounts(result) == ["8401", "8401"]
    assert {each.why for each in result.lines} == {"as the original"}


def test_settings_name_each_field_at_fault() -> None:
    rows = (
        row(account="84"),
        row(account="8400", tax_key="long1"),
        row(account="8400", country="ZZ"),
        row(account="1" * 4, currency="CHF", valid_from=date(2026, 4, 1), valid_until=TODAY),
        row(account="8401", category="S"),
        row(account="8402", category="S", valid_from=date(2026, 1, 1)),
    )
    problems = list(accounting_problems(Accounting(overrides=rows)))
    assert _told(problems) == {
        ("/0/account", "account_malformed"),
        ("/1/tax_key", "tax_key_malformed"),
        ("/1", "account_rows_overlap"),
        ("/2/country", "country_unknown"),
        ("/3/valid_until", "validity_reversed"),
        ("/5", "account_rows_overlap"),
    }


def _told(problems: list[Problem]) -> set[tuple[str, str]]:
    return {(each.pointer.removeprefix("/accounting/overrides"), each.code) for each in problems}


def test_a_registration_decides_the_home_and_a_proforma_has_no_books() -> None:
    seller = entity(Registration(country="DE", vat_id="DE342118907"))
    assert rows_of(content(line("1", "1")), seller, CHARTS, TODAY) is None
