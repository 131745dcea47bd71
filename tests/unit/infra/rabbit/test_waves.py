"""What goes to the broker at once never holds two envelopes of one key."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from invx.infra.rabbit.link import Link, Topology, queue_of, refused_of
from invx.infra.rabbit.transport import IN_FLIGHT_MAX, waves
from tests.integration.delivery.stage import key, note, tenant

TOPOLOGY = Topology({"a.made.v1": ["two", "one"], "a.gone.v1": ["one"]})


def numbered(keys: list[tuple[int, int]]):
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for owner, name in keys:
        counts[owner, name] += 1
        yield note(tenant(owner), key(name), counts[owner, name])


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 5)), max_size=60))
def test_waves_hold_everything_once_and_each_key_in_order(keys) -> None:
    sent = list(numbered(keys))
    parts = waves(sent)
    for part in parts:
        held = [(each.tenant_id, each.order_key) for each in part]
        assert len(held) == len(set(held)) <= IN_FLIGHT_MAX
    flat = [each for part in parts for each in part]
    assert sorted(flat, key=str) == sorted(sent, key=str)
    by_key = defaultdict(list)
    for each in flat:
        by_key[each.tenant_id, each.order_key].append(each.sequence)
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


def test_as_many_waves_as_the_longest_key_and_no_more() -> None:
    sent = list(numbered([(1, 1)] * 4 + [(1, 2)] * 2 + [(2, 1)]))
    assert [len(part) for part in waves(sent)] == [3, 2, 1, 1]


def test_a_wave_is_bounded() -> None:
    sent = [note(tenant(1), key(n), 1) for n in range(IN_FLIGHT_MAX * 2 + 1)]
    assert [len(part) for part in waves(sent)] == [IN_FLIGHT_MAX, IN_FLIGHT_MAX, 1]


def test_nothing_makes_no_wave() -> None:
    assert waves([]) == []


def test_a_context_is_named_once_however_much_it_reacts_to() -> None:
    assert TOPOLOGY.contexts == ["one", "two"]
    assert queue_of("one") == "invx.one"
    assert refused_of("one") == "invx.one.refused"


def test_the_address_is_shown_without_the_login() -> None:
    link = Link("amqp://ada:s3cret@broker.test/", TOPOLOGY)
    assert link.where == "broker.test:5672"
    assert "s3cret" not in link.where
