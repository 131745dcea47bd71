"""Who asks, for which tenant, and when: passed explicitly, never ambient (T1, T5)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """The verified origin of a command, before any transaction: what the token or envelope says."""

    tenant_id: UUID
    actor: str  # who did it, for the history: "user:…", "key:…", "system:…"
    correlation_id: UUID  # the request or job that started it all
    permissions: frozenset[str] = field(default_factory=frozenset)
    causation_id: UUID | None = None  # the message that led directly to this command
    # Up to which amount of a currency it may approve, nothing in one left out; None: any amount.
    approval_limit: Mapping[str, Decimal] | None = field(default=None, hash=False)
    session_id: UUID | None = None  # of the person who asks


@dataclass(frozen=True, slots=True)
class RequestContext:
    """A caller inside its transaction. `now` is the tenant's business time, fixed per command."""

    caller: Caller
    now: datetime
    test: bool = False  # a sandbox: every document is marked TEST

    @property
    def tenant_id(self) -> UUID:
        return self.caller.tenant_id
