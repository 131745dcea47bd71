"""A quote of a tax engine counts for the facts that it answers, and for no others."""

from decimal import Decimal

import pytest

from invx.rules.tax.determine import determine, fingerprint
from invx.rules.tax.outcome import Determination, Undetermined
from invx.rules.tax.quotes import Engine, LineQuote, Quote, QuoteWanted, quoted
from invx.rules.totals.model import Profile, Regime, Tax
from tests.unit.rules.tax.rows import facts
from tests.unit.rules.tax.shipped import packs_with

ACME = Engine("acme")
FACTS = facts("US-TX none reg=US-NY", "C US-NY/10001", "goods standard 2026-05-04")
STATE = Tax(regime=Regime.SALES, category="STATE", rate=Decimal(4), jurisdiction="US-NY")
CITY = Tax(regime=Regime.SALES, category="CITY", rate=Decimal("4.5"), jurisdiction="US-NY-NYC")


def wanted() -> QuoteWanted:
    answer = determine(FACTS, packs_with(), ACME)
    assert isinstance(answer, QuoteWanted)
    return answer


def quote(*taxes: Tax, answers: str = "asked") -> Quote:
    return Quote(
        engine="acme",
        version="9",
        reference="q-1",
        fingerprint=answers,
        lines=(LineQuote(line_id="1", taxes=taxes),),
    )


def test_where_an_engine_is_named_the_rates_are_its_to_say() -> None:
    assert wanted().place == "US-NY"
    assert wanted().fingerprint == fingerprint(FACTS, packs_with(), ACME)
    assert wanted().fingerprint != fingerprint(FACTS, packs_with(), Engine("other"))


@pytest.mark.parametrize(
    "seller,buyer,supply",
    [
        ("US-TX none reg=US-NY", "C US-NV/89501", "goods standard 2026-05-04"),  # not registered
        ("US-TX none reg=US-NY", "C US-NY/10001 cert=US:resale", "goods standard 2026-05-04"),
        ("DE", "C DE/10115", "goods standard 2026-05-04"),
        ("DE", "B US-NY/10001", "services standard 2026-05-04"),
    ],
)
def test_what_the_rules_know_is_not_asked(seller: str, buyer: str, supply: str) -> None:
    known = facts(seller, buyer, supply)
    assert isinstance(determine(known, packs_with(), ACME), Determination)


def test_a_state_that_is_missing_is_asked_of_the_caller_and_not_of_the_engine() -> None:
    stateless = facts("US-TX none reg=US-NY", "C US/10001", "goods standard 2026-05-04")
    answer = determine(stateless, packs_with(), ACME)
    assert isinstance(answer, Undetermined)
    assert [question.pointer for question in answer.questions] == ["/buyer/place/region"]


def test_a_quote_becomes_a_determination_that_names_its_engine() -> None:
    answer = quoted(quote(STATE, CITY), "1", wanted(), "asked")
    assert isinstance(answer, Determination)
    assert answer.taxes == (STATE, CITY)
    assert (answer.scheme, answer.profile) == ("external", Profile.PLAIN)
    assert answer.source == "acme 9, quote q-1"
    assert answer.fingerprint == wanted().fingerprint
    assert [(use.country, use.status) for use in answer.packs] == [("US", "external")]


def test_a_quote_for_other_facts_is_asked_again() -> None:
    answer = quoted(quote(STATE), "1", wanted(), "asked later")
    assert isinstance(answer, Undetermined)
    assert [question.pointer for question in answer.questions] == ["/quote"]
    assert "ask again" in answer.questions[0].asks


@pytest.mark.parametrize("held,line", [(quote(), "1"), (quote(STATE), "2")])
def test_a_quote_without_a_tax_for_the_line_is_no_answer(held: Quote, line: str) -> None:
    answer = quoted(held, line, wanted(), "asked")
    assert isinstance(answer, Undetermined)
    assert "stated no tax" in answer.questions[0].asks


def test_a_quote_of_one_vat_can_go_on_an_e_invoice() -> None:
    vat = Tax(category="S", rate=Decimal(25), jurisdiction="NO")
    answer = quoted(quote(vat), "1", wanted(), "asked")
    assert isinstance(answer, Determination)
    assert answer.profile is Profile.EN16931
