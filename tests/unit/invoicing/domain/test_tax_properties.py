"""M5: whatever is paid, discounted, credited or taken back, every cent of tax stands once."""

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.party import Basis
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.tax.tax_entering import entered_of
from invx.contexts.invoicing.domain.tax.tax_entries import TaxCause
from invx.contexts.invoicing.domain.tax.tax_holdings import (
    Settled,
    holdings_after,
    left_of,
    nothing_held,
)
from invx.kernel.errors import DomainError
from invx.rules.totals.model import ZERO, Tax
from tests.unit.invoicing.domain.drafts import S7, S19, D, Z, content, line
from tests.unit.invoicing.domain.taxed import ACCRUAL, CASH, Case, entity, entries_of, figures

TAXES = [S19, S7, Z, Tax(category="S", rate=D("5.5")), Tax(category="E", reason="exempt")]
cents = st.integers(1, 40_000).map(lambda value: Decimal(value).scaleb(-2))
lines = st.lists(st.tuples(cents, st.sampled_from(TAXES)), min_size=1, max_size=5)
sellers = st.sampled_from([ACCRUAL, CASH]).map(entity)
NAMES = ["record_payment", "take_discount", "write_off", "refund"]
steps = st.lists(
    st.tuples(
        st.sampled_from([*NAMES, "record_payment", "reverse", "credit", "credit_line", "void"]),
        st.integers(0, 2),
        st.none() | cents,
    ),
    max_size=14,
)


def case(said, seller, **more):
    items = [line(str(index), str(price), "1", tax) for index, (price, tax) in enumerate(said)]
    return Case.of(content(*items, **more), seller)


def run(subject, sequence):
    """Try every step; what the settlement refuses changes nothing."""
    for name, which, amount in sequence:
        settlement = subject.settlements[which % len(subject.settlements)]
        try:
            match name:
                case "reverse":
                    standing = [each for each in settlement.entries if each.reverses is None]
                    if standing:
                        at = subject.settlements.index(settlement)
                        subject.reverse(standing[which % len(standing)].entry_id, which=at)
                case "credit":
                    subject.credit(amount)
                case "credit_line":
                    subject.credit(line=str(which))
                case "void":
                    settlement.close_void()
                case _:
                    subject.post(name, amount, which=subject.settlements.index(settlement))
        except DomainError:
            continue
    return subject


def close(subject):
    """Pay what is open and give back what is too much, until nothing is owed either way."""
    for which, settlement in enumerate(subject.settlements):
        if settlement.standing.voided:
            continue
        if settlement.open:
            subject.post("record_payment", which=which)
        if settlement.surplus:
            subject.post("refund", which=which)
    return subject


def cells_of(settlement):
    """Base and tax of each group as the entries sum up."""
    found = []
    for group in settlement.taxes.account.groups:
        own = [
            each
            for each in entries_of(settlement)
            if (each.category, each.rate) == (group.category, group.rate)
        ]
        found += [sum((e.base for e in own), ZERO), sum((e.tax for e in own), ZERO)]
    return tuple(found)


@given(said=lines, seller=sellers, sequence=steps)
def test_the_ledger_of_a_document_is_what_its_settlement_says_of_it(said, seller, sequence):
    for settlement in run(case(said, seller), sequence).settlements:
        account, held = settlement.taxes.account, settlement.taxes.held
        base, tax = entered_of(account, held)
        sums = cells_of(settlement)
        if settlement.standing.voided:
            assert not any(sums)
            continue
        assert (sum(sums[::2]), sum(sums[1::2])) == (base, tax)
        for index, group in enumerate(account.groups):
            for at in (2 * index, 2 * index + 1):
                given_up = held.discounted.cells[at] + held.written_off.cells[at]
                on_cash = group.basis is Basis.CASH
                right = held.received.cells[at] if on_cash else account.cells[at] - given_up
                assert sums[at] == right


@given(said=lines, seller=sellers, sequence=steps)
def test_no_share_turns_its_sign_and_all_of_them_make_the_document(said, seller, sequence):
    for settlement in run(case(said, seller), sequence).settlements:
        account, held = settlement.taxes.account, settlement.taxes.held
        left = left_of(account, held)
        shares = [held.credited, held.received, held.discounted, held.written_off, left]
        assert sum(each.amount for each in shares) == abs(account.total)
        for at, whole in enumerate(account.cells):
            parts = [each.cells[at] for each in shares]
            assert sum(parts) == whole
            assert all(part * whole >= 0 for part in parts)
        for each in shares:
            assert each.amount >= 0
            assert abs(sum(each.cells)) == each.amount  # one tax a line: nothing is counted twice


@given(said=lines, seller=sellers, sequence=steps)
def test_what_is_settled_in_money_alone_stands_in_full(said, seller, sequence):
    subject = close(run(case(said, seller), sequence))
    for settlement in subject.settlements:
        standing, held = settlement.standing, settlement.taxes.held
        if standing.voided:
            continue
        given_up = (held.credited.amount, held.discounted.amount, held.written_off.amount)
        if not any(given_up):
            assert cells_of(settlement) == settlement.taxes.account.cells
        assert not any(left_of(settlement.taxes.account, held).cells)


@given(said=lines, sequence=steps)
def test_both_bases_come_to_the_same_once_nothing_is_owed(said, sequence):
    """Rate by rate, over the invoice and all of its credit notes."""
    ends = [close(run(case(said, entity(basis)), sequence)) for basis in (ACCRUAL, CASH)]
    assert figures(ends[0].ledger) == figures(ends[1].ledger)


@given(said=lines, seller=sellers, sequence=steps)
def test_an_invoice_that_is_credited_in_full_leaves_no_tax(said, seller, sequence):
    only = [
        step
        for step in sequence
        if step[0] in {"record_payment", "refund", "credit", "credit_line"}
    ]
    subject = run(case(said, seller), only)
    if not subject.document.remainder.exhausted:
        subject.credit()
    assert figures(close(subject).ledger) == {}


acts = st.lists(
    st.tuples(
        st.sampled_from(["record_payment", "record_payment", "take_discount", "write_off", "line"]),
        st.integers(1, 99),
    ),
    min_size=2,
    max_size=7,
)


@given(prices=st.lists(cents, min_size=3, max_size=3), sequence=acts)
def test_lines_are_credited_in_the_midst_of_payments_and_each_rate_comes_out_right(
    prices, sequence
):
    """Amounts are percents of what is open, so that credits meet what is half paid."""
    ends = []
    for basis in (ACCRUAL, CASH):
        subject = case(list(zip(prices, (S19, S7, Z), strict=True)), entity(basis))
        for name, percent in sequence:
            amount = (subject.settlement.open * percent / 100).quantize(D("0.01"))
            try:
                if name == "line":
                    subject.credit(line=str(percent % 3))
                elif amount:
                    subject.post(name, amount)
            except DomainError:
                continue
            for settlement in subject.settlements:
                account, held = settlement.taxes.account, settlement.taxes.held
                shares = [held.credited, held.received, held.discounted, held.written_off]
                shares.append(left_of(account, held))
                for at, whole in enumerate(account.cells):
                    assert all(each.cells[at] * whole >= 0 for each in shares)
                assert all(abs(sum(each.cells)) == each.amount for each in shares)
        ends.append(figures(close(subject).ledger))
    assert ends[0] == ends[1]


@given(said=lines, payments=st.lists(cents, max_size=12))
def test_a_payment_never_enters_more_or_less_than_was_paid(said, payments):
    subject = case(said, entity(CASH))
    for paid in payments:
        before, open_ = len(subject.ledger), subject.settlement.open
        subject.post("record_payment", paid)
        new = subject.ledger[before:]
        assert sum((each.base + each.tax for each in new), ZERO) == min(paid, open_)
        assert all(each.base >= 0 and each.tax >= 0 for each in new)
        assert {each.cause for each in new} <= {TaxCause.CASH_RECEIVED}


@given(said=lines, parts=st.integers(1, 60))
def test_cents_do_not_pile_up_over_many_payments(said, parts):
    """After each part payment every base and tax is within a cent or two of its proportion."""
    subject = case(said, entity(CASH))
    account = subject.settlement.taxes.account
    part = max((account.total / parts).quantize(D("0.01")), D("0.01"))
    for _ in range(min(parts, 40)):
        if not subject.settlement.open:
            break
        subject.post("record_payment", min(part, subject.settlement.open))
        received = subject.settlement.taxes.held.received
        for cell, whole in zip(received.cells, account.cells, strict=True):
            assert abs(cell - whole * received.amount / account.total) <= D("0.02")


@given(said=lines, seller=sellers, sequence=steps)
@settings(max_examples=60)
def test_a_ledger_made_again_from_stored_events_is_the_same(said, seller, sequence):
    for settlement in run(case(said, seller), sequence).settlements:
        stored = [(type(event), msgspec.json.encode(event)) for event in settlement.recorded]
        events = [msgspec.json.decode(body, type=kind) for kind, body in stored]
        again = Settlement.rehydrate(settlement.id, events)
        assert again.taxes.held == settlement.taxes.held
        assert again.taxes.account == settlement.taxes.account
        again.recorded.extend(events)
        assert entries_of(again) == entries_of(settlement)
        counted = [each.sequence for each in entries_of(settlement)]
        assert counted == list(range(1, len(counted) + 1))


@given(said=lines, seller=sellers, amount=cents, first=cents)
def test_a_reversal_takes_back_exactly_what_its_entry_had_entered(said, seller, amount, first):
    for name in ("record_payment", "write_off", "take_discount"):
        subject = case(said, seller)
        try:
            subject.post("record_payment", first)
            before = list(subject.ledger)
            done = subject.post(name, amount)
        except DomainError:
            continue
        made = subject.ledger[len(before) :]
        subject.reverse(done)
        back = subject.ledger[len(before) + len(made) :]
        assert figures(made + back) == {}
        assert {each.reverses for each in back} <= {done}
        held = subject.settlement.taxes.held
        subject.post("record_payment", None) if subject.settlement.open else None
        assert held.received.amount == min(first, subject.settlement.taxes.account.total)


def test_the_case_credits_as_the_application_does():
    subject = case([(D("100.00"), S19)], entity(CASH))
    subject.credit("11.90")
    assert isinstance(subject.document, Document)
    assert subject.settlement.open == D("107.10")


@given(said=lines, seller=sellers, prepaid=st.just(ZERO) | cents, free=st.booleans())
def test_what_a_new_document_holds_is_what_its_prepayment_takes(said, seller, prepaid, free):
    """Also of one that comes to nothing in the end, whose rest is taken at once."""
    items = [line(str(index), str(price), "1", tax) for index, (price, tax) in enumerate(said)]
    gross = Case.of(content(*items), seller).document.totals.gross
    back = [line("back", str(gross), "-1", Z)] if free else []
    made = Case.of(content(*items, *back, prepaid=prepaid), seller).settlement
    if made.taxes is None:
        return
    account = made.taxes.account
    held = holdings_after(account, nothing_held(account), Settled(received=account.prepaid))
    assert made.taxes.held == held
    assert repr(made.taxes.held) == repr(held)  # 0 and 0.00 would be equal
