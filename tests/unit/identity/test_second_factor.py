"""A second factor goes from offered to confirmed to removed, and round again."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from invx.contexts.identity.domain.errors import SecondFactorActive, SecondFactorNotFound
from invx.contexts.identity.domain.second_factor import SecondFactor, second_factor_id
from invx.contexts.identity.domain.second_factor_events import (
    RecoveryCodesMade,
    RecoveryCodeUsed,
    TotpConfirmed,
    TotpOffered,
    TotpRemoved,
)
from invx.kernel.messages import Event

USER, NOW = UUID(int=7), datetime(2026, 11, 30, 9, tzinfo=UTC)


def offered() -> SecondFactor:
    factor = SecondFactor(second_factor_id(USER))
    factor.offer(USER, "v1.one", NOW)
    return factor


def confirmed() -> SecondFactor:
    factor = offered()
    factor.confirm("v1.one", NOW)
    return factor


def removed() -> SecondFactor:
    factor = confirmed()
    factor.remove(NOW)
    return factor


def kinds(factor: SecondFactor) -> list[type[Event]]:
    return [type(event) for event in factor.recorded]


def test_it_is_asked_for_only_once_it_is_confirmed() -> None:
    assert [each().active for each in (offered, confirmed, removed)] == [False, True, False]


def test_another_may_be_offered_until_one_is_confirmed() -> None:
    factor = offered()
    factor.offer(USER, "v1.two", NOW)
    with pytest.raises(SecondFactorNotFound):
        factor.confirm("v1.one", NOW)
    factor.confirm("v1.two", NOW)
    with pytest.raises(SecondFactorActive):
        factor.offer(USER, "v1.three", NOW)
    assert factor.encrypted_secret == "v1.two"


def test_a_removed_one_is_forgotten_and_may_come_again() -> None:
    factor = removed()
    assert factor.encrypted_secret is None
    factor.offer(USER, "v1.two", NOW)
    factor.confirm("v1.two", NOW)
    assert factor.active


Act = Callable[[SecondFactor], None]
ACTS: dict[str, Act] = {
    "make codes": lambda factor: factor.make_codes(10, NOW),
    "recover": lambda factor: factor.recover(9, NOW),
    "remove": lambda factor: factor.remove(NOW),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("state", [offered, removed, lambda: SecondFactor(UUID(int=1))])
def test_without_a_confirmed_one_nothing_can_be_done_with_it(
    state: Callable[[], SecondFactor], act: Act
) -> None:
    factor = state()
    before = kinds(factor)
    with pytest.raises(SecondFactorNotFound):
        act(factor)
    assert kinds(factor) == before


def test_all_that_happens_is_recorded_and_no_secret_is() -> None:
    factor = confirmed()
    for act in ACTS.values():
        act(factor)
    assert kinds(factor) == [
        TotpOffered,
        TotpConfirmed,
        RecoveryCodesMade,
        RecoveryCodeUsed,
        TotpRemoved,
    ]
    assert "v1.one" not in str(factor.recorded)


def test_a_row_gives_the_same_factor_back() -> None:
    state = {
        "user_id": USER,
        "encrypted_secret": "v1.one",
        "offered_at": NOW,
        "confirmed_at": NOW,
    }
    factor = SecondFactor.restore(second_factor_id(USER), 3, state)
    assert (factor.active, factor.version, factor.encrypted_secret) == (True, 3, "v1.one")
