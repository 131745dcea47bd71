"""A quote of a tax engine counts for the facts that it answers, and for no others."""

from decimal import Decimal

from invx.rules.tax.determine import fingerprint
from invx.rules.tax.outcome import Determination, Undetermined
from invx.rules.tax.quotes import Quote, quoted
from invx.rules.totals.model import Profile, Regime, Tax
from tests.unit.rules.tax.rows import facts
from tests.unit.rules.tax.shipped import packs_with

FACTS = facts("US-TX none reg=US-NY", "C US-NY/10001", "goods standard 2026-05-04")
MARK = fingerprint(FACTS, packs_with())
STATE = Tax(regime=Regime.SALES, category="STATE", rate=Decimal(4), jurisdiction="US-NY")
CITY = Tax(regime=Regime.SALES, category="CITY", rate=Decimal("4.5"), jurisdiction="US-NY-NYC")


def quote(*taxes: Tax, answers: str = MARK) -> Quote:
    return Quote(
        engine="Acme Tax",
        version="9",
        reference="q-1",
        fingerprint=answers,
        place="US-NY",
        taxes=taxes,
    )


def test_a_quote_becomes_a_determination_that_names_its_engine() -> None:
    answer = quoted(quote(STATE, CITY), MARK)
    assert isinstance(answer, Determination)
    assert answer.taxes == (STATE, CITY)
    assert (answer.scheme, answer.profile) == ("external", Profile.PLAIN)
    assert answer.source == "Acme Tax 9, quote q-1"
    assert answer.fingerprint == MARK
    assert [(use.country, use.status) for use in answer.packs] == [("US", "external")]


def test_a_quote_for_other_facts_is_asked_again() -> None:
    later = facts("US-TX none reg=US-NY", "C US-NY/10001", "goods standard 2026-05-05")
    answer = quoted(quote(STATE), fingerprint(later, packs_with()))
    assert isinstance(answer, Undetermined)
    assert [question.pointer for question in answer.questions] == ["/quote"]


def test_a_quote_without_a_tax_is_no_answer() -> None:
    answer = quoted(quote(), MARK)
    assert isinstance(answer, Undetermined)
    assert [question.pointer for question in answer.questions] == ["/quote/taxes"]


def test_a_quote_of_one_vat_can_go_on_an_e_invoice() -> None:
    answer = quoted(quote(Tax(category="S", rate=Decimal(25), jurisdiction="NO")), MARK)
    assert isinstance(answer, Determination)
    assert answer.profile is Profile.EN16931
