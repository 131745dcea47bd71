"""The second net: with the code's own conditions gone, PostgreSQL shows one tenant only (T1)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from invx.contexts.analytics.read import queries as analytics_queries
from invx.contexts.analytics.read.queries import revenue_by_month
from invx.contexts.invoicing.adapters.personal_data import PostgresPersonalData
from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.app.subjects import customer_subject
from invx.contexts.invoicing.domain.content import DocumentType
from invx.contexts.invoicing.read import archives, history, queries
from invx.contexts.invoicing.read.access_paths import Slice
from invx.contexts.invoicing.read.conditions import DocumentFilter
from invx.contexts.invoicing.wiring import CODEC
from invx.host import CONTEXTS
from invx.infra.event_store import EventStore
from invx.infra.facts import KnownFacts
from invx.kernel.context import Caller, RequestContext
from invx.kernel.errors import NotFound
from invx.kernel.ids import parse_typeid
from tests.integration.isolation.rows import checksums, tenanted_tables, written_columns
from tests.integration.isolation.second_net import Careless, without_tenant
from tests.integration.isolation.victims import Victim, furnish, leave_waiting
from tests.world import Desk, World


def caller(desk: Desk) -> Caller:
    return Caller(desk.tenant_id, "user:test", UUID(int=1), frozenset())


class _RollBack(Exception):
    """Ends a transaction without a trace."""


@asynccontextmanager
async def inside(
    world: World, desk: Desk, schema: str = "invoicing"
) -> AsyncIterator[tuple[Any, RequestContext]]:
    """A transaction of the application inside the desk's tenant, rolled back at the end."""
    context = world.host.contexts[schema]
    tenant, ctx = await context.runner.context(caller(desk))
    opened = context.database.tenant_transaction(desk.tenant_id, tenant.epoch, write=True)
    with suppress(_RollBack):
        async with opened as conn:
            yield conn, ctx
            raise _RollBack


def careless(conn: Any) -> Any:
    """The connection as code that forgets the tenant would use it; the types take it for one."""
    return Careless(conn)


async def both(world: World) -> tuple[Victim, Victim]:
    """Two tenants with something in every table."""
    one, other = await furnish(world), await furnish(world)
    await leave_waiting(one.desk, "victims-latest")  # what waited came in with the other's
    return one, other


def uuids(victim: Victim) -> dict[str, UUID]:
    """The ids as they stand in rows."""
    return {
        "document": parse_typeid("inv", victim.invoice),
        "entity": parse_typeid("le", victim.entity),
        "series": parse_typeid("ser", victim.series),
    }


async def test_every_table_shows_the_rows_of_one_tenant_only(world: World) -> None:
    one, other = await both(world)
    async with world.admin() as admin:
        tables = await tenanted_tables(admin)
        filled = {t for t in tables if await admin.fetchval(f"SELECT count(*) FROM {t}")}
    for table in tables:
        async with inside(world, one.desk, table.split(".")[0]) as (conn, _):
            seen = {row[0] for row in await conn.fetch(f"SELECT tenant_id FROM {table}")}
        assert seen == ({one.desk.tenant_id} if table in filled else set()), table
    # What these flows do not fill: caches that have their own tests.
    assert {t for t in tables if t not in filled} <= {"analytics.streams", *_UNUSED}
    assert other.desk.tenant_id != one.desk.tenant_id


_UNUSED = {
    f"{context}.{table}"
    for context, tables in {
        "analytics": (
            *("operations", "operation_items"),
            *("events", "personal", "outbox", "due_jobs", "idempotency", "facts"),
            *("seals", "seal_leaves", "seal_anchors", "stored_files"),
        ),
        "invoicing": ("inbox",),
        "identity": (
            # People and what they sign in with: rows of the installation, in no tenant of theirs.
            *("users", "organizations", "opened_tenants", "sessions"),
            *("refresh_tokens", "failed_attempts", "second_factors", "totp_steps"),
            *("recovery_codes", "authorization_codes", "linked_identities"),
            *("operators", "announcements", "erased_people"),
            *("operations", "operation_items", "stored_files", "facts", "due_jobs", "idempotency"),
            *("outbox", "inbox", "seals", "seal_leaves", "seal_anchors"),
        ),
    }.items()
    for table in tables
}


async def test_an_update_or_delete_without_condition_touches_one_tenant_only(world: World) -> None:
    one, other = await both(world)
    before = await checksums(world, other.desk)
    async with world.admin() as admin:
        tables = await tenanted_tables(admin)
    touched: dict[str, set[str]] = {"UPDATE": set(), "DELETE": set()}
    for table in tables:
        for verb, statement in (
            ("UPDATE", f"UPDATE {table} SET tenant_id = tenant_id RETURNING tenant_id"),
            ("DELETE", f"DELETE FROM {table} RETURNING tenant_id"),
        ):
            context = world.host.contexts[table.split(".")[0]]
            tenant, _ = await context.runner.context(caller(one.desk))
            try:
                async with context.database.tenant_transaction(
                    one.desk.tenant_id, tenant.epoch, write=True
                ) as conn:
                    rows = await conn.fetch(statement)
                    assert {row[0] for row in rows} <= {one.desk.tenant_id}
                    touched[verb].add(table)
            except (asyncpg.InsufficientPrivilegeError, asyncpg.ForeignKeyViolationError):
                continue  # not granted, or others of its own rows point there
    assert await checksums(world, other.desk) == before
    assert "invoicing.documents" in touched["UPDATE"]
    assert {"invoicing.personal", "invoicing.archives"} <= touched["DELETE"]
    assert not any(table.endswith(".events") for table in touched["UPDATE"] | touched["DELETE"])


async def test_a_row_of_another_tenant_cannot_be_written(world: World) -> None:
    """Neither inserted, nor made out of an own one: the policy's WITH CHECK refuses."""
    one, other = await both(world)
    checked = set()
    async with world.admin() as admin:
        tables = await tenanted_tables(admin)
        samples = {
            table: await admin.fetchval(
                f"SELECT to_json(t)::text FROM {table} t WHERE tenant_id = $1 LIMIT 1",
                one.desk.tenant_id,
            )
            for table in tables
        }
        columns = {table: await written_columns(admin, table) for table in tables}
    for table, sample in samples.items():
        if sample is None or table.endswith(".tenants"):  # the directory: not granted at all
            continue
        moved = sample.replace(str(one.desk.tenant_id), str(other.desk.tenant_id))
        for statement, value in (
            (
                (
                    f"INSERT INTO {table} ({columns[table]}) OVERRIDING SYSTEM VALUE"
                    f" SELECT {columns[table]} FROM json_populate_record(NULL::{table}, $1::json)"
                ),
                moved,
            ),
            (f"UPDATE {table} SET tenant_id = $1::text::uuid", str(other.desk.tenant_id)),
        ):
            async with inside(world, one.desk, table.split(".")[0]) as (conn, _):
                with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
                    await conn.execute(statement, value)
            if "row-level security" in str(refused.value):
                checked.add((table, statement[:6]))
    inserted = {table for table, verb in checked if verb == "INSERT"}
    assert inserted == {t for t, s in samples.items() if s is not None} - {
        f"{context}.tenants" for context in CONTEXTS
    }
    assert ("invoicing.documents", "UPDATE") in checked


Query = Callable[[Any, RequestContext, dict[str, UUID]], Awaitable[Any]]
_BY_ID: dict[str, Query] = {
    "get_document": lambda c, x, i: queries.get_document(c, x, i["document"]),
    "get_settlement": lambda c, x, i: queries.get_settlement(c, x, i["document"]),
    "get_legal_entity": lambda c, x, i: queries.get_legal_entity(c, x, i["entity"]),
    "get_series": lambda c, x, i: queries.get_series(c, x, i["series"]),
    "series_gaps": lambda c, x, i: queries.series_gaps(c, x, i["series"]),
    "document_history": lambda c, x, i: history.document_history(
        EventStore(c, "invoicing", CODEC, x.tenant_id), i["document"]
    ),
    "document_as_of": lambda c, x, i: history.document_as_of(
        EventStore(c, "invoicing", CODEC, x.tenant_id), i["document"], x.now + timedelta(days=1)
    ),
}
_MANY = {"list_documents", "list_legal_entities", "list_series"}
_ARCHIVED = {archives.get_archived_file.__name__, archives.examine_archives.__name__}


def test_every_query_is_tried() -> None:
    """`_BY_ID` and the tests of lists and reports leave none out."""
    public = {
        name
        for module in (queries, history, archives, analytics_queries)
        for name, value in vars(module).items()
        if iscoroutinefunction(value) and value.__module__ == module.__name__ and name[0] != "_"
    }
    assert public == {*_BY_ID, *_MANY, *_ARCHIVED, revenue_by_month.__name__}


@pytest.mark.parametrize("name", _BY_ID)
async def test_a_careless_query_does_not_find_the_row_of_another_tenant(
    world: World, name: str
) -> None:
    one, other = await both(world)
    async with inside(world, one.desk) as (conn, ctx):
        blind = Careless(conn)
        assert await _BY_ID[name](blind, ctx, uuids(one))
        with pytest.raises(NotFound):
            await _BY_ID[name](blind, ctx, uuids(other))
        assert blind.sent
        assert not any("tenant_id = $" in each for each in blind.sent)


async def test_careless_lists_hold_the_rows_of_one_tenant_only(world: World) -> None:
    one, other = await both(world)
    wanted = DocumentFilter()
    places = world.host.contexts["invoicing"].places
    assert places is not None
    async with inside(world, one.desk) as (conn, ctx):
        blind = careless(conn)
        page = await queries.list_documents(blind, ctx, wanted, Slice(limit=100))
        whole = Slice(limit=100, sort="gross", whole=True)
        lines = await queries.list_documents(blind, ctx, wanted, whole)
        entities = await queries.list_legal_entities(blind, ctx, None, 100)
        series = await queries.list_series(blind, ctx, None, 100)
        archived = await archives.get_archived_file(blind, ctx, uuids(other)["document"], "pdf")
        own = await archives.get_archived_file(blind, ctx, uuids(one)["document"], "pdf")
        counted = await archives.examine_archives(blind, ctx.tenant_id, places)
        assert counted == await archives.examine_archives(conn, ctx.tenant_id, places)
    seen = (
        b"".join([*page.items, *lines.items, *(body for _, body in entities)])
        + repr(series).encode()
    )
    for mine in (one.invoice, one.draft, one.entity, one.series):
        assert mine.encode() in seen
    for theirs in (other.invoice, other.draft, other.entity, other.series):
        assert theirs.encode() not in seen
    assert (archived, own is None) == (None, False)


async def test_careless_adapters_find_nothing_of_another_tenant(world: World) -> None:
    one, other = await both(world)
    context = world.host.contexts["invoicing"]
    async with inside(world, one.desk) as (conn, ctx):
        unit: UnitOfWork = context.runner.open_unit(careless(conn), ctx, KnownFacts())
        theirs, mine = uuids(other), uuids(one)
        assert await unit.documents.find_all([theirs["document"], mine["document"]]) == {
            mine["document"]: await unit.documents.get(mine["document"])
        }
        assert await unit.legal_entities.find(theirs["entity"]) is None
        for missing in (
            unit.series.get_locked(theirs["series"]),
            unit.series.default_locked(theirs["entity"], DocumentType.INVOICE),
        ):
            with pytest.raises(NotFound):
                await missing
        assert (await unit.series.get_locked(mine["series"])).id == mine["series"]
        assert not await unit.archive.holds(theirs["document"], "pdf")
        assert await unit.archive.holds(mine["document"], "pdf")
        personal = PostgresPersonalData(unit)
        subject = customer_subject(other.desk.tenant_id, other.customer)
        assert await personal.streams_of(subject) == []
        assert await personal.streams_of(customer_subject(one.desk.tenant_id, one.customer))
        assert await personal.subjects_of([theirs["document"], theirs["entity"]]) == {}
        assert await personal.subjects_of([mine["entity"]]) == {mine["entity"]: {mine["entity"]}}


async def test_a_careless_erasure_erases_nothing_of_another_tenant(world: World) -> None:
    one, other = await both(world)
    before = await checksums(world, other.desk)
    context = world.host.contexts["invoicing"]
    theirs = uuids(other)["document"]
    tenant, ctx = await context.runner.context(caller(one.desk))
    async with context.database.tenant_transaction(
        one.desk.tenant_id, tenant.epoch, write=True
    ) as conn:
        unit: UnitOfWork = context.runner.open_unit(careless(conn), ctx, KnownFacts())
        subject = customer_subject(other.desk.tenant_id, other.customer)
        await unit.personal_data.erase([subject], [theirs], archives_of=[theirs])
        await unit.flush()
    assert await checksums(world, other.desk) == before


async def test_a_careless_report_counts_one_tenant_only(world: World) -> None:
    one, other = await both(world)
    async with inside(world, one.desk, "analytics") as (conn, ctx):
        month = ctx.now.date().replace(day=1)
        later = (month + timedelta(days=31)).replace(day=1)  # it may have begun for the seller
        asked: dict[str, Any] = {"first": month, "last": later}
        careful = await revenue_by_month(conn, ctx, **asked, currency=None, legal_entity_id=None)
        blind = await revenue_by_month(
            careless(conn), ctx, **asked, currency=None, legal_entity_id=None
        )
    assert careful == blind != []
    assert other.desk.tenant_id != one.desk.tenant_id


async def test_a_search_that_forgets_the_tenant_shows_nothing_of_another(world: World) -> None:
    """Its role reads all tenants, so its condition counts; the list's rows are the net below."""
    one, other = await both(world)
    async with world.admin() as admin:
        text = await admin.fetchval(
            "SELECT pg_get_functiondef('invoicing.search_documents'::regproc)"
        )
        forgetful = text.replace("s.tenant_id = invoicing.current_tenant()", "true")
        assert forgetful != text
        await admin.execute(forgetful)
    async with inside(world, one.desk) as (conn, _):
        ids = await conn.fetch(
            "SELECT invoicing.search_documents('%geheim%', NULL, $1, 100)", UUID(int=2**128 - 1)
        )
        assert uuids(other)["document"] in {row[0] for row in ids}  # the function forgot indeed
    for query in ({"q": "geheim"}, {"metadata[secret]": "yes"}):
        seen = (await one.desk.client.get("/v1/invoices", params=query)).text
        assert one.invoice in seen
        assert other.invoice not in seen


def test_conditions_on_the_tenant_are_taken_out_and_nothing_else() -> None:
    statement = (
        "SELECT * FROM a JOIN b ON b.tenant_id = a.tenant_id AND b.id = a.id"
        " WHERE a.tenant_id = $1 AND a.id = $2 ORDER BY tenant_id"
    )
    assert without_tenant(statement) == (
        "SELECT * FROM a JOIN b ON true AND b.id = a.id"
        " WHERE $1::uuid IS NOT NULL AND a.id = $2 ORDER BY tenant_id"
    )
