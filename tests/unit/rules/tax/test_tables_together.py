"""Tables of several countries read as one, and packs from values instead of a text."""

from datetime import date

import pytest

from invx.rules.tax.determine import determine
from invx.rules.tax.outcome import Determination
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of, pack_of_values
from invx.rules.tax.rate_table import RateTable, rate_table_of
from tests.unit.rules.tax.rows import facts
from tests.unit.rules.tax.shipped import packs_with

ROW = """
[[rates]]
country = "{country}"
region = "{region}"
code = "TAX"
name = "All"
rate = "5"
from = 2020-01-01
source = "A law"
kinds = ["goods"]
postal_codes = [{codes}]
"""


def table(country: str, region: str, codes: str = "") -> RateTable:
    row = ROW.format(country=country, region=region, codes=codes)
    return rate_table_of(f'version = "{country} 1"\norigin_regions = ["{country}-X"]\n{row}')


def test_no_table_is_none_and_one_is_itself() -> None:
    assert RateTable.of([]) is None
    one = table("US", "TX")
    assert RateTable.of([one]) is one


def test_two_tables_are_one_with_both_versions_and_a_digest_of_both() -> None:
    us, ca = table("US", "TX"), table("CA", "QC")
    both = RateTable.of([ca, us])
    assert both is not None
    assert both.version == "CA 1, US 1"
    assert both.rates == (*ca.rates, *us.rates)
    assert both.origin_regions == ("CA-X", "US-X")
    assert both.digest not in {us.digest, ca.digest}
    assert both == RateTable.of([ca, us])


@pytest.mark.parametrize("code,taxed", [("M5V 2T6", True), ("m5v2t6", True), ("M5V 2T7", False)])
def test_a_canadian_postal_code_is_compared_whole(code: str, taxed: bool) -> None:
    buyer = f"C CA-ON/{code.replace(' ', '_')}/Toronto"
    rates = table("CA", "ON", '"M5V2T6"')
    supply = facts("CA-ON/M5V1A1 none reg=CA-ON", buyer, "goods standard 2026-05-04")
    answer = determine(supply, packs_with(), rates)
    assert isinstance(answer, Determination) is taxed


def test_values_state_the_same_pack_as_their_text() -> None:
    text = 'country = "NO"\nname = "Norway"\nversion = "1"\nstatus = "complete"\nrates = [{'
    text += 'code = "standard", rate = "25", from = 2013-01-01, source = "Mval." }]'
    row = {"code": "standard", "rate": "25", "from": date(2013, 1, 1), "source": "Mval."}
    head = {"country": "NO", "name": "Norway", "version": "1", "status": "complete"}
    one, other = pack_of(text), pack_of_values({**head, "rates": [row]})
    assert one.rates == other.rates
    assert (one.country, one.status) == (other.country, other.status)
    with pytest.raises(PackInvalid, match="/rates/0/rate"):
        pack_of_values({**head, "rates": [{**row, "rate": "x"}]})
