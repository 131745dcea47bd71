"""A session with a grant is a program that was let in; one without is the person themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from invx.contexts.identity.domain.session import (
    CLIENT_IDLE,
    CLIENT_LIFETIME,
    IDLE,
    LIFETIME,
    Session,
)
from invx.contexts.identity.domain.session_events import ClientGrant, SessionOpened
from invx.contexts.identity.wiring import CODEC

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
GRANT = ClientGrant(client="cli_1.tnt_1", into=UUID(int=7), scopes=("invoices:read", "tax:read"))


def opened(grant: ClientGrant | None) -> Session:
    return Session.open(
        UUID(int=1),
        user_id=UUID(int=2),
        method="oauth" if grant else "password",
        address="10.0.0.1",
        user_agent=None,
        now=NOW,
        grant=grant,
    )


@pytest.mark.parametrize(
    ("grant", "life", "idle"), [(None, LIFETIME, IDLE), (GRANT, CLIENT_LIFETIME, CLIENT_IDLE)]
)
def test_programs_live_longer_than_people_sit_there(
    grant: ClientGrant | None, life: timedelta, idle: timedelta
) -> None:
    session = opened(grant)
    assert session.expires_at == NOW + life
    assert session.refreshable_until(NOW) == NOW + idle
    late = session.expires_at - timedelta(hours=1)
    assert session.refreshable_until(late) == session.expires_at
    assert session.is_alive(late)
    assert not session.is_alive(session.expires_at)


@pytest.mark.parametrize(("grant", "client"), [(None, None), (GRANT, "cli_1.tnt_1")])
def test_it_says_whose_it_is(grant: ClientGrant | None, client: str | None) -> None:
    assert opened(grant).client == client


@pytest.mark.parametrize("grant", [None, GRANT])
def test_a_row_gives_the_same_session_back(grant: ClientGrant | None) -> None:
    session = opened(grant)
    state: dict[str, Any] = {
        "user_id": session.user_id,
        "method": session.method,
        "address": session.address,
        "user_agent": session.user_agent,
        "opened_at": session.opened_at,
        "expires_at": session.expires_at,
        "revoked_at": None,
        "reason": None,
        "client": grant.client if grant else None,
        "into_tenant": grant.into if grant else None,
        "scope": " ".join(grant.scopes) if grant else None,
    }
    again = Session.restore(session.id, 1, state)
    assert (again.grant, again.expires_at, again.client) == (
        grant,
        session.expires_at,
        session.client,
    )


def test_an_event_of_before_has_no_grant() -> None:
    """Stored before programs existed: it still reads as a person's own session."""
    [event] = opened(None).recorded
    encoded = CODEC.encode(event)
    body = msgspec.json.decode(encoded.body)
    body.pop("grant", None)
    personal = [item.value.decode() for item in encoded.personal]
    text = msgspec.json.encode(body).decode()
    read = CODEC.decode("SessionOpened", encoded.schema_version, text, personal)
    assert isinstance(read, SessionOpened)
    assert read.grant is None
    assert read == event


def test_an_event_with_a_grant_reads_back_whole() -> None:
    [event] = opened(GRANT).recorded
    encoded = CODEC.encode(event)
    personal = [item.value.decode() for item in encoded.personal]
    read = CODEC.decode(
        "SessionOpened", encoded.schema_version, bytes(encoded.body).decode(), personal
    )
    assert read == event


@pytest.mark.parametrize("reason", ["refresh_reused", "code_reused", "token_revoked", "revoked"])
def test_it_ends_once_and_remembers_why(reason: str) -> None:
    session = opened(GRANT)
    session.revoke(reason, NOW)
    session.revoke("again", NOW + timedelta(hours=1))
    assert (session.reason, session.revoked_at) == (reason, NOW)
    assert not session.is_alive(NOW)
    assert len(session.recorded) == 2
