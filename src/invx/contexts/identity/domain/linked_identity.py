"""A linked identity: the account of a user at a provider that vouches for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.linked_identity_events import IdentityLinked
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event


def linked_identity_id(user_id: UUID, issuer: str) -> UUID:
    """A user has one account at a provider."""
    return named_id(user_id, f"identity {issuer}")


class LinkedIdentity(Aggregate):
    """It never changes: an address that the provider gives to somebody else leads nowhere."""

    user_id: UUID
    issuer: str
    subject: str | None
    linked_at: datetime

    @classmethod
    def link(cls, user_id: UUID, *, issuer: str, subject: str, now: datetime) -> Self:
        """A new one."""
        linked = cls(linked_identity_id(user_id, issuer))
        linked.record(
            IdentityLinked(user_id=user_id, issuer=issuer, subject=subject, linked_at=now)
        )
        return linked

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        linked = cls(id)
        linked.version = version
        linked.user_id, linked.issuer = state["user_id"], state["issuer"]
        linked.subject, linked.linked_at = state["subject"], state["linked_at"]
        return linked

    def apply(self, event: Event) -> None:
        match event:
            case IdentityLinked():
                self.user_id, self.issuer = event.user_id, event.issuer
                self.subject, self.linked_at = event.subject, event.linked_at
            case _:
                violated(f"a linked identity knows no {type(event).__name__}")
