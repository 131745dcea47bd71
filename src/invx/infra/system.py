"""The clock and the ids of the machine: what `kernel.ports` leaves to the outside (T5)."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


class SystemClock:
    """The machine's time in UTC: leases, retries, tokens, `recorded_at`."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Uuid7Ids:
    """UUIDv7 (RFC 9562): the first 48 bits are milliseconds, so keys of one time lie together."""

    def new(self) -> UUID:
        return uuid7()
