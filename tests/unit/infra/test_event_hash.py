"""The hash of an event, worked out by other means: a verifier without our code must agree."""

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from invx.infra.codec import Encoded
from invx.infra.event_store import FIRST_HASH, Recorded, event_hash
from invx.kernel.messages import Event

BODY = '{"text":"naïve"}'.encode()


def recorded(actor: str, moment: datetime, causation: UUID | None) -> Recorded:
    return Recorded(
        UUID(int=1),
        UUID(int=2),
        3,
        UUID(int=4),
        moment,
        moment,
        actor,
        UUID(int=5),
        causation,
        Event(),
    )


@pytest.mark.parametrize("actor", ["user:ada", 'a"b\\c', "zoë ✓ 𝄞", "tab\tline\nnul\x01 del\x7f /"])
@pytest.mark.parametrize("micros", [0, 1, 120000, 999999])
@pytest.mark.parametrize("causation", [None, UUID(int=6)])
def test_the_hash_covers_previous_hash_header_and_body(
    actor: str, micros: int, causation: UUID | None
) -> None:
    moment = datetime(2026, 3, 1, 23, 30, 0, micros, tzinfo=timezone(timedelta(hours=5)))
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    header = [str(UUID(int=1)), str(UUID(int=2)), 3, str(UUID(int=4)), "Something", 1, text, text]
    header += [actor, str(UUID(int=5)), str(causation) if causation else None]
    expected = hashlib.sha256(
        FIRST_HASH + json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode() + BODY
    ).digest()
    encoded = Encoded("Something", 1, BODY, ())
    assert event_hash(FIRST_HASH, recorded(actor, moment, causation), encoded) == expected


def test_another_previous_hash_gives_another_hash() -> None:
    event = recorded("user:ada", datetime(2026, 3, 1, tzinfo=UTC), None)
    encoded = Encoded("Something", 1, BODY, ())
    first = event_hash(FIRST_HASH, event, encoded)
    assert event_hash(first, event, encoded) != first
