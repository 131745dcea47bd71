"""A command on its way to its commit: races, deadlocks, refusals, facts, and all or nothing."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from invx.infra.facts import Answered
from invx.infra.postgres import Connection
from invx.infra.tenancy import TenantClosed, UnknownTenant
from invx.kernel import limits
from invx.kernel.context import Caller
from invx.kernel.errors import ConcurrencyConflict, InvariantViolation, Unavailable
from invx.kernel.ports import Fact
from tests.integration.infra.notebook import Note, Notebook, NotebookUnit, TitleTaken


class Oracle:
    """Answers what it is asked, and looks at what became of the transaction of the asker."""

    def __init__(self, notebook: Notebook, *, evidence: Any = None) -> None:
        self.notebook = notebook
        self.asked: list[list[str]] = []
        self.asker: str | None = None
        self.asker_was: str | None = None
        self.evidence = evidence
        self.value: Any = "yes"

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        self.asked.append([fact.key for fact in facts])
        self.asker_was = await self.notebook.root.fetchval(
            "SELECT pg_xact_status($1::text::xid8)", self.asker
        )
        return [
            Answered(fact, f"{self.value} {fact.key}", "oracle.example", self.evidence)
            for fact in facts
        ]


class Silent:
    """Somebody who does not answer."""

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        raise Unavailable("the outside is out")


def fact(key: str, fingerprint: str = "f") -> Fact:
    return Fact("oracle", key, fingerprint)


async def lines_of(notebook: Notebook, note_id: UUID) -> list[str]:
    async def read(_: object, uow: NotebookUnit) -> list[str]:
        return (await uow.notes.get(note_id)).lines

    lines: list[str] = await notebook.run(read)
    return lines


async def open_everything(fail: Exception | None, uow: NotebookUnit) -> None:
    """Writes into every table there is, and then perhaps fails."""
    note = Note.open(uow.ids.new(), "A", author_id=uow.ctx.tenant_id)
    note.write("one")
    uow.notes.add(note)
    uow.jobs.schedule("remind", "1", due_at=uow.ctx.now)
    await uow.flush()
    note.write("two")
    if fail is not None:
        raise fail


async def test_a_lost_race_is_run_again_with_a_fresh_load(notebook: Notebook) -> None:
    note_id = await notebook.note("A")
    seen: list[list[str]] = []

    async def slowly(line: str, uow: NotebookUnit) -> None:
        note = await uow.notes.get(note_id)
        seen.append(list(note.lines))
        if line == "mine" and len(seen) == 1:
            await notebook.run(slowly, "theirs")
        note.write(line)

    await notebook.run(slowly, "mine")
    assert seen == [[], [], ["theirs"]]
    assert await lines_of(notebook, note_id) == ["theirs", "mine"]


async def test_ten_at_once_on_one_stream_all_come_through(notebook: Notebook) -> None:
    note_id = await notebook.note("A")

    async def write(line: str, uow: NotebookUnit) -> None:
        (await uow.notes.get(note_id)).write(line)

    lines = [str(number) for number in range(10)]
    await asyncio.gather(*(notebook.run(write, line) for line in lines))
    assert sorted(await lines_of(notebook, note_id)) == lines


async def test_a_race_that_is_always_lost_ends(notebook: Notebook) -> None:
    note_id = await notebook.note("A")
    runs = 0

    async def overtaken(_: object, uow: NotebookUnit) -> None:
        nonlocal runs
        runs += 1
        note = await uow.notes.get(note_id)

        async def overtake(_: object, other: NotebookUnit) -> None:
            (await other.notes.get(note_id)).write("theirs")

        await notebook.run(overtake)
        note.write("mine")

    with pytest.raises(ConcurrencyConflict, match="overtaken lost every race"):
        await notebook.run(overtaken)
    assert runs == limits.HANDLER_ATTEMPTS_MAX
    assert await lines_of(notebook, note_id) == ["theirs"] * limits.HANDLER_ATTEMPTS_MAX


async def test_a_deadlock_is_run_again(notebook: Notebook) -> None:
    """Two commands lock two rows crosswise: the database ends one of them, and both succeed."""
    await notebook.root.execute(
        "INSERT INTO notebook.marks VALUES ($1, 'a'), ($1, 'b')", notebook.tenant_id
    )
    both, runs = asyncio.Barrier(2), 0

    async def cross(order: str, uow: NotebookUnit) -> None:
        nonlocal runs
        runs += 1
        first = runs <= 2
        await uow.conn.execute("SET LOCAL deadlock_timeout = '20ms'")
        lock = "SELECT 1 FROM notebook.marks WHERE tenant_id = $1 AND name = $2 FOR UPDATE"
        for name in order:
            await uow.conn.execute(lock, notebook.tenant_id, name)
            if first and name == order[0]:
                await both.wait()

    await notebook.root.execute("GRANT SET ON PARAMETER deadlock_timeout TO notebook_app, invx_app")
    await asyncio.gather(notebook.run(cross, "ab"), notebook.run(cross, "ba"))
    assert runs == 3


@pytest.mark.parametrize("error", [TitleTaken("no"), ValueError("ours"), ConcurrencyConflict("x")])
async def test_a_handler_that_fails_leaves_nothing(notebook: Notebook, error: Exception) -> None:
    with pytest.raises(type(error)):
        await notebook.run(open_everything, error)
    assert await notebook.counts() == {}
    assert notebook.committed == []
    await notebook.run(open_everything)
    assert (await notebook.counts())["events"] == 3
    assert notebook.committed == [1]


async def test_a_refusal_at_the_last_moment_leaves_nothing(notebook: Notebook) -> None:
    """`within` runs after the flush, inside the transaction."""
    found: list[int] = []

    async def within(conn: Connection) -> None:
        found.append(await conn.fetchval("SELECT count(*) FROM notebook.events"))
        raise TitleTaken

    with pytest.raises(TitleTaken):
        await notebook.runner().run(open_everything, None, notebook.caller, within=within)
    assert found == [3]
    assert await notebook.counts() == {}


async def test_what_happens_within_is_committed_with_the_command(notebook: Notebook) -> None:
    async def within(conn: Connection) -> None:
        await conn.execute("INSERT INTO notebook.marks VALUES ($1, 'done')", notebook.tenant_id)

    await notebook.runner().run(open_everything, None, notebook.caller, within=within)
    assert await notebook.count("marks") == 1
    assert await notebook.count("events") == 3


async def test_a_violated_constraint_becomes_the_refusal_that_it_means(notebook: Notebook) -> None:
    await notebook.note("A")
    with pytest.raises(TitleTaken) as refused:
        await notebook.note("A")
    assert refused.value.code == "title_taken"
    assert await notebook.count("events") == 1


async def test_a_violated_constraint_without_a_meaning_is_ours(notebook: Notebook) -> None:
    async def write(_: object, uow: NotebookUnit) -> None:
        uow.write_set.insert("notes", {"tenant_id": notebook.tenant_id, "note_id": uow.ids.new()})

    with pytest.raises(asyncpg.NotNullViolationError):
        await notebook.run(write)


async def test_facts_are_obtained_outside_of_any_transaction(notebook: Notebook) -> None:
    oracle = Oracle(notebook)

    async def ask(_: object, uow: NotebookUnit) -> list[Any]:
        oracle.asker = await uow.conn.fetchval("SELECT pg_current_xact_id()::text")
        return await uow.facts.need(fact("a"), fact("b"))

    answers = await notebook.runner(oracle=oracle).run(ask, None, notebook.caller)
    assert answers == ["yes a", "yes b"]
    assert oracle.asked == [["a", "b"]], "all at once, each once"
    assert oracle.asker_was == "aborted"


async def test_what_was_done_before_a_fact_was_missing_is_rolled_back(notebook: Notebook) -> None:
    async def ask(_: object, uow: NotebookUnit) -> None:
        await open_everything(None, uow)
        await uow.facts.need(fact("a"))

    await notebook.runner(oracle=Oracle(notebook)).run(ask, None, notebook.caller)
    assert (await notebook.counts())["streams"] == 1
    assert notebook.committed == [1]


async def test_an_answer_to_an_older_question_is_not_used(notebook: Notebook) -> None:
    oracle, runs = Oracle(notebook), 0

    async def ask(_: object, uow: NotebookUnit) -> list[Any]:
        nonlocal runs
        runs += 1
        oracle.value = f"answer {runs}"
        return await uow.facts.need(fact("a", "old" if runs == 1 else "new"))

    answers = await notebook.runner(oracle=oracle).run(ask, None, notebook.caller)
    assert answers == ["answer 2 a"]
    assert oracle.asked == [["a"], ["a"]]


async def test_a_handler_may_ask_in_five_rounds(notebook: Notebook) -> None:
    oracle = Oracle(notebook)

    async def ask(keys: str, uow: NotebookUnit) -> list[Any]:
        return [(await uow.facts.need(fact(key)))[0] for key in keys]

    runner = notebook.runner(oracle=oracle)
    assert await runner.run(ask, "abcde", notebook.caller) == [f"yes {key}" for key in "abcde"]
    with pytest.raises(InvariantViolation, match="ask keeps asking"):
        await runner.run(ask, "abcdef", notebook.caller)
    assert oracle.asked == [[key] for key in "abcde"] * 2


async def test_all_facts_are_stored_with_time_and_source(notebook: Notebook) -> None:
    """Those of every round, not only of the last."""

    async def ask(_: object, uow: NotebookUnit) -> None:
        await uow.facts.need(fact("a"))
        await uow.facts.need(fact("a"), fact("b", "g"))

    await notebook.runner(oracle=Oracle(notebook)).run(ask, None, notebook.caller)
    rows = await notebook.root.fetch(
        "SELECT *, value::text AS value FROM notebook.facts WHERE tenant_id = $1 ORDER BY key",
        notebook.tenant_id,
    )
    assert [(r["port"], r["key"], r["fingerprint"], r["value"], r["source"]) for r in rows] == [
        ("oracle", "a", "f", '"yes a"', "oracle.example"),
        ("oracle", "b", "g", '"yes b"', "oracle.example"),
    ]
    assert all(row["obtained_at"] is not None for row in rows)


async def test_evidence_is_stored_instead_of_a_value_that_is_not_json(notebook: Notebook) -> None:
    async def ask(_: object, uow: NotebookUnit) -> None:
        await uow.facts.need(fact("a"))

    oracle = Oracle(notebook, evidence={"sha256": "00"})
    await notebook.runner(oracle=oracle).run(ask, None, notebook.caller)
    kept = await notebook.root.fetchval(
        "SELECT value::text FROM notebook.facts WHERE tenant_id = $1", notebook.tenant_id
    )
    assert kept == '{"sha256":"00"}'


async def test_a_fact_may_be_that_there_is_nothing(notebook: Notebook) -> None:
    class Nothing:
        async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
            return [Answered(each, None, "nobody") for each in facts]

    async def ask(_: object, uow: NotebookUnit) -> list[Any]:
        return await uow.facts.need(fact("a"))

    assert await notebook.runner(oracle=Nothing()).run(ask, None, notebook.caller) == [None]
    assert await notebook.count("facts") == 1


async def test_facts_that_cannot_be_obtained_leave_nothing(notebook: Notebook) -> None:
    async def ask(_: object, uow: NotebookUnit) -> None:
        await open_everything(None, uow)
        await uow.facts.need(fact("a"))

    with pytest.raises(Unavailable):
        await notebook.runner(oracle=Silent()).run(ask, None, notebook.caller)
    assert await notebook.counts() == {}


async def test_a_stale_directory_entry_is_read_again(notebook: Notebook) -> None:
    await notebook.note("A")
    await notebook.root.execute(
        "UPDATE notebook.tenants SET epoch = epoch + 1 WHERE tenant_id = $1", notebook.tenant_id
    )
    await notebook.note("B")
    await notebook.root.execute(
        "UPDATE notebook.tenants SET epoch = epoch + 1 WHERE tenant_id = $1", notebook.tenant_id
    )
    async with notebook.runner().reading(notebook.caller) as (conn, _):
        assert await conn.fetchval("SELECT count(*) FROM notebook.notes") == 2


async def test_a_suspended_tenant_reads_but_does_not_write(notebook: Notebook) -> None:
    await notebook.note("A")
    await notebook.root.execute(
        "UPDATE notebook.tenants SET status = 'suspended' WHERE tenant_id = $1", notebook.tenant_id
    )
    with pytest.raises(TenantClosed):
        await notebook.note("B")
    async with notebook.runner().reading(notebook.caller) as (conn, _):
        assert await conn.fetchval("SELECT count(*) FROM notebook.notes") == 1


async def test_a_moved_tenant_neither_reads_nor_writes(notebook: Notebook) -> None:
    await notebook.root.execute(
        "UPDATE notebook.tenants SET status = 'moved' WHERE tenant_id = $1", notebook.tenant_id
    )
    with pytest.raises(TenantClosed):
        await notebook.note("B")
    with pytest.raises(TenantClosed):
        async with notebook.runner().reading(notebook.caller):
            pass


async def test_an_unknown_tenant_is_refused(notebook: Notebook) -> None:
    stranger = Caller(notebook.ids.new(), "user:eve", notebook.ids.new())
    with pytest.raises(UnknownTenant):
        await notebook.runner().run(open_everything, None, stranger)
    with pytest.raises(UnknownTenant):
        async with notebook.runner().reading(stranger):
            pass


async def test_a_query_that_fails_leaves_the_next_one_alone(notebook: Notebook) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with notebook.runner().reading(notebook.caller) as (conn, _):
            await conn.fetchval("SELECT 1 / 0")
    async with notebook.runner().reading(notebook.caller) as (conn, ctx):
        assert await conn.fetchval("SELECT notebook.current_tenant()") == ctx.tenant_id


async def test_business_time_is_fixed_once_per_command(notebook: Notebook) -> None:
    """Also when the handler runs again for facts or after a lost race (T5)."""
    seen: list[datetime] = []

    async def ask(_: object, uow: NotebookUnit) -> None:
        seen.append(uow.ctx.now)
        await uow.facts.need(fact("a"))

    await notebook.runner(oracle=Oracle(notebook)).run(ask, None, notebook.caller)
    assert len(seen) == 2
    assert len(set(seen)) == 1
