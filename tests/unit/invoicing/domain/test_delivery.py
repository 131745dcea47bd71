"""A document on its way: what may be sent when, and what each answer makes of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.delivery.delivery_errors import (
    ChannelUnsuitable,
    ClearanceRequired,
    ClearanceUnderWay,
    DeliveryOver,
    NothingToAsk,
    TransmissionNotFailed,
    TransmissionNotFound,
    TransmittedAlready,
)
from invx.contexts.invoicing.domain.delivery.delivery_events import (
    ClearanceRejected,
    Cleared,
    Delivered,
    TransmissionDelayed,
    TransmissionFailed,
    TransmissionRejected,
    TransmissionSent,
    Viewed,
)
from invx.contexts.invoicing.domain.delivery.transmission import (
    Answer,
    Channel,
    ClearanceStatus,
    DeliveryStatus,
    Reason,
    Transmission,
    TransmissionStatus,
    Verdict,
    transmission_id,
)
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.errors import DocumentReleasedAlready
from invx.contexts.invoicing.domain.party import Identifier
from invx.kernel.limits import TRANSMISSION_ATTEMPTS_MAX
from invx.rules.tax.packs import ClearanceRule
from tests.unit.invoicing.domain.drafts import BUYER, NOW, content, finalized, line, named

PORTAL = Channel(name="portal", clears=True, test=True)
AUTHORITY = Channel(name="authority", clears=True, delivers=False)
MAIL = Channel(name="mail")
WHY = Reason(code="00305", text="unknown buyer")

SENT = Answer(verdict=Verdict.SENT, more=True, receipt="r-1")
CLEARED = Answer(verdict=Verdict.CLEARED, receipt="r-1", authority_id="A-1")
DELIVERED = Answer(verdict=Verdict.DELIVERED, receipt="r-1", authority_id="A-1")
VIEWED = Answer(verdict=Verdict.VIEWED, receipt="r-1", authority_id="A-1")
REJECTED = Answer(verdict=Verdict.REJECTED, receipt="r-1", reasons=(WHY,))
DOWN = Answer(verdict=Verdict.UNREACHABLE, reasons=(Reason(text="down"),))


def issued() -> Document:
    return finalized(content(line("1", "100")))


def opened(
    rule: ClearanceRule = ClearanceRule.NONE, *channels: Channel
) -> tuple[Document, Delivery, list[Transmission]]:
    document = issued()
    delivery = Delivery.of(document)
    if rule is not ClearanceRule.NONE:
        delivery.require_clearance(document, rule)
    queued = [delivery.queue(document, channel, "ubl", now=NOW) for channel in channels]
    return document, delivery, queued


def reached(delivery: Delivery, id: object) -> tuple[str, str, str]:
    [status] = [each.status for each in delivery.transmissions.values() if each.id == id]
    return str(status), str(delivery.status), str(delivery.clearance)


def answered(*answers: Answer) -> Delivery:
    """One that waits for the portal to clear it, after these answers."""
    _, delivery, [queued] = opened(ClearanceRule.BEFORE_RELEASE, PORTAL)
    for answer in answers:
        delivery.note(queued.id, answer, now=NOW, sha256="abc")
    return delivery


# What each answer makes of a transmission by the portal, which clears and delivers, when the buyer
# has to wait for the clearance: transmission, delivery, clearance, and the events.
TABLE = [
    ((SENT,), ("sent", "queued", "pending"), [TransmissionSent]),
    ((SENT, SENT), ("sent", "queued", "pending"), [TransmissionSent]),
    ((CLEARED,), ("cleared", "sent", "cleared"), [TransmissionSent, Cleared]),
    ((SENT, CLEARED, CLEARED), ("cleared", "sent", "cleared"), [TransmissionSent, Cleared]),
    (
        (SENT, DELIVERED),
        ("delivered", "delivered", "cleared"),
        [TransmissionSent, Cleared, Delivered],
    ),
    (
        (DELIVERED, VIEWED, SENT, CLEARED, VIEWED),
        ("viewed", "viewed", "cleared"),
        [TransmissionSent, Cleared, Delivered, Viewed],
    ),
    (
        (replace(DELIVERED, authority_id=None),),  # who has not cleared it cannot have delivered
        ("sent", "queued", "pending"),
        [TransmissionSent],
    ),
    ((REJECTED,), ("rejected", "failed", "rejected"), [TransmissionSent, ClearanceRejected]),
    (
        (SENT, REJECTED, REJECTED, CLEARED, DELIVERED),
        ("rejected", "failed", "rejected"),
        [TransmissionSent, ClearanceRejected],
    ),
    (
        (CLEARED, REJECTED),  # cleared, and yet the buyer cannot be reached
        ("rejected", "failed", "cleared"),
        [TransmissionSent, Cleared, TransmissionRejected],
    ),
    (
        (DELIVERED, REJECTED),
        ("delivered", "delivered", "cleared"),
        [TransmissionSent, Cleared, Delivered],
    ),
    ((DOWN,), ("queued", "queued", "pending"), [TransmissionDelayed]),
    ((DOWN, SENT, DOWN), ("sent", "queued", "pending"), [TransmissionDelayed, TransmissionSent]),
]


@pytest.mark.parametrize(("answers", "expected", "events"), TABLE)
def test_each_answer_moves_the_states_as_the_table_says(
    answers: tuple[Answer, ...], expected: tuple[str, str, str], events: list[type]
) -> None:
    _, delivery, [queued] = opened(ClearanceRule.BEFORE_RELEASE, PORTAL)
    delivery.recorded.clear()
    for answer in answers:
        delivery.note(queued.id, answer, now=NOW, sha256="abc")
    assert reached(delivery, queued.id) == expected
    assert [type(each) for each in delivery.recorded] == events


def test_where_nobody_waits_for_clearance_what_is_sent_is_sent() -> None:
    for rule, clearance in (
        (ClearanceRule.NONE, "not_required"),
        (ClearanceRule.AFTER_ISSUE, "pending"),
    ):
        _, delivery, [queued] = opened(rule, PORTAL)
        delivery.note(queued.id, SENT, now=NOW, sha256="abc")
        assert reached(delivery, queued.id) == ("sent", "sent", clearance)
        delivery.note(queued.id, REJECTED, now=NOW)
        rejected = "rejected" if rule is ClearanceRule.AFTER_ISSUE else "not_required"
        assert reached(delivery, queued.id) == ("rejected", "failed", rejected)


def test_the_farthest_transmission_counts_and_only_those_to_the_buyer() -> None:
    document, delivery, [clearing] = opened(ClearanceRule.BEFORE_RELEASE, AUTHORITY)
    assert delivery.status is DeliveryStatus.NONE
    delivery.note(clearing.id, CLEARED, now=NOW, sha256="abc")
    assert reached(delivery, clearing.id) == ("cleared", "none", "cleared")
    mail = delivery.queue(document, MAIL, "pdf", now=NOW)
    assert delivery.status is DeliveryStatus.QUEUED
    delivery.fail(mail.id, WHY, now=NOW)
    assert delivery.status is DeliveryStatus.FAILED
    post = delivery.queue(document, Channel(name="post"), "pdf", now=NOW)
    delivery.note(post.id, Answer(verdict=Verdict.SENT), now=NOW, sha256="abc")
    assert delivery.status is DeliveryStatus.SENT


def test_what_may_not_go_is_refused() -> None:
    document, delivery, _ = opened(ClearanceRule.BEFORE_RELEASE)
    with pytest.raises(ClearanceRequired):
        delivery.queue(document, MAIL, "pdf", now=NOW)
    with pytest.raises(ChannelUnsuitable):
        delivery.queue(document, replace(PORTAL, live=False), "ubl", now=NOW)
    queued = delivery.queue(document, PORTAL, "ubl", now=NOW)
    with pytest.raises(TransmittedAlready):
        delivery.queue(document, PORTAL, "cii", now=NOW)
    with pytest.raises(ClearanceUnderWay):
        delivery.queue(document, AUTHORITY, "ubl", now=NOW)
    delivery.note(queued.id, REJECTED, now=NOW, sha256="abc")
    with pytest.raises(ClearanceUnderWay):
        delivery.queue(document, AUTHORITY, "ubl", now=NOW)
    plain, free, _ = opened()
    with pytest.raises(ChannelUnsuitable):
        free.queue(plain, AUTHORITY, "ubl", now=NOW)
    with pytest.raises(TransmissionNotFound):
        free.transmission(queued.id)


def test_an_unreachable_channel_is_given_up_after_growing_waits() -> None:
    _, delivery, [queued] = opened(ClearanceRule.NONE, MAIL)
    waits = []
    for attempt in range(1, TRANSMISSION_ATTEMPTS_MAX + 1):
        delivery.note(queued.id, DOWN, now=NOW, sha256="abc")
        after = delivery.transmission(queued.id)
        if attempt < TRANSMISSION_ATTEMPTS_MAX:
            assert after.attempts == attempt
            assert after.next_attempt_at is not None
            waits.append(after.next_attempt_at - NOW)
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert timedelta(hours=12) < sum(waits, timedelta(0)) < timedelta(days=2)
    assert after.status is TransmissionStatus.FAILED
    assert isinstance(delivery.recorded[-1], TransmissionFailed)
    delivery.retry(queued.id, now=NOW)
    assert delivery.transmission(queued.id).attempts == 0
    with pytest.raises(TransmissionNotFailed):
        delivery.retry(queued.id, now=NOW)


def test_a_late_answer_counts_after_all() -> None:
    _, delivery, [queued] = opened(ClearanceRule.BEFORE_RELEASE, PORTAL)
    with pytest.raises(NothingToAsk):
        delivery.ensure_askable(queued.id)
    delivery.note(queued.id, SENT, now=NOW, sha256="abc")
    delivery.give_up_asking(queued.id, now=NOW)
    assert reached(delivery, queued.id) == ("failed", "failed", "pending")
    assert delivery.ensure_askable(queued.id).receipt == "r-1"
    delivery.note(queued.id, DELIVERED, now=NOW)
    assert reached(delivery, queued.id) == ("delivered", "delivered", "cleared")


def test_silence_after_what_needs_no_answer_is_no_failure() -> None:
    _, delivery, [queued] = opened(ClearanceRule.NONE, PORTAL)
    delivery.note(queued.id, SENT, now=NOW, sha256="abc")
    delivery.give_up_asking(queued.id, now=NOW)
    assert reached(delivery, queued.id) == ("sent", "sent", "not_required")


def test_only_what_never_left_is_closed() -> None:
    document, delivery, _ = opened(ClearanceRule.BEFORE_RELEASE)
    delivery.close()
    delivery.close()
    assert (delivery.closed, delivery.clearance) == (True, ClearanceStatus.NOT_REQUIRED)
    with pytest.raises(DeliveryOver):
        delivery.queue(document, PORTAL, "ubl", now=NOW)
    for answers in ((), (SENT,), (CLEARED,), (CLEARED, REJECTED)):
        with pytest.raises(DocumentReleasedAlready):
            answered(*answers).close()
    answered(REJECTED).close()


def test_the_recipient_is_the_buyers_endpoint() -> None:
    buyer = replace(BUYER, endpoint=Identifier(id="04011000-1", scheme="0204"))
    document = finalized(content(line("1", "100"), buyer=buyer))
    queued = Delivery.of(document).queue(document, MAIL, "ubl", now=NOW)
    assert queued.recipient == "0204:04011000-1"
    assert queued.id == transmission_id(document.id, "mail")
    assert queued.id != transmission_id(uuid5(named("other"), "x"), "mail")


_STEPS = st.lists(
    st.tuples(st.sampled_from(["portal", "mail"]), st.sampled_from([*Verdict, "retry"])),
    max_size=25,
)


@given(rule=st.sampled_from(ClearanceRule), steps=_STEPS)
@settings(max_examples=150)
def test_whatever_comes_in_whatever_order_the_states_stay_sound(
    rule: ClearanceRule, steps: list[tuple[str, str]]
) -> None:
    """Nothing decided is decided anew, and replay gives the same states."""
    document, delivery, [portal] = opened(rule, PORTAL)
    ids = {"portal": portal.id, "mail": transmission_id(document.id, "mail")}
    seen: list[ClearanceStatus] = []
    for name, verdict in steps:
        if name == "mail" and ids["mail"] not in delivery.transmissions:
            if delivery.awaits_clearance:
                continue
            delivery.queue(document, MAIL, "pdf", now=NOW)
        if verdict == "retry":
            if delivery.transmission(ids[name]).status is TransmissionStatus.FAILED:
                delivery.retry(ids[name], now=NOW)
            continue
        before = delivery.transmission(ids[name]).status
        authority_id = "A-1" if verdict in ("cleared", "delivered", "viewed") else None
        answer = Answer(verdict=Verdict(verdict), receipt="r", authority_id=authority_id)
        delivery.note(ids[name], answer, now=NOW, sha256="abc")
        after = delivery.transmission(ids[name]).status
        if before in (TransmissionStatus.REJECTED, TransmissionStatus.VIEWED):
            assert after is before
        seen.append(delivery.clearance)
        if delivery.awaits_clearance:
            left = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.VIEWED)
            assert delivery.status not in left
    decided = [each for each in seen if each is not ClearanceStatus.PENDING]
    assert len(set(decided)) <= 1
    assert sum(isinstance(each, Cleared) for each in delivery.recorded) <= 1
    assert sum(isinstance(each, ClearanceRejected) for each in delivery.recorded) <= 1
    again = Delivery.rehydrate(delivery.id, delivery.recorded)
    assert (again.way, again.transmissions) == (delivery.way, delivery.transmissions)
