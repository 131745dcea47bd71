"""All rows of a unit of work in one generated statement."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import msgspec
import pytest

from invx.infra.postgres import Connection
from invx.infra.write_set import Catalogue, WriteSet
from invx.kernel.errors import InvariantViolation
from tests.integration.infra.notebook import Notebook

EVERYTHING: dict[str, Any] = {
    "amount": Decimal("12345678901234567890.0100"),
    "at": datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC),
    "day": date(2024, 2, 29),
    "words": ["a,b", '"c"', "", "{d}", "ß"],
    "raw": bytes(range(256)),
    "body": msgspec.Raw(b'{"b": 1,  "a": [1.0, "\\u00e4"], "b": 2}'),
}


class Writing:
    """A write set on a transaction that is rolled back at the end; it counts the statements."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.set = WriteSet(notebook.catalogue)
        self.asked: list[str] = []

    def thing(self, name: str, **values: Any) -> dict[str, Any]:
        return {"tenant_id": self.notebook.tenant_id, "name": name, **values}

    async def flush(self) -> None:
        tenant = await self.notebook.directory.get(self.notebook.tenant_id)
        async with self.notebook.database.tenant_transaction(
            self.notebook.tenant_id, tenant.epoch, write=True
        ) as conn:
            await self.flush_on(conn)

    async def flush_on(self, conn: Connection) -> None:
        listen = lambda query: self.asked.append(query.query)  # noqa: E731
        conn.add_query_logger(listen)
        try:
            await self.set.flush(conn)
        finally:
            conn.remove_query_logger(listen)

    async def things(self) -> dict[str, Any]:
        rows = await self.notebook.root.fetch(
            "SELECT *, body::text AS body FROM notebook.things WHERE tenant_id = $1 ORDER BY nth",
            self.notebook.tenant_id,
        )
        return {row["name"]: row for row in rows}


@pytest.fixture
def writing(notebook: Notebook) -> Writing:
    return Writing(notebook)


async def test_every_type_of_value_arrives_as_it_was(writing: Writing) -> None:
    writing.set.insert("things", writing.thing("a", **EVERYTHING))
    await writing.flush()
    row = (await writing.things())["a"]
    for name in ("amount", "at", "day", "words", "raw"):
        assert row[name] == EVERYTHING[name], name
    assert str(row["amount"]) == "12345678901234567890.0100"
    assert row["twice"] == 2


async def test_json_is_kept_byte_for_byte(writing: Writing) -> None:
    """What was hashed is what is stored: spaces, order of keys, doubled keys, escapes."""
    for number, text in enumerate(
        ['{"z":1,"a":2}', ' { "a" : 1e2 } ', '["\\u0041"]', "[1.50,-0]", '{"a":{},"a":"\\/"}']
    ):
        writing.set.insert("things", writing.thing(str(number), body=msgspec.Raw(text.encode())))
        await writing.flush()
        assert (await writing.things())[str(number)]["body"] == text


async def test_nothing_is_null_and_null_is_nothing(writing: Writing) -> None:
    writing.set.insert("things", writing.thing("a", **dict.fromkeys(EVERYTHING)))
    writing.set.insert("things", writing.thing("b", **{**EVERYTHING, "words": [], "raw": b""}))
    await writing.flush()
    things = await writing.things()
    assert [things["a"][name] for name in EVERYTHING] == [None] * len(EVERYTHING)
    assert (things["b"]["words"], things["b"]["raw"]) == ([], b"")


async def test_each_row_gets_the_json_that_was_stated_with_it(writing: Writing) -> None:
    """It travels beside the rows: in the order of inserts, or of the keys of puts."""
    texts = [
        None,
        b"{}",
        b"null",
        b'"null"',
        "\u00df\u4e00".join('""').encode(),
        b"[[1],[2]]",
        b"0",
    ]
    for verb in ("insert", "put"):
        for number in range(len(texts) * 3 - 1, -1, -1):
            text = texts[number % len(texts)]
            body = None if text is None else msgspec.Raw(text)
            row = writing.thing(f"{verb}{number:02}", amount=number, body=body)
            getattr(writing.set, verb)("things", row)
        await writing.flush()
    things = await writing.things()
    assert len(things) == 2 * 3 * len(texts)
    for row in things.values():
        text = texts[int(row["amount"]) % len(texts)]
        expected = None if text in (None, b"null") else text.decode()  # type: ignore[union-attr]
        assert row["body"] == expected, row["name"]


async def test_json_may_be_stated_as_plain_values(writing: Writing) -> None:
    for number, body in enumerate([{"a": Decimal("1.10")}, [1, None], "text", True]):
        writing.set.put("things", writing.thing(str(number), body=body))
    await writing.flush()
    found = [json.loads(row["body"]) for row in (await writing.things()).values()]
    assert found == [{"a": "1.10"}, [1, None], "text", True]


async def test_what_is_no_json_is_refused_by_the_database(writing: Writing) -> None:
    writing.set.insert("things", writing.thing("a", body=msgspec.Raw(b"{")))
    with pytest.raises(asyncpg.InvalidTextRepresentationError):
        await writing.flush()
    assert await writing.things() == {}


async def test_one_row_and_a_thousand_are_the_same_statement(writing: Writing) -> None:
    writing.set.insert("things", writing.thing("first", amount=1))
    await writing.flush()
    for number in range(1000):
        writing.set.insert("things", writing.thing(f"{number:04}", amount=number))
    await writing.flush()
    assert len(writing.asked) == 2
    assert writing.asked[0] == writing.asked[1]
    assert len(await writing.things()) == 1001


async def test_inserted_rows_keep_their_order(writing: Writing) -> None:
    names = [f"{number * 7919 % 1000:04}" for number in range(1000)]
    for name in names:
        writing.set.insert("things", writing.thing(name))
    await writing.flush()
    assert list(await writing.things()) == names


async def test_the_same_parts_give_the_same_text_however_they_are_stated(
    notebook: Notebook,
) -> None:
    texts = set()
    tables = ["things", "marks", "notes"]
    for order in (tables, tables[::-1], [tables[1], tables[0], tables[2]]):
        writing = Writing(notebook)
        for table in order:
            row = {"tenant_id": notebook.tenant_id, "name": "a"}
            if table == "notes":
                row = {"tenant_id": notebook.tenant_id, "note_id": notebook.ids.new(), "lines": 0}
            writing.set.put(table, row)
        await writing.flush()
        texts |= set(writing.asked)
    assert len(texts) == 1


async def test_the_text_names_every_table_once_with_typed_columns(notebook: Notebook) -> None:
    writing = Writing(notebook)
    writing.set.put("marks", writing.thing("m"))
    writing.set.put("things", writing.thing("a", amount=1, raw=b"", body=msgspec.Raw(b"{}")))
    writing.set.delete("things", writing.thing("b"))
    await writing.flush()
    expected = (
        'WITH p1 AS (INSERT INTO notebook."marks" ("tenant_id", "name") SELECT "tenant_id", "name"'
        ' FROM json_to_recordset($1::json) AS x("tenant_id" uuid, "name" text)'
        ' ON CONFLICT ("tenant_id", "name") DO NOTHING),\n'
        'p2 AS (DELETE FROM notebook."things" t USING json_to_recordset($2::json)'
        ' AS x("tenant_id" uuid, "name" text)'
        ' WHERE t."tenant_id" = x."tenant_id" AND t."name" = x."name"),\n'
        'p3 AS (INSERT INTO notebook."things" ("tenant_id", "name", "amount", "raw", "body")'
        ' SELECT "tenant_id", "name", "amount", decode("raw", \'base64\'), "body"::json'
        " FROM ROWS FROM (json_to_recordset($3::json)"
        ' AS ("tenant_id" uuid, "name" text, "amount" numeric, "raw" text),'
        ' unnest($4::text[])) AS x("tenant_id", "name", "amount", "raw", "body")'
        ' ON CONFLICT ("tenant_id", "name") DO UPDATE SET "amount" = excluded."amount",'
        ' "raw" = excluded."raw", "body" = excluded."body")\nSELECT 1'
    )
    assert writing.asked == [expected]


async def test_the_last_statement_for_a_key_counts(writing: Writing) -> None:
    for amount in (1, 2, 3):
        writing.set.put("things", writing.thing("a", amount=amount))
    writing.set.put("things", writing.thing("b", amount=9))
    assert writing.set.stated("things", (writing.notebook.tenant_id, "a"))["amount"] == 3
    assert writing.set.stated("things", (writing.notebook.tenant_id, "c")) is None
    assert writing.set.stated("marks", (writing.notebook.tenant_id, "a")) is None
    await writing.flush()
    assert {name: row["amount"] for name, row in (await writing.things()).items()} == {
        "a": 3,
        "b": 9,
    }


async def test_a_put_replaces_what_was_there(writing: Writing) -> None:
    writing.set.put("things", writing.thing("a", amount=1, day=date(2026, 1, 1)))
    await writing.flush()
    writing.set.put("things", writing.thing("a", amount=2, day=None))
    await writing.flush()
    (row,) = (await writing.things()).values()
    assert (row["amount"], row["day"]) == (2, None)


async def test_a_put_leaves_columns_that_it_does_not_state(writing: Writing) -> None:
    writing.set.put("things", writing.thing("a", amount=1, words=["kept"]))
    await writing.flush()
    writing.set.put("things", writing.thing("a", amount=2))
    await writing.flush()
    (row,) = (await writing.things()).values()
    assert (row["amount"], row["words"]) == (2, ["kept"])


async def test_a_row_of_nothing_but_its_key_can_be_put_again(writing: Writing) -> None:
    for _ in range(2):
        writing.set.put("marks", writing.thing("a"))
        await writing.flush()
    assert await writing.notebook.count("marks") == 1


async def test_an_insert_of_what_is_there_is_refused_by_the_database(writing: Writing) -> None:
    writing.set.insert("things", writing.thing("a"))
    await writing.flush()
    writing.set.insert("things", writing.thing("b"))
    writing.set.insert("things", writing.thing("a"))
    with pytest.raises(asyncpg.UniqueViolationError):
        await writing.flush()
    assert list(await writing.things()) == ["a"]


async def test_of_put_and_delete_the_later_one_counts(writing: Writing) -> None:
    for name in ("kept", "gone", "back"):
        writing.set.put("things", writing.thing(name, amount=1))
    await writing.flush()
    key = writing.thing
    writing.set.put("things", writing.thing("gone", amount=2))
    writing.set.delete("things", key("gone"))
    writing.set.delete("things", key("back"))
    writing.set.put("things", writing.thing("back", amount=3))
    writing.set.delete("things", key("never there"))
    assert writing.set.stated("things", (writing.notebook.tenant_id, "gone")) is None
    await writing.flush()
    assert {name: row["amount"] for name, row in (await writing.things()).items()} == {
        "kept": 1,
        "back": 3,
    }


async def test_a_put_that_is_deleted_again_never_was(writing: Writing) -> None:
    writing.set.put("things", writing.thing("a", amount=1))
    writing.set.delete("things", writing.thing("a"))
    await writing.flush()
    assert await writing.things() == {}


async def test_keyed_rows_are_written_in_the_order_of_their_keys(writing: Writing) -> None:
    """So two writers of the same rows lock them in the same order and never wait in a circle."""
    for name in ("c", "a", "b"):
        writing.set.put("things", writing.thing(name, amount=1))
    await writing.flush()
    assert list(await writing.things()) == ["a", "b", "c"]


async def test_rows_that_state_other_columns_are_refused(writing: Writing) -> None:
    writing.set.put("things", writing.thing("a", amount=1))
    for row in (writing.thing("b"), writing.thing("b", amount=1, day=None)):
        with pytest.raises(InvariantViolation, match="differ in their columns"):
            writing.set.put("things", row)


async def test_the_order_of_columns_does_not_matter(writing: Writing) -> None:
    writing.set.put("things", writing.thing("a", amount=1, words=["x"]))
    writing.set.put("things", {"words": ["y"], "amount": 2, **writing.thing("b")})
    await writing.flush()
    assert [(row["amount"], row["words"]) for row in (await writing.things()).values()] == [
        (1, ["x"]),
        (2, ["y"]),
    ]


@pytest.mark.parametrize("name", ["colour", "nth", "twice"])
async def test_a_column_that_cannot_be_stated_is_refused(writing: Writing, name: str) -> None:
    """Unknown ones, and those that the database makes itself."""
    with pytest.raises(InvariantViolation, match=name):
        writing.set.insert("things", writing.thing("a", **{name: 1}))


async def test_an_empty_write_set_asks_nothing(writing: Writing) -> None:
    assert not writing.set
    await writing.flush()
    assert writing.asked == []
    writing.set.put("things", writing.thing("a", amount=1))
    assert writing.set


async def test_what_is_to_be_written_may_be_looked_at_before(writing: Writing) -> None:
    assert writing.set.written() is None
    writing.set.insert("things", writing.thing("a", body=msgspec.Raw(b'{"is": 1}')))
    first, second = writing.set.written(), writing.set.written()
    assert first is not None
    assert first == second
    text, values = first
    assert text.startswith("WITH p1 AS (INSERT INTO notebook")
    assert values[1] == ['{"is": 1}']
    await writing.flush()
    assert [query.strip() for query in writing.asked] == [text]
    assert (await writing.things())["a"]["body"] == '{"is": 1}'


async def test_a_flushed_write_set_is_empty(writing: Writing) -> None:
    writing.set.insert("things", writing.thing("a"))
    await writing.flush()
    assert not writing.set
    await writing.flush()
    assert len(writing.asked) == 1


async def test_a_value_that_no_row_can_hold_is_refused(writing: Writing) -> None:
    writing.set.insert("things", writing.thing("a", amount=object()))
    with pytest.raises(TypeError, match="object"):
        await writing.flush()
    assert await writing.things() == {}


async def test_another_tenants_row_is_refused_by_the_database(writing: Writing) -> None:
    writing.set.insert("things", {"tenant_id": writing.notebook.ids.new(), "name": "a"})
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await writing.flush()


async def test_the_catalogue_knows_columns_and_keys(notebook: Notebook) -> None:
    catalogue = await Catalogue.read(notebook.root, "notebook")
    things = catalogue.tables["things"]
    assert things.key == ("tenant_id", "name")
    assert list(things.columns) == [
        "tenant_id", "name", "amount", "at", "day", "words", "raw", "body",
    ]  # fmt: skip
    assert things.columns["words"] == "text[]"
    assert catalogue.tables["idempotency"].key == ("tenant_id", "key_hash", "slot")
    assert "idempotency_3" not in catalogue.tables, "the parts of a table are no tables of ours"
    assert json.dumps(sorted(catalogue.tables)).count("migrations") == 1


async def test_what_another_states_later_counts_as_if_it_were_stated_here(
    writing: Writing,
) -> None:
    """A row that is put over, one that is deleted, and one that is put after all."""
    first, later = writing.set, WriteSet(writing.set.catalogue)
    for name in ("over", "gone"):
        first.put("things", writing.thing(name, words=["first"]))
    first.delete("things", writing.thing("back"))
    later.put("things", writing.thing("over", words=["later"]))
    later.delete("things", writing.thing("gone"))
    later.put("things", writing.thing("back", words=["later"]))
    first.absorb(later)
    await writing.flush()
    assert len(writing.asked) == 1
    found = {name: row["words"] for name, row in (await writing.things()).items()}
    assert found == {"over": ["later"], "back": ["later"]}
