"""When something is tried again, and what is said of a failure."""

import random

import pytest

from invx.infra.attempts import pause_before, reason_of
from invx.kernel import limits
from invx.kernel.errors import Conflict, NotYet


class InvoiceNotDraft(Conflict):
    """It is not a draft."""


def seconds(attempt: int, seed: int = 0) -> float:
    return pause_before(attempt, random.Random(seed)).total_seconds()


def test_pauses_grow_from_a_second_to_an_hour() -> None:
    pauses = [seconds(attempt) for attempt in range(1, limits.REACTION_ATTEMPTS_MAX + 1)]
    assert 0.75 <= pauses[0] <= 1.25
    assert pauses[:6] == sorted(pauses[:6])
    assert max(pauses) <= limits.REACTION_DELAY_SECONDS_MAX * 1.25
    assert 3600 < sum(pauses) < 3 * 3600


def test_two_failures_at_once_are_not_tried_again_at_once() -> None:
    assert len({seconds(3, seed) for seed in range(20)}) > 10


@pytest.mark.parametrize(
    "error, reason",
    [
        (ValueError("bad date"), "ValueError: bad date"),
        (ValueError(), "ValueError"),
        (NotYet("document"), "NotYet: document"),
        (InvoiceNotDraft("No."), "invoice_not_draft: No."),
        (KeyError("Ada Lovelace"), "KeyError: …"),
        (ValueError('cannot read "Ada" or “Grace”'), "ValueError: cannot read … or …"),
        (ValueError("mail to ada@example.com failed"), "ValueError: mail to … failed"),
        (ValueError("no route to DE89 3704 0044 0532 0130 00"), "ValueError: no route to DE…"),
        (ValueError("call +49 40 123456"), "ValueError: call +…"),
        (ValueError("first\nKey (name)=(Ada) exists"), "ValueError: first"),
        (ValueError("line 12 of 99"), "ValueError: line 12 of 99"),
    ],
)
def test_a_reason_says_what_failed_and_nothing_of_anybody(error, reason: str) -> None:
    assert reason_of(error) == reason


def test_a_reason_is_short() -> None:
    assert len(reason_of(ValueError("x" * 10_000))) <= 300
