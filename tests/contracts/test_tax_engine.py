"""What every tax engine promises, kept by the one in memory and by the one behind HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from invx.contexts.invoicing.adapters.tax_engines.http import HttpTaxEngine
from invx.contexts.invoicing.app.ports import TaxEngine
from invx.contexts.invoicing.domain.party import Address
from invx.contexts.invoicing.domain.tax.engine_statement import (
    EngineStatement,
    StatedLine,
    StatedTax,
)
from invx.contexts.invoicing.domain.tax.tax_quotes import QuotedSupply, QuoteQuestion
from tests.tax_engine import SECRET, TestEngine, served
from tests.waiting import HANG_SECONDS

AUSTIN = Address(line1="1100 Congress Ave", postal_code="78701", city="Austin", country="US")
CHAIR = QuotedSupply(
    line_id="1",
    kind="goods",
    category="standard",
    date=date(2026, 11, 29),
    place="US-TX",
    quantity=Decimal(3),
    net=Decimal("270.00"),
    origin=None,
    destination=AUSTIN,
)
QUESTION = QuoteQuestion(
    engine="acme",
    currency="USD",
    business=True,
    adjustment=Decimal("-5.00"),
    lines=(CHAIR, replace(CHAIR, line_id="2", category="groceries")),
)
TAX = StatedTax(
    regime="sales",
    jurisdiction="US-TX",
    category="STATE",
    rate=Decimal("6.25"),
    base=Decimal("265.00"),
    amount=Decimal("16.56"),
)
SALE = EngineStatement(
    key="0199a0c0-0000-7000-8000-000000000001",
    kind="sale",
    engine="acme",
    quote="q-1",
    reverses=None,
    mode="live",
    number="2026-0001",
    issue_date=date(2026, 11, 29),
    currency="USD",
    net=Decimal("265.00"),
    tax=Decimal("16.56"),
    gross=Decimal("281.56"),
    taxes=(TAX,),
    lines=(StatedLine(id="1", net=Decimal("270.00"), taxes=(TAX,)),),
)


@dataclass(frozen=True, slots=True)
class Counter:
    """The engine as we meet it, and behind it the one that answers."""

    engine: TaxEngine
    behind: TestEngine


@pytest.fixture(params=["memory", "http"])
async def counter(request: pytest.FixtureRequest) -> AsyncIterator[Counter]:
    behind = TestEngine()
    if request.param == "memory":
        yield Counter(behind, behind)
        return
    async with served(behind) as url:
        yield Counter(HttpTaxEngine(url, SECRET, seconds_max=HANG_SECONDS), behind)


async def test_a_quote_has_the_taxes_of_each_line_and_books_nothing(counter: Counter) -> None:
    answer = await counter.engine.quote(QUESTION)
    assert answer.quote is not None
    assert (answer.quote.fingerprint, answer.seconds) == (QUESTION.fingerprint, 1800)
    first, second = answer.quote.lines
    assert [(str(tax.rate), tax.jurisdiction, tax.regime) for tax in first.taxes] == [
        ("6.25", "US-TX", "sales"),
        ("1", "US-TX-Austin", "sales"),
    ]
    assert [(tax.rate, tax.reason) for tax in second.taxes] == [(0, "Groceries are free of tax")]
    assert counter.behind.quotes == [QUESTION], "the question arrives as it was asked"
    assert counter.behind.books == {}


async def test_what_is_committed_twice_is_booked_once(counter: Counter) -> None:
    receipts = [await counter.engine.commit(SALE) for _ in range(2)]
    assert [each.reference for each in receipts] == ["t-1", "t-1"]
    assert counter.behind.books == {SALE.key: SALE}, "to the last figure"
    assert len(counter.behind.sent) == 2


async def test_other_figures_under_the_same_key_are_not_taken(counter: Counter) -> None:
    await counter.engine.commit(SALE)
    other = await counter.engine.commit(replace(SALE, tax=Decimal("1.00")))
    assert (other.reference, other.lasting) == (None, False)
    assert counter.behind.books == {SALE.key: SALE}


async def test_an_engine_that_is_down_says_so_and_may_be_asked_again(counter: Counter) -> None:
    counter.behind.down = True
    answer, receipt = await counter.engine.quote(QUESTION), await counter.engine.commit(SALE)
    assert (answer.quote, answer.fault) == (None, "503 down")
    assert (receipt.reference, receipt.fault, receipt.lasting) == (None, "503 down", False)


async def test_a_refusal_for_good_is_told_from_a_failure(counter: Counter) -> None:
    counter.behind.refuses = "No such company"
    receipt = await counter.engine.commit(SALE)
    assert (receipt.fault, receipt.lasting) == ("422 No such company", True)


async def test_who_is_too_slow_has_not_answered() -> None:
    behind = TestEngine(slow=30)
    async with served(behind) as url:
        engine = HttpTaxEngine(url, SECRET, seconds_max=1)
        answer, receipt = await engine.quote(QUESTION), await engine.commit(SALE)
    assert answer.fault == "ReadTimeout"
    assert (receipt.fault, receipt.lasting) == ("ReadTimeout", False)
