"""Whom the EC sales list knows: only buyers it can ask for, and no longer than their document."""

from dataclasses import replace

import pytest

from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.party import Address
from invx.contexts.invoicing.read.projections import project
from invx.rules.totals.model import Profile, Tax
from tests.unit.invoicing.domain.drafts import BUYER, S19, content, drafted, finalize, line
from tests.unit.invoicing.read.past import Past, Sheet
from tests.unit.invoicing.read.test_projections import made_again

FRENCH = replace(BUYER, address=Address(country="FR"), vat_id="fr 83 404 833 048")


def said(*categories: str) -> Content:
    taxes = [
        S19 if category == "S" else Tax(category=category, reason="x") for category in categories
    ]
    items = [line(str(index), "10.00", "1", tax) for index, tax in enumerate(taxes)]
    return content(*items, buyer=FRENCH, profile=Profile.PLAIN)


def written(past: Past) -> dict[tuple[object, ...], dict[str, object]]:
    sheet = Sheet()
    for recorded in past.events:
        project(recorded, sheet.open)
    assert made_again(past).rows.get("tax_partners") == sheet.rows.get("tax_partners")
    return sheet.rows.get("tax_partners", {})


@pytest.mark.parametrize("categories", [("K",), ("AE",), ("S", "AE")])
def test_a_document_for_another_state_says_whom_it_is_for(categories: tuple[str, ...]):
    document = finalize(drafted(said(*categories)))
    past = Past()
    past.keep(document)
    assert written(past) == {(document.id,): {"vat_id": "FR83404833048"}}


@pytest.mark.parametrize("categories", [("S",), ("E",), ("G",), ("O",)])
def test_nobody_is_kept_whom_no_list_asks_for(categories: tuple[str, ...]):
    past = Past()
    past.keep(finalize(drafted(said(*categories))))
    assert written(past) == {}


def test_a_draft_is_in_no_list():
    past = Past()
    past.keep(drafted(said("AE")))
    assert written(past) == {}


def test_what_is_made_again_after_an_erasure_has_no_number():
    """An erased buyer is gone from the aggregate, and the row is stated without the id."""
    document = finalize(drafted(said("AE")))
    past = Past()
    past.keep(document)
    document.content = replace(document.content, buyer=None)
    sheet = Sheet()
    for recorded in past.events:
        project(recorded, sheet.open)
    assert sheet.rows["tax_partners"] == {(document.id,): {"vat_id": None}}
