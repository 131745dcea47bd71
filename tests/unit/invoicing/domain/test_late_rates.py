"""Rates that come at any time, in any order, between any acts: in the end nothing tells it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import EntryKind
from invx.contexts.invoicing.domain.bookkeeping.books import BookValue, Worth
from invx.contexts.invoicing.domain.exchange.exchange import ExchangeRate
from invx.contexts.invoicing.domain.exchange.rates_applying import (
    complete_books,
    convert_taxes,
    unbooked_money,
)
from invx.contexts.invoicing.domain.posting import Posting
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.tax_conversion import wanted_for
from invx.contexts.invoicing.domain.tax.tax_opening import tax_account_of
from invx.contexts.invoicing.wiring import CODEC
from invx.kernel.errors import DomainError
from invx.rules.totals.model import ZERO
from tests.unit.invoicing.domain.drafts import S7, S19, SUBJECT, TODAY, D, content, drafted, line
from tests.unit.invoicing.domain.settlements import claim
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, entity

DOLLARS = content(line("1", "84.03", "1", S19), line("2", "13.37", "1", S7), currency="USD")
ACTS = ("record_payment", "record_payment", "take_discount", "write_off", "refund", "reverse")
cents = st.integers(1, 9_000).map(lambda value: D(value).scaleb(-2))
acts = st.lists(st.tuples(st.sampled_from(ACTS), cents), max_size=8)
sellers = st.sampled_from([ACCRUAL, CASH])


def rate_of(day):
    """What is published in the end: another rate each month."""
    return ExchangeRate(
        rate=D("0.90") + D(day.month).scaleb(-3), source="x", day=day.replace(day=1)
    )


def opened(registration, *, known):
    document = drafted(DOLLARS)
    account = tax_account_of(
        (document.content, document.totals, document.links), entity(registration), TODAY
    )
    claimed = claim(
        str(document.totals.due), "USD", document_id=uuid5(SUBJECT, "late"), opened_on=TODAY
    )
    value = BookValue(currency="EUR", day=TODAY)
    if known:
        value = value.at(rate_of(TODAY), claimed.total)
    settlement = Settlement.open_for(claimed, subject_id=SUBJECT, tax_account=account, value=value)
    if known:
        publish(settlement)
    return settlement


def publish(settlement, months=None):
    """The rates of these months are there now; of all when nothing is said."""

    def there(day):
        return months is None or day.month in months

    record = settlement.taxes
    wanted = wanted_for(record.account, tuple(record.entries.values()), "EUR")
    taxes = {each: rate_of(each.on) for each in wanted if there(each.on)}
    convert_taxes(settlement, taxes, "EUR")
    worths = {
        each.entry_id: Worth(rate=rate_of(each.on))
        for each in unbooked_money(settlement)
        if there(each.on)
    }
    book = settlement.books.value
    rate = rate_of(book.day) if book.rate is None and there(book.day) else None
    complete_books(settlement, rate, worths)


def act(settlement, number, name, amount, *, known):
    """One act, a month after the one before; what is refused changes nothing."""
    day = TODAY + timedelta(days=31 * number)
    money = name in ("record_payment", "refund")
    worth = Worth(rate=rate_of(day)) if known and money else Worth()
    posting = Posting(source=f"s{number}", on=day, amount=amount, worth=worth)
    try:
        if name == "reverse":
            standing = [each for each in settlement.entries if each.reverses is None]
            if standing:
                chosen = standing[number % len(standing)].entry_id
                settlement.reverse(chosen, replace(posting, amount=None))
        else:
            getattr(settlement, name)(posting)
    except DomainError:
        return


def ledger(settlement):
    return list(settlement.taxes.entries.values())


@given(
    registration=sellers,
    sequence=acts,
    arrivals=st.lists(st.sets(st.integers(1, 12)), max_size=8),
)
def test_whenever_rates_come_the_figures_are_those_of_rates_that_were_there(
    registration, sequence, arrivals
):
    at_once, late = opened(registration, known=True), opened(registration, known=False)
    for number, (name, amount) in enumerate(sequence, 1):
        act(at_once, number, name, amount, known=True)
        publish(at_once)
        act(late, number, name, amount, known=False)
        if number <= len(arrivals):
            publish(late, arrivals[number - 1])
    publish(late)
    assert late.entries == at_once.entries
    assert ledger(late) == ledger(at_once)
    assert late.awaits_rates is at_once.awaits_rates is False
    count = len(late.recorded)
    publish(late)
    assert len(late.recorded) == count, "nothing is told twice"


@given(registration=sellers, sequence=acts)
def test_what_is_stored_leads_to_the_same_settlement(registration, sequence):
    settlement = opened(registration, known=False)
    for number, (name, amount) in enumerate(sequence, 1):
        act(settlement, number, name, amount, known=False)
    publish(settlement)
    stored = [CODEC.encode(each) for each in settlement.recorded]
    events = [
        CODEC.decode(
            each.type,
            each.schema_version,
            each.body.decode(),
            [item.value.decode() for item in each.personal],
        )
        for each in stored
    ]
    again = Settlement.rehydrate(settlement.id, events)
    assert again.entries == settlement.entries
    assert ledger(again) == ledger(settlement)
    assert again.books.value == settlement.books.value
    assert again.taxes.account == settlement.taxes.account


@given(sequence=acts)
def test_on_accrual_nothing_of_the_converted_document_is_lost_or_doubled(sequence):
    settlement = opened(ACCRUAL, known=False)
    for number, (name, amount) in enumerate(sequence, 1):
        act(settlement, number, name, amount, known=False)
    publish(settlement)
    given_up = {EntryKind.DISCOUNT, EntryKind.WRITE_OFF}
    untouched = all(each.kind not in given_up for each in settlement.entries)
    groups = settlement.taxes.account.groups
    for name in ("accounted_base", "accounted_tax"):
        whole = sum((getattr(each, name) for each in groups), ZERO)
        entered = sum((getattr(each, name) for each in ledger(settlement)), ZERO)
        assert 0 <= entered <= whole
        if untouched:
            assert entered == whole


def test_a_rate_of_another_month_leaves_all_as_it_was():
    settlement = opened(CASH, known=False)
    act(settlement, 1, "record_payment", D("10.00"), known=False)
    count = len(settlement.recorded)
    publish(settlement, {date(2026, 12, 1).month})
    assert len(settlement.recorded) == count
    assert settlement.awaits_rates
