"""An invitation: an address may become a member of the tenant, once, for a week."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.errors import InvitationForAnother, InvitationOver
from invx.contexts.identity.domain.invitation_events import (
    InvitationAccepted,
    InvitationMade,
    InvitationWithdrawn,
)
from invx.contexts.identity.domain.user import email_key
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.messages import Event

LIFETIME = timedelta(days=7)
OPEN_PER_TENANT_MAX = 200


class Invitation(Aggregate):
    """Its address is kept in the row while it is open. All times are system time."""

    email: str | None
    role: str
    token_hash: str
    invited_by: str
    made_at: datetime
    expires_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.accepted_at: datetime | None = None
        self.accepted_by: UUID | None = None
        self.withdrawn_at: datetime | None = None

    @classmethod
    def make(
        cls,
        id: UUID,
        *,
        email: str,
        role: str,
        token_hash: str,
        invited_by: str,
        now: datetime,
    ) -> Self:
        """A new one."""
        invitation = cls(id)
        invitation.token_hash, invitation.invited_by = token_hash, invited_by
        invitation.record(
            InvitationMade(
                subject_id=id, email=email, role=role, made_at=now, expires_at=now + LIFETIME
            )
        )
        return invitation

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        invitation = cls(id)
        invitation.version = version
        for name in _PLAIN:
            setattr(invitation, name, state[name])
        return invitation

    @property
    def is_open(self) -> bool:
        """Whether nobody accepted or withdrew it; it may have expired."""
        return self.accepted_at is None and self.withdrawn_at is None

    def accept(self, user_id: UUID, email: str, now: datetime) -> None:
        """The user who has this address takes it. Raises InvitationOver, InvitationForAnother."""
        if not self.is_open or self.expires_at <= now:
            raise InvitationOver
        if self.email is None or email_key(email) != email_key(self.email):
            raise InvitationForAnother
        self.record(InvitationAccepted(user_id=user_id, accepted_at=now))

    def withdraw(self, reason: str, now: datetime) -> None:
        """It is good for nothing any more; what is over already stays as it is."""
        if self.is_open:
            self.record(InvitationWithdrawn(reason=reason, withdrawn_at=now))

    def apply(self, event: Event) -> None:
        match event:
            case InvitationMade():
                self.email, self.role = event.email, event.role
                self.made_at, self.expires_at = event.made_at, event.expires_at
            case InvitationAccepted():
                self.accepted_at, self.accepted_by = event.accepted_at, event.user_id
            case InvitationWithdrawn():
                self.withdrawn_at = event.withdrawn_at
            case _:
                violated(f"an invitation knows no {type(event).__name__}")


_PLAIN = (
    *("email", "role", "token_hash", "invited_by", "made_at", "expires_at"),
    *("accepted_at", "accepted_by", "withdrawn_at"),
)
