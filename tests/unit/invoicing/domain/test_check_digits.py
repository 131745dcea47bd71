"""Numbers of companies: real ones are well formed, and every slip of one digit shows."""

from collections.abc import Callable

import pytest

from invx.contexts.invoicing.domain.einvoice import check_digits as checks

CASES: list[tuple[Callable[[str], bool], str]] = [
    (checks.is_gln, "4012345000009"),
    (checks.is_norwegian, "923609016"),
    (checks.is_belgian, "0403170701"),
    (checks.is_swedish, "5560360793"),
    (checks.is_australian, "51824753556"),
    (checks.is_siren, "303265045"),
    (checks.is_siret, "73282932000074"),
]


@pytest.mark.parametrize("check,number", CASES, ids=[each.__name__ for each, _ in CASES])
def test_one_digit_more_or_less_or_another_is_seen(
    check: Callable[[str], bool], number: str
) -> None:
    assert check(number)
    assert not check(number + "0")
    assert not check(number[:-1])
    assert not check("")
    for at, digit in enumerate(number):
        changed = str((int(digit) + 1) % 10)
        assert not check(number[:at] + changed + number[at + 1 :]), at


def test_a_danish_number_has_its_country_before_it() -> None:
    assert checks.is_danish("DK13585628")
    assert not any(map(checks.is_danish, ("13585628", "DK1358562", "DK1358562A")))


def test_an_establishment_of_the_french_post_counts_in_its_own_way() -> None:
    assert checks.is_siret("35600000000048")
    assert checks.is_siret("35600000049837")
    assert not checks.is_siret("35600000000049")
