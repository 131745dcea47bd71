"""From when on the law of a country asks for structured invoices."""

from datetime import date

import pytest

from invx.contexts.invoicing.domain.einvoice.e_invoice_formats import FORMATS
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of
from tests.unit.rules.tax.shipped import packs_with
from tests.unit.rules.tax.test_packs import TEXT

DUTIES = """
e_invoice_duties = [
  { from = 2027-01-01, whom = "large businesses", source = "Act 8", formats = ["ubl"] },
  { from = 2028-01-01, whom = "businesses", source = "Act 8" },
]
"""


def test_the_duty_that_began_last_is_in_force() -> None:
    documents = pack_of(TEXT.replace('formats = ["ubl"]', f'formats = ["ubl"]{DUTIES}')).documents
    assert documents.duty(date(2026, 12, 31)) is None
    large, everybody = documents.duty(date(2027, 1, 1)), documents.duty(date(2031, 1, 1))
    assert large is not None
    assert everybody is not None
    assert (large.whom, large.formats) == ("large businesses", ("ubl",))
    assert (everybody.whom, everybody.source, everybody.formats) == ("businesses", "Act 8", ())


@pytest.mark.parametrize(
    "old,new,key",
    [
        ("from = 2027-01-01", 'from = "2027"', "/documents/e_invoice_duties/0/from"),
        ('source = "Act 8" }', 'source = "" }', "/documents/e_invoice_duties/1/source"),
        ('whom = "businesses", ', "", "/documents/e_invoice_duties/1/whom"),
        ("whom", "who", "/documents/e_invoice_duties/0/whom"),
    ],
)
def test_a_wrong_row_names_its_key(old: str, new: str, key: str) -> None:
    text = TEXT.replace('formats = ["ubl"]', f'formats = ["ubl"]{DUTIES.replace(old, new)}')
    with pytest.raises(PackInvalid) as refused:
        pack_of(text)
    assert [each.pointer for each in refused.value.problems] == [key]


@pytest.mark.parametrize(
    "country,day,law",
    [
        ("DE", date(2026, 12, 31), None),
        ("DE", date(2027, 1, 1), "§ 27 Abs. 38"),
        ("FR", date(2026, 8, 31), None),
        ("FR", date(2026, 9, 1), "art. 91"),
        ("BE", date(2025, 12, 31), None),
        ("BE", date(2026, 1, 1), "art. 53"),
        ("IT", date(2019, 1, 1), "127/2015"),
        ("GB", date(2030, 1, 1), None),
    ],
)
def test_what_the_shipped_packs_know(country: str, day: date, law: str | None) -> None:
    pack = packs_with().get(country)
    assert pack is not None
    duty = pack.documents.duty(day)
    assert (duty is None) is (law is None)
    if duty is not None:
        assert law is not None
        assert law in duty.source


def test_shipped_packs_name_formats_that_are_written() -> None:
    for pack in packs_with().by_country.values():
        named = {*pack.documents.formats}
        for duty in pack.documents.duties:
            named |= {*duty.formats}
        assert named <= set(FORMATS), pack.country
