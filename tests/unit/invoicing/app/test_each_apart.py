"""Many things in one unit of work: what one refusal does to the others."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.app.each_apart import Apart, each_apart
from invx.contexts.invoicing.app.portions import documents_of, schedule_for, split
from invx.kernel.errors import Conflict, DomainError
from invx.kernel.ports import Fact, Needs


class No(Conflict):
    """Not this one."""


class Ledger:
    """A unit of work, as far as this concerns it: what was done since it last started over."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.starts = 0

    def start_over(self) -> None:
        self.done.clear()
        self.starts += 1


async def tried(ledger: Ledger, items: Sequence[int], *, bad: set[int], undone: bool) -> Any:
    async def work(item: int) -> int:
        ledger.done.append(item)
        if item in bad:
            raise No
        return item * 10

    def undo(item: int) -> bool:
        if undone:
            ledger.done.remove(item)
        return undone

    async def attempt(apart: Apart) -> Sequence[int | DomainError]:
        done = await apart.each(enumerate(items), work, undo=undo)
        return apart.outcomes(len(items), done)

    unit: Any = ledger
    return await each_apart(attempt, unit)


@pytest.mark.parametrize("undone", [True, False])
async def test_only_what_is_refused_is_left_out(undone: bool) -> None:
    ledger = Ledger()
    found = await tried(ledger, [1, 2, 3, 4], bad={2, 4}, undone=undone)
    assert [each if isinstance(each, int) else each.code for each in found] == [10, "no", 30, "no"]
    assert ledger.done == [1, 3]
    assert ledger.starts == (0 if undone else 2)


async def test_all_may_be_refused() -> None:
    ledger = Ledger()
    found = await tried(ledger, [1, 2], bad={1, 2}, undone=False)
    assert [type(each) for each in found] == [No, No]
    assert ledger.done == []


async def test_facts_are_asked_for_together() -> None:
    async def work(item: int) -> int:
        raise Needs([Fact("port", str(item), "f")])

    with pytest.raises(Needs) as lacking:
        await Apart({}).each(enumerate([1, 2, 3]), work, undo=lambda _: True)
    assert [fact.key for fact in lacking.value.facts] == ["1", "2", "3"]


class Schedule:
    """A unit of work that remembers what was scheduled."""

    def __init__(self) -> None:
        self.jobs = self
        self.ctx = self
        self.now = "now"
        self.made: list[tuple[str, str, Any]] = []

    def schedule(self, kind: str, key: str, *, due_at: Any, payload: Any) -> None:
        self.made.append((kind, key, payload))


def ids(count: int) -> list[Any]:
    return [UUID(int=number + 1) for number in range(count)]


def test_a_hundred_documents_share_a_job() -> None:
    unit: Any = Schedule()
    schedule_for("archive_document", ids(250), unit.now, unit)
    assert [len(payload["documents"]) for _, _, payload in unit.made] == [100, 100, 50]
    kind, key, payload = unit.made[1]
    assert documents_of({**payload, "key": key}) == ids(250)[100:200]
    assert kind == "archive_document"


def test_a_job_of_before_has_its_document_in_its_key() -> None:
    assert documents_of({"key": str(ids(1)[0])}) == ids(1)


def test_a_portion_that_failed_is_split_and_one_document_is_not() -> None:
    unit: Any = Schedule()
    many = {"key": str(ids(1)[0]), "documents": [str(id) for id in ids(3)]}
    assert not split("k", {**many, "attempt": 1}, unit)
    assert not split("k", {"key": str(ids(1)[0]), "attempt": 2}, unit)
    assert unit.made == []
    assert split("k", {**many, "attempt": 2}, unit)
    assert [(key, payload) for _, key, payload in unit.made] == [(str(id), {}) for id in ids(3)]
