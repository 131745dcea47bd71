"""A member: a user inside one tenant, with the role that says what they may do there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from invx.contexts.identity.domain.errors import MemberNotFound
from invx.contexts.identity.domain.member_events import (
    MemberEntered,
    MemberErased,
    MemberRemoved,
    MemberRoleChanged,
    MemberSeated,
)
from invx.kernel.aggregate import Aggregate
from invx.kernel.errors import violated
from invx.kernel.ids import named_id
from invx.kernel.messages import Event


def member_id(tenant_id: UUID, user_id: UUID) -> UUID:
    """A user is a member of a tenant once, however often he is seated."""
    return named_id(tenant_id, f"member {user_id}")


class Member(Aggregate):
    """Seated again, a removed member is there again."""

    user_id: UUID
    role: str
    seated_at: datetime

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.email: str | None = None
        self.name: str | None = None
        self.removed_at: datetime | None = None

    @classmethod
    def restore(cls, id: UUID, version: int, state: Mapping[str, Any]) -> Self:
        """From its row."""
        member = cls(id)
        member.version = version
        member.user_id, member.role = state["user_id"], state["role"]
        member.email, member.name = state["email"], state["name"]
        member.seated_at, member.removed_at = state["seated_at"], state["removed_at"]
        return member

    @property
    def seated(self) -> bool:
        return self.version > 0 and self.removed_at is None

    def ensure_seated(self) -> None:
        """Raises MemberNotFound for one who was removed."""
        if not self.seated:
            raise MemberNotFound

    def seat(self, user_id: UUID, *, email: str, name: str, role: str, now: datetime) -> None:
        """The user belongs here; one who does already stays as he is."""
        if not self.seated:
            self.record(
                MemberSeated(user_id=user_id, email=email, name=name, role=role, seated_at=now)
            )

    def change_role(self, role: str, now: datetime) -> None:
        """Another role; the same changes nothing. Raises MemberNotFound."""
        self.ensure_seated()
        if role != self.role:
            self.record(MemberRoleChanged(before=self.role, after=role, changed_at=now))

    def remove(self, now: datetime) -> None:
        """The user belongs here no more. Raises MemberNotFound."""
        self.ensure_seated()
        self.record(MemberRemoved(removed_at=now, before=self.role))

    def erase(self, now: datetime) -> None:
        """Who they were is forgotten, the id stays; again changes nothing."""
        if self.email is not None or self.name is not None:
            self.record(MemberErased(erased_at=now))

    def enter(
        self,
        session_id: UUID,
        *,
        method: str,
        address: str | None,
        user_agent: str | None,
        now: datetime,
    ) -> None:
        """A session of theirs is here for the first time. Raises MemberNotFound."""
        self.ensure_seated()
        self.record(
            MemberEntered(
                user_id=self.user_id,
                session_id=session_id,
                method=method,
                address=address,
                user_agent=user_agent,
                entered_at=now,
            )
        )

    def apply(self, event: Event) -> None:
        match event:
            case MemberSeated():
                self.user_id, self.role = event.user_id, event.role
                self.email, self.name = event.email, event.name
                self.seated_at, self.removed_at = event.seated_at, None
            case MemberRoleChanged():
                self.role = event.after
            case MemberErased():
                self.email = self.name = None
            case MemberEntered():
                pass
            case MemberRemoved():
                self.removed_at = event.removed_at
            case _:
                violated(f"a member knows no {type(event).__name__}")
