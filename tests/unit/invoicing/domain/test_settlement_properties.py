"""M4: whatever happens in whatever order, a balance equals the sum of its entries."""

from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.balance import EntryKind
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.domain.crediting.apply_credit import apply_credit
from invx.contexts.invoicing.domain.dispute import raise_dispute
from invx.contexts.invoicing.domain.settlement import Settlement
from invx.contexts.invoicing.domain.settlement_events import (
    EntryRecorded,
    SettlementStatusChanged,
)
from invx.kernel.errors import DomainError
from tests.unit.invoicing.domain.settlements import OVERDUE, SUBJECT, claim, post

NAMES = ["record_payment", "write_off", "withhold", "take_discount", "refund"]
cents = st.integers(-20_000, 20_000).map(lambda value: Decimal(value).scaleb(-2))
amounts = st.none() | st.integers(1, 15_000).map(lambda value: Decimal(value).scaleb(-2))
sources = st.integers(0, 8).map("source:{}".format)
steps = st.lists(
    st.tuples(
        st.sampled_from([*NAMES, "reverse", "apply", "become_overdue", "dispute", "void"]),
        st.integers(0, 1),
        amounts,
        sources,
    ),
    max_size=30,
)


def perform(settlements, step):
    """Try one step; what is refused must leave no event."""
    name, which, amount, source = step
    settlement, other = settlements[which], settlements[1 - which]
    before = [len(each.recorded) for each in settlements]
    try:
        match name:
            case "reverse":
                chosen = [each.entry_id for each in settlement.entries][:3] or [UUID(int=0)]
                settlement.reverse(chosen[-1], post(source=f"undo:{source}"))
            case "apply":
                apply_credit(settlement, other, post(amount, source=f"credit:{source}"))
            case "become_overdue":
                settlement.become_overdue(OVERDUE)
            case "dispute":
                raise_dispute(settlement)
            case "void":
                settlement.close_void()
            case _:
                getattr(settlement, name)(post(amount, source=source))
    except DomainError:
        assert [len(each.recorded) for each in settlements] == before


def run(totals, sequence):
    settlements = [
        Settlement.open_for(claim(total, document_id=UUID(int=index + 1)), subject_id=SUBJECT)
        for index, total in enumerate(totals)
    ]
    for step in sequence:
        perform(settlements, step)
    return settlements


@given(totals=st.tuples(cents, cents), sequence=steps)
def test_m4_every_balance_is_the_sum_of_its_entries(totals, sequence):
    for settlement in run(totals, sequence):
        standing, total = settlement.standing, settlement.claim.total
        assert standing.settled == sum(entry.amount for entry in settlement.entries)
        assert standing.open >= 0
        assert standing.surplus >= 0
        assert not (standing.open and standing.surplus)
        if standing.voided:
            assert not settlement.entries
            continue
        assert standing.open - standing.surplus == total - standing.settled
        assert standing.settled == (
            standing.paid
            + standing.credited
            + standing.written_off
            + standing.withheld
            + standing.discounted
            - standing.refunded
        )


@given(totals=st.tuples(cents, cents), sequence=steps)
def test_entries_are_unique_per_source_and_counted_without_gaps(totals, sequence):
    for settlement in run(totals, sequence):
        recorded = [event for event in settlement.recorded if isinstance(event, EntryRecorded)]
        assert [event.sequence for event in recorded] == list(range(1, len(recorded) + 1))
        assert len({event.entry.source for event in recorded}) == len(recorded)
        assert len({event.entry.entry_id for event in recorded}) == len(recorded)
        reversals = [event.entry.reverses for event in recorded if event.entry.reverses]
        assert len(set(reversals)) == len(reversals)


@given(totals=st.tuples(cents, cents), sequence=steps)
def test_w10_a_status_event_stands_for_each_change_and_for_nothing_else(totals, sequence):
    for settlement in run(totals, sequence):
        changes = [
            event for event in settlement.recorded if isinstance(event, SettlementStatusChanged)
        ]
        assert all(event.before is not event.status for event in changes)
        assert all(one.status is other.before for one, other in pairwise(changes))
        last = changes[-1].status if changes else settlement.recorded[0].after.status
        assert settlement.standing.voided or settlement.status is last


@given(totals=st.tuples(cents, cents), sequence=steps)
def test_credit_moves_between_documents_and_is_never_made(totals, sequence):
    one, other = run(totals, sequence)
    assert one.standing.credited + other.standing.credited == 0
    for settlement in (one, other):
        moved = [entry for entry in settlement.entries if entry.kind is EntryKind.CREDIT]
        assert all(entry.reverses is None for entry in moved)


@given(totals=st.tuples(cents, cents), sequence=steps)
def test_a_settlement_read_back_from_its_stored_events_is_the_same(totals, sequence):
    for settlement in run(totals, sequence):
        stored = [(type(event), msgspec.json.encode(event)) for event in settlement.recorded]
        events = [msgspec.json.decode(body, type=kind) for kind, body in stored]
        again = Settlement.rehydrate(settlement.id, events)
        assert again.version == settlement.version == len(events)
        assert again.standing == settlement.standing
        assert again.claim == settlement.claim
        assert again.entries == settlement.entries


@given(gross=st.integers(1, 10_000), parts=st.lists(st.integers(1, 4_000), max_size=12))
def test_d20_refunds_never_pay_back_more_than_the_credit_note(gross, parts):
    total = -Decimal(gross).scaleb(-2)
    note = Settlement.open_for(
        claim(total, document_type=DocumentType.CREDIT_NOTE), subject_id=SUBJECT
    )
    paid_back = Decimal(0)
    for index, part in enumerate(parts):
        wanted = Decimal(part).scaleb(-2)
        try:
            note.refund(post(wanted, source=f"refund:{index}"))
        except DomainError:
            assert wanted > note.surplus
        else:
            paid_back += wanted
    assert paid_back == note.standing.refunded <= -total
    assert note.surplus == -total - paid_back
