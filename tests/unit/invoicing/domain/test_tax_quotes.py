"""What a tax engine is asked, when a quote that a draft holds still counts, and what it is told."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bill import bill_of
from invx.contexts.invoicing.domain.content import (
    AdjustmentLine,
    Content,
    DeterminedLine,
    Line,
    LineSupply,
    QuoteUse,
    TaxDetermination,
)
from invx.contexts.invoicing.domain.party import Address
from invx.contexts.invoicing.domain.tax.engine_entry import EngineEntry
from invx.contexts.invoicing.domain.tax.engine_entry_events import EngineEntryKind, EngineEntryOwed
from invx.contexts.invoicing.domain.tax.engine_statement import statement_of
from invx.contexts.invoicing.domain.tax.tax_quotes import (
    QuoteQuestion,
    Quoting,
    Unquoted,
    held_quote,
    question_of,
)
from invx.rules.tax.model import SupplyKind
from invx.rules.tax.quotes import LineQuote, Quote
from invx.rules.totals.compute import compute
from invx.rules.totals.model import LineKind, Profile, Regime, Rounding, Tax
from tests.unit.invoicing.domain.drafts import NOW, drafted, finalize, line
from tests.unit.invoicing.domain.drafts import content as sound

GOODS = LineSupply(kind=SupplyKind.GOODS)
AUSTIN = Address(city="Austin", region="TX", postal_code="78701", country="US")
STATE = Tax(regime=Regime.SALES, category="STATE", rate=Decimal("6.25"), jurisdiction="US-TX")


def content(*lines: Line, **more: Any) -> Content:
    return Content(currency="USD", profile=Profile.PLAIN, lines=lines, **more)


def unquoted(line_id: str, at: int = 0) -> Unquoted:
    return Unquoted(
        line_id=line_id,
        pointer=f"/lines/{at}",
        supply=GOODS,
        day=date(2026, 11, 29),
        place="US-TX",
        origin=None,
        destination=AUSTIN,
    )


def asked(said: Content, *lines: str) -> QuoteQuestion:
    question = question_of(said, "acme", [unquoted(each) for each in lines])
    assert isinstance(question, QuoteQuestion), question
    return question


def test_only_the_lines_that_wait_are_asked_about_by_their_nets() -> None:
    taxed = line("2", "50.00", "1", STATE)
    said = content(line("1", "100.00", "2"), taxed, Line(id="t", kind=LineKind.TEXT))
    [supply] = asked(said, "1").lines
    assert (supply.line_id, supply.net, supply.quantity) == ("1", Decimal("200.00"), Decimal(2))
    assert supply.destination == AUSTIN


def test_a_line_inside_another_is_asked_about_like_any() -> None:
    parent = Line(id="p", description="Set", children=(line("1", "10.00"), line("2", "5.00")))
    nets = [supply.net for supply in asked(content(parent), "1", "2").lines]
    assert nets == [Decimal("10.00"), Decimal("5.00")]


def test_what_the_whole_document_takes_off_is_said_once() -> None:
    said = content(
        line("1", "100.00"),
        discounts=(AdjustmentLine(percent=Decimal(10)),),
        charges=(AdjustmentLine(amount=Decimal("4.00")),),
    )
    question = asked(said, "1")
    assert (question.adjustment, question.lines[0].net) == (Decimal("-6.00"), Decimal("100.00"))


def test_prices_with_tax_inside_cannot_be_quoted() -> None:
    inside = replace(line("1", "10.00"), price_includes_tax=True)
    said = content(line("0", "1.00"), inside)
    found = question_of(said, "acme", [unquoted("0"), unquoted("1", at=1)])
    assert not isinstance(found, QuoteQuestion)
    assert [each.pointer for each in found] == ["/lines/1/price_includes_tax"]


def test_figures_that_cannot_be_are_named_and_not_asked_about() -> None:
    found = question_of(content(line("1", None)), "acme", [unquoted("1")])
    assert not isinstance(found, QuoteQuestion)
    assert [each.pointer for each in found] == ["/lines/0/price"]


amounts = st.decimals("-9999.99", "9999.99", places=2)


@given(st.lists(amounts, min_size=1, max_size=6), st.integers(0, 100))
def test_the_nets_and_the_adjustment_come_to_the_net_of_the_document(
    prices: list[Decimal], percent: int
) -> None:
    lines = tuple(line(str(at), str(price)) for at, price in enumerate(prices))
    off = (AdjustmentLine(percent=Decimal(percent)),) if percent else ()
    said = content(*lines, discounts=off)
    question = asked(said, *(each.id for each in lines))
    totals = compute(bill_of(said, Rounding.PER_LINE))
    assert sum(each.net for each in question.lines) + question.adjustment == totals.net


def test_every_part_of_a_question_is_in_its_fingerprint() -> None:
    question = asked(content(line("1", "10.00")), "1")
    [supply] = question.lines
    other: dict[str, Any] = {
        "line_id": "2",
        "kind": "digital",
        "category": "books",
        "date": date(2026, 11, 30),
        "place": "US-NY",
        "quantity": Decimal(2),
        "net": Decimal("10.01"),
        "origin": AUSTIN,
        "destination": replace(AUSTIN, line1="Another street"),
    }
    assert {each.name for each in fields(supply)} == other.keys()
    changed = [
        replace(question, lines=(replace(supply, **{name: value}),))
        for name, value in other.items()
    ]
    changed += [
        replace(question, engine="other"),
        replace(question, currency="CAD"),
        replace(question, business=not question.business),
        replace(question, adjustment=Decimal(1)),
        replace(question, lines=(supply, supply)),
    ]
    marks = {each.fingerprint for each in (question, *changed)}
    assert len(marks) == len(changed) + 1
    assert question.fingerprint == replace(question).fingerprint


def held(mark: str | None, until: datetime) -> Content:
    use = QuoteUse(engine="acme", version="1", reference="q-1", valid_until=until, fingerprint=mark)
    lines = (
        DeterminedLine(line_id="1", scheme="external", place="US-TX", source="q-1"),
        DeterminedLine(line_id="2", scheme="outside_scope", place="US-NV", source="none"),
    )
    return content(
        line("1", "10.00", "1", STATE),
        line("2", "5.00", "1", replace(STATE, rate=Decimal(0))),
        determination=TaxDetermination(lines=lines, quote=use),
    )


def test_a_quote_counts_for_its_question_until_it_expires() -> None:
    soon = NOW + timedelta(minutes=1)
    quote = Quote(
        engine="acme",
        version="1",
        reference="q-1",
        fingerprint="asked",
        lines=(LineQuote(line_id="1", taxes=(STATE,)),),
    )
    found = held_quote(held("asked", soon), "asked", NOW)
    assert found == Quoting(quote, soon, "asked"), "only the lines that it quoted"
    assert found.use == held("asked", soon).determination.quote  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "mark,until",
    [
        ("asked", NOW),  # the very moment is too late
        ("something else", NOW + timedelta(days=1)),
        (None, NOW + timedelta(days=1)),  # erased
    ],
)
def test_a_quote_that_expired_or_answers_something_else_is_none(
    mark: str | None, until: datetime
) -> None:
    assert held_quote(held(mark, until), "asked", NOW) is None


def test_a_draft_without_a_quote_holds_none() -> None:
    assert held_quote(content(line("1", "1.00")), "asked", NOW) is None


def test_the_engine_is_told_each_item_with_its_taxes_and_the_sums() -> None:
    parent = Line(id="p", description="Set", children=(line("2", "50.00", "1", STATE),))
    text = Line(id="t", kind=LineKind.TEXT, description="Thanks")
    said = sound(line("1", "100.00", "1", STATE), text, parent, profile=Profile.PLAIN)
    document = finalize(drafted(said))
    owed = EngineEntryOwed(
        document_id=document.id,
        legal_entity_id=UUID(int=1),
        kind=EngineEntryKind.SALE,
        engine="acme",
        quote="q-1",
        reverses=None,
        owed_at=datetime(2026, 11, 29, tzinfo=UTC),
    )
    entry = EngineEntry.owe(owed)
    told = statement_of(entry, document)
    assert (told.key, told.number, told.mode) == (str(entry.id), document.number, "live")
    assert [(each.id, each.net) for each in told.lines] == [
        ("1", Decimal("100.00")),
        ("2", Decimal("50.00")),
    ]
    assert sum(tax.base for each in told.lines for tax in each.taxes) == told.net
    assert sum(each.amount for each in told.taxes) == told.tax == Decimal("9.38")
    assert told.gross == document.totals.gross
