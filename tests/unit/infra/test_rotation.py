"""Turns over tenants: what a tenant with ten thousand rows costs the others, counted in rounds."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from invx.infra.rotation import LANES, Rotation


@dataclass
class Table:
    """Pending rows per tenant, and the walk over them as the statement does it."""

    pending: dict[UUID, int]
    closed: set[UUID] = field(default_factory=set)
    statements: int = 0

    async def fetch(self, statement: str, after: UUID, limit: int, until: UUID) -> list[Any]:
        self.statements += 1
        found = sorted(id for id, rows in self.pending.items() if rows and after < id <= until)
        return [{"tenant_id": id, "open": id not in self.closed} for id in found[:limit]]

    async def take(self, tenants: list[UUID], share: int) -> list[UUID]:
        taken: list[UUID] = []
        for tenant in tenants:
            count = min(share, self.pending[tenant])
            self.pending[tenant] -= count
            taken += [tenant] * count
        return taken


def tenant(number: int) -> UUID:
    return UUID(int=number)


async def round_of(rotation: Rotation, table: Table, room: int) -> list[UUID]:
    conn: Any = table
    return await rotation.collect(conn, room, table.take)


def rotation() -> Rotation:
    return Rotation("s", "due_jobs", pending="true")


async def test_ten_thousand_rows_of_one_tenant_do_not_delay_the_one_of_another() -> None:
    for single in (1, 9):  # before and behind the large one in the walk
        table = Table({tenant(5): 10_000, tenant(single): 1})
        turns = rotation()
        first = [await round_of(turns, table, 8) for _ in range(2)]
        assert tenant(single) in first[0] + first[1]


async def test_with_room_for_one_the_others_still_have_their_turn() -> None:
    table = Table({tenant(number): 1_000 for number in (1, 2, 3)})
    turns = rotation()
    served = [(await round_of(turns, table, 1))[0] for _ in range(9)]
    assert served == [tenant(1), tenant(2), tenant(3)] * 3


async def test_a_closed_tenant_takes_no_room() -> None:
    table = Table({tenant(1): 50, tenant(2): 3}, closed={tenant(1)})
    assert await round_of(rotation(), table, 8) == [tenant(2)] * 3
    assert table.pending[tenant(1)] == 50


async def test_nothing_pending_costs_two_statements() -> None:
    table = Table({})
    assert await round_of(rotation(), table, 8) == []
    assert table.statements <= 2


async def test_the_cost_is_of_tenants_and_not_of_rows() -> None:
    few, many = Table({tenant(1): 10}), Table({tenant(1): 1_000_000})
    for table in (few, many):
        await round_of(rotation(), table, 10)
    assert few.statements == many.statements


def test_what_somebody_waits_for_has_the_first_lane() -> None:
    assert list(LANES) == sorted(LANES) == [0, 1]


_TENANTS = st.dictionaries(
    st.integers(1, 60).map(tenant), st.integers(1, 30), min_size=1, max_size=25
)


@given(_TENANTS, st.integers(1, 12))
async def test_nobody_waits_longer_than_one_turn_of_all(rows: dict[UUID, int], room: int) -> None:
    """Each tenant is served within as many rounds as there are tenants."""
    table, turns = Table(dict(rows)), rotation()
    unserved = set(rows)
    for _ in range(len(rows)):
        taken = await round_of(turns, table, room)
        assert len(taken) <= room
        unserved -= set(taken)
    assert unserved == set()


@given(_TENANTS, st.integers(1, 12))
async def test_all_is_done_in_the_end_and_nothing_twice(rows: dict[UUID, int], room: int) -> None:
    table, turns = Table(dict(rows)), rotation()
    taken: list[UUID] = []
    rounds = 0
    while sum(table.pending.values()):
        taken += await round_of(turns, table, room)
        rounds += 1
        assert rounds <= sum(rows.values()) + 1
    assert {id: taken.count(id) for id in rows} == rows
