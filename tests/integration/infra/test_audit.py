"""The audit finds every byte that was changed in what is stored, and names the place (D3)."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from invx.infra.audit import Audit, verify
from invx.kernel.context import Caller
from tests.world import Desk, line

_CALLER = UUID(int=7)


@asynccontextmanager
async def tampering(desk: Desk) -> AsyncIterator[Any]:
    """A superuser's transaction without foreign keys; what it breaks is whole again afterwards."""
    async with desk.world.admin() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("SET LOCAL session_replication_role = replica")
        try:
            yield conn
        finally:
            await transaction.rollback()


async def audited(conn: Any, desk: Desk) -> Audit:
    return await verify(conn, "invoicing", desk.tenant_id)


async def some_history(desk: Desk) -> None:
    first = await desk.invoice(line("100.00"))
    await desk.post(f"/v1/invoices/{first['id']}/payments", {"amount": "19.00", "source": "b-1"})
    await desk.post(f"/v1/invoices/{first['id']}/credit-notes", {"finalize": True})
    await desk.draft(line("3.00"))


# What makes another value of the same column, in SQL.
_EVENT_COLUMNS = {
    "event_id": "gen_random_uuid()",
    "type": "type || 'x'",
    "schema_version": "schema_version + 1",
    "occurred_at": "occurred_at + interval '1 microsecond'",
    "recorded_at": "recorded_at - interval '1 microsecond'",
    "actor": "actor || ' '",
    "correlation_id": "gen_random_uuid()",
    "causation_id": "gen_random_uuid()",
    "body": "(body::text || ' ')::json",
    "hash": "set_byte(hash, 31, get_byte(hash, 31) # 1)",
}


async def test_untouched_streams_are_intact_and_counted(desk: Desk) -> None:
    await some_history(desk)
    async with desk.world.admin() as conn:
        audit = await audited(conn, desk)
        for table in ("streams", "events", "personal"):
            count = await conn.fetchval(
                f"SELECT count(*) FROM invoicing.{table} WHERE tenant_id = $1", desk.tenant_id
            )
            assert getattr(audit, table) == count > 0
    assert audit.intact
    assert audit.erased == 0


async def test_a_change_of_any_column_of_any_event_is_found_and_named(desk: Desk) -> None:
    await some_history(desk)
    async with tampering(desk) as conn:
        events = await conn.fetch(
            "SELECT stream_id, version FROM invoicing.events WHERE tenant_id = $1", desk.tenant_id
        )
        for stream_id, version in events:
            for column, changed in _EVENT_COLUMNS.items():
                savepoint = conn.transaction()
                await savepoint.start()
                await conn.execute(
                    f"UPDATE invoicing.events SET {column} = {changed}"
                    " WHERE tenant_id = $1 AND stream_id = $2 AND version = $3",
                    desk.tenant_id,
                    stream_id,
                    version,
                )
                broken = (await audited(conn, desk)).broken
                await savepoint.rollback()
                assert broken is not None, (column, stream_id, version)
                assert (broken.tenant_id, broken.stream_id, broken.version) == (
                    desk.tenant_id,
                    stream_id,
                    version,
                )
                assert "hash" in broken.what
        assert (await audited(conn, desk)).intact


async def test_every_digit_and_letter_of_a_stored_body_counts(desk: Desk) -> None:
    await desk.invoice(line("100.00"))
    async with tampering(desk) as conn:
        stream_id, version, body = await conn.fetchrow(
            "SELECT stream_id, version, body::text FROM invoicing.events WHERE tenant_id = $1"
            " AND type = 'DocumentFinalized'",
            desk.tenant_id,
        )
        tried = 0
        for place in range(0, len(body), 17):
            other = "1" if body[place] == "0" else "0"
            changed = body[:place] + other + body[place + 1 :]
            if not body[place].isalnum() or not _is_json(changed):
                continue
            await conn.execute(
                "UPDATE invoicing.events SET body = $4::text::json"
                " WHERE tenant_id = $1 AND stream_id = $2 AND version = $3",
                *(desk.tenant_id, stream_id, version),
                changed,
            )
            broken = (await audited(conn, desk)).broken
            assert broken is not None, f"{body[place]!r} at {place}"
            assert broken.version == version
            tried += 1
        assert tried > 20


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("version = version + 1", "the stream says version"),
        ("version = version - 1", "the stream says version"),
        ("head_hash = set_byte(head_hash, 0, get_byte(head_hash, 0) # 128)", "the head hash"),
        ("sealed_version = version + 1", "is sealed"),
    ],
)
async def test_a_changed_head_of_a_stream_is_found(desk: Desk, changed: str, said: str) -> None:
    await some_history(desk)
    async with tampering(desk) as conn:
        stream_id = await _any_stream(conn, desk)
        await conn.execute(
            f"UPDATE invoicing.streams SET {changed} WHERE tenant_id = $1 AND stream_id = $2",
            desk.tenant_id,
            stream_id,
        )
        broken = (await audited(conn, desk)).broken
    assert broken is not None
    assert broken.stream_id == stream_id
    assert said in broken.what


async def _any_stream(conn: Any, desk: Desk) -> UUID:
    found: UUID = await conn.fetchval(
        "SELECT stream_id FROM invoicing.streams WHERE tenant_id = $1 AND version > 1 LIMIT 1",
        desk.tenant_id,
    )
    return found


@pytest.mark.parametrize(
    "changed",
    [
        r'value = regexp_replace(value::text, $r$([a-z])"$r$, $r$\1x"$r$)::json',
        "value = (value::text || ' ')::json",
        "salt = set_byte(salt, 0, get_byte(salt, 0) # 1)",
        "subject_id = gen_random_uuid()",
        "field = field || '0'",
        "version = version + 100",
        "stream_id = gen_random_uuid()",
    ],
)
async def test_a_changed_personal_value_is_found(desk: Desk, changed: str) -> None:
    await desk.invoice(line("100.00"))
    async with tampering(desk) as conn:
        done = await conn.execute(
            f"UPDATE invoicing.personal SET {changed} WHERE ctid = (SELECT ctid"
            " FROM invoicing.personal WHERE tenant_id = $1 AND value::text LIKE '%a%' LIMIT 1)",
            desk.tenant_id,
        )
        broken = (await audited(conn, desk)).broken
    assert done == "UPDATE 1"
    assert broken is not None
    assert "personal" in broken.what


async def test_erased_values_break_nothing_and_are_counted(desk: Desk) -> None:
    await desk.invoice(line("100.00"))
    async with tampering(desk) as conn:
        done = await conn.execute(
            "DELETE FROM invoicing.personal WHERE tenant_id = $1", desk.tenant_id
        )
        audit = await audited(conn, desk)
    assert audit.intact
    assert audit.personal == 0
    assert audit.erased == int(done.split()[1]) > 0


@pytest.mark.parametrize("version", [1, 2])
async def test_a_removed_event_is_missed(desk: Desk, version: int) -> None:
    await desk.invoice(line("100.00"))
    async with tampering(desk) as conn:
        stream_id = await _any_stream(conn, desk)
        await conn.execute(
            "DELETE FROM invoicing.events WHERE stream_id = $1 AND version = $2",
            stream_id,
            version,
        )
        broken = (await audited(conn, desk)).broken
    assert broken is not None
    assert (broken.stream_id, broken.version) == (stream_id, version)


async def test_events_that_were_slipped_in_are_found(desk: Desk) -> None:
    await desk.invoice(line("100.00"))
    copied = (
        "INSERT INTO invoicing.events SELECT e.tenant_id, {stream}, e.version + {more},"
        " gen_random_uuid(), type, schema_version, occurred_at, recorded_at, actor,"
        " correlation_id, causation_id, body, hash FROM invoicing.events e"
        " WHERE e.tenant_id = $1 AND e.stream_id = $2 AND e.version = 1"
    )
    async with tampering(desk) as conn:
        stream_id = await _any_stream(conn, desk)
        await conn.execute(copied.format(stream="e.stream_id", more=50), desk.tenant_id, stream_id)
        broken = (await audited(conn, desk)).broken
        assert broken is not None
        assert broken.stream_id == stream_id
    async with tampering(desk) as conn:
        stray = uuid4()
        await conn.execute(copied.format(stream=f"'{stray}'", more=0), desk.tenant_id, stream_id)
        broken = (await audited(conn, desk)).broken
        assert broken is not None
        assert (broken.stream_id, broken.what) == (stray, "the event belongs to no stream")


async def test_a_stream_without_its_events_is_found(desk: Desk) -> None:
    await desk.invoice(line("100.00"))
    async with tampering(desk) as conn:
        stream_id = await _any_stream(conn, desk)
        await conn.execute("DELETE FROM invoicing.events WHERE stream_id = $1", stream_id)
        broken = (await audited(conn, desk)).broken
    assert broken is not None
    assert (broken.stream_id, broken.version) == (stream_id, 1)


async def test_the_application_role_audits_its_own_tenant_and_sees_no_other(desk: Desk) -> None:
    await some_history(desk)
    other = await desk.world.seller()
    runner = desk.world.host.contexts["invoicing"].runner
    told: list[tuple[int, int]] = []
    async with runner.reading(Caller(desk.tenant_id, "user:auditor", _CALLER)) as (conn, _):
        audit = await verify(
            conn, "invoicing", desk.tenant_id, progress=lambda *step: told.append(step)
        )
        foreign = await verify(conn, "invoicing", other.tenant_id)
    assert audit.intact
    assert audit.events > 5
    assert told[-1] == (audit.events, audit.events)
    assert (foreign.streams, foreign.events) == (0, 0)


async def test_streams_longer_than_a_batch_are_walked_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some_history(desk)
    async with desk.world.admin() as conn:
        whole = await audited(conn, desk)
        for size in (1, 2, 3):
            monkeypatch.setattr("invx.infra.audit._ROWS_AT_ONCE", size)
            assert await audited(conn, desk) == whole


async def test_the_finding_reads_as_a_sentence_with_its_place(desk: Desk) -> None:
    await desk.invoice(line("100.00"))
    async with tampering(desk) as conn:
        stream_id = await _any_stream(conn, desk)
        await conn.execute(
            "UPDATE invoicing.events SET actor = 'user:mallory'"
            " WHERE stream_id = $1 AND version = 1",
            stream_id,
        )
        broken = (await audited(conn, desk)).broken
    assert str(broken).startswith(
        f"tenant {desk.tenant_id}, stream {stream_id}, version 1: the hash is "
    )
