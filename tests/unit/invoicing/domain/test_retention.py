from dataclasses import replace
from datetime import date

import pytest

from invx.contexts.invoicing.domain.content import DeterminedLine, TaxDetermination
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.document_events import PersonalDataErased
from invx.contexts.invoicing.domain.party import Address
from invx.contexts.invoicing.domain.retention import Retention, retention_of
from invx.contexts.invoicing.domain.status import Status
from invx.rules.tax.packs import Packs
from tests.unit.invoicing.domain.drafts import (
    NOW,
    SELLER,
    SUBJECT,
    content,
    drafted,
    finalize,
    finalized,
    line,
    named,
    replayed,
)
from tests.unit.rules.tax.shipped import packs_with

NOTHING = Packs({})
SHIPPED = packs_with()


def retained_until(document: Document, packs: Packs = NOTHING) -> date | None:
    """The last day of it."""
    held = retention_of(document, packs)
    return held.until if held else None


def one() -> Document:
    return drafted(content(line("1", "10")))


def test_a_draft_is_kept_by_no_law_not_even_with_a_date_in_mind() -> None:
    assert retained_until(drafted(content(line("1", "10"), issue_date=date(2026, 3, 2)))) is None


def test_a_draft_that_was_thrown_away_is_kept_by_no_law() -> None:
    document = one()
    document.delete()
    assert retained_until(document) is None


@pytest.mark.parametrize("issued", [date(2026, 1, 1), date(2026, 12, 31)])
def test_an_issued_document_is_kept_to_the_end_of_the_tenth_year_after_its_own(
    issued: date,
) -> None:
    assert retained_until(finalize(one(), issue_date=issued)) == date(2036, 12, 31)


def test_a_voided_document_is_kept_as_long_as_any_other() -> None:
    document = finalized(content(line("1", "10")))
    document.void("typo", settled=False, now=NOW)
    assert document.status is Status.CANCELLED
    assert retained_until(document) == date(2036, 12, 31)


@pytest.mark.parametrize("state", ["draft", "deleted", "finalized"])
def test_an_erasure_is_noted_in_any_state_and_changes_nothing_but_the_version(state: str) -> None:
    document = one()
    if state == "deleted":
        document.delete()
    if state == "finalized":
        finalize(document)
    document = replayed(document)
    before = (document.status, document.content, document.totals, document.number)
    version = document.version
    document.note_erasure([named("b"), SUBJECT])
    [event] = document.recorded
    assert event == PersonalDataErased(subject_ids=tuple(sorted([SUBJECT, named("b")])))
    assert (document.status, document.content, document.totals, document.number) == before
    assert document.version == version + 1


def test_the_event_of_an_erasure_is_the_same_whatever_the_order_of_the_subjects() -> None:
    documents = [one(), one()]
    for document, names in zip(documents, ("ab", "ba"), strict=True):
        document.note_erasure([named(name) for name in names])
    assert documents[0].recorded[-1] == documents[1].recorded[-1]


def sold_from(country: str, *schemes: str) -> Document:
    """Issued in 2026 by a seller there, with lines determined under these schemes."""
    lines = tuple(
        DeterminedLine(line_id="1", scheme=scheme, place=country, source="law")
        for scheme in schemes
    )
    said = replace(
        content(line("1", "10")), determination=TaxDetermination(lines=lines) if lines else None
    )
    party = replace(SELLER.party, address=Address(country=country))
    seller = replace(SELLER, party=party)
    return finalize(drafted(said), issue_date=date(2026, 3, 2), seller=seller)


@pytest.mark.parametrize(
    "country,years,source",
    [
        ("DE", 8, "UStG § 14b Abs. 1"),
        ("AT", 7, "BAO § 132 Abs. 1"),
        ("GB", 6, "VATA 1994 Sch. 11 para. 6"),
        ("NL", 7, "AWR art. 52 lid 4"),
        ("PL", 10, None),  # its pack does not say, so the longest of the Union
        ("ZZ", 10, None),
    ],
)
def test_a_document_is_kept_as_long_as_the_country_of_its_seller_says(
    country: str, years: int, source: str | None
) -> None:
    held = retention_of(sold_from(country), SHIPPED)
    assert held is not None
    assert held.until == date(2026 + years, 12, 31)
    assert (held.source or "").startswith(source or "")
    assert (held.source is None) is (source is None)


@pytest.mark.parametrize("scheme", ["oss", "ioss"])
def test_what_goes_through_a_one_stop_shop_is_kept_ten_years(scheme: str) -> None:
    held = retention_of(sold_from("AT", "domestic", scheme), SHIPPED)
    assert held == Retention(date(2036, 12, 31), "Directive 2006/112/EC, Art. 369k")
    assert retained_until(sold_from("AT", "domestic"), SHIPPED) == date(2033, 12, 31)
