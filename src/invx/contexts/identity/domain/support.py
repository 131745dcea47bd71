"""An operator's access to a tenant: asked for, granted for a while or refused, then ended."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.errors import SupportNotGranted, SupportOver
from invx.contexts.identity.domain.scopes import grantable
from invx.contexts.identity.domain.support_events import (
    SupportAsked,
    SupportEnded,
    SupportEntered,
    SupportGranted,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.messages import Event

HOURS_MAX = 24
ASKED_FOR = timedelta(days=7)  # then nobody can grant it any more
# What would outlive the access, or decides with the tenant's own voice.
_NEVER = frozenset(("members:write", "invoices:approve", "approval_rules:write", "personal:erase"))


def supportable(known: Iterable[str]) -> frozenset[str]:
    """What an operator can be let in for, of the permissions that there are."""
    return grantable(known) - _NEVER


def reading(known: Iterable[str]) -> frozenset[str]:
    """Of that, what changes nothing: what is granted where nothing is said."""
    return frozenset(each for each in supportable(known) if each.endswith(":read"))


class SupportGrant(Aggregate):
    """One operator has one at a time in a tenant. All times are system time."""

    operator_id: UUID
    operator: str | None
    reason: str | None
    permissions: tuple[str, ...]
    asked_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.decided_by: str | None = None
        self.decided_at: datetime | None = None
        self.granted_until: datetime | None = None
        self.ended_at: datetime | None = None
        self.ended_reason: str | None = None

    @classmethod
    def ask(
        cls,
        id: UUID,
        *,
        operator: tuple[UUID, str],
        reason: str,
        permissions: Iterable[str],
        now: datetime,
    ) -> Self:
        """A new one. `operator` is their id and name."""
        grant = cls(id)
        operator_id, name = operator
        grant.record(
            SupportAsked(
                subject_id=id,
                operator_id=operator_id,
                operator=name,
                reason=reason,
                permissions=tuple(sorted(set(permissions))),
                asked_at=now,
            )
        )
        return grant

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        grant = cls(id)
        grant.version = version
        for name in STATE:
            setattr(grant, name, state[name])
        grant.permissions = tuple(state["permissions"])
        return grant

    def grant(
        self, permissions: Sequence[str], lasting: timedelta, decided_by: str, now: datetime
    ) -> None:
        """Let the operator in. Raises SupportOver where that was decided, or asked too long ago."""
        if self.ended_at is not None or self.granted_until is not None:
            raise SupportOver
        if now >= self.asked_at + ASKED_FOR:
            raise SupportOver
        self.record(
            SupportGranted(
                permissions=tuple(sorted(set(permissions))),
                decided_by=decided_by,
                decided_at=now,
                granted_until=now + min(lasting, timedelta(hours=HOURS_MAX)),
            )
        )

    def is_good(self, now: datetime) -> bool:
        """Whether the operator is let in at this moment."""
        until = self.granted_until
        return self.ended_at is None and until is not None and now < until

    def enter(self, now: datetime) -> None:
        """A token is given. Raises SupportNotGranted."""
        if not self.is_good(now):
            raise SupportNotGranted
        self.record(SupportEntered(entered_at=now))

    def refuse(self, ended_by: str, now: datetime) -> None:
        """Do not let them in. Raises SupportOver for what was decided."""
        if self.ended_at is not None or self.granted_until is not None:
            raise SupportOver
        self.end("refused", ended_by, now)

    def end(self, reason: str, ended_by: str, now: datetime) -> None:
        """At once; what has ended stays as it is."""
        if self.ended_at is None:
            begun = self.granted_until is not None
            self.record(
                SupportEnded(reason=reason, had_begun=begun, ended_by=ended_by, ended_at=now)
            )

    def apply(self, event: Event) -> None:
        match event:
            case SupportAsked():
                self.operator_id, self.operator = event.operator_id, event.operator
                self.reason, self.permissions = event.reason, event.permissions
                self.asked_at = event.asked_at
            case SupportGranted():
                self.permissions, self.decided_by = event.permissions, event.decided_by
                self.decided_at, self.granted_until = event.decided_at, event.granted_until
            case SupportEntered():
                pass
            case SupportEnded():
                self.ended_at, self.ended_reason = event.ended_at, event.reason
            case _:
                violated(f"a support grant knows no {type(event).__name__}")


STATE = (
    *("operator_id", "operator", "reason", "permissions", "asked_at", "decided_by"),
    *("decided_at", "granted_until", "ended_at", "ended_reason"),
)
