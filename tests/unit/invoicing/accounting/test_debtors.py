"""Debtor numbers, and debtors as DATEV's master data."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.adapters.accounting import extf_debtors
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.contexts.invoicing.domain.bookkeeping.debtor_numbers import (
    DebtorNumber,
    DebtorNumbersExhausted,
    Unnumbered,
    give_out,
)
from tests.unit.invoicing.accounting.extf_reader import lines_of, split
from tests.unit.invoicing.accounting.given import SETTINGS

SMALL = ExportSettings(debtors_first=10_000, debtors_last=10_003)


def test_numbers_follow_one_another_and_skip_those_in_use() -> None:
    waiting = [Unnumbered("b"), Unnumbered("a"), Unnumbered("c", "12345")]
    given = give_out(waiting, used=["10001"], last_given=None, settings=ExportSettings())
    assert given == [
        DebtorNumber("a", "10000"),
        DebtorNumber("b", "10002"),
        DebtorNumber("c", "12345", stated=True),
    ]


def test_a_number_is_never_given_out_again() -> None:
    given = give_out([Unnumbered("a")], used=[], last_given=10_041, settings=ExportSettings())
    assert given == [DebtorNumber("a", "10042")]


def test_the_collective_account_is_nobodys_own() -> None:
    waiting = [Unnumbered(each) for each in "abc"]
    given = give_out(waiting, used=[], last_given=None, settings=SMALL)
    assert [each.number for each in given] == ["10000", "10001", "10002"]
    with pytest.raises(DebtorNumbersExhausted):
        give_out([*waiting, Unnumbered("d")], used=[], last_given=None, settings=SMALL)


def test_longer_accounts_have_a_longer_range() -> None:
    settings = ExportSettings(account_length=6)
    assert (settings.first_debtor, settings.last_debtor) == (1_000_000, 6_999_999)
    assert settings.collective_account == 6_999_999


customers = st.text("abcdefgh", min_size=1, max_size=3)
stated = st.none() | st.integers(10_000, 10_040).map(str)


@given(st.lists(st.dictionaries(customers, stated, max_size=8), max_size=6))
def test_numbers_that_are_given_out_are_unique_for_ever(
    exports: list[dict[str, str | None]],
) -> None:
    settings = ExportSettings()
    known: dict[str, DebtorNumber] = {}
    for wanted in exports:
        given_out = [int(each.number) for each in known.values() if not each.stated]
        chosen = [each.number for each in known.values() if each.stated]
        waiting = [Unnumbered(*each) for each in wanted.items() if each[0] not in known]
        for each in give_out(
            waiting, used=chosen, last_given=max(given_out, default=None), settings=settings
        ):
            assert each.customer not in known
            known[each.customer] = each
    automatic = [each.number for each in known.values() if not each.stated]
    assert len(set(automatic)) == len(automatic)


def debtor(**more: Any) -> dict[str, Any]:
    said = {
        "debtor": "10000",
        "customer": "C-1",
        "name": "Elbkontor Reederei GmbH",
        "kind": "business",
        "line1": "Kaiserkai 62",
        "line2": None,
        "postal_code": "20457",
        "city": "Hamburg",
        "country": "DE",
        "vat_id": "DE811569869",
        "tax_number": None,
        "contact": "Jo Weiß",
        "email": "jo@example.org",
        "phone": None,
    }
    return {**said, **more}


def fields(*debtors: dict[str, Any]) -> list[list[tuple[str, bool]]]:
    made = datetime(2026, 12, 1, tzinfo=UTC)
    content = extf_debtors.file(SETTINGS, made, date(2026, 11, 30), "Invx", debtors)
    first, names, *lines = lines_of(content)
    assert first == (
        '"EXTF";700;16;"Debitoren/Kreditoren";5;20261201000000000;;"RE";"Invx";"";29098;55003;'
        '20260101;4;;;"";"";;;;"";;"";;;"03";;;"";"Invx"'
    )
    assert len(split(names)) == 254
    found = [split(line) for line in lines]
    assert all(len(each) == 254 for each in found)
    return found


def values(*debtors: dict[str, Any]) -> dict[int, str]:
    [line] = fields(*debtors)
    return {number: value for number, (value, _) in enumerate(line, 1) if value}


def test_a_business_is_told_with_name_place_and_vat_id() -> None:
    assert values(debtor()) == {
        1: "10000",
        2: "Elbkontor Reederei GmbH",
        7: "2",
        8: "Elbkontor Reed…",
        9: "DE",
        10: "811569869",
        15: "STR",
        16: "Kaiserkai 62",
        18: "20457",
        19: "Hamburg",
        20: "DE",
        33: "jo@example.org",
        99: "C-1",
        102: "Jo Weiß",
    }


def test_a_persons_name_is_not_taken_apart() -> None:
    told = values(debtor(kind="consumer", name="Mia Łęcka-von der Höh", vat_id=None))
    assert (told[6], told[7]) == ("Mia Lecka-von der Höh", "0")
    assert 2 not in told
    assert 9 not in told


def test_what_is_too_long_is_shown_to_be_cut_and_ids_stay_whole() -> None:
    told = values(debtor(name="N" * 80, customer="customer-of-the-year-2026"))
    assert told[2] == "N" * 49 + "…"
    assert (told.get(99), told[137]) == (None, "customer-of-the-year-2026")


def test_whoever_is_erased_keeps_the_account_only() -> None:
    nobody = dict.fromkeys(debtor()) | {"debtor": "10007"}
    assert values(nobody) == {1: "10007", 7: "0"}


def test_the_collective_account_says_what_it_is() -> None:
    told = values(debtor(debtor="69999"))
    assert told == {1: "69999", 6: "Diverse Debitoren", 7: "0", 105: "1"}
