"""When something is tried or asked again: growing waits of business time, and an end to them."""

from datetime import datetime, timedelta

from invx.kernel import limits

_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(hours=6)
_GROWTH_OF_TRIES = 4
_GROWTH_OF_QUESTIONS = 2


def next_attempt(attempt: int, now: datetime) -> datetime | None:
    """When to send again after the `attempt`-th try failed: eight tries take most of a day."""
    if attempt >= limits.TRANSMISSION_ATTEMPTS_MAX:
        return None
    return now + _wait(attempt, _GROWTH_OF_TRIES)


def next_question(asked: int, now: datetime) -> datetime | None:
    """When to ask again after having asked `asked` times: thirty questions take six days."""
    if asked >= limits.TRANSMISSION_QUESTIONS_MAX:
        return None
    return now + _wait(asked + 1, _GROWTH_OF_QUESTIONS)


def _wait(count: int, growth: int) -> timedelta:
    times: int = growth ** (count - 1)
    return min(_FIRST * times, _LONGEST)
