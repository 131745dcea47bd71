"""What happens when follows from the seed alone, and leaves out nothing."""

from collections import Counter

from tests.faults.striking import KINDS
from tests.faults.test_faults import AT_ONCE, rounds
from tests.faults.test_soak import ALL, kind_of


def test_a_seed_fixes_the_order_and_each_turn_has_every_kind_once() -> None:
    two = [kind_of(7, number) for number in range(2 * len(ALL))]
    assert two == [kind_of(7, number) for number in range(2 * len(ALL))]
    assert set(two[: len(ALL)]) == set(two[len(ALL) :]) == set(ALL)
    assert two[: len(ALL)] != two[len(ALL) :]
    assert two != [kind_of(8, number) for number in range(2 * len(ALL))]


def test_the_short_campaign_has_every_kind_twice_and_kills_whole_contexts_once() -> None:
    faults = [fault for together in rounds() for fault in together]
    assert Counter(fault.kind for fault in faults) == dict.fromkeys(KINDS, 2)
    assert max(len(together) for together in rounds()) == AT_ONCE
    for kind in KINDS:
        whole, one = [fault.which < 0.5 for fault in faults if fault.kind == kind]
        assert whole
        assert not one
    assert rounds() == rounds()
