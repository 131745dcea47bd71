"""How long documents are kept, in a table by country, scheme and day of issue.

The years are those of the laws that the table names: UStG § 14b (eight years since the fourth act
against bureaucracy of 2024), BAO § 132, and so on; ten where no pack says, as no member state asks
for more; ten at least for what went through a one-stop shop (Article 369k).
"""

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.app.erase_document import kept_of
from invx.contexts.invoicing.domain.content import DeterminedLine, TaxDetermination
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.keeping.erasure import Erasure, ErasureRecord
from invx.contexts.invoicing.domain.keeping.erasure_events import Kept
from invx.contexts.invoicing.domain.keeping.legal_hold import Holds
from invx.contexts.invoicing.domain.party import Address
from invx.contexts.invoicing.domain.retention import Basis, basis_of, retention_of
from tests.unit.invoicing.domain.drafts import (
    NOW,
    SELLER,
    SUBJECT,
    content,
    drafted,
    finalize,
    line,
    named,
)
from tests.unit.rules.tax.shipped import packs_with

PACKS, DAY = packs_with(), timedelta(days=1)
Row = dict[str, str]
with Path(__file__).with_name("retention_cases.tsv").open() as _file:
    ROWS: list[Row] = list(csv.DictReader(_file, delimiter="\t"))


def issued(country: str, schemes: str, day: date) -> Document:
    """By a seller there; `-` is a document whose taxes nobody determined."""
    names = [] if schemes == "-" else schemes.split()
    lines = tuple(
        DeterminedLine(line_id="1", scheme=name, place=country, source="law") for name in names
    )
    said = replace(
        content(line("1", "10")), determination=TaxDetermination(lines=lines) if names else None
    )
    seller = replace(SELLER, party=replace(SELLER.party, address=Address(country=country)))
    return finalize(drafted(said), issue_date=day, seller=seller)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['country']} {row['schemes']}")
def test_a_document_is_kept_as_long_as_the_table_says(row: Row) -> None:
    document = issued(row["country"], row["schemes"], date.fromisoformat(row["issued"]))
    until = date.fromisoformat(row["until"])
    held = retention_of(document, PACKS)
    assert held is not None
    assert held.until == until
    assert (held.source or "-").startswith(row["source"])
    last = kept_of(document, Holds(), PACKS, until)
    assert last == Kept(document.id, document.number, until, held.source)
    later = kept_of(document, Holds(), PACKS, until + DAY)
    assert later is None, "from the next day on it may go"
    basis = basis_of(document)
    assert basis is not None
    assert Basis.read(str(basis)) == basis, "the row says the same"
    assert basis.last_day(date.fromisoformat(row["issued"]).year, PACKS) == until


@pytest.mark.parametrize("row", ROWS[:6], ids=lambda row: f"{row['country']} {row['schemes']}")
def test_voiding_shortens_nothing_and_a_draft_has_no_years(row: Row) -> None:
    document = issued(row["country"], row["schemes"], date.fromisoformat(row["issued"]))
    before = retention_of(document, PACKS)
    document.void("typo", settled=False, now=NOW)
    assert retention_of(document, PACKS) == before
    draft = drafted(document.content)
    assert kept_of(draft, Holds(), PACKS, date(1900, 1, 1)) is None
    assert basis_of(draft) is None
    document.note_erasure([], purged=True)
    assert (basis_of(document), retention_of(document, PACKS)) == (None, None)


def test_the_table_has_every_country_that_has_a_pack() -> None:
    inside = {row["country"] for row in ROWS}
    shipped = {country for country in inside if PACKS.get(country)}
    assert inside - shipped == {"ZZ"}
    shops = {row["country"] for row in ROWS if "oss" in row["schemes"]}
    assert shops == inside


ids = st.integers(1, 9).map(lambda number: named(f"document {number}"))
lasts = st.dates(date(2030, 1, 1), date(2045, 12, 31)).map(lambda day: date(day.year, 12, 31))


@given(st.dictionaries(ids, lasts, max_size=9), st.dates(date(2026, 1, 1), date(2050, 1, 1)))
def test_an_erasure_comes_back_until_all_is_gone_and_each_document_goes_on_its_day(kept, begun):
    """A year by year walk: documents go the day after the law lets them, none sooner or later."""

    def attempt(today):
        gone = [id for id, last in kept.items() if last < today and id not in went]
        went.update(dict.fromkeys(gone, today))
        stays = [Kept(id, None, last, "law") for id, last in kept.items() if last >= today]
        return Erasure(tuple(gone), tuple(stays))

    went: dict = {}
    record = ErasureRecord.begin(named("erasure"), {SUBJECT}, None, attempt(begun))
    times = 0
    while record.next_on is not None:
        today = record.next_on
        record.go_on(attempt(today))
        times += 1
    assert set(record.erased) == set(kept) == set(went)
    assert times == len({last for last in kept.values() if last >= begun})
    for id, last in kept.items():
        assert went[id] == max(begun, last + DAY)
    assert record.kept == ()
    assert record.version == times + 1


@given(st.sets(st.uuids(), min_size=2, max_size=6))
def test_the_record_names_its_subjects_in_the_same_order_whoever_asked(subjects):
    orders = (sorted(subjects), sorted(subjects, reverse=True))
    records = [ErasureRecord.begin(named("e"), order, None, Erasure((), ())) for order in orders]
    assert records[0].recorded == records[1].recorded
    assert records[0].next_on is None
