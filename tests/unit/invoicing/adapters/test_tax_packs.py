"""The country packs that are read at start: those that are shipped, and an operator's own."""

from datetime import date
from pathlib import Path

import pytest

from invx.contexts.invoicing.adapters.tax_packs import packs_in
from invx.rules.tax.model import SupplyKind
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.packs import Packs, Status

MEMBERS = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)
OWN = """
country = "{country}"
name = "Own"
version = "own-7"
status = "complete"
rates = [{{ code = "standard", rate = "{rate}", from = 2026-01-01, source = "A law to be" }}]
"""


def rate_of(packs: Packs, country: str) -> str:
    pack = packs.get(country)
    assert pack is not None
    found = pack.rate("standard", None, date(2026, 3, 2))
    assert found is not None
    return str(found.rate)


def put(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder


def test_every_member_state_and_its_neighbours_are_shipped() -> None:
    packs = packs_in()
    assert set(packs.by_country) == MEMBERS | {"EU", "GB", "CH", "US", "CA"}
    assert {each for each in MEMBERS if packs.by_country[each].eu} == MEMBERS
    for country in MEMBERS | {"GB", "CH"}:
        assert float(rate_of(packs, country)) > 5


@pytest.mark.parametrize("country", ["DE", "AT", "FR", "NL", "ES", "IT", "CH", "GB"])
def test_the_countries_that_are_called_complete_answer_for_what_is_sold_most(country: str) -> None:
    pack = packs_in().get(country)
    assert pack is not None
    assert pack.status is Status.COMPLETE
    for code in ("standard", "books", "medical_care"):
        assert pack.category(code, SupplyKind.SERVICES, None, date(2026, 3, 2)), code


def test_a_pack_of_the_operator_replaces_the_shipped_one_of_its_country(tmp_path: Path) -> None:
    packs = packs_in(put(tmp_path, "DE.toml", OWN.format(country="DE", rate="21")))
    assert rate_of(packs, "DE") == "21"
    own = packs.get("DE")
    assert own is not None
    assert own.version == "own-7"
    assert own.categories == (), "replaced as a whole, not laid over"
    assert rate_of(packs, "AT") == rate_of(packs_in(), "AT") == "20"


def test_a_pack_replaces_by_its_country_whatever_its_file_is_called(tmp_path: Path) -> None:
    for name in ("A-mine.toml", "germany-2027.toml"):
        folder = tmp_path / name
        folder.mkdir()
        packs = packs_in(put(folder, name, OWN.format(country="DE", rate="21")))
        assert rate_of(packs, "DE") == "21", name


def test_a_pack_of_the_operator_adds_a_country(tmp_path: Path) -> None:
    packs = packs_in(put(tmp_path, "NO.toml", OWN.format(country="NO", rate="25")))
    assert rate_of(packs, "NO") == "25"
    assert set(packs.by_country) == {*packs_in().by_country, "NO"}


def test_two_packs_of_the_operator_for_one_country_are_refused(tmp_path: Path) -> None:
    for name, rate in (("DE.toml", "21"), ("DE-2027.toml", "22")):
        put(tmp_path, name, OWN.format(country="DE", rate=rate))
    with pytest.raises(PackInvalid, match="DE") as refused:
        packs_in(tmp_path)
    assert "DE-2027.toml" in refused.value.detail
    assert "DE.toml" in refused.value.detail


def test_other_files_in_the_folder_and_a_folder_that_is_not_there_change_nothing(
    tmp_path: Path,
) -> None:
    put(tmp_path, "README.md", "not a pack")
    put(tmp_path, "_draft.toml", "not one yet")
    assert packs_in(tmp_path) == packs_in(tmp_path / "nowhere") == packs_in()


@pytest.mark.parametrize(
    "text,said",
    [
        ("country = ", "not TOML"),
        (OWN.format(country="DE", rate="21") + 'colour = "blue"', "/colour"),
        (OWN.format(country="DE", rate="21").replace('"own-7"', "7"), "/version"),
        (OWN.format(country="de", rate="21"), "/country"),
        (OWN.format(country="DE", rate="1900"), "/rates/0/rate"),
        (OWN.format(country="DE", rate="21").replace('"21"', "21"), "/rates/0/rate"),
        (OWN.format(country="DE", rate="21").replace("source", "sauce"), "/rates/0/source"),
        (OWN.format(country="DE", rate="21").replace('"complete"', '"nearly"'), "/status"),
    ],
)
def test_a_broken_pack_is_named_with_the_key_at_fault(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PackInvalid) as broken:
        packs_in(put(tmp_path, "own.toml", text))
    assert broken.value.detail.startswith("own.toml: ")
    assert said in broken.value.detail
    assert broken.value.problems


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b'name = "K\xf6ln"')
    with pytest.raises(PackInvalid, match=r"own\.toml"):
        packs_in(tmp_path)
