"""The lanes of jobs and the storage of whole rows come to databases that already hold rows."""

from typing import Any

import asyncpg

from invx.host import migrations_of
from invx.infra.migrate import migrate
from tests.migrations.test_migrate import conn, empty

__all__ = ["conn", "empty"]  # fixtures

LANES, WHOLE_ROWS = "0004_pre_job_lanes.sql", "0150_pre_whole_rows.sql"
TENANT, CORRELATION = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-0000000000c1"


async def before(conn: Any, name: str) -> list[Any]:
    """The schema as it was before that file; the files that follow."""
    files = migrations_of("invoicing")
    at = next(place for place, each in enumerate(files) if each.name == name)
    await migrate(conn, "invoicing", files[:at])
    return list(files)


async def test_jobs_of_before_are_what_somebody_waits_for(conn: asyncpg.Connection) -> None:
    files = await before(conn, LANES)
    await conn.executemany(
        "INSERT INTO invoicing.due_jobs (tenant_id, kind, key, due_at, payload, correlation_id)"
        " VALUES ($1, 'archive_document', $2, now(), '{\"a\": 1}', $3)",
        [(TENANT, str(number), CORRELATION) for number in range(50)],
    )
    first = await conn.fetch("SELECT * FROM invoicing.due_jobs ORDER BY key")
    await migrate(conn, "invoicing", files)
    rows = await conn.fetch("SELECT * FROM invoicing.due_jobs ORDER BY key")
    assert [dict(row) for row in rows] == [{**row, "lane": 0} for row in first]


async def test_events_of_before_are_read_as_they_were(conn: asyncpg.Connection) -> None:
    """A large body that was compressed stays readable; new ones lie beside it."""
    files = await before(conn, WHOLE_ROWS)
    body = '{"text": "' + "a long word " * 1_000 + '"}'
    insert = (
        "INSERT INTO invoicing.events (tenant_id, stream_id, version, event_id, type,"
        " schema_version, occurred_at, recorded_at, actor, correlation_id, body, hash)"
        " VALUES ($1, $1, $2, gen_random_uuid(), 'T', 1, now(), now(), 'a', $1, $3, '\\x00')"
    )
    await conn.execute("SET session_replication_role = replica")  # rows without their streams
    await conn.execute(insert, TENANT, 1, body)
    await migrate(conn, "invoicing", files)
    await conn.execute(insert, TENANT, 2, body)
    found = await conn.fetch("SELECT body::text FROM invoicing.events ORDER BY version")
    assert [row[0] for row in found] == [body, body]
    target = await conn.fetchval(
        "SELECT reloptions::text FROM pg_class WHERE oid = 'invoicing.events'::regclass"
    )
    assert "toast_tuple_target=8160" in target
