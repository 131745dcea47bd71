"""How an operation is worked off: chunks, tries, refusals, and what is kept of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.operations import TRIES_OF_A_CHUNK, Work, said, work_on
from invx.kernel.errors import Conflict, DomainError, Problem
from invx.kernel.operations import ItemGivenUp, Operation, OperationItem, OperationState

NOW = datetime(2026, 11, 29, tzinfo=UTC)
ID = UUID(int=1)


class No(Conflict):
    """Not this one."""


def operation(total: int, **more: Any) -> Operation:
    return Operation(
        operation_id=ID,
        kind="do",
        total=total,
        settings={},
        actor="user:test",
        created_at=NOW,
        **{"state": OperationState.PENDING, **more},
    )


@dataclass
class Rows:
    """The rows of one operation, in memory."""

    operation: Operation
    outcomes: dict[int, DomainError | None] = field(default_factory=dict)

    async def locked(self, operation_id: UUID) -> Operation:
        assert operation_id == ID
        return self.operation

    async def next(self, operation: Operation, limit: int) -> list[OperationItem]:
        left = [at for at in range(operation.total) if at not in self.outcomes]
        return [OperationItem(at, UUID(int=at)) for at in left[:limit]]

    def report(
        self,
        operation: Operation,
        items: Sequence[OperationItem],
        outcomes: Sequence[DomainError | None],
    ) -> None:
        for item, outcome in zip(items, outcomes, strict=True):
            assert item.position not in self.outcomes
            self.outcomes[item.position] = outcome
        refused = sum(1 for each in self.outcomes.values() if each)
        done = len(self.outcomes) - refused
        state = OperationState.DONE if done + refused == operation.total else operation.state
        self.operation = replace(operation, done=done, failed=refused, state=state)


async def worked(rows: Rows, work: Work, attempt: int = 1) -> None:
    operations: Any = rows
    await work_on({"key": str(ID), "attempt": attempt}, operations, {"do": work}, None)


def doing(chunk: int, bad: frozenset[int] = frozenset(), sizes: list[int] | None = None) -> Work:
    async def run(operation: Operation, ids: Sequence[UUID], uow: Any) -> list[DomainError | None]:
        if sizes is not None:
            sizes.append(len(ids))
        return [No() if id.int in bad else None for id in ids]

    return Work(chunk, run)


@given(st.integers(1, 40), st.integers(1, 12), st.frozensets(st.integers(0, 39)))
def test_each_item_is_done_once_in_chunks(total: int, chunk: int, bad: frozenset[int]) -> None:
    rows, sizes = Rows(operation(total)), list[int]()

    async def all_of_it() -> None:
        while rows.operation.left:
            await worked(rows, doing(chunk, bad, sizes))

    asyncio.run(all_of_it())
    assert sorted(rows.outcomes) == list(range(total))
    assert {at for at, each in rows.outcomes.items() if each} == {at for at in bad if at < total}
    assert sum(sizes) == total
    assert max(sizes) <= chunk
    assert rows.operation.state is OperationState.DONE


@pytest.mark.parametrize("state", [OperationState.DONE, OperationState.CANCELLED])
async def test_what_has_ended_is_left_alone(state: OperationState) -> None:
    rows = Rows(operation(3, state=state))
    await worked(rows, doing(2))
    assert rows.outcomes == {}


async def test_a_chunk_that_failed_is_tried_with_its_first_item_alone() -> None:
    rows, sizes = Rows(operation(5)), list[int]()
    await worked(rows, doing(4, sizes=sizes), attempt=2)
    assert (sizes, sorted(rows.outcomes)) == ([1], [0])


async def test_an_item_that_brings_down_every_try_is_given_up_untried() -> None:
    rows, sizes = Rows(operation(5)), list[int]()
    await worked(rows, doing(4, sizes=sizes), attempt=TRIES_OF_A_CHUNK + 1)
    assert sizes == []
    assert isinstance(rows.outcomes[0], ItemGivenUp)
    await worked(rows, doing(4, sizes=sizes))
    assert sizes == [4]


def test_what_is_kept_of_a_refusal_names_each_field() -> None:
    kept = said(No("No.", problems=[Problem("/lines/0/price", "wrong", "Too much.")]))
    assert kept == {
        "code": "no",
        "detail": "No.",
        "problems": [{"pointer": "/lines/0/price", "code": "wrong", "detail": "Too much."}],
    }


def test_what_is_left_is_neither_done_nor_failed() -> None:
    assert operation(10, done=3, failed=2).left == 5
