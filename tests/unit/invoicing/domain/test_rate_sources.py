"""Whose rates count: what packs know of each country, and what a legal entity chooses."""

import pytest

from invx.contexts.invoicing.adapters.tax_packs import packs_in
from invx.contexts.invoicing.domain.exchange.exchange import (
    SOURCES,
    RateKind,
    RatePurpose,
    source_of,
)
from invx.contexts.invoicing.domain.exchange.rate_sources import RateSources, sources_problems
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of
from invx.rules.tax.packs import Packs

PACKS = packs_in()
LEAST = 'country = "ZZ"\nname = "Nowhere"\nversion = "1"\nstatus = "none"\n'


@pytest.mark.parametrize(
    ("country", "source"),
    [
        ("DE", "bmf"),
        ("GB", "hmrc"),
        ("CH", "estv"),
        ("FR", "ecb"),
        ("AT", "ecb"),
        ("PL", "ecb"),
        ("US", "ecb"),
        ("ZZ", "ecb"),
        (None, "ecb"),
    ],
)
def test_the_law_of_a_country_names_the_source_for_its_tax(country, source):
    assert RateSources().source_for(RatePurpose.TAX, PACKS, country) == source


def test_every_source_that_a_pack_names_is_known_and_has_its_law():
    named = [pack for pack in PACKS.by_country.values() if pack.tax_rates_of]
    assert len(named) >= 4
    for pack in named:
        assert pack.tax_rates_of in SOURCES
        assert pack.tax_rates_source


@pytest.mark.parametrize("purpose", [RatePurpose.BOOK, RatePurpose.SETTLEMENT])
def test_books_and_money_go_by_the_central_bank_unless_something_else_is_chosen(purpose):
    assert RateSources().source_for(purpose, PACKS, "DE") == "ecb"
    chosen = RateSources(book="house", settlement="house")
    assert chosen.source_for(purpose, PACKS) == "house"


def test_a_choice_for_taxes_holds_for_its_country_only():
    chosen = RateSources(tax={"DE": "ecb", "US": "house"})
    assert chosen.source_for(RatePurpose.TAX, PACKS, "DE") == "ecb"
    assert chosen.source_for(RatePurpose.TAX, PACKS, "US") == "house"
    assert chosen.source_for(RatePurpose.TAX, PACKS, "GB") == "hmrc"


def test_rows_of_a_tenant_over_a_pack_leave_its_source_as_it_is():
    over = pack_of('country = "DE"\nname = "Germany"\nversion = "own"\nstatus = "complete"\n')
    packs = Packs.of(PACKS.by_country.values(), [over])
    assert RateSources().source_for(RatePurpose.TAX, packs, "DE") == "bmf"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('[exchange_rates]\ntax = "bmf"\n', "/exchange_rates"),
        ('[exchange_rates]\nsource = "§ 1"\n', "/exchange_rates"),
        ('[exchange_rates]\ntax = "Bundesbank!"\nsource = "§ 1"\n', "/exchange_rates/tax"),
        ('[exchange_rates]\nbook = "ecb"\n', "/exchange_rates/book"),
    ],
)
def test_a_pack_names_source_and_law_together(text, at):
    with pytest.raises(PackInvalid) as refused:
        pack_of(LEAST + text)
    assert refused.value.problems[0].pointer == at


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (RateSources(book="ecb", settlement="house_2", tax={"DE": "ecb", "XI": "ecb"}), []),
        (RateSources(book="ECB"), [("/book", "rate_source_malformed")]),
        (RateSources(settlement=""), [("/settlement", "rate_source_malformed")]),
        (RateSources(tax={"DE": "no no"}), [("/tax/DE", "rate_source_malformed")]),
        (RateSources(tax={"QQ": "ecb"}), [("/tax/QQ", "country_unknown")]),
        (RateSources(tax={"a/b": "ecb"}), [("/tax/a~1b", "country_unknown")]),
    ],
)
def test_a_choice_that_cannot_be_is_named(chosen, said):
    found = [(each.pointer, each.code) for each in sources_problems(chosen)]
    assert found == [(f"/exchange_rate_sources{at}", code) for at, code in said]


def test_what_is_known_of_each_source():
    assert {code: (each.kind, each.pivot) for code, each in SOURCES.items()} == {
        "ecb": (RateKind.DAILY, "EUR"),
        "bmf": (RateKind.MONTHLY, "EUR"),
        "hmrc": (RateKind.MONTHLY, "GBP"),
        "estv": (RateKind.MONTHLY, "CHF"),
        "bazg": (RateKind.DAILY, "CHF"),
    }
    own = source_of("house")
    assert (own.kind, own.pivot) == (None, "EUR")
