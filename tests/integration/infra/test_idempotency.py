"""The same write sent twice happens once and is answered once (E4)."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from invx.infra.idempotency import (
    Answer,
    IdempotencyKeyReused,
    IdempotentRequest,
    RequestInProgress,
    answer_row,
    forget_answers,
)
from invx.infra.postgres import TookTooLong
from invx.infra.runner import Runner
from invx.infra.tenancy import UnknownTenant
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError, Forbidden, NotFound, Stale, Unavailable
from tests.integration.infra.notebook import Note, Notebook, NotebookUnit, TitleTaken, request


async def open_note(title: str, uow: NotebookUnit) -> Note:
    note = Note.open(uow.ids.new(), title, author_id=uow.ctx.tenant_id)
    uow.notes.add(note)
    return note


def render(note: Note, uow: NotebookUnit) -> Answer:
    headers = {"etag": f'"{note.version}"'}
    return Answer(201, bytes([0, 255]) + str(note.title).encode(), headers, note.id)


@dataclass(slots=True)
class Door:
    """Sends requests, as a route would."""

    notebook: Notebook
    runner: Runner[NotebookUnit] = field(init=False)

    def __post_init__(self) -> None:
        self.runner = self.notebook.runner()

    async def send(
        self, title: str = "A", handler: Any = open_note, *, of: IdempotentRequest | None = None
    ) -> Answer:
        return await self.runner.answer(
            handler, title, self.notebook.caller, render=render, request=of or request()
        )

    async def age(self, days: float) -> None:
        """As if everything had been stored so many days ago."""
        await self.notebook.root.execute(
            "UPDATE notebook.idempotency SET created_at = created_at - $2::interval"
            " WHERE tenant_id = $1",
            self.notebook.tenant_id,
            timedelta(days=days),
        )


@pytest.fixture
def door(notebook: Notebook) -> Door:
    return Door(notebook)


def refuse(error: DomainError) -> Any:
    async def handler(_: object, uow: NotebookUnit) -> Note:
        await open_note("half", uow)
        raise error

    return handler


async def test_the_same_request_gets_the_same_answer_and_happens_once(door: Door) -> None:
    first = await door.send()
    second = await door.send()
    assert (first.status, first.body) == (201, b"\x00\xffA")
    assert (second.status, second.body) == (first.status, first.body)
    assert second.headers == {**first.headers, "Idempotent-Replayed": "true"}
    assert await door.notebook.count("notes") == 1
    assert await door.notebook.count("idempotency") == 1


async def test_the_same_key_with_another_request_is_refused(door: Door) -> None:
    await door.send()
    with pytest.raises(IdempotencyKeyReused):
        await door.send("B", of=request(fingerprint="other"))
    assert (await door.send()).status == 201
    assert await door.notebook.count("notes") == 1


async def test_another_key_is_another_request(door: Door) -> None:
    await door.send("A", of=request("a1"))
    await door.send("B", of=request("a2"))
    assert await door.notebook.count("notes") == 2


async def test_the_same_key_of_another_tenant_is_another_request(door: Door) -> None:
    await door.send()
    other = door.notebook.ids.new()
    await door.notebook.directory.register(other, name="O")
    answer = await Door(replace(door.notebook, tenant_id=other)).send()
    assert "Idempotent-Replayed" not in answer.headers


async def test_an_equal_request_under_way_is_told_to_wait(door: Door) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slowly(title: str, uow: NotebookUnit) -> Note:
        entered.set()
        await leave.wait()
        return await open_note(title, uow)

    first = asyncio.create_task(door.send(handler=slowly))
    await entered.wait()
    with pytest.raises(RequestInProgress):
        await door.send()
    leave.set()
    assert (await first).status == 201
    assert (await door.send()).headers["Idempotent-Replayed"] == "true"
    assert await door.notebook.count("notes") == 1


async def test_fifty_equal_requests_at_once_happen_once(door: Door) -> None:
    async def insist() -> Answer:
        while True:
            try:
                return await door.send()
            except RequestInProgress:
                await asyncio.sleep(0.02)

    answers = await asyncio.gather(*(insist() for _ in range(50)))
    assert {(answer.status, answer.body) for answer in answers} == {(201, b"\x00\xffA")}
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert await door.notebook.count("events") == 1


@pytest.mark.parametrize("error", [TitleTaken("no"), NotFound("no"), Stale("no")])
async def test_a_lasting_refusal_is_the_answer_for_good(door: Door, error: DomainError) -> None:
    first = await door.send(handler=refuse(error))
    assert (first.status, first.body) == (409, error.code.encode())
    second = await door.send()
    assert (second.status, second.body) == (first.status, first.body)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert await door.notebook.counts() == {"idempotency": 1}


@pytest.mark.parametrize("error", [Unavailable("later"), Forbidden("no"), RequestInProgress("x")])
async def test_a_refusal_of_the_moment_is_not_stored(door: Door, error: DomainError) -> None:
    with pytest.raises(type(error)):
        await door.send(handler=refuse(error))
    assert await door.notebook.counts() == {}
    assert (await door.send()).status == 201


async def test_a_failure_of_ours_is_not_stored(door: Door) -> None:
    async def fail(_: object, uow: NotebookUnit) -> Note:
        await open_note("half", uow)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await door.send(handler=fail)
    assert await door.notebook.counts() == {}
    assert (await door.send()).status == 201


async def test_a_refusal_without_a_key_is_raised(door: Door) -> None:
    with pytest.raises(TitleTaken):
        await door.runner.answer(
            refuse(TitleTaken()), "A", door.notebook.caller, render=render, request=None
        )


async def test_an_answer_that_an_equal_request_stored_meanwhile_wins(door: Door) -> None:
    """A refused request and an equal one that succeeds in between have one answer, not two."""
    of = request()
    row = answer_row(door.notebook.tenant_id, of, Answer(201, b"theirs"), datetime.now(UTC))

    async def overtake(_: object, uow: NotebookUnit) -> Note:
        async def store(_: object, other: NotebookUnit) -> None:
            other.write_set.put("idempotency", row)

        await door.runner.run(store, None, door.notebook.caller)
        raise TitleTaken

    answer = await door.send(handler=overtake, of=of)
    assert (answer.status, answer.body) == (201, b"theirs")


async def test_a_closed_tenant_is_refused_and_nothing_is_remembered(door: Door) -> None:
    await door.notebook.root.execute(
        "UPDATE notebook.tenants SET status = 'suspended' WHERE tenant_id = $1",
        door.notebook.tenant_id,
    )
    answer = await door.send()
    assert (answer.status, answer.body) == (409, b"tenant_closed")
    await door.notebook.root.execute(
        "UPDATE notebook.tenants SET status = 'active' WHERE tenant_id = $1",
        door.notebook.tenant_id,
    )
    assert (await door.send()).status == 201


async def test_an_unknown_tenant_is_refused(door: Door) -> None:
    stranger = Caller(door.notebook.ids.new(), "user:eve", door.notebook.ids.new())
    with pytest.raises(UnknownTenant):
        await door.runner.answer(open_note, "A", stranger, render=render, request=request())


async def test_an_answer_is_kept_seven_days(door: Door) -> None:
    await door.send()
    await door.age(6.99)
    assert (await door.send("B")).body == b"\x00\xffA"
    await door.age(0.02)
    answer = await door.send("B", of=request(fingerprint="other"))
    assert (answer.status, answer.body) == (201, b"\x00\xffB"), "an expired key is free again"
    assert await door.notebook.count("notes") == 2


def test_answers_of_sixteen_days_lie_in_sixteen_lists() -> None:
    start = datetime(2026, 2, 20, 23, 59, tzinfo=UTC)
    days = [start + timedelta(days=n) for n in range(32)]
    slots = [answer_row(UUID(int=1), request(), Answer(200, b""), day)["slot"] for day in days]
    assert sorted(slots[:16]) == list(range(16))
    assert slots[16:] == slots[:16]


async def test_freeing_old_days_keeps_the_last_eight(door: Door) -> None:
    today = date(2027, 5, 6)
    for age in range(16):
        moment = datetime.combine(today, datetime.min.time(), UTC) - timedelta(days=age)
        row = answer_row(door.notebook.tenant_id, request(f"{age:02}"), Answer(200, b"x"), moment)

        async def store(row: dict[str, Any], uow: NotebookUnit) -> None:
            uow.write_set.put("idempotency", row)

        await door.notebook.run(store, row)
    await forget_answers(door.notebook.database, today)
    left = await door.notebook.root.fetch(
        "SELECT key_hash FROM notebook.idempotency WHERE tenant_id = $1 ORDER BY 1",
        door.notebook.tenant_id,
    )
    assert [int(row[0]) for row in left] == list(range(9)), "today's, and the last eight days'"


async def test_only_the_system_role_frees_old_days(door: Door) -> None:
    async def forget(_: object, uow: NotebookUnit) -> None:
        await uow.conn.execute("SELECT notebook.forget_idempotency(current_date)")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await door.notebook.run(forget)


async def test_a_forgotten_key_is_a_new_request_and_a_remembered_one_is_not(door: Door) -> None:
    await door.send("A")
    recorded = datetime.now(UTC).date()
    for days, title in ((8, "A"), (10, "C")):
        await forget_answers(door.notebook.database, recorded + timedelta(days=days))
        assert (await door.send(title)).body == b"\x00\xff" + title.encode()
    assert await door.notebook.count("notes") == 2


async def test_forgetting_answers_gives_way_to_a_long_transaction_and_succeeds_later(
    door: Door,
) -> None:
    """TRUNCATE waits for all readers, and all others wait for it: better not today."""
    today = date(2027, 5, 6)
    moment = datetime.combine(today, datetime.min.time(), UTC) - timedelta(days=10)
    row = answer_row(door.notebook.tenant_id, request("aa"), Answer(200, b"x"), moment)

    async def store(_: object, uow: NotebookUnit) -> None:
        uow.write_set.put("idempotency", row)

    await door.notebook.run(store)
    async with door.notebook.root.transaction():
        await door.notebook.root.fetch("SELECT 1 FROM notebook.idempotency")
        with pytest.raises(TookTooLong):
            await forget_answers(door.notebook.database, today)
    assert await door.notebook.count("idempotency") == 1
    await forget_answers(door.notebook.database, today)
    assert await door.notebook.count("idempotency") == 0
